"""Who watches a training of the command line."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from .. import optim
from . import files


class Sometimes(optim.Checkpoint):
    """A checkpoint at the end of an epoch when so many seconds have gone, so that small networks do not wait for the disk."""

    def __init__(self, folder: Path, seconds: float):
        super().__init__(folder, every=None, keep=0)
        self.seconds, self.since = seconds, time.monotonic()

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        if time.monotonic() - self.since >= self.seconds:
            self.write(trainer)
            self.since = time.monotonic()


def callbacks(args: Any, out: Path, seconds: float) -> list[Any]:
    """The history as a file, checkpoints, how the layers fare, a recorder of failures; early stopping, a limit of time."""
    every = max(args.epochs // 40, 1) if args.report else None  # a report draws it
    found: list[Any] = [
        optim.CSVLogger(out / files.HISTORY), Sometimes(out / files.CHECKPOINTS, seconds), optim.Monitor(every),
        optim.FlightRecorder(out / files.FLIGHT),
    ]  # fmt: skip
    if args.patience:
        found.append(optim.EarlyStopping(args.patience))
    if args.time_limit is not None:
        found.append(optim.TimeLimit(args.time_limit))
    return found
