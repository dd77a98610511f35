"""Why a gradient is missing: where, on the way back from the result, the numbers of a tensor left the graph.

The way is walked from the result through all that it was computed from, also through what has no graph: under record()
that remembers its cuts (cuts.py), and a detached tensor remembers whose memory it shows. Numbers that became plain ones,
by .numpy() or float(), leave no way to walk; they are looked for among the constants of the graph.
"""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import Any

import numpy as np

from ...backward import FREED
from ...lines import said
from ...memory import owner
from ...tensor import Tensor
from ..graph import fed
from ..places import Places, made
from ..session import Session
from .cause import REMEDIES, Cause, called, cut_off
from .ways import Graph, Way

FIND_OUT = "Compute it again within `with debug.record():` and ask again: the cut and its line are then remembered"


def why_none(loss: Any, w: Any) -> Cause:
    """Why `w` has no gradient from `loss`, by its code: detach, no_grad, conversion, copy, integer, no_derivative, frozen,
    unused, freed, rebound, result, not_called, paused, cleared, other_tensor; present if it has one.

    Lines need debug.record(); without it the kind of cut is named if the graph shows it, and else how to find out.

    >>> w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    >>> v = Tensor([3.0, 4.0], requires_grad=True, name="v")
    >>> print(why_none((w.detach() * v).sum(), w))
    w's numbers left the graph by detach().
      Use the tensor itself where its gradient is wanted, without detach().
    """
    theirs: dict[Tensor, Tensor] = {}  # a session has nodes of its own; gradients are collected in the user's
    names: dict[Tensor, str] = {}
    if isinstance(loss, Session):
        names = loss.names
        theirs = {own: x for x, own in loss.twin_of.items()}
        loss, w = loss.loss, loss.find(w) if isinstance(w, str) else loss.twin_of.get(w, w)
    for name, x in (("loss", loss), ("w", w)):
        if not isinstance(x, Tensor):
            kind = "a NumPy array" if isinstance(x, np.ndarray) else f"of type {type(x).__name__}"
            said_so = f"{name} is {kind}, not a Tensor: its numbers left the graph when it was made"
            return Cause("conversion", said_so, REMEDIES["conversion"])
    name = names.get(w) or called(w)
    graph = Graph(loss)
    if (cause := _of_itself(w, name)) is not None:
        return cause
    if w in graph.reached:
        return _inside(theirs.get(loss, loss), theirs.get(w, w), name)
    return _outside(loss, w, name, graph)


# --- what w itself, or its state, says -------------------------------------------------------------------------------


def _of_itself(w: Tensor, name: str) -> Cause | None:
    """What can be said without the result: w cannot have a gradient."""
    if w.dtype.kind != "f":
        said_so = f"{name} holds {w.dtype}, and only floating-point numbers have gradients"
        return Cause("integer", said_so, REMEDIES["integer"], made(w), tensor=w)
    if w.tracked:
        return None
    for way in Graph(w).ways(w):
        if way.how == "no_grad()" and (way.to is None or way.to.shape == w.shape):
            source = "another" if way.to is None else called(way.to)
            said_so = f"{name} is a new tensor, made under no_grad() of {source}, and does not require grad"
            remedy = (
                "Write `w -= lr * g` under no_grad(), which changes its memory; `w = w - lr * g` makes another tensor"
            )
            return Cause("rebound", said_so, remedy, said(way.line), tensor=way.to)
        if way.how is not None:
            return cut_off(way, name, f"{name} does not require grad: it was made of other numbers")
    remedy = f"Write Tensor(..., requires_grad=True), or {w.name or 'w'}.requires_grad_() before the result is computed"
    return Cause("frozen", f"{name} does not require grad (requires_grad=False)", remedy, made(w), tensor=w)


def _inside(loss: Tensor, w: Tensor, name: str) -> Cause:
    """The graph leads from the result to w: then it is a matter of calls."""
    if not w.is_leaf and not (getattr(w, "hooks", None) is not None and w.hooks.retains):
        assert w.op is not None
        if (before := _updated(w)) is not None:
            sign = "-" if w.op.name == "subtract" else "+"
            said_so = f"{name} is no leaf any more: `w = w {sign} ...` made a new tensor of it"
            remedy = "Write `with no_grad(): w -= lr * w.grad` for an update, which keeps w the leaf that it was"
            return Cause("rebound", said_so, remedy, made(w), w.op.name, before)
        said_so = f"{name} is the result of {w.op.name}, no leaf: backward() keeps the gradients of leaves only"
        remedy = "Call retain_grad() on it before backward(), or ask backprop(loss, w) for its gradient"
        return Cause("result", said_so, remedy, made(w), w.op.name, w)
    if w.gradient is not None:
        return Cause("present", f"{name} has a gradient", tensor=w)
    last = Places.last
    if last is not None and last.paused is loss:
        said_so = f"the pass is held up here, and {name} keeps its gradient only when it has ended"
        return Cause("paused", said_so, f"Look at it here: goto end, then print grad({name})", tensor=w)
    passed = [line for ref, line in (last.cuts.passes if last is not None else ()) if ref() is loss]
    if not passed and loss.inputs is not FREED:
        return Cause(
            "not_called",
            f"backward() has not been called yet, and the graph leads to {name}",
            "Call loss.backward()",
            made(loss),
            tensor=w,
        )
    cleared = w.site.cleared if w.site is not None else None
    said_so = f"{name} had a gradient, which was forgotten by zero_grad() or .grad = None after the pass"
    if cleared is None:
        said_so = f"the pass has run, and the gradient of {name} was not kept: zero_grad() came after it, or backprop() ran it"
    remedy = "Call zero_grad() before backward(), and look at .grad before the next zero_grad()"
    return Cause("cleared", said_so, remedy, said(cleared), tensor=w, evidence={"passes": [said(p) for p in passed]})


