"""Normalisation layers: signals with mean 0 and variance 1, over a batch or over the features of each sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core import Tensor

from . import functional as F
from .layers import check_sizes
from .module import Module, Parameter


class BatchNorm1d(Module):
    """Each feature with mean 0 and variance 1 over the batch, then ·weight + bias: (N, C) or (N, C, L), shape kept.

    In training, mean and variance are the batch's, and running estimates of them are updated; in evaluation these are
    used, so that a sample's output does not depend on its batch. momentum: weight of the new batch in the estimates,
    None for the plain mean over all batches. affine: learn weight and bias (C,), from 1 and 0. track_running_stats:
    False for the batch's own statistics always. The estimates (running_mean, running_var with the unbiased variance,
    num_batches_tracked) are state: saved and loaded, not trained. eps, names and defaults as in PyTorch. Source: Ioffe &
    Szegedy 2015. ValueError in training for one value per feature, and for other shapes.

    >>> norm = BatchNorm1d(1)
    >>> norm(np.array([[1.0], [3.0]], np.float32)).value.round(3).tolist(), norm.running_mean
    ([[-1.0], [1.0]], Tensor([0.2], dtype=float32, name='running_mean'))
    """

    ranks: tuple[int, ...] = (2, 3)
    layouts = "(N, C) or (N, C, L)"

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype: Any = np.float32,
    ):
        check_sizes(num_features=num_features)
        self.num_features, self.eps, self.momentum = int(num_features), eps, momentum
        self.affine, self.track_running_stats, self.dtype = affine, track_running_stats, np.dtype(dtype).name
        n, track = self.num_features, track_running_stats
        self.weight = Parameter(np.ones(n, dtype), name="weight") if affine else None
        self.bias = Parameter(np.zeros(n, dtype), name="bias") if affine else None
        self.running_mean = Tensor(np.zeros(n, dtype), name="running_mean") if track else None
        self.running_var = Tensor(np.ones(n, dtype), name="running_var") if track else None
        self.num_batches_tracked = Tensor(np.zeros((), np.int64), name="num_batches_tracked") if track else None

    def forward(self, x: Any) -> Any:
        if x.ndim not in self.ranks or x.shape[1] != self.num_features:
            raise ValueError(
                f"{self} was given an input of shape {x.shape}: it takes {self.layouts} with C = {self.num_features}"
            )
        momentum: Any = self.momentum
        if self.training and self.num_batches_tracked is not None:
            seen = self.num_batches_tracked + 1
            momentum = (1 / seen).astype(self.dtype) if momentum is None else momentum
        y = F.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training,
            0.0 if momentum is None else momentum,
            self.eps,
        )
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.data = seen  # at the end: an input that is refused has not been seen
        return y

    def config(self) -> dict[str, Any]:
        settings = ("num_features", "eps", "momentum", "affine", "track_running_stats", "dtype")
        return {name: getattr(self, name) for name in settings}

    def extra_repr(self) -> str:
        settings = ("eps", "momentum", "affine", "track_running_stats")
        return ", ".join([str(self.num_features), *(f"{name}={getattr(self, name)}" for name in settings)])


class BatchNorm2d(BatchNorm1d):
    """Each channel of images with mean 0 and variance 1 over batch and places: (N, C, H, W), else as `BatchNorm1d`."""

    ranks = (4,)
    layouts = "(N, C, H, W)"


class LayerNorm(Module):
    """Each sample with mean 0 and variance 1 over its last axes, then ·weight + bias; the same in training and evaluation.

    normalized_shape: the lengths of these axes, a number for the last one; weight and bias have this shape, from 1 and 0.
    elementwise_affine: learn them; bias False: the weight only. Source: Ba, Kiros & Hinton 2016. ValueError for an input
    whose last axes are others.

    >>> LayerNorm(2)(np.array([[1.0, 3.0], [5.0, 5.0]], np.float32)).value.round(3).tolist()
    [[-1.0, 1.0], [0.0, 0.0]]
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: Any = np.float32,
    ):
        shape = normalized_shape if isinstance(normalized_shape, (tuple, list)) else (normalized_shape,)
        check_sizes(**{f"normalized_shape[{i}]": n for i, n in enumerate(shape)})
        self.normalized_shape, self.eps, self.elementwise_affine = tuple(map(int, shape)), eps, elementwise_affine
        self.dtype = np.dtype(dtype).name
        with_bias = elementwise_affine and bias
        self.weight = Parameter(np.ones(shape, dtype), name="weight") if elementwise_affine else None
        self.bias = Parameter(np.zeros(shape, dtype), name="bias") if with_bias else None

    def forward(self, x: Any) -> Any:
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def config(self) -> dict[str, Any]:
        return {
            "normalized_shape": list(self.normalized_shape), "eps": self.eps, "dtype": self.dtype,
            "elementwise_affine": self.elementwise_affine, "bias": self.bias is not None,
        }  # fmt: skip

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


NORMS: dict[str, Any] = {"batch": BatchNorm1d, "layer": LayerNorm}


def check(norm: Any) -> None:
    """ValueError for a normalisation that an MLP does not know by name."""
    if norm is not None and norm not in NORMS:
        raise ValueError(f"norm is None or one of {', '.join(map(repr, NORMS))}; it is {norm!r}")
