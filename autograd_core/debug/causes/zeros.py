"""Why a gradient is zero: the edges on the way back that let nothing through, found by asking the rules themselves.

An edge is asked three questions, each by running the engine on its node alone. Fed with gradients that are nowhere zero,
does it give zeros? Then its local derivative is 0 there, and the row says why. Fed with the same gradient made larger,
does it give more than zero? Then the product was too small for the dtype. Fed with one element at a time? Then the
parts cancel. If none of these, the gradient was zero before it came here, and the search goes on towards the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ...backward import contributions
from ...modes import no_grad
from ...symbol import show
from ...tensor import Tensor
from ..backward_pass import Step
from ..explanations.explaining import broken
from ..session import Session
from .cause import Cause, called
from .cures import CODES, KINDS, UNDERFLOW
from .missing import why_none
from .ways import hook_line

ASKED = 64  # elements that are asked one by one
SHOWN = 6


class Edge(NamedTuple):
    """One edge on the way: the rule of `node` towards its i-th input x, at the elements where x's gradient is 0."""

    session: Session
    node: Tensor
    i: int
    x: Tensor
    zero: Any

    def given(self, g: Any) -> Any:
        """What the edge contributes when g arrives."""
        with no_grad(), np.errstate(all="ignore"):
            return next(c for _, i, _, _, c in contributions((self.node,), {self.node: g}) if i == self.i)

    def parts(self, g: Any) -> Iterator[Any]:
        """What it contributes for each element of g by itself, of the first few that are not 0."""
        for at in np.argwhere(g)[:ASKED]:
            alone = np.zeros_like(g)
            alone[tuple(at)] = g[tuple(at)]
            yield np.asarray(self.given(alone[()]))


def why_zero(loss: Any, w: Any) -> Cause:
    """Why the gradient of `w`, or a part of it, is 0, by its code: dead_relu, saturated, step, not_taken, clipped,
    not_chosen, not_selected, flat_point, times_zero, underflow, cancels, hook, seed; nonzero if it is not. Where no
    gradient arrives at all, the answer is that of why_none.

    >>> w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    >>> print(why_zero(((w - 5).relu() * 3).sum(), w))
    the gradient of w is 0: relu is off (all 2 elements).
      Lower the learning rate or the bias, or use leaky_relu or a He initialisation.
    """
    if not isinstance(loss, Session):
        if not isinstance(loss, Tensor) or not isinstance(w, Tensor) or not loss.tracked:
            return why_none(loss, w)
        loss = Session(loss, None if loss.size == 1 else np.ones_like(loss.value))
    session = loss
    try:
        x = session.find(w)
    except KeyError:
        x = None
    if x is None or x not in session.replay.arriving:
        if x is not None and (raised := broken(session)) is not None:
            remedy = "Put a breakpoint() into the rule that raised; gradcheck compares it with differences"
            return Cause("raised", f"no gradient arrived at {session.names[x]}: {raised}", remedy, tensor=w)
        return why_none(session, w)
    total = np.asarray(session.replay.upstream(x))
    zero = total == 0
    name = session.names[x] if not isinstance(w, str) else w
    if not zero.any():
        if not total.size:
            return Cause("nonzero", f"{name} has no elements", tensor=w)
        tiny = np.abs(total).max() < 1e4 * np.finfo(x.dtype).eps
        if tiny and (rounding := next(_residues(session, x), None)) is not None:
            return replace(rounding, sentence=f"the gradient of {name} is no more than rounding: {rounding.sentence}")
        least = float(np.abs(total).min())
        said_so = f"the gradient of {name} is nowhere 0: its elements are between {least:.3g} and {np.abs(total).max():.3g} in size"
        return Cause("nonzero", said_so, tensor=w, evidence={"least": least})
    found = list({(cause.sentence, cause.line): cause for cause in _search(session, x, zero)}.values())
    count = {"zero": int(zero.sum()), "of": zero.size}
    begin = f"the gradient of {name} is 0: "
    if not zero.all():
        begin = f"{count['zero']} of {count['of']} elements of the gradient of {name} are 0: "
    if not found:
        said_so = begin + "zeros meet from several sides, and no single op is to blame"
        return Cause("mixed", said_so, "Ask debug.why for the contributions", tensor=w, evidence=count)
    made = {
        cause.tensor for cause in found
    }  # a factor that is 0 because its own row is at an end: that row is the reason
    first, *others = sorted(found, key=lambda cause: cause.evidence.get("factor") in made)
    return replace(first, sentence=begin + first.sentence, evidence=count | first.evidence, others=tuple(others))


