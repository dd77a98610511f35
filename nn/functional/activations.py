"""Activations as functions, of arrays and Tensors alike; each is a row of the table or made of rows."""

from __future__ import annotations

from typing import Any

from autograd_core.ops import activations as rows
from autograd_core.ops import elementwise

relu, sigmoid, tanh, softplus = rows.relu, rows.sigmoid, elementwise.tanh, rows.softplus


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """x where positive, negative_slope·x elsewhere."""
    return rows.leaky_relu(x, slope=negative_slope)


def softmax(x: Any, dim: int = -1) -> Any:
    """Probabilities along an axis, safe for any size of logits.

    >>> import numpy as np
    >>> softmax(np.array([1.0, 10.0, 1000.0]))
    array([0., 0., 1.])
    """
    return rows.softmax(x, axis=dim)


def log_softmax(x: Any, dim: int = -1) -> Any:
    """The logarithm of softmax, without taking the logarithm of what has become 0."""
    return rows.log_softmax(x, axis=dim)
