"""A step in words and formulas, spelled from the rule itself by Symbols, with this run's numbers.

An edge reads: what arrives, times the local derivative, is what is handed on:
`∂g/∂w1 += ∂g/∂a · ∂a/∂w1 = 3 · 3·w1² = 3 · 12 = 36`. Where a rule is no product of the two, as for a matrix product or a
softmax, it is written as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...symbol import Symbol
from ...tensor import Tensor
from .elements import broadcast_sum, element
from .formulas import backward, beside, forward, meaning, reads
from .mathml import mathml
from .writing import brief, factor, letter, numbered, place, seen, slope, spell, typeset

Index = tuple[int, ...] | None  # of one element; None for all of them
_START = "before the first step"


def explain(session: Any, position: int, index: Any = None, style: str = "text") -> str:
    """A step in one line: what is computed, with letters, with this run's numbers, and what comes out.

    style: "text", "latex", "mathml", or "words" for the rule as a sentence. index: of the element to explain, such as
    (2, 0), where it is an array. ValueError for a style or an element that there is not.
    """
    if style not in ("text", "words", "latex", "mathml"):
        raise ValueError(f"there is no style {style!r} of explanation; there are text, words, latex, mathml")
    if not position:
        return _START if style in ("text", "words") else _START.join((r"\text{", "}")) if style == "latex" else ""
    step = session.steps[position - 1]
    if style == "words":
        return words(session, step)
    if style == "mathml":
        return mathml(explain(session, position, index, "latex"))
    receives = step.node if step.x is None else step.x
    at = _index(index, receives.value, session.names[receives])
    parts = {"forward": _forward, "seed": _seed, "edge": _edge, "sum": _sum, "hook": _hook}[step.kind]
    return equation(*parts(session, position, step, at, style))


def words(session: Any, step: Any) -> str:
    """The rule of a step as a sentence."""
    names = session.names
    name = names[step.node if step.x is None else step.x]
    if step.kind == "forward":
        return f"{name} is computed by {step.node.op.name}: {name} = {brief(meaning(session, step.node), 'text')}"
    if step.kind == "seed":
        return (
            f"the pass begins at the result: the derivative of {name} by itself is 1"
            if not np.ndim(step.node.value) and session.seed == 1
            else f"the pass begins at the result {name}, with the gradient that was given for it"
        )
    if step.kind == "edge":
        return f"{step.node.op.name}, from {names[step.node]} to {name}: {step.node.op.words}"
    if step.kind == "sum":
        return f"{name} is used in several places: what comes from each is added up"
    return f"a hook sees the whole gradient of {name}, and may put another in its place"


def equation(left: str, right: Sequence[str]) -> str:
    """left right = right = …, without saying the same twice."""
    return f"{left} {' = '.join(dict.fromkeys(right))}"


def _index(index: Any, value: Any, name: str) -> Index:
    if index is None:
        return None
    at = (index,) if isinstance(index, (int, np.integer)) else tuple(index)
    shape = np.shape(value)
    if len(at) != len(shape) or not all(-n <= i < n for i, n in zip(at, shape, strict=True)):
        raise ValueError(
            f"{name} has shape {shape}, there is no element {tuple(at)}; give one index for each of its {len(shape)} axes"
        )
    return tuple(int(i) % n for i, n in zip(at, shape, strict=True))


def _forward(session: Any, position: int, step: Any, at: Index, style: str) -> tuple[str, list[str]]:
    formula = forward(session, step.node, style)
    value = step.node.value
    if at is not None:  # () of a reduction: the sum that makes its one number
        formula, value = element(formula, at, style), value[at]
    name = place(letter(session.names[step.node], style), at, style)
    written = brief if at is None else spell  # of one element all is said
    return f"{name} =", [written(formula, style), written(numbered(formula), style), typeset(seen(value), style)]


def _seed(session: Any, position: int, step: Any, at: Index, style: str) -> tuple[str, list[str]]:
    name, seed = session.names[step.node], session.contribution(position)
    return f"{slope(name, name, style, at)} =", [typeset(seen(seed[at] if at else seed), style)]


def _edge(session: Any, position: int, step: Any, at: Index, style: str) -> tuple[str, list[str]]:
    node, x, names = step.node, step.x, session.names
    g, spelled, local = backward(session, node, step.i, session.upstream(position), style)
    result = session.contribution(position)
    if at is not None and spelled.ndim:  # () is the one element of a number that was repeated
        spelled = broadcast_sum(spelled, x.shape, at, result[at], style)
        single, result = _only(spelled, g), result[at]
        g, local = (single, beside(spelled, single)) if single is not None else (g, None)
    left = f"{slope(names[session.loss], names[x], style, at)} +="
    shown = typeset(seen(result), style)
    if at is None and np.size(spelled.value) > x.size:  # broadcasting is undone
        shown += r"\text{, summed over what was repeated}" if style == "latex" else ", summed over what was repeated"
    if local is None:
        written = brief if at is None else spell
        return left, [written(spelled, style), written(numbered(spelled), style), shown]
    dot = r" \cdot " if style == "latex" else " · "
    up = factor(g.value, style)
    right = [f"{up}{dot}{factor(local, style)}", f"{up}{dot}{factor(local, style, value=True)}", shown]
    # ∂b/∂a would be this edge's alone only if a is used once, and if b were not the result itself
    alone = sum(other is x for other in node.inputs) == 1 and node is not session.loss
    what = slope(names[node], names[x], style) if alone and not at else factor(local, style)
    return left, [f"{g.name}{dot}{what}", *right]


def _only(spelled: Any, g: Symbol) -> Symbol | None:
    """The element of the arriving gradient that a formula of elements reads, if it is just one."""
    if spelled is g or (isinstance(spelled, Symbol) and spelled.op is None and any(x is g for x in spelled.inputs)):
        return spelled
    found = [_only(x, g) for x in spelled.inputs if reads(x, g)] if isinstance(spelled, Symbol) else []
    return found[0] if len(found) == 1 else None


def _sum(session: Any, position: int, step: Any, at: Index, style: str) -> tuple[str, list[str]]:
    terms = [session.gradient(step.x, position - 1), session.contribution(position)]
    after = session.gradient(step.x, position)
    if at:
        terms, after = [t[at] for t in terms], after[at]
    plus = " + ".join(factor(t, style) if k else spell(t, style) for k, t in enumerate(terms))
    return f"{slope(session.names[session.loss], session.names[step.x], style, at)} =", [
        plus,
        typeset(seen(after), style),
    ]


def _hook(session: Any, position: int, step: Any, at: Index, style: str) -> tuple[str, list[str]]:
    name = slope(session.names[session.loss], session.names[step.node], style, at)
    before, after = session.gradient(step.node, position - 1), session.gradient(step.node, position)
    if at:
        before, after = before[at], after[at]
    says = "which a hook has seen" if np.array_equal(before, after) else f"which a hook has changed to {seen(after)}"
    said = rf"\text{{, {says}}}" if style == "latex" else f", {says}"
    return f"{name} =", [typeset(seen(before), style) + said]


def broken(session: Any) -> str | None:
    """What ended the pass where a rule raised; None for a pass that is whole."""
    if session.error is None:
        return None
    node = next(reversed(session.replay.arriving.items))
    line = f" ({made})" if (made := session.line(node)) else ""
    return (
        f"the rule of {node.op.name}{line} raised {type(session.error).__name__}, {session.error}, which ends the pass"
    )


def computes(session: Any, node: Tensor) -> str:
    """What a node computes, as `a = w1³`."""
    return f"{session.names[node]} = {brief(forward(session, node), 'text')}"
