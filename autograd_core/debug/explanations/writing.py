"""How names, numbers and formulas are written: as text with raised exponents, or as LaTeX."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ...symbol import Symbol, show

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LONG, SHORT = 100, 6  # characters of a formula in a line of text, and of a part that is worth no dots
LEVELS = 6  # of brackets tried for it


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


def brief(x: Any, style: str) -> str:
    """A formula as one line of text has room for it: the innermost of a long one is left out; LaTeX is written in full.

    >>> a = Symbol("a", 2.0)
    >>> b = np.exp(np.sin(np.where(np.ones(3) > 0, a + a, a))) * a
    >>> brief(b, "text"), brief(b * Symbol("x" * 90, 1.0), "text")[:12]
    ('exp(sin(where([3], a + a, a)))·a', 'exp(…)·a·xxx')
    """
    text, levels = spell(x, style), LEVELS
    while style != "latex" and len(text) > LONG and levels:
        text, levels = spell(_outer(x, levels), style), levels - 1
    return text if style == "latex" else cut(text, LONG)


def _outer(x: Any, levels: int) -> Any:
    """A formula down to so many levels, with dots for what lies deeper."""
    if not isinstance(x, Symbol) or x.op is None:
        return x
    if not levels:
        return x if len(x.spell()) <= SHORT else Symbol("…", x.value)
    return applied(x.op, [_outer(v, levels - 1) for v in x.inputs], x.params, x.value)


def applied(op: Any, inputs: Any, params: Any, value: Any) -> Symbol:
    """A row on some inputs, as a formula whose value is known."""
    out = Symbol(op.name, value)
    out.op, out.inputs, out.params = op, tuple(inputs), params
    return out


def numbered(x: Any) -> Any:
    """The formula with this run's numbers in place of the letters; the dots of a long sum stay."""
    if not isinstance(x, Symbol) or x.name == "…":
        return x
    if x.op is None:
        return x.value
    return applied(x.op, map(numbered, x.inputs), x.params, x.value)


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


def factor(x: Any, style: str, value: bool = False) -> str:
    """A formula, or its number, as it stands in a product: a sum or a negative number in brackets."""
    text = spell(getattr(x, "value", x) if value else x, style)
    sum_of = isinstance(x, Symbol) and x.op is not None and x.op.binds == "+" and not value
    if sum_of or text.startswith("-"):
        return rf"\left({text}\right)" if style == "latex" else f"({text})"
    return text


def cut(text: str, most: int = 2000) -> str:
    """A text, without its middle if it is too long.

    >>> cut("a = stack(b, c, d, e)", 13)
    'a = st…, d, e)'
    """
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-(most + 1) // 2 :]}"
