r"""Sums, products, quotients and powers: the first half of the derivative table.

Read a row as a line of the table: `multiply`, \(a \cdot b\), passes g·b on to a and g·a on to b.
Where broadcasting repeated an input, the backward loop sums its gradient back; no rule has to know.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..op import row
from .samples import binary, unary


def _one_less(b: Any) -> Any:
    """b − 1, but 1 where b is 0: the slope of x⁰ is 0 everywhere, at x = 0 too, and not 0·∞."""
    return b - 1 if isinstance(b, (int, float)) and b != 0 else np.where(b == 0, 1, b - 1)


def over(g: Any, y: Any) -> Any:
    """g / y, and 0 where y is 0: the slope at a kink, which is 0 by choice."""
    return np.where(y == 0, 0, g / np.where(y == 0, 1, y))


add = row(
    np.add, operator=operator.add, a=lambda g: g, b=lambda g: g, latex="a + b", binds="+", samples=binary(),
    words="a sum hands the gradient that arrives to each of its terms unchanged",
)  # fmt: skip
subtract = row(
    np.subtract, operator=operator.sub, a=lambda g: g, b=lambda g: -g, latex="a - b", binds="+", samples=binary(),
    words="a difference hands the gradient to its first term unchanged and to its second with the sign turned",
)  # fmt: skip
negative = row(
    np.negative, operator=operator.neg, a=lambda g: -g, latex="-a", binds="*", samples=unary(),
    words="turning the sign turns the sign of the gradient",
)  # fmt: skip
positive = row(
    np.positive, operator=operator.pos, a=lambda g: g, latex="a", binds="*", samples=unary(),
    words="a plus sign changes nothing",
)  # fmt: skip
multiply = row(
    np.multiply, operator=operator.mul, a=lambda g, b: g * b, b=lambda g, a: g * a,
    latex=r"a \cdot b", text="a·b", binds="*", samples=binary(),
    words="a product hands each factor the gradient times the other factor",
)  # fmt: skip
divide = row(
    np.divide, operator=operator.truediv, a=lambda g, b: g / b, b=lambda g, b, y: -g * y / b,
    latex=r"\frac{a}{b}", text="a / b", binds="*", samples=binary(b=(0.5, 2.0)),
    words="a quotient hands its numerator the gradient over the denominator, its denominator minus that times itself",
)  # fmt: skip
power = row(
    np.power, operator=operator.pow,
    a=lambda g, a, b: g * (b * a ** _one_less(b)),
    b=lambda g, a, y: g * (y * np.log(np.where(a == 0, 1, a))),
    latex="a^{b}", text="a^b", binds="^", samples=binary(a=(0.3, 2.0)),
    words="the exponent comes down as a factor and drops by one; towards the exponent, the power times log of its base",
)  # fmt: skip
square = row(
    np.square, a=lambda g, a: 2 * g * a, latex="a^2", binds="^", samples=unary(),
    words="a square passes on twice its base",
)  # fmt: skip
sqrt = row(
    np.sqrt, a=lambda g, y: g / (2 * y), latex=r"\sqrt{a}", samples=unary(0.2, 3.0),
    words="a square root passes on one over twice itself; at 0 that is infinite",
)  # fmt: skip
cbrt = row(
    np.cbrt, a=lambda g, y: g / (3 * y * y), latex=r"\sqrt[3]{a}", samples=unary(0.2, 3.0),
    words="a cube root passes on one over three times its square",
)  # fmt: skip
reciprocal = row(
    np.reciprocal, a=lambda g, y: -g * y * y, latex=r"\frac{1}{a}", text="1/a", binds="*", samples=unary(0.4, 2.0),
    words="one over u passes on minus the square of itself",
)  # fmt: skip
absolute = row(
    np.absolute, operator=operator.abs, a=lambda g, a: g * np.sign(a), latex=r"\left|a\right|", text="|a|", samples=unary(0.2, 2.0),
    words="the absolute value passes on the sign of its argument, 0 at 0",
)  # fmt: skip
