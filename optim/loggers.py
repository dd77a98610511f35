"""Loggers: the history as a file that grows while training runs, an epoch a line; readable at any moment, also after a crash.

A run that goes on from a checkpoint writes the file anew up to there, so that no epoch stands in it twice.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from . import files


class _Logger:
    looks = False

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path).absolute()  # where training stood when it began
        self.columns: list[str] = []

    def on_fit_begin(self, trainer: Any) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._begin(trainer.history.rows)

    on_resume = on_fit_begin  # the history is then that of the checkpoint

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        if not self._fits(row):
            self._begin(trainer.history.rows)
            return
        with open(self.path, "a", encoding="utf-8", newline="") as file:
            file.write(self._line(row))

    def _begin(self, rows: list[dict[str, Any]]) -> None:
        self.columns = list(dict.fromkeys(name for row in rows for name in row))
        with files.whole(self.path) as file:
            file.write((self._head() + "".join(map(self._line, rows))).encode())

    def _fits(self, row: dict[str, Any]) -> bool:
        return True

    def _head(self) -> str:
        return ""

    def _line(self, row: dict[str, Any]) -> str:
        raise TypeError(f"{type(self).__name__} does not say how it writes an epoch")


class CSVLogger(_Logger):
    """Writes the history to a CSV file, a row at the end of each epoch, numbers in full. (Keras and Lightning: CSVLogger.)

    The file begins anew with each fit. A column that comes up later is empty in the rows before. OSError where the file cannot
    be written.

    >>> import tempfile
    >>> from autograd_core import nn, optim
    >>> model, x = nn.MLP([1, 1], rng=0), np.ones((8, 1), np.float32)
    >>> trainer = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = trainer.fit((x, x), epochs=2, callbacks=[CSVLogger(f"{folder}/log.csv")])
    ...     Path(f"{folder}/log.csv").read_text().splitlines()[0]
    'epoch,loss,lr,seconds'
    """

    def _fits(self, row: dict[str, Any]) -> bool:
        return row.keys() <= set(self.columns)

    def _head(self) -> str:
        return _csv(self.columns) if self.columns else ""

    def _line(self, row: dict[str, Any]) -> str:
        return _csv([row.get(name, "") for name in self.columns])


class JSONLogger(_Logger):
    """Writes the history as JSON lines, an object at the end of each epoch, numbers in full.

    What JSON has no number for, infinity and NaN, is null. The file begins anew with each fit.

    >>> import tempfile
    >>> from autograd_core import nn, optim
    >>> model, x = nn.MLP([1, 1], rng=0), np.ones((8, 1), np.float32)
    >>> trainer = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     history = trainer.fit((x, x), epochs=2, callbacks=[JSONLogger(f"{folder}/log.jsonl")])
    ...     [json.loads(line) for line in Path(f"{folder}/log.jsonl").read_text().splitlines()] == history.rows
    True
    """

    def _line(self, row: dict[str, Any]) -> str:
        return json.dumps({name: _plain(value) for name, value in row.items()}) + "\n"


def _plain(value: Any) -> Any:
    value = value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _csv(cells: list[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
