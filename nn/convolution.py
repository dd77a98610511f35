"""Layers of images: convolution, pooling, and the ways from rows to images and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import functional as F
from .functional.convolution import Pair, pair
from .layers import Seed, check_sizes, initial_values
from .module import Module, Parameter


class Conv2d(Module):
    """At every place, Σ_j K_ij ⋆ X_j + B_i: each output channel i looks for a pattern in windows (topic C19).

    (N, in, H, W) to (N, out, H', W') with H' = (H + 2·padding − height)//stride + 1; also of one image without N.
    kernel_size, stride, padding (zeros): a number or (height, width). weight: (out, in, height, width), bias: (out,),
    both from U(±1/√fan_in) with fan_in = in·height·width unless `weight_init` and `bias_init` say otherwise. rng, dtype:
    as `Linear`. PyTorch's dilation and groups are not there. Source: LeCun et al. 1998. ValueError for sizes below 1,
    other ranks and channels, and a kernel larger than the padded image.

    >>> layer = Conv2d(1, 8, 3, padding=1, rng=0)
    >>> layer(np.ones((5, 1, 6, 6), np.float32)).shape, layer
    ((5, 8, 6, 6), Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=True))
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        bias: bool = True,
        *,
        weight_init: Any = "torch_uniform",
        bias_init: Any = None,
        rng: Seed = None,
        dtype: Any = np.float32,
    ):
        check_sizes(in_channels=in_channels, out_channels=out_channels)
        self.in_channels, self.out_channels = int(in_channels), int(out_channels)
        self.kernel_size = pair("kernel_size", kernel_size, 1)
        self.stride, self.padding = pair("stride", stride, 1), pair("padding", padding, 0)
        shape = self.out_channels, self.in_channels, *self.kernel_size
        weight, start = initial_values(shape, weight_init, bias_init if bias else False, rng, dtype)
        self.weight = Parameter(weight, name="weight")
        self.bias = Parameter(start, name="bias") if bias else None

    def forward(self, x: Any) -> Any:
        return F.conv2d(x, self.weight, self.bias, self.stride, self.padding)

    def config(self) -> dict[str, Any]:
        sizes = {"in_channels": self.in_channels, "out_channels": self.out_channels}
        pairs = {name: list(getattr(self, name)) for name in ("kernel_size", "stride", "padding")}
        return {**sizes, **pairs, "bias": self.bias is not None, "dtype": str(self.weight.dtype)}

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, {_frame(self)}, bias={self.bias is not None}"


class _Pool2d(Module):
    def __init__(self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0):
        self.kernel_size, self.padding = pair("kernel_size", kernel_size, 1), pair("padding", padding, 0)
        self.stride = self.kernel_size if stride is None else pair("stride", stride, 1)

    def config(self) -> dict[str, Any]:
        return {name: list(getattr(self, name)) for name in ("kernel_size", "stride", "padding")}

    def extra_repr(self) -> str:
        return _frame(self)


class MaxPool2d(_Pool2d):
    """The largest number of each window: (N, C, H, W) to (N, C, H', W'), sizes as in `Conv2d`.

    stride None: windows side by side. padding: with −∞, at most half a window. Numbers of one window that are equally
    large share the gradient evenly, as in every maximum here; PyTorch gives it all to the first of them.

    >>> MaxPool2d(2)(np.arange(16.0).reshape(1, 1, 4, 4))
    array([[[[ 5.,  7.],
             [13., 15.]]]])
    """

    def forward(self, x: Any) -> Any:
        return F.max_pool2d(x, self.kernel_size, self.stride, self.padding)


class AvgPool2d(_Pool2d):
    """The mean of each window, padded zeros included: (N, C, H, W) to (N, C, H', W'), sizes as in `Conv2d`.

    >>> AvgPool2d((1, 2))(np.arange(4.0).reshape(1, 1, 2, 2))
    array([[[[0.5],
             [2.5]]]])
    """

    def forward(self, x: Any) -> Any:
        return F.avg_pool2d(x, self.kernel_size, self.stride, self.padding)


class Flatten(Module):
    """Axes start_dim to end_dim as one: from images (N, C, H, W) to rows (N, C·H·W) for `Linear`.

    >>> Flatten()(np.zeros((5, 2, 3, 3))).shape
    (5, 18)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Any) -> Any:
        start, end = (np.arange(x.ndim)[dim] for dim in (self.start_dim, self.end_dim))
        return x.reshape(*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :])

    def config(self) -> dict[str, Any]:
        return {"start_dim": self.start_dim, "end_dim": self.end_dim}

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One axis as several: rows of data sets (N, 64) become images (N, 1, 8, 8) with `Unflatten(1, (1, 8, 8))`.

    unflattened_size: the new lengths, one of which may be −1. ValueError where they do not make up the old one.

    >>> Unflatten(1, (1, 8, 8))(np.zeros((5, 64))).shape
    (5, 1, 8, 8)
    """

    def __init__(self, dim: int, unflattened_size: Any):
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, x: Any) -> Any:
        dim = int(np.arange(x.ndim)[self.dim])
        try:
            return x.reshape(*x.shape[:dim], *self.unflattened_size, *x.shape[dim + 1 :])
        except ValueError as error:
            raise ValueError(
                f"{self} was given an input of shape {x.shape}: its axis {self.dim} does not make {self.unflattened_size}"
            ) from error

    def config(self) -> dict[str, Any]:
        return {"dim": self.dim, "unflattened_size": list(self.unflattened_size)}

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


def _frame(layer: Any) -> str:
    return f"kernel_size={layer.kernel_size}, stride={layer.stride}, padding={layer.padding}"
