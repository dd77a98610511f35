"""Losses: how wrong an output is, as one number (or one for each, with reduction="none")."""

from __future__ import annotations

from typing import Any

from . import functional as F
from .functional import Reduction
from .module import Module


class Loss(Module):
    """Base of the losses: called with an output and a target; reduction is "mean", "sum" or "none"."""

    def __init__(self, reduction: Reduction = "mean"):
        F.check_reduction(reduction)
        self.reduction: Reduction = reduction

    def config(self) -> dict[str, Any]:
        return {"reduction": self.reduction}

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}" if self.reduction != "mean" else ""


class MSELoss(Loss):
    """(output − target)², its mean over all elements (topic C2); shapes must be equal.

    >>> import numpy as np
    >>> MSELoss(reduction="sum")(np.array([9.0]), np.array([1.0])) / 2
    np.float64(32.0)
    """

    def forward(self, output: Any, target: Any) -> Any:
        return F.mse_loss(output, target, self.reduction)


class L1Loss(Loss):
    """|output − target|, its mean over all elements: for data with outliers (topic C1)."""

    def forward(self, output: Any, target: Any) -> Any:
        return F.l1_loss(output, target, self.reduction)


class BCEWithLogitsLoss(Loss):
    """Binary cross-entropy of a logit, stable for any size of it; its slope is σ(z) − t (topic C14)."""

    def forward(self, logits: Any, target: Any) -> Any:
        return F.binary_cross_entropy_with_logits(logits, target, self.reduction)


class CrossEntropyLoss(Loss):
    """Cross-entropy of logits with class indices, one-hot rows or probabilities; its slope is y − t (topic C15)."""

    def forward(self, logits: Any, target: Any) -> Any:
        return F.cross_entropy(logits, target, self.reduction)
