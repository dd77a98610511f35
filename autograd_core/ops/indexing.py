"""Picking elements and putting them back: indexing and its mirror, scattering, are each other's derivative.

An element picked twice gets two gradients, so scattering adds where indices repeat. An index array is copied when
the row is read: changing it afterwards changes no gradient.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..op import Op, row
from .samples import Samples, shaped


def is_basic(index: Any) -> bool:
    """Whether an index is made of numbers, slices, ... and None alone, so that it picks nothing twice."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(isinstance(p, (int, np.integer, slice)) or p is None or p is Ellipsis for p in parts)


def _scatter(a: Any, index: Any, shape: tuple[int, ...]) -> Any:
    y = np.zeros(shape, a.dtype)
    if is_basic(index) or (isinstance(index, np.ndarray) and index.dtype == bool):
        y[index] = a
    elif len(shape) == 1 and isinstance(index, np.ndarray):
        np.add.at(y, index.ravel(), a.ravel())  # seven times as fast as with a table of places
    else:
        np.add.at(y, index, a)  # y[index] += a would count an element picked twice only once
    return y


def _put(a: Any, values: Any, index: Any) -> Any:
    y = np.array(a)
    y[index] = values
    return y if y.ndim else y[()]


def _last(index: Any, shape: tuple[int, ...]) -> Any:
    """Which of the values written at an index stayed: where places repeat, the last one."""
    places = np.zeros(shape, int)
    order = np.arange(places[index].size).reshape(places[index].shape)
    places[index] = order
    return places[index] == order


_rows, _cols = np.array([0, 2, 0]), np.array([1, 1, 1])  # with an element that is picked twice
_INDICES = [
    1,
    (slice(None), 0),
    (..., None),
    (slice(None, None, -2), slice(1, 3)),
    _rows,
    (_rows, _cols),
    (_rows, slice(1, 3)),
]

getitem = row(
    lambda a, index: a[index], name="getitem", params={"index": None},
    a=lambda g, a, index: scatter(g, index=index, shape=a.shape), latex="a_{index}", text="a[index]", binds="^",
    samples=lambda draw: [((draw((3, 4)),), {"index": i}) for i in [*_INDICES, draw((3, 4)) > 0]],
    words="the elements that were picked get their gradients, the others 0; one picked twice gets the sum",
)  # fmt: skip
scatter: Op = row(
    _scatter, params={"index": None, "shape": None}, a=lambda g, index: g[index], latex=r"\operatorname{scatter}(a)",
    samples=lambda draw: [
        ((draw(np.zeros((3, 4))[i].shape),), {"index": i, "shape": (3, 4)}) for i in [*_INDICES, draw((3, 4)) > 0]
    ],
    words="each element takes its gradient from the place it was put",
)  # fmt: skip
put: Op = row(
    _put, params={"index": None},
    a=lambda g, index: put(g, 0, index=index),
    values=lambda g, a, index: g[index] if is_basic(index) else np.where(_last(index, a.shape), g[index], 0),
    samples=lambda draw: [((draw((3, 4)), draw(s)), {"index": i}) for i, s in [(1, (4,)), ((0, slice(0, 2)), ()), (draw((3, 4)) > 0, ())]],
    words="what was overwritten gets no gradient, what was written gets that of its place",
)  # fmt: skip


# --- along one axis: where each line has places of its own, as sorting gives them ------------------------------------


def _lines(indices: Any, shape: tuple[int, ...], axis: int) -> tuple[Any, ...]:
    """The index that picks `indices` along an axis, every line of an array of this shape its own."""
    lines: list[Any] = list(np.ogrid[tuple(map(slice, shape))])
    lines[axis] = indices
    return tuple(lines)


def _add_along_axis(a: Any, indices: Any, shape: tuple[int, ...], axis: int | None = -1) -> Any:
    if axis is None:
        return _add_along_axis(a, indices, (math.prod(shape),), 0).reshape(shape)
    return _scatter(a, _lines(indices, shape, axis), shape)


def _sort(a: Any, axis: int | None = -1) -> Any:
    order = np.argsort(a, axis=axis)
    return np.take_along_axis(a, order, axis), order


def _partition(a: Any, kth: Any, axis: int | None = -1) -> Any:
    order = np.argpartition(a, kth, axis=axis)
    return np.take_along_axis(a, order, axis), order


def _unsorted(g: Any, a: Any, order: Any, axis: int | None) -> Any:
    """Gradients put back to where the sorted elements came from."""
    return add_along_axis(g, order, shape=a.shape, axis=axis)


def _lined(*ways: tuple[tuple[int, ...], dict[str, Any]]) -> Samples:
    """Elements of a (2, 4) array picked along an axis, some of them twice."""
    return lambda draw: [((draw((2, 4)), np.arange(math.prod(s)).reshape(s) % 2), way) for s, way in ways]


take_along_axis = row(
    lambda a, indices, axis=-1: np.take_along_axis(a, indices, axis), name="take_along_axis", numpy=(np.take_along_axis,),
    params={"axis": -1}, a=lambda g, a, indices, axis: add_along_axis(g, indices, shape=a.shape, axis=axis), indices=None,
    samples=_lined(((2, 3), {}), ((3, 4), {"axis": 0}), ((5,), {"axis": None})),
    words="the elements that were picked get their gradients, the others 0; one picked twice gets the sum",
)  # fmt: skip
add_along_axis: Op = row(
    _add_along_axis, params={"shape": None, "axis": -1}, a=lambda g, indices, axis: take_along_axis(g, indices, axis=axis), indices=None,
    samples=_lined(((2, 4), {"shape": (2, 3)}), ((2, 4), {"shape": (3, 4), "axis": 0})),
    words="each element takes its gradient from the place it was added to",
)  # fmt: skip
argpartition = row(np.argpartition, params={"kth": 0, "axis": -1}, a=None, words="a place has no derivative")
sort = row(
    _sort, numpy=(np.sort,), params={"axis": -1}, saved={"order": lambda a, axis: np.argsort(a, axis=axis)}, a=_unsorted,
    samples=shaped((((2, 4),), {}), (((3, 2),), {"axis": 0}), (((2, 3),), {"axis": None})),
    words="each gradient goes back to where its element came from",
)  # fmt: skip
partition = row(
    _partition, numpy=(np.partition,), params={"kth": 0, "axis": -1},
    saved={"order": lambda a, kth, axis: np.argpartition(a, kth, axis=axis)}, a=_unsorted,
    samples=shaped((((2, 4),), {"kth": 1}), (((4, 2),), {"kth": (0, 2), "axis": 0}), (((2, 3),), {"kth": 2, "axis": None})),
    words="each gradient goes back to where its element came from",
)  # fmt: skip
