"""Normalisation, as functions: mean 0 and variance 1 over a batch or over features, then a scale and a shift."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_core import Tensor, no_grad
from autograd_core.ops import neural


def batch_norm(
    x: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Each channel with mean 0 and variance 1, then times weight plus bias (Ioffe & Szegedy 2015).

    x: (N, C) or (N, C, ...). In training (or without running statistics) mean and variance are those of the batch, and
    the running ones are written to: new = (1 − momentum)·old + momentum·batch, with the unbiased variance, as in
    PyTorch. Otherwise the running ones are used. ValueError in training for a single value per channel.

    >>> batch_norm(np.array([[1.0], [3.0]]), training=True, eps=0.0)
    array([[-1.],
           [ 1.]])
    """
    if training or running_mean is None:
        axes = (0, *range(2, x.ndim))
        n = math.prod(x.shape[i] for i in axes)
        if n < 2:
            raise ValueError(
                f"batch normalisation in training needs more than one value per channel, and an input of shape {x.shape} "
                "has one: take a batch size that leaves no batch of one, or switch to model.eval()"
            )
        if training and running_mean is not None:
            with no_grad():  # statistics are no part of the graph
                mean, var = np.mean(x, axis=axes), np.var(x, axis=axes, ddof=1)
                _write(running_mean, (1 - momentum) * running_mean + momentum * mean)
                _write(running_var, (1 - momentum) * running_var + momentum * var)
        y = neural.standardize(x, axis=axes, eps=eps)
    else:
        y = (x - _along(running_mean, x)) * _along(1 / np.sqrt(running_var + eps), x)
    y = y if weight is None else y * _along(weight, x)
    return y if bias is None else y + _along(bias, x)


def layer_norm(x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Each sample with mean 0 and variance 1 over its last axes, then times weight plus bias (Ba, Kiros & Hinton 2016).

    normalized_shape: the lengths of these axes, a number for one. The same in training and evaluation.

    >>> layer_norm(np.array([[1.0, 3.0], [5.0, 5.0]]), 2, eps=1e-12).round(3)
    array([[-1.,  1.],
           [ 0.,  0.]])
    """
    shape = (normalized_shape,) if isinstance(normalized_shape, (int, np.integer)) else tuple(normalized_shape)
    if x.shape[-len(shape) :] != shape:
        raise ValueError(f"layer_norm over axes of {shape} got an input of shape {x.shape}, whose last axes are others")
    y = neural.standardize(x, axis=tuple(range(-len(shape), 0)), eps=eps)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def _along(of_channels: Any, x: Any) -> Any:
    """A number for each channel, laid along the channels of x."""
    return of_channels if x.ndim == 2 else of_channels.reshape(-1, *(1,) * (x.ndim - 2))


def _write(running: Any, numbers: Any) -> None:
    if isinstance(running, Tensor):
        running.data = numbers
    else:
        running[...] = numbers
