"""Kernels: functions k(u, v) of two vectors that measure how alike they are, and the layer that sums them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Kernel = Callable[[Any, Any], Any]


def linear_kernel(u: Any, v: Any) -> Any:
    """u·v over the last axis: with it a kernel layer is linear, and the one of images is convolution."""
    return np.sum(u * v, axis=-1)


def polynomial_kernel(u: Any, v: Any, degree: int = 2, offset: float = 1.0) -> Any:
    """(u·v + offset)^degree over the last axis: products of up to `degree` of the inputs (scikit-learn: coef0)."""
    return (linear_kernel(u, v) + offset) ** degree


def gaussian_kernel(u: Any, v: Any, gamma: float = 1.0) -> Any:
    """exp(−gamma·‖u − v‖²) over the last axis: 1 where the two are equal, 0 far away (scikit-learn: rbf_kernel).

    >>> gaussian_kernel(np.zeros(2), np.array([[0.0, 0.0], [100.0, 0.0]]))
    array([1., 0.])
    """
    apart = u - v  # not from the three products of u and v, which would cancel where they are alike
    return np.exp(-gamma * np.sum(apart * apart, axis=-1))


def kernel_layer(x: Any, weight: Any, bias: Any = None, kernel: Kernel = linear_kernel) -> Any:
    """Y_i = B_i + Σ_j k(K_ij, X_j) (topic C19).

    x: (..., in, d), the vectors X_j. weight: (out, in, d), the vectors K_ij. bias: (out,) or None. Gives (..., out).

    >>> kernel_layer(np.array([[1.0], [2.0]]), np.array([[[3.0], [4.0]]]), kernel=polynomial_kernel)
    array([97.])
    """
    if x.ndim < 2 or x.shape[-2:] != weight.shape[1:]:
        count, length = weight.shape[1:]
        raise ValueError(
            f"this kernel layer compares {count} inputs of {length} numbers each with its kernels; it was given "
            f"{' × '.join(map(str, x.shape[-2:])) or 'one number'}"
        )
    y = kernel(weight, x[..., None, :, :]).sum(axis=-1)
    return y if bias is None else y + bias
