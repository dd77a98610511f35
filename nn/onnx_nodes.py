"""What each module is in ONNX: a row for each, which adds its nodes to the graph and gives the name of their output.

ONNX has most layers and activations by name; the others are made of its arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .functional.activations import SELU_ALPHA, SELU_SCALE

if TYPE_CHECKING:
    from .onnx import Graph, Wire


def _linear(g: Graph, m: Any, x: Wire) -> str:
    if x.sample.ndim == 2:
        return g("Gemm", x.name, m.weight, *([m.bias] if m.bias is not None else []), transB=1)
    y = g("MatMul", x.name, np.ascontiguousarray(m.weight.value.T))
    return g("Add", y, m.bias) if m.bias is not None else y


def _standardize(g: Graph, x: str, axes: list[int], eps: float) -> str:
    centred = g("Sub", x, g("ReduceMean", x, axes))
    variance = g("ReduceMean", g("Mul", centred, centred), axes)
    return g("Div", centred, g("Sqrt", g("Add", variance, float(eps))))


def _batch_norm(g: Graph, m: Any, x: Wire) -> str:
    ones = np.ones(m.num_features, np.float32)
    weight, bias = (m.weight, m.bias) if m.affine else (ones, 0 * ones)
    if m.running_mean is not None:
        return g("BatchNormalization", x.name, weight, bias, m.running_mean, m.running_var, epsilon=float(m.eps))
    y = _standardize(g, x.name, [0, *range(2, x.sample.ndim)], m.eps)
    if not m.affine:
        return y
    along = (-1, *[1] * (x.sample.ndim - 2))
    return g("Add", g("Mul", y, m.weight.value.reshape(along)), m.bias.value.reshape(along))


def _layer_norm(g: Graph, m: Any, x: Wire) -> str:
    weight = m.weight if m.weight is not None else np.ones(m.normalized_shape, np.float32)
    bias = [m.bias] if m.bias is not None else []
    return g("LayerNormalization", x.name, weight, *bias, axis=-len(m.normalized_shape), epsilon=float(m.eps))


def _frame(m: Any) -> dict[str, Any]:
    return {"kernel_shape": list(m.kernel_size), "strides": list(m.stride), "pads": [*m.padding, *m.padding]}


def _images(x: Wire) -> None:
    if x.sample.ndim != 4:
        raise ValueError(f"ONNX takes images as (N, C, H, W); here arrives {x.sample.ndim - 1}-dimensional data")


def _conv2d(g: Graph, m: Any, x: Wire) -> str:
    _images(x)
    return g("Conv", x.name, m.weight, *([m.bias] if m.bias is not None else []), **_frame(m))


def _pool(g: Graph, m: Any, x: Wire, op: str, **more: Any) -> str:
    _images(x)
    return g(op, x.name, **_frame(m), **more)


def _kernel_layer(g: Graph, m: Any, x: Wire) -> str:
    """Inputs as vectors (..., in, d), weights (out, in, d); windows are cut out by a convolution with ones and zeros."""
    weight, (n_out, n_in) = m.weight.value.reshape(*m.weight.shape[:2], -1), m.weight.shape[:2]
    if callable(m.kernel):
        raise ValueError(f"its kernel {m.kernel!r} is a function, and what it computes cannot be seen")
    if m.kernel_size is None:
        v = g("Unsqueeze", x.name, [-3, -1])  # (..., 1, in, 1)
        end: list[int] = []
    else:
        _images(x)
        d = math.prod(m.kernel_size)
        cut = np.tile(np.eye(d, dtype=np.float32).reshape(d, 1, *m.kernel_size), (n_in, 1, 1, 1))
        seen = g("Conv", x.name, cut, group=n_in, **_frame(m))
        v = g("Reshape", seen, [0, 1, n_in, d, *m(x.sample).shape[-2:]])
        weight, end = weight[..., None, None], [1, 1]
    axis = -1 - len(end)
    if m.kernel == "gaussian":
        apart = g("Sub", v, weight)
        y = g("Exp", g("Mul", g("ReduceSum", g("Mul", apart, apart), [axis], keepdims=0), -float(m.gamma)))
    else:
        y = g("ReduceSum", g("Mul", v, weight), [axis], keepdims=0)
        if m.kernel == "polynomial":
            y = g("Pow", g("Add", y, float(m.offset)), float(m.degree))
    y = g("ReduceSum", y, [axis], keepdims=0)
    return g("Add", y, m.bias.value.reshape(n_out, *end)) if m.bias is not None else y


def _reshape(g: Graph, m: Any, x: Wire) -> str:
    """The first axis, that of the batch, is the one whose length is not known."""
    after, dim = m(x.sample).shape, getattr(m, "dim", 1)
    if dim % x.sample.ndim == 0:
        raise ValueError("it takes the axis of the batch apart, whose length is not known")
    whole = after[0] == len(x.sample)
    return g("Reshape", x.name, [0 if whole else -1, *after[1:]])


def _prelu(g: Graph, m: Any, x: Wire) -> str:
    return g("PRelu", x.name, m.weight.value.reshape(-1, *[1] * max(x.sample.ndim - 2, 0)))


def _adaptive_relu(g: Graph, m: Any, x: Wire) -> str:
    inner = _linear(g, m, x) if m.weight.ndim else g("Add", g("Mul", x.name, m.weight), m.bias)
    return g("PRelu", x.name, g("Sigmoid", inner))


def _clip(g: Graph, x: str, low: float, high: float) -> str:
    return g("Clip", x, float(low), float(high))


def _scaled(g: Graph, x: str, factor: Any) -> str:
    plain = not hasattr(factor, "value") and factor == 1
    return x if plain else g("Mul", x, factor if hasattr(factor, "value") else float(factor))


NODES: dict[str, Callable[[Graph, Any, Wire], str]] = {
    "Identity": lambda g, m, x: x.name,
    "Dropout": lambda g, m, x: x.name,
    "AlphaDropout": lambda g, m, x: x.name,
    "Linear": _linear,
    "KernelLayer": _kernel_layer,
    "Conv2d": _conv2d,
    "MaxPool2d": lambda g, m, x: _pool(g, m, x, "MaxPool"),
    "AvgPool2d": lambda g, m, x: _pool(g, m, x, "AveragePool", count_include_pad=1),
    "Flatten": _reshape,
    "Unflatten": _reshape,
    "BatchNorm1d": _batch_norm,
    "LayerNorm": _layer_norm,
    "Step": lambda g, m, x: g("Cast", g("GreaterOrEqual", x.name, 0.0), to=1),
    "PiecewiseLinear": lambda g, m, x: _clip(g, g("Add", x.name, 0.5), 0, 1),
    "Sigmoid": lambda g, m, x: g("Sigmoid", _scaled(g, x.name, m.slope)),
    "Tanh": lambda g, m, x: g("Tanh", x.name),
    "Hardtanh": lambda g, m, x: _clip(g, x.name, m.min_val, m.max_val),
    "Hardsigmoid": lambda g, m, x: g("HardSigmoid", x.name, alpha=1 / 6, beta=0.5),
    "Softsign": lambda g, m, x: g("Softsign", x.name),
    "Tanhshrink": lambda g, m, x: g("Sub", x.name, g("Tanh", x.name)),
    "LogSigmoid": lambda g, m, x: g("Neg", g("Softplus", g("Neg", x.name))),
    "Softmax": lambda g, m, x: g("Softmax", x.name, axis=int(m.dim)),
    "LogSoftmax": lambda g, m, x: g("LogSoftmax", x.name, axis=int(m.dim)),
    "ReLU": lambda g, m, x: g("Relu", x.name),
    "ReLU6": lambda g, m, x: _clip(g, x.name, 0, 6),
    "LeakyReLU": lambda g, m, x: g("LeakyRelu", x.name, alpha=float(m.negative_slope)),
    "PReLU": _prelu,
    "AdaptiveReLU": _adaptive_relu,
    "ELU": lambda g, m, x: g("Elu", x.name, alpha=float(m.alpha)),
    "CELU": lambda g, m, x: g("Celu", x.name, alpha=float(m.alpha)),
    "SELU": lambda g, m, x: g("Selu", x.name, alpha=SELU_ALPHA, gamma=SELU_SCALE),
    "Softplus": lambda g, m, x: _scaled(g, g("Softplus", _scaled(g, x.name, m.beta)), 1 / m.beta),
    "Swish": lambda g, m, x: g("Mul", x.name, g("Sigmoid", _scaled(g, x.name, m.beta))),
    "SiLU": lambda g, m, x: g("Mul", x.name, g("Sigmoid", x.name)),
    "GELU": lambda g, m, x: g("Gelu", x.name, approximate=m.approximate),
    "Mish": lambda g, m, x: g("Mish", x.name),
    "Hardswish": lambda g, m, x: g("HardSwish", x.name),
}