def _search(session: Session, x: Tensor, zero: Any) -> Iterator[Cause]:
    """From x towards the result, breadth first: the edges that stop the gradient."""
    replay = session.replay
    waiting, seen = [(x, zero)], {x}
    for x, zero in waiting:
        if x in replay.hooked and np.any(np.asarray(replay.arriving[x])[zero] != 0):
            name = session.names[x]
            said_so = f"a hook on {name} put zeros in the place of its gradient"
            yield Cause("hook", said_so, "Look at what the hook returns", hook_line(session, x), tensor=x)
            continue
        if x is session.loss:
            yield Cause("seed", "the gradient that was passed for the result is 0 there", "Pass another gradient")
            continue
        steps = replay.edges.get(x, [])
        if len(steps) > 1 and (found := _cancelling(session, x, steps, zero)) is not None:
            yield found
            continue
        for step in steps:
            if (stop := _stops(Edge(session, step.node, step.i, x, zero))) is not None:
                yield stop
            elif step.node not in seen:
                seen.add(step.node)
                waiting.append((step.node, np.asarray(replay.upstream(step.node)) == 0))


def _residues(session: Session, x: Tensor) -> Iterator[Cause]:
    """From x towards the result: edges whose parts cancel but for rounding."""
    waiting, seen = [x], {x}
    for x in waiting:
        for step in session.replay.edges.get(x, []):
            edge = Edge(session, step.node, step.i, x, np.ones(x.shape, bool))
            left = np.abs(session.replay.contribution(step)).max(initial=0)
            parts = edge.parts(np.asarray(session.replay.upstream(step.node)))
            if 0 < left < 1e3 * np.finfo(x.dtype).eps * max((np.abs(part).max() for part in parts), default=0):
                yield _cancels(edge)
            if step.node not in seen:
                seen.add(step.node)
                waiting.append(step.node)


def _cancels(edge: Edge) -> Cause:
    said_so = f"what {_op(edge)} hands to {edge.session.names[edge.x]} cancels in its sum over the elements"
    remedy = "Look whether this can change at all: softmax outputs always sum to 1, deviations to 0"
    return _cause(edge, "cancels", said_so, remedy)


def _cancelling(session: Session, x: Tensor, steps: list[Step], zero: Any) -> Cause | None:
    """Several contributions that are not 0 and sum to 0."""
    parts = [(session.names[step.node], np.asarray(session.replay.contribution(step))) for step in steps]
    met = np.any([part != 0 for _, part in parts], axis=0) & zero
    if not met.any():
        return None
    at = tuple(np.argwhere(met)[0])
    where = f" at {list(map(int, at))}" if at else ""
    said_so = f"{len(parts)} contributions to {session.names[x]} cancel{where}: " + ", ".join(
        f"{show(part[at], 4)} through {name}" for name, part in parts[:SHOWN]
    )
    evidence = {"contributions": {name: part[at] for name, part in parts}, "cancelling": int(met.sum())}
    remedy = "Look at debug.why(loss, w): the paths are meant to differ, or the value is a minimum"
    last = steps[0].node
    return Cause("cancels", said_so, remedy, session.line(last), last.op.name if last.op else None, x, evidence)


def _stops(edge: Edge) -> Cause | None:
    """Whether an edge stops the gradient, and why; None where it was 0 before it came here."""
    g = np.asarray(edge.session.replay.upstream(edge.node))
    if not np.any(g):
        return None
    somewhere = np.random.default_rng(0).uniform(1, 2, g.shape).astype(g.dtype)
    flat = (np.asarray(edge.given(somewhere[()])) == 0) & edge.zero
    if flat.any():
        return _flat(edge, flat)
    larger = np.asarray(edge.given(np.ldexp(g, -np.frexp(np.abs(g).max())[1])[()]))
    if np.any((larger != 0) & edge.zero):
        least = float(np.abs(g[g != 0]).min())
        said_so = f"{_op(edge)} hands on a product too small for {edge.x.dtype}: it underflows to 0 (a gradient of {least:.2g} arrives)"
        return _cause(edge, "underflow", said_so, UNDERFLOW, {"arriving": least})
    return _cancels(edge) if any(np.any((part != 0) & edge.zero) for part in edge.parts(g)) else None


