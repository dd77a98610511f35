"""The chain rule written out: a derivation of one derivative, as a text to read or as an exercise with blanks.

Four parts, in the order in which one does it by hand: the values forward, the slope of each step by what it was fed,
the products and sums from the result back, and what comes out.
"""

from __future__ import annotations

import copy
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from html import escape
from itertools import accumulate, islice
from typing import Any

import numpy as np

from ...symbol import Symbol, edge
from ...tensor import Tensor
from ..session import Session
from .answers import Checked, check
from .explaining import equation
from .formulas import beside, reads, symbols, times
from .lines import Chain, Forward, Line, Local
from .mathml import mathml
from .writing import letter, seen, slope, spell, typeset

# letters of the derivative in one formula, and brackets in brackets; beyond, only steps are written
LONGEST, DEEPEST = 400, 80
LINES = 1000  # of each part that are written down
Sizes = dict[Symbol, tuple[int, int]]
TITLES = {
    "forward": "Forward: from the leaves to the result",
    "local": "Local derivatives: the slope of each step by what it was fed",
    "chain": "Chain rule: from the result back, a product along each path, a sum where paths meet",
    "result": "Result",
}


class Derivation:
    """The derivative of a result by one node, written out. Prints as text; `.latex()`, `.html()`; `.value` is what comes out.

    >>> w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    >>> sheet = derivation(w1**3 * w2 + 3 * w1, w1)
    >>> print(sheet.symbol.spell(), sheet.value)
    3 + w2·3·w1^2 39.0
    >>> exercise = sheet.worksheet(blanks=True)
    >>> print(exercise.check({1: 8, 2: 24, 3: 9, 4: 33}))
    (3) c = 9: wrong. 3·w1 with w1 = 2
    (4) g = 33: right for your answer to (3); mend that one
    2 of 13 are right, 9 are open
    """

    def __init__(self, session: Session, node: Tensor):
        self.session, self.node = session, node
        self.blanks = False
        self.lines, self.left_out = _lines(session, node)
        self.value = session.gradient(node, len(session))

    @property
    def name(self) -> str:
        """What is derived, as ∂g/∂w1."""
        return slope(self.session.names[self.session.loss], self.session.names[self.node], "text")

    @property
    def symbol(self) -> Symbol | None:
        """The derivative in one formula of the leaves, for a graph of single numbers that is not too large."""
        return _in_leaves(self.session, self.node, "text")

    def worksheet(self, blanks: bool = True) -> Derivation:
        """The same with blanks to fill in, or with the answers again."""
        sheet = copy.copy(self)
        sheet.blanks = blanks
        return sheet

    @property
    def answers(self) -> dict[int, Any]:
        """What belongs in each blank."""
        return {k: line.value for k, line in enumerate(self.lines, 1)}

    def check(self, answers: Mapping[int, Any] | Sequence[Any]) -> Checked:
        """Tell which answers are right, and of a wrong one what went wrong.

        answers: by the blanks' numbers, or all in order, None where left open; numbers, texts such as "1/3", lists.
        """
        return check(self.lines, answers)

    # --- its faces -------------------------------------------------------------------------------------------------

    def parts(self, style: str) -> list[tuple[str, list[tuple[str, str | None]]]]:
        """(title, lines) of each part; a line is a formula, and the number of the blank at its end or None."""
        found: dict[str, list[tuple[str, str | None]]] = {part: [] for part in TITLES}
        found["forward"].append((_given(self.session, style), None))
        result = self.session.names[self.session.loss]
        seed = slope(result, result, style)
        found["chain"].append(
            (f"{seed} = {typeset(seen(self.session.contribution(len(self.session.forward) + 1)), style)}", None)
        )
        for number, line in enumerate(self.lines, 1):
            left, right = line.spelled(style)
            if self.blanks:
                found[line.part].append((equation(f"{left} =", [*line.asked(right), ""]), str(number)))
            else:
                found[line.part].append((equation(f"{left} =", [*right, typeset(seen(line.value), style)]), None))
        for part, count in self.left_out.items():
            said = (
                f"… and {count:,} more lines: the graph is too large to be written out (session.explain has each step)"
            )
            found[part].append((rf"\text{{{said}}}" if style == "latex" else said, None))
        left = slope(self.session.names[self.session.loss], self.session.names[self.node], style)
        if not self.blanks:
            formula = _in_leaves(self.session, self.node, style)
            spelled = [spell(formula, style)] if formula is not None else []
            found["result"].append((equation(f"{left} =", [*spelled, typeset(seen(self.value), style)]), None))
        return [(TITLES[part], lines) for part, lines in found.items() if lines]

    def __str__(self) -> str:
        said: list[str] = []
        for title, lines in self.parts("text"):
            said += ["", title] if said else [title]
            said += [f"  {formula}" + f"______ ({blank})" * (blank is not None) for formula, blank in lines]
        return "\n".join(said)

    __repr__ = __str__

    def latex(self) -> str:
        """As a fragment of a LaTeX document (amsmath)."""
        said = []
        for title, lines in self.parts("latex"):
            said += [rf"\paragraph{{{title}}}", r"\begin{align*}"]
            rows = [
                formula.replace("=", "&=", 1)
                + (rf"\underline{{\hspace{{4em}}}}\;({blank})" if blank is not None else "")
                for formula, blank in lines
            ]
            said += [" \\\\\n".join(rows), r"\end{align*}"]
        return "\n".join(said)

    def html(self) -> str:
        """As a fragment of a page: the formulas in MathML, a blank as a field to write into."""
        said = [f'<section class="derivation" aria-label="derivation of {escape(self.name)}">']
        for title, lines in self.parts("latex"):
            said.append(f"<h3>{escape(title)}</h3>\n<ul>")
            for formula, blank in lines:
                field = f' <input size="8" aria-label="blank {blank}" data-blank="{blank}"/> ({blank})' if blank else ""
                said.append(f"<li>{mathml(formula)}{field}</li>")
            said.append("</ul>")
        return "\n".join([*said, "</section>"])

    def _repr_html_(self) -> str:
        return self.html()


