"""Activations: the functions between linear layers, without which a stack of them is one linear layer."""

from __future__ import annotations

from typing import Any

from . import functional as F
from .layers import Identity
from .module import Module


class Sigmoid(Module):
    """σ(a·x) = 1/(1 + e^(−a·x)); its slope is at most a/4, and next to nothing where it saturates (topic B3).

    >>> import numpy as np
    >>> Sigmoid()(np.array([-1e4, 0.0, 1e4])), Sigmoid(slope=2.0)
    (array([0. , 0.5, 1. ]), Sigmoid(slope=2.0))
    """

    def __init__(self, slope: float = 1.0):
        self.slope = slope

    def forward(self, x: Any) -> Any:
        return F.sigmoid(x if self.slope == 1 else x * self.slope)

    def config(self) -> dict[str, Any]:
        return {"slope": self.slope}

    def extra_repr(self) -> str:
        return f"slope={self.slope}" if self.slope != 1 else ""


class Tanh(Module):
    """tanh x: zero-centred, saturates at both ends (topic B4)."""

    def forward(self, x: Any) -> Any:
        return F.tanh(x)


class ReLU(Module):
    """max(0, x); its slope at 0 is 0 (topic B5)."""

    def forward(self, x: Any) -> Any:
        return F.relu(x)


class LeakyReLU(Module):
    """x where positive, negative_slope·x elsewhere (topic B7)."""

    def __init__(self, negative_slope: float = 0.01):
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        return F.leaky_relu(x, self.negative_slope)

    def config(self) -> dict[str, Any]:
        return {"negative_slope": self.negative_slope}

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class Softmax(Module):
    """eˣ / Σ eˣ along an axis: probabilities, each of which depends on all inputs (topic B14).

    Not to be put before CrossEntropyLoss, which takes logits.
    """

    def __init__(self, dim: int = -1):
        self.dim = dim

    def forward(self, x: Any) -> Any:
        return F.softmax(x, self.dim)

    def config(self) -> dict[str, Any]:
        return {"dim": self.dim}

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


ACTIVATIONS: dict[str, type[Module]] = {
    "identity": Identity, "sigmoid": Sigmoid, "tanh": Tanh, "relu": ReLU, "leaky_relu": LeakyReLU,
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
