"""Functions of one number, applied element by element, and the choices between elements.

The rule of a function whose derivative can be said by its own value `y` says it so (exp, tanh, tan): then the
argument need not be kept. At kinks and ties the slopes are the ones that docs/kinks.md lists.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..op import row
from .samples import SHAPES, binary, unary

exp = row(np.exp, a=lambda g, y: g * y, latex="e^{a}", binds="^", samples=unary(), words="exp is its own derivative")
exp2 = row(
    np.exp2, a=lambda g, y: g * y * math.log(2), latex="2^{a}", binds="^", samples=unary(),
    words="a power of a constant passes on itself times the log of its base",
)  # fmt: skip
expm1 = row(
    np.expm1, a=lambda g, y: g * (y + 1), latex="e^{a} - 1", binds="+", samples=unary(),
    words="exp minus one has the derivative of exp",
)  # fmt: skip
log = row(
    np.log, a=lambda g, a: g / a, latex=r"\ln(a)", text="ln(a)", samples=unary(0.3, 3.0),
    words="the logarithm divides the gradient by its argument",
)  # fmt: skip
log2 = row(
    np.log2, a=lambda g, a: g / (a * math.log(2)), latex=r"\log_2(a)", samples=unary(0.3, 3.0),
    words="a logarithm divides by its argument and by the natural log of its base",
)  # fmt: skip
log10 = row(
    np.log10, a=lambda g, a: g / (a * math.log(10)), latex=r"\log_{10}(a)", samples=unary(0.3, 3.0),
    words="a logarithm divides by its argument and by the natural log of its base",
)  # fmt: skip
log1p = row(
    np.log1p, a=lambda g, a: g / (1 + a), latex=r"\ln(1 + a)", samples=unary(-0.5, 2.0),
    words="log(1 + u) divides the gradient by 1 + u",
)  # fmt: skip
log_base = row(
    lambda a, base: np.log(a) / np.log(base), name="log_base", elementwise=True,
    a=lambda g, a, base: g / (a * np.log(base)),
    base=lambda g, y, base: -g * y / (base * np.log(base)),
    latex=r"\log_{base}(a)", samples=binary((0.3, 3.0), (1.5, 4.0)),
    words="a logarithm divides by its argument and by the natural log of its base",
)  # fmt: skip

sin = row(
    np.sin, a=lambda g, a: g * np.cos(a), latex=r"\sin(a)", text="sin(a)", samples=unary(),
    words="the sine's slope is the cosine",
)  # fmt: skip
cos = row(
    np.cos, a=lambda g, a: -g * np.sin(a), latex=r"\cos(a)", text="cos(a)", samples=unary(),
    words="the cosine's slope is minus the sine",
)  # fmt: skip
tan = row(
    np.tan, a=lambda g, y: g * (1 + y * y), latex=r"\tan(a)", text="tan(a)", samples=unary(-1.2, 1.2),
    words="the tangent's slope is one plus its square",
)  # fmt: skip
cot = row(
    lambda a: 1 / np.tan(a), name="cot", elementwise=True, a=lambda g, y: -g * (1 + y * y), latex=r"\cot(a)", samples=unary(0.4, 1.4),
    words="the cotangent's slope is minus one minus its square",
)  # fmt: skip
sec = row(
    lambda a: 1 / np.cos(a), name="sec", elementwise=True, a=lambda g, a, y: g * y * np.tan(a),
    latex=r"\sec(a)", samples=unary(-1.2, 1.2), words="the secant's slope is itself times the tangent",
)  # fmt: skip
csc = row(
    lambda a: 1 / np.sin(a), name="csc", elementwise=True, a=lambda g, a, y: -g * y / np.tan(a),
    latex=r"\csc(a)", samples=unary(0.4, 1.4), words="the cosecant's slope is minus itself times the cotangent",
)  # fmt: skip
arcsin = row(
    np.arcsin, a=lambda g, a: g / np.sqrt(1 - a * a), latex=r"\arcsin(a)", samples=unary(-0.8, 0.8),
    words="one over the square root of 1 − u²",
)  # fmt: skip
arccos = row(
    np.arccos, a=lambda g, a: -g / np.sqrt(1 - a * a), latex=r"\arccos(a)", samples=unary(-0.8, 0.8),
    words="minus one over the square root of 1 − u²",
)  # fmt: skip
arctan = row(
    np.arctan, a=lambda g, a: g / (1 + a * a), latex=r"\arctan(a)", samples=unary(), words="one over 1 + u²",
)  # fmt: skip
sinh = row(
    np.sinh, a=lambda g, a: g * np.cosh(a), latex=r"\sinh(a)", samples=unary(), words="the slope of sinh is cosh",
)  # fmt: skip
cosh = row(
    np.cosh, a=lambda g, a: g * np.sinh(a), latex=r"\cosh(a)", samples=unary(), words="the slope of cosh is sinh",
)  # fmt: skip
tanh = row(
    np.tanh, a=lambda g, y: g * (1 - y * y), latex=r"\tanh(a)", samples=unary(),
    words="the slope of tanh is one minus its square: it saturates at both ends",
)  # fmt: skip
arcsinh = row(
    np.arcsinh, a=lambda g, a: g / np.sqrt(a * a + 1), latex=r"\operatorname{arsinh}(a)", samples=unary(),
    words="one over the square root of u² + 1",
)  # fmt: skip
arccosh = row(
    np.arccosh, a=lambda g, a: g / np.sqrt(a * a - 1), latex=r"\operatorname{arcosh}(a)", samples=unary(1.3, 3.0),
    words="one over the square root of u² − 1",
)  # fmt: skip
arctanh = row(
    np.arctanh, a=lambda g, a: g / (1 - a * a), latex=r"\operatorname{artanh}(a)", samples=unary(-0.8, 0.8),
    words="one over 1 − u²",
)  # fmt: skip
deg2rad = row(
    np.deg2rad, a=lambda g: g * (math.pi / 180), numpy=(np.radians,), latex=r"\frac{\pi}{180} a", samples=unary(-180.0, 180.0),
    words="degrees become radians by the factor π/180, and so does the gradient",
)  # fmt: skip
rad2deg = row(
    np.rad2deg, a=lambda g: g * (180 / math.pi), numpy=(np.degrees,), latex=r"\frac{180}{\pi} a", samples=unary(),
    words="radians become degrees by the factor 180/π, and so does the gradient",
)  # fmt: skip
fabs = row(
    np.fabs, a=lambda g, a: g * np.sign(a), latex=r"\left|a\right|", text="|a|", samples=unary(0.2, 2.0),
    words="the absolute value passes on the sign of its argument, 0 at 0",
)  # fmt: skip


def _sinc_slope(g: Any, a: Any, y: Any) -> Any:
    """(cos πa − sinc a) / a; by its Taylor series near 0, where the difference has no digits left."""
    near = np.abs(a) < 0.5
    square = (math.pi * a) ** 2
    series: Any = 0
    for k in range(14, 0, -1):
        series = (-1) ** k * 2 * k / math.factorial(2 * k + 1) + square * series
    return g * np.where(near, math.pi**2 * a * series, (np.cos(math.pi * a) - y) / np.where(near, 1, a))


sinc = row(
    np.sinc, elementwise=True, a=_sinc_slope, latex=r"\operatorname{sinc}(a)", samples=unary(),
    words="sin(πu)/(πu) has the slope (cos(πu) − sinc(u))/u, 0 at 0",
)  # fmt: skip


def _flat(function: Any, words: str, **fields: Any) -> Any:
    """A step function: its slope is 0 wherever it has one."""
    return row(
        function,
        a=lambda g: np.zeros_like(g),
        samples=lambda draw: [((draw(s) + 0.3,), {}) for s in SHAPES],
        words=words,
        **fields,
    )


sign = _flat(np.sign, "the sign is constant but for one jump: no gradient passes")
floor = _flat(np.floor, "rounding is constant between jumps: no gradient passes")
ceil = _flat(np.ceil, "rounding is constant between jumps: no gradient passes")
rint = _flat(np.rint, "rounding is constant between jumps: no gradient passes")
trunc = _flat(np.trunc, "rounding is constant between jumps: no gradient passes")
round = _flat(
    np.round, "rounding is constant between jumps: no gradient passes", numpy=(np.around,), params={"decimals": 0}, elementwise=True,
)  # fmt: skip

maximum = row(
    np.maximum,
    a=lambda g, a, b: np.where(a > b, g, np.where(a == b, g / 2, 0)),
    b=lambda g, a, b: np.where(a < b, g, np.where(a == b, g / 2, 0)),
    latex=r"\max(a, b)", samples=binary(), words="the gradient goes to the larger of the two; a tie shares it by halves",
)  # fmt: skip
minimum = row(
    np.minimum,
    a=lambda g, a, b: np.where(a < b, g, np.where(a == b, g / 2, 0)),
    b=lambda g, a, b: np.where(a > b, g, np.where(a == b, g / 2, 0)),
    latex=r"\min(a, b)", samples=binary(), words="the gradient goes to the smaller of the two; a tie shares it by halves",
)  # fmt: skip
clip = row(
    lambda a, a_min, a_max: np.clip(a, a_min, a_max), name="clip", elementwise=True,
    params={"a_min": None, "a_max": None},
    a=lambda g, a, a_min, a_max: np.where(
        (a >= (-math.inf if a_min is None else a_min)) & (a <= (math.inf if a_max is None else a_max)), g, 0
    ),
    samples=lambda draw: [((draw(s),), {"a_min": -0.9, "a_max": 1.1}) for s in SHAPES],
    words="the gradient passes where nothing was cut off, the bounds themselves included",
)  # fmt: skip
where = row(
    np.where, elementwise=True, condition=None,
    a=lambda g, condition: np.where(condition, g, 0),
    b=lambda g, condition: np.where(condition, 0, g),
    latex=r"\operatorname{where}(condition, a, b)",
    samples=lambda draw: [((draw((2, 3)) > 0, draw((2, 3)), draw(s)), {}) for s in [(2, 3), (3,), ()]],
    words="the gradient goes to the side that was chosen and nothing to the other",
)  # fmt: skip
zeros_like = row(np.zeros_like, a=None, latex="0", text="0", words="a constant has no derivative")
ones_like = row(np.ones_like, a=None, latex="1", text="1", words="a constant has no derivative")
