"""Smooth activations: softplus, which is a rectifier with its corner rounded off, and x times a gate between 0 and 1.

The gated ones dip below 0 on the left before they die out: they are not monotonous.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from . import functional as F
from .module import Module, Parameter
from .settings import WithSettings


class Softplus(WithSettings):
    """ln(1 + e^(beta·x))/beta, with slope σ(beta·x): the sharper beta, the nearer to ReLU (topic B6; Dugas et al. 2001).

    For outputs that must be positive, such as a scale. PyTorch's is cut to x from beta·x = 20 on; ours needs no cut.
    """

    def __init__(self, beta: float = 1.0):
        self.beta = beta

    def forward(self, x: Any) -> Any:
        return F.softplus(x, self.beta)


class Swish(WithSettings):
    """x·σ(β·x), with slope σ + β·x·σ(1 − σ): between x/2 for β = 0 and ReLU for large β (topic B11).

    learnable: β is trained, from `beta` on; its derivative is x²·σ(1 − σ). For deep networks, instead of ReLU. Source:
    Ramachandran et al. 2017. PyTorch has it with β = 1 only, as SiLU.

    >>> Swish(beta=2.0), list(Swish(learnable=True).parameters())
    (Swish(beta=2.0, learnable=False), [Parameter(1., dtype=float32, requires_grad=True, name='beta')])
    """

    def __init__(self, beta: float = 1.0, learnable: bool = False, *, dtype: Any = np.float32):
        self.learnable, self.dtype = learnable, np.dtype(dtype).name
        self.beta: Any = Parameter(np.full((), beta, dtype), name="beta") if learnable else beta

    def forward(self, x: Any) -> Any:
        return F.swish(x, self.beta)


class SiLU(Module):
    """x·σ(x), with slope σ + x·σ(1 − σ): Swish with β = 1 (topic B11; Elfwing et al. 2018).

    Use it in deep networks instead of ReLU.
    """

    def forward(self, x: Any) -> Any:
        return F.silu(x)


class GELU(WithSettings):
    """x·Φ(x), with slope Φ + x·φ, Φ and φ being the normal distribution's cdf and density (topic B12).

    approximate: "none", exact, or "tanh" for ½x(1 + tanh(√(2/π)(x + 0.044715x³))), within 5·10⁻⁴ of it and faster.
    Where transformers have ReLU. Source: Hendrycks & Gimpel 2016. ValueError for another word.
    """

    def __init__(self, approximate: Literal["none", "tanh"] = "none"):
        F.gelu(np.zeros(0), approximate)  # complains here rather than in the first pass
        self.approximate: Literal["none", "tanh"] = approximate

    def forward(self, x: Any) -> Any:
        return F.gelu(x, self.approximate)


class Mish(Module):
    """x·t with t = tanh(ln(1 + eˣ)), with slope t + x·(1 − t²)·σ(x): a smooth kin of swish (topic B11; Misra 2019).

    Use it as SiLU, at a little more cost.
    """

    def forward(self, x: Any) -> Any:
        return F.mish(x)


class Hardswish(Module):
    """x·min(max(x/6 + ½, 0), 1), with slope x/3 + ½ for −3 ≤ x ≤ 3, else 0 or 1: a swish in three strokes (topic B11).

    For small machines (Howard et al. 2019, MobileNetV3). At x = 3 the slope of ours is that of the middle, 3/2;
    PyTorch's is 1.
    """

    def forward(self, x: Any) -> Any:
        return F.hardswish(x)
