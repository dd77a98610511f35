"""Rates that go up and down with the momentum against them: cycles, and the one cycle (topic D2)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .optimizer import Optimizer
from .schedules import FACTOR, Schedule
from .settings import COUNT, POSITIVE, check, one_of, per_group


class CycleSchedule(Schedule):
    """Base of the schedules that move the momentum (SGD's momentum, Adam's β₁) against the rate."""

    cycle_momentum: bool

    def momentum_at(self, epoch: int, i: int = 0) -> float:
        """The momentum of the i-th group in an epoch (from 0)."""
        raise TypeError(f"{type(self).__name__} does not say momentum_at(epoch, i)")

    def _check_momentum(self, optimizer: Optimizer) -> None:
        if self.cycle_momentum and not optimizer.defaults.keys() & {"momentum", "betas"}:
            raise ValueError(f"{type(optimizer).__name__} has no momentum to cycle: say cycle_momentum=False")

    def _set(self) -> None:
        super()._set()
        self._set_momentum()

    def _set_momentum(self) -> None:
        if self.cycle_momentum:
            for i, group in enumerate(self.optimizer.param_groups):
                momentum = self.momentum_at(self.epoch, i)
                if "betas" in group:
                    group["betas"] = (momentum, *group["betas"][1:])
                else:
                    group["momentum"] = momentum

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self._set_momentum()


MODES = ("triangular", "triangular2", "exp_range")
MOMENTA = {"base_momentum": FACTOR, "max_momentum": FACTOR}


class CyclicLR(CycleSchedule):
    """From base_lr to max_lr in step_size_up steps, back in step_size_down, and so on, the momentum the other way.

    Use it where the best rate is known only as a range.

    mode: "triangular"; "triangular2" halves the height with each cycle; "exp_range" multiplies it by gamma with each step;
    or scale_fn, a function of the cycle (from 1) or, with scale_mode="iterations", of the step. base_lr, max_lr and the
    momenta may be lists, one for each group. Meant to be stepped after each batch. Source: Smith 2017, arXiv 1506.01186.

    >>> from autograd_core import Tensor, optim
    >>> opt = optim.SGD([Tensor(1.0, requires_grad=True)], momentum=0.9)
    >>> schedule, rates = CyclicLR(opt, base_lr=1.0, max_lr=3.0, step_size_up=2, mode="triangular2"), []
    >>> for _ in range(7):
    ...     rates += schedule.get_last_lr(); schedule.step()
    >>> rates
    [1.0, 2.0, 3.0, 2.0, 1.0, 1.5, 2.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: Any,
        max_lr: Any,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: Any = 0.8,
        max_momentum: Any = 0.9,
    ):
        down = step_size_up if step_size_down is None else step_size_down
        check(
            {"step_size_up": step_size_up, "step_size_down": down, "mode": mode, "gamma": gamma, "scale_mode": scale_mode},
            {
                "step_size_up": COUNT, "step_size_down": COUNT, "mode": one_of(*MODES), "gamma": POSITIVE,
                "scale_mode": one_of("cycle", "iterations"),
            },
        )  # fmt: skip
        self.up, self.down, self.mode, self.gamma = step_size_up, down, mode, gamma
        self.scale_fn, self.scale_mode, self.cycle_momentum = scale_fn, scale_mode, cycle_momentum
        self._check_momentum(optimizer)
        low, high = per_group(optimizer, "base_lr", base_lr), per_group(optimizer, "max_lr", max_lr)
        weak, strong = (
            per_group(optimizer, name, given)
            for name, given in [("base_momentum", base_momentum), ("max_momentum", max_momentum)]
        )
        self.rates, self.momenta = list(zip(low, high, strict=True)), list(zip(weak, strong, strict=True))
        for (lowest, highest), (least, most) in zip(self.rates, self.momenta, strict=True):
            check({"base_lr": lowest, "max_lr": highest}, {"base_lr": POSITIVE, "max_lr": POSITIVE})
            check({"base_momentum": least, "max_momentum": most}, MOMENTA)
        for group, rate in zip(optimizer.param_groups, low, strict=True):
            group["lr"] = rate
        super().__init__(optimizer)

    def height_at(self, epoch: int) -> float:
        """How far a step (from 0) is above the base: 1 at the top of the first triangle."""
        cycle, place = divmod(epoch, self.up + self.down)
        height = place / self.up if place <= self.up else (self.up + self.down - place) / self.down
        if self.scale_fn is not None:
            return height * self.scale_fn(cycle + 1 if self.scale_mode == "cycle" else epoch)
        return height * {"triangular": 1.0, "triangular2": 0.5**cycle, "exp_range": self.gamma**epoch}[self.mode]

    def lr_at(self, epoch: int, lr: float) -> float:
        """The rate of the first group where it began with `lr`; the others may have ends of their own."""
        return lr + (self.rates[0][1] - lr) * self.height_at(epoch)

    def _rate(self, i: int, group: dict[str, Any]) -> float:
        low, high = self.rates[i]
        return low + (high - low) * self.height_at(self.epoch)

    def momentum_at(self, epoch: int, i: int = 0) -> float:
        low, high = self.momenta[i]
        return high - (high - low) * self.height_at(epoch)


