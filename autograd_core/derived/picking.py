"""Picking, leaving out, putting in between: all by way of indexing, with NumPy itself saying where each element came from.

For what merely moves elements about it is enough to move their numbers: `a.ravel()[f(np.arange(a.size).reshape(a.shape))]`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..op import Readable
from ..ops.indexing import put, scatter
from ..ops.shapes import cast
from . import derived
from .arguments import as_array, axes_of


def numbers(x: Any) -> Any:
    """Bare numbers, for what serves as an index or says where something goes."""
    return x._as_parameter() if isinstance(x, Readable) else x


def moved(how: Callable[[Any], Any], a: Any) -> Any:
    """The elements of `a` where NumPy's function `how` moves them."""
    a = as_array(a)
    return a.reshape(-1)[how(np.arange(a.size).reshape(a.shape))]


def at(a: Any, index: Any, axis: int) -> Any:
    """a[index] along an axis."""
    return a[(slice(None),) * axes_of(axis, a.ndim)[0] + (index,)]


def line(a: Any, axis: int | None) -> tuple[Any, int]:
    """All elements in a row where no axis is named; a single number is a row of one."""
    a = a.reshape(-1) if axis is None or not a.ndim else a
    return a, axes_of(axis or 0, a.ndim)[0]


@derived("take")
def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """The elements at these places of an axis, or of all elements in a row."""
    a, indices = as_array(a), np.asarray(numbers(indices))
    a, axis = line(a, axis)
    if mode != "raise":
        n = a.shape[axis]
        indices = np.mod(indices, n) if mode == "wrap" else np.clip(indices, 0, n - 1)
    return at(a, indices, axis)


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
    arr = as_array(arr)
    n = arr.size if axis is None else arr.shape[axis]
    return take(arr, np.delete(np.arange(n), numbers(obj)), axis)


@derived("insert")
def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """Values put in before the elements at these places."""
    arr, values, obj = as_array(arr), as_array(values), numbers(obj)
    if axis is None:
        arr, axis = arr.reshape(-1), 0
    n = arr.shape[axis]
    values = values.reshape((1,) * (arr.ndim - values.ndim) + values.shape)
    if np.ndim(obj) == 0 and not isinstance(obj, slice):
        values = np.moveaxis(values, 0, axis)
    count = np.arange(n)[obj].size if isinstance(obj, slice) or np.asarray(obj).dtype == bool else np.size(obj)
    shape = list(arr.shape)
    shape[axis] = values.shape[axis] if count == 1 else count
    new = cast(np.broadcast_to(values, tuple(shape)), dtype=arr.dtype)
    places = np.insert(np.arange(n), obj, np.arange(n, n + shape[axis]))
    return take(np.concatenate([arr, new], axis), places, axis)


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
    n = v.shape[0] + abs(k)
    i = np.arange(v.shape[0])
    return scatter(v, index=(i + max(-k, 0), i + max(k, 0)), shape=(n, n))


@derived("diagflat")
def diagflat(v: Any, k: int = 0) -> Any:
    """A matrix with these elements on its diagonal."""
    return diag(as_array(v).reshape(-1), k)


def _below(m: Any, k: int) -> Any:
    rows, columns = (2 * m.shape)[-2:]  # a vector stands for a square matrix of equal rows
    return np.tri(rows, columns, k, bool)


@derived("tril")
def tril(m: Any, k: int = 0) -> Any:
    """The elements on and below a diagonal, and 0 above."""
    return np.where(_below(m, k), m, 0)


@derived("triu")
def triu(m: Any, k: int = 0) -> Any:
    """The elements on and above a diagonal, and 0 below."""
    return np.where(_below(m, k - 1), 0, m)


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
    return scatter(cast(as_array(weights), dtype=np.dtype(np.float64)), index=x, shape=counts.shape)


@derived("pad")
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """Edges of constants, or of the array's own elements repeated or mirrored."""
    array, pad_width = as_array(array), numbers(pad_width)
    if callable(mode) or mode not in ("constant", "edge", "reflect", "symmetric", "wrap", "empty"):
        raise TypeError(
            f"np.pad in mode {mode!r} has no row; modes that move elements have: constant, edge, reflect, symmetric, wrap"
        )
    if kwargs.get("reflect_type", "even") != "even":
        raise TypeError(
            "np.pad(..., reflect_type='odd') has no row; write np.concatenate([2 * t[:1] - t[1:][::-1], t])"
        )
    if mode not in ("constant", "empty"):
        return moved(lambda places: np.pad(places, pad_width, mode), array)
    constants = kwargs.pop("constant_values", 0)
    inside = np.pad(np.ones(array.shape, bool), pad_width)
    if np.ndim(constants) == 0:
        around = np.broadcast_to(cast(as_array(constants), dtype=array.dtype), inside.shape)
    else:
        around = np.pad(np.zeros(array.shape, array.dtype), pad_width, constant_values=numbers(constants))
    corner = np.argwhere(inside)[0] if inside.any() else np.zeros(array.ndim, int)
    return put(around, array, index=tuple(slice(int(i), int(i) + n) for i, n in zip(corner, array.shape, strict=True)))
