"""Activations that saturate: they squash the whole line between two values, and their slope dies out at both ends.

With them, gradients shrink from layer to layer: k sigmoids multiply it by 0.25ᵏ at most (topic B16).
"""

from __future__ import annotations

from typing import Any

from . import functional as F
from .module import Module
from .settings import WithSettings


class Step(Module):
    """1 for x ≥ 0, else 0: the perceptron's threshold; slope 0 everywhere (topic B1; Rosenblatt 1958).

    For the perceptron rule only: there is nothing to descend along. NumPy and PyTorch: heaviside(x, 1).
    """

    def forward(self, x: Any) -> Any:
        return F.step(x)


class PiecewiseLinear(Module):
    """0 for x ≤ −½, x + ½ between, 1 for x ≥ ½; slope 1 between, bounds included, and 0 outside (topic B2).

    Use it where an exponential costs too much or bounds must be exact.

    An amplifier of gain 1 until it saturates, a sigmoid in three strokes; with ever more gain it becomes Step. PyTorch
    has it as hardtanh(x + 0.5, 0, 1), with slope 0 at the bounds.
    """

    def forward(self, x: Any) -> Any:
        return F.piecewise_linear(x)


class Sigmoid(WithSettings):
    """σ(a·x) = 1/(1 + e^(−a·x)); its slope a·σ(1 − σ) is at most a/4, and next to nothing where it saturates (topic B3).

    For the probability of one of two classes, and for gates. Between layers its outputs, all positive, slow training
    down (topic B17; LeCun et al. 1998, Efficient BackProp). PyTorch's has no slope.

    >>> import numpy as np
    >>> Sigmoid()(np.array([-1e4, 0.0, 1e4])), Sigmoid(slope=2.0)
    (array([0. , 0.5, 1. ]), Sigmoid(slope=2.0))
    """

    def __init__(self, slope: float = 1.0):
        self.slope = slope

    def forward(self, x: Any) -> Any:
        return F.sigmoid(x, self.slope)

    def extra_repr(self) -> str:
        return super().extra_repr() if self.slope != 1 else ""


class Tanh(Module):
    """tanh x = 2σ(2x) − 1, with slope 1 − tanh²x: zero-centred, saturates at both ends (topic B4; LeCun et al. 1998).

    For small networks and smooth functions; start from Glorot's weights.
    """

    def forward(self, x: Any) -> Any:
        return F.tanh(x)


class Hardtanh(WithSettings):
    """x cut off at min_val and max_val; slope 1 between, bounds included, and 0 outside (Collobert 2004).

    Use it where an exponential costs too much or bounds must be exact.

    A tanh in three strokes. At the bounds, where ours is that of np.clip, PyTorch's slope is 0.
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0):
        self.min_val, self.max_val = min_val, max_val

    def forward(self, x: Any) -> Any:
        return F.hardtanh(x, self.min_val, self.max_val)


class Hardsigmoid(Module):
    """0 for x ≤ −3, x/6 + ½ between, 1 for x ≥ 3; slope 1/6 between, bounds included, and 0 outside.

    A sigmoid without exponentials, for small machines (Howard et al. 2019, MobileNetV3).
    """

    def forward(self, x: Any) -> Any:
        return F.hardsigmoid(x)


class Softsign(Module):
    """x/(1 + |x|), with slope 1/(1 + |x|)²: a tanh that saturates more slowly (Glorot & Bengio 2010).

    Use it instead of tanh where units saturate too early.
    """

    def forward(self, x: Any) -> Any:
        return F.softsign(x)


class Tanhshrink(Module):
    """x − tanh x, with slope tanh²x: flat around 0, x ∓ 1 far out; for sparse codes."""

    def forward(self, x: Any) -> Any:
        return F.tanhshrink(x)


class LogSigmoid(Module):
    """ln σ(x) = −ln(1 + e⁻ˣ), with slope σ(−x): the log of a probability from its logit, exact for any size (topic B15)."""

    def forward(self, x: Any) -> Any:
        return F.logsigmoid(x)


class Softmax(WithSettings):
    """y = eˣ / Σ eˣ along an axis: probabilities, each of which depends on all inputs (topic B14; Bridle 1990).

    The Jacobian is y_k(δ_jk − y_j). The greatest x is subtracted first, so that none is too large. For the
    probabilities of K classes (topic B15), but not before CrossEntropyLoss, which takes logits.

    >>> import numpy as np
    >>> Softmax()(np.array([1.0, 10.0, 1000.0]))
    array([0., 0., 1.])
    """

    def __init__(self, dim: int = -1):
        self.dim = dim

    def forward(self, x: Any) -> Any:
        return F.softmax(x, self.dim)


class LogSoftmax(WithSettings):
    """x − ln Σ eˣ along an axis, with the Jacobian δ_jk − softmax(x)_j: for likelihoods (topics B14, C15)."""

    def __init__(self, dim: int = -1):
        self.dim = dim

    def forward(self, x: Any) -> Any:
        return F.log_softmax(x, self.dim)
