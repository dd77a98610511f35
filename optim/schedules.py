"""Schedules: the learning rate as a function of the epoch, ε₁, ε₂, … (topic D2).

A schedule says either the rate of an epoch (`lr_at`) or by what the rate is multiplied since the beginning (`factor_at`);
those that multiply work on the rate as they find it, so several may act on one optimizer. What is called an epoch here
is whatever lies between two calls of `step()`: it may as well be a batch. PyTorch calls `epoch` last_epoch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .optimizer import Optimizer
from .settings import COUNT, POSITIVE, Range, check

FACTOR: Range = (lambda v: 0 <= v <= 1, "between 0 and 1")


class Schedule:
    """Base of the schedules: `step()` after each epoch sets each group's lr to `lr_at(epoch, initial lr)`.

    torch.optim.lr_scheduler.LRScheduler.

    >>> from autograd_core import Tensor, optim
    >>> class Halving(Schedule):
    ...     def lr_at(self, epoch, lr):
    ...         return lr / 2**epoch
    >>> schedule = Halving(optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0))
    >>> schedule.step(); schedule.step(); schedule.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer):
        self.optimizer, self.epoch = optimizer, 0
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self._set()

    def lr_at(self, epoch: int, lr: float) -> float:
        """The learning rate of an epoch (from 0) where it began with `lr`."""
        raise TypeError(f"{type(self).__name__} does not say lr_at(epoch, lr)")

    def _rate(self, i: int, group: dict[str, Any]) -> float:
        """The rate of the i-th group in this epoch."""
        return self.lr_at(self.epoch, group["initial_lr"])

    def _set(self) -> None:
        for i, group in enumerate(self.optimizer.param_groups):
            group["lr"] = self._rate(i, group)

    def _begin(self) -> None:
        self.epoch = 0
        self._set()

    def step(self) -> None:
        """An epoch is over."""
        self.epoch += 1
        self._set()

    def restart(self) -> None:
        """Begin anew, from the rates with which the optimizer began."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        self._begin()

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Where the schedule stands; what was cycled besides the rate is in the optimizer's state."""
        return {"type": type(self).__name__, "epoch": self.epoch, "lr": self.get_last_lr()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go to where a schedule stood; ValueError, with nothing changed, for the state of another kind of schedule."""
        self._refuse_unless_fitting(state)
        self.epoch = state["epoch"]
        for group, lr in zip(self.optimizer.param_groups, state["lr"], strict=True):
            group["lr"] = lr

    def _refuse_unless_fitting(self, state: dict[str, Any]) -> None:
        theirs, ours = len(state["lr"]), len(self.optimizer.param_groups)
        if (state["type"], theirs) != (type(self).__name__, ours):
            raise ValueError(
                f"this state is of {state['type']} over {theirs} groups, not of {type(self).__name__} over {ours}"
            )


class FactorSchedule(Schedule):
    """Base of the schedules that multiply: the rate above `floor` follows `factor_at(epoch)`.

    Each step multiplies what lies above the floor by factor_at(epoch)/factor_at(epoch − 1), whatever else has been done
    to the rate; from 0 it comes up again as far as it would be had it been left alone.
    """

    floor = 0.0

    def factor_at(self, epoch: int) -> float:
        """What the rate is multiplied by in an epoch (from 0), counted from the beginning."""
        raise TypeError(f"{type(self).__name__} does not say factor_at(epoch)")

    def lr_at(self, epoch: int, lr: float) -> float:
        return self.floor + (lr - self.floor) * self.factor_at(epoch)

    def _rate(self, i: int, group: dict[str, Any]) -> float:
        now, before = self.factor_at(self.epoch), self.factor_at(self.epoch - 1) if self.epoch else 1.0
        if before == 0:
            return group["lr"] + (group["initial_lr"] - self.floor) * now
        return self.floor + (group["lr"] - self.floor) * (now / before)


class StepLR(FactorSchedule):
    """lr · gammaᵏ, k being how often step_size epochs have passed.

    Use it where it is known when progress stalls.

    >>> from autograd_core import Tensor, optim
    >>> schedule = StepLR(optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0), step_size=2, gamma=0.5)
    >>> [schedule.lr_at(epoch, 1.0) for epoch in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1):
        check({"step_size": step_size, "gamma": gamma}, {"step_size": COUNT, "gamma": POSITIVE})
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer)

    def factor_at(self, epoch: int) -> float:
        return self.gamma ** (epoch // self.step_size)


class MultiStepLR(FactorSchedule):
    """lr · gammaᵏ, k being how many of the milestones have been reached.

    Use it where it is known when progress stalls.

    >>> from autograd_core import Tensor, optim
    >>> schedule = MultiStepLR(optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0), milestones=[1, 3], gamma=0.5)
    >>> [schedule.lr_at(epoch, 1.0) for epoch in range(4)]
    [1.0, 0.5, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1):
        self.milestones, self.gamma = list(milestones), gamma
        check({"gamma": gamma}, {"gamma": POSITIVE})
        for m in self.milestones:
            check({"a milestone": m}, {"a milestone": COUNT})
        super().__init__(optimizer)

    def factor_at(self, epoch: int) -> float:
        return self.gamma ** sum(epoch >= m for m in self.milestones)


class ConstantLR(FactorSchedule):
    """lr · factor for total_iters epochs, lr from then on.

    Use it as a simple warm-up.

    >>> from autograd_core import Tensor, optim
    >>> schedule = ConstantLR(optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0), factor=0.5, total_iters=2)
    >>> [schedule.lr_at(epoch, 1.0) for epoch in range(4)]
    [0.5, 0.5, 1.0, 1.0]
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5):
        check({"factor": factor, "total_iters": total_iters}, {"factor": FACTOR, "total_iters": COUNT})
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer)

    def factor_at(self, epoch: int) -> float:
        return self.factor if epoch < self.total_iters else 1.0


