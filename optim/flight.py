"""A flight recorder: when a step goes wrong, it is written to a file, from which the debugger makes that very step again.

A step whose loss is no number is not made, so the state before it is still there but for what its forward pass drew and
counted; this is noted before each eager step, which is how a step that goes wrong always ends. A spike is known only when
its step is made: the epoch is then made again from its beginning up to there, and compared bit for bit.

A spike is a loss that stands out from all recent ones as chance does not make them stand out, and is higher than any of the
first steps of this training: on that batch the network does worse than when it had learned nothing. Without the second half, a
network that fits its data perfectly, where 0.7 for one hard sample stands out from 1e-6, would have spikes for ever.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from autograd_core.lines import warn

from . import files, generators, resuming, telling
from .batches import Counted
from .bundles import read, write
from .settings import COUNT, check
from .stepping import needs_more, step_on

WINDOW = 256  # losses before a step, and at least an epoch of them: every sample, the hardest too, is then among them
ENOUGH = 16  # of them; with fewer nobody knows what is usual, and as many at the beginning are of a network that knows nothing
# a spike is above the median by as much again, by
ABOVE_ALL = 3.0  # times as much as the highest of the others is, which chance does not do, and by
DEVIATIONS = 10 * 1.4826  # median deviations, which are ten σ if they are normal


__all__ = ["FlightRecorder", "read", "spike", "write"]


class FlightRecorder:
    """Writes a bundle when a step fails: a loss that is no number, a loss that shoots up, an assertion or another error in it.

    `autograd-core replay BUNDLE`, or `debug.replay(path)`, opens the debugger at that step, to the same bits. folder: for
    `step-0001234-nan.npz`, made if need be. spikes: look as well for losses far above all recent ones and above those of the
    first steps, when nothing was learned, in arrays and in batches that have `state_dict()` (each costs a part of an epoch,
    which is made again). most: how many spikes a fit writes. A bundle holds batch, parameters, buffers, optimizer, schedule,
    generators and architecture as before the step; nothing is pickled. `bundles` are the paths. OSError before training for a
    folder that cannot be written to; where writing fails later, a warning.

    >>> import tempfile
    >>> from autograd_core import nn, optim
    >>> model, x = nn.MLP([1, 4, 1], rng=0), np.ones((8, 1), np.float32)
    >>> trainer = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=1e30))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     recorder = FlightRecorder(folder)
    ...     try:
    ...         trainer.fit((x, x), epochs=9, callbacks=[recorder])
    ...     except optim.TrainingDiverged:
    ...         bundle = optim.flight.read(recorder.bundles[0])
    >>> bundle["why"], bundle["step"], bundle["architecture"]["type"]
    ('inf', 2, 'MLP')
    """

    told_last = True  # what the others have done to the trainer is in what it keeps

    def __init__(self, folder: str | os.PathLike[str], spikes: bool = True, most: int = 3):
        check({"most": most}, {"most": COUNT})
        self.folder, self.spikes, self.most = Path(folder).absolute(), spikes, most
        self.bundles: list[Path] = []
        self._before: Moment | None = None

    def on_fit_begin(self, trainer: Any) -> None:
        self.bundles, self._before = [], None
        self._first: list[float] = []  # losses of this training: the first, and those of the steps before this epoch
        self._recent: list[float] = []
        files.see_that_it_is_writable(self.folder, "the flight recorder cannot write to")
        self.on_resume(trainer)

    def on_resume(self, trainer: Any) -> None:
        self._parts = Parts(trainer)
        self._start = Moment(trainer, self._parts, whole=True)

    def on_eager_step(self, trainer: Any, x: Any, t: Any) -> None:
        """A step is about to be made that may go wrong."""
        self._before = Moment(trainer, self._parts, whole=needs_more(trainer.optimizer), batch=(x, t))

    def on_step_failed(self, trainer: Any, x: Any, t: Any, error: BaseException) -> None:
        loss = getattr(error, "loss", None)
        why = "error" if loss is None else "nan" if np.isnan(loss) else "inf"
        before, exact = self._before, True
        if before is None or before.batch[0] is not x:  # it went wrong in a program, which leaves off anywhere
            before, exact = self._made_again(trainer)
        if before is None or before.batch[0] is None:
            error.add_note("the flight recorder could not make the step again that failed, and has written nothing")
            return
        before.restore(trainer)
        said = {"loss": loss, "output": trainer.output, "exact": exact}
        if loss is None:
            said |= {"error": [type(error).__name__, str(error)], "output": None}
        path = self._write(trainer, why, trainer.place.steps + 1, before.batch, said)
        if path is not None:
            error.add_note(f"the step is written to {path}: look into it by  autograd-core replay {path}")

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        losses = trainer.losses  # none, where a run goes on behind the last batch of an epoch
        if self.spikes and losses and not isinstance(trainer.run.batches, Counted):
            self._first = [*self._first, *losses][:ENOUGH]
            at = spike(self._recent, losses, max(self._first))
            if at is not None and len(self.bundles) < self.most:
                self._write_spike(trainer, at)
            self._recent = [*self._recent, *losses][-max(WINDOW, len(losses)) :]
        self._start = Moment(trainer, self._parts, whole=True)

    def state_dict(self) -> dict[str, Any]:
        """What is known of the losses so far, so that a resumed run measures by the same."""
        return {"first": np.array(self._first), "recent": np.array(self._recent)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self._first, self._recent = state["first"].tolist(), state["recent"].tolist()

    # --- inside ------------------------------------------------------------------------------------------------

    def _write_spike(self, trainer: Any, at: int) -> None:
        """Go back to the beginning of the epoch and on to the step, write it down, and be again where we are."""
        now = Moment(trainer, self._parts, whole=True)
        step, loss = trainer.place.steps - len(trainer.losses) + at + 1, trainer.losses[at]
        usual = median([*self._recent, *trainer.losses[:at]][-WINDOW:])
        try:
            before, exact = self._made_again(trainer, at)
            if before is None:
                return
            state = resuming.state_of(trainer)
            with np.errstate(all="ignore"):
                output, again = step_on(trainer.model, trainer.loss, trainer.optimizer, trainer.clip, *before.batch)
            exact = exact and _bits(again) == _bits(loss)
            said = {"loss": again, "output": output, "exact": exact, "usual": usual}
            path = self._write(trainer, "spike", step, before.batch, said, state)
        finally:
            now.restore(trainer)
        if path is not None:
            how = "" if exact else ", not to the bit: model or data draw numbers that the Trainer does not see"
            warn(
                f"the loss of step {step} was {loss:.4g}, where {usual:.4g} is usual; it is written to {path}{how}. Look "
                f"into it by  autograd-core replay {path}"
            )

    def _made_again(self, trainer: Any, at: int | None = None) -> tuple[Moment | None, bool]:
        """The trainer before the step `at` of this epoch, or before the first that raises; and whether all was as it had been."""
        if isinstance(trainer.run.batches, Counted):  # who knows what going through them again would change
            return None, False
        self._start.restore(trainer)
        begin, known, exact = trainer.place.batch, trainer.losses, True
        if hasattr(trainer.model, "train"):
            trainer.model.train()
        told = [c.on_step_end for c, _ in self._start.callbacks]
        if trainer.schedule is not None and trainer.schedule_by == "step":
            told.append(lambda trainer: trainer.schedule.step())
        for i, (x, t) in enumerate(trainer.run.batches):
            if i == 0 and begin:  # the order was drawn anew
                self._parts.restore(self._start.drawn)
            before = Moment(trainer, self._parts, whole=False, batch=(x, t))
            if i == at:
                return before, exact
            try:
                with np.errstate(all="ignore"):
                    _, loss = trainer._step(x, t) if at is not None else trainer._eager(x, t)
            except Exception:
                return (None, False) if at is not None else (before, exact)
            exact = exact and (i >= len(known) or _bits(loss) == _bits(known[i]))
            trainer.place.add(len(x), loss)
            for function in told:
                function(trainer)
        return None, False

    def _write(
        self, trainer: Any, why: str, step: int, batch: Any, said: dict[str, Any], state: dict[str, Any] | None = None
    ) -> Path | None:
        path = self.folder / f"step-{step:07d}-{why}.npz"
        try:
            write(path, trainer, {"why": why, "step": step, **said}, batch, state)
        except (OSError, TypeError) as error:
            warn(f"the flight recorder could not write {path}: {error}")
            return None
        self.bundles.append(path)
        return path


class Parts:
    """The tensors and generators of a training, found once."""

    def __init__(self, trainer: Any):
        things = [thing for thing in (trainer.model, trainer.loss) if hasattr(thing, "named_parameters")]
        self.buffers = [b for thing in things for b in thing.buffers()]
        self.parameters = [p for thing in things for p in thing.parameters()] + resuming.others(trainer)
        found = [h[k] for thing in (trainer.model, trainer.loss) for _, h, k in generators.places(thing)]
        self.bits = list({id(g): g.bit_generator for g in found}.values())

    def restore(self, states: list[Any]) -> None:
        for bits, state in zip(self.bits, states, strict=True):
            bits.state = state


class Moment:
    """What a step changes, before it: what is drawn from and counted; whole: all else that decides how training goes on, too."""

    def __init__(self, trainer: Any, parts: Parts, whole: bool, batch: Any = (None, None)):
        self.parts, self.batch, self.whole = parts, batch, whole
        self.drawn = [bits.state for bits in parts.bits]
        self.values = [(x, np.array(x.value, order="K")) for x in parts.buffers]
        self.callbacks: list[Any] = []
        if whole:
            self.values += [(p, np.array(p.value, order="K")) for p in parts.parameters]
            self.place = trainer.place.state_dict() | {"outputs": None, "targets": None}
            told = [c for c in trainer.run.callbacks if hasattr(c, "on_step_end") and not telling.told_last(c)]
            self.callbacks = [(c, c.state_dict()) for c in told if resuming.has_state(c)]
            holders = [trainer.schedule, trainer.optimizer, trainer.run.batches]
            self.states = [(h, h.state_dict()) for h in holders if resuming.has_state(h)]

    def restore(self, trainer: Any) -> None:
        for x, value in self.values:
            x.data = value
        if self.whole:
            for holder, state in [*self.callbacks, *self.states]:
                holder.load_state_dict(state)
            if self.batch[0] is None:  # of a whole epoch, not of the step that is being made
                trainer.place = resuming.Place()
                trainer.place.load_state_dict(self.place)
            trainer._compiled = None  # its programs write into the arrays that were
        self.parts.restore(self.drawn)


def spike(before: list[float], losses: list[float], untrained: float) -> int | None:
    """The first of the losses that shoots up from those before it, in the epochs before too, and above that of an untrained
    network; None if none does.

    >>> spike([1.0, 1.2, 1.1, 0.9] * 8, [1.0, 1.3, 9.0, 1.0], 2.3)
    2
    >>> spike([1e-6, 1e-5] * 16, [1e-6, 0.7], 2.3)  # one sample is hard, to a network that knows all the others
    """
    every, begin = np.array([*before, *losses], np.float64), max(len(before), ENOUGH)
    highest = np.maximum.accumulate(every)
    above_all = (every[begin:] > highest[begin - 1 : -1]) & (every[begin:] > untrained)  # seldom
    for i in begin + np.flatnonzero(above_all):
        usual = median(every[:i].tolist())
        above, spread = every[i] - usual, median(np.abs(every[:i] - usual).tolist())
        if above > max(abs(usual), ABOVE_ALL * (highest[i - 1] - usual), DEVIATIONS * spread):
            return int(i) - len(before)
    return None


def _bits(number: float) -> bytes:
    return np.float64(number).tobytes()


def median(numbers: list[float]) -> float:
    """As np.median, which loads masked arrays first, and statistics.median, which loads fractions: both at every import."""
    ordered, n = sorted(numbers), len(numbers)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
