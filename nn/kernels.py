"""The kernel layer: a linear layer or a convolution with another measure of likeness in place of the product."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from . import functional as F
from .functional.convolution import Pair, image_windows, pair
from .layers import Seed, check_sizes, initial_values
from .module import Module, Parameter

KERNELS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "linear": (F.linear_kernel, ()),
    "polynomial": (F.polynomial_kernel, ("degree", "offset")),
    "gaussian": (F.gaussian_kernel, ("gamma",)),
}


class KernelLayer(Module):
    """Y_i = B_i + Σ_j k(K_ij, X_j): each output compares the inputs with its own kernels (topic C19).

    kernel: "linear" u·v, "polynomial" (u·v + offset)^degree, "gaussian" exp(−gamma·‖u − v‖²), or a function k(u, v) of
    vectors along the last axis. Without kernel_size, X_j is the j-th of in_features numbers: (..., in_features) to
    (..., out_features), weight (out, in), and the linear kernel makes it `Linear`. With kernel_size, X_j is a window of
    the j-th channel: (N, in, H, W) to (N, out, H', W'), weight (out, in, height, width), and the linear kernel makes it
    `Conv2d` (both faster). stride, padding: as there. weight_init, bias_init, rng, dtype: as `Linear`. Source:
    Wang et al. 2019, Kervolutional Neural Networks, arXiv 1904.03955, who take all channels as one vector.
    ValueError for another name, and for inputs that do not fit.

    >>> layer = KernelLayer(2, 1, kernel="gaussian", weight_init=0.5, bias_init=0.0)
    >>> layer(np.array([[0.5, 0.5], [0.5, 9.5]], np.float32))
    Tensor([[2.],
            [1.]], dtype=float32, op=add)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        kernel: Any = "linear",
        kernel_size: Pair | None = None,
        stride: Pair = 1,
        padding: Pair = 0,
        bias: bool = True,
        *,
        degree: int = 2,
        offset: float = 1.0,
        gamma: float = 1.0,
        weight_init: Any = "torch_uniform",
        bias_init: Any = None,
        rng: Seed = None,
        dtype: Any = np.float32,
    ):
        check_sizes(in_features=in_features, out_features=out_features)
        if not callable(kernel) and kernel not in KERNELS:
            raise ValueError(f"there is no kernel {kernel!r}; there are {', '.join(KERNELS)} and functions k(u, v)")
        self.in_features, self.out_features, self.kernel = int(in_features), int(out_features), kernel
        self.degree, self.offset, self.gamma = degree, offset, gamma
        self.kernel_size = None if kernel_size is None else pair("kernel_size", kernel_size, 1)
        self.stride, self.padding = pair("stride", stride, 1), pair("padding", padding, 0)
        shape = self.out_features, self.in_features, *(self.kernel_size or ())
        weight, start = initial_values(shape, weight_init, bias_init if bias else False, rng, dtype)
        self.weight = Parameter(weight, name="weight")
        self.bias = Parameter(start, name="bias") if bias else None

    def forward(self, x: Any) -> Any:
        vectors = self.weight.reshape(self.out_features, self.in_features, -1)
        if self.kernel_size is None:
            return F.kernel_layer(x[..., None], vectors, self.bias, self._likeness())
        seen = image_windows("KernelLayer", x, self.kernel_size, self.stride, self.padding)
        seen = np.moveaxis(seen.reshape(*seen.shape[:-2], -1), -4, -2)  # the channels to where a place keeps its inputs
        return np.moveaxis(F.kernel_layer(seen, vectors, self.bias, self._likeness()), -1, -3)

    def _likeness(self) -> Any:
        if callable(self.kernel):
            return self.kernel
        function, options = KERNELS[self.kernel]
        return partial(function, **{name: getattr(self, name) for name in options})

    def config(self) -> dict[str, Any]:
        return {
            "in_features": self.in_features, "out_features": self.out_features, "kernel": self.kernel,
            "kernel_size": self.kernel_size and list(self.kernel_size), "stride": list(self.stride),
            "padding": list(self.padding), "bias": self.bias is not None, "degree": self.degree, "offset": self.offset,
            "gamma": self.gamma, "dtype": str(self.weight.dtype),
        }  # fmt: skip

    def extra_repr(self) -> str:
        kernel = self.kernel if callable(self.kernel) else repr(self.kernel)
        said = [str(self.in_features), str(self.out_features), f"kernel={kernel}"]
        if not callable(self.kernel):
            said += [f"{name}={getattr(self, name)}" for name in KERNELS[self.kernel][1]]
        if self.kernel_size is not None:
            said += [f"kernel_size={self.kernel_size}", f"stride={self.stride}", f"padding={self.padding}"]
        return ", ".join([*said, f"bias={self.bias is not None}"])
