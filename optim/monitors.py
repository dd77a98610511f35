"""Monitors: how each layer fares while training runs, measured between epochs on a fixed batch, and told in sentences.

A measurement is one forward and backward pass of its own that leaves everything as it was, gradients, generators and running
statistics too: a run that is watched ends in the same bits as one that is not. By itself a monitor bounds what it costs: it
knows how long training and its own looks take, and looks as often as its share allows, but always first and last.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import groupby
from typing import Any

import numpy as np

from autograd_core.lines import warn

from .health import Alarm, Row, alarms
from .plumbing import bare
from .probe import Probe
from .settings import COUNT, check

SAMPLES = 128  # of the fixed batch: a unit that answers to none of so many is as good as dead
SHARE = 0.02  # of the time of training, where nobody says how often


class Monitor:
    """Measures each layer between epochs, and says what is wrong with it, each kind of trouble once.

    A row a layer in `rows` (and in the trainer's `history.health`, so in checkpoints too): the norm of its gradient, the length of
    the coming step as a share of its weights (update), the share of units that no sample moves (dead) and of values where a
    bounded activation is flat (saturated), mean and variance of its outputs. What was said is in `alarms` and
    `history.alarms`; what is normal stands in optim/health.py. every: epochs between two measurements; None: after the
    first epoch, after the last, and between them as many as leave its share of the time below 2 %, so that which epochs it
    looks at hangs on the clock (the training never does). `epochs` are those that were looked at. tell: what is called with a
    sentence; by default it is a warning. Also called GradientMonitor, for who looks for gradients first. (Lightning and Keras
    have no such callback; PyTorch's hooks are what one would build it from.)

    >>> from autograd_core import nn, optim
    >>> x = np.linspace(-1, 1, 64, dtype=np.float32).reshape(-1, 1)
    >>> model = nn.MLP([1, 8, 1], rng=0)
    >>> model[0].bias.data = np.full(8, -5, np.float32)
    >>> trainer = optim.Trainer(model, nn.MSELoss(), optim.Adam(model.parameters()))
    >>> history = trainer.fit((x, x**2), epochs=3, callbacks=[Monitor(every=1, tell=print)])
    layer 1: 100 % of ReLU units are dead since epoch 1 — lower the learning rate or use a positive initial bias
    >>> [row["layer"] for row in history.health if row["epoch"] == 3], history.health[1]["dead"]
    (['0', '1', '2'], 1.0)
    """

    told_last = True  # it changes nothing, so that a run may be resumed without it

    looks = False

    def __init__(self, every: int | None = None, tell: Callable[[str], Any] | None = None):
        if every is not None:
            check({"every": every}, {"every": COUNT})
        self.every, self.tell = every, tell
        self.history: Any = None

    @property
    def rows(self) -> list[Row]:
        """All measurements, a row for each layer."""
        return [] if self.history is None else self.history.health

    @property
    def alarms(self) -> list[dict[str, Any]]:
        """What was said."""
        return [] if self.history is None else self.history.alarms

    @property
    def epochs(self) -> list[int]:
        """The epochs after which it has looked."""
        return list(dict.fromkeys(row["epoch"] for row in self.rows))

    def on_fit_begin(self, trainer: Any) -> None:
        self.history = trainer.history
        self.batch: tuple[Any, Any] | None = None
        self.begun, self.spent, self.lasted = time.perf_counter(), 0.0, 0.0
        self.probe: Probe | None = None

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        if self.batch is None:
            self.batch = _fixed(trainer)
        if self._is_due(row["epoch"]):
            self._measure(trainer, row["epoch"])

    def on_fit_end(self, trainer: Any) -> None:
        over = trainer.place.epoch
        if not trainer.torn and self.batch is not None and over and self.rows and self.rows[-1]["epoch"] < over:
            self._measure(trainer, over)
        self.batch = self.probe = None

    def _is_due(self, epoch: int) -> bool:
        if self.every is not None:
            return epoch % self.every == 0 or not (self.rows or self.spent)
        # with this look and the last it keeps to its share; the first has cost nothing yet
        return self.spent + 2 * self.lasted <= SHARE * (time.perf_counter() - self.begun)

    def _measure(self, trainer: Any, epoch: int) -> None:
        start = time.perf_counter()
        assert self.batch is not None
        if self.probe is None:
            self.probe = Probe(trainer)
        found = self.probe.look(*self.batch)
        if found:  # new lists, since a state_dict() may hold those that were
            self.history.health = [*self.history.health, *({"epoch": epoch, **row} for row in found)]
            measured = [list(rows) for _, rows in groupby(self.history.health, lambda row: row["epoch"])]
            known = {alarm["kind"] for alarm in self.history.alarms}
            for alarm in alarms(measured):
                if alarm.kind not in known:
                    self._say(alarm)
        self.lasted = time.perf_counter() - start
        self.spent += self.lasted

    def _say(self, alarm: Alarm) -> None:
        self.history.alarms = [*self.history.alarms, alarm._asdict()]
        if self.tell is not None:
            self.tell(alarm.sentence)
        else:
            warn(alarm.sentence)


GradientMonitor = Monitor


def _fixed(trainer: Any) -> tuple[Any, Any]:
    """The batch to look at: samples from all over the data, or the last batch that there was."""
    batches = trainer.run.batches
    if hasattr(batches, "x"):  # Minibatches
        chosen = np.linspace(0, len(batches.x) - 1, min(SAMPLES, len(batches.x))).astype(int)
        return np.asarray(batches.x[chosen]), np.asarray(batches.t[chosen])
    x, t = trainer.batch
    return np.array(bare(x)), np.array(bare(t))
