"""Averages with weights, quantiles, covariances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import derived
from .arguments import as_array, axes_of


@derived("average")
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, keepdims: bool = False) -> Any:
    """A mean in which elements count by their weights; with them, the sum of the weights."""
    a = as_array(a)
    if weights is None:
        mean = np.mean(a, axis=axis, keepdims=keepdims)
        total = np.full_like(mean, a.size / mean.size)
    else:
        weights = _laid_out(as_array(weights), a.shape, axis)
        total = np.sum(weights + np.zeros_like(a), axis=axis, keepdims=keepdims)
        mean = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (mean, total) if returned else mean


def _laid_out(weights: Any, shape: tuple[int, ...], axis: Any) -> Any:
    """Weights of all elements, or of these axes, as they broadcast to an array of this shape."""
    if weights.shape == shape:
        return weights
    if axis is None:
        raise TypeError(f"np.average: weights of shape {weights.shape} for {shape}; write axis=")
    axes = axes_of(axis, len(shape))
    if weights.shape != tuple(shape[i] for i in axes):
        raise ValueError(f"np.average: weights of shape {weights.shape} do not fit axis {axis} of {shape}")
    return np.expand_dims(np.transpose(weights, np.argsort(axes)), [i for i in range(len(shape)) if i not in axes])


# --- quantiles -----------------------------------------------------------------------------------------------------------


def _neighbours(at: Any, method: str) -> tuple[Any, Any, Any]:
    """For places between 0 and n − 1: the elements below and above, and how far the way is gone from one to the other."""
    low, high = np.floor(at), np.ceil(at)
    ways = {
        "linear": (low, high, at - low), "midpoint": (low, high, (high - low) / 2), "lower": (low, low, None),
        "higher": (high, high, None), "nearest": (np.rint(at), np.rint(at), None),
    }  # fmt: skip
    if method not in ways:
        raise TypeError(f"quantiles by method {method!r} have no gradient here; write one of {', '.join(ways)}")
    low, high, way = ways[method]
    return low.astype(int), high.astype(int), way


def _between(below: Any, above: Any, way: Any) -> Any:
    """So far on the way between two elements, measured from the nearer one so that rounding never passes the other."""
    return np.where(way < 0.5, below + (above - below) * way, above - (above - below) * (1 - way))


def _quantile(a: Any, q: Any, axis: Any, method: str | None, keepdims: bool, skip_nan: bool) -> Any:
    """Sorted along the axes, each column is read at its places; NaN sorts last and so is met, or kept out of reach."""
    a, single, q = as_array(a), np.ndim(q) == 0, np.asarray(q)
    if not np.all((q >= 0) & (q <= 1)):
        raise ValueError("quantiles must be between 0 and 1, percentiles between 0 and 100")
    axes = axes_of(axis, a.ndim)
    rest = tuple(n for i, n in enumerate(a.shape) if i not in axes)
    n, columns = math.prod(a.shape[i] for i in axes), math.prod(rest)
    lines = np.sort(np.moveaxis(a, axes, range(len(axes))).reshape(n, columns), axis=0)
    holes = np.isnan(lines)
    last = n - 1 - (np.sum(holes, axis=0) if skip_nan else np.zeros(columns, int))
    low, high, way = _neighbours(q.reshape(-1, 1) * np.maximum(last, 0), method or "midpoint")
    y = below = lines[low, column := np.arange(columns)]
    if method is None:  # the median, by the sum of both, since two infinite ones have no difference
        y = (below + lines[high, column]) / 2
    elif way is not None:  # as for NumPy, one number q does not decide the precision, an array of them does
        y = _between(below, lines[high, column], way.astype(a.dtype) if single else way)
    if not skip_nan:
        y = np.where(holes[-1], math.nan, y)
    y = y.reshape(q.shape + rest)
    return np.expand_dims(y, tuple(i + q.ndim for i in axes)) if keepdims else y


@derived("quantile")
def quantile(
    a: Any, q: Any, axis: Any = None, overwrite_input: bool = False, method: str = "linear",
    keepdims: bool = False, weights: Any = None, skip_nan: bool = False,
) -> Any:  # fmt: skip
    """Between the two elements next to a place in the order, which get the gradient; `q` is a plain number."""
    if weights is not None:
        raise TypeError("weighted quantiles have no gradient here; leave weights= out, or write np.average for a mean")
    return _quantile(a, q, axis, method, keepdims, skip_nan)


@derived("percentile")
def percentile(a: Any, q: Any, *args: Any, **kwargs: Any) -> Any:
    """The quantile of q / 100."""
    return quantile(a, np.asarray(q) / 100, *args, **kwargs)


@derived("nanquantile")
def nanquantile(a: Any, q: Any, *args: Any, **kwargs: Any) -> Any:
    """The quantile of those that are not NaN."""
    return quantile(a, q, *args, **kwargs, skip_nan=True)


@derived("nanpercentile")
def nanpercentile(a: Any, q: Any, *args: Any, **kwargs: Any) -> Any:
    """The percentile of those that are not NaN."""
    return percentile(a, q, *args, **kwargs, skip_nan=True)


@derived("median")
def median(a: Any, axis: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The element in the middle, or half of each of the two."""
    return _quantile(a, 0.5, axis, None, keepdims, skip_nan=False)


@derived("nanmedian")
def nanmedian(a: Any, axis: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The median of those that are not NaN."""
    return _quantile(a, 0.5, axis, None, keepdims, skip_nan=True)


# --- covariances ---------------------------------------------------------------------------------------------------------


@derived("cov")
def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None,
    fweights: Any = None, aweights: Any = None,
) -> Any:  # fmt: skip
    """Products of what every two variables are away from their means, averaged over the observations."""
    if fweights is not None or aweights is not None:
        raise TypeError("np.cov has no gradient with weights; write np.average(products of differences, weights=w)")
    variables = [_in_rows(x, rowvar) for x in (m, y) if x is not None]
    x = np.concatenate(variables, axis=0) if len(variables) > 1 else variables[0]
    freedom = x.shape[1] - ((0 if bias else 1) if ddof is None else ddof)
    away = x - np.mean(x, axis=1, keepdims=True)
    return np.squeeze(away @ away.T * (1 / freedom))


def _in_rows(x: Any, rowvar: bool) -> Any:
    """One or two axes as a matrix in double precision, as np.cov computes, a variable in each row."""
    x = as_array(x)
    if x.ndim > 2:
        raise ValueError(f"np.cov is of one or two axes, not of {x.ndim}")
    x = x.astype(np.result_type(x.dtype, float))
    return x.reshape(1, -1) if x.ndim < 2 else x if rowvar else x.T


@derived("corrcoef")
def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    """Covariances over both deviations: between −1 and 1."""
    c = np.cov(x, y, rowvar)
    if c.ndim == 0:
        return c / c
    each = np.arange(len(c))
    deviations = np.sqrt(c[each, each])
    return np.clip(c / deviations[:, None] / deviations, -1, 1)