def derivation(loss: Tensor | Session, w: Tensor | str) -> Derivation:
    """The derivative of `loss` by `w`, written out step by step with this run's numbers.

    loss: a Tensor, or a Session of it. w: a Tensor or its name; KeyError for one that no path leads to. As an exercise:
    `derivation(loss, w).worksheet(blanks=True)`, whose `.check(answers)` says what is wrong and why.

    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> print(derivation(x**2 + 1, x))
    Forward: from the leaves to the result
      x = 3
      a = x² = 3² = 9
      g = a + 1 = 9 + 1 = 10
    <BLANKLINE>
    Local derivatives: the slope of each step by what it was fed
      ∂(a + 1)/∂a = 1
      ∂a/∂x = 2·x = 2·3 = 6
    <BLANKLINE>
    Chain rule: from the result back, a product along each path, a sum where paths meet
      ∂g/∂g = 1
      ∂g/∂a = ∂g/∂g · ∂(a + 1)/∂a = 1 · 1 = 1
      ∂g/∂x = ∂g/∂a · ∂a/∂x = 1 · 6 = 6
    <BLANKLINE>
    Result
      ∂g/∂x = 2·x = 6
    """
    session = loss if isinstance(loss, Session) else Session(loss)
    return Derivation(session, session.find(w))


