"""The Trainer: epochs of minibatches, each a forward pass, a backward pass and a step, with what should be watched.

It only calls what it is given, `model(x)`, `loss(y, t)`, `optimizer.step()`, so anything of that shape will do.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from operator import length_hint
from pathlib import Path
from typing import Any

import numpy as np

from autograd_core import Tensor

from . import generators, measuring, resuming, saving, telling
from . import metrics as metrics_
from .batches import Minibatches, batches_of, with_position
from .history import History
from .interrupts import Interrupts
from .plumbing import Bar, inputs
from .resuming import Place, Run
from .stepping import compiled_steps, needs_more, step_on

BY_HAND = "stopped by Ctrl-C"
FEW = 300  # steps, which take less time than to load the compiler; the bits are the same


class TrainingDiverged(ArithmeticError):
    """The loss is no longer a number; the message says since when. The history up to then is kept, the number is `loss`."""

    loss = math.nan


class Trainer:
    """Trains a model.

    model, loss, optimizer: as called in `step`. metrics: names ("accuracy", "r2", "mae") or functions of (outputs,
    targets). schedule: its `step()` is called after each epoch, or, with schedule_by="step", after each batch; one that
    watches, as ReduceLROnPlateau, is shown the history's row. clip: the most that all gradients together may be long, or a
    function of the parameters that clips theirs. compile: "auto" records a step and replays it as straight-line NumPy, to
    the same bits, where it can, and says so once where it cannot; "fast" may sum in another order, for small networks;
    False for plain steps always.

    >>> from autograd_core import nn, optim
    >>> x = np.linspace(-1, 1, 64, dtype=np.float32).reshape(-1, 1)
    >>> model = nn.MLP([1, 16, 1], activation="tanh", rng=0)
    >>> trainer = Trainer(model, nn.MSELoss(), optim.Adam(model.parameters(), lr=0.05), metrics=["r2"])
    >>> history = trainer.fit((x, x**2), epochs=50, batch_size=8, seed=0)
    >>> trainer.evaluate((x, x**2))["r2"] > 0.98
    True
    """

    def __init__(
        self,
        model: Any,
        loss: Callable[..., Any],
        optimizer: Any,
        metrics: Sequence[Any] = (),
        schedule: Any = None,
        schedule_by: str = "epoch",
        clip: float | Callable[[list[Tensor]], Any] | None = None,
        compile: str | bool = "auto",
    ):
        if compile not in ("auto", "fast", False):
            raise ValueError(f'compile is "auto", "fast" or False; it is {compile!r}')
        if schedule_by not in ("epoch", "step") or (schedule_by == "step" and hasattr(schedule, "watch")):
            raise ValueError(
                f'schedule_by is "epoch" or "step", and "epoch" for a schedule that watches the history; it is {schedule_by!r}'
            )
        self.model, self.loss, self.optimizer, self.schedule = model, loss, optimizer, schedule
        self.schedule_by, self.clip = schedule_by, clip
        self.metrics = metrics_.get(metrics)
        own = set(model.parameters()) if hasattr(model, "parameters") else set()
        if own and not any(p in own for group in optimizer.param_groups for p in group["params"]):
            raise ValueError("this optimizer holds no parameter of this model: build it with model.parameters()")
        self.history, self.place, self.run = History(), Place(), Run()
        self.built = resuming.built(optimizer)  # its settings when the run began: a schedule changes them
        self.stop: str | None = None
        self.paused: str | None = None
        self.torn = False  # training broke off in the middle of a step, or diverged: nothing to go on from
        self.resumed_from: Path | None = None
        self.compile = compile
        self.asked = 0  # steps in all: those of each fit when it begins, those asked for one at a time by and by
        self.losses: list[float] = []  # of the steps of this epoch
        self.batch: Any = (None, None)  # the last that was trained one by one
        self.output: Any = None  # what it gave, where no program made the step
        self._bar: Bar | None = None
        self._drawn: Any = None  # where generators stand once the order of a resumed epoch is drawn
        self._compiled: Any = None  # made when the first step is trained
        self._compiled_of: Any = ()  # of which model, loss, optimizer and settings

    def step(self, x: Any, t: Any) -> tuple[Any, float]:
        """One training step on one batch: its outputs and its loss before the step, which is not made if that is no number."""
        self.asked += 1
        return self._step(x, t)

    def fit(
        self,
        data: Any,
        epochs: int = 10,
        batch_size: int | None = 32,
        validation: Any = None,
        callbacks: Iterable[Any] = (),
        seed: Any = 0,
        shuffle: bool = True,
        progress: bool | None = None,
        resume: Any = None,
    ) -> History:
        """Train, and return the History of this call; also kept as `trainer.history`.

        data, validation: a pair (x, t) of arrays, anything with attributes x and y, or a re-iterable of batches (then
        batch_size and shuffle are its own business; for arrays larger than memory a datasets.DataLoader). batch_size: None for
        full-batch descent, 1 for one sample at a time. seed: of the order of samples, or a Generator. progress: a bar; by
        default if this is a terminal.
        TrainingDiverged when the loss becomes NaN or infinite; ValueError for data that does not fit.

        resume: a folder that Checkpoint writes to, a checkpoint's file, or what `state_dict()` gave. Training goes on from
        there, to `epochs` in all, and ends bit for bit as if it had never been broken off, if trainer, data and callbacks are
        made as they were (batches of one's own as well: they are asked for `state_dict()`, else counted); the History is
        that of the whole run. The optimizer's settings are those of the checkpoint; where it was built with others now, a
        warning names them, and says how to go on with those. A folder without a checkpoint yet is begun in, if a Checkpoint here writes to it.

        Ctrl-C lets the step be finished (the epoch, where a compiled one is one call), has the last checkpoint and the best
        weights taken care of, and gives the History so far, without the epoch that was broken off; `trainer.stop` is then
        "stopped by Ctrl-C". A second Ctrl-C raises KeyboardInterrupt at once.
        """
        if epochs < 1:
            raise ValueError(f"training takes at least 1 epoch, not {epochs!r}")
        rng = np.random.default_rng(seed) if shuffle else None
        batches = with_position(self._batches(data, batch_size, rng))
        held_out = None if validation is None else with_position(self._batches(validation, measuring.CHUNK, None))
        run = Run(batches, held_out, telling.listening(callbacks))
        state, path = (None, None) if resume is None else saving.resumed(resume, run.callbacks)
        if state is None:
            self.history, self.place, self.stop = History(), Place(), None
            self.built = resuming.built(self.optimizer)
        else:
            resuming.go_on(self, run, state, epochs)
        self.run, self.paused, self.torn, self.resumed_from = run, None, False, path
        self._tell("on_fit_begin")
        if state is not None:
            run.load_callbacks(state)
            self._tell("on_resume")
        after_step, look = telling.after_step(self), telling.between_epochs(self)
        self.asked += (epochs - self.place.epoch) * length_hint(batches, FEW + 1)
        self._bar = Bar(epochs, self.place.epoch, batches) if _shown(progress) else None
        interrupts, first = Interrupts(lambda: self.pause(BY_HAND)), self.place.epoch + 1
        try:
            with interrupts:
                for epoch in range(first, epochs + 1):
                    if self.stop or self.paused:
                        break
                    if hasattr(self.model, "train") and (run.callbacks or epoch == first):  # a function has no modes
                        self.model.train()
                    with np.errstate(over="ignore", invalid="ignore"):  # a loss that is no number is an error
                        row = self._epoch(epoch, batches, after_step, look=look or epoch == epochs)
                    if row is None:
                        break
                    if held_out is not None:
                        row |= {f"val_{name}": value for name, value in self._measure(held_out).items()}
                    self.history.append(row)
                    self.place.next_epoch()
                    if hasattr(self.schedule, "watch"):
                        self.schedule.watch(row)
                    elif self.schedule is not None and self.schedule_by == "epoch":
                        self.schedule.step()
                    self._tell("on_epoch_end", row)
                    if self._bar is not None:
                        self._bar.epoch(row)
        except KeyboardInterrupt:  # by a second Ctrl-C, or by one that was not ours to hear
            self.torn = True
            self.pause(BY_HAND)
            if interrupts.count > 1:
                raise
        except BaseException:
            self.torn = True
            raise
        finally:  # also when training diverged or was interrupted: the best weights come back all the same
            if self._bar is not None:
                self._bar.close()
                self._bar = None
            self.stop = self.stop or self.paused
            self.history.stopped = self.stop or ""
            self._tell("on_fit_end")
            self.batch, self.output = (None, None), None
        self.run = run.over()
        return self.history

    def pause(self, reason: str) -> None:
        """End training after this step (after the epoch, where a compiled one is one call), so that a resumed run goes on."""
        self.paused = reason

    def state_dict(self) -> dict[str, Any]:
        """All that decides how training goes on: model, optimizer, schedule, generators, epoch and batch, order of the
        samples, callbacks' states, history. Plain values and arrays of its own; `optim.checkpoint.write(path, state)`
        makes a file of it, and `fit(..., resume=state)` goes on from it."""
        return resuming.state_of(self)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over model, optimizer, schedule, generators and history; ValueError, with nothing changed, for the state of
        another architecture, loss, optimizer or schedule. The next fit is then a new one; to go on, see its `resume`."""
        resuming.take(self, state)

    def evaluate(self, data: Any) -> dict[str, float]:
        """Loss and metrics over a whole set, in evaluation mode and unrecorded."""
        return self._measure(self._batches(data, measuring.CHUNK, None))

    def predict(self, x: Any) -> Any:
        """The model's outputs for inputs, as one array, in evaluation mode and unrecorded."""
        return measuring.outputs(self.model, inputs(x, self._dtype()))

    # --- inside ------------------------------------------------------------------------------------------------

    def _epoch(
        self, epoch: int, batches: Any, after_step: Iterable[Callable[[Any], Any]], look: bool
    ) -> dict[str, Any] | None:
        """The row of an epoch, or of what is left of it; None if training was paused before its end."""
        place = self.place
        start = time.perf_counter() - place.seconds
        self.losses = []
        # with nobody to tell, and from its beginning, an epoch is one call
        compiled = None if after_step or place.batch else self._training()
        if compiled is not None and isinstance(batches, Minibatches):
            self._at_once(compiled, epoch, batches, look)
        else:
            self._one_by_one(epoch, batches, after_step, start)
            if self.paused:
                return None
        if not place.seen:
            raise ValueError(
                "there is no data to train on: the batches ended before the first. Pass something that can be iterated anew each epoch"
            )
        gathered = (np.concatenate(place.outputs), np.concatenate(place.targets)) if self.metrics else ()
        measured = {name: f(*gathered) for name, f in self.metrics.items()}
        rate, seconds = self.optimizer.param_groups[0]["lr"], time.perf_counter() - start
        return {"epoch": epoch, "loss": place.total / place.seen, **measured, "lr": rate, "seconds": seconds}

    def _at_once(self, compiled: Any, epoch: int, batches: Minibatches, look: bool) -> None:
        place, outputs = self.place, self.place.outputs if self.metrics else None
        self.batch = None, None
        try:
            losses, place.targets = compiled.epoch(batches, outputs, self._eager, look, self.losses)
        except Exception as error:
            place.add_all(self.losses, batches.size, len(batches.x))
            self._tell("on_step_failed", *self.batch, error)
            raise
        self.losses = losses if math.isfinite(losses[-1]) else losses[:-1]  # it ends at the first that is no number
        place.add_all(self.losses, batches.size, len(batches.x))
        self._check(losses[-1], epoch, len(losses))

    def _one_by_one(self, epoch: int, batches: Any, after_step: Iterable[Callable[[Any], Any]], start: float) -> None:
        place = self.place
        for x, t in batches:
            self._go_on_drawing()
            self.batch = x, t
            try:
                output, loss = self._step(x, t)
            except Exception as error:
                self._tell("on_step_failed", x, t, error)
                raise
            self._check(loss, epoch, place.batch + 1)
            self.losses.append(loss)
            if self.metrics:
                place.outputs.append(output)
                place.targets.append(t)
            place.add(len(x), loss)
            place.seconds = time.perf_counter() - start
            for told in after_step:
                told(self)
            if self._bar is not None:
                self._bar.step(place)
            if self.paused:
                return
        self._go_on_drawing()

    def _go_on_drawing(self) -> None:
        """In an epoch that is resumed: put the generators where they stood, now that its order is drawn anew."""
        if self._drawn is not None:
            generators.restore(self._drawn, self.model, self.loss)
            self._drawn = None

    def _check(self, loss: float, epoch: int, number: int) -> None:
        if not math.isfinite(loss):
            error = TrainingDiverged(
                f"the loss became {loss} in epoch {epoch}, batch {number}; try a lower learning rate "
                f"(now {self.optimizer.param_groups[0]['lr']:g}), or look for NaN and unscaled columns in the data. "
                "To find the op, train once more within `with debug.detect_anomaly():`"
            )
            error.loss = loss
            self._tell("on_step_failed", *self.batch, error)
            raise error

    def _step(self, x: Any, t: Any) -> tuple[Any, float]:
        compiled = self._training()
        done = compiled.step(x, t) if compiled is not None else None
        return self._eager(x, t) if done is None else done

    def _eager(self, x: Any, t: Any) -> tuple[Any, float]:
        self.batch, self.output = (x, t), None
        self._tell("on_eager_step", x, t)
        self.output, loss = step_on(self.model, self.loss, self.optimizer, self.clip, x, t)
        return self.output, loss

    def _training(self) -> Any:
        """The compiled steps of this trainer, or None if they are not wanted or cannot be."""
        if not self.compile or needs_more(self.optimizer):
            return None
        if self.asked <= FEW and self.compile == "auto" and "autograd_core.compiler" not in sys.modules:
            return None
        parts = self.model, self.loss, self.optimizer, self.clip, self.compile
        if self._compiled is None or any(a is not b for a, b in zip(parts, self._compiled_of, strict=True)):
            self._compiled_of, self._compiled = parts, compiled_steps(*parts)
        return self._compiled

    def _measure(self, batches: Any) -> dict[str, Any]:
        return measuring.measured(self.model, self.loss, self.metrics, batches)

    def _batches(self, data: Any, batch_size: int | None, rng: Any) -> Any:
        return batches_of(data, batch_size, rng, self._dtype())

    def _dtype(self) -> Any:
        return self.optimizer.param_groups[0]["params"][0].dtype

    def _tell(self, event: str, *news: Any) -> None:
        telling.tell(self, event, *news)


def _shown(progress: bool | None) -> bool:
    return sys.stderr.isatty() if progress is None else progress
