"""Where training starts: initial values that keep the variance of signals, or of gradients, from layer to layer.

An initialiser takes a shape (out, in, ...) and a Generator and gives an array; fan_in counts what one output sums
over, fan_out what one input reaches. All draw in float64, so that float32 and float64 models start alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Initializer = Callable[[tuple[int, ...], np.random.Generator], Any]


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """fan_in and fan_out of a weight of shape (out, in, *kernel).

    >>> fans((32, 64)), fans((8, 3, 5, 5))
    ((64, 32), (75, 200))
    """
    kernel = math.prod(shape[2:])
    return (shape[1] if len(shape) > 1 else shape[0]) * kernel, shape[0] * kernel


def torch_uniform(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """U(±1/√fan_in): what PyTorch's Linear starts from, and ours."""
    bound = 1 / math.sqrt(fans(shape)[0])
    return rng.uniform(-bound, bound, shape)


def lecun_normal(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """N(0, 1/fan_in), for SELU and tanh (LeCun et al. 1998, Efficient BackProp)."""
    return rng.normal(0, 1 / math.sqrt(fans(shape)[0]), shape)


def glorot_uniform(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """U(±√(6/(fan_in + fan_out))), for tanh and sigmoid (Glorot & Bengio 2010); PyTorch: xavier_uniform_."""
    bound = math.sqrt(6 / sum(fans(shape)))
    return rng.uniform(-bound, bound, shape)


def glorot_normal(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """N(0, 2/(fan_in + fan_out)) (Glorot & Bengio 2010); PyTorch: xavier_normal_."""
    return rng.normal(0, math.sqrt(2 / sum(fans(shape))), shape)


def he_uniform(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """U(±√(6/fan_in)), for ReLU (He et al. 2015); PyTorch: kaiming_uniform_ with nonlinearity="relu"."""
    bound = math.sqrt(6 / fans(shape)[0])
    return rng.uniform(-bound, bound, shape)


def he_normal(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """N(0, 2/fan_in), for ReLU (He et al. 2015); PyTorch: kaiming_normal_ with nonlinearity="relu"."""
    return rng.normal(0, math.sqrt(2 / fans(shape)[0]), shape)


def constant(value: float) -> Initializer:
    """The same number everywhere, such as 0.01 for the bias of ReLU units, so that none starts dead.

    >>> constant(0.01)((2,), None)
    array([0.01, 0.01])
    """
    return lambda shape, rng: np.full(shape, float(value))


INITIALIZERS: dict[str, Initializer] = {
    f.__name__: f for f in (torch_uniform, lecun_normal, glorot_uniform, glorot_normal, he_uniform, he_normal)
}


def get(initializer: str | float | Initializer) -> Initializer:
    """An initialiser by its name, a number for a constant, or itself; ValueError for a name that is not there."""
    if isinstance(initializer, (int, float)):
        return constant(initializer)
    if isinstance(initializer, str):
        if initializer not in INITIALIZERS:
            raise ValueError(
                f"there is no initialiser {initializer!r}; there are {', '.join(INITIALIZERS)}, numbers and functions"
            )
        return INITIALIZERS[initializer]
    return initializer
