"""From many numbers to fewer: the gradient is laid out again over the axes that were reduced, then weighted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..op import Op, row
from .arithmetic import over
from .samples import reduced, shaped
from .shapes import broadcast_to


def spread(g: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    """What stands for whole axes of `a` (a gradient, a maximum), repeated over them: the shape of `a`."""
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    return broadcast_to(g, shape=a.shape)


def _share(g: Any, y: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    """The gradient of a maximum or minimum: to the elements that attain it, in equal parts."""
    top = spread(y, a, axis, keepdims)
    attained = (a == top) | ((a != a) & (top != top))  # of NaN, the NaNs
    number = np.sum(np.where(attained, np.ones_like(a), 0), axis=axis, keepdims=keepdims)
    return np.where(attained, spread(g / number, a, axis, keepdims), 0)


def _freedom(a: Any, y: Any, ddof: float) -> float:
    """Degrees of freedom of a variance: the elements that each result was made of, less ddof."""
    return a.size / y.size - ddof


def _earlier(products: Any) -> Any:
    """Cumulative products as they were one step earlier: 1 to begin with, and the last is left out."""
    return np.concatenate([np.ones_like(products[:1]), products[:-1]])


def _others(a: Any, axis: Any) -> Any:
    """For each element the product of the others: those before it times those after it. Nothing is divided by,
    so that zeros do no harm."""
    axes = tuple(range(a.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    front = tuple(range(len(axes)))
    moved = np.moveaxis(a, axes, front)
    line = moved.reshape(math.prod(moved.shape[: len(axes)]), *moved.shape[len(axes) :])
    others = _earlier(np.cumprod(line, axis=0)) * _earlier(np.cumprod(line[::-1], axis=0))[::-1]
    return np.moveaxis(others.reshape(moved.shape), front, axes)


def _cumprod_rule(g: Any, y: Any, a: Any, axis: Any) -> Any:
    """Every product from i on has a factor aᵢ: what they get is gathered backward, times the product before aᵢ."""
    if axis is None:
        return (_earlier(y) * _from_the_last(g, a.reshape(-1)[1:])).reshape(a.shape)
    g, y, a = np.moveaxis(g, axis, 0), np.moveaxis(y, axis, 0), np.moveaxis(a, axis, 0)
    return np.moveaxis(_earlier(y) * _from_the_last(g, a[1:]), 0, axis)


def _linear_recurrence(a: Any, b: Any) -> Any:
    y = np.array(b)
    for i in range(1, len(y)):
        y[i] += a[i - 1] * y[i - 1]
    return y


def _from_the_last(g: Any, a: Any) -> Any:
    """The same recurrence, but from the last to the first: hᵢ = gᵢ + aᵢ hᵢ₊₁."""
    return linear_recurrence(a[::-1], g[::-1])[::-1]


def _norm(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if isinstance(axis, tuple) and len(axis) != 2:
        return np.linalg.vector_norm(a, axis=axis, keepdims=keepdims)
    return np.linalg.norm(a, None, axis, keepdims)  # two axes: the root of the sum of all squares, too


def largest(a: Any, axis: Any) -> Any:
    """What softmax takes out first, so that nothing overflows: the largest elements, or 0 where these are infinite."""
    top = a.max(axis=axis, keepdims=True)
    return np.where(np.isfinite(top), top, 0)


def _logsumexp(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log Σ exp, with the largest taken out first so that nothing overflows; −∞ and ∞ stay what they are."""
    top = largest(a, axis)
    y = np.log(np.sum(np.exp(a - top), axis=axis, keepdims=True)) + top
    return y if keepdims else np.squeeze(y, axis=axis)[()]


# methods of the array: half the time of np.sum and its kin, which ask first what they were given


def _sum(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return a.sum(axis=axis, keepdims=keepdims)


def _mean(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if a.dtype.char == "e":  # half numbers, whose sum may well exceed 65504: as NumPy, in single precision
        return _mean(a.astype(np.float32), axis, keepdims).astype(np.float16)
    total = a.sum(axis=axis, keepdims=keepdims)
    return total / (np.size(a) / (np.size(total) or 1) or math.nan)  # of nothing: NaN, as in NumPy


def _prod(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return a.prod(axis=axis, keepdims=keepdims)


def _max(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return a.max(axis=axis, keepdims=keepdims)


def _min(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return a.min(axis=axis, keepdims=keepdims)


def _std(a: Any, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Any:
    y = np.std(a, axis=axis, keepdims=keepdims, ddof=ddof)
    vary = a.max(axis=axis, keepdims=keepdims) > a.min(axis=axis, keepdims=keepdims)
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
        spread(over(g, y) / _freedom(a, y, ddof), a, axis, keepdims)
        * (a - np.mean(a, axis=axis, keepdims=True))
    ),
    latex=r"\operatorname{std}(a)", text="std(a)", samples=reduced({"axis": 1, "ddof": 1}),
    words="the variance's rule over twice the deviation; where all are equal, 0",
)  # fmt: skip
prod = row(
    _prod, numpy=(np.prod,), params=AXES,
    a=lambda g, a, axis, keepdims: spread(g, a, axis, keepdims) * _others(a, axis),
    latex=r"\prod a", samples=reduced(),
    words="each factor gets the gradient times the product of the others, which is exact with zeros among them",
)  # fmt: skip
norm = row(
    _norm, params=AXES,
    a=lambda g, y, a, axis, keepdims: spread(over(g, y), a, axis, keepdims) * a,
    latex=r"\left\|a\right\|", text="norm(a)", samples=reduced(),
    words="the length of a vector pulls along the vector's direction; where all is 0, not at all",
)  # fmt: skip
max = row(
    _max, numpy=(np.max, np.amax), params=AXES, a=_share, latex=r"\max a", text="max(a)", samples=reduced(),
    words="the gradient goes to the largest element; ties share it evenly",
)  # fmt: skip
min = row(
    _min, numpy=(np.min, np.amin), params=AXES, a=_share, latex=r"\min a", text="min(a)", samples=reduced(),
    words="the gradient goes to the smallest element; ties share it evenly",
)  # fmt: skip
logsumexp = row(
    _logsumexp, params=AXES,
    a=lambda g, y, a, axis, keepdims: spread(g, a, axis, keepdims) * np.exp(a - spread(y, a, axis, keepdims)),
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
linear_recurrence: Op = row(  # y_i = b_i + a_{i−1}·y_{i−1} along the first axis, y_0 = b_0
    _linear_recurrence,
    a=lambda g, a, y: _from_the_last(g, a)[1:] * y[:-1],
    b=lambda g, a: _from_the_last(g, a),
    samples=shaped((((3,), (4,)), {}), (((2, 3), (3, 3)), {}), (((0, 2), (1, 2)), {})),
    words="the gradient runs through the same recurrence from the last term to the first",
)  # fmt: skip
cumprod = row(
    np.cumprod, params={"axis": None}, a=_cumprod_rule, latex=r"\operatorname{cumprod}(a)",
    samples=shaped((((2, 3),), {"axis": 1}), (((4,),), {}), (((2, 3),), {}), (((2, 3),), {"axis": -2})),
    words="each factor gets the gradients of all the products it is part of, each times that product's other factors",
)  # fmt: skip
argmax = row(np.argmax, params=AXES, a=None, words="a place has no derivative")
argmin = row(np.argmin, params=AXES, a=None, words="a place has no derivative")
argsort = row(np.argsort, params={"axis": -1}, a=None, words="a place has no derivative")
any = row(np.any, params=AXES, a=None, words="a truth value has no derivative")
all = row(np.all, params=AXES, a=None, words="a truth value has no derivative")
