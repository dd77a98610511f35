"""Activations: the functions between linear layers, without which a stack of them is one linear layer.

By theme: nn/saturating.py, nn/rectifiers.py, nn/gated.py, nn/selfnormalising.py. Here they are found by name.
"""

from __future__ import annotations

from typing import Any

from .gated import GELU, Hardswish, Mish, SiLU, Softplus, Swish
from .layers import Identity
from .module import Module
from .rectifiers import CELU, ELU, AdaptiveReLU, LeakyReLU, PReLU, ReLU, ReLU6
from .saturating import (
    Hardsigmoid,
    Hardtanh,
    LogSigmoid,
    LogSoftmax,
    PiecewiseLinear,
    Sigmoid,
    Softmax,
    Softsign,
    Step,
    Tanh,
    Tanhshrink,
)
from .selfnormalising import SELU

ACTIVATIONS: dict[str, type[Module]] = {
    "identity": Identity, "sigmoid": Sigmoid, "tanh": Tanh, "relu": ReLU, "leaky_relu": LeakyReLU, "prelu": PReLU,
    "adaptive_relu": AdaptiveReLU, "relu6": ReLU6, "elu": ELU, "celu": CELU, "selu": SELU, "softplus": Softplus,
    "swish": Swish, "silu": SiLU, "gelu": GELU, "mish": Mish, "hardswish": Hardswish, "step": Step,
    "piecewise_linear": PiecewiseLinear, "hardtanh": Hardtanh, "hardsigmoid": Hardsigmoid, "softsign": Softsign,
    "tanhshrink": Tanhshrink, "logsigmoid": LogSigmoid, "softmax": Softmax, "log_softmax": LogSoftmax,
}  # fmt: skip


def get(activation: Any) -> Any:
    """An activation by name, class or as it is; ValueError for a name that is not there.

    >>> get("relu"), get(Tanh)
    (ReLU(), Tanh())
    """
    if isinstance(activation, str):
        if activation not in ACTIVATIONS:
            raise ValueError(f"there is no activation {activation!r}; there are {', '.join(ACTIVATIONS)}")
        return ACTIVATIONS[activation]()
    if not callable(activation):
        raise TypeError(f"an activation is a name, a module or a function, not {activation!r}")
    return activation() if isinstance(activation, type) else activation
