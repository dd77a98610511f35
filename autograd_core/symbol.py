r"""A Symbol spells what it is asked to compute: fed to a rule, it gives the rule as a formula.

It carries its value in this run as well, so a formula can be printed with letters or with numbers, and a rule
may ask for shapes. Because the formula comes out of the rule itself, an explanation cannot drift from the code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from .op import NO_PARAMS, Op
from .operators import Operators

Style = Literal["latex", "text", "numbers"]
_LEVELS = {"+": 1, "*": 2, "^": 3, "": 4}  # how tightly a formula holds together


class Symbol(Operators):
    r"""A name with a value, or a row applied to Symbols.

    >>> a, b = Symbol("a", 2.0), Symbol("b", 3.0)
    >>> c = np.exp(a) * (a + b) ** 2
    >>> print(c.spell("latex"), c.spell("text"), c.spell("numbers"), sep="   ")
    e^{a} \cdot \left(a + b\right)^{2}   exp(a)·(a + b)^2   exp(2)·(2 + 3)^2
    """

    __slots__ = ("inputs", "name", "op", "params", "value")

    def __init__(self, name: str, value: Any):
        self.name = name
        self.value = np.asarray(value)[()]
        self.op: Op | None = None
        self.inputs: tuple[Any, ...] = ()
        self.params = NO_PARAMS

    def _read(self, op: Op, inputs: tuple[Any, ...], params: dict[str, Any] = NO_PARAMS) -> Symbol:
        values = [x.value if isinstance(x, Symbol) else x for x in inputs]
        if op.name == "where" and np.ndim(values[0]) == 0:  # known in this run: spell the side that is taken
            taken = inputs[1 if values[0] else 2]
            return taken if isinstance(taken, Symbol) else Symbol(show(taken), taken)
        y = op.kernel(*values, **params)
        out = Symbol(op.name, y[0] if op.saved else y)
        out.op, out.inputs, out.params = op, inputs, params
        return out

    def __bool__(self) -> bool:
        return bool(self.value)

    def spell(self, style: Style = "text") -> str:
        """The formula: in LaTeX, as text, or as text with the values of this run in place of the names."""
        return _spell(self, style)[0]

    def _repr_latex_(self) -> str:
        return f"${self.spell('latex')}$"

    def __repr__(self) -> str:
        return f"Symbol({self.spell()!r}, {show(self.value)})"


def derivative(op: Op, i: int = 0) -> Symbol:
    r"""The rule of a row towards its i-th input, as a formula of g, y and the inputs' names.

    >>> from autograd_core.ops import multiply, tanh
    >>> print(derivative(multiply, 0).spell(), derivative(tanh).spell("latex"), sep="   ")
    g·b   g \cdot \left(1 - y \cdot y\right)
    """
    rng = np.random.default_rng(0)
    assert op.samples is not None, f"{op.name} has no samples"
    inputs, params = op.samples(lambda shape=(), low=-2.0, high=2.0: rng.uniform(low, high, shape))[0]
    names = [f"x{k + 1}" for k in range(len(inputs))] if op.variadic else op.inputs
    return edge(op, i, [Symbol(n, x) for n, x in zip(names, inputs, strict=True)], op.bind(params))


def edge(
    op: Op,
    i: int,
    inputs: Sequence[Any],
    params: dict[str, Any],
    upstream: Symbol | None = None,
    name: str | Symbol = "y",
) -> Symbol:
    """What a row hands to its i-th input, spelled by its own rule.

    inputs: Symbols, or numbers that are to be spelled as such. upstream: the gradient that arrives (default: g, of
    ones). name: what the row's output is called in the formula, or the formula that is to stand for it.
    """
    values = [x.value if isinstance(x, Symbol) else x for x in inputs]
    y, *saved = op.kernel(*values, **params) if op.saved else (op.kernel(*values, **params),)
    g = Symbol("g", np.ones_like(y)) if upstream is None else upstream
    kept = [Symbol(n, s) if isinstance(s, np.ndarray) else s for n, s in zip(op.saved, saved, strict=True)]
    known = [*([list(inputs)] if op.variadic else inputs), *kept]
    output: Symbol = Symbol(name, y) if isinstance(name, str) else name
    if output is name and op.saved:  # a formula throughout: what the kernel kept is one as well
        known[-len(kept) :] = op.recompute((list(inputs),) if op.variadic else tuple(inputs), params)
    rule, pick = next((rule, pick) for k, rule, pick in op.edges_of(len(inputs)) if k == i)
    spelled = rule(*pick((g, output, *known, *params.values())))
    return spelled if isinstance(spelled, Symbol) else Symbol(show(spelled), spelled)


def _spell(x: Any, style: Style) -> tuple[str, int]:
    """A formula and how tightly it holds together."""
    if not isinstance(x, Symbol):
        text = show(x)
        return text, _LEVELS["*" if text.startswith("-") else ""]
    if x.op is None:
        if style != "numbers":
            return x.name, _LEVELS[""]
        return _spell(x.value, style)
    op = x.op
    names = op.inputs if not op.variadic else ("inputs",)
    parts = [_spell(v, style) for v in x.inputs]
    if op.variadic:
        parts = [(", ".join(p for p, _ in parts), _LEVELS[""])]
    template = op.latex if style == "latex" else op.text
    if template in op.inputs:  # a row that only moves numbers about is written as its input
        return parts[op.inputs.index(template)]
    brackets = (r"\left(", r"\right)") if style == "latex" else ("(", ")")
    spelled = dict(zip(names, parts, strict=True)) | {n: (show(v), _LEVELS[""]) for n, v in x.params.items()}

    def place(match: re.Match[str]) -> str:
        part, level = spelled[match[0]]
        before, after = match.string[: match.start()].rstrip(), match.string[match.end() :].lstrip()
        enclosed = before.endswith(("{", "(", ",", "|"))
        if enclosed and after.startswith(("}", ")", ",", "|", r"\right|")) and not after.startswith("}^"):
            return part
        needs = _LEVELS[op.binds] if op.binds in ("+", "*") else _LEVELS[""]
        if before.endswith(("-", "/")):
            needs = max(needs, _LEVELS["*"] + before.endswith("/"))
        if part.startswith("-") and before:
            needs = level + 1
        if after.startswith("^"):  # a power of a power, or of what carries a mark up there already
            needs = _LEVELS[""]
        return part if level >= needs else brackets[0] + part + brackets[1]

    known = "|".join(sorted(map(re.escape, spelled), key=len, reverse=True))
    return re.sub(rf"(?<![\\A-Za-z_])(?:{known})(?![A-Za-z(]|_[A-Za-z])", place, template), _LEVELS[op.binds]


def show(value: Any, digits: int = 6) -> str:
    """A value as a formula shows it: a number in some digits, an array by its shape.

    >>> show(0.1 + 0.2), show(np.zeros((2, 3))), show(-1.5)
    ('0.3', '[2×3]', '-1.5')
    """
    if isinstance(value, (np.ndarray, np.generic)) and np.ndim(value):
        return f"[{'×'.join(map(str, np.shape(value)))}]"
    if isinstance(value, tuple):
        return ", ".join(map(show, value))
    if isinstance(value, slice):
        ends = ["" if end is None else str(end) for end in (value.start, value.stop, value.step)]
        return ":".join(ends if ends[2] else ends[:2])
    if value is None or value is Ellipsis:
        return "·" if value is None else "…"  # a new axis; all other axes
    if isinstance(value, (bool, int, float, np.generic, np.ndarray)):
        return f"{np.asarray(value).item():.{digits}g}"
    return str(value)
