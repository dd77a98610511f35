"""From rows to NumPy calls: a row whose kernel is several calls is written out.

The kernel is run once more on Tensors, under a record of its own, and what it reads is what it is made of. A kernel that
cannot be followed so, because it writes in place or looks at a number, has its twin here; one that gives other bits than
the kernel gave is left as it is, a single call.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np

from ..lines import said
from ..modes import set_grad_enabled
from ..op import TABLE, Op
from ..ops import arithmetic, losses, shapes
from ..ops.indexing import is_basic
from ..tensor import Tensor, filled, new
from .calls import Call, Calls, Value, constant
from .recording import Read, Record, record

OWN: dict[str, Op] = {}  # rows of the compiler's own, which are in no table


def private(name: str, kernel: Callable[..., Any], inputs: str, rule: Any = None, **fields: Any) -> Op:
    """A row of the compiler's own."""
    defaults: dict[str, Any] = {
        "params": {}, "saved": {}, "variadic": False, "latex": "", "text": "", "binds": "", "words": "", "samples": None,
        "definition": None, "elementwise": False, "numpy": (), "eager": kernel,
    }  # fmt: skip
    OWN[name] = Op(name, kernel, dict.fromkeys(inputs.split(), rule), **{**defaults, **fields})
    return OWN[name]


vdot = private("vdot", np.vdot, "a b")
bit_mask = private("bit_mask", lambda a: np.sign(a), "a")
masked = private("masked", lambda a, mask: a * mask, "a mask")

# rows that are one NumPy call, or that the writer knows how to write
NATIVE = {
    "sum", "max", "min", "dot", "matmul", "transpose", "reshape", "swapaxes", "expand_dims", "squeeze", "moveaxis", "getitem",
    "broadcast_to", "cast", "where", "one_hot", "keep_mask", "zeros_like", "ones_like", "vdot", "flip", "positive",
}  # fmt: skip


def _linear(x: Any, weight: Any, bias: Any) -> Any:
    return x.dot(weight.T) + bias


def _unbroadcast(a: Any, shape: Any) -> Any:
    if a.ndim == 2 and shape == a.shape[1:]:
        return _ones(len(a), a.dtype).dot(a)
    added = a.ndim - len(shape)
    stretched = tuple(i + added for i, n in enumerate(shape) if n == 1 and a.shape[i + added] != 1)
    return a.sum(axis=(*range(added), *stretched)).reshape(shape)


def _ones(n: int, dtype: Any) -> Any:
    return filled(new(Tensor), shapes.ones(n, dtype))


def _row_sums(a: Any) -> Any:
    return a.dot(_ones(a.shape[-1], a.dtype))


def _cross_entropy(logits: Any, target: Any, reduction: str = "none") -> Any:
    t = losses.one_hot(target, logits)
    p = logits - logits.max(axis=-1, keepdims=True)
    e = np.exp(p)
    total = _row_sums(e)
    if reduction == "none":
        raise TypeError("picks an element of each row")
    loss = _row_sums(np.log(total)) - vdot(p, t)
    return (loss / (len(p) or 1) if reduction == "mean" else loss), e / total[:, None], t


TWINS: dict[str, Callable[..., Any]] = {
    "linear": _linear, "unbroadcast": _unbroadcast, "cross_entropy": _cross_entropy,
}  # fmt: skip


def native(op: Op) -> bool:
    """Whether a row is one NumPy call."""
    return op.name in NATIVE or (isinstance(op.kernel, np.ufunc) and op.elementwise)


def _by_its_name(op: Op) -> Op:
    """A row of which more may be known by its name; a user's own function that is called like one goes by another."""
    if op is (OWN.get(op.name) or TABLE.get(op.name)):
        return op
    op = copy(op)
    op.name = f"own {op.name}"
    return op