class LinearLR(FactorSchedule):
    """From lr · start_factor to lr · end_factor in total_iters epochs, in equal steps: the usual warm-up.

    >>> from autograd_core import Tensor, optim
    >>> schedule = LinearLR(optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0), start_factor=0.5, total_iters=2)
    >>> [schedule.lr_at(epoch, 1.0) for epoch in range(4)]
    [0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
    ):
        given = {"start_factor": start_factor, "end_factor": end_factor, "total_iters": total_iters}
        above = (lambda v: 0 < v <= 1, "above 0 and at most 1")
        check(given, {"start_factor": above, "end_factor": FACTOR, "total_iters": COUNT})
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer)

    def factor_at(self, epoch: int) -> float:
        return self.start_factor + (self.end_factor - self.start_factor) * min(epoch / self.total_iters, 1)


class ExponentialLR(FactorSchedule):
    """lr · gammaᵉ in epoch e.

    Use it for a steady fall.

    >>> from autograd_core import Tensor, optim
    >>> schedule = ExponentialLR(optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0), gamma=0.5)
    >>> [schedule.lr_at(epoch, 1.0) for epoch in range(3)]
    [1.0, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, gamma: float):
        check({"gamma": gamma}, {"gamma": POSITIVE})
        self.gamma = gamma
        super().__init__(optimizer)

    def factor_at(self, epoch: int) -> float:
        return self.gamma**epoch


class PolynomialLR(FactorSchedule):
    """lr · (1 − e/total_iters)^power in epoch e, and 0 from total_iters on.

    Use it to end at 0 at a known epoch.

    >>> from autograd_core import Tensor, optim
    >>> schedule = PolynomialLR(optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0), total_iters=2, power=2.0)
    >>> [schedule.lr_at(epoch, 1.0) for epoch in range(4)]
    [1.0, 0.25, 0.0, 0.0]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0):
        check({"total_iters": total_iters, "power": power}, {"total_iters": COUNT, "power": POSITIVE})
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer)

    def factor_at(self, epoch: int) -> float:
        return (1 - min(epoch / self.total_iters, 1)) ** self.power
