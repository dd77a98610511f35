"""Cosines, with and without restarts (topic D2)."""

from __future__ import annotations

import math

from .optimizer import Optimizer
from .schedules import FactorSchedule, Schedule
from .settings import COUNT, NOT_NEGATIVE, check


class CosineAnnealingLR(FactorSchedule):
    """Half a cosine from lr down to eta_min in T_max epochs, and up again (Loshchilov & Hutter 2017).

    Use it where the number of epochs is known.

    >>> from autograd_core import Tensor, optim
    >>> schedule = CosineAnnealingLR(optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0), T_max=2)
    >>> [round(schedule.lr_at(epoch, 1.0), 3) for epoch in range(3)]
    [1.0, 0.5, 0.0]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0):
        check({"T_max": T_max, "eta_min": eta_min}, {"T_max": COUNT, "eta_min": NOT_NEGATIVE})
        self.T_max, self.floor = T_max, eta_min
        super().__init__(optimizer)

    def factor_at(self, epoch: int) -> float:
        return (1 + math.cos(math.pi * epoch / self.T_max)) / 2


class CosineAnnealingWarmRestarts(Schedule):
    """Half a cosine from lr down to eta_min in T_0 epochs, then again from lr, each time T_mult times as long.

    Use it to have several ends to choose from.

    Source: Loshchilov & Hutter 2017, "SGDR: stochastic gradient descent with warm restarts", arXiv 1608.03983.

    >>> from autograd_core import Tensor, optim
    >>> schedule = CosineAnnealingWarmRestarts(optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0), T_0=2, T_mult=2)
    >>> [round(schedule.lr_at(epoch, 1.0), 3) for epoch in range(7)]
    [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0):
        check(
            {"T_0": T_0, "T_mult": T_mult, "eta_min": eta_min}, {"T_0": COUNT, "T_mult": COUNT, "eta_min": NOT_NEGATIVE}
        )
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer)

    def lr_at(self, epoch: int, lr: float) -> float:
        since, length = epoch % self.T_0 if self.T_mult == 1 else epoch, self.T_0
        while since >= length:
            since, length = since - length, length * self.T_mult
        return self.eta_min + (lr - self.eta_min) * (1 + math.cos(math.pi * since / length)) / 2
