"""Callbacks: any object with the methods it cares for, of these:

- `on_fit_begin(trainer)`: before the first epoch. One that serves several calls of fit begins anew here.
- `on_resume(trainer)`: after it, where a run goes on from a checkpoint, when all is put back.
- `on_eager_step(trainer, x, t)`: before a step that no compiled program makes; one that goes wrong is always such a step in
  the end, but for errors in a compiled epoch that is one call.
- `on_step_failed(trainer, x, t, error)`: a step raised, or its loss is no number (`error.loss`); it is not made, and the error goes on.
  x and t are None if a compiled epoch does not know at which batch.
- `on_step_end(trainer)`: after each step, which are then made one by one, where a compiled epoch would be one call.
- `on_epoch_end(trainer, row)`: after each epoch, validation and schedule, with its row of the history.
- `on_fit_end(trainer)`: when fit ends, by an error too.

One ends training after the epoch by setting `trainer.stop` to the reason; `trainer.pause(reason)` ends it after the step, and
a run that goes on from a checkpoint goes on there. What one remembers is in checkpoints if it has `state_dict()` and
`load_state_dict(state)`. One with `told_last = True` is told after the others, of the end of fit before them.
One that says `looks = False` reads no `.grad` and changes no data: a compiled epoch then need not leave them as eager steps do.
"""

from __future__ import annotations

import math
import time
from typing import Any

from .schedules import Schedule
from .settings import NOT_NEGATIVE, POSITIVE, check

BETTER = {"loss": "min", "mae": "min", "accuracy": "max", "r2": "max"}


def direction(monitor: str, mode: str | None) -> float:
    """1 if a number is to rise, -1 if it is to fall; ValueError where its name does not say and nobody else does."""
    mode = mode or BETTER.get(monitor.rpartition("_")[2])
    if mode not in ("min", "max"):
        raise ValueError(f'is a better {monitor} lower or higher? say mode="min" or mode="max"')
    return -1.0 if mode == "min" else 1.0


class EarlyStopping:
    """Stop when the monitored number has not improved for `patience` epochs, and go back to the best weights (topic D5).

    monitor: a column of the history. mode: "min" or "max"; not needed for loss and mae, which are to fall, nor for
    accuracy and r2, which are to rise. min_delta: what counts as better. warm_up: epochs at the beginning that are not looked
    at (Keras: start_from_epoch). A run that had ended for want of patience and is resumed with more goes on. ValueError:
    patience below 1, no mode.
    """

    looks = False

    def __init__(
        self,
        patience: int = 10,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        restore_best: bool = True,
        mode: str | None = None,
        warm_up: int = 0,
    ):
        if patience < 1:
            raise ValueError(f"patience counts epochs, at least 1; it is {patience!r}")
        check({"warm_up": warm_up}, {"warm_up": NOT_NEGATIVE})
        self.patience, self.monitor, self.min_delta, self.restore_best = patience, monitor, min_delta, restore_best
        self.warm_up = warm_up
        self.sign = direction(monitor, mode)

    def on_fit_begin(self, trainer: Any) -> None:
        self.best, self.best_epoch, self.waited, self.weights = -math.inf, 0, 0, trainer.model.state_dict()

    def on_resume(self, trainer: Any) -> None:
        if self.waited and trainer.stop == self._reason(self.waited) and self.waited < self.patience:
            trainer.stop = None

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        if self.monitor not in row:
            raise ValueError(
                f"EarlyStopping monitors {self.monitor!r}, which is not measured; there is {', '.join(row)}. "
                "Give fit a validation set, or monitor one of these."
            )
        if row["epoch"] <= self.warm_up:
            return
        score = self.sign * row[self.monitor]
        if score > self.best + self.min_delta:
            self.best, self.best_epoch, self.waited = score, row["epoch"], 0
            if self.restore_best:
                self.weights = trainer.model.state_dict()
        else:
            self.waited += 1
            if self.waited >= self.patience:
                trainer.stop = self._reason(self.patience)

    def on_fit_end(self, trainer: Any) -> None:
        trainer.history.best_epoch = self.best_epoch or None
        if self.restore_best and self.best_epoch:
            trainer.model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        """The best number, its epoch and weights, and for how long there has been no better."""
        return {name: getattr(self, name) for name in ("best", "best_epoch", "waited", "weights")}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self.best, self.best_epoch, self.waited = state["best"], state["best_epoch"], state["waited"]
        self.weights = dict(state["weights"])

    def _reason(self, epochs: int) -> str:
        return f"{self.monitor} has not improved for {epochs} epochs"


