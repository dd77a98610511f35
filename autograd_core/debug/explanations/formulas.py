r"""What explanations are made of: names in each style, formulas with their numbers, and the factor that stands beside the
gradient in a rule, which is the local derivative."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ...ops import arithmetic
from ...symbol import Symbol, edge, show
from ...tensor import Tensor

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


# --- names and numbers -----------------------------------------------------------------------------------------------


def letter(name: str, style: str) -> str:
    r"""A node's name as a style writes it.

    >>> letter("w1", "text"), letter("w1", "latex"), letter("W_hidden", "latex"), letter("layers.0.bias", "latex")
    ('w1', 'w_{1}', 'W_{\\mathrm{hidden}}', '\\mathrm{layers.0.bias}')
    """
    if style != "latex" or re.fullmatch(r"[^\W\d_]", name):
        return name
    if found := re.fullmatch(r"([^\W\d_])_?(\d+)", name):
        return f"{found[1]}_{{{found[2]}}}"
    if found := re.fullmatch(r"([^\W\d_])_([^\W_]+)", name):
        return rf"{found[1]}_{{\mathrm{{{found[2]}}}}}"
    plain = re.sub(r"([#%&_ ])", r"\\\1", re.sub(r"[\\^~{}$]", "·", name))
    return rf"\mathrm{{{plain}}}"


def slope(top: str, bottom: str, style: str, at: tuple[int, ...] | None = None) -> str:
    r"""∂top/∂bottom.

    >>> slope("g", "w1", "text"), slope("g", "w1", "latex"), slope("g", "W", "text", (2, 0))
    ('∂g/∂w1', '\\frac{\\partial g}{\\partial w_{1}}', '∂g/∂W[2, 0]')
    """
    top, bottom = letter(top, style), place(letter(bottom, style), at, style)
    return rf"\frac{{\partial {top}}}{{\partial {bottom}}}" if style == "latex" else f"∂{top}/∂{bottom}"


def place(name: str, at: tuple[int, ...] | None, style: str) -> str:
    """A name with the index of one element."""
    if not at:
        return name
    index = ", ".join(map(str, at))
    if style == "latex":
        if found := re.fullmatch(r"(\\frac\{.*\}\{\\partial )(.*)\}", name):
            return f"{found[1]}{place(found[2], at, style)}}}"
        return f"{{{name}}}_{{{index}}}" if "_" in name else f"{name}_{{{index}}}"
    return f"{name}[{index}]"


def spell(x: Any, style: str) -> str:
    """A formula, or a number, as text with raised exponents or as LaTeX.

    >>> a = Symbol("a", 2.0)
    >>> spell(3 * a**2, "text"), spell(3 * a**2, "latex"), spell(1e-12, "latex")
    ('3·a²', '3 \\\\cdot a^{2}', '10^{-12}')
    """
    text = x.spell("latex" if style == "latex" else "text") if isinstance(x, Symbol) else show(x)
    return typeset(text, style)


def typeset(text: str, style: str) -> str:
    """Exponents raised, 1 left out, and in LaTeX what stands for numbers as LaTeX writes it."""
    text = re.sub(r"\^(1(?![\w.(])|\{1\})", "", text)
    if style != "latex":
        return re.sub(r"\^(-?\d+)(?![\w.(])", lambda found: found[1].translate(_RAISED), text)
    text = re.sub(r"(?<![\w.])1e([+-]\d+)", lambda found: f"10^{{{int(found[1])}}}", text)
    text = re.sub(r"(?<=\d)e([+-]\d+)", lambda found: rf" \cdot 10^{{{int(found[1])}}}", text)
    text = re.sub(r"\b(inf|nan)\b", lambda found: r"\infty" if found[1] == "inf" else r"\mathrm{NaN}", text)
    return text.replace("×", r" \times ").replace("…", r"\dots ")


LONG, LEVELS = 100, 6  # characters of a formula in a line of text, and the levels of brackets tried for it


def brief(x: Any, style: str) -> str:
    """A formula as one line of text has room for it: the innermost of a long one is left out; LaTeX is written in full.

    >>> a = Symbol("a", 2.0)
    >>> b = np.exp(np.sin(np.where(np.ones(3) > 0, a + a, a))) * a
    >>> brief(b, "text"), brief(b * Symbol("x" * 100, 1.0), "text")[:40]
    ('exp(sin(where([3], a + a, a)))·a', 'exp(sin(where([3], …, a)))·a·xxxxxxxxxxx')
    """
    text, levels = spell(x, style), LEVELS
    while style != "latex" and len(text) > LONG and levels:
        text, levels = spell(_outer(x, levels), style), levels - 1
    return text if style == "latex" or len(text) <= LONG else f"{text[: LONG // 2]}…{text[-LONG // 2 :]}"


def _outer(x: Any, levels: int) -> Any:
    """A formula down to so many levels, with dots for what lies deeper."""
    if not isinstance(x, Symbol) or x.op is None:
        return x
    return _applied(x, [_outer(v, levels - 1) for v in x.inputs]) if levels else Symbol("…", x.value)


def _applied(x: Symbol, inputs: Any) -> Symbol:
    """The row of a formula on other inputs, which is not computed again."""
    out = Symbol(x.name, x.value)
    out.op, out.inputs, out.params = x.op, tuple(inputs), x.params
    return out


def numbered(x: Any) -> Any:
    """The formula with this run's numbers in place of the letters; the dots of a long sum stay."""
    if not isinstance(x, Symbol) or x.name == "…":
        return x
    if x.op is None:
        return x.value
    return _applied(x, map(numbered, x.inputs))


