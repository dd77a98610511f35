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
    if loss.inputs is not FREED:
        ancestors([loss])  # finds again what was read before an assignment to elements
    own: dict[Tensor, Tensor] = {loss: twin(loss)}
    waiting = [loss]
    while waiting:
        node = waiting.pop()
        inputs, own[node].saved = fed(node)
        for x in inputs:
            if isinstance(x, Tensor) and x.tracked and x not in own:
                own[x] = twin(x)
                waiting.append(x)
        own[node].inputs = tuple(own.get(x, x) if isinstance(x, Tensor) else x for x in inputs)
    nodes = sorted(own.values(), key=lambda node: node.born)
    memory = {id(owner(node.value)) for node in nodes if node.op is None}
    for node in nodes:  # the user's next step would write to parameters, and to views of them
        if isinstance(node.value, np.ndarray) and id(owner(node.value)) in memory:
            node.value = node.value.copy("K")
    return nodes, own


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
