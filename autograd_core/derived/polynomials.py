"""Polynomials by their coefficients, the highest power first, and the convolution that multiplies them."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from ..ops.linear_algebra import convolution
from . import derived, refused
from .arguments import as_array

refused(
    "take r = np.roots(p.numpy()) and write one Newton step, r - np.polyval(p, r) / np.polyval(np.polyder(p), r), "
    "which moves no root and has its gradient",
    "roots",
)
refused("np.polyval(u, x) / np.polyval(v, x) has a gradient wherever v is not 0", "polydiv")


@derived("convolve")
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """The shorter one, turned round, slides along the longer one."""
    a, v = np.atleast_1d(a, v)
    shorter, longer = sorted((len(a), len(v)))
    margin = (shorter - 1) // 2
    kept = {"full": None, "same": slice(margin, margin + longer), "valid": slice(shorter - 1, longer)}
    if mode not in kept:
        raise ValueError(f"mode {mode!r} is not known; write 'full', 'same' or 'valid'")
    full = convolution(a, v)
    return full if mode == "full" else full[kept[mode]]


@derived("correlate")
def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """v slides along a."""
    a, v = np.atleast_1d(a, v)
    return np.convolve(a, v[::-1], mode) if len(a) >= len(v) else np.convolve(v, a[::-1], mode)[::-1]


@derived("polyval")
def polyval(p: Any, x: Any) -> Any:
    """Horner's scheme: a product and a sum for every coefficient."""
    x = as_array(x)
    return reduce(lambda y, coefficient: y * x + coefficient, as_array(p), np.zeros_like(x))


@derived("vander")
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The powers of every element in a row, the highest first."""
    powers = np.arange(len(x) if N is None else N)
    return x[:, None] ** (powers if increasing else powers[::-1])


def _aligned(a: Any, n: int) -> Any:
    """A polynomial with zeros for higher powers, up to n coefficients."""
    return np.concatenate([np.zeros(n - len(a), a.dtype), a]) if len(a) < n else a


@derived("polyadd")
def polyadd(a1: Any, a2: Any) -> Any:
    """Coefficients of equal powers are added."""
    a1, a2 = np.atleast_1d(a1, a2)
    n = max(len(a1), len(a2))
    return _aligned(a1, n) + _aligned(a2, n)


@derived("polysub")
def polysub(a1: Any, a2: Any) -> Any:
    """Coefficients of equal powers are subtracted."""
    return np.polyadd(a1, np.negative(a2))


@derived("polymul")
def polymul(a1: Any, a2: Any) -> Any:
    """np.convolve; leading zeros stay, where NumPy drops them: they are coefficients that have a gradient."""
    return np.convolve(a1, a2)


@derived("polyder")
def polyder(p: Any, m: int = 1) -> Any:
    """Every power comes down as a factor, m times."""
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


@derived("polyint")
def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """Every coefficient is divided by its new power, m times; k gives the constants."""
    p, k = as_array(p), np.zeros(m) if k is None else np.atleast_1d(k)
    if len(k) not in (1, m):
        raise ValueError(f"np.polyint integrates {m} times and needs a constant for each, or one for all, not {len(k)}")
    for i in range(m):
        p = np.concatenate([p / np.arange(len(p), 0, -1), k[i : i + 1] if len(k) > 1 else k])
    return p


@derived("poly")
def poly(seq_of_zeros: Any) -> Any:
    """The product of x − r over the roots r."""
    roots = as_array(seq_of_zeros)
    if roots.ndim != 1:
        raise TypeError("np.poly of a matrix has no gradient; write np.poly(np.linalg.eigvalsh(a)) for a symmetric one")
    one = np.ones(1, roots.dtype)
    factors = (np.concatenate([one, -roots[i : i + 1]]) for i in range(len(roots)))
    return reduce(np.convolve, factors, one)


@derived("polyfit")
def polyfit(x: Any, y: Any, deg: int, rcond: Any = None, full: bool = False, w: Any = None, cov: bool = False) -> Any:
    """Least squares through the pseudo-inverse of the powers, each scaled to length 1 as NumPy does."""
    if full or cov:
        raise TypeError("np.polyfit gives the coefficients alone when differentiated; leave out full= and cov=")
    x, y = as_array(x), as_array(y)
    powers = np.vander(x, deg + 1)
    if w is not None:
        powers, y = powers * as_array(w)[:, None], (y.T * w).T
    lengths = np.sqrt(np.sum(powers * powers, axis=0))
    rcond = len(x) * float(np.finfo(x.dtype).eps) if rcond is None else rcond
    coefficients = np.linalg.pinv(powers / lengths, rcond) @ y
    return (coefficients.T / lengths).T
