"""Losses that are bounded, or nearly, so that a sample with a wrong label cannot take over; and the α-loss, whose α says
how bounded it is, with what information theory says of its minimum.

Classes are told as in the other losses of classes; `activation` says what makes probabilities of the logits. What a
row loses is summed, and the mean is over the rows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_core.ops import losses as rows
from autograd_core.ops import reductions, shapes

from .activations import log_softmax
from .losses import Reduction, _matched, reduced
from .targets import Activation, code, coded, log_probabilities, probabilities, signs


def expectation_loss(
    logits: Any,
    target: Any,
    reduction: Reduction = "mean",
    *,
    activation: Activation = "softmax",
    sample_weight: Any = None,
) -> Any:
    """Σ |t − p| of each row, p = softmax(z) or σ(z) (topic C3); for one-hot t and softmax 2 − 2 Σ t·p.

    >>> expectation_loss(np.array([[0.0, 0.0]]), np.array([1]))
    np.float64(1.0)
    """
    logits, target = coded("expectation_loss", logits, target, activation)
    distances = abs(target - probabilities(logits, activation))
    return reduced(np.sum(distances, axis=-1), reduction, sample_weight)


def regularised_expectation_loss(
    logits: Any,
    target: Any,
    reduction: Reduction = "mean",
    *,
    activation: Activation = "softmax",
    sample_weight: Any = None,
) -> Any:
    """Σ (t − p)² of each row, p = softmax(z) or σ(z) (topic C4)."""
    logits, target = coded("regularised_expectation_loss", logits, target, activation)
    squares = np.square(target - probabilities(logits, activation))
    return reduced(np.sum(squares, axis=-1), reduction, sample_weight)


def chebyshev_loss(
    logits: Any,
    target: Any,
    reduction: Reduction = "mean",
    *,
    activation: Activation = "softmax",
    sample_weight: Any = None,
) -> Any:
    """max |t − p| of each row, p = softmax(z) or σ(z) (topic C5)."""
    logits, target = coded("chebyshev_loss", logits, target, activation)
    distances = abs(target - probabilities(logits, activation))
    return reduced(np.max(distances, axis=-1), reduction, sample_weight)


def tanimoto_loss(
    logits: Any,
    target: Any,
    reduction: Reduction = "mean",
    *,
    activation: Activation = "softmax",
    sample_weight: Any = None,
) -> Any:
    """−Σpt / (Σp² + Σt² − Σpt) of each row, p = softmax(z) or σ(z): from 0 to −1, where p = t (topic C9)."""
    logits, t = coded("tanimoto_loss", logits, target, activation)
    p = probabilities(logits, activation)
    common = np.sum(p * t, axis=-1)
    either = np.sum(p * p, axis=-1) + np.sum(t * t, axis=-1) - common
    return reduced(-common / np.where(either == 0, 1, either), reduction, sample_weight)


def cauchy_schwarz_loss(
    logits: Any,
    target: Any,
    reduction: Reduction = "mean",
    *,
    activation: Activation = "softmax",
    sample_weight: Any = None,
) -> Any:
    """−ln(Σpt / (‖p‖ ‖t‖)) of each row, p = softmax(z) or σ(z): 0 where p and t have one direction (topic C9).

    A row of targets that are all 0 has no direction, and loses nothing.
    """
    logits, t = coded("cauchy_schwarz_loss", logits, target, activation)
    log_p = log_probabilities(logits, activation)
    anything = np.any(t > 0, axis=-1, keepdims=True)
    terms = np.where((t > 0) | ~anything, log_p + np.log(np.where(t > 0, t, 1)), -math.inf)
    squares = np.sum(np.where(anything, t * t, 1), axis=-1)
    losses = (np.log(squares) + _lse(2 * log_p)) / 2 - _lse(terms)
    return reduced(np.where(anything[..., 0], losses, 0), reduction, sample_weight)


def zero_one_loss(output: Any, target: Any, reduction: Reduction = "mean", *, sample_weight: Any = None) -> Any:
    """1 where the largest output is not the true class, else 0 (topic C10); its gradient is 0.

    One output a sample says the second class where it is above 0; the target is then ±1, or 1 and 0.

    >>> zero_one_loss(np.array([[0.1, 2.0], [3.0, 1.0]]), np.array([1, 1]))
    np.float64(0.5)
    """
    if output.shape == target.shape and output.shape[1:] in ((), (1,)):
        output, t = signs("zero_one_loss", output, target)
        output, t = (np.concatenate([np.zeros_like(x), x], axis=-1) for x in (output, t))
    else:
        t = code("zero_one_loss", output, target)
    return reduced(rows.zero_one(output, t), reduction, sample_weight)


def smooth_zero_one_loss(output: Any, target: Any, reduction: Reduction = "mean", *, sample_weight: Any = None) -> Any:
    """(u³ − 3u + 2)/4 with u = t·o cut off at −1 and 1, t = ±1 (topic C17); mean over all elements.

    target: ±1 (or 1 and 0) in the output's shape; or class indices of two classes with an output for each.

    >>> smooth_zero_one_loss(np.array([2.0, 0.0, -2.0]), np.array([1, 1, 1]), "none")
    array([0. , 0.5, 1. ])
    """
    if output.shape == (*target.shape, 2):
        output = output[..., 1] - output[..., 0]
    u = np.clip(rows.signs(_matched("smooth_zero_one_loss", output, target)) * output, -1, 1)
    return reduced((u * u * u - 3 * u + 2) / 4, reduction, sample_weight)


# --- the α-loss ------------------------------------------------------------------------------------------------------


def alpha_loss(p: Any, alpha: float, reduction: Reduction = "none") -> Any:
    """α/(α−1)·(1 − p^(1−1/α)) of the true class's probability p (topic C16); −ln p for α = 1, 1 − p for α = ∞.

    >>> [round(float(alpha_loss(0.25, alpha)), 3) for alpha in (0.5, 1, 2, math.inf)]
    [3.0, 1.386, 1.0, 0.75]
    """
    check_alpha(alpha)
    return reduced(rows.alpha_loss(p if hasattr(p, "dtype") else np.asarray(p, float)[()], alpha=alpha), reduction)


def alpha_loss_with_logits(
    logits: Any, target: Any, reduction: Reduction = "mean", *, alpha: float, sample_weight: Any = None
) -> Any:
    """Σ t·α/(α−1)·(1 − p^(1−1/α)) of each row, p = softmax(z) (topic C16)."""
    check_alpha(alpha)
    t = code("alpha_loss_with_logits", logits, target)
    losses = rows.alpha_loss_of_log(log_softmax(logits), alpha=alpha)
    return reduced(np.sum(t * losses, axis=-1), reduction, sample_weight)


def alpha_tilted_posterior(p: Any, alpha: float) -> Any:
    """p^α / Σ p^α along the last axis: what minimises the mean α-loss where p is the truth (topic C16).

    For α = ∞ the most probable classes share all of it.

    >>> alpha_tilted_posterior(np.array([0.2, 0.8]), 2).round(3)
    array([0.059, 0.941])
    """
    check_alpha(alpha)
    ratios = p / np.max(p, axis=-1, keepdims=True)
    powers = shapes.cast(ratios == 1, dtype=p.dtype) if alpha == math.inf else ratios**alpha
    return powers / np.sum(powers, axis=-1, keepdims=True)


def arimoto_conditional_entropy(p: Any, alpha: float, *, sample_weight: Any = None) -> Any:
    """α/(1−α)·ln Σ_x P(x) (Σ_y p(y|x)^α)^(1/α), in nats (topic C16); Shannon's for α = 1.

    p: a row p(y|x) for each x, or a single one. sample_weight: the P(x), equal if left out.

    >>> round(float(arimoto_conditional_entropy(np.array([0.5, 0.5]), 3) / math.log(2)), 6)
    1.0
    """
    check_alpha(alpha)
    log_p = np.log(np.where(p > 0, p, 1))
    if alpha == 1:
        return reduced(-np.sum(p * log_p, axis=-1), "mean", sample_weight)
    if alpha == math.inf:
        log_norm = np.log(np.max(p, axis=-1))
    elif alpha > 2:
        log_norm = _lse(np.where(p > 0, alpha * log_p, -math.inf)) / alpha
    else:  # Σ p^α = 1 + Σ p·(p^(α−1) − 1), which has all its digits near α = 1
        log_norm = np.log1p(np.sum(p * np.expm1((alpha - 1) * log_p), axis=-1)) / alpha
    return -np.log1p(reduced(np.expm1(log_norm), "mean", sample_weight)) / rows.exponent(alpha)


def minimal_alpha_risk(p: Any, alpha: float, *, sample_weight: Any = None) -> Any:
    """α/(α−1)·(1 − e^((1/α−1)·H)), the least mean α-loss there is where p is the truth, H the entropy of Arimoto (C16).

    >>> p = np.array([[0.2, 0.8], [0.5, 0.5]])
    >>> risk = np.sum(p * alpha_loss(alpha_tilted_posterior(p, 2), 2), axis=-1).mean()
    >>> print(f"{minimal_alpha_risk(p, 2):.6f} {risk:.6f}")
    0.468272 0.468272
    """
    return rows.alpha_loss_of_log(-arimoto_conditional_entropy(p, alpha, sample_weight=sample_weight), alpha=alpha)


def check_alpha(alpha: float) -> None:
    if not alpha > 0:
        raise ValueError(f"alpha is a positive number, or math.inf; it is {alpha}")


def _lse(a: Any) -> Any:
    return reductions.logsumexp(a, axis=-1)
