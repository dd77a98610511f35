"""What each module computes in evaluation, as a text of Python in x: the lines of an exported network.

A formula is given the module and a function that gives the text for one of its arrays. What it calls is NumPy's or
stands in portable_layers.py. A line for each step, each of which becomes x.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .functional.activations import SELU_ALPHA, SELU_SCALE

Of = Callable[[str], str]  # the text for an array of the module, by name


def number(value: Any) -> str:
    """A setting as text: only numbers pass, since what stands in the file will run (and may come from another file)."""
    if type(value) in (tuple, list):
        return f"({', '.join(map(number, value))}{',' * (len(value) == 1)})"
    if isinstance(value, (int, float, np.number)) and math.isfinite(value):
        return repr(value.item() if isinstance(value, np.number) else value)
    raise ValueError(f"a setting of a module is {value!r}, which is not a number")


def _linear(m: Any, of: Of) -> str:
    return f"x @ {of('weight')}.T" + (f" + {of('bias')}" if m.bias is not None else "")


def _batch_norm(m: Any, of: Of) -> str:
    scale, shift = (f" * channels({of('weight')}, x)", f" + channels({of('bias')}, x)") if m.affine else ("", "")
    if m.running_mean is None:
        return f"standardize(x, (0, *range(2, x.ndim)), {number(m.eps)}){scale}{shift}"
    return f"(x - channels({of('running_mean')}, x)) / channels(np.sqrt({of('running_var')} + {number(m.eps)}), x){scale}{shift}"


def _layer_norm(m: Any, of: Of) -> str:
    scale = f" * {of('weight')}" if m.weight is not None else ""
    shift = f" + {of('bias')}" if m.bias is not None else ""
    return f"standardize(x, {number(tuple(range(-len(m.normalized_shape), 0)))}, {number(m.eps)}){scale}{shift}"


def _conv2d(m: Any, of: Of) -> str:
    shift = f" + {of('bias')}[:, None, None]" if m.bias is not None else ""
    return f"conv2d(x, {of('weight')}, {number(m.stride)}, {number(m.padding)}){shift}"


def _kernel_layer(m: Any, of: Of) -> str:
    w = f"{of('weight')}.reshape({number((*m.weight.shape[:2], -1))})"
    shift = f" + {of('bias')}" if m.bias is not None else ""
    alike = {
        "linear": f"np.sum({w} * x, -1)",
        "polynomial": f"((np.sum({w} * x, -1) + {number(m.offset)}) ** {number(m.degree)})",
        "gaussian": f"np.exp(-{number(m.gamma)} * np.sum(({w} - x) ** 2, -1))",
    }.get(m.kernel if isinstance(m.kernel, str) else "")
    if alike is None:
        raise ValueError(f"its kernel {m.kernel!r} is a function, and what it computes cannot be seen")
    if m.kernel_size is None:
        return f"x[..., None, :, None]\n{alike}.sum(-1){shift}"
    seen = f"kernel_inputs(x, {number(m.kernel_size)}, {number(m.stride)}, {number(m.padding)})[..., None, :, :]"
    return f"{seen}\nnp.moveaxis({alike}.sum(-1){shift}, -1, -3)"


def _unflatten(m: Any, of: Of) -> str:
    after = "x.ndim" if m.dim == -1 else number(m.dim + 1)
    return f"x.reshape(*x.shape[:{number(m.dim)}], *{number(m.unflattened_size)}, *x.shape[{after}:])"


def _pool(m: Any, fill: str, reduce: str) -> str:
    return f"windows(x, {number(m.kernel_size)}, {number(m.stride)}, {number(m.padding)}, {fill}).{reduce}((-2, -1))"


def _adaptive_relu(m: Any, of: Of) -> str:
    slope = _linear(m, of) if m.weight.ndim else f"x * {of('weight')} + {of('bias')}"
    return f"leaky(x, sigmoid({slope}))"


def _gelu(m: Any, of: Of) -> str:
    if m.approximate == "none":
        return "x * normal_cdf(x)"
    return f"x * sigmoid({math.sqrt(8 / math.pi)} * (x + 0.044715 * x**3))"


FORMULAS: dict[str, Callable[[Any, Of], str]] = {
    "Identity": lambda m, of: "x",
    "Dropout": lambda m, of: "x",
    "AlphaDropout": lambda m, of: "x",
    "Linear": _linear,
    "KernelLayer": _kernel_layer,
    "Conv2d": _conv2d,
    "MaxPool2d": lambda m, of: _pool(m, "-math.inf", "max"),
    "AvgPool2d": lambda m, of: _pool(m, "0.0", "mean"),
    "Flatten": lambda m, of: f"flatten(x, {number(m.start_dim)}, {number(m.end_dim)})",
    "Unflatten": _unflatten,
    "BatchNorm1d": _batch_norm,
    "LayerNorm": _layer_norm,
    "Step": lambda m, of: "np.heaviside(x, 1)",
    "PiecewiseLinear": lambda m, of: "np.clip(x + 0.5, 0, 1)",
    "Sigmoid": lambda m, of: "sigmoid(x)" if m.slope == 1 else f"sigmoid(x * {number(m.slope)})",
    "Tanh": lambda m, of: "np.tanh(x)",
    "Hardtanh": lambda m, of: f"np.clip(x, {number(m.min_val)}, {number(m.max_val)})",
    "Hardsigmoid": lambda m, of: "np.clip(x / 6 + 0.5, 0, 1)",
    "Softsign": lambda m, of: "x / (1 + np.abs(x))",
    "Tanhshrink": lambda m, of: "x - np.tanh(x)",
    "LogSigmoid": lambda m, of: "-softplus(-x)",
    "Softmax": lambda m, of: f"np.exp(log_softmax(x, {number(m.dim)}))",
    "LogSoftmax": lambda m, of: f"log_softmax(x, {number(m.dim)})",
    "ReLU": lambda m, of: "np.maximum(x, 0)",
    "ReLU6": lambda m, of: "np.clip(x, 0, 6)",
    "LeakyReLU": lambda m, of: f"leaky(x, {number(m.negative_slope)})",
    "PReLU": lambda m, of: f"leaky(x, channels({of('weight')}, x))",
    "AdaptiveReLU": _adaptive_relu,
    "ELU": lambda m, of: f"elu(x, {number(m.alpha)})",
    "CELU": lambda m, of: f"{number(m.alpha)} * elu(x / {number(m.alpha)}, 1.0)",
    "SELU": lambda m, of: f"{SELU_SCALE} * elu(x, {SELU_ALPHA})",
    "Softplus": lambda m, of: f"softplus(x * {number(m.beta)}) / {number(m.beta)}" if m.beta != 1 else "softplus(x)",
    "Swish": lambda m, of: f"x * sigmoid(x * {of('beta') if m.learnable else number(m.beta)})",
    "SiLU": lambda m, of: "x * sigmoid(x)",
    "GELU": _gelu,
    "Mish": lambda m, of: "x * np.tanh(softplus(x))",
    "Hardswish": lambda m, of: "x * np.clip(x / 6 + 0.5, 0, 1)",
}
