r"""The error function and the normal distribution's cdf: what an exact GELU and probit models are made of.

Both are read off the tail that is left beyond z ≥ 0, \(\operatorname{erfc}(z) = e^{-z^2} \cdot s(z)\). The bell is computed
so that its relative error does not grow with z, and s falls so slowly that one polynomial in (z − 3)/(z + 3) has it whole.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from ..op import row
from .samples import unary

# s(z)·(1 + 2z) as a Chebyshev series in (z − 3)/(z + 3); the first 12 terms are enough for float32
_SERIES = (
    1.17756257419656, 0.005353904539615676, -0.09377550342284209, 0.05436652555744322, -0.018976596707845208,
    0.004453426061462712, -0.0006335531710553147, 1.7661719523171593e-05, 1.2841532864056671e-05, -2.0072285659059913e-06,
    -1.807522790414837e-07, 7.549828343825093e-08, 1.885668523838603e-09, -2.699519049798364e-09, -1.460079119939105e-11,
    1.0361607445969489e-10, 1.475715976623473e-12, -4.277340064396911e-12, -2.07922492859799e-13, 1.8134502003176963e-13,
    1.973425574544739e-14, -7.287943737592673e-15, -1.5169878690228116e-15, 2.3514112258781403e-16, 1.0006111691821667e-16,
)  # fmt: skip


@lru_cache
def _coefficients(single: bool) -> tuple[list[float], list[float]]:
    """Of the series as a polynomial, and of erf(z)/z as one in z² for small z; the highest power first."""
    around_0 = [
        2 / math.sqrt(math.pi) * (-1) ** k / (math.factorial(k) * (2 * k + 1)) for k in range(7 if single else 13)
    ]
    series = np.polynomial.chebyshev.cheb2poly(_SERIES[: 12 if single else None])
    return series[::-1].tolist(), around_0[::-1]


def _polynomial(x: Any, coefficients: list[float]) -> Any:
    y = np.zeros_like(x)
    for c in coefficients:  # in place, which halves the time
        y *= x
        y += c
    return y


def _tail(z: Any) -> Any:
    """s(z) = exp(z²)·erfc(z) for z ≥ 0."""
    return _polynomial(1 - 6 / (z + 3), _coefficients(z.dtype == np.float32)[0]) / (1 + 2 * z)


def _bell(z: Any, width: float) -> Any:
    """exp(−z²·width), with z² in two parts, the first of which is exact: z·z alone would lose a digit for each of z's."""
    head = np.rint(16 * z) / 16
    return np.exp(-width * (head * head)) * np.exp(width * (head - z) * (head + z))


def _distance(a: Any) -> Any:
    """|a| as float32 or float64, and 40 at most: further out nothing is left."""
    z = np.minimum(np.abs(a), 40)
    return z if z.dtype in (np.float32, np.float64) else z.astype(np.float64)


def _erf(a: Any) -> Any:
    a = np.asarray(a)
    z = _distance(a)
    small = np.minimum(z, 0.5)
    near = small * _polynomial(small * small, _coefficients(z.dtype == np.float32)[1])  # 1 − … would lose digits
    y = np.where(z < 0.5, near, 1 - _bell(z, 1) * _tail(z))
    return np.copysign(y, a).astype(np.result_type(a, np.float16), copy=False)[()]


def _normal_cdf(a: Any) -> Any:
    a = np.asarray(a)
    z = _distance(a)
    beyond = _bell(z, 0.5) * _tail(z * math.sqrt(0.5)) / 2
    return np.where(a > 0, 1 - beyond, beyond).astype(np.result_type(a, np.float16), copy=False)[()]


erf = row(
    _erf, elementwise=True, a=lambda g, a: g * (2 / math.sqrt(math.pi) * np.exp(-(a * a))),
    latex=r"\operatorname{erf}(a)", samples=unary(), words="the error function's slope is the bell curve 2/√π·exp(−u²)",
)  # fmt: skip
normal_cdf = row(
    _normal_cdf, elementwise=True, a=lambda g, a: g * (np.exp(-(a * a) / 2) / math.sqrt(2 * math.pi)),
    latex=r"\Phi(a)", text="Φ(a)", samples=unary(), words="the slope of a distribution's cdf is its density",
)  # fmt: skip
