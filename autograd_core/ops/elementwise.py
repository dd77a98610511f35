"""Functions of one number, applied element by element, and the choices between elements.

The rule of a function whose derivative can be said by its own value `y` says it so (exp, tanh, tan): then the
argument need not be kept. At kinks and ties the slopes are the ones that docs/kinks.md lists.
"""

from __future__ import annotations

import math
import operator
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


def _flat(function: Any, words: str) -> Any:
    """A step function: its slope is 0 wherever it has one."""
    return row(
        function,
        a=lambda g: np.zeros_like(g),
        samples=lambda draw: [((draw(s) + 0.3,), {}) for s in SHAPES],
        words=words,
    )


sign = _flat(np.sign, "the sign is constant but for one jump: no gradient passes")
floor = _flat(np.floor, "rounding is constant between jumps: no gradient passes")
ceil = _flat(np.ceil, "rounding is constant between jumps: no gradient passes")
rint = _flat(np.rint, "rounding is constant between jumps: no gradient passes")
trunc = _flat(np.trunc, "rounding is constant between jumps: no gradient passes")

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
    np.clip, elementwise=True, params={"a_min": None, "a_max": None},
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


def _mask(function: Any, sign: Any, latex: str) -> Any:
    return row(function, operator=sign, a=None, b=None, latex=latex, binds="+", words="a comparison has no derivative")


greater = _mask(np.greater, operator.gt, "a > b")
greater_equal = _mask(np.greater_equal, operator.ge, r"a \ge b")
less = _mask(np.less, operator.lt, "a < b")
less_equal = _mask(np.less_equal, operator.le, r"a \le b")
equal = _mask(np.equal, lambda a, b: np.asarray(a == b)[()], "a = b")  # with None or a text as well: False
not_equal = _mask(np.not_equal, lambda a, b: np.asarray(a != b)[()], r"a \ne b")
logical_and = _mask(np.logical_and, np.logical_and, r"a \wedge b")
logical_or = _mask(np.logical_or, np.logical_or, r"a \vee b")
bitwise_and = _mask(np.bitwise_and, operator.and_, r"a \wedge b")
bitwise_or = _mask(np.bitwise_or, operator.or_, r"a \vee b")
logical_not = row(np.logical_not, a=None, latex=r"\neg a", words="a truth value has no derivative")
isnan = row(np.isnan, a=None, words="a truth value has no derivative")
isinf = row(np.isinf, a=None, words="a truth value has no derivative")
isfinite = row(np.isfinite, a=None, words="a truth value has no derivative")
zeros_like = row(np.zeros_like, a=None, latex="0", text="0", words="a constant has no derivative")
ones_like = row(np.ones_like, a=None, latex="1", text="1", words="a constant has no derivative")
