"""`t[index] = values` with a gradient: the name t goes on to a new node, and what was computed before keeps the old one.

    x = Tensor([1.0, 2.0], requires_grad=True)
    h = x * 3         # h, first version
    y = h[0] * h[1]   # reads the first version, and goes on doing so
    h[0] = x[1]       # h, second version: put(first version, x[1])

The old version is a copy of the node without the numbers: no memory is written to, so no gradient can go wrong. A node
is younger than what it read; an input that is younger than its reader has been assigned to since, and its older version
is the one that was read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .hooks import retain
from .memory import clock, describe, same_memory, write
from .modes import mode, observer, observers
from .ops.indexing import put
from .tensor import Tensor, new

# what makes a version: all but the name, which goes with every one, and the hooks, which stay with theirs
_STATE = tuple(slot for slot in Tensor.__slots__ if slot not in ("name", "hooks", "__weakref__"))


def assign(t: Tensor, index: Any, values: Any) -> None:
    """Put values at an index of t; see Tensor.__setitem__."""
    if t.is_leaf and t.requires_grad:
        if mode.recording:
            raise RuntimeError(
                f"{describe(t)} is a leaf that requires grad: assigning to its elements would cut it out of the graph. "
                "Write with no_grad(): around it to change its memory, or assign to a result (u = +t; u[i] = ...)"
            )
        write(t, values, index)
        return
    _, *others = same_memory(t)
    if others:
        raise RuntimeError(
            f"{describe(t)} shows a part of {describe(others[0])}, which an assignment to it would not reach: "
            "write one index, h[i, j] = ..., or assign to a copy, r = h[i].copy()"
        )
    kind = (values.dtype if isinstance(values, Tensor) else np.asarray(values).dtype).kind
    if kind == "f" and t.dtype.kind != "f":
        raise TypeError(
            f"{describe(t)} holds {t.dtype} and cannot take floats without losing digits; use t.astype(float)"
        )
    if observers:
        observer().cut("t[index] = values")
    before = new(type(t))
    before.name = t.name
    for slot in _STATE:
        setattr(before, slot, getattr(t, slot))
    if hasattr(t, "hooks"):  # they were hung up for the version that there was
        before.hooks, kept = t.hooks, t.hooks.retains
        del t.hooks
        before.hooks.retains = False
        if kept:
            retain(t)
    _read_the_old(before, t, values)
    after = put(before, values, index=index)
    for slot in _STATE:
        setattr(t, slot, getattr(after, slot))
    with clock.setting:
        clock.last_rebound = max(clock.last_rebound, t.born)


def _read_the_old(before: Tensor, t: Tensor, values: Any) -> None:
    """What was computed from t since its last version and is now put into it, as in t[1] = t[0] + 1, reads the old one:
    else t would be made of itself, and only the garbage collector could free it."""
    waiting, met = [values], {values} if isinstance(values, Tensor) else set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, Tensor) and node.born > before.born and node.op is not None:
            if any(x is t for x in node.inputs):
                node.inputs = tuple(before if x is t else x for x in node.inputs)
            fresh = [x for x in node.inputs if isinstance(x, Tensor) and x not in met]
            met.update(fresh)
            waiting.extend(fresh)


def versions(node: Tensor) -> tuple[Any, ...]:
    """A node's inputs as they were when it read them, before any assignment to their elements."""
    return tuple(_version(x, node) if isinstance(x, Tensor) and x.born > node.born else x for x in node.inputs)


def _version(x: Any, reader: Tensor) -> Tensor:
    while x.born > reader.born:
        if not isinstance(x.inputs[0], Tensor):
            raise RuntimeError(
                f"{describe(x)} was assigned to after {describe(reader)} had used it, and a backward pass has freed its "
                "older versions. Write backward(retain_graph=True), or call backward() on both results together."
            )
        x = x.inputs[0]
    return x
