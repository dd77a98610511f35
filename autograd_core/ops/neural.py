"""What neural networks ask for beyond NumPy: numerically safe in every range, and fused where that saves the most.

A fused row carries its `definition` in primitives: tests hold the two equal, and Symbols are spelled by it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import row
from .reductions import logsumexp
from .samples import shaped, unary


def _linear(x: Any, weight: Any, bias: Any) -> Any:
    y = x @ weight.T
    y += bias  # in place: y is fresh
    return y


linear = row(
    _linear,
    x=lambda g, weight: g @ weight,
    weight=lambda g, x: (x.reshape(-1, x.shape[-1]).T @ g.reshape(-1, g.shape[-1])).T,
    bias=lambda g: g,
    definition=lambda x, weight, bias: x @ weight.T + bias, latex=r"x weight^\top + bias", binds="+",
    samples=shaped((((2, 3), (4, 3), (4,)), {}), (((5, 2, 3), (4, 3), (4,)), {}), (((1, 1), (1, 1), (1,)), {})),
    words="the weights get the inputs times the gradient, the bias the gradient itself, the inputs the gradient weighted",
)  # fmt: skip

relu = row(
    lambda a: np.maximum(a, 0), name="relu", a=lambda g, y: g * (y > 0), latex=r"\operatorname{relu}(a)",
    samples=unary(0.2, 2.0), words="the gradient passes where the unit is on, and nothing where it is off",
)  # fmt: skip
leaky_relu = row(
    lambda a, slope: np.where(a > 0, a, a * slope), name="leaky_relu", params={"slope": 0.01},
    a=lambda g, a, slope: np.where(a > 0, g, g * slope), latex=r"\operatorname{leaky}(a)",
    samples=unary(slope=0.1), words="the gradient passes whole where the unit is on, scaled by the slope where it is off",
)  # fmt: skip


def _sigmoid(a: Any) -> Any:
    e = np.exp(-np.abs(a))  # never above 1: exp(-a) would overflow on the left, exp(a) on the right
    return np.where(a >= 0, 1, e)[()] / (1 + e)


sigmoid = row(
    _sigmoid, a=lambda g, y: g * (y * (1 - y)), definition=lambda a: 1 / (1 + np.exp(-a)),
    latex=r"\sigma(a)", text="σ(a)", samples=unary(-4.0, 4.0),
    words="the slope of σ is σ·(1 − σ): at most a quarter, and next to nothing where it saturates",
)  # fmt: skip
softplus = row(
    lambda a: np.logaddexp(a, 0), name="softplus", a=lambda g, a: g * sigmoid(a),
    definition=lambda a: np.log(1 + np.exp(a)), latex=r"\ln(1 + e^{a})", samples=unary(-4.0, 4.0),
    words="the slope of ln(1 + eᵘ) is σ(u)",
)  # fmt: skip


def _softmax(a: Any, axis: int = -1) -> Any:
    y = np.exp(a - np.max(a, axis=axis, keepdims=True))
    y /= np.sum(y, axis=axis, keepdims=True)
    return y


softmax = row(
    _softmax, params={"axis": -1},
    a=lambda g, y, axis: y * (g - np.sum(g * y, axis=axis, keepdims=True)),
    definition=lambda a, axis=-1: np.exp(a) / np.sum(np.exp(a), axis=axis, keepdims=True),
    latex=r"\operatorname{softmax}(a)", samples=shaped((((2, 3),), {}), (((2, 3),), {"axis": 0}), (((4,),), {})),
    words="each output depends on all inputs: the slope is y_k(δ_jk − y_j)",
)  # fmt: skip
log_softmax = row(
    lambda a, axis=-1: a - logsumexp(a, axis=axis, keepdims=True), name="log_softmax", params={"axis": -1},
    a=lambda g, y, axis: g - np.exp(y) * np.sum(g, axis=axis, keepdims=True),
    definition=lambda a, axis=-1: a - np.log(np.sum(np.exp(a), axis=axis, keepdims=True)),
    latex=r"\ln \operatorname{softmax}(a)", samples=shaped((((2, 3),), {}), (((2, 3),), {"axis": 0}), (((4,),), {})),
    words="each input gets its own gradient less its probability times the sum of all",
)  # fmt: skip


def _less_one_hot(p: Any, target: Any) -> Any:
    y = p.copy()
    y[np.arange(len(y)), target] -= 1
    return y


less_one_hot = row(
    _less_one_hot, p=lambda g: g, target=None, latex="p - target", binds="+",
    samples=lambda draw: [((draw((3, 4)), np.array([1, 0, 3])), {})],
    words="subtracting a constant hands the gradient on unchanged",
)  # fmt: skip


def _cross_entropy(logits: Any, target: Any) -> Any:
    p = logits - np.max(logits, axis=-1, keepdims=True)
    try:
        picked = p[np.arange(len(p)), target]
        right = np.minimum.reduce(target, initial=0) == 0  # a negative label has picked from the end
    except IndexError:
        right = False
    if not right:
        raise ValueError(
            f"cross_entropy got logits for {logits.shape[-1]} classes and labels from {np.min(target)} to {np.max(target)}; "
            f"they must be 0 to {logits.shape[-1] - 1}: number the classes from 0, or give the network more outputs"
        )
    np.exp(p, out=p)
    total = np.sum(p, axis=-1, keepdims=True)
    p /= total
    return np.log(total[:, 0]) - picked, p


cross_entropy = row(
    _cross_entropy, saved={"p": lambda logits: softmax(logits)},
    logits=lambda g, p, target: g[:, None] * less_one_hot(p, target), target=None,
    definition=lambda logits, target: -log_softmax(logits)[np.arange(len(logits)), target],
    latex=r"-\ln \operatorname{softmax}(logits)_{target}", text="cross_entropy(logits, target)",
    samples=lambda draw: [((draw((3, 4)), np.array([1, 0, 3])), {}), ((draw((1, 2)), np.array([1])), {})],
    words="each logit gets its probability, less one at the true class: y − t",
)  # fmt: skip
bce_with_logits = row(
    lambda z, t: np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z))), name="bce_with_logits",
    z=lambda g, z, t: g * (sigmoid(z) - t), t=lambda g, z: -g * z,
    definition=lambda z, t: -t * np.log(sigmoid(z)) - (1 - t) * np.log(1 - sigmoid(z)),
    latex=r"-t \ln \sigma(z) - (1 - t) \ln(1 - \sigma(z))", text="bce_with_logits(z, t)",
    samples=lambda draw: [((draw(s), draw(s, 0.1, 0.9)), {}) for s in [(), (3,), (2, 3)]],
    words="the logit gets the difference of output and target: σ(z) − t",
)  # fmt: skip
keep_mask = row(
    lambda a, rng, p: (rng.random(a.shape, dtype=a.dtype) >= p) * a.dtype.type(1 / (1 - p)), name="keep_mask",
    params={"rng": None, "p": 0.5}, a=None, latex="m", text="mask",
    words="a random mask, 0 with probability p and 1/(1 − p) otherwise: a constant to its input",
)  # fmt: skip