def _lines(session: Session, node: Tensor) -> tuple[list[Line], dict[str, int]]:
    """Every line that a blank can stand in: all values, and of the way back what leads to the node.

    Of a large graph the first of each part; and how many are left out of which part.
    """
    towards = {node}
    for other in session.nodes:  # oldest first
        if any(isinstance(x, Tensor) and x in towards for x in other.inputs):
            towards.add(other)
    edges = [
        step for step in session.replay.steps if step.kind == "edge" and step.x in towards and step.node in towards
    ]
    meeting: dict[Tensor, list[Any]] = {}
    for step in edges:
        meeting.setdefault(step.x, []).append(step)
    met = [x for x in reversed(session.nodes) if x in meeting]
    whole = list(accumulate(len(meeting[x]) for x in met))  # of a sum all terms, or it stands not there
    met, far = met[: bisect_right(whole, LINES)], len(met) - bisect_right(whole, LINES)
    shown = {(step.node, step.i) for x in met for step in meeting[x]}
    local = {(s.node, s.i): Local(session, s) for s in edges if (s.node, s.i) in shown}
    forward: list[Line] = [Forward(session, step.node) for step in session.forward[:LINES]]
    chain = [Chain(session, x, [local[step.node, step.i] for step in meeting[x]]) for x in met]
    left_out = {"forward": len(session.forward) - len(forward), "local": len(edges) - len(local), "chain": far}
    lines = [*forward, *(line for line in local.values() if line.separate), *chain]
    return lines, {part: count for part, count in left_out.items() if count}


def _given(session: Session, style: str) -> str:
    """The values that are known at the start."""
    leaves: dict[str, Any] = {}
    for node in session.nodes:
        for x in [node, *node.inputs]:
            if isinstance(x, Tensor) and x.op is None and (name := session.names.get(x) or x.name):
                leaves[name] = x.value
    comma = r", \quad " if style == "latex" else ", "
    said = [f"{letter(n, style)} = {typeset(seen(v), style)}" for n, v in islice(leaves.items(), LINES)]
    return comma.join([*said, *[r"\dots" if style == "latex" else "…"] * (len(leaves) > LINES)])


def _in_leaves(session: Session, target: Tensor, style: str) -> Symbol | None:
    """The rules read one after the other with formulas of the leaves: the derivative as one formula."""
    if any(np.ndim(x.value) for node in session.nodes for x in [node, *node.inputs] if isinstance(x, Tensor)):
        return None
    known: dict[Tensor, Any] = {}
    sizes: Sizes = {}

    def fed(node: Tensor) -> list[Any]:
        plain = symbols(session, node, style)
        return [known.get(x, s) if isinstance(x, Tensor) else s for x, s in zip(node.inputs, plain, strict=True)]

    for node in session.nodes:
        if node.op is None or node is target:  # what is derived by stands by its name, as leaves do
            known[node] = Symbol(letter(session.names[node], style), node.value)
        else:
            known[node] = _symbol(node.op(*fed(node), **node.params))
            if not _fits(known[node], sizes):
                return None
    grads: dict[Tensor, Any] = {session.loss: 1}
    for step in session.replay.steps:
        if step.kind != "edge" or step.node not in grads:
            continue
        g = Symbol("g", 1.0)
        assert step.node.op is not None
        spelled = edge(step.node.op, step.i, fed(step.node), step.node.params, g, _symbol(known[step.node]))
        local = beside(spelled, g)
        if local is None and (reads(spelled, g) or spelled.value):  # a number: of a row that a trace file knows by name
            return None
        part = 0 if local is None or _is_zero(grads[step.node]) else times(grads[step.node], local)
        if step.x in grads:
            part = grads[step.x] if _is_zero(part) else part if _is_zero(grads[step.x]) else grads[step.x] + part
        grads[step.x] = part
        if not _fits(part, sizes):
            return None
    return _symbol(grads[target]) if target in grads else None


def _symbol(x: Any) -> Symbol:
    return x if isinstance(x, Symbol) else Symbol(spell(x, "latex"), x)


def _is_zero(x: Any) -> bool:
    return isinstance(x, int) and x == 0


def _size(x: Any, sizes: Sizes) -> tuple[int, int]:
    """How many letters and numbers a formula has when it is written out, and how deep they lie."""
    if not isinstance(x, Symbol) or x.op is None:
        return 1, 1
    if x not in sizes:
        parts = [_size(v, sizes) for v in x.inputs]
        sizes[x] = sum(letters for letters, _ in parts), 1 + max(depth for _, depth in parts)
    return sizes[x]


def _fits(x: Any, sizes: Sizes) -> bool:
    letters, depth = _size(x, sizes)
    return letters <= LONGEST and depth <= DEEPEST
