"""The multilayer perceptron: linear layers with an activation between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from . import activations, normalisation
from .layers import Dropout, Linear, Seed, Sequential


class MLP(Sequential):
    """Linear layers of the given sizes with an activation after each but the last; no hidden layer is a regression.

    sizes: units from input to output. activation: a name, a class or a function. dropout: probability after each
    activation. norm: None, "batch" (BatchNorm1d) or "layer" (LayerNorm), between each hidden layer and its activation.
    rng: a seed or Generator for initial weights and dropout. weight_init, bias_init, dtype: as Linear. ValueError for
    fewer than two sizes, a size below 1 or another norm.

    >>> print(MLP([64, 32, 10], activation="relu", rng=0).summary())
    layer                                                  output       parameters
    ------------------------------------------------------------------------------
    0: Linear(in_features=64, out_features=32, bias=True)  (batch, 32)       2,080
    1: ReLU()                                              (batch, 32)           0
    2: Linear(in_features=32, out_features=10, bias=True)  (batch, 10)         330
    ------------------------------------------------------------------------------
    total                                                                    2,410
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Any = "relu",
        dropout: float = 0.0,
        norm: str | None = None,
        *,
        weight_init: Any = "torch_uniform",
        bias_init: Any = None,
        rng: Seed = 0,
        dtype: Any = np.float32,
    ):
        if len(sizes) < 2:
            raise ValueError(
                f"an MLP needs the sizes of its input and its output at least, like [64, 32, 10]; got {list(sizes)}"
            )
        normalisation.check(norm)
        rng = np.random.default_rng(rng)
        self.sizes, self.activation, self.dropout, self.norm = [int(s) for s in sizes], activation, dropout, norm
        layers: list[Any] = []
        for i, (n_in, n_out) in enumerate(pairwise(sizes)):
            layers.append(Linear(n_in, n_out, weight_init=weight_init, bias_init=bias_init, rng=rng, dtype=dtype))
            if i < len(sizes) - 2:
                if norm is not None:
                    layers.append(normalisation.NORMS[norm](n_out, dtype=dtype))
                layers.append(activations.get(activation))
                if dropout:
                    layers.append(Dropout(dropout, rng=rng))
        super().__init__(*layers)

    def config(self) -> dict[str, Any]:
        return {
            "sizes": self.sizes,
            "activation": self.activation,
            "dropout": self.dropout,
            "norm": self.norm,
            "dtype": str(self[0].weight.dtype),
        }
