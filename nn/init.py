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
    """N(0, 1/fan_in), for SELU (topic B10) and tanh (LeCun et al. 1998, Efficient BackProp; PyTorch: kaiming_normal_
    with nonlinearity="linear")."""
    return rng.normal(0, 1 / math.sqrt(fans(shape)[0]), shape)


def lecun_uniform(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """U(±√(3/fan_in)), of the same variance as lecun_normal (PyTorch: kaiming_uniform_ with nonlinearity="linear")."""
    return _uniform(1 / math.sqrt(fans(shape)[0]), shape, rng)


def glorot_uniform(shape: tuple[int, ...], rng: np.random.Generator, gain: float = 1.0) -> Any:
    """U(±gain·√(6/(fan_in + fan_out))), for tanh and sigmoid (Glorot & Bengio 2010); PyTorch: xavier_uniform_."""
    return _uniform(gain * math.sqrt(2 / sum(fans(shape))), shape, rng)


def glorot_normal(shape: tuple[int, ...], rng: np.random.Generator, gain: float = 1.0) -> Any:
    """N(0, gain²·2/(fan_in + fan_out)) (Glorot & Bengio 2010); PyTorch: xavier_normal_."""
    return rng.normal(0, gain * math.sqrt(2 / sum(fans(shape))), shape)


def he_uniform(shape: tuple[int, ...], rng: np.random.Generator, slope: float = 0.0, mode: str = "fan_in") -> Any:
    """U(±√(6/((1 + slope²)·fan_in))), for ReLU, or for LeakyReLU and PReLU with that slope (He et al. 2015).

    mode: "fan_in" keeps the variance of signals, "fan_out" that of gradients. PyTorch: kaiming_uniform_, slope is a=.

    >>> from autograd_core import nn
    >>> from functools import partial
    >>> layer = nn.Linear(3, 2, weight_init=partial(he_uniform, slope=0.1))
    """
    return _uniform(_he(shape, slope, mode), shape, rng)


def he_normal(shape: tuple[int, ...], rng: np.random.Generator, slope: float = 0.0, mode: str = "fan_in") -> Any:
    """N(0, 2/((1 + slope²)·fan_in)), otherwise as he_uniform (He et al. 2015); PyTorch: kaiming_normal_."""
    return rng.normal(0, _he(shape, slope, mode), shape)


def orthogonal(shape: tuple[int, ...], rng: np.random.Generator, gain: float = 1.0) -> Any:
    """gain times a random matrix with orthonormal rows, or columns if there are fewer: all lengths, or as many as can be,
    are kept through linear layers (Saxe et al. 2014); PyTorch: orthogonal_. ValueError for a vector."""
    if len(shape) < 2:
        raise ValueError(f"orthogonal weights need two axes, (out, in); the shape is {shape}")
    rows, columns = shape[0], math.prod(shape[1:])
    q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))  # so that all directions are equally likely
    return gain * (q if rows >= columns else q.T).reshape(shape)


def zeros(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """All 0: for biases. Units with equal weights stay equal, so never for the weights of hidden layers."""
    return np.zeros(shape)


def small_positive(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """0.01 everywhere: for the biases of ReLU units, so that none starts dead (topic B5)."""
    return np.full(shape, 0.01)


def constant(value: float) -> Initializer:
    """The same number everywhere, such as 0.1 for biases; PyTorch: constant_.

    >>> constant(0.1)((2,), None)
    array([0.1, 0.1])
    """
    return lambda shape, rng: np.full(shape, float(value))


def uniform(low: float = 0.0, high: float = 1.0) -> Initializer:
    """U(low, high), whatever the fans; PyTorch: uniform_."""
    return lambda shape, rng: rng.uniform(low, high, shape)


def normal(mean: float = 0.0, std: float = 1.0) -> Initializer:
    """N(mean, std²), whatever the fans; PyTorch: normal_."""
    return lambda shape, rng: rng.normal(mean, std, shape)


GAINS = {"linear": 1.0, "identity": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "selu": 1.0}
SLOPES = {"relu": 0.0, "leaky_relu": 0.01, "prelu": 0.25}  # on the left, where not said otherwise


def gain(nonlinearity: str, slope: float | None = None) -> float:
    """What weights are multiplied by so that the nonlinearity behind them keeps the size of signals (topic D7).

    slope: that of "leaky_relu" (0.01) or "prelu" (0.25). PyTorch: calculate_gain, which has 3/4 for "selu" for the sake
    of gradients; here it is 1, with which SELU keeps variance 1. ValueError for a name that is not there.

    >>> gain("relu"), gain("leaky_relu", 1.0)
    (1.4142135623730951, 1.0)
    """
    if nonlinearity in SLOPES:
        return math.sqrt(2 / (1 + (SLOPES[nonlinearity] if slope is None else slope) ** 2))
    if nonlinearity not in GAINS:
        raise ValueError(f"there is no gain for {nonlinearity!r}; there are {', '.join([*GAINS, *SLOPES])}")
    return GAINS[nonlinearity]


def _uniform(std: float, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    return rng.uniform(-math.sqrt(3) * std, math.sqrt(3) * std, shape)


def _he(shape: tuple[int, ...], slope: float, mode: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'mode is "fan_in" or "fan_out"; it is {mode!r}')
    return gain("leaky_relu", slope) / math.sqrt(fans(shape)[mode == "fan_out"])


INITIALIZERS: dict[str, Initializer] = {
    f.__name__: f
    for f in (
        torch_uniform, lecun_normal, lecun_uniform, glorot_uniform, glorot_normal, he_uniform, he_normal,
        orthogonal, zeros, small_positive,
    )
}  # fmt: skip


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
