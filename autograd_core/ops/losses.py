"""Losses as single rows: safe for every size of logits, and with their mean or sum in the same row, which saves nodes.

A fused row carries its `definition` in primitives: tests hold the two equal, and Symbols are spelled by it.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from ..op import Op, foreign, row
from .activations import log_softmax, sigmoid, softmax
from .samples import SHAPES, unary
from .shapes import row_sums


@lru_cache(maxsize=16)
def _codes(classes: int, dtype: Any) -> Any:
    """Row k is the code of class k, 1 in place k; below stand zeros, found by negative and by too large numbers."""
    return np.eye(2 * classes, classes, dtype=dtype)


def _one_hot(target: Any, logits: Any) -> Any:
    """Class indices as rows of 0 and 1, in the dtype of the logits; ValueError for shapes that do not go together,
    and for labels that are no class."""
    if logits.ndim != 2 or target.shape != logits.shape[:1]:
        raise ValueError(
            f"logits of shape {logits.shape} and class indices of shape {target.shape} do not go together: "
            "a loss of classes needs logits (n, classes) and indices (n,); reshape them, or give one-hot rows as floats"
        )
    classes = logits.shape[1]
    try:
        if classes > 500 or foreign(target):  # too many to keep a table of codes, or elsewhere
            hot = (target[:, None] == np.arange(classes, like=target)).astype(logits.dtype)
        else:
            hot = _codes(classes, logits.dtype).take(target, axis=0)
        right = np.vdot(hot, hot) == len(hot)
    except IndexError:
        right = False
    if not right:
        raise ValueError(
            f"there are logits for {classes} classes and labels from {np.min(target)} to {np.max(target)}; "
            f"they must be 0 to {classes - 1}: number the classes from 0, or give the network more outputs"
        )
    return hot


one_hot = row(_one_hot, target=None, logits=None, latex="t", text="t", words="a constant has no derivative")


def _reduced(losses: Any, reduction: str) -> Any:
    return losses if reduction == "none" else _of_total(losses.sum(), losses.size, reduction)


def _of_total(total: Any, count: int, reduction: str) -> Any:
    if reduction == "mean":
        return total / (count or 1)
    if reduction == "sum":
        return total
    raise ValueError(f'reduction is "mean", "sum" or "none"; it is {reduction!r}')


def _share(g: Any, count: int, reduction: str) -> Any:
    """What each of `count` losses gets of the gradient of their mean, or of their sum."""
    return g / count if reduction == "mean" else g


def _cross_entropy(logits: Any, target: Any, reduction: str = "none") -> Any:
    t = _one_hot(target, logits)
    p = logits - logits.max(axis=-1, keepdims=True)
    if reduction == "none":
        at_target = p[t == 1]
    else:
        at_target = np.vdot(p, t)  # their sum, in a third of the time of picking them
        if at_target != at_target:  # but 0 · −∞, of a class that is ruled out, is no number
            at_target = p[t == 1].sum()
    np.exp(p, out=p)
    total = row_sums(p)
    p /= total[:, None]
    if reduction == "none":
        return np.log(total) - at_target, p, t
    return _of_total(row_sums(np.log(total)) - at_target, len(p), reduction), p, t


REDUCTION = {"reduction": "none"}


def _ways(*inputs: Any) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    return [(inputs, {"reduction": reduction}) for reduction in ("none", "mean", "sum")]


cross_entropy = row(
    _cross_entropy, params=REDUCTION,
    saved={"p": lambda logits: softmax(logits), "t": lambda target, logits: one_hot(target, logits)},
    logits=lambda g, p, t, reduction: (p - t) * (g[:, None] if reduction == "none" else _share(g, len(p), reduction)),
    target=None,
    definition=lambda logits, target: -log_softmax(logits)[np.arange(len(logits)), target],
    latex=r"-\ln \operatorname{softmax}(logits)_{target}", text="cross_entropy(logits, target)",
    samples=lambda draw: _ways(draw((3, 4)), np.array([1, 0, 3])) + _ways(draw((1, 2)), np.array([1])),
    words="each logit gets its probability, less one at the true class: y − t",
)  # fmt: skip
squared_error = row(
    lambda o, t, reduction="none": _reduced(np.square(o - t), reduction), name="squared_error", params=REDUCTION,
    o=lambda g, o, t, reduction: (o - t) * _share(2 * g, o.size, reduction),
    t=lambda g, o, t, reduction: (t - o) * _share(2 * g, o.size, reduction),
    definition=lambda o, t: (o - t) ** 2, latex="(o - t)^2", binds="^",
    samples=lambda draw: _ways(draw((3, 2)), draw((3, 2))) + _ways(draw(), draw()),
    words="the output is pulled towards the target by twice their distance",
)  # fmt: skip
bce_with_logits = row(
    lambda z, t, reduction="none": _reduced(np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z))), reduction),
    name="bce_with_logits", params=REDUCTION,
    z=lambda g, z, t, reduction: (sigmoid(z) - t) * _share(g, z.size, reduction),
    t=lambda g, z, reduction: -z * _share(g, z.size, reduction),
    definition=lambda z, t: -t * np.log(sigmoid(z)) - (1 - t) * np.log(1 - sigmoid(z)),
    latex=r"-t \ln \sigma(z) - (1 - t) \ln(1 - \sigma(z))", text="bce_with_logits(z, t)",
    samples=lambda draw: _ways(draw((3, 2)), draw((3, 2), 0.1, 0.9)) + _ways(draw(), draw((), 0.1, 0.9)),
    words="the logit gets the difference of output and target: σ(z) − t",
)  # fmt: skip


# --- of probabilities ------------------------------------------------------------------------------------------------


def _checked(p: Any) -> Any:
    """Probabilities as they are; ValueError for what is none. A NaN passes: it is the loss that tells of it."""
    if np.size(p) and (np.min(p) < 0 or np.max(p) > 1):
        raise ValueError(
            f"probabilities lie between 0 and 1; these go from {np.min(p):g} to {np.max(p):g}: "
            "give the output of a sigmoid, or use the loss that takes logits"
        )
    return p


def _at_least(x: Any, bound: float) -> Any:
    return np.where(x < bound, bound, x)


def _bce(p: Any, t: Any) -> Any:
    _checked(p)
    # the logarithms end at −100, as PyTorch's do: a mistake of which the network is certain costs much, but not ∞
    with np.errstate(divide="ignore"):
        return -t * np.maximum(np.log(p), -100) - (1 - t) * np.maximum(np.log1p(-p), -100)


# PyTorch's slopes, which are bounded as well: 1e-12 in float32 first, and as it is one order up
bce_slope = row(
    lambda p, t: (p - t) / _at_least(p * (1 - p), 9.999999960041972e-13), name="bce_slope", elementwise=True,
    p=lambda g, p, t: g * (p * p - 2 * p * t + t) / _at_least(p * (1 - p), 1e-12) ** 2,
    t=lambda g, p: -g / _at_least(p * (1 - p), 1e-12),
    latex=r"\frac{p - t}{p (1 - p)}", text="(p - t) / (p·(1 - p))", binds="*",
    samples=lambda draw: [((draw(s, 0.1, 0.9), draw(s, 0.1, 0.9)), {}) for s in SHAPES],
    words="the slope of the cross-entropy of two probabilities, and its own slopes: (p² − 2pt + t)/(p(1 − p))²",
)  # fmt: skip
bce: Op = row(
    _bce, elementwise=True,
    p=lambda g, p, t: g * bce_slope(p, t),
    t=lambda g, p: g * (bce(p, np.ones_like(p)) - bce(p, np.zeros_like(p))),  # a straight line in t
    definition=lambda p, t: -t * np.log(p) - (1 - t) * np.log(1 - p),
    latex=r"-t \ln p - (1 - t) \ln(1 - p)", text="-t·ln(p) - (1 - t)·ln(1 - p)", binds="+",
    samples=lambda draw: [((draw(s, 0.1, 0.9), draw(s, 0.1, 0.9)), {}) for s in SHAPES],
    words="the probability gets −t/p + (1 − t)/(1 − p), which is (p − t)/(p(1 − p))",
)  # fmt: skip


def exponent(alpha: float) -> float:
    """1 − 1/α, to all digits near α = 1."""
    return (alpha - 1) / alpha if alpha < math.inf else 1.0


def _power(a: Any, alpha: float) -> Any:
    """(1 − 1/α)·a, what e is raised to; it ends below where that would overflow, which it can for α < 1."""
    x, most = a * exponent(alpha), 0.9 * math.log(_limits(a).max)
    return np.where(x > most, most, x)


def _alpha_loss_of_log(a: Any, alpha: float) -> Any:
    return -np.expm1(_power(a, alpha)) / exponent(alpha) if alpha != 1 else -a


def _alpha_loss(p: Any, alpha: float) -> Any:
    y = _alpha_loss_of_log(np.log(_not_0(_checked(p))), alpha)
    return np.where(p > 0, y, 1 / exponent(alpha))[()] if alpha > 1 else y


def _not_0(p: Any, power: float = 1.0) -> Any:
    """0 as the smallest positive number (to a power): an infinite loss would stop all learning."""
    return _at_least(p, float(_limits(p).tiny) ** power)


def _limits(a: Any) -> Any:
    """How large and how small its numbers may be; a Python number counts as float64."""
    return np.finfo(getattr(a, "dtype", float))


alpha_loss_of_log = row(
    _alpha_loss_of_log, elementwise=True, params={"alpha": 2.0}, a=lambda g, a, alpha: -g * np.exp(_power(a, alpha)),
    latex=r"\frac{\alpha}{\alpha - 1} \left(1 - e^{(1 - 1/\alpha) a}\right)", text="alpha_loss(e^a)",
    samples=lambda draw: [case for alpha in (0.7, 1.0, 2.0, math.inf) for case in unary(-3.0, -0.1, alpha=alpha)(draw)],
    words="the log-probability gets minus the probability to the power of 1 − 1/α",
)  # fmt: skip
alpha_loss = row(
    _alpha_loss, elementwise=True, params={"alpha": 2.0},
    p=lambda g, p, alpha: -g * _not_0(p, min(alpha, 1)) ** (-1 / alpha),
    latex=r"\frac{\alpha}{\alpha - 1} \left(1 - p^{1 - 1/\alpha}\right)", text="alpha_loss(p)",
    samples=lambda draw: [case for alpha in (0.7, 1.0, 2.0, math.inf) for case in unary(0.1, 0.9, alpha=alpha)(draw)],
    words="the probability gets minus one over its αth root: −1/p for α = 1, −1 for α = ∞",
)  # fmt: skip

# --- of numbers, of signs and of decisions ---------------------------------------------------------------------------


def _huber(a: Any, delta: float = 1.0) -> Any:
    size = np.abs(a)
    near = np.minimum(size, delta)
    return near * (size - near / 2)


huber = row(
    _huber, elementwise=True, params={"delta": 1.0},
    a=lambda g, a, delta: g * np.where(abs(a) < delta, a, delta * np.sign(a)),
    latex=r"\operatorname{huber}(a)", samples=unary(delta=0.8),
    words="a residual passes on itself, but never more than δ: an outlier pulls like any other",
)  # fmt: skip


def _signs(t: Any) -> Any:
    """Two classes, told as ±1 or as 0 and 1, as ±1."""
    lower = t.min() if t.size else 1
    if lower not in (-1, 0, 1) or not np.all((t == 1) | (t == lower)):
        raise ValueError(
            f"targets of two classes are +1 and −1, or 1 and 0; these go from {lower:g} to {t.max():g}: "
            "for more classes give class indices as integers, one for each row of outputs"
        )
    return 2 * t - 1 if lower == 0 else t


signs = row(_signs, elementwise=True, t=None, latex="t", text="t", words="a constant has no derivative")
zero_one = row(
    lambda o, t: (o.argmax(axis=-1) != t.argmax(axis=-1)).astype(o.dtype), name="zero_one",
    o=lambda o: np.zeros_like(o), t=None, latex=r"[\arg\max o \ne \arg\max t]", text="zero_one(o, t)",
    samples=lambda draw: [((draw((3, 4)), draw((3, 4))), {})],
    words="a decision is constant but for its jumps: no gradient passes, which is why a surrogate is needed",
)  # fmt: skip