def _flat(edge: Edge, flat: Any) -> Cause:
    """The local derivative is 0: what that means at this row."""
    node, op = edge.node, edge.node.op
    assert op is not None
    code = CODES.get(op.name, "flat")
    evidence: dict[str, Any] = {"stopped": int(flat.sum()), "elements": flat.size}
    whole = f" (all {flat.size} elements)" if flat.all() else f" ({int(flat.sum())} of {flat.size} elements)"
    small = _too_small(edge, node)
    if small is not None and code in ("flat", "times_zero", "flat_point"):
        assert small.op is not None
        what = "is too small" if small.op.name.startswith("exp") else "multiplies numbers whose product is too small"
        said_so = f"{small.op.name} {what} for {small.dtype}: it underflows to 0"
        return _cause(edge, "underflow", said_so, UNDERFLOW, evidence, small)
    if code == "times_zero":
        name, zeros, size, zero_factor = op.name, 0, 0, None
        for k, x in enumerate(node.inputs):
            numbers = np.asarray(getattr(x, "value", x))
            if (k != edge.i or len(node.inputs) == 1) and np.any(numbers == 0):
                name, zeros, size = _factor_name(edge, k, x), int((numbers == 0).sum()), numbers.size
                zero_factor = x if isinstance(x, Tensor) else None
        said_so = f"{_op(edge)} multiplies by {name}, which is 0" + f" in {zeros} of {size} elements" * (zeros < size)
        remedy = "Give it a value other than 0: weights that begin at 0 pass nothing back, masks and factors of 0 shut a path"
        return _cause(edge, code, said_so, remedy, evidence | {"zeros": zeros, "factor": zero_factor})
    unknown = "Look into its .backward" if hasattr(op, "pull") else "Start from another value"
    _, sentence, remedy = KINDS.get(code, ("", "the slope of {op} is 0: {words}", unknown))
    said_so = sentence.format(op=_op(edge), dtype=edge.x.dtype, words=op.words, other=_other(edge))
    units = _units(flat)
    if units is not None and not flat.all():
        evidence["units"] = units
        said_so += f" for every sample in units {_listed(units)} of {flat.shape[-1]}" if units else whole
    else:
        said_so += whole if flat.size > 1 else ""
    return _cause(edge, code, said_so, remedy, evidence)


def _too_small(edge: Edge, node: Tensor) -> Tensor | None:
    """The node at which factors that are not 0 made a 0: this one, or one that made a factor of it."""
    products = ("multiply", "prod", "cumprod", "power", "square", "exp", "exp2", "divide", "reciprocal", "matmul")
    for made in (node, *(x for k, x in enumerate(node.inputs) if isinstance(x, Tensor) and k != edge.i)):
        while made is not node and (before := _zero_product(made, products)) is not None:
            made = before
        if made.op is None or made.op.name not in products:
            continue
        factors = [np.asarray(getattr(x, "value", x)) for x in made.inputs]
        if made is node and made.op.name in ("multiply", "divide", "matmul"):
            continue  # its own slope is the other factor, which is 0 or is not
        if all(np.all(f != 0) for f in factors) or made.op.name.startswith("exp"):
            return made
    return None


def _zero_product(made: Tensor, products: tuple[str, ...]) -> Tensor | None:
    """The factor of a product that is 0 throughout and a product itself."""
    for x in made.inputs if made.op is not None and made.op.name in products else ():
        if isinstance(x, Tensor) and x.op is not None and x.op.name in products and x.size and not np.any(x.value):
            return x
    return None


def _units(flat: Any) -> list[int] | None:
    """The columns that are 0 in every row; None if there are no rows."""
    return None if flat.ndim < 2 else [int(k) for k in np.flatnonzero(flat.all(axis=tuple(range(flat.ndim - 1))))]


def _listed(units: list[int]) -> str:
    return f"{units[:12]}".replace("]", ", …]" if len(units) > 12 else "]")


def _other(edge: Edge) -> str:
    """What a row took in place of the edge's input: its other argument if it has two, else other elements."""
    tensors = [k for k, _, _ in edge.node.op.edges_of(len(edge.node.inputs))] if edge.node.op is not None else []
    if len(edge.node.inputs) != 2 or len(tensors) != 2:
        return "other elements"
    other = edge.node.inputs[1 - edge.i]
    plain = not isinstance(other, Tensor) and not np.ndim(other)
    return (
        f"its {('second', 'first')[edge.i]} argument, {show(other) if plain else _factor_name(edge, 1 - edge.i, other)}"
    )


def _factor_name(edge: Edge, k: int, x: Any) -> str:
    if isinstance(x, Tensor):
        return edge.session.names.get(x) or called(x)
    return f"a constant array {show(x)}" if np.ndim(x) else "a constant"


def _op(edge: Edge) -> str:
    assert edge.node.op is not None
    return edge.node.op.name


def _cause(
    edge: Edge, code: str, sentence: str, remedy: str, evidence: Any = None, node: Tensor | None = None
) -> Cause:
    line = edge.session.line(node) if node is not None and node in edge.session.names else edge.session.line(edge.node)
    return Cause(code, sentence, remedy, line, _op(edge), edge.node, evidence or {})
