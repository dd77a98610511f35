"""Picking, leaving out, putting in between: all by way of indexing, with NumPy itself saying where each element came from.

For what merely moves elements about it is enough to move their numbers: `a.ravel()[f(np.arange(a.size).reshape(a.shape))]`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops.indexing import put, scatter
from . import derived
from .arguments import as_array, at, axes_of, numbers


def moved(how: Callable[[Any], Any], a: Any) -> Any:
    """The elements of `a` where NumPy's function `how` moves them."""
    a = as_array(a)
    return a.reshape(-1)[how(np.arange(a.size).reshape(a.shape))]


@derived("take")
def take(a: Any, indices: Any, axis: int | None = None, mode: Any = "raise") -> Any:
    """The elements at these places of an axis, or of all elements in a row."""
    a = as_array(a).reshape(-1) if axis is None else np.atleast_1d(as_array(a))
    axis = axis or 0
    return at(a, np.take(np.arange(a.shape[axis]), numbers(indices), mode=mode), axis)


@derived("compress")
def compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    """The slices whose condition holds."""
    return take(a, np.flatnonzero(numbers(condition)), axis)


@derived("extract")
def extract(condition: Any, arr: Any) -> Any:
    """The elements whose condition holds, in a row."""
    return take(arr, np.flatnonzero(numbers(condition)))


@derived("delete")
def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    """All but the slices at these places."""
    return moved(lambda places: np.delete(places, numbers(obj), axis), arr)


@derived("insert")
def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """Values put in before the elements at these places."""
    arr, values = as_array(arr), as_array(values)
    both = np.concatenate([arr.reshape(-1), values.reshape(-1).astype(arr.dtype)])
    old, new = np.arange(arr.size).reshape(arr.shape), np.arange(arr.size, both.size).reshape(values.shape)
    return both[np.insert(old, numbers(obj), new, axis)]


@derived("trim_zeros")
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """Without the zeros at the front and at the back."""
    filt = as_array(filt)
    axes = axes_of(axis, filt.ndim)
    index = [slice(None)] * filt.ndim
    for i, places in enumerate(np.argwhere(filt).T):
        if i in axes:
            first, end = (places.min(), places.max() + 1) if places.size else (0, 0)
            index[i] = slice(first if "f" in trim.lower() else None, end if "b" in trim.lower() or not end else None)
    return filt[tuple(index)]


@derived("diagonal")
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonals of two axes, as the last axis."""
    return moved(lambda places: np.diagonal(places, offset, axis1, axis2), a)


@derived("diag")
def diag(v: Any, k: int = 0) -> Any:
    """The diagonal of a matrix, or a matrix with this diagonal."""
    v = as_array(v)
    if v.ndim != 1:
        return moved(lambda places: np.diag(places, k), v)
    diagonal = np.diag(np.ones(v.shape, bool), k)
    return scatter(v, index=diagonal, shape=diagonal.shape)


@derived("diagflat")
def diagflat(v: Any, k: int = 0) -> Any:
    """A matrix with these elements on its diagonal."""
    return diag(as_array(v).reshape(-1), k)


@derived("tril")
def tril(m: Any, k: int = 0) -> Any:
    """The elements on and below a diagonal, and 0 above."""
    return np.where(np.tril(np.ones(m.shape[-2:], bool), k), m, 0)


@derived("triu")
def triu(m: Any, k: int = 0) -> Any:
    """The elements on and above a diagonal, and 0 below."""
    return np.where(np.triu(np.ones(m.shape[-2:], bool), k), m, 0)


@derived("lib.stride_tricks.sliding_window_view")
def sliding_window_view(x: Any, window_shape: Any, axis: Any = None) -> Any:
    """Every window of a shape; an element gets the gradients of all windows that it is in."""
    return moved(lambda places: np.lib.stride_tricks.sliding_window_view(places, window_shape, axis), x)


@derived("bincount")
def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """How often each number occurs; or the sum of its weights, with a gradient to these."""
    x = np.asarray(numbers(x))
    counts = np.bincount(x, minlength=minlength)
    if weights is None:
        return counts
    if np.shape(weights) != x.shape:
        raise ValueError(
            f"np.bincount got numbers of shape {x.shape} and weights of shape {np.shape(weights)}; give one for each"
        )
    return scatter(as_array(weights).astype(float), index=x, shape=counts.shape)


@derived("pad")
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """Edges of constants, or of the array's own elements repeated or mirrored."""
    array, pad_width = as_array(array), numbers(pad_width)
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap", "empty"):
        raise TypeError(
            f"np.pad in mode {mode!r} has no row; modes that move elements have: constant, edge, reflect, symmetric, wrap"
        )
    if kwargs.get("reflect_type", "even") != "even":
        raise TypeError(
            "np.pad(..., reflect_type='odd') has no row; write np.concatenate([2 * t[:1] - t[1:][::-1], t])"
        )
    if mode not in ("constant", "empty"):
        return moved(lambda places: np.pad(places, pad_width, mode, **kwargs), array)
    constants = kwargs.get("constant_values", 0)
    inside = np.pad(np.ones(array.shape, bool), pad_width)
    if np.ndim(constants) == 0:
        around = np.full_like(array, constants, shape=inside.shape)
    else:
        around = np.pad(np.zeros(array.shape, array.dtype), pad_width, constant_values=numbers(constants))
    corner = np.unravel_index(np.argmax(inside), inside.shape) if array.size else (0,) * array.ndim
    return put(around, array, index=tuple(slice(i, i + n) for i, n in zip(corner, array.shape, strict=True)))
