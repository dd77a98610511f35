"""Losses that are bounded, or nearly: what a sample with a wrong label can do to training is limited.

They take logits (n, K) and class indices (n,), one-hot rows or probabilities (n, K), sum what a row loses, and have
their mean over samples. activation="sigmoid" makes p = σ(z) of each logit by itself in place of softmax. PyTorch has none.
"""

from __future__ import annotations

from . import functional as F
from .functional.losses import Reduction
from .functional.losses_robust import check_alpha
from .functional.targets import Activation
from .losses import Loss


class _OfProbabilities(Loss):
    """A loss of probabilities, told logits and what makes probabilities of them."""

    def __init__(self, activation: Activation = "softmax", reduction: Reduction = "mean"):
        super().__init__(reduction, activation=activation)


class ExpectationLoss(_OfProbabilities):
    """Σ |t − p| of each row, p = softmax(z) or σ(z) (topics C3 and C11, L1∘σ).

    For one-hot t and softmax 2 − 2 Σ t·p: twice the expected share of errors, where classes are drawn by p. Its slope is
    sign(p − t) through softmax or σ, −¼ at σ(0) with t = 1, and next to nothing at both ends: it resists wrong labels,
    but learns slowly from confident mistakes. Janocha & Czarnecki 2017, arXiv 1702.05659.

    >>> import numpy as np
    >>> ExpectationLoss()(np.array([[2.0, 2.0]]), np.array([0]))
    np.float64(1.0)
    """

    function = F.expectation_loss


class RegularisedExpectationLoss(_OfProbabilities):
    """Σ (t − p)² of each row, p = softmax(z) or σ(z) (topics C4, C11 and C12, L2∘σ; the Brier score).

    Its slope is 2(p − t) through softmax or σ, next to nothing at both ends. For probabilities that are to be true to
    the shares; the expectation loss with a price on decided mistakes. Janocha & Czarnecki 2017, arXiv 1702.05659.
    """

    function = F.regularised_expectation_loss


class ChebyshevLoss(_OfProbabilities):
    """max |t − p| of each row, p = softmax(z) or σ(z) (topic C5): only the worst class of each sample learns.

    Its slope is the sign of the largest difference, shared evenly where several are, through softmax or σ. To bound
    the worst error, not the mean one. Janocha & Czarnecki 2017, arXiv 1702.05659.
    """

    function = F.chebyshev_loss


class TanimotoLoss(_OfProbabilities):
    """−Σpt / (Σp² + Σt² − Σpt) of each row, p = softmax(z) or σ(z): from 0 to −1, where p = t (topic C9).

    Its slope by p is −(t + y·(2p − t))/(Σp² + Σt² − Σpt), y the loss. What p and t share over what either has, for
    labels that are sets. Janocha & Czarnecki 2017, arXiv 1702.05659.
    """

    function = F.tanimoto_loss


class CauchySchwarzLoss(_OfProbabilities):
    """−ln(Σpt / (‖p‖ ‖t‖)) of each row, p = softmax(z) or σ(z): 0 where p and t have one direction (topic C9).

    Use it for distributions of which only the direction counts.

    Its slope by p is p/‖p‖² − t/Σpt. Near the cross-entropy, and not bounded, but with ‖p‖ against decided mistakes.
    Janocha & Czarnecki 2017, arXiv 1702.05659.
    """

    function = F.cauchy_schwarz_loss


class ZeroOneLoss(Loss):
    """1 where the largest output is not the true class, else 0: the share of errors (topic C10).

    Its slope is 0 wherever it has one, so that descent does not move: it is what one would like to minimise and cannot,
    and all other losses of classes are surrogates. For evaluation. Of equal outputs the first decides.
    """

    function = F.zero_one_loss


class SmoothZeroOneLoss(Loss):
    """(u³ − 3u + 2)/4 with u = t·o cut off at −1 and 1: the 0–1 loss of two classes with its step smoothed (topic C17).

    target: ±1 (or 1 and 0) in the output's shape. Its slope is ¾t(u² − 1), 0 from ±1 on: nothing is learned from what
    is far on the wrong side, outliers included; not convex, so begin where another loss has led. Mean over all
    elements. Zhao, Mammadov & Yearwood 2010, "From Convex to Nonconvex".

    >>> import numpy as np
    >>> SmoothZeroOneLoss(reduction="none")(np.array([2.0, 0.0, -2.0]), np.array([1, 1, 1]))
    array([0. , 0.5, 1. ])
    """

    function = F.smooth_zero_one_loss


class AlphaLoss(Loss):
    """Σ t·α/(α−1)·(1 − p^(1−1/α)) of each row, p = softmax(z) (topic C16).

    Use α above 1 with noisy labels.

    α = 1 is the cross-entropy −ln p, α = ∞ the expected error 1 − p, α = ½ the exponential loss of two classes. Its
    slope by p is −p^(−1/α): a larger α minds hopeless samples less and resists wrong labels, a smaller one more. For
    α < 1 it ends where floating-point numbers do. Least where p is the α-tilted posterior, and there given by Arimoto's
    conditional entropy: see nn.functional.alpha_tilted_posterior and minimal_alpha_risk. Sypherd, Diaz, Cava, Dasarathy,
    Kairouz & Sankar 2022, arXiv 1906.02314.

    >>> import numpy as np
    >>> AlphaLoss(alpha=2.0)(np.log([[0.25, 0.75]]), np.array([0]))
    np.float64(1.0)
    """

    function = F.alpha_loss_with_logits

    def __init__(self, alpha: float, reduction: Reduction = "mean"):
        check_alpha(alpha)
        super().__init__(reduction, alpha=alpha)
