"""Schedules: the learning rate as a function of the epoch, ε₁, ε₂, … (topic D2)."""

from __future__ import annotations

import math
from typing import Any

from .optimizer import Optimizer


class Schedule:
    """Base of the schedules: `step()` after each epoch sets each group's lr to `lr_at(epoch, initial lr)`."""

    def __init__(self, optimizer: Optimizer):
        self.optimizer, self.epoch = optimizer, 0
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self._set()

    def lr_at(self, epoch: int, lr: float) -> float:
        """The learning rate of an epoch (from 0) where it began with `lr`."""
        raise TypeError(f"{type(self).__name__} does not say lr_at(epoch, lr)")

    def _set(self) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr_at(self.epoch, group["initial_lr"])

    def step(self) -> None:
        """An epoch is over."""
        self.epoch += 1
        self._set()

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Where the schedule stands."""
        return {"epoch": self.epoch}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go to where a schedule stood."""
        self.epoch = state["epoch"]
        self._set()


class StepLR(Schedule):
    """lr · gammaᵏ, k being how often step_size epochs have passed.

    >>> from autograd_core import Tensor, optim
    >>> schedule = StepLR(optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0), step_size=2, gamma=0.5)
    >>> [schedule.lr_at(epoch, 1.0) for epoch in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1):
        if step_size < 1:
            raise ValueError(f"step_size counts epochs, at least 1; it is {step_size!r}")
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer)

    def lr_at(self, epoch: int, lr: float) -> float:
        return lr * self.gamma ** (epoch // self.step_size)


class CosineAnnealingLR(Schedule):
    """Half a cosine from lr down to eta_min in T_max epochs, and up again (Loshchilov & Hutter 2017).

    >>> from autograd_core import Tensor, optim
    >>> schedule = CosineAnnealingLR(optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0), T_max=2)
    >>> [round(schedule.lr_at(epoch, 1.0), 3) for epoch in range(3)]
    [1.0, 0.5, 0.0]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0):
        if T_max < 1:
            raise ValueError(f"T_max counts epochs, at least 1; it is {T_max!r}")
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer)

    def lr_at(self, epoch: int, lr: float) -> float:
        return self.eta_min + (lr - self.eta_min) * (1 + math.cos(math.pi * epoch / self.T_max)) / 2