def seen(value: Any) -> str:
    """A value: a number, or the shape of an array and its first elements.

    >>> seen(0.5), seen(np.arange(12.0).reshape(3, 4)), seen(np.ones(2))
    ('0.5', '[3×4] [[0, 1, 2, 3], …]', '[2] [1, 1]')
    """
    if not np.ndim(value):
        return show(value)
    return f"{show(value)} {_corner(np.asarray(value))}"


def _corner(value: Any, most: int = 3) -> str:
    if not value.ndim:
        return show(value, 4)
    few = most if value.ndim == 1 else 1
    shown = value if len(value) <= most + 1 and value.size <= 2 * (most + 1) else value[:few]
    parts = [_corner(v, most) for v in shown] + ["…"] * (len(shown) < len(value))
    return f"[{', '.join(parts)}]"


# --- the local derivative --------------------------------------------------------------------------------------------


def symbols(session: Any, node: Tensor, style: str = "text") -> list[Any]:
    """A node's inputs as a style spells them: Tensors by name, numbers as numbers."""
    assert node.op is not None
    roles = node.op.inputs if not node.op.variadic else [f"constant{k + 1}" for k in range(len(node.inputs))]
    return [_symbol(session, x, role, style) for x, role in zip(node.inputs, roles, strict=True)]


def _symbol(session: Any, x: Any, role: str, style: str) -> Any:
    value = x.value if isinstance(x, Tensor) else x
    name = (session.names.get(x) or x.name) if isinstance(x, Tensor) else None
    if name is None and not (isinstance(value, np.ndarray) and value.ndim):
        return value
    return Symbol(letter(name, style) if name else _unlike(session, role, style), value)


def _unlike(session: Any, role: str, style: str) -> str:
    """What has no name goes by its place in the row, with a dash where a node is called so."""
    if role not in session.by_name:
        return letter(role, style)
    return f"{{{letter(role, style)}'}}" if style == "latex" else f"{role}′"


def forward(session: Any, node: Tensor, style: str = "text") -> Any:
    """A node as its row's formula of the inputs."""
    op, inputs = node.op, symbols(session, node, style)
    assert op is not None
    if op.name == "where":  # spelled as the side that is taken, where that is one
        return op(*inputs, **node.params)
    spelled = Symbol(op.name, node.value)  # its value is known, and not computed again
    spelled.op, spelled.inputs, spelled.params = op, tuple(inputs), node.params
    return spelled


