"""Layers: Linear, Dropout, and Sequential, which applies one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_core.ops.neural import linear

from . import functional as F
from . import init
from .module import Module, Parameter

Seed = int | np.random.Generator | None


def check_sizes(**sizes: Any) -> None:
    """ValueError for a number of units or channels that is not whole or below 1."""
    for name, size in sizes.items():
        if not isinstance(size, (int, np.integer)) or size < 1:
            raise ValueError(f"a layer needs a whole number of units, at least 1; {name} is {size!r}")


def initial_values(shape: tuple[int, ...], weight_init: Any, bias_init: Any, rng: Seed, dtype: Any) -> tuple[Any, Any]:
    """A weight (out, in, *kernel) and a bias (out,), from U(±1/√fan_in) unless said otherwise; False: no bias."""
    rng = np.random.default_rng(rng)
    weight = np.asarray(init.get(weight_init)(shape, rng), dtype)
    if bias_init is False:
        return weight, None
    if bias_init is None:
        return weight, np.asarray(init.torch_uniform(shape, rng).reshape(shape[0], -1)[:, 0], dtype)
    return weight, np.asarray(init.get(bias_init)(shape[:1], rng), dtype)


class Identity(Module):
    """Gives what it gets: the output activation for regression (topic B15)."""

    def forward(self, x: Any) -> Any:
        return x


class Linear(Module):
    """y = x @ weight.T + bias, from the last axis of x: shape (..., in_features) to (..., out_features).

    weight: (out, in), from U(±1/√in) unless `weight_init` says otherwise; bias: (out,), the same or `bias_init`.
    rng: a seed or Generator (None: a fresh one). dtype: float32 or float64. ValueError for a size below 1.

    >>> layer = Linear(3, 2, rng=0)
    >>> layer(np.ones((5, 3), np.float32)).shape, layer
    ((5, 2), Linear(in_features=3, out_features=2, bias=True))
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        weight_init: Any = "torch_uniform",
        bias_init: Any = None,
        rng: Seed = None,
        dtype: Any = np.float32,
    ):
        check_sizes(in_features=in_features, out_features=out_features)
        self.in_features, self.out_features = int(in_features), int(out_features)
        shape = self.out_features, self.in_features
        weight, start = initial_values(shape, weight_init, bias_init if bias else False, rng, dtype)
        # kept as the transpose of a contiguous (in, out) array, so that x @ weight.T multiplies contiguous arrays
        self.weight = Parameter(np.ascontiguousarray(weight.T).T, name="weight")
        self.bias = Parameter(start, name="bias") if bias else None

    def forward(self, x: Any) -> Any:
        try:
            return linear(x, self.weight, self.bias) if self.bias is not None else x @ self.weight.T
        except ValueError as error:
            raise ValueError(
                f"{self} was given an input of shape {x.shape}: its last axis must hold {self.in_features} features"
            ) from error

    def config(self) -> dict[str, Any]:
        sizes = {"in_features": self.in_features, "out_features": self.out_features}
        return {**sizes, "bias": self.bias is not None, "dtype": str(self.weight.dtype)}

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Dropout(Module):
    """In training, zeroes each number with probability p and scales the others by 1/(1 − p); else gives x.

    rng: a seed or Generator, drawn from at every call. Source: Srivastava et al. 2014.

    >>> drop = Dropout(0.5, rng=0)
    >>> drop(np.ones(4, np.float32)), drop.eval()(np.ones(4, np.float32))
    (array([2., 2., 2., 0.], dtype=float32), array([1., 1., 1., 1.], dtype=float32))
    """

    def __init__(self, p: float = 0.5, rng: Seed = None):
        if not 0 <= p < 1:
            raise ValueError(f"p is the probability to drop a unit, 0 <= p < 1; it is {p!r}")
        self.p, self.rng = p, np.random.default_rng(rng)

    def forward(self, x: Any) -> Any:
        return F.dropout(x, self.p, self.training, self.rng)

    def config(self) -> dict[str, Any]:
        return {"p": self.p}

    def extra_repr(self) -> str:
        return f"p={self.p}"


class Sequential(Module):
    """Applies its layers one after the other.

    >>> from autograd_core import nn
    >>> nn.Sequential(nn.Linear(2, 3, rng=0), nn.ReLU(), nn.Linear(3, 1, rng=1))
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
      (2): Linear(in_features=3, out_features=1, bias=True)
    )
    """

    def __init__(self, *layers: Any):
        for i, layer in enumerate(layers):
            if not callable(layer):
                raise TypeError(
                    f"Sequential applies layers; number {i} is a {type(layer).__name__} and cannot be called"
                )
        self.layers = list(layers)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        return ((str(i), layer) for i, layer in enumerate(self.layers) if hasattr(layer, "named_parameters"))

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, i: int) -> Any:
        return self.layers[i]
