"""Losses of classes and of probabilities.

Those of K classes take logits (n, K) and class indices (n,), one-hot rows or probabilities (n, K), and sum what a row
loses; the mean is over the samples. The binary ones take targets of the output's shape; their mean is over all elements.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from . import functional as F
from .functional.losses import Reduction
from .functional.targets import Activation
from .losses import Loss


def _listed(weight: Any) -> list[float] | float | None:
    """Weights as plain numbers, which a configuration in JSON can say."""
    return None if weight is None else np.asarray(weight, float).tolist()


class BCELoss(Loss):
    """−t ln p − (1−t) ln(1−p) of probabilities, its mean over all elements (topic C13).

    Its slope is −t/p + (1−t)/(1−p) = (p−t)/(p(1−p)). At p of exactly 0 and 1 it is PyTorch's: logarithms end at −100,
    and the denominator at 1e-12. For networks that end in a sigmoid; BCEWithLogitsLoss loses no digits and learns on
    where the sigmoid is saturated. PyTorch's BCELoss.

    >>> import numpy as np
    >>> BCELoss(reduction="none")(np.array([0.01, 0.00001]), np.array([1, 1])).round(1)
    array([ 4.6, 11.5])
    """

    function = F.binary_cross_entropy


class BCEWithLogitsLoss(Loss):
    """Binary cross-entropy of a logit, stable for any size of it; its slope is σ(z) − t (topic C14).

    pos_weight: what the loss of positive targets is multiplied by, a number or one for each column: above 1 where they
    are rare. For yes-or-no questions, also several for each sample. PyTorch's BCEWithLogitsLoss.

    >>> import numpy as np
    >>> BCEWithLogitsLoss(pos_weight=3.0)(np.array([0.0, 0.0]), np.array([1, 0])) / np.log(2)
    np.float64(2.0)
    """

    pos_weight: Any

    def __init__(self, pos_weight: Any = None, reduction: Reduction = "mean"):
        super().__init__(reduction, pos_weight=_listed(pos_weight))

    def forward(self, output: Any, target: Any, sample_weight: Any = None) -> Any:
        return F.binary_cross_entropy_with_logits(
            output, target, self.reduction, pos_weight=self.pos_weight, sample_weight=sample_weight
        )


class CrossEntropyLoss(Loss):
    """−Σ t ln softmax(z): cross-entropy of logits with class indices, one-hot rows or probabilities (topic C15).

    Its slope is y − t, y = softmax(z). weight: one number for each class; the mean of indices divides by the weights
    of their classes, that of rows by the number of samples, as in PyTorch. ignore_index: a label that does not count;
    where no other is left the loss is 0 (in PyTorch NaN; there, -100 is ignored unasked). label_smoothing: the share of
    each target that is spread over all classes (Szegedy et al. 2016), against logits that grow without end.
    The first choice for classes. PyTorch's CrossEntropyLoss.

    >>> import numpy as np
    >>> loss = CrossEntropyLoss(weight=[1, 3], label_smoothing=0.1)
    >>> loss(np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([0, 1])).round(4), loss
    (np.float64(0.6931), CrossEntropyLoss(weight=[1.0, 3.0], label_smoothing=0.1))
    """

    weight: Any
    ignore_index: int | None
    label_smoothing: float

    def __init__(
        self,
        weight: Any = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        reduction: Reduction = "mean",
    ):
        super().__init__(reduction, weight=_listed(weight), ignore_index=ignore_index, label_smoothing=label_smoothing)

    def forward(self, output: Any, target: Any, sample_weight: Any = None) -> Any:
        return F.cross_entropy(
            output, target, self.reduction, weight=self.weight, ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing, sample_weight=sample_weight,
        )  # fmt: skip


class NLLLoss(Loss):
    """−Σ t·log p of log-probabilities, what CrossEntropyLoss is after log_softmax (topic C7).

    Its slope is −t. weight and ignore_index as for CrossEntropyLoss. For networks that end in log_softmax.
    PyTorch's NLLLoss, which takes class indices only.
    """

    function = F.nll_loss

    def __init__(self, weight: Any = None, ignore_index: int | None = None, reduction: Reduction = "mean"):
        super().__init__(reduction, weight=_listed(weight), ignore_index=ignore_index)


class LogLoss(Loss):
    """−Σ t ln p of each row, from logits: p = softmax(z) or, with activation="sigmoid", σ(z) (topic C7).

    Its slope is y − t for softmax, t(σ(z) − 1) for σ. With softmax it is CrossEntropyLoss; with σ only the true
    classes learn, which BCEWithLogitsLoss mends. Janocha & Czarnecki 2017, arXiv 1702.05659. PyTorch: CrossEntropyLoss.
    """

    function = F.log_loss

    def __init__(self, activation: Activation = "softmax", reduction: Reduction = "mean"):
        super().__init__(reduction, activation=activation)


class SquaredLogLoss(Loss):
    """Σ (t ln p)² of each row, from logits, p = softmax(z) or σ(z) (topic C8).

    Use it where the samples that are still wrong are to lead.

    Its slope is 2 t² ln p times that of ln p: it minds the samples that are still wrong more than the cross-entropy
    does, and those that are nearly right less. Janocha & Czarnecki 2017, arXiv 1702.05659. PyTorch has none.
    """

    function = F.squared_log_loss

    def __init__(self, activation: Activation = "softmax", reduction: Reduction = "mean"):
        super().__init__(reduction, activation=activation)


class KLDivLoss(Loss):
    """t·(ln t − log p) of log-probabilities, element by element (the divergence behind topics C7 and C15).

    Its slope is −t. log_target: the targets are logarithms, too. "mean" is over all elements; reduction="batchmean"
    sums over each row, which is the divergence. For targets that are distributions, a teacher's for example.
    PyTorch's KLDivLoss.
    """

    function = F.kl_div

    def __init__(self, log_target: bool = False, reduction: Reduction | Literal["batchmean"] = "mean"):
        super().__init__("mean" if reduction == "batchmean" else reduction, log_target=log_target)
        self.reduction = reduction  # type: ignore[assignment]


class FocalLoss(Loss):
    """−Σ t (1−p)^gamma ln p, p = softmax(z) (Lin et al. 2017, arXiv 1708.02002; a descendant of topic C15).

    (1−p)^gamma takes away the loss of what is right already, so that many easy samples do not drown a few hard ones;
    gamma = 0 is CrossEntropyLoss. Its slope by ln p is (1−p)^gamma·(gamma·p·ln p/(1−p) − 1). weight and ignore_index
    as for CrossEntropyLoss. PyTorch has none; torchvision that of two classes, here SigmoidFocalLoss.
    """

    function = F.focal_loss

    def __init__(
        self, gamma: float = 2.0, weight: Any = None, ignore_index: int | None = None, reduction: Reduction = "mean"
    ):
        super().__init__(reduction, gamma=gamma, weight=_listed(weight), ignore_index=ignore_index)


class SigmoidFocalLoss(Loss):
    """−α t (1−p)^gamma ln p − (1−α)(1−t) p^gamma ln(1−p), p = σ(z), its mean over all elements (Lin et al. 2017).

    Use it where positives are rare and most negatives easy.

    The focal loss of yes-or-no questions (beside topic C14), alpha the weight of the positive ones, None for no weights.
    torchvision.ops.sigmoid_focal_loss, where the reduction is "none" and no weights are alpha=-1.
    """

    function = F.sigmoid_focal_loss

    def __init__(self, gamma: float = 2.0, alpha: float | None = 0.25, reduction: Reduction = "mean"):
        super().__init__(reduction, gamma=gamma, alpha=alpha)


class HingeLoss(Loss):
    """Σ max(0, margin − t·o)^power of each row, t = ±1 (topic C6, where the margin is ½, and the power 1, 2 or 3).

    target: ±1 (or 1 and 0) in the output's shape, or class indices. Its slope is −t·power·max(0, margin − t·o)^(power−1),
    0 at the kink: what is right by more than the margin is left alone. For scores that need be no probabilities;
    squared and cubed it is smooth. Janocha & Czarnecki 2017, arXiv 1702.05659. PyTorch has MultiMarginLoss, which compares
    classes with one another, instead.

    >>> import numpy as np
    >>> HingeLoss(margin=0.5, power=2)(np.array([0.25, -3.0]), np.array([1, -1]))
    np.float64(0.03125)
    """

    function = F.hinge_loss

    def __init__(self, margin: float = 1.0, power: int = 1, reduction: Reduction = "mean"):
        super().__init__(reduction, margin=margin, power=power)
