"""Activations and layers that the formulas of an exported model call: `to_python` copies their source into the file it writes.

So each is plain NumPy, complete in itself or by others here.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Array = np.ndarray


def sigmoid(x: Array) -> Array:
    e = np.exp(-np.abs(x))  # never above 1, so that nothing overflows
    return np.where(x >= 0, 1, e) / (1 + e)


def softplus(x: Array) -> Array:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def leaky(x: Array, slope: Array) -> Array:
    return np.maximum(x, 0) + slope * np.minimum(x, 0)


def elu(x: Array, alpha: float) -> Array:
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))


def log_softmax(x: Array, axis: int) -> Array:
    y = x - np.max(x, axis=axis, keepdims=True)
    return y - np.log(np.sum(np.exp(y), axis=axis, keepdims=True))


def normal_cdf(x: Array) -> Array:
    return np.vectorize(lambda a: math.erfc(-a / math.sqrt(2)) / 2, otypes=[x.dtype])(x)


def channels(of_each: Array, x: Array) -> Array:
    """One number for each channel, laid along axis 1 of x."""
    return of_each.reshape(-1, *[1] * (x.ndim - 2)) if of_each.size > 1 else of_each


def standardize(x: Array, axes: tuple[int, ...], eps: float) -> Array:
    y = x - np.mean(x, axis=axes, keepdims=True)
    return y / np.sqrt(np.mean(y * y, axis=axes, keepdims=True) + eps)


def windows(x: Array, size: tuple, stride: tuple, padding: tuple, fill: float = 0.0) -> Array:
    """(..., H, W) to (..., H', W', height, width)."""
    around = [(0, 0)] * (x.ndim - 2) + [(n, n) for n in padding]
    seen = sliding_window_view(np.pad(x, around, constant_values=fill), size, (-2, -1))
    return seen[..., :: stride[0], :: stride[1], :, :]


def conv2d(x: Array, weight: Array, stride: tuple, padding: tuple) -> Array:
    seen = windows(x, weight.shape[2:], stride, padding)
    return np.moveaxis(np.tensordot(seen, weight, axes=((-5, -2, -1), (1, 2, 3))), -1, -3)


def kernel_inputs(x: Array, size: tuple, stride: tuple, padding: tuple) -> Array:
    """Windows as vectors: (N, in, H, W) to (N, H', W', in, height·width)."""
    seen = windows(x, size, stride, padding)
    return np.moveaxis(seen.reshape(*seen.shape[:-2], -1), -4, -2)


def flatten(x: Array, start: int, end: int) -> Array:
    start, end = range(x.ndim)[start], range(x.ndim)[end]
    return x.reshape(*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :])
