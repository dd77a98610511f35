"""Rectifiers: x itself on the right, so that gradients pass whole, and on the left various ways not to be dead."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import functional as F
from .layers import check_sizes
from .module import Module, Parameter
from .settings import WithSettings


class ReLU(Module):
    """max(0, x), with slope 1 for x > 0, else 0 (topic B5; Nair & Hinton 2010).

    The first to try, with He's weights. A unit that is off for all samples gets no gradient any more: it has died. A
    small positive bias to start with, bias_init=0.01, keeps units on at first.
    """

    def forward(self, x: Any) -> Any:
        return F.relu(x)


class ReLU6(Module):
    """min(max(0, x), 6), with slope 1 between, bounds included, and 0 outside: for few bits (Krizhevsky 2010).

    At the bounds, where ours is that of np.clip, PyTorch's slope is 0.
    """

    def forward(self, x: Any) -> Any:
        return F.relu6(x)


class LeakyReLU(WithSettings):
    """x where positive, negative_slope·x elsewhere; the slope at 0 is that of the left side (topic B7; Maas et al. 2013).

    Use it where ReLU units die.

    No unit dies. One lecture's chart has negative_slope=0.1.
    """

    def __init__(self, negative_slope: float = 0.01):
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        return F.leaky_relu(x, self.negative_slope)


class PReLU(WithSettings):
    """x where positive, weight·x elsewhere, the slope being learned from `init` on (topic B8; He et al. 2015).

    Use it with data enough to learn the slope.

    num_parameters: 1, or the number of channels (axis 1 of x) for a slope each. Towards the slope the derivative is x
    where the unit is off, else 0. Train it without weight decay, which would pull it to ReLU. ValueError for another
    number of channels.

    >>> prelu = PReLU()
    >>> prelu(np.float32([-1.0, 2.0])).value.tolist(), prelu.weight
    ([-0.25, 2.0], Parameter([0.25], dtype=float32, requires_grad=True, name='weight'))
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: Any = np.float32):
        check_sizes(num_parameters=num_parameters)
        self.num_parameters, self.init, self.dtype = int(num_parameters), init, np.dtype(dtype).name
        self.weight = Parameter(np.full(num_parameters, init, dtype), name="weight")

    def forward(self, x: Any) -> Any:
        n = self.num_parameters
        if n > 1 and (not x.ndim or x.shape[min(1, x.ndim - 1)] != n):
            raise ValueError(f"{self} has a slope for each of {n} channels, axis 1; its input has the shape {x.shape}")
        return F.prelu(x, self.weight)


class AdaptiveReLU(WithSettings):
    """max(α(x)·x, x) with a slope α(x) = σ(weight·x + bias) that a small learned map computes from x (topic B13).

    Use it where one slope for all inputs is too few.

    features: None for one weight and one bias for every number by itself; or the size of the last axis, for
    α(x) = σ(x @ weight.T + bias), in which each unit's slope depends on all. As 0 < α < 1, this is x where positive and
    α(x)·x elsewhere, with α the slope at 0. It starts as PReLU does, with α = ¼ whatever x. Source: the lectures; Chen
    et al. 2020, Dynamic ReLU, has slopes from a wider map. PyTorch has none.

    >>> AdaptiveReLU()(np.float32([-1.0, 2.0])).value.tolist(), AdaptiveReLU(3).weight.shape
    ([-0.25, 2.0], (3, 3))
    """

    def __init__(self, features: int | None = None, *, dtype: Any = np.float32):
        if features is not None:
            check_sizes(features=features)
        self.features, self.dtype = features, np.dtype(dtype).name
        shape = () if features is None else (int(features),)
        self.weight = Parameter(np.zeros(2 * shape, dtype), name="weight")
        self.bias = Parameter(np.full(shape, -math.log(3), dtype), name="bias")  # σ(−ln 3) = ¼

    def forward(self, x: Any) -> Any:
        if self.features is not None and (not x.ndim or x.shape[-1] != self.features):
            raise ValueError(
                f"{self} was given an input of shape {x.shape}: its last axis must hold {self.features} features"
            )
        return F.adaptive_relu(x, self.weight, self.bias)


class ELU(WithSettings):
    """x where positive, alpha·(eˣ − 1) elsewhere; slope 1 and alpha·eˣ (topic B9; Clevert et al. 2016).

    Use it in deep networks without normalisation layers.

    Its mean output is nearer to 0, which brings the gradient nearer to the natural one (topic B18), and on the left it
    saturates at −alpha, which does not pass noise on. With alpha = 1 there is no kink at 0.
    """

    def __init__(self, alpha: float = 1.0):
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        return F.elu(x, self.alpha)


class CELU(WithSettings):
    """x where positive, alpha·(e^(x/alpha) − 1) elsewhere; slope 1 and e^(x/alpha), without a kink for any alpha > 0.

    Use it instead of ELU where alpha is not 1.

    ELU (topic B9), made smooth where alpha is not 1 (Barron 2017).
    """

    def __init__(self, alpha: float = 1.0):
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        return F.celu(x, self.alpha)
