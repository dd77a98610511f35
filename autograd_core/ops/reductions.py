"""From many numbers to fewer: the gradient is laid out again over the axes that were reduced, then weighted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..op import row
from .samples import reduced, shaped
from .shapes import broadcast_to

# what np.sum, np.max and np.min end in; they ask first what they were given, which takes as long again
_add: Any = np.add.reduce
_largest: Any = np.maximum.reduce
_smallest: Any = np.minimum.reduce


def spread(g: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    """What stands for whole axes of `a` (a gradient, a maximum), repeated over them: the shape of `a`."""
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    return broadcast_to(g, shape=a.shape)


def _share(g: Any, y: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    """The gradient of a maximum or minimum: to the elements that attain it, in equal parts."""
    attained = a == spread(y, a, axis, keepdims)
    number = np.sum(np.where(attained, np.ones_like(a), 0), axis=axis, keepdims=keepdims)
    return np.where(attained, spread(g / number, a, axis, keepdims), 0)


def _freedom(a: Any, y: Any, ddof: float) -> float:
    """Degrees of freedom of a variance: the elements that each result was made of, less ddof."""
    return a.size / y.size - ddof


def largest(a: Any, axis: Any) -> Any:
    """What softmax takes out first, so that nothing overflows: the largest elements, or 0 where these are infinite."""
    top = _largest(a, axis=axis, keepdims=True)
    return np.where(np.isfinite(top), top, 0)


def _logsumexp(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log Σ exp, with the largest taken out first so that nothing overflows; −∞ and ∞ stay what they are."""
    top = largest(a, axis)
    y = np.log(np.sum(np.exp(a - top), axis=axis, keepdims=True)) + top
    return y if keepdims else np.squeeze(y, axis=axis)[()]


def _sum(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return _add(a, axis=axis, keepdims=keepdims)


def _mean(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    total = _add(a, axis=axis, keepdims=keepdims)
    return total / (np.size(a) / (np.size(total) or 1) or math.nan)  # of nothing: NaN, as in NumPy


def _max(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return _largest(a, axis=axis, keepdims=keepdims)


def _min(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return _smallest(a, axis=axis, keepdims=keepdims)


def _std(a: Any, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Any:
    y = np.std(a, axis=axis, keepdims=keepdims, ddof=ddof)
    vary = _largest(a, axis=axis, keepdims=keepdims) > _smallest(a, axis=axis, keepdims=keepdims)
    return y * vary  # of equal elements exactly 0, which rounding in the mean would miss


AXES: dict[str, Any] = {"axis": None, "keepdims": False}

sum = row(
    _sum, numpy=(np.sum,), params=AXES, a=spread, latex=r"\sum a", samples=reduced(),
    words="a sum over axes hands its gradient to every term",
)  # fmt: skip
mean = row(
    _mean, numpy=(np.mean,), params=AXES,
    a=lambda g, y, a, axis, keepdims: spread(g * (y.size / (a.size or 1)), a, axis, keepdims),
    latex=r"\overline{a}", text="mean(a)", samples=reduced(),
    words="a mean hands every element its share, one over the number of elements",
)  # fmt: skip
var = row(
    np.var, params={**AXES, "ddof": 0},
    a=lambda g, y, a, axis, keepdims, ddof: (
        spread(g * (2 / _freedom(a, y, ddof)), a, axis, keepdims) * (a - np.mean(a, axis=axis, keepdims=True))
    ),
    latex=r"\operatorname{Var}(a)", text="var(a)", samples=reduced({"axis": 1, "ddof": 1}),
    words="a variance pulls each element by twice its distance from the mean",
)  # fmt: skip
std = row(
    _std, numpy=(np.std,), params={**AXES, "ddof": 0},
    a=lambda g, y, a, axis, keepdims, ddof: (
        spread(np.where(y == 0, 0, g / np.where(y == 0, 1, y)) / _freedom(a, y, ddof), a, axis, keepdims)
        * (a - np.mean(a, axis=axis, keepdims=True))
    ),
    latex=r"\operatorname{std}(a)", text="std(a)", samples=reduced({"axis": 1, "ddof": 1}),
    words="the variance's rule over twice the deviation; where all are equal, 0",
)  # fmt: skip
max = row(
    _max, numpy=(np.max,), params=AXES, a=_share, latex=r"\max a", text="max(a)", samples=reduced(),
    words="the gradient goes to the largest element; ties share it evenly",
)  # fmt: skip
min = row(
    _min, numpy=(np.min,), params=AXES, a=_share, latex=r"\min a", text="min(a)", samples=reduced(),
    words="the gradient goes to the smallest element; ties share it evenly",
)  # fmt: skip
logsumexp = row(
    _logsumexp, params=AXES,
    a=lambda g, y, a, axis, keepdims: (
        spread(g, a, axis, keepdims) * np.exp(a - spread(y, a, axis, keepdims))
    ),
    latex=r"\ln \sum e^{a}", text="logsumexp(a)", samples=reduced(),
    words="the gradient is shared out by the softmax of the elements",
)  # fmt: skip
cumsum = row(
    np.cumsum, params={"axis": None},
    a=lambda g, a, axis: np.flip(np.cumsum(np.flip(g, axis or 0), axis or 0), axis or 0).reshape(a.shape),
    latex=r"\operatorname{cumsum}(a)",
    samples=shaped((((2, 3),), {"axis": 1}), (((4,),), {}), (((2, 3),), {}), (((2, 3),), {"axis": -2})),
    words="each term gets the gradients of all the sums it is part of",
)  # fmt: skip
argmax = row(np.argmax, params={"axis": None, "keepdims": False}, a=None, words="a place has no derivative")
argmin = row(np.argmin, params={"axis": None, "keepdims": False}, a=None, words="a place has no derivative")
argsort = row(np.argsort, params={"axis": -1}, a=None, words="a place has no derivative")
any = row(np.any, params=AXES, a=None, words="a truth value has no derivative")
all = row(np.all, params=AXES, a=None, words="a truth value has no derivative")
