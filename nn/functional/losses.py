"""Losses as functions, of arrays and Tensors alike: one number, or one for each with reduction="none".

Here are those of numbers, and what all share. `sample_weight`, one number for each sample, makes the mean a weighted
one, which divides by the weights; where all weights are 0 there is nothing to learn from, and the mean is 0.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from autograd_core.ops import losses as rows
from autograd_core.ops import shapes

Reduction = Literal["mean", "sum", "none"]


def l1_loss(output: Any, target: Any, reduction: Reduction = "mean", *, sample_weight: Any = None) -> Any:
    """|output − target|, mean over all elements by default (topic C1); ValueError where the shapes differ.

    >>> l1_loss(np.array([9.0, 1.0]), np.array([1.0, 1.0]), "none")
    array([8., 0.])
    """
    target = _matched("l1_loss", output, target)
    return reduced(abs(output - target), reduction, sample_weight)


def mse_loss(output: Any, target: Any, reduction: Reduction = "mean", *, sample_weight: Any = None) -> Any:
    """(output − target)², mean over all elements by default (topic C2); ValueError where the shapes differ.

    >>> mse_loss(np.array([9.0]), np.array([1.0]))
    np.float64(64.0)
    """
    target = _matched("mse_loss", output, target)
    if sample_weight is None:
        return rows.squared_error(output, target, reduction=reduction)
    return reduced(rows.squared_error(output, target), reduction, sample_weight)


def sse_loss(output: Any, target: Any, reduction: Reduction = "sum", *, sample_weight: Any = None) -> Any:
    """½ Σ (output − target)², half the sum of squares over each sample and over all (topic C2).

    >>> sse_loss(np.array([9.0]), np.array([1.0]))
    np.float64(32.0)
    """
    losses = rows.squared_error(output, _matched("sse_loss", output, target)) / 2
    if losses.ndim > 1:
        losses = np.sum(losses, axis=tuple(range(1, losses.ndim)))
    return reduced(losses, reduction, sample_weight)


def huber_loss(
    output: Any, target: Any, reduction: Reduction = "mean", *, delta: float = 1.0, sample_weight: Any = None
) -> Any:
    """½d² where |d| = |output − target| is less than delta, delta·(|d| − delta/2) beyond; mean over all elements.

    >>> huber_loss(np.array([0.5, 9.0]), np.array([0.0, 0.0]), "none")
    array([0.125, 8.5  ])
    """
    if not delta > 0:
        raise ValueError(f"delta is where the square becomes a straight line, a positive number; it is {delta}")
    target = _matched("huber_loss", output, target)
    return reduced(rows.huber(output - target, delta=delta), reduction, sample_weight)


def smooth_l1_loss(
    output: Any, target: Any, reduction: Reduction = "mean", *, beta: float = 1.0, sample_weight: Any = None
) -> Any:
    """½d²/beta where |d| < beta, |d| − beta/2 beyond: huber_loss over beta, and |d| itself for beta = 0.

    >>> smooth_l1_loss(np.array([0.5, 9.0]), np.array([0.0, 0.0]), "none", beta=0.5)
    array([0.25, 8.75])
    """
    if not beta >= 0:
        raise ValueError(f"beta is where the square becomes a straight line, 0 or a positive number; it is {beta}")
    distance = output - _matched("smooth_l1_loss", output, target)
    losses = rows.huber(distance, delta=beta) / beta if beta else abs(distance)
    return reduced(losses, reduction, sample_weight)


# --- what all share --------------------------------------------------------------------------------------------------


def reduced(losses: Any, reduction: Reduction, sample_weight: Any = None) -> Any:
    """Losses as their mean, their sum or themselves, each times its sample's weight; ValueError for another word.

    >>> reduced(np.array([1.0, 4.0]), "mean", sample_weight=[3.0, 1.0])
    np.float64(1.75)
    """
    check_reduction(reduction)
    if sample_weight is not None:
        weights = _of_samples(sample_weight, losses)
        return averaged(losses * weights, np.broadcast_to(weights, losses.shape), reduction)
    return losses if reduction == "none" else losses.sum() if reduction == "sum" else losses.mean()


def averaged(weighted: Any, weights: Any, reduction: Reduction) -> Any:
    """Losses that have been weighted: themselves, their sum, or their sum over that of the weights."""
    if reduction != "mean":
        return reduced(weighted, reduction)
    total = weights.sum()
    return weighted.sum() / np.where(total == 0, 1, total)


def check_reduction(reduction: str) -> None:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction is "mean", "sum" or "none"; it is {reduction!r}')


def _of_samples(sample_weight: Any, losses: Any) -> Any:
    """A weight for each sample, in the losses' dtype, laid out to be multiplied with them; ValueError for other shapes."""
    weights = sample_weight if hasattr(sample_weight, "dtype") else np.asarray(sample_weight)
    if weights.shape != losses.shape[:1]:
        raise ValueError(
            f"sample_weight has shape {weights.shape} and the losses {losses.shape}: give one number for each sample, "
            f"shape {losses.shape[:1]}"
        )
    return shapes.cast(weights, dtype=losses.dtype).reshape(*weights.shape, *(1,) * (losses.ndim - weights.ndim))


def _matched(name: str, output: Any, target: Any) -> Any:
    """The target in the output's dtype (integers would turn float32 into float64); ValueError unless shapes agree."""
    if output.shape != target.shape:
        hint = "reshape one of them"
        if output.shape == (*target.shape, 1):
            hint = "write target.reshape(-1, 1)"
        if target.shape == (*output.shape, 1):
            hint = "write target.reshape(-1)"
        raise ValueError(
            f"{name} got an output of shape {output.shape} and a target of shape {target.shape}; broadcasting "
            f"would compare elements that do not belong together: {hint}"
        )
    if target.dtype == output.dtype:
        return target
    if output.dtype.kind != "f" or target.dtype.kind not in "fiub":
        raise TypeError(
            f"{name} got an output of {output.dtype} and a target of {target.dtype}: "
            "it compares floating-point outputs with numbers; write output.astype(float), or target.astype(float)"
        )
    return shapes.cast(target, dtype=output.dtype)
