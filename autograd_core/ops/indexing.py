"""Picking elements and putting them back: indexing and its mirror, scattering, are each other's derivative.

An element picked twice gets two gradients, so scattering adds where indices repeat. An index array is copied when
the row is read: changing it afterwards changes no gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import Op, row


def is_basic(index: Any) -> bool:
    """Whether an index is made of numbers, slices, ... and None alone, so that it picks nothing twice."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(isinstance(p, (int, np.integer, slice)) or p is None or p is Ellipsis for p in parts)


def _scatter(a: Any, index: Any, shape: tuple[int, ...]) -> Any:
    y = np.zeros(shape, a.dtype)
    if is_basic(index):
        y[index] = a
    else:
        np.add.at(y, index, a)  # y[index] += a would count an element picked twice only once
    return y


def _put(a: Any, values: Any, index: Any) -> Any:
    y = np.array(a)
    y[index] = values
    return y


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
    a=lambda g, index: put(g, 0, index=index), values=lambda g, index: g[index],
    samples=lambda draw: [((draw((3, 4)), draw(s)), {"index": i}) for i, s in [(1, (4,)), ((0, slice(0, 2)), ()), (draw((3, 4)) > 0, ())]],
    words="what was overwritten gets no gradient, what was written gets that of its place",
)  # fmt: skip
