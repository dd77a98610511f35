"""Losses: how wrong an output is, as one number (or one for each, with reduction="none").

Here are those of numbers. Each is called with an output and a target, and with sample_weight=, one number for each
sample, if some count for more than others; its functional twin says what shapes it takes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

from . import functional as F
from .functional.losses import Reduction, check_reduction
from .module import Module


class Loss(Module):
    """Base of the losses: a function of output and target, with its settings.

    reduction: "mean", "sum" or "none". A loss of your own sets `function` and hands its settings to this __init__, from
    where they go to the function by name; or it defines forward(output, target, sample_weight=None).
    """

    function: ClassVar[Callable[..., Any]]

    def __init__(self, reduction: Reduction = "mean", **settings: Any):
        check_reduction(reduction)
        vars(self).update(settings)
        self.reduction: Reduction = reduction

    def forward(self, output: Any, target: Any, sample_weight: Any = None) -> Any:
        return type(self).function(output, target, sample_weight=sample_weight, **self.config())

    def config(self) -> dict[str, Any]:
        kind: Any = type(self)
        return {name: getattr(self, name) for name in _settings(kind)}

    def extra_repr(self) -> str:
        kind: Any = type(self)
        usual = _settings(kind)
        return ", ".join(f"{name}={value!r}" for name, value in self.config().items() if value != usual[name])


@cache
def _settings(kind: Any) -> dict[str, Any]:
    """What a loss is told when it is made, by name, and what is usual."""
    told = inspect.signature(kind).parameters.values()
    return {parameter.name: parameter.default for parameter in told if parameter.kind != parameter.VAR_KEYWORD}


class L1Loss(Loss):
    """|output − target|, its mean over all elements (topic C1); shapes must be equal.

    Its slope is the sign of the difference, 0 where there is none: an outlier pulls no more than any other sample, and
    the best constant is the median. For data with outliers. PyTorch's L1Loss.
    """

    function = F.l1_loss


class MSELoss(Loss):
    """(output − target)², its mean over all elements (topic C2); shapes must be equal.

    Its slope is twice the difference: the best constant is the mean. For regression with noise of one size.
    PyTorch's MSELoss.

    >>> import numpy as np
    >>> MSELoss(reduction="sum")(np.array([9.0]), np.array([1.0])) / 2
    np.float64(32.0)
    """

    def forward(self, output: Any, target: Any, sample_weight: Any = None) -> Any:
        return F.mse_loss(output, target, self.reduction, sample_weight=sample_weight)


class SSELoss(Loss):
    """½ Σ (output − target)², half the sum of squares, over all samples by default (topic C2).

    Its slope is the difference itself. "mean" is that over samples, each with the sum over its elements. For the
    formulas of textbooks; a sum grows with the batch, so that a learning rate serves one size of batch only.
    PyTorch has it as 0.5 * MSELoss(reduction="sum").

    >>> import numpy as np
    >>> SSELoss()(np.array([9.0]), np.array([1.0]))
    np.float64(32.0)
    """

    function = F.sse_loss

    def __init__(self, reduction: Reduction = "sum"):
        super().__init__(reduction)


class HuberLoss(Loss):
    """½d² where |d| = |output − target| is less than delta, delta·(|d| − delta/2) beyond; mean over all elements.

    Its slope is d, but never more than delta: squares for small differences, where L1 would not settle, and straight
    lines for outliers (Huber 1964; beside topic C1). PyTorch's HuberLoss.

    >>> import numpy as np
    >>> HuberLoss(delta=2.0)(np.array([9.0]), np.array([1.0])), HuberLoss(delta=2.0)
    (np.float64(14.0), HuberLoss(delta=2.0))
    """

    function = F.huber_loss

    def __init__(self, delta: float = 1.0, reduction: Reduction = "mean"):
        super().__init__(reduction, delta=delta)


class SmoothL1Loss(Loss):
    """½d²/beta where |d| < beta, |d| − beta/2 beyond; mean over all elements: L1 with its kink rounded off.

    Use it for regression with outliers.

    HuberLoss(delta=beta) over beta: its slope is d/beta, but never more than 1; with beta = 0 it is L1Loss
    (Girshick 2015, Fast R-CNN; beside topic C1). PyTorch's SmoothL1Loss.
    """

    function = F.smooth_l1_loss

    def __init__(self, beta: float = 1.0, reduction: Reduction = "mean"):
        super().__init__(reduction, beta=beta)
