"""What layers are made of: the linear map, the windows of convolution, the standard score of normalisation, dropout.

A fused row carries its `definition` in primitives: tests hold the two equal, and Symbols are spelled by it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import Op, row
from .samples import shaped


def _linear(x: Any, weight: Any, bias: Any) -> Any:
    if not x.ndim:
        raise ValueError("linear maps vectors; x is a single number")
    y = x.dot(weight.T)  # half the time of x @ weight.T on small matrices
    y += bias  # in place: y is fresh
    return y


def _table(a: Any) -> Any:
    """Samples as rows, whatever the number of axes they are laid out in."""
    return a if a.ndim == 2 else a.reshape(-1, a.shape[-1])


linear = row(
    _linear,
    x=lambda g, weight: g.dot(weight),
    weight=lambda g, x: _table(x).T.dot(_table(g)).T,
    bias=lambda g: g,
    definition=lambda x, weight, bias: x @ weight.T + bias, latex=r"x weight^\top + bias", binds="+",
    samples=shaped((((2, 3), (4, 3), (4,)), {}), (((5, 2, 3), (4, 3), (4,)), {}), (((1, 1), (1, 1), (1,)), {})),
    words="the weights get the inputs times the gradient, the bias the gradient itself, the inputs the gradient weighted",
)  # fmt: skip
keep_mask = row(
    lambda a, rng, p: (rng.random(a.shape, dtype=a.dtype) >= p) * a.dtype.type(1 / (1 - p)), name="keep_mask",
    params={"rng": None, "p": 0.5}, a=None, latex="m", text="mask",
    words="a random mask, 0 with probability p and 1/(1 − p) otherwise: a constant to its input",
)  # fmt: skip


# --- windows: every place of a small frame that slides over the last axes ------------------------------------------------


def _windows(a: Any, size: Any, stride: Any, padding: Any, fill: float = 0) -> Any:
    if any(padding):
        framed: Any = np.full(_padded(a.shape, padding), fill, a.dtype, like=a)
        framed[_inner(a.shape[-len(padding) :], padding)] = a
        a = framed
    places: Any = np.lib.stride_tricks.sliding_window_view(a, size, tuple(range(-len(size), 0)))
    return places[(..., *(slice(None, None, step) for step in stride), *(slice(None) for _ in size))]


def _add_windows(a: Any, shape: Any, stride: Any, padding: Any) -> Any:
    axes = len(shape)
    places, size = a.shape[-2 * axes : -axes], a.shape[-axes:]
    y: Any = np.zeros((*a.shape[: -2 * axes], *_padded(shape, padding)), a.dtype, like=a)
    for offset in np.ndindex(*size):  # all windows at once: as many slices as a window has elements
        y[(..., *(slice(o, o + s * n, s) for o, s, n in zip(offset, stride, places, strict=True)))] += a[(..., *offset)]
    return y[_inner(shape, padding)]


def _padded(shape: Any, padding: Any) -> tuple[int, ...]:
    """A shape with its last axes lengthened at both ends."""
    front = len(shape) - len(padding)
    return (*shape[:front], *(n + 2 * p for n, p in zip(shape[front:], padding, strict=True)))


def _inner(shape: Any, padding: Any) -> Any:
    """Where the last axes, of this shape, lie in what they were padded to."""
    return (..., *(slice(p, p + n) for n, p in zip(shape, padding, strict=True)))


def _frames(size: Any, stride: Any, padding: Any, **more: Any) -> dict[str, Any]:
    return {"size": size, "stride": stride, "padding": padding, **more}


windows = row(  # (..., H, W) to (..., rows of places, columns of places, height and width of the frame)
    _windows, params={"size": None, "stride": None, "padding": None, "fill": 0},
    a=lambda g, a, size, stride, padding: add_windows(g, shape=a.shape[-len(size) :], stride=stride, padding=padding),
    samples=shaped(
        (((2, 4, 3),), _frames((2, 2), (1, 1), (0, 0))), (((5, 4),), _frames((2, 3), (2, 1), (1, 0))),
        (((2, 7),), _frames((3,), (2,), (1,), fill=0.5)), (((5, 5),), _frames((2, 2), (3, 3), (0, 0))),
    ),
    words="an element gets the gradients of all the windows that it is seen through",
)  # fmt: skip
add_windows: Op = row(
    _add_windows, params={"shape": None, "stride": None, "padding": None},
    a=lambda g, a, shape, stride, padding: windows(g, size=a.shape[-len(shape) :], stride=stride, padding=padding),
    samples=shaped(
        (((2, 3, 2, 2, 2),), {"shape": (4, 3), "stride": (1, 1), "padding": (0, 0)}),
        (((3, 2, 2, 3),), {"shape": (5, 4), "stride": (2, 1), "padding": (1, 0)}),
        (((2, 4, 3),), {"shape": (7,), "stride": (2,), "padding": (1,)}),
    ),
    words="what was added up from windows hands its gradient to each of them",
)  # fmt: skip


def _standardize(a: Any, axis: Any = -1, eps: float = 1e-5) -> Any:
    y = a - a.mean(axis=axis, keepdims=True)
    scale = 1 / np.sqrt((y * y).mean(axis=axis, keepdims=True) + eps)
    return y * scale, scale


standardize = row(
    _standardize, params={"axis": -1, "eps": 1e-5},
    saved={"scale": lambda a, axis, eps: 1 / np.sqrt(np.var(a, axis=axis, keepdims=True) + eps)},
    a=lambda g, y, scale, axis: (
        scale * (g - np.mean(g, axis=axis, keepdims=True) - y * np.mean(g * y, axis=axis, keepdims=True))
    ),
    definition=lambda a, axis=-1, eps=1e-5: (
        (a - np.mean(a, axis=axis, keepdims=True)) / np.sqrt(np.var(a, axis=axis, keepdims=True) + eps)
    ),
    latex=r"\frac{a - \overline{a}}{\sqrt{\operatorname{Var}(a) + eps}}", text="standardize(a)",
    samples=shaped((((3, 4),), {}), (((4, 3),), {"axis": 0, "eps": 0.5}), (((3, 2, 4),), {"axis": (0, 2)})),
    words="the gradient is scaled as the elements were, less its mean and less its part along the output: "
    "neither a shift nor a stretch of all elements changes anything",
)  # fmt: skip
