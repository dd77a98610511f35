"""What NumPy's functions make of their arguments before they begin."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..op import Readable


def as_array(x: Any) -> Any:
    """Lists and numbers as arrays; Tensors and Symbols as they are."""
    return x if isinstance(x, Readable) else np.asarray(x)


def numbers(x: Any) -> Any:
    """Bare numbers, for what serves as an index or says where something goes."""
    return x._as_parameter() if isinstance(x, Readable) else x


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes that are meant, counted from the front; all of them for None.

    >>> axes_of((0, -1), 3), axes_of(None, 2)
    ((0, 2), (0, 1))
    """
    return tuple(range(ndim)) if axis is None else normalize_axis_tuple(axis, ndim)


def raised(x: Any, ndim: int) -> Any:
    """An array with axes of length 1 in front, up to so many.

    >>> raised([1.0, 2.0], 3).shape
    (1, 1, 2)
    """
    x = as_array(x)
    return x.reshape((1,) * (ndim - x.ndim) + x.shape)


def at(x: Any, index: Any, axis: int) -> Any:
    """x[index] along an axis."""
    return x[(slice(None),) * axes_of(axis, x.ndim)[0] + (index,)]


def part(x: Any, start: int | None, stop: int | None, axis: int) -> Any:
    """x[start:stop] along an axis.

    >>> part(np.arange(6).reshape(2, 3), 1, None, axis=-1)
    array([[1, 2],
           [4, 5]])
    """
    return at(x, slice(start, stop), axis)
