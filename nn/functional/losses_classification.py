"""Losses of classes and of probabilities, as functions.

Classes are told as indices (n,), as one-hot rows or as probabilities (n, classes); a single sample may come without its
axis. Two classes are told as numbers of the output's own shape. What a row of outputs loses is summed, and the mean is
over the rows; the binary ones, KL and those of single elements have the mean over all elements, as in PyTorch.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from autograd_core.ops import losses as rows
from autograd_core.ops import reductions, shapes

from .activations import log_softmax, relu, softplus
from .losses import Reduction, _matched, _of_samples, averaged, check_reduction, reduced
from .targets import Activation, code, coded, log_probabilities, signs


def binary_cross_entropy(p: Any, target: Any, reduction: Reduction = "mean", *, sample_weight: Any = None) -> Any:
    """−t ln p − (1−t) ln(1−p), the logarithms no lower than −100; mean over all elements by default (topic C13).

    >>> binary_cross_entropy(np.array([0.01, 0.00001, 0.0]), np.array([1, 1, 1]), "none").round(1)
    array([  4.6,  11.5, 100. ])
    """
    return reduced(rows.bce(p, _matched("binary_cross_entropy", p, target)), reduction, sample_weight)


def binary_cross_entropy_with_logits(
    logits: Any, target: Any, reduction: Reduction = "mean", *, pos_weight: Any = None, sample_weight: Any = None
) -> Any:
    """−t ln σ(z) − (1−t) ln(1−σ(z)), stable for any z; mean over all elements by default (topic C14).

    pos_weight: what the first term is multiplied by, a number or one for each column: above 1 for a rare positive class.

    >>> binary_cross_entropy_with_logits(np.array([-1e4, 0.0]), np.array([1.0, 1.0]), reduction="none")
    array([1.00000000e+04, 6.93147181e-01])
    """
    target = _matched("binary_cross_entropy_with_logits", logits, target)
    if pos_weight is not None:
        positive = np.asarray(pos_weight, logits.dtype) * target
        return reduced(positive * softplus(-logits) + (1 - target) * softplus(logits), reduction, sample_weight)
    if sample_weight is not None:
        return reduced(rows.bce_with_logits(logits, target), reduction, sample_weight)
    return rows.bce_with_logits(logits, target, reduction=reduction)


def cross_entropy(
    logits: Any,
    target: Any,
    reduction: Reduction = "mean",
    *,
    weight: Any = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    sample_weight: Any = None,
) -> Any:
    """−Σ t ln softmax(z), mean over samples by default (topic C15).

    logits: (n, classes). target: class indices (n,), or one-hot rows or probabilities (n, classes). weight: one number
    for each class; the mean of indices divides by the weights of their classes. ignore_index: a label that does not
    count. label_smoothing: the share of each target that is spread over all classes.
    ValueError for labels outside 0 .. classes − 1, and for shapes that do not go together.

    >>> cross_entropy(np.array([[0.0, 0.0]]), np.array([1]))
    np.float64(0.6931471805599453)
    """
    if weight is sample_weight is ignore_index is None and not label_smoothing and target.dtype.kind in "iu":
        if logits.ndim == 1 and not target.ndim:
            total = reduction if reduction == "mean" else "sum"
            return rows.cross_entropy(logits.reshape(1, -1), target.reshape(1), reduction=total)
        return rows.cross_entropy(logits, target, reduction=reduction)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing is a share, between 0 and 1; it is {label_smoothing}")
    how = (reduction, weight, ignore_index, sample_weight, label_smoothing)
    return _likelihood("cross_entropy", log_softmax(logits), target, *how)


def nll_loss(
    log_p: Any,
    target: Any,
    reduction: Reduction = "mean",
    *,
    weight: Any = None,
    ignore_index: int | None = None,
    sample_weight: Any = None,
) -> Any:
    """−Σ t·log p of log-probabilities: what cross_entropy is after log_softmax (topic C7); arguments as there.

    >>> nll_loss(np.log([[0.25, 0.75]]), np.array([0]))
    np.float64(1.3862943611198906)
    """
    return _likelihood("nll_loss", log_p, target, reduction, weight, ignore_index, sample_weight)


def log_loss(
    logits: Any,
    target: Any,
    reduction: Reduction = "mean",
    *,
    activation: Activation = "softmax",
    sample_weight: Any = None,
) -> Any:
    """−Σ t ln p of each row, p = softmax(z) or σ(z) (topic C7)."""
    logits, target = coded("log_loss", logits, target, activation)
    return reduced(-np.sum(target * log_probabilities(logits, activation), axis=-1), reduction, sample_weight)


def squared_log_loss(
    logits: Any,
    target: Any,
    reduction: Reduction = "mean",
    *,
    activation: Activation = "softmax",
    sample_weight: Any = None,
) -> Any:
    """Σ (t ln p)² of each row, p = softmax(z) or σ(z) (topic C8)."""
    logits, target = coded("squared_log_loss", logits, target, activation)
    terms = np.square(target * log_probabilities(logits, activation))
    return reduced(np.sum(terms, axis=-1), reduction, sample_weight)


def kl_div(
    log_p: Any,
    target: Any,
    reduction: Reduction | Literal["batchmean"] = "mean",
    *,
    log_target: bool = False,
    sample_weight: Any = None,
) -> Any:
    """t·(ln t − log_p), element by element, from log-probabilities; 0 where t = 0.

    log_target: the targets are logarithms, too. "mean" is that over all elements, as in PyTorch; the divergence itself,
    summed over each row, has its mean with "batchmean".

    >>> kl_div(np.log([[0.5, 0.5]]), np.array([[1.0, 0.0]]), "batchmean")
    np.float64(0.6931471805599453)
    """
    t = _matched("kl_div", log_p, target)
    losses = np.exp(t) * (t - log_p) if log_target else t * (np.log(np.where(t > 0, t, 1)) - log_p)
    if reduction == "batchmean":
        return reduced(np.sum(losses, axis=tuple(range(1, losses.ndim))), "mean", sample_weight)
    return reduced(losses, reduction, sample_weight)


def focal_loss(
    logits: Any,
    target: Any,
    reduction: Reduction = "mean",
    *,
    gamma: float = 2.0,
    weight: Any = None,
    ignore_index: int | None = None,
    sample_weight: Any = None,
) -> Any:
    """−Σ t (1−p)^gamma ln p, p = softmax(z): the cross-entropy, less for what is right already; arguments as there.

    >>> focal_loss(np.array([[0.0, 0.0]]), np.array([1])) == cross_entropy(np.array([[0.0, 0.0]]), np.array([1])) / 4
    np.True_
    """
    log_p = log_softmax(logits)
    focused = np.exp(gamma * _log_of_others(log_p)) * log_p
    return _likelihood("focal_loss", focused, target, reduction, weight, ignore_index, sample_weight)


def sigmoid_focal_loss(
    logits: Any,
    target: Any,
    reduction: Reduction = "mean",
    *,
    gamma: float = 2.0,
    alpha: float | None = 0.25,
    sample_weight: Any = None,
) -> Any:
    """−α t (1−p)^gamma ln p − (1−α)(1−t) p^gamma ln(1−p), p = σ(z); mean over all elements. alpha: None for no weights."""
    t = _matched("sigmoid_focal_loss", logits, target)
    yes, no = softplus(-logits), softplus(logits)  # −ln p and −ln(1−p), whose exponentials are exact where p is not
    of_yes, of_no = (1, 1) if alpha is None else (alpha, 1 - alpha)
    losses = of_yes * t * np.exp(-gamma * no) * yes + of_no * (1 - t) * np.exp(-gamma * yes) * no
    return reduced(losses, reduction, sample_weight)


def hinge_loss(
    output: Any,
    target: Any,
    reduction: Reduction = "mean",
    *,
    margin: float = 1.0,
    power: int = 1,
    sample_weight: Any = None,
) -> Any:
    """Σ max(0, margin − t·o)^power of each row, t = ±1 (topic C6).

    target: ±1 (or 1 and 0) in the output's shape, or class indices, of which each makes a row with one +1.

    >>> hinge_loss(np.array([0.2, -3.0]), np.array([1, -1]), "none", margin=0.5)
    array([0.3, 0. ])
    """
    if power not in (1, 2, 3):
        raise ValueError(f"the hinge is taken to the power of 1, 2 or 3; power is {power!r}")
    output, t = signs("hinge_loss", output, target)
    missing = relu(margin - t * output)
    return reduced(np.sum(missing**power if power > 1 else missing, axis=-1), reduction, sample_weight)


def _likelihood(
    name: str,
    log_p: Any,
    target: Any,
    reduction: Reduction,
    weight: Any,
    ignore_index: int | None,
    sample_weight: Any,
    smoothing: float = 0.0,
) -> Any:
    """−Σ w t log_p of each sample, their mean over the weights that count: those of the samples and of their classes."""
    check_reduction(reduction)
    indices = target.dtype.kind in "iu"
    counts = None if sample_weight is None else _of_samples(sample_weight, log_p[..., 0])
    if indices and ignore_index is not None:
        kept = target != ignore_index
        target = np.where(kept, target, 0)
        kept = shapes.cast(kept, dtype=log_p.dtype)
        counts = kept if counts is None else kept * counts
    t = code(name, log_p, target)
    spread = t * (1 - smoothing) + smoothing / t.shape[-1] if smoothing else t
    if weight is not None:
        weight = np.asarray(weight, log_p.dtype)
        if weight.shape != log_p.shape[-1:]:
            raise ValueError(f"weight has shape {weight.shape}: give one number for each of {log_p.shape[-1]} classes")
        spread = spread * weight
    # what a target of 0 is multiplied by may be −∞, of a class that is ruled out
    losses = -np.sum(spread * np.where(spread == 0, 0, log_p), axis=-1)
    if counts is not None:
        losses = losses * counts
    if weight is not None and indices:
        of_class = np.sum(t * weight, axis=-1)
        counts = of_class if counts is None else of_class * counts
    return reduced(losses, reduction) if counts is None else averaged(losses, counts, reduction)


def _log_of_others(log_p: Any) -> Any:
    """ln(1 − p) of each class from ln p: for the most probable the sum of the others, as 1 − p would have no digits left."""
    if log_p.shape[-1] < 2:
        raise ValueError("focal_loss needs a logit for each of two classes or more; of one logit is sigmoid_focal_loss")
    most = np.arange(log_p.shape[-1]) == np.argmax(log_p, axis=-1, keepdims=True)
    others = np.where(most, -math.inf, log_p)
    return np.where(most, reductions.logsumexp(others, axis=-1, keepdims=True), np.log1p(-np.exp(others)))
