"""Images, as functions of arrays and Tensors alike: sliding windows, and what is made of each of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_core.ops import neural

Pair = int | tuple[int, int]


def conv2d(x: Any, weight: Any, bias: Any = None, stride: Pair = 1, padding: Pair = 0) -> Any:
    """At every place, the sum of the products of a window with each output channel's kernel (topic C19).

    x: (N, C, H, W) or (C, H, W). weight: (out, C, height, width). bias: (out,) or None. Gives (N, out, H', W') with
    H' = (H + 2·padding − height)//stride + 1. All windows are laid out as one matrix, so that each pass is one product
    of matrices (Chellapilla et al. 2006, im2col). ValueError for other ranks or channels, and for too large a kernel.

    >>> conv2d(np.arange(9.0).reshape(1, 3, 3), np.ones((1, 1, 2, 2)))
    array([[[ 8., 12.],
            [20., 24.]]])
    """
    if weight.ndim != 4:
        raise ValueError(f"the weight of conv2d is (out, in, height, width); its shape is {weight.shape}")
    if x.ndim in (3, 4) and x.shape[-3] != weight.shape[1]:
        raise ValueError(
            f"conv2d got an input of shape {x.shape}, which has {x.shape[-3]} channels, and a weight for {weight.shape[1]}: "
            "the channels stand third from the end, (N, C, H, W)"
        )
    seen = image_windows("conv2d", x, weight.shape[2:], stride, padding)
    y = np.moveaxis(np.tensordot(weight, seen, axes=((1, 2, 3), (-5, -2, -1))), 0, -3)
    return y if bias is None else y + bias[:, None, None]


def max_pool2d(x: Any, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0) -> Any:
    """The largest element of each window; stride None means windows side by side.

    x: (N, C, H, W) or (C, H, W). What pads is never the largest. Elements of one window that are equally large share
    the gradient evenly, as in every maximum here; PyTorch gives it all to the first of them.

    >>> max_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
    array([[[ 5.,  7.],
            [13., 15.]]])
    """
    return _pooled(image_windows("max_pool2d", x, kernel_size, stride, padding, -math.inf)).max(axis=0)


def avg_pool2d(x: Any, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0) -> Any:
    """The mean of each window, zeros that pad included; stride None means windows side by side.

    >>> avg_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
    array([[[ 2.5,  4.5],
            [10.5, 12.5]]])
    """
    return _pooled(image_windows("avg_pool2d", x, kernel_size, stride, padding)).mean(axis=0)


def _pooled(seen: Any) -> Any:
    """The elements of every window along a first axis: a tenth of the time of reducing two short last ones."""
    return np.moveaxis(seen, (-2, -1), (0, 1)).reshape(-1, *seen.shape[:-2])


def image_windows(
    name: str, x: Any, size: Pair, stride: Pair | None = 1, padding: Pair = 0, fill: float | None = None
) -> Any:
    """The windows of images: (..., C, H, W) to (..., C, H', W', height, width); what pads is `fill`.

    fill None: zeros, as many as wanted; a number: at most half a window, so that each sees something of the image.
    stride None: that of windows side by side.
    """
    size, padding = pair("kernel_size", size, 1), pair("padding", padding, 0)
    stride = size if stride is None else pair("stride", stride, 1)
    if x.ndim not in (3, 4):
        raise ValueError(
            f"{name} takes images as (N, C, H, W), or one as (C, H, W); the input has shape {x.shape}: "
            "nn.Unflatten(1, (channels, height, width)) makes images of rows"
        )
    if any(n + 2 * p < k for n, p, k in zip(x.shape[-2:], padding, size, strict=True)):
        raise ValueError(
            f"{name} slides a window of {size[0]} × {size[1]} over images of {x.shape[-2]} × {x.shape[-1]} with a padding "
            f"of {padding[0]} and {padding[1]} at each end: the window does not fit; take a smaller kernel_size or more padding"
        )
    if name.endswith("pool2d") and any(2 * p > k for p, k in zip(padding, size, strict=True)):
        raise ValueError(
            f"{name} pads by at most half a window, or some windows would see nothing of the image; "
            f"padding is {padding}, kernel_size {size}"
        )
    return neural.windows(x, size=size, stride=stride, padding=padding, fill=fill or 0)


def pair(name: str, value: Any, least: int) -> tuple[int, int]:
    """A number for both axes, or one for each; ValueError unless they are whole and at least `least`."""
    both = (value, value) if isinstance(value, (int, np.integer)) else value
    if not (
        isinstance(both, (tuple, list))
        and len(both) == 2
        and all(isinstance(n, (int, np.integer)) and n >= least for n in both)
    ):
        raise ValueError(f"{name} is a whole number or two, (height, width), at least {least}; it is {value!r}")
    return int(both[0]), int(both[1])
