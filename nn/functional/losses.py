"""Losses as functions, of arrays and Tensors alike: one number, or one for each with reduction="none"."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from autograd_core.ops import losses as rows
from autograd_core.ops import shapes

from .activations import log_softmax

Reduction = Literal["mean", "sum", "none"]


def mse_loss(output: Any, target: Any, reduction: Reduction = "mean") -> Any:
    """(output − target)², mean over all elements by default; ValueError where the shapes differ.

    >>> mse_loss(np.array([9.0]), np.array([1.0]))
    np.float64(64.0)
    """
    target = _matched("mse_loss", output, target)
    return rows.squared_error(output, target, reduction=reduction)


def l1_loss(output: Any, target: Any, reduction: Reduction = "mean") -> Any:
    """|output − target|, mean over all elements by default; ValueError where the shapes differ."""
    target = _matched("l1_loss", output, target)
    return reduced(abs(output - target), reduction)


def binary_cross_entropy_with_logits(logits: Any, target: Any, reduction: Reduction = "mean") -> Any:
    """−t ln σ(z) − (1−t) ln(1−σ(z)), stable for any z; mean over all elements by default (topic C14).

    >>> binary_cross_entropy_with_logits(np.array([-1e4, 0.0]), np.array([1.0, 1.0]), reduction="none")
    array([1.00000000e+04, 6.93147181e-01])
    """
    target = _matched("binary_cross_entropy_with_logits", logits, target)
    return rows.bce_with_logits(logits, target, reduction=reduction)


def cross_entropy(logits: Any, target: Any, reduction: Reduction = "mean") -> Any:
    """−Σ t ln softmax(z), mean over samples by default (topic C15).

    logits: (n, classes). target: class indices (n,), or one-hot rows or probabilities (n, classes). A single sample may
    come without its axis: (classes,) and an index ().
    ValueError for labels outside 0 .. classes − 1, and for shapes that do not go together.

    >>> cross_entropy(np.array([[0.0, 0.0]]), np.array([1]))
    np.float64(0.6931471805599453)
    """
    if target.dtype.kind in "iu":
        if logits.ndim == 1 and not target.ndim:
            total = reduction if reduction == "mean" else "sum"
            return rows.cross_entropy(logits.reshape(1, -1), target.reshape(1), reduction=total)
        return rows.cross_entropy(logits, target, reduction=reduction)
    if target.ndim == 1 and logits.ndim == 2:
        raise ValueError(f"class indices are integers, and these targets are {target.dtype}: write target.astype(int)")
    target = _matched("cross_entropy with probabilities as targets", logits, target)
    return reduced(-np.sum(target * log_softmax(logits), axis=-1), reduction)


def reduced(losses: Any, reduction: Reduction) -> Any:
    """Losses as their mean, their sum or themselves; ValueError for another word."""
    check_reduction(reduction)
    return losses if reduction == "none" else losses.sum() if reduction == "sum" else losses.mean()


def check_reduction(reduction: str) -> None:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction is "mean", "sum" or "none"; it is {reduction!r}')


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
    return target if target.dtype == output.dtype else shapes.cast(target, dtype=output.dtype)
