"""One backward pass of the engine's own generator, node by node, and what is kept of it.

Kept is the gradient that arrived at each node. Any contribution is had again by running the generator on its node alone,
and a gradient in the middle of its sum by adding up those that have come, so any position is cheap and none is stored.
"""

from __future__ import annotations

import math
import tempfile
import weakref
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np

from ..backward import contributions
from ..hooks import in_use
from ..modes import no_grad
from ..tensor import Tensor

IN_MEMORY = 2**28  # bytes of gradients that are held in memory; what goes beyond is held in a temporary file
EVERY = 64  # a sum of so many contributions is kept


class Step(NamedTuple):
    """One step of a session.

    forward: `node` is computed. seed: the gradient of the result by itself. edge: the rule of `node` gives its i-th input
    `x` a contribution, which is x's gradient if it is the first. sum: a later contribution is added to what x has.
    hook: a function of the user's sees the gradient of `node`.
    """

    kind: Literal["forward", "seed", "edge", "sum", "hook"]
    node: Tensor
    i: int = 0
    x: Any = None


class Replay:
    """A pass from `loss` with a seed over its nodes, youngest first; a rule that raises ends it (`error`)."""

    def __init__(self, loss: Tensor, before: int):
        self.steps = [Step("seed", loss)]
        self.before = before  # how many steps stand before these
        self.arriving, self.after_hooks = Kept(), Kept()  # each node's whole gradient
        self.moments: dict[Tensor, list[int]] = {loss: [before + 1]}  # when a node's gradient changes
        self.sums: dict[Tensor, list[Any]] = {}  # every so many contributions, their sum so far
        self.hooked: dict[Tensor, int] = {}
        self.error: Exception | None = None
        self._last: tuple[Tensor | None, dict[int, Any]] = (None, {})  # a node, and what it contributed
        self._sum: tuple[Tensor | None, int, Any] = (None, 0, None)  # a node, how many contributions, their sum

    @classmethod
    def run(cls, loss: Tensor, order: Sequence[Tensor], seed: Any, before: int) -> Replay:
        """Run the pass."""
        replay, grads = cls(loss, before), {loss: seed}
        with no_grad(), np.errstate(all="ignore"):
            try:
                for node in order:
                    if node in grads:
                        replay._visit(node, grads)
            except Exception as error:
                replay.error = error
        return replay

    def _visit(self, node: Tensor, grads: dict[Tensor, Any]) -> None:
        """All of a node's gradient has arrived: have it handed on, and note the steps."""
        self.arriving[node] = seen = grads[node]
        functions = in_use.anywhere and getattr(getattr(node, "hooks", None), "functions", None)
        if functions:
            self.steps.append(Step("hook", node))
            self.hooked[node] = self.before + len(self.steps)
        elif node.op is None:
            return
        steps, moments = self.steps, self.moments
        for _, i, x, seen, _ in contributions((node,), grads):  # noqa: B007 (the last is what a hook left)
            steps.append(Step("edge", node, i, x))
            if x not in grads:
                moments[x] = [self.before + len(steps)]
                continue
            steps.append(Step("sum", node, i, x))
            if len(moments[x]) % EVERY == 0:  # the generator adds to this sum when it goes on
                self.sums.setdefault(x, []).append(grads[x])
            moments[x].append(self.before + len(steps))
        if functions:  # they have been called, and are not to be called again when somebody looks
            self.after_hooks[node] = grads[node] if node.op is None else seen
            del node.hooks

    @classmethod
    def stored(cls, steps: list[Step], before: int, arriving: Any, after_hooks: Any, error: str | None) -> Replay:
        """A pass that was run elsewhere, from its steps and the gradients that arrived."""
        replay = cls(steps[0].node, before)
        replay.steps = steps
        for moment, step in enumerate(steps[1:], before + 2):
            if step.kind == "hook":
                replay.hooked[step.node] = moment
            elif step.kind == "sum" or step.x not in replay.moments:
                replay.moments.setdefault(step.x, []).append(moment)
        for kept, found in ((replay.arriving, arriving), (replay.after_hooks, after_hooks)):
            for node, gradient in found.items():
                kept[node] = gradient
        replay.error = RuntimeError(error) if error else None
        return replay

    @cached_property
    def edges(self) -> dict[Tensor, list[Step]]:
        """Who contributes to a node, in the order of the pass."""
        edges: dict[Tensor, list[Step]] = {}
        for step in self.steps:
            if step.kind == "edge":
                edges.setdefault(step.x, []).append(step)
        return edges

    @cached_property
    def when(self) -> dict[tuple[Tensor, int], int]:
        """At which position a node has contributed to its i-th input."""
        steps = enumerate(self.steps, self.before + 1)
        return {(step.node, step.i): at for at, step in steps if step.kind == "edge"}

    def upstream(self, node: Tensor) -> Any:
        """The gradient that a node hands on: all that arrived, as its hooks left it."""
        return self.after_hooks[node] if node in self.hooked else self.arriving[node]

    def contribution(self, step: Step) -> Any:
        """What an edge contributes, from the generator run on its node alone."""
        if self._last[0] is not step.node:
            found: dict[int, Any] = {}
            with no_grad(), np.errstate(all="ignore"):
                try:
                    edges = contributions((step.node,), {step.node: self.upstream(step.node)})
                    found.update((i, contribution) for _, i, _, _, contribution in edges)
                except Exception:
                    if self.error is None:
                        raise
            self._last = step.node, found
        return self._last[1][step.i]

    def gradient(self, node: Tensor, position: int) -> Any:
        """A node's gradient when so many steps are done; None before anything has arrived."""
        arrived = bisect_right(self.moments.get(node, ()), position)
        if not arrived:
            return None
        if position >= self.hooked.get(node, position + 1):
            return self.after_hooks[node]
        if arrived == len(self.moments[node]) and node in self.arriving:
            return self.arriving[node]
        moments, (who, begin, total) = self.moments[node], self._sum
        if who is not node or begin > arrived or begin < arrived - arrived % EVERY:  # not on the way there
            kept = min(arrived // EVERY, len(self.sums.get(node, ())))
            begin, total = (kept * EVERY, self.sums[node][kept - 1]) if kept else (1, self._at(moments[0]))
        for moment in moments[begin:arrived]:
            total = total + self._at(moment)
        self._sum = node, arrived, total
        return total

    def _at(self, moment: int) -> Any:
        return self.contribution(self.steps[moment - self.before - 1])


class Kept:
    """Gradients by node: so many bytes of them in memory, the others in a temporary file.

    >>> from autograd_core import Tensor
    >>> a, kept = Tensor(1.0), Kept(most=100)
    >>> kept[a] = np.arange(1000.0); kept[a][-1], kept.file is not None
    (np.float64(999.0), True)
    """

    def __init__(self, most: int | None = None):
        self.most, self.held = IN_MEMORY if most is None else most, 0
        self.file: Any = None
        self.items: dict[Tensor, Any] = {}

    def __contains__(self, node: Tensor) -> bool:
        return node in self.items

    def __setitem__(self, node: Tensor, value: Any) -> None:
        self.items[node] = value
        if type(value) is np.ndarray and value.nbytes > 1000:
            self.held += value.nbytes
            if self.held > self.most:
                if self.file is None:
                    self.file = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as this does)
                    weakref.finalize(self, self.file.close)
                # a transposed matrix comes back as one: products of it are then the same to the last bit
                order: Literal["C", "F"] = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
                self.items[node] = _Elsewhere(self.file.seek(0, 2), value.dtype, value.shape, order)
                self.file.write(value.tobytes(order))

    def __getitem__(self, node: Tensor) -> Any:
        value = self.items[node]
        if not isinstance(value, _Elsewhere):
            return value
        self.file.seek(value.at)
        count = math.prod(value.shape)
        return np.frombuffer(self.file.read(count * value.dtype.itemsize), value.dtype).reshape(
            value.shape, order=value.order
        )


class _Elsewhere(NamedTuple):
    at: int
    dtype: Any
    shape: tuple[int, ...]
    order: Literal["C", "F"]
