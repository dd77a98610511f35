"""A graph of one's own: the nodes under a result, copied in their wiring, so that a session may go on when the user's
graph is freed, its parameters stepped, or its elements assigned to. Results share their numbers; leaves are copied."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backward import FREED, ancestors
from ..hooks import in_use
from ..memory import describe, owner
from ..tensor import Tensor, new


def copied(loss: Tensor) -> tuple[list[Tensor], dict[Tensor, Tensor]]:
    """The nodes under `loss` that require grad, oldest first, as copies; and which original each copies.

    RuntimeError where a backward pass has freed them without `debug.record()`, ValueError where nothing requires grad.
    """
    if not loss.requires_grad:
        raise ValueError(
            f"{describe(loss)} does not require grad, so there is no backward pass to look at: no leaf it was computed "
            "from has requires_grad=True, or it was computed under no_grad() or detached (debug.why_none says which)"
        )
    order = ancestors([loss])  # finds again what was read before an assignment to elements
    if any(node.inputs is FREED for node in order):
        order = _kept(loss)
    own = {node: twin(node) for node in reversed(order)}
    for node, copy in own.items():
        if node.op is not None:
            inputs, copy.saved = fed(node)
            copy.inputs = tuple([own.get(x, x) if isinstance(x, Tensor) else x for x in inputs])
    nodes = list(own.values())
    memory = {id(owner(node.value)) for node in nodes if node.op is None}
    for node in nodes:  # the user's next step would write to parameters, and to views of them
        if isinstance(node.value, np.ndarray) and id(owner(node.value)) in memory:
            node.value = node.value.copy("K")
    return nodes, own


def _kept(loss: Tensor) -> list[Tensor]:
    """All that it was computed from, youngest first, where a pass has freed some of it under record()."""
    found, waiting = {loss}, [loss]
    while waiting:
        for x in fed(waiting.pop())[0]:
            if isinstance(x, Tensor) and x.tracked and x not in found:
                found.add(x)
                waiting.append(x)
    return sorted(found, key=lambda node: node.born, reverse=True)


def twin(node: Tensor) -> Tensor:
    """A node like this one, with the same inputs and the same numbers."""
    copy = new(type(node))
    copy.value, copy.tracked, copy.gradient, copy.name = node.value, node.tracked, None, node.name
    copy.op, copy.inputs, copy.params, copy.saved = node.op, node.inputs, node.params, node.saved
    copy.born, copy.written, copy.site = node.born, node.written, node.site
    if in_use.anywhere and getattr(node, "hooks", None) is not None:
        copy.hooks = node.hooks
    return copy


def fed(node: Tensor) -> tuple[tuple[Any, ...], Any]:
    """What a node was fed and what its row saved, also after a pass has freed it under record()."""
    if node.inputs is not FREED:
        return node.inputs, node.saved
    if node.site is not None and node.site.inputs is not None:
        return node.site.inputs, node.site.saved
    raise RuntimeError(
        f"the graph of {describe(node)} has been freed by a backward pass: open the session before it, call "
        "backward(retain_graph=True), or compute and call backward() within `with debug.record():`, which keeps it"
    )
