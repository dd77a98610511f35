"""Sums and products beyond the table's: cumulative, without NaN, of differences, of areas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import derived, passed
from .arguments import as_array, axes_of, part

passed("nanargmax", "nanargmin")


@derived("ptp")
def ptp(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Peak to peak."""
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


# --- cumulative --------------------------------------------------------------------------------------------------------


def _cumulative(function: Any, x: Any, axis: int | None, initial: Any) -> Any:
    """A cumulative function along an axis, which need not be named where there is one alone; with a first value."""
    if axis is None and x.ndim > 1:
        raise ValueError(f"along which of the {x.ndim} axes? Write axis=")
    y = function(x, axis=axis or 0)
    return y if initial is None else np.insert(y, 0, initial, axis or 0)


@derived("cumulative_sum")
def cumulative_sum(x: Any, axis: int | None = None, include_initial: bool = False) -> Any:
    """np.cumsum, which may begin with 0."""
    return _cumulative(np.cumsum, x, axis, 0 if include_initial else None)


@derived("cumulative_prod")
def cumulative_prod(x: Any, axis: int | None = None, include_initial: bool = False) -> Any:
    """np.cumprod, which may begin with 1."""
    return _cumulative(np.cumprod, x, axis, 1 if include_initial else None)


# --- as if NaN were not there ------------------------------------------------------------------------------------------


def _instead(a: Any, number: float) -> Any:
    return np.where(np.isnan(a), number, a)


def _present(a: Any, axis: Any, keepdims: bool) -> Any:
    """How many elements are not NaN, in the dtype of `a`."""
    return np.sum(np.where(np.isnan(a), 0, np.ones_like(a)), axis=axis, keepdims=keepdims)


@derived("nansum")
def nansum(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """NaN counts as 0."""
    return np.sum(_instead(a, 0), axis=axis, keepdims=keepdims)


@derived("nanprod")
def nanprod(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """NaN counts as 1."""
    return np.prod(_instead(a, 1), axis=axis, keepdims=keepdims)


@derived("nancumsum")
def nancumsum(a: Any, axis: int | None = None) -> Any:
    """NaN counts as 0."""
    return np.cumsum(_instead(a, 0), axis=axis)


@derived("nancumprod")
def nancumprod(a: Any, axis: int | None = None) -> Any:
    """NaN counts as 1."""
    return np.cumprod(_instead(a, 1), axis=axis)


@derived("nanmean")
def nanmean(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean of those that are there."""
    return np.nansum(a, axis=axis, keepdims=keepdims) / _present(a, axis, keepdims)


@derived("nanvar")
def nanvar(a: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    """The variance of those that are there."""
    away = np.where(np.isnan(a), 0, a - np.nanmean(a, axis=axis, keepdims=True))
    return np.sum(away * away, axis=axis, keepdims=keepdims) / (_present(a, axis, keepdims) - ddof)


@derived("nanstd")
def nanstd(a: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    """The root of the variance; where that is 0, the slope is 0."""
    v = np.nanvar(a, axis=axis, ddof=ddof, keepdims=keepdims)
    return np.where(v == 0, 0, np.sqrt(np.where(v == 0, 1, v)))


def _nan_extreme(function: Any, a: Any, axis: Any, keepdims: bool, worst: float) -> Any:
    none = np.all(np.isnan(a), axis=axis, keepdims=keepdims)
    return np.where(none, math.nan, function(_instead(a, worst), axis=axis, keepdims=keepdims))


@derived("nanmax")
def nanmax(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest of those that are there."""
    return _nan_extreme(np.max, a, axis, keepdims, -math.inf)


@derived("nanmin")
def nanmin(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest of those that are there."""
    return _nan_extreme(np.min, a, axis, keepdims, math.inf)


# --- differences and areas ---------------------------------------------------------------------------------------------


@derived("diff")
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """From each element to the next, n times."""
    a = as_array(a)
    if n < 0:
        raise ValueError(f"np.diff takes differences n times, and n is {n}: it must not be negative")
    if n == 0:
        return a
    (axis,) = axes_of(axis, a.ndim)
    single = (*a.shape[:axis], 1, *a.shape[axis + 1 :])
    ends = [x if x is None or np.ndim(x) else np.broadcast_to(x, single) for x in (prepend, append)]
    joined = [x for x in (ends[0], a, ends[1]) if x is not None]
    a = np.concatenate(joined, axis=axis) if len(joined) > 1 else a
    for _ in range(n):
        a = part(a, 1, None, axis) - part(a, None, -1, axis)
    return a


@derived("ediff1d")
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """From each element to the next, read as one line, with numbers put before and behind."""
    between = np.diff(as_array(ary).reshape(-1))
    parts = [as_array(x).reshape(-1).astype(between.dtype) for x in (to_begin, between, to_end) if x is not None]
    return np.concatenate(parts) if len(parts) > 1 else between


@derived("gradient")
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Slopes of samples at equal distances: central inside, one-sided of the stated order at the ends."""
    axes = axes_of(axis, f.ndim)
    spacings = varargs * len(axes) if len(varargs) == 1 else varargs or (1.0,) * len(axes)
    if any(np.ndim(h) for h in spacings):
        raise TypeError("np.gradient takes spacings as numbers when differentiated; write np.diff(f) / np.diff(x)")
    if len(spacings) != len(axes) or edge_order not in (1, 2):
        raise TypeError(
            f"np.gradient got {len(varargs)} spacings for {len(axes)} axes, and edge_order {edge_order}: 1 or 2"
        )
    slopes = [_slopes(f, h, i, edge_order) for h, i in zip(spacings, axes, strict=True)]
    return slopes[0] if len(axes) == 1 else tuple(slopes)


def _slopes(f: Any, h: Any, axis: int, edge_order: int) -> Any:
    n = f.shape[axis]
    if n <= edge_order:
        raise ValueError(f"np.gradient needs {edge_order + 1} elements at least along axis {axis}, not {n}")
    first, second, before, last = (part(f, i, i + 1, axis) for i in (0, 1, n - 2, n - 1))
    ends = [(second - first) / h, (last - before) / h]
    if edge_order == 2:
        third, third_last = part(f, 2, 3, axis), part(f, n - 3, n - 2, axis)
        ends = [
            -1.5 / h * first + 2 / h * second - 0.5 / h * third,
            0.5 / h * third_last - 2 / h * before + 1.5 / h * last,
        ]
    inside = (part(f, 2, None, axis) - part(f, None, -2, axis)) / (2 * h)
    return np.concatenate([ends[0], inside, ends[1]], axis=axis)


@derived("trapezoid")
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The area under a line drawn through the samples."""
    y = np.moveaxis(as_array(y), axis, -1)
    if x is not None:
        dx = np.diff(x if np.ndim(x) == 1 else np.moveaxis(as_array(x), axis, -1))
    return np.sum(dx * (y[..., 1:] + y[..., :-1]) / 2.0, axis=-1)
