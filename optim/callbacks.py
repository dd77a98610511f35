"""Callbacks: any object with the methods it cares for: `on_fit_begin(trainer)`, `on_step_end(trainer)`,
`on_epoch_end(trainer, row)`, `on_fit_end(trainer)`. One ends training by setting `trainer.stop` to the reason."""

from __future__ import annotations

import math
from typing import Any


class EarlyStopping:
    """Stop when the monitored number has not improved for `patience` epochs, and go back to the best weights (topic D5).

    monitor: a column of the history. mode: "min" or "max"; not needed for loss and mae, which are to fall, nor for
    accuracy and r2, which are to rise. min_delta: what counts as better. ValueError: patience below 1, no mode.
    """

    def __init__(
        self,
        patience: int = 10,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        restore_best: bool = True,
        mode: str | None = None,
    ):
        if patience < 1:
            raise ValueError(f"patience counts epochs, at least 1; it is {patience!r}")
        self.patience, self.monitor, self.min_delta, self.restore_best = patience, monitor, min_delta, restore_best
        kind = monitor.rpartition("_")[2]
        mode = mode or {"loss": "min", "mae": "min", "accuracy": "max", "r2": "max"}.get(kind)
        if mode not in ("min", "max"):
            raise ValueError(f'is a better {monitor} lower or higher? say mode="min" or mode="max"')
        self.sign = -1.0 if mode == "min" else 1.0

    def on_fit_begin(self, trainer: Any) -> None:
        self.best, self.best_epoch, self.waited, self.weights = -math.inf, 0, 0, trainer.model.state_dict()

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        if self.monitor not in row:
            raise ValueError(
                f"EarlyStopping monitors {self.monitor!r}, which is not measured; there is {', '.join(row)}. "
                "Give fit a validation set, or monitor one of these."
            )
        score = self.sign * row[self.monitor]
        if score > self.best + self.min_delta:
            self.best, self.best_epoch, self.waited = score, row["epoch"], 0
            if self.restore_best:
                self.weights = trainer.model.state_dict()
        else:
            self.waited += 1
            if self.waited >= self.patience:
                trainer.stop = f"{self.monitor} has not improved for {self.patience} epochs"

    def on_fit_end(self, trainer: Any) -> None:
        trainer.history.best_epoch = self.best_epoch or None
        if self.restore_best and self.best_epoch:
            trainer.model.load_state_dict(self.weights)
