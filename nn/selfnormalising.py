"""Self-normalising networks: SELU, and a dropout that goes with it, keep signals at mean 0 and variance 1 by themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import functional as F
from .layers import Seed
from .module import Module


class SELU(Module):
    """λ·x where positive, λ·α·(eˣ − 1) elsewhere, λ = 1.0507, α = 1.6733; slope λ and λ·α·eˣ (topic B10).

    With weights from N(0, 1/fan_in) and inputs of mean 0 and variance 1, all layers' signals stay so, however many.
    For deep networks without normalisation layers: weight_init="lecun_normal", bias_init=0.0, AlphaDropout in place
    of Dropout. Source: Klambauer et al. 2017.
    """

    def forward(self, x: Any) -> Any:
        return F.selu(x)


class AlphaDropout(Module):
    """In training, sends each number with probability p to −λα, where SELU saturates, then scales and shifts; else gives x.

    Use it with SELU, in place of Dropout.

    With α' = −λα, y = a·(x or α') + b, where a = ((1 − p)(1 + p·α'²))^(−½) and b = −a·p·α' keep mean 0 and variance 1,
    which Dropout does not (topic B10). The slope is a where x was kept, else 0. rng: a seed or Generator.
    ValueError unless 0 ≤ p < 1. Source: Klambauer et al. 2017.

    >>> AlphaDropout(0.5, rng=0)(np.zeros(4)).round(3), AlphaDropout(0.5).eval()(np.zeros(2))
    (array([ 0.779, -0.779, -0.779, -0.779]), array([0., 0.]))
    """

    def __init__(self, p: float = 0.5, rng: Seed = None):
        if not 0 <= p < 1:
            raise ValueError(f"p is the probability to drop a unit, 0 <= p < 1; it is {p!r}")
        self.p, self.rng = p, np.random.default_rng(rng)

    def forward(self, x: Any) -> Any:
        return F.alpha_dropout(x, self.p, self.training, self.rng)

    def config(self) -> dict[str, Any]:
        return {"p": self.p}

    def extra_repr(self) -> str:
        return f"p={self.p}"
