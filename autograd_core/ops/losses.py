"""Losses as single rows: safe for every size of logits, and with their mean or sum in the same row, which saves nodes.

A fused row carries its `definition` in primitives: tests hold the two equal, and Symbols are spelled by it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..op import foreign, row
from .activations import log_softmax, sigmoid, softmax
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
