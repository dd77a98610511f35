"""Turning axes, joining and splitting arrays: all by way of reshape, concatenate and slices."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from . import derived
from .arguments import as_array, axes_of, numbers, part, raised

# --- axes ------------------------------------------------------------------------------------------------------------


def _each(change: Callable[[Any], Any], arys: tuple[Any, ...]) -> Any:
    """One array for one, a tuple for several."""
    changed = tuple(change(as_array(x)) for x in arys)
    return changed[0] if len(arys) == 1 else changed


@derived("atleast_1d")
def atleast_1d(*arys: Any) -> Any:
    """One axis at least."""
    return _each(lambda x: x if x.ndim else x.reshape(1), arys)


@derived("atleast_2d")
def atleast_2d(*arys: Any) -> Any:
    """Two axes at least: a vector becomes a row."""
    return _each(lambda x: x if x.ndim > 1 else x.reshape(1, -1), arys)


@derived("atleast_3d")
def atleast_3d(*arys: Any) -> Any:
    """Three axes at least: a matrix becomes the one layer of a stack along the last axis."""
    return _each(lambda x: x if x.ndim > 2 else x[..., None] if x.ndim == 2 else x.reshape(1, -1, 1), arys)


@derived("ravel")
def ravel(a: Any) -> Any:
    """All elements in a row."""
    return a.reshape(-1)


@derived("matrix_transpose", "linalg.matrix_transpose")
def matrix_transpose(x: Any) -> Any:
    """The last two axes, exchanged."""
    return np.swapaxes(x, -1, -2)


@derived("rollaxis")
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """An axis put before another one."""
    (axis,), start = axes_of(axis, a.ndim), start + a.ndim if start < 0 else start
    return np.moveaxis(a, axis, start - (axis < start))


@derived("rot90")
def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Turned by right angles, from the first axis towards the second."""
    first, second = axes_of(axes, m.ndim)
    if k % 4 == 0:
        return np.positive(m)
    if k % 4 == 2:
        return np.flip(m, (first, second))
    return (
        np.swapaxes(np.flip(m, second), first, second) if k % 4 == 1 else np.flip(np.swapaxes(m, first, second), second)
    )


@derived("fliplr")
def fliplr(m: Any) -> Any:
    """The second axis backwards."""
    return np.flip(m, 1)


@derived("flipud")
def flipud(m: Any) -> Any:
    """The first axis backwards."""
    return np.flip(m, 0)


def _shifted(x: Any, axes: Any, sign: int) -> Any:
    axes = axes_of(axes, x.ndim)
    return np.roll(x, tuple(sign * (x.shape[i] // 2) for i in axes), axes)


@derived("fft.fftshift")
def fftshift(x: Any, axes: Any = None) -> Any:
    """The zero frequency moved to the middle."""
    return _shifted(x, axes, 1)


@derived("fft.ifftshift")
def ifftshift(x: Any, axes: Any = None) -> Any:
    """The zero frequency moved back to the front."""
    return _shifted(x, axes, -1)


# --- joining ---------------------------------------------------------------------------------------------------------


@derived("vstack")
def vstack(tup: Any) -> Any:
    """Arrays on top of one another."""
    return np.concatenate([atleast_2d(x) for x in tup])


@derived("hstack")
def hstack(tup: Any) -> Any:
    """Arrays side by side."""
    arrays = [atleast_1d(x) for x in tup]
    return np.concatenate(arrays, 0 if arrays and arrays[0].ndim == 1 else 1)


@derived("dstack")
def dstack(tup: Any) -> Any:
    """Arrays behind one another."""
    return np.concatenate([atleast_3d(x) for x in tup], 2)


@derived("column_stack")
def column_stack(tup: Any) -> Any:
    """Vectors as the columns of a matrix."""
    return np.concatenate([x if x.ndim > 1 else x.reshape(-1, 1) for x in map(as_array, tup)], 1)


@derived("append")
def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """One array after the other."""
    return np.concatenate([as_array(arr), as_array(values)], axis)


@derived("block")
def block(arrays: Any) -> Any:
    """Nested lists of blocks: the innermost side by side, their lists on top of one another, and so on."""

    def depth(x: Any) -> int:
        return 1 + max(map(depth, x), default=0) if isinstance(x, list) else 0

    def axes(x: Any) -> int:
        return max(map(axes, x), default=0) if isinstance(x, list) else np.ndim(x)

    def joined(x: Any, level: int) -> Any:
        return np.concatenate([joined(y, level - 1) for y in x], -level) if isinstance(x, list) else raised(x, ndim)

    ndim = max(depth(arrays), axes(arrays))
    return joined(arrays, depth(arrays))


# --- splitting -------------------------------------------------------------------------------------------------------


@derived("array_split")
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Pieces of an axis: so many, the first of them one longer where it does not come out even, or cut at places."""
    ary, sections = as_array(ary), numbers(indices_or_sections)
    n = ary.shape[axis]
    if np.ndim(sections) == 0:
        size, longer = divmod(n, int(sections))
        sections = [i * size + min(i, longer) for i in range(1, int(sections))]
    cuts = [None, *map(int, sections), None]
    return [part(ary, start, stop, axis) for start, stop in pairwise(cuts)]


@derived("split")
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Equal pieces of an axis, or pieces cut at places; ValueError where they cannot be equal."""
    n = np.shape(ary)[axis]
    if np.ndim(indices_or_sections) == 0 and n % indices_or_sections:
        raise ValueError(
            f"np.split cannot cut an axis of {n} into {indices_or_sections} equal pieces; write np.array_split for unequal ones"
        )
    return array_split(ary, indices_or_sections, axis)


def _with_axes(name: str, ary: Any, count: int) -> None:
    if np.ndim(ary) < count:
        raise ValueError(f"{name} splits arrays of {count} axes or more; this one has {np.ndim(ary)}")


@derived("hsplit")
def hsplit(ary: Any, indices_or_sections: Any) -> Any:
    """Pieces that stood side by side."""
    _with_axes("np.hsplit", ary, 1)
    return split(ary, indices_or_sections, 1 if np.ndim(ary) > 1 else 0)


@derived("vsplit")
def vsplit(ary: Any, indices_or_sections: Any) -> Any:
    """Pieces that stood on top of one another."""
    _with_axes("np.vsplit", ary, 2)
    return split(ary, indices_or_sections, 0)


@derived("dsplit")
def dsplit(ary: Any, indices_or_sections: Any) -> Any:
    """Pieces that stood behind one another."""
    _with_axes("np.dsplit", ary, 3)
    return split(ary, indices_or_sections, 2)


@derived("unstack")
def unstack(x: Any, axis: int = 0) -> Any:
    """A tuple of the layers of an axis."""
    return tuple(np.moveaxis(as_array(x), axis, 0))
