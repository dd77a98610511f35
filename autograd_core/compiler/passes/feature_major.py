"""Feature-major buffers under unchanged axes, and weights packed with their biases.

What has a row for each sample is kept with a column for each, so that softmax reduces over the first axis; and a layer's input has
a row of ones, so that weight and bias, which lie side by side in the optimizer's buffer, are one matrix:

    y = dot(x, weight.T); y = y + bias               ->   yT = dot(block.T, x1T)
    gw = dot(x.T, g); gb = dot(ones, g)              ->   gblock = dot(x1T, gT.T)

Sums are then taken in another order: the results agree to rounding, and not bit for bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ops import indexing, linear_algebra, shapes
from ..calls import Call, Calls, Value


class CannotTurn(Exception):
    """A call of which no feature-major form is known."""


class Turned:
    """The calls of a plan, feature-major. turned: value -> the value that holds it the other way round.

    blocks: (gradient of a whole block, where it goes); with_ones: arguments that are laid out as rows with a 1 at the end.
    """

    def __init__(self, plan: Any, batch: int):
        self.batch, self.plan = batch, plan
        self.calls: list[Call] = []
        self.turned: dict[Value, Value] = {}
        self.plainly: dict[Value, Any] = {}  # transposed values, which are there already
        self.same: dict[Value, Value] = {}
        self.extended: dict[Value, Value] = {}
        self.placed: list[tuple[Value, Any]] = []  # values that lie in a given array
        self.destinations: list[tuple[Value, Any, str]] = []
        self.arguments: list[Value] = []
        self.with_ones: set[Value] = set()
        self.users = Calls([], plan.calls.calls, {}).users()
        self.blocks = self._blocks()
        for a in plan.calls.arguments:
            self._argument(a)
        for call in plan.calls.calls:
            self._turn(call)
        self._gradients()

    def _blocks(self) -> dict[Value, tuple[Value, Any, int, str]]:
        """Weight and bias that are one block (in + 1, out) of a flat buffer: by the sum that is made with them."""
        where = {}
        for _, flat in self.plan.flats:
            for i, p in enumerate(flat.params):
                where[id(p)] = flat, i
        found: dict[Value, tuple[Value, Any, int, str]] = {}
        for call in self.plan.calls.calls:
            if call.op.name != "add" or len(call.inputs) != 2:
                continue
            y, bias = call.inputs
            if not (
                isinstance(y, Value)
                and isinstance(bias, Value)
                and y.made is not None
                and y.made.op.name == "dot"
                and bias.kind == "outside"
            ):
                continue
            w = y.made.inputs[1]
            if not (
                isinstance(w, Value)
                and w.made is not None
                and w.made.op.name == "transpose"
                and len(self.users[y]) == 1
            ):
                continue
            weight = w.made.inputs[0]
            home, next_home = where.get(id(weight.source)), where.get(id(bias.source))
            if (
                home is None
                or next_home is None
                or home[0] is not next_home[0]
                or next_home[1] != home[1] + 1
                or len(weight.shape) != 2
            ):
                continue
            flat, i = home
            if flat.params[i].value.flags.c_contiguous and min(weight.shape) > 1:
                continue
            found[call.out] = y.made.inputs[0], flat, i, weight.name
        return found

    def _new(self, op: Any, inputs: list[Any], shape: tuple[int, ...], dtype: Any, note: str, **params: Any) -> Value:
        out = Value("made", np.broadcast_to(np.zeros((), dtype), shape))
        out.made = Call(op, [self._now(x) for x in inputs], {**op.params, **params}, [out], note)
        self.calls.append(out.made)
        return out

    def _argument(self, a: Value) -> None:
        if len(a.shape) != 2:
            if len(a.shape) > 2:
                raise CannotTurn(a)
            self.arguments.append(a)
            return
        readers = {c.op.name for c in self.users.get(a, ())}
        if readers <= {"dot", "transpose"}:
            rows = Value("argument", np.broadcast_to(np.zeros((), a.dtype), (self.batch, a.shape[1] + 1)), a, a.name)
            self.with_ones.add(rows)
            self.extended[a] = self._new(shapes.transpose, [rows], rows.shape[::-1], a.dtype, "")
            self.turned[a] = self._new(
                indexing.getitem, [self.extended[a]], a.shape[::-1], a.dtype, "", index=slice(None, -1)
            )
        else:
            rows = Value("argument", np.broadcast_to(np.zeros((), a.dtype), a.shape[::-1]), a, a.name)
            self.turned[a] = rows
        self.arguments.append(rows)

    def _of_batch(self, x: Any) -> bool:
        return isinstance(x, Value) and len(x.shape) == 2 and x in self.turned

    def _keep(self, call: Call, inputs: list[Any], **params: Any) -> None:
        """The same call of other values, with the same result."""
        given = [self._now(x) for x in inputs]
        self.same[call.out] = self._new(
            call.op, given, call.out.shape, call.out.dtype, call.note, **{**call.params, **params}
        )

    def _now(self, x: Any) -> Any:
        """What stands for a value that was not turned."""
        return self.same.get(x, x) if isinstance(x, Value) else x

    def _turn(self, call: Call) -> None:
        name, out, inputs = call.op.name, call.out, call.inputs
        if len(call.outs) > 1:
            raise CannotTurn(call)
        if name == "transpose" and self._of_batch(inputs[0]):
            self.plainly[out] = inputs[0]
        elif name == "transpose":
            self._keep(call, inputs)
        elif name == "dot":
            self._dot(call)
        elif out in self.blocks:
            source, flat, i, label = self.blocks[out]
            block = _block(flat, flat.values, i)
            packed = Value("constant", block, block, f"{label}_block")
            wide = self._new(shapes.transpose, [packed], block.shape[::-1], block.dtype, "")
            self.turned[out] = self._new(
                linear_algebra.dot, [wide, self._with_ones(source)], out.shape[::-1], out.dtype, call.note
            )
        elif name in ("max", "min", "sum"):
            self._reduce(call)
        elif name == "getitem" and call.params["index"] == (slice(None), None) and inputs[0].shape == (self.batch,):
            self.turned[out] = self._new(
                indexing.getitem, inputs, out.shape[::-1], out.dtype, call.note, index=(None, slice(None))
            )
        elif name == "vdot" and all(map(self._of_batch, inputs)):
            self._keep(call, [self.turned[x] for x in inputs])
        elif call.op.elementwise or name in ("bit_mask", "masked"):
            self._elementwise(call)
        else:
            raise CannotTurn(call)

    def _elementwise(self, call: Call) -> None:
        out = call.out
        if not any(map(self._of_batch, call.inputs)):
            if len(out.shape) > 1:
                raise CannotTurn(call)
            self._keep(call, call.inputs)
            return
        if len(out.shape) != 2:
            raise CannotTurn(call)
        given: list[Any] = []
        for x in call.inputs:
            if not isinstance(x, Value) or not x.shape:
                given.append(x)
            elif self._of_batch(x):
                given.append(self.turned[x])
            elif len(x.shape) == 1 and x.shape != (self.batch,):
                given.append(self._new(indexing.getitem, [x], (*x.shape, 1), x.dtype, "", index=(slice(None), None)))
            else:
                raise CannotTurn(call)
        self.turned[out] = self._new(call.op, given, out.shape[::-1], out.dtype, call.note, **call.params)

    def _reduce(self, call: Call) -> None:
        x, axis, keepdims = call.inputs[0], call.params["axis"], call.params["keepdims"]
        if not self._of_batch(x):
            if isinstance(x, Value) and len(x.shape) > 1:
                raise CannotTurn(call)
            self._keep(call, call.inputs)
        elif axis is None:
            self._keep(call, [self.turned[x]])
        elif axis in (-1, 1):
            if keepdims:
                out = call.out
                self.turned[out] = self._new(
                    call.op, [self.turned[x]], out.shape[::-1], out.dtype, call.note, **{**call.params, "axis": 0}
                )
            else:
                self._keep(call, [self.turned[x]], axis=0)
        else:
            raise CannotTurn(call)

    def _dot(self, call: Call) -> None:
        a, b = call.inputs
        out = call.out
        users = self.users.get(out, ())
        if len(users) == 1 and users[0].out in self.blocks:
            self.turned[out] = out  # made together with its bias
        elif self._of_batch(a) and len(b.shape) == 2 and not self._of_batch(b):
            if b.made is not None and b.made.op.name == "transpose":
                first = b.made.inputs[0]
            else:
                first = self._new(shapes.transpose, [b], b.shape[::-1], b.dtype, "")
            self.turned[out] = self._new(
                linear_algebra.dot, [first, self.turned[a]], out.shape[::-1], out.dtype, call.note
            )
        elif self._of_batch(a) and len(b.shape) == 1:
            self._keep(call, [b, self.turned[a]])
        elif a in self.plainly and self._of_batch(b):
            g = self.turned[b]
            self._keep(call, [self.turned[self.plainly[a]], self._new(shapes.transpose, [g], b.shape, b.dtype, "")])
        elif len(a.shape) == 1 and self._of_batch(b):
            self._keep(call, [self.turned[b], a])
        elif len(a.shape) == 1 and len(b.shape) == 1:
            self._keep(call, [a, b])
        else:
            raise CannotTurn(call)

    def _with_ones(self, a: Value) -> Value:
        """A layer's input with a row of ones below it."""
        if a not in self.extended:
            turned = self.turned.get(a)
            if (
                turned is None
                or turned.kind != "made"
                or turned.made is None
                or turned.made.op.name in ("getitem", "transpose")
            ):
                raise CannotTurn(turned)
            room = np.ones((turned.shape[0] + 1, turned.shape[1]), a.dtype)
            self.extended[a] = Value("constant", room, room, "with_ones")
            self.placed.append((turned, room[:-1]))
        return self.extended[a]

    def _gradients(self) -> None:
        """Where the gradients go: those of a block in one product."""
        by_tensor = {id(p): g for p, g in self.plan.gradients.items()}
        packed = set()
        for source, flat, i, label in self.blocks.values():
            grads = _block(flat, flat.grads, i)
            g = by_tensor[id(flat.params[i])]
            product = self._now(g.made.inputs[0]) if g.made is not None and g.made.op.name == "transpose" else g
            made = product.made
            if made is None or made.op.name != "dot" or made not in self.calls:
                raise CannotTurn(g)
            product = self._new(
                linear_algebra.dot, [self._with_ones(source), made.inputs[1]], grads.shape, g.dtype, made.note
            )
            self.calls[self.calls.index(made)] = self.calls.pop()  # in its place
            self.destinations.append((product, grads, f"{label}_block_grad"))
            packed |= {id(flat.params[i]), id(flat.params[i + 1])}
        for _, flat in self.plan.flats:
            for p in flat.params:
                if id(p) not in packed:
                    raise CannotTurn(p)


def _block(flat: Any, buffer: Any, i: int) -> Any:
    """A layer's weight and bias in a flat buffer, as a matrix of (in + 1, out)."""
    out, inside = flat.params[i].shape
    return buffer[flat.ends[i] : flat.ends[i + 2]].reshape(inside + 1, out)
