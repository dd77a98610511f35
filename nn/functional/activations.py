"""Activations as functions, of arrays and Tensors alike; each is a row of the table or made of rows.

The class of the same name in `nn` says more: derivative, source, when to use it.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from autograd_core.ops import activations as rows
from autograd_core.ops import elementwise, gaussian, neural

from .layers import linear

functions: Any = np  # as they are dispatched to rows, which NumPy's annotations do not know
relu, tanh, mish = rows.relu, elementwise.tanh, rows.mish

# The only pair with which mean 0 and variance 1 go over into themselves (Klambauer et al. 2017, equation 14)
SELU_ALPHA, SELU_SCALE = 1.6732632423543772848, 1.0507009873554804934


# --- between two values ------------------------------------------------------------------------------------------------


def step(x: Any) -> Any:
    """1 from 0 on, 0 below."""
    return functions.heaviside(x, 1)


def piecewise_linear(x: Any) -> Any:
    """0 up to −½, x + ½ from there to ½, 1 from there on.

    >>> piecewise_linear(np.array([-2.0, -0.25, 0.5]))
    array([0.  , 0.25, 1.  ])
    """
    return functions.clip(x + 0.5, 0, 1)


def sigmoid(x: Any, slope: float = 1.0) -> Any:
    """1/(1 + e^(−slope·x))."""
    return rows.sigmoid(x if slope == 1 else x * slope)


def hardtanh(x: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """x, cut off at both ends."""
    return functions.clip(x, min_val, max_val)


def hardsigmoid(x: Any) -> Any:
    """0 up to −3, x/6 + ½ from there to 3, 1 from there on."""
    return functions.clip(x / 6 + 0.5, 0, 1)


def softsign(x: Any) -> Any:
    """x/(1 + |x|)."""
    return x / (1 + abs(x))


def tanhshrink(x: Any) -> Any:
    """x − tanh x."""
    return x - tanh(x)


def logsigmoid(x: Any) -> Any:
    """ln σ(x), without taking the logarithm of what has become 0.

    >>> logsigmoid(np.array([-1e4, 0.0]))
    array([-1.00000000e+04, -6.93147181e-01])
    """
    return -rows.softplus(-x)


def softmax(x: Any, dim: int = -1) -> Any:
    """Probabilities along an axis, safe for any size of logits.

    >>> softmax(np.array([1.0, 10.0, 1000.0]))
    array([0., 0., 1.])
    """
    return rows.softmax(x, axis=dim)


def log_softmax(x: Any, dim: int = -1) -> Any:
    """The logarithm of softmax, without taking the logarithm of what has become 0."""
    return rows.log_softmax(x, axis=dim)


# --- rectifiers --------------------------------------------------------------------------------------------------------


def relu6(x: Any) -> Any:
    """x, cut off at 0 and 6."""
    return functions.clip(x, 0, 6)


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """x where positive, negative_slope·x elsewhere."""
    return rows.leaky_relu(x, slope=negative_slope)


def prelu(x: Any, weight: Any) -> Any:
    """x where positive, weight·x elsewhere; a weight of several slopes has one for each channel, axis 1 of x.

    >>> prelu(np.array([[-1.0, -1.0]]), np.array([0.25, 0.5]))
    array([[-0.25, -0.5 ]])
    """
    if functions.size(weight) > 1 and functions.ndim(x) > 2:
        weight = weight.reshape(-1, *[1] * (functions.ndim(x) - 2))
    return rows.prelu(x, weight)


def adaptive_relu(x: Any, weight: Any, bias: Any) -> Any:
    """x where positive, α·x elsewhere, with α = σ(x @ weight.T + bias); a weight without axes is a plain factor."""
    return rows.prelu(x, rows.sigmoid(linear(x, weight, bias) if functions.ndim(weight) else x * weight + bias))


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where positive, alpha·(eˣ − 1) elsewhere."""
    return rows.elu(x, alpha=alpha)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """x where positive, alpha·(e^(x/alpha) − 1) elsewhere; ValueError unless alpha > 0."""
    _check_positive(alpha=alpha)
    return alpha * rows.elu(x / alpha)


def selu(x: Any) -> Any:
    """1.0507·x where positive, 1.0507·1.6733·(eˣ − 1) elsewhere."""
    return SELU_SCALE * rows.elu(x, alpha=SELU_ALPHA)


def alpha_dropout(x: Any, p: float = 0.5, training: bool = True, rng: Any = None) -> Any:
    """x with each number sent with probability p to where SELU saturates, and all scaled and shifted so that mean 0 and
    variance 1 stay; x itself unless training."""
    if not training or p == 0:
        return x
    low = -SELU_SCALE * SELU_ALPHA
    scale = 1 / math.sqrt((1 - p) * (1 + p * low**2))
    kept = neural.keep_mask(x, rng=np.random.default_rng(rng), p=p)
    return functions.where(kept, x, low) * scale - p * low * scale


# --- smooth ------------------------------------------------------------------------------------------------------------


def softplus(x: Any, beta: float = 1.0) -> Any:
    """ln(1 + e^(beta·x))/beta; ValueError unless beta > 0."""
    _check_positive(beta=beta)
    return rows.softplus(x) if beta == 1 else rows.softplus(x * beta) / beta


def swish(x: Any, beta: Any = 1.0) -> Any:
    """x·σ(beta·x); beta may be a Tensor."""
    return rows.swish(x, beta)


def silu(x: Any) -> Any:
    """x·σ(x)."""
    return rows.swish(x, 1.0)


def gelu(x: Any, approximate: Literal["none", "tanh"] = "none") -> Any:
    """x·Φ(x), Φ the normal distribution's cdf; "tanh": ½x(1 + tanh(√(2/π)(x + 0.044715x³))). ValueError for other words.

    >>> gelu(np.array([-1.0, 1.0])), gelu(np.array([-1.0, 1.0]), approximate="tanh")
    (array([-0.15865525,  0.84134475]), array([-0.15880801,  0.84119199]))
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f'approximate is "none" for the exact function or "tanh"; it is {approximate!r}')
    if approximate == "none":
        return x * gaussian.normal_cdf(x)
    # ½(1 + tanh u) = σ(2u), without the difference from 1
    return rows.swish(x, math.sqrt(8 / math.pi) * (1 + 0.044715 * x * x))


def hardswish(x: Any) -> Any:
    """x·hardsigmoid(x)."""
    return x * hardsigmoid(x)


def _check_positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f"{name} is divided by and must be above 0; it is {value!r}")
