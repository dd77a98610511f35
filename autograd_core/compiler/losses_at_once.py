"""The losses of many batches at once: the calls that serve the loss alone wait until what they read is there for all batches."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from .calls import Call, Value
from .plan import Plan

REDUCED: dict[str, Any] = {"sum": np.add, "max": np.maximum, "min": np.minimum}


def loss_part(plan: Plan) -> tuple[list[Call], list[Value]] | None:
    """The calls that serve the loss alone, and the values that they read of the others; None if they cannot wait."""
    needed = {*(g for g, _, _ in plan.destinations), *plan.written}
    kept = set()
    for call in reversed(plan.calls.calls):
        if "rng" in call.params or not needed.isdisjoint(call.outs):
            needed.update(call.values)
            kept.add(id(call))
    of_loss, wanted = [], {plan.loss: None}  # in an order that is the same in each run
    for call in reversed(plan.calls.calls):
        if id(call) not in kept and call.out in wanted:
            of_loss.append(call)
            wanted.update(dict.fromkeys(call.values))
    made = {call.out for call in of_loss}
    slots = [v for v in wanted if v not in made and v.kind == "made"]
    if not of_loss or any(len(c.outs) > 1 or not _stackable(c) for c in of_loss) or plan.loss not in made:
        return None
    if any(v.kind in ("outside", "gradient") for v in wanted) or not all(writable(v) for v in slots):
        return None
    return of_loss[::-1], slots


def writable(v: Value) -> bool:
    assert v.made is not None
    op = v.made.op
    return bool(v.shape) and (
        (isinstance(op.kernel, np.ufunc) and op.elementwise) or op.name in ("dot", "matmul", "sum", "max", "min")
    )


def _stackable(call: Call) -> bool:
    op, first = call.op, call.inputs[0]
    if isinstance(op.kernel, np.ufunc) and op.elementwise:
        return all(not isinstance(x, Value) or x.kind != "constant" or x.size == 1 for x in call.inputs)
    if op.name in ("dot", "vdot"):
        return (
            all(isinstance(x, Value) for x in call.inputs)
            and call.out.shape == ()
            and (op.name == "vdot" or len(first.shape) == 1)
        )
    if op.name not in REDUCED or not isinstance(first, Value) or first.kind == "constant":
        return False
    axis = call.params["axis"]
    return call.out.shape == () if axis is None else isinstance(axis, int) and bool(call.out.shape)


def stacking(call: Call) -> tuple[Callable[..., Any], list[Callable[[dict[Value, Any]], Any]]]:
    """A call for many batches at once, to the same bits: a function, and what reads its inputs of all that is known."""
    if call.op.name in ("dot", "vdot"):
        return np.vecdot, [_read(x, -1) for x in call.inputs]
    if call.op.name in REDUCED:
        (x, axis), keepdims = (call.inputs[0], call.params["axis"]), call.params["keepdims"]
        if axis is None:
            return partial(REDUCED[call.op.name].reduce, axis=1), [_read(x, -1)]
        return partial(REDUCED[call.op.name].reduce, axis=axis if axis < 0 else axis + 1, keepdims=keepdims), [_read(x)]
    return call.op.kernel, [_read(x, *_wide(x, len(call.out.shape))) for x in call.inputs]


def _read(x: Any, *shape: int) -> Callable[[dict[Value, Any]], Any]:
    """What gives an input for all batches. shape: of a batch, where it is to be another."""
    if not isinstance(x, Value) or x.kind == "constant":
        array = x.source if isinstance(x, Value) else x
        array = array.reshape(1, *shape) if shape else array
        return lambda known: array
    if shape:
        return lambda known: known[x].reshape(len(known[x]), *shape)
    return itemgetter(x)


def _wide(x: Any, axes: int) -> tuple[int, ...]:
    """The shape that an input of fewer axes is to have beside others."""
    if not isinstance(x, Value) or x.kind == "constant" or len(x.shape) == axes:
        return ()
    return (*(1,) * (axes - len(x.shape)), *x.shape)