class OneCycleLR(CycleSchedule):
    """One cycle for all of the training: from max_lr/div_factor up to max_lr, then down to far below the beginning.

    Use it for fast training at high rates.

    total_steps, or epochs and steps_per_epoch. pct_start: the share of the way up. anneal_strategy: "cos" or "linear".
    The end is the beginning/final_div_factor; three_phase goes down to the beginning first, as fast as up. The momentum
    goes from max_momentum to base_momentum and back. max_lr and the momenta may be lists, one for each group. Meant to
    be stepped after each batch; a step beyond total_steps is a ValueError. Source: Smith & Topin 2018, arXiv 1708.07120.

    >>> from autograd_core import Tensor, optim
    >>> opt = optim.SGD([Tensor(1.0, requires_grad=True)], momentum=0.9)
    >>> schedule = OneCycleLR(opt, max_lr=1.0, total_steps=7, pct_start=3 / 7, anneal_strategy="linear", div_factor=4.0)
    >>> [round(schedule.lr_at(step, 0.25), 3) for step in range(7)]
    [0.25, 0.625, 1.0, 0.75, 0.5, 0.25, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: Any,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: Any = 0.85,
        max_momentum: Any = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ):
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR must know its length: give total_steps, or epochs and steps_per_epoch")
            total_steps = epochs * steps_per_epoch
        check(
            {
                "total_steps": total_steps, "pct_start": pct_start, "anneal_strategy": anneal_strategy,
                "div_factor": div_factor, "final_div_factor": final_div_factor,
            },
            {
                "total_steps": COUNT, "pct_start": FACTOR, "anneal_strategy": one_of("cos", "linear"),
                "div_factor": POSITIVE, "final_div_factor": POSITIVE,
            },
        )  # fmt: skip
        self.total_steps, self.anneal_strategy, self.cycle_momentum = total_steps, anneal_strategy, cycle_momentum
        self._check_momentum(optimizer)
        low, high = (
            per_group(optimizer, name, given)
            for name, given in [("base_momentum", base_momentum), ("max_momentum", max_momentum)]
        )
        self.momenta = list(zip(low, high, strict=True))
        up, start, top, end = pct_start * total_steps - 1, 1.0, div_factor, 1 / final_div_factor
        # where a phase ends; the multiples of the first rate, and the shares of the momentum's range, that it joins
        self.phases: list[tuple[Any, ...]] = (
            [(up, (start, top), (1, 0)), (2 * up, (top, start), (0, 1)), (total_steps - 1, (start, end), (1, 1))]
            if three_phase
            else [(up, (start, top), (1, 0)), (total_steps - 1, (top, end), (0, 1))]
        )
        for group, highest, (least, most) in zip(
            optimizer.param_groups, per_group(optimizer, "max_lr", max_lr), self.momenta, strict=True
        ):
            check({"max_lr": highest}, {"max_lr": POSITIVE})
            check({"base_momentum": least, "max_momentum": most}, MOMENTA)
            group["lr"] = group["initial_lr"] = highest / div_factor
        super().__init__(optimizer)

    def step(self) -> None:
        if self.epoch >= self.total_steps:
            raise ValueError(f"the one cycle is over: it was made for {self.total_steps} steps, and this is one more")
        super().step()

    def _between(self, epoch: int, which: int) -> float:
        """The point between the ends of the phase that an epoch falls into."""
        k = next((k for k, (end, *_) in enumerate(self.phases) if epoch <= end), len(self.phases) - 1)
        begin, end = self.phases[k - 1][0] if k else 0.0, self.phases[k][0]
        share = (epoch - begin) / (end - begin) if end != begin else 1.0
        a, b = self.phases[k][1 + which]
        return (
            b + (a - b) * (1 + math.cos(math.pi * share)) / 2 if self.anneal_strategy == "cos" else a + (b - a) * share
        )

    def lr_at(self, epoch: int, lr: float) -> float:
        return lr * self._between(epoch, 0)

    def momentum_at(self, epoch: int, i: int = 0) -> float:
        low, high = self.momenta[i]
        return low + (high - low) * self._between(epoch, 1)
