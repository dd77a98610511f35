"""What neural networks ask for beyond NumPy: numerically safe in every range, and fused where that saves the most.

A fused row carries its `definition` in primitives: tests hold the two equal, and Symbols are spelled by it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..op import foreign, row
from .reductions import largest
from .samples import shaped, unary
from .shapes import row_sums


def _linear(x: Any, weight: Any, bias: Any) -> Any:
    if not x.ndim:
        raise ValueError("linear maps vectors; x is a single number")
    y = x.dot(weight.T)  # half the time of x @ weight.T on small matrices
    y += bias  # in place: y is fresh
    return y


def _table(a: Any) -> Any:
    """Samples as rows, whatever the number of axes they are laid out in."""
    return a if a.ndim == 2 else a.reshape(-1, a.shape[-1])


linear = row(
    _linear,
    x=lambda g, weight: g.dot(weight),
    weight=lambda g, x: _table(x).T.dot(_table(g)).T,
    bias=lambda g: g,
    definition=lambda x, weight, bias: x @ weight.T + bias, latex=r"x weight^\top + bias", binds="+",
    samples=shaped((((2, 3), (4, 3), (4,)), {}), (((5, 2, 3), (4, 3), (4,)), {}), (((1, 1), (1, 1), (1,)), {})),
    words="the weights get the inputs times the gradient, the bias the gradient itself, the inputs the gradient weighted",
)  # fmt: skip

relu = row(
    # y is never negative, so its sign is the step from 0 to 1, in the dtype of y: y > 0 would mix truth values in
    lambda a: np.maximum(a, 0), name="relu", elementwise=True, a=lambda g, y: g * np.sign(y), latex=r"\operatorname{relu}(a)",
    samples=unary(0.2, 2.0), words="the gradient passes where the unit is on, and nothing where it is off",
)  # fmt: skip
leaky_relu = row(
    lambda a, slope: np.where(a > 0, a, a * slope), name="leaky_relu", elementwise=True, params={"slope": 0.01},
    a=lambda g, a, slope: np.where(a > 0, g, g * slope), latex=r"\operatorname{leaky}(a)",
    samples=unary(slope=0.1), words="the gradient passes whole where the unit is on, scaled by the slope where it is off",
)  # fmt: skip


def _sigmoid(a: Any) -> Any:
    e = np.exp(-np.abs(a))  # never above 1: exp(-a) would overflow on the left, exp(a) on the right
    return np.where(a >= 0, 1, e)[()] / (1 + e)


sigmoid = row(
    _sigmoid, elementwise=True, a=lambda g, y: g * (y * (1 - y)), definition=lambda a: 1 / (1 + np.exp(-a)),
    latex=r"\sigma(a)", text="σ(a)", samples=unary(-4.0, 4.0),
    words="the slope of σ is σ·(1 − σ): at most a quarter, and next to nothing where it saturates",
)  # fmt: skip
softplus = row(
    lambda a: np.logaddexp(a, 0), name="softplus", elementwise=True, a=lambda g, a: g * sigmoid(a),
    definition=lambda a: np.log(1 + np.exp(a)), latex=r"\ln(1 + e^{a})", samples=unary(-4.0, 4.0),
    words="the slope of ln(1 + eᵘ) is σ(u)",
)  # fmt: skip


def _softmax(a: Any, axis: int = -1) -> Any:
    y = np.exp(a - largest(a, axis))
    y /= np.sum(y, axis=axis, keepdims=True)
    return y


softmax = row(
    _softmax, params={"axis": -1},
    a=lambda g, y, axis: y * (g - np.sum(g * y, axis=axis, keepdims=True)),
    definition=lambda a, axis=-1: np.exp(a) / np.sum(np.exp(a), axis=axis, keepdims=True),
    latex=r"\operatorname{softmax}(a)", samples=shaped((((2, 3),), {}), (((2, 3),), {"axis": 0}), (((4,),), {})),
    words="each output depends on all inputs: the slope is y_k(δ_jk − y_j)",
)  # fmt: skip


def _log_softmax(a: Any, axis: int = -1) -> Any:
    y = a - largest(a, axis)  # first, so that large logits lose no digits
    return y - np.log(np.sum(np.exp(y), axis=axis, keepdims=True))


log_softmax = row(
    _log_softmax, params={"axis": -1},
    a=lambda g, y, axis: g - np.exp(y) * np.sum(g, axis=axis, keepdims=True),
    definition=lambda a, axis=-1: a - np.log(np.sum(np.exp(a), axis=axis, keepdims=True)),
    latex=r"\ln \operatorname{softmax}(a)", samples=shaped((((2, 3),), {}), (((2, 3),), {"axis": 0}), (((4,),), {})),
    words="each input gets its own gradient less its probability times the sum of all",
)  # fmt: skip


@lru_cache(maxsize=16)
def _codes(classes: int, dtype: Any) -> Any:
    """Row k is the code of class k, 1 in place k; below stand zeros, found by negative and by too large numbers."""
    return np.eye(2 * classes, classes, dtype=dtype)


def _one_hot(target: Any, logits: Any) -> Any:
    """Class indices as rows of 0 and 1, in the dtype of the logits; ValueError for shapes that do not go together,
    and for labels that are no class."""
    if logits.ndim != 2 or target.shape != logits.shape[:1]:
        raise ValueError(
            f"cross_entropy got logits of shape {logits.shape} and class indices of shape {target.shape}: "
            "it needs logits (n, classes) and indices (n,); reshape them, or give one-hot rows as floats"
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


# --- losses: one for each element or sample, or their mean or sum, which saves a node --------------------------------


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
keep_mask = row(
    lambda a, rng, p: (rng.random(a.shape, dtype=a.dtype) >= p) * a.dtype.type(1 / (1 - p)), name="keep_mask",
    params={"rng": None, "p": 0.5}, a=None, latex="m", text="mask",
    words="a random mask, 0 with probability p and 1/(1 − p) otherwise: a constant to its input",
)  # fmt: skip