def from_record(found: Record, names: dict[int, str]) -> tuple[Calls, dict[int, Value]]:
    """The calls of a record, and the value of each of its Tensors by id. names: of the Tensors that are read anew."""
    calls = Calls([], [], {})
    known: dict[int, Value] = {}
    for i, x in enumerate(found.arguments):
        known[id(x)] = Value("argument", x.value, i, names.get(id(x), f"x{i}"))
    calls.arguments = list(known.values())
    for p, stand_in in found.before.items():
        known[id(stand_in)] = calls.outside[id(stand_in)] = Value(
            "gradient", stand_in.value, p, f"{names.get(id(p), 'p')}_grad"
        )
    outsiders = {id(x) for x in found.leaves} | {id(t) for t, _ in found.writes}

    def value(x: Any) -> Any:
        if isinstance(x, Tensor):
            if id(x) not in known:
                fresh = x.op is None and x.born > found.begun and id(x) not in outsiders
                if fresh:  # made while the function ran: of plain numbers, and the same each time
                    known[id(x)] = constant(x.value)
                else:
                    known[id(x)] = calls.outside[id(x)] = Value("outside", x.value, x, names.get(id(x), x.name or ""))
            return known[id(x)]
        if isinstance(x, np.ndarray) and x.ndim:
            if id(x) not in known:
                known[id(x)] = constant(x)
            return known[id(x)]
        return x

    for step in found.steps:
        _lower(step, value, known, calls, 0)
    return calls, known


def _lower(
    step: Read, value: Callable[[Any], Any], known: dict[int, Value], calls: Calls, depth: int, note: str = ""
) -> None:
    """Append what a row is made of."""
    note = note or (f"{step.of}, backward" if step.of else step.op.name + (f", {said(step.line)}" if step.line else ""))
    op, inputs = _by_its_name(step.op), [value(x) for x in step.inputs]
    outs = [step.out, *(s for s in step.saved if isinstance(s, Tensor))]
    if not native(op) and depth < 4 and not op.variadic:
        parts = _parts(step)
        if parts is not None:
            inner, found = parts
            stands = {id(a): x for a, x in zip(inner.arguments, inputs, strict=True)}

            def within(x: Any) -> Any:
                return stands[id(x)] if isinstance(x, Tensor) and id(x) in stands else value(x)

            for read in inner.steps:
                _lower(read, within, known, calls, depth + 1, note)
            for out, made in zip(outs, found, strict=True):
                known[id(out)] = within(made)
            calls.kept.append(inner)
            for read in inner.steps:  # its numbers are asked for no more
                read.out.value = None
            return
    made = [Value("made", x.value) for x in outs]
    for x, v in zip(outs, made, strict=True):
        known[id(x)] = v
    call = Call(op, inputs, dict(step.params), made, note)
    for v in made:
        v.made = call
    calls.calls.append(call)


def _parts(step: Read) -> tuple[Record, list[Any]] | None:
    """A record of a row's kernel, and what stands for its results; None if it cannot be followed."""
    kernel = TWINS.get(step.op.name, step.op.kernel)
    arrays = tuple(x.value if isinstance(x, Tensor) else x for x in step.inputs)
    wanted = [step.out.value, *(s.value for s in step.saved if isinstance(s, Tensor))]
    if any(w.dtype not in (np.float32, np.float64) for w in wanted):  # NumPy means half numbers in single precision
        return None

    def run(*inputs: Any) -> Any:
        given = [t if isinstance(x, (Tensor, np.ndarray)) else x for t, x in zip(inputs, step.inputs, strict=True)]
        with set_grad_enabled(False):
            return kernel(*given, **step.params)

    try:
        inner = record(run, arrays, lines=False)
    except Exception:  # a kernel for arrays alone, which is called as it is
        return None
    found = list(inner.result) if isinstance(inner.result, tuple) else [inner.result]
    if not inner.steps or any(read.op is step.op for read in inner.steps) or len(found) != len(wanted):
        return None
    if any(read.op.name == "getitem" and not is_basic(read.params["index"]) for read in inner.steps):
        return None  # Tensors gather by a table of places what is a view of an array
    for got, want in zip(found, wanted, strict=True):
        if not isinstance(got, Tensor) or got.dtype != want.dtype or got.shape != want.shape:
            return None
        if not np.array_equal(got.value, want, equal_nan=True):
            return None
    return inner, found


def positive(x: Value) -> Call:
    """A copy of a value."""
    out = Value("made", np.empty(x.shape, x.dtype))
    out.made = Call(arithmetic.positive, [x], {}, [out], "")
    return out.made
