"""Repeating, filling and spacing; and functions applied along axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ops.indexing import put
from . import derived
from .arguments import as_array, numbers, raised
from .picking import moved

# --- repeating ---------------------------------------------------------------------------------------------------------


@derived("repeat")
def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element several times: all as often, or each as often as is said."""
    return moved(lambda places: np.repeat(places, numbers(repeats), axis), a)


@derived("tile")
def tile(A: Any, reps: Any) -> Any:
    """The whole array several times along each axis."""
    return moved(lambda places: np.tile(places, numbers(reps)), A)


@derived("resize")
def resize(a: Any, new_shape: Any) -> Any:
    """The elements in a row, over and over, until the new shape is full."""
    if not np.size(a):
        return np.zeros(numbers(new_shape), a.dtype)
    return moved(lambda places: np.resize(places, numbers(new_shape)), a)


@derived("broadcast_arrays")
def broadcast_arrays(*args: Any) -> Any:
    """All arrays in the one shape that they broadcast to."""
    arrays = [as_array(x) for x in args]
    shape = np.broadcast_shapes(*(x.shape for x in arrays))
    return tuple(np.broadcast_to(x, shape) for x in arrays)


@derived("meshgrid")
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    """The coordinates of a grid, from those of its axes."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f'np.meshgrid takes indexing="xy" or "ij"; it got {indexing!r}')
    grid = [as_array(x).reshape((1,) * i + (-1,) + (1,) * (len(xi) - i - 1)) for i, x in enumerate(xi)]
    if indexing == "xy" and len(xi) > 1:
        grid = [np.swapaxes(x, 0, 1) for x in grid]
    return tuple(grid) if sparse else broadcast_arrays(*grid)


# --- filling ---------------------------------------------------------------------------------------------------------


@derived("copy")
def copy(a: Any) -> Any:
    """The same numbers in memory of their own."""
    return np.positive(a)


@derived("astype")
def astype(x: Any, dtype: Any, copy: bool = True) -> Any:
    """In another precision."""
    return x.astype(dtype)


@derived("full_like")
def full_like(a: Any, fill_value: Any, dtype: Any = None, shape: Any = None) -> Any:
    """One value, or values that broadcast, in the shape of an array."""
    a = as_array(a)
    filled = np.zeros_like(a) + fill_value if shape is None else np.broadcast_to(as_array(fill_value), shape)
    return filled.astype(a.dtype if dtype is None else dtype)


@derived("linspace")
def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0
) -> Any:
    """Numbers at equal distances, with a gradient to both ends."""
    start, stop = _lists_as_arrays(start), _lists_as_arrays(stop)
    step = (stop - start) / max(num - endpoint, 1)
    y = start + np.arange(num, dtype=step.dtype).reshape((-1,) + (1,) * step.ndim) * step
    if endpoint and num > 1:
        y = put(y, stop, index=-1)  # exactly
    y = np.moveaxis(y if dtype is None else y.astype(dtype), 0, axis)
    return (y, step) if retstep else y


@derived("logspace")
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    """Powers whose exponents stand at equal distances."""
    if np.ndim(base):
        ndim = max(map(np.ndim, (start, stop, base)))
        start, stop, base = raised(start, ndim), raised(stop, ndim), np.expand_dims(raised(base, ndim), axis)
    y = base ** np.linspace(start, stop, num, endpoint, axis=axis)
    return y if dtype is None else y.astype(dtype)


@derived("geomspace")
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """Numbers at equal ratios, the ends exactly as they are; in double precision, as NumPy's."""
    start, stop = (as_array(x).astype(float) for x in (start, stop))
    if np.any((start == 0) | (stop == 0)):
        raise ValueError("np.geomspace cannot start or end at 0: no ratio leads away from there; write np.linspace")
    sign = np.sign(start)
    y = sign * logspace(np.log10(sign * start), np.log10(sign * stop), num, endpoint)
    if endpoint and num > 1:
        y = put(y, stop, index=-1)
    y = put(y, start, index=slice(1))  # the first, if there is one
    return np.moveaxis(y if dtype is None else y.astype(dtype), 0, axis)


def _lists_as_arrays(x: Any) -> Any:
    """Numbers stay what they are, or they would turn float32 into float64."""
    return np.asarray(x) if isinstance(x, (list, tuple)) else x


# --- functions along axes ------------------------------------------------------------------------------------------------


@derived("apply_along_axis")
def apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """A function of vectors applied to each line along an axis."""
    lines = np.moveaxis(as_array(arr), axis, -1)
    results = [as_array(func1d(lines[i], *args, **kwargs)) for i in np.ndindex(lines.shape[:-1])]
    if not results:
        raise ValueError("np.apply_along_axis has no lines to apply the function to: an axis of the array is empty")
    y = np.stack(results).reshape(lines.shape[:-1] + results[0].shape)
    places = range(lines.ndim - 1, y.ndim)  # what the function made of a line takes the place of its axis
    return np.moveaxis(y, tuple(places), tuple(axis % lines.ndim + k for k in range(len(places))))


@derived("apply_over_axes")
def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    """A reduction applied to one axis after the other, which keep their places."""
    y = as_array(a)
    for axis in np.atleast_1d(axes).tolist():
        reduced = func(y, axis)
        y = reduced if reduced.ndim == y.ndim else np.expand_dims(reduced, axis)
    return y