def _updated(w: Tensor) -> Tensor | None:
    """The leaf that an update written as an assignment, w = w - step, made a result of; None if it is none."""
    try:
        inputs, _ = fed(w)
    except RuntimeError:
        return None
    if (
        w.op is None
        or w.op.name not in ("add", "subtract")
        or len([x for x in inputs if getattr(x, "tracked", False)]) != 1
    ):
        return None
    before = inputs[0]
    alike = (
        isinstance(before, Tensor)
        and before.tracked
        and before.shape == w.shape == np.shape(getattr(inputs[1], "value", inputs[1]))
    )
    return before if alike and (before.is_leaf or _updated(before) is not None) else None


# --- what the way says -----------------------------------------------------------------------------------------------


def _outside(loss: Tensor, w: Tensor, name: str, graph: Graph) -> Cause:
    """No gradient flows from the result to w: the cut on the way, or plain numbers, or no way at all."""
    cuts = graph.path(loss, w)
    if cuts:
        first, *others = (cut_off(way, name) for way in cuts)
        return replace(first, others=tuple(others))
    if graph.freed:
        said_so = (
            f"the graph of {called(loss)} was freed by a backward pass, so the way to {name} cannot be walked any more"
        )
        remedy = "Ask before backward(), call backward(retain_graph=True), or compute and ask under debug.record()"
        return Cause("freed", said_so, remedy, tensor=loss)
    taken = _taken(w, graph)
    for way, source in taken:
        if (met := _met(source, graph)) is not None:
            return cut_off(way, name, beside=f", and went into {met.op.name}{_at(met)} as a constant")
    if (met := _met(w, graph)) is not None:
        said_so = f"the numbers of {name} went into {met.op.name}{_at(met)} as a constant: taken out by .value, .numpy(), np.asarray() or Tensor(...)"
        return Cause("conversion", said_so, REMEDIES["conversion"], made(met), met.op.name, met)
    if taken:
        unsure = "; what was computed from the numbers has no gradient"
        first, *others = (cut_off(way, name, beside=unsure) for way, _ in taken)
        return replace(first, others=tuple(others))
    twins = [x for x in graph.reached if x.op is None and x.name == w.name is not None and x.shape == w.shape]
    if twins and not getattr(w, "is_parameter", False):
        said_so = f"the result was computed from another tensor called {name!r}, not from this one"
        remedy = "Keep one tensor for one parameter, and change it in place"
        return Cause("other_tensor", said_so, remedy, made(twins[0]), tensor=twins[0])
    for x in [loss, *(x for _, _, x in graph.constants if isinstance(x, Tensor))]:
        gone = [Way(None, c.how, c.line) for c in (x.site.lost if x.site is not None else ()) if c.source is None]
        if gone or any(ref() is None for ref in x.saved if isinstance(ref, weakref.ref)):
            perhaps = f"no way leads to {name} but perhaps one through what is gone by now"
            return cut_off((gone or [Way(None, "detach()")])[-1], name, perhaps)
    said_so = f"{name} is not used: the result was computed without it, or from its bare .value"
    remedy = "Use it in what is computed, or leave it out of the parameters"
    recorded = loss.site is not None and loss.site.line is not None
    if not recorded:
        begin = "" if loss.tracked else f"{called(loss)} does not require grad, so backward() has nothing to do: "
        said_so = f"{begin}no path leads to {name}: it is not used, or was cut off in a way that leaves no trace (no_grad, .item(), a comparison)"
        remedy = FIND_OUT
    return Cause("unused", said_so, remedy, made(w), tensor=w, evidence={"recorded": recorded})


def _taken(w: Tensor, graph: Graph) -> list[tuple[Way, Tensor]]:
    """The recorded conversions of w, or of what was computed from it, to plain numbers; the latest first, each line once."""
    found: dict[Any, tuple[Way, Tensor]] = {}
    for cut in reversed(Places.last.cuts.taken if Places.last is not None else ()):
        source = cut.source
        if source is not None and cut.line not in found and graph.path(source, w) is not None:
            found[cut.line] = Way(source, cut.how, cut.line), source
    return sorted(found.values(), key=lambda pair: "truth value" in (pair[0].how or ""))


def _met(x: Tensor, graph: Graph) -> Any:
    """The node that was fed the numbers of x as a constant; None if there is none."""
    value = np.asarray(x.value)
    # equal numbers tell something unless they are such as anybody writes: 0.5, or ones throughout
    telling = value.min() != value.max() if value.size > 1 else value.size and value.item() != round(value.item(), 2)
    for node, _, constant in graph.constants:
        other = constant.value if isinstance(constant, Tensor) else constant
        if isinstance(other, np.ndarray) and isinstance(x.value, np.ndarray) and owner(other) is owner(x.value):
            return node
        if telling and np.size(other) == value.size and np.array_equal(np.ravel(other), np.ravel(value)):
            return node
    return None


def _at(x: Tensor) -> str:
    return f" at {made(x)}" if made(x) else ""
