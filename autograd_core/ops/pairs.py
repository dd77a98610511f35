"""Functions of two numbers beyond arithmetic: angles and distances, sums in the exponent, remainders, signs.

At kinks, ties and holes the slopes are the ones that docs/kinks.md lists; infinite arguments give no NaN.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..op import row
from .activations import sigmoid
from .arithmetic import over
from .samples import PAIRS, Samples, binary


def _over_square(g: Any, a: Any, b: Any) -> Any:
    """g / (a² + b²), in two steps so that no square can overflow; 0 at the origin."""
    r = np.hypot(a, b)
    return over(over(g, r), r)


arctan2 = row(
    np.arctan2,
    a=lambda g, a, b: _over_square(g * b, a, b), b=lambda g, a, b: _over_square(-g * a, a, b),
    latex=r"\operatorname{arctan2}(a, b)", samples=binary((0.3, 2.0), (-2.0, 2.0)),
    words="the angle turns by the other side over the square of the distance; at the origin by 0",
)  # fmt: skip
hypot = row(
    np.hypot,
    a=lambda g, a, y: over(g * a, y),
    b=lambda g, b, y: over(g * b, y),
    latex=r"\sqrt{a^2 + b^2}", text="hypot(a, b)", samples=binary((0.3, 2.0)),
    words="each side gets its share of the distance, side over distance; at the origin 0",
)  # fmt: skip


def _apart(a: Any, b: Any) -> Any:
    """a − b, and 0 where both are the same infinity."""
    same = np.isinf(a) & (a == b)
    return np.where(same, 0, a) - np.where(same, 0, b)


logaddexp = row(
    np.logaddexp, a=lambda g, a, b: g * sigmoid(_apart(a, b)), b=lambda g, a, b: g * sigmoid(_apart(b, a)),
    latex=r"\ln(e^{a} + e^{b})", text="logaddexp(a, b)", samples=binary(),
    words="the gradient is shared out by the softmax of the two",
)  # fmt: skip
logaddexp2 = row(
    np.logaddexp2,
    a=lambda g, a, b: g * sigmoid(_apart(a, b) * math.log(2)), b=lambda g, a, b: g * sigmoid(_apart(b, a) * math.log(2)),
    latex=r"\log_2(2^{a} + 2^{b})", text="logaddexp2(a, b)", samples=binary(),
    words="the gradient is shared out by the softmax of the two to base 2",
)  # fmt: skip
fmax = row(  # y is the one that was taken: of a number and NaN the number
    np.fmax,
    a=lambda g, a, b, y: np.where(a == b, g / 2, np.where(a == y, g, 0)),
    b=lambda g, a, b, y: np.where(a == b, g / 2, np.where(b == y, g, 0)),
    latex=r"\max(a, b)", samples=binary(), words="the gradient goes to the larger of the two; a tie shares it by halves, NaN gets none",
)  # fmt: skip
fmin = row(
    np.fmin,
    a=lambda g, a, b, y: np.where(a == b, g / 2, np.where(a == y, g, 0)),
    b=lambda g, a, b, y: np.where(a == b, g / 2, np.where(b == y, g, 0)),
    latex=r"\min(a, b)", samples=binary(), words="the gradient goes to the smaller of the two; a tie shares it by halves, NaN gets none",
)  # fmt: skip


def _ratios(low: float, high: float) -> Samples:
    """Pairs whose quotient keeps away from whole numbers, where remainders jump."""
    return lambda draw: [((draw(s, low, high), draw(t, 2.6, 2.9) * 0.4), {}) for s, t in PAIRS]


remainder = row(
    np.remainder, operator=operator.mod, a=lambda g: g, b=lambda g, a, b: -g * np.floor_divide(a, b), latex=r"a \bmod b", text="a mod b", binds="*",
    samples=_ratios(2.5, 3.0), words="what is left moves with the dividend, and against the divisor as often as that was taken off",
)  # fmt: skip
fmod = row(
    # rint, since (a − y)/b is a whole number but for rounding; floor or trunc of a/b may fall short of it
    np.fmod, a=lambda g: g, b=lambda g, a, b, y: -g * np.rint((a - y) / b), latex=r"\operatorname{fmod}(a, b)",
    samples=_ratios(-3.0, -2.5), words="what is left moves with the dividend, and against the divisor as often as that was taken off",
)  # fmt: skip
floor_divide = row(
    np.floor_divide, operator=operator.floordiv, a=lambda g: np.zeros_like(g), b=lambda g: np.zeros_like(g),
    latex=r"\left\lfloor \frac{a}{b} \right\rfloor", text="floor(a / b)", samples=_ratios(2.5, 3.0),
    words="whole quotients are constant between jumps: no gradient passes",
)  # fmt: skip
copysign = row(
    np.copysign, a=lambda g, a, b: g * np.sign(a) * np.copysign(1, b), b=lambda g: np.zeros_like(g),
    latex=r"\left|a\right| \operatorname{sign}(b)", text="copysign(a, b)", samples=binary((0.2, 2.0), (-2.0, -0.2)),
    words="the size passes on the product of both signs, 0 at 0; the sign is constant but for one jump",
)  # fmt: skip
heaviside = row(
    np.heaviside, a=lambda g: np.zeros_like(g), b=lambda g, a: np.where(a == 0, g, 0),
    latex=r"\operatorname{heaviside}(a, b)", samples=binary((-2.0, -0.2)),
    words="a step is constant but for one jump; at the jump the gradient goes to the value that was asked for there",
)  # fmt: skip
