"""Schedules of one's own functions, and schedules made of schedules (topic D2)."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from .optimizer import Optimizer
from .plateau import ReduceLROnPlateau
from .schedules import LinearLR, Schedule
from .settings import COUNT, check, per_group


class LambdaLR(Schedule):
    """lr · f(e) in epoch e, with a function of one's own, or one for each group.

    Use it for what no other schedule says.

    >>> from autograd_core import Tensor, optim
    >>> schedule = LambdaLR(optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0), lambda epoch: 1 / (1 + epoch))
    >>> schedule.step(); schedule.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Any):
        self.functions = functions_of(optimizer, lr_lambda)
        super().__init__(optimizer)

    def lr_at(self, epoch: int, lr: float) -> float:
        """The rate of the first group; the others may have functions of their own."""
        return lr * self.functions[0](epoch)

    def _rate(self, i: int, group: dict[str, Any]) -> float:
        return group["initial_lr"] * self.functions[i](self.epoch)


class MultiplicativeLR(Schedule):
    """The rate of the epoch before times f(e), with a function of one's own, or one for each group.

    Use it for what no other schedule says.

    >>> from autograd_core import Tensor, optim
    >>> schedule = MultiplicativeLR(optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0), lambda epoch: 1 / epoch)
    >>> for _ in range(3):
    ...     schedule.step()
    >>> round(schedule.get_last_lr()[0], 6)  # 1/(1·2·3)
    0.166667
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Any):
        self.functions = functions_of(optimizer, lr_lambda)
        super().__init__(optimizer)

    def lr_at(self, epoch: int, lr: float) -> float:
        """The rate of the first group; the others may have functions of their own."""
        return lr * math.prod(self.functions[0](e) for e in range(1, epoch + 1))

    def _rate(self, i: int, group: dict[str, Any]) -> float:
        return group["lr"] * (self.functions[i](self.epoch) if self.epoch else 1.0)


def functions_of(optimizer: Optimizer, given: Any) -> list[Callable[[int], float]]:
    """A function of the epoch for each group; TypeError for what cannot be called."""
    functions = per_group(optimizer, "lr_lambda", given)
    for f in functions:
        if not callable(f):
            raise TypeError(f"lr_lambda is a function of the epoch, or one for each group; it is {f!r}")
    return functions


# --- made of others --------------------------------------------------------------------------------------------


class Composed(Schedule):
    """Base of the schedules that are made of others."""

    def __init__(self, optimizer: Optimizer, schedulers: Sequence[Any]):
        self.schedulers = list(schedulers)
        if not self.schedulers:
            raise ValueError(f"{type(self).__name__} is made of schedules, and none was given")
        for s in self.schedulers:
            if not isinstance(s, Schedule) or isinstance(s, ReduceLROnPlateau):
                raise TypeError(
                    f"{type(self).__name__} is made of schedules that need nothing to step; {type(s).__name__} is none: step it beside"
                )
            if s.optimizer is not optimizer:
                raise ValueError(f"all schedules in {type(self).__name__} must be those of one optimizer")
        super().__init__(optimizer)

    def _rate(self, i: int, group: dict[str, Any]) -> float:
        return group["lr"]  # the parts have set it

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {"schedulers": [s.state_dict() for s in self.schedulers]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._refuse_unless_fitting(state)
        for s, part in zip(self.schedulers, state["schedulers"], strict=True):
            s.load_state_dict(part)
        super().load_state_dict(state)

    def _refuse_unless_fitting(self, state: dict[str, Any]) -> None:
        super()._refuse_unless_fitting(state)
        theirs, ours = len(state["schedulers"]), len(self.schedulers)
        if theirs != ours:
            raise ValueError(f"this state is of a {type(self).__name__} of {theirs} schedules, not of {ours}")
        for s, part in zip(self.schedulers, state["schedulers"], strict=True):
            s._refuse_unless_fitting(part)


class SequentialLR(Composed):
    """One schedule after the other; each begins anew, from the first rates, when its milestone is reached.

    Use it for a warm-up followed by a decay.

    PyTorch's does the same, but for a MultiplicativeLR, which goes on from the rate that it finds.

    >>> from autograd_core import Tensor, optim
    >>> opt = optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0)
    >>> parts = [optim.ConstantLR(opt, 0.5, total_iters=9), optim.ExponentialLR(opt, 0.1)]
    >>> schedule, rates = SequentialLR(opt, parts, milestones=[2]), []
    >>> for _ in range(5):
    ...     rates.append(round(opt.param_groups[0]["lr"], 6)); schedule.step()
    >>> rates
    [0.5, 0.5, 1.0, 0.1, 0.01]
    """

    def __init__(self, optimizer: Optimizer, schedulers: Sequence[Any], milestones: Sequence[int]):
        super().__init__(optimizer, schedulers)
        self.milestones = list(milestones)
        for m in self.milestones:
            check({"a milestone": m}, {"a milestone": COUNT})
        if len(self.milestones) != len(self.schedulers) - 1 or self.milestones != sorted(set(self.milestones)):
            raise ValueError(
                f"{len(self.schedulers)} schedules need {len(self.schedulers) - 1} milestones between them, each later "
                f"than the one before; there are {self.milestones}"
            )
        self.restart()

    def _begin(self) -> None:
        self.epoch = 0
        self.schedulers[0].restart()

    def step(self) -> None:
        self.epoch += 1
        current = self.schedulers[bisect_right(self.milestones, self.epoch)]
        if self.epoch in self.milestones:
            current.restart()
        else:
            current.step()


class ChainedScheduler(Composed):
    """Several schedules at once, each on what the one before it has made of the rate.

    Use it for a warm-up on top of a decay.

    Schedules that set the rate, whatever it is (LambdaLR, cycles, restarts), must come first.

    >>> from autograd_core import Tensor, optim
    >>> opt = optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0)
    >>> schedule, rates = ChainedScheduler([optim.ConstantLR(opt, 0.5, total_iters=2), optim.ExponentialLR(opt, 0.1)]), []
    >>> for _ in range(4):
    ...     rates.append(round(opt.param_groups[0]["lr"], 6)); schedule.step()
    >>> rates
    [0.5, 0.05, 0.01, 0.001]
    """

    def __init__(self, schedulers: Sequence[Any], optimizer: Optimizer | None = None):
        own: Any = getattr(next(iter(schedulers), None), "optimizer", None)
        super().__init__(optimizer or own, schedulers)

    def _begin(self) -> None:
        self.epoch = 0
        for s in self.schedulers:
            s._begin()

    def step(self) -> None:
        self.epoch += 1
        for s in self.schedulers:
            s.step()


def warm_up(schedule: Schedule, steps: int, start_factor: float = 0.01) -> SequentialLR:
    """A schedule after a warm-up, in which the rate rises linearly from lr · start_factor to lr (Goyal et al. 2017).

    In PyTorch this is written out, as here: a LinearLR, then the schedule, in a SequentialLR.

    >>> from autograd_core import Tensor, optim
    >>> opt = optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0)
    >>> schedule, rates = warm_up(optim.ExponentialLR(opt, 0.1), steps=2, start_factor=0.5), []
    >>> for _ in range(4):
    ...     rates.append(round(opt.param_groups[0]["lr"], 6)); schedule.step()
    >>> rates
    [0.5, 0.75, 1.0, 0.1]
    """
    first = LinearLR(schedule.optimizer, start_factor, total_iters=steps)
    return SequentialLR(schedule.optimizer, [first, schedule], [steps])