def meaning(session: Any, node: Tensor) -> Any:
    """What a node's row computes, where that has a definition in simpler rows: x @ weightᵀ + bias of linear."""
    op, inputs = node.op, symbols(session, node)
    assert op is not None
    if op.definition is None or op.samples is None or "reduction" in op.params:
        return forward(session, node)
    (values, params), *_ = op.samples(lambda shape=(), low=0.0, high=1.0: np.full(shape, (low + high) / 2))
    if op.elementwise:  # of arrays, since the where of a number is the side that it takes
        values, params = [np.full(2, value) for value in values], node.params
    return op.definition(*(Symbol(getattr(x, "name", show(x)), v) for x, v in zip(inputs, values, strict=True)), **params)


def backward(session: Any, node: Tensor, i: int, upstream: Any, style: str = "text") -> tuple[Any, Symbol, Any]:
    """What an edge hands on: the gradient that arrives as a Symbol, the rule spelled with it, and the local derivative
    that stands beside it in the rule; None where it is no factor of its own, as in a product of matrices."""
    assert node.op is not None
    g = Symbol(slope(session.names[session.loss], session.names[node], style), upstream)
    fed = symbols(session, node, style)
    spelled = edge(node.op, i, fed, node.params, g, letter(session.names[node], style))
    for kept in leaves(spelled):
        if kept.name in node.op.saved and all(kept is not x for x in (g, *fed)) and not _same(kept.value, node.value):
            kept.name = _unlike(session, kept.name, style)
    return g, spelled, beside(spelled, g)


def beside(x: Any, g: Symbol) -> Any:
    """The factor beside g in a formula that is a product of the two; None if it is none.

    >>> g, a = Symbol("g", 1.0), Symbol("a", 2.0)
    >>> beside(2 * g * a, g), beside(-g / a, g), beside(g + a, g), beside(g, g)
    (Symbol('2·a', 4), Symbol('-1 / a', -0.5), None, 1)
    """
    if x is g:
        return 1
    if not isinstance(x, Symbol) or x.op is None:
        return None
    if x.op is arithmetic.multiply:
        a, b = x.inputs
        for this, other, swapped in ((a, b, False), (b, a, True)):
            factor = beside(this, g)
            if factor is not None and not reads(other, g):
                return times(other, factor) if swapped else times(factor, other)
    elif x.op is arithmetic.divide and not reads(x.inputs[1], g):
        factor = beside(x.inputs[0], g)
        return None if factor is None else factor / x.inputs[1]
    elif x.op is arithmetic.negative:
        factor = beside(x.inputs[0], g)
        return None if factor is None else -factor
    elif x.op.name in ("broadcast_to", "expand_dims", "cast", "positive"):
        return beside(x.inputs[0], g)  # the same for every element
    return None


def leaves(x: Any) -> list[Symbol]:
    """The letters of a formula, each once."""
    found: dict[int, Symbol] = {}
    waiting = [x]
    while waiting:
        x = waiting.pop()
        if isinstance(x, Symbol) and id(x) not in found:
            found[id(x)] = x
            waiting += x.inputs
        elif isinstance(x, (list, tuple)):
            waiting += x
    return [x for x in found.values() if x.op is None]


def _same(a: Any, b: Any) -> bool:
    return np.shape(a) == np.shape(b) and bool(np.array_equal(a, b, equal_nan=True))


def reads(x: Any, g: Symbol) -> bool:
    """Whether a formula has g in it."""
    return x is g or (isinstance(x, Symbol) and any(reads(v, g) for v in x.inputs))


def times(a: Any, b: Any) -> Any:
    """a·b, written without a factor 1."""
    for one, other in ((a, b), (b, a)):
        if isinstance(one, int) and one == 1:
            return other
        if isinstance(one, int) and one == -1 and isinstance(other, Symbol):
            return -other
    return a * b


def factor(x: Any, style: str, value: bool = False) -> str:
    """A formula, or its number, as it stands in a product: a sum or a negative number in brackets."""
    text = spell(getattr(x, "value", x) if value else x, style)
    sum_of = isinstance(x, Symbol) and x.op is not None and x.op.binds == "+" and not value
    if sum_of or text.startswith("-"):
        return rf"\left({text}\right)" if style == "latex" else f"({text})"
    return text
