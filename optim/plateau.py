"""The schedule that watches how training goes (topic D2)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .optimizer import Optimizer
from .schedules import Schedule
from .settings import NOT_NEGATIVE, SHARE, check, one_of, per_group


class ReduceLROnPlateau(Schedule):
    """lr · factor whenever a number has not improved for more than `patience` epochs; `step(number)` after each.

    Use it where the number of epochs is not known.

    mode: "min" or "max". Better means by the share (threshold_mode "rel") or the amount ("abs") `threshold`. cooldown:
    epochs after a reduction that do not count. min_lr: never below it (a list for several groups). eps: smaller changes
    are not made. monitor: the column of the history that the Trainer hands to step; by default val_loss, or loss.

    >>> from autograd_core import Tensor, optim
    >>> schedule = ReduceLROnPlateau(optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0), factor=0.5, patience=1)
    >>> for loss in [3.0, 2.0, 2.0, 2.0]:
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: Any = 0.0,
        eps: float = 1e-8,
        monitor: str | None = None,
    ):
        check(
            {"mode": mode, "factor": factor, "patience": patience, "threshold": threshold, "cooldown": cooldown, "eps": eps,
             "threshold_mode": threshold_mode},
            {"mode": one_of("min", "max"), "factor": SHARE, "patience": NOT_NEGATIVE, "threshold": NOT_NEGATIVE,
             "cooldown": NOT_NEGATIVE, "eps": NOT_NEGATIVE, "threshold_mode": one_of("rel", "abs")},
        )  # fmt: skip
        self.mode, self.factor, self.patience, self.cooldown, self.eps = mode, factor, patience, cooldown, eps
        self.threshold, self.threshold_mode, self.monitor = threshold, threshold_mode, monitor
        self.min_lrs = per_group(optimizer, "min_lr", min_lr)
        self.best, self.bad, self.cooling = math.inf if mode == "min" else -math.inf, 0, 0
        super().__init__(optimizer)

    def _rate(self, i: int, group: dict[str, Any]) -> float:
        return group["lr"]

    def better(self, number: float) -> bool:
        """Whether a number is an improvement on the best so far."""
        sign = 1 if self.mode == "max" else -1
        least = (
            self.best * (1 + sign * self.threshold)
            if self.threshold_mode == "rel"
            else self.best + sign * self.threshold
        )
        return number > least if self.mode == "max" else number < least

    def step(self, number: Any = None) -> None:
        """An epoch is over, and this is how it went; TypeError without a number."""
        if number is None:
            raise TypeError("ReduceLROnPlateau watches a number: write schedule.step(validation_loss)")
        number = float(getattr(number, "value", number))
        self.epoch += 1
        if self.better(number):
            self.best, self.bad = number, 0
        else:
            self.bad += 1
        if self.cooling:
            self.cooling, self.bad = self.cooling - 1, 0
        if self.bad > self.patience:
            self.cooling, self.bad = self.cooldown, 0
            for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
                lr = max(group["lr"] * self.factor, least)
                if group["lr"] - lr > self.eps:
                    group["lr"] = lr

    def watch(self, row: Mapping[str, Any]) -> None:
        """Step with a row of the history; ValueError where the monitored column is not measured."""
        column = self.monitor or ("val_loss" if "val_loss" in row else "loss")
        if column not in row:
            raise ValueError(f"ReduceLROnPlateau monitors {column!r}, which is not measured; there is {', '.join(row)}")
        self.step(row[column])

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {"best": self.best, "bad": self.bad, "cooling": self.cooling}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.best, self.bad, self.cooling = state["best"], state["bad"], state["cooling"]