class TimeLimit:
    """Pause training when it has taken so many seconds: after the epoch, or, with within_epochs, after the step.

    A run that is resumed from a checkpoint has the time anew. within_epochs: steps are then made one by one, where a compiled
    epoch is one call. (Lightning: Timer.)

    >>> import numpy as np
    >>> from autograd_core import nn, optim
    >>> model, x = nn.MLP([1, 1], rng=0), np.ones((8, 1), np.float32)
    >>> trainer = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    >>> history = trainer.fit((x, x), epochs=10**6, callbacks=[TimeLimit(0.01)])
    >>> history.stopped
    'the time limit of 0.01 s is reached'
    """

    looks = False

    def __init__(self, seconds: float, within_epochs: bool = False):
        check({"seconds": seconds}, {"seconds": POSITIVE})
        self.seconds = seconds
        if within_epochs:
            self.on_step_end = self._look

    def on_fit_begin(self, trainer: Any) -> None:
        self.begin = time.monotonic()

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        self._look(trainer)

    def _look(self, trainer: Any) -> None:
        if time.monotonic() - self.begin >= self.seconds:
            trainer.pause(f"the time limit of {self.seconds:g} s is reached")


class LRScheduler:
    """A schedule, or a function of how many epochs are over that gives the learning rate, as a callback.

    The Trainer's own `schedule` does the same; this is for a second one, or where callbacks are all there is. by: "epoch",
    or "step": the function is then one of the steps made. A run that goes on from a checkpoint goes on with the rate it had, and
    asks from the next epoch (step) on. (Keras: LearningRateScheduler.)

    >>> import numpy as np
    >>> from autograd_core import nn, optim
    >>> model, x = nn.MLP([1, 1], rng=0), np.ones((8, 1), np.float32)
    >>> trainer = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    >>> trainer.fit((x, x), epochs=3, callbacks=[LRScheduler(lambda epoch: 0.1 / (1 + epoch))])["lr"]
    [0.1, 0.05, 0.03333333333333333]
    """

    def __init__(self, schedule: Any, by: str = "epoch"):
        if by not in ("epoch", "step") or (by == "step" and hasattr(schedule, "watch")):
            raise ValueError(
                f'by is "epoch" or "step", and "epoch" for a schedule that watches the history; it is {by!r}'
            )
        if not callable(schedule) and not hasattr(schedule, "step"):
            raise TypeError(f"LRScheduler takes a schedule or a function that gives the rate; it got {schedule!r}")
        self.schedule, self.by = schedule, by
        if by == "step":
            self.on_step_end = self._advance

    def on_fit_begin(self, trainer: Any) -> None:
        if isinstance(self.schedule, Schedule) and self.schedule.optimizer is not trainer.optimizer:
            raise ValueError("this schedule sets the rates of another optimizer: build it with the trainer's")
        is_function, resumed = not hasattr(self.schedule, "step"), trainer.place.steps > 0
        if is_function and not resumed:  # a resumed run has its rate: somebody else's, maybe
            self._advance(trainer)

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        if self.by == "epoch":
            self._advance(trainer, row)

    def state_dict(self) -> dict[str, Any]:
        """The state of the schedule."""
        return {"schedule": self.schedule.state_dict() if hasattr(self.schedule, "state_dict") else None}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        if state["schedule"] is not None:
            self.schedule.load_state_dict(state["schedule"])

    def _advance(self, trainer: Any, row: Any = None) -> None:
        if hasattr(self.schedule, "watch"):
            self.schedule.watch(row)
        elif hasattr(self.schedule, "step"):
            self.schedule.step()
        else:
            for group in trainer.optimizer.param_groups:
                group["lr"] = float(self.schedule(getattr(trainer.place, "epoch" if self.by == "epoch" else "steps")))
