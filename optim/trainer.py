"""The Trainer: epochs of minibatches, each a forward pass, a backward pass and a step, with what should be watched.

It only calls what it is given, `model(x)`, `loss(y, t)`, `optimizer.step()`, so anything of that shape will do.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd_core import Tensor, no_grad

from . import metrics as metrics_
from .batches import Minibatches
from .history import History
from .plumbing import bare, evaluating, inputs, progress_bar
from .stepping import clipping, needs_more, step_on

EVENTS = ("on_fit_begin", "on_step_end", "on_epoch_end", "on_fit_end")
CHUNK = 4096  # samples at a time where no gradients are needed


class TrainingDiverged(ArithmeticError):
    """The loss is no longer a number; the message says since when. The history up to then is kept."""


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
        self.history = History()
        self.stop: str | None = None
        self.compile = compile
        self._compiled: Any = None  # made when the first step is trained

    def step(self, x: Any, t: Any) -> tuple[Any, float]:
        """One training step on one batch: its outputs and its loss before the step, which is not made if that is no number."""
        compiled = self._training()
        done = compiled.step(x, t) if compiled is not None else None
        return self._eager(x, t) if done is None else done

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
    ) -> History:
        """Train, and return the History of this call; also kept as `trainer.history`.

        data, validation: a pair (x, t) of arrays, anything with attributes x and y, or a re-iterable of batches (then
        batch_size and shuffle are its own business). batch_size: None for full-batch descent, 1 for one sample at a
        time. seed: of the order of samples, or a Generator. progress: a bar; by default if this is a terminal.
        TrainingDiverged when the loss becomes NaN or infinite; ValueError for data that does not fit.
        """
        if epochs < 1:
            raise ValueError(f"training takes at least 1 epoch, not {epochs!r}")
        rng = np.random.default_rng(seed) if shuffle else None
        batches = self._batches(data, batch_size, rng)
        held_out = None if validation is None else self._batches(validation, CHUNK, None)
        self.history, self.stop = History(), None
        callbacks = list(callbacks)
        for callback in callbacks:
            if isinstance(callback, type) or not any(hasattr(callback, event) for event in EVENTS):
                raise TypeError(
                    f"a callback is an object with {', '.join(EVENTS)} or some of them; {callback!r} has none or is a class"
                )
        after_step = [c.on_step_end for c in callbacks if hasattr(c, "on_step_end")]
        if self.schedule is not None and self.schedule_by == "step":
            after_step.append(lambda trainer: trainer.schedule.step())
        self._tell(callbacks, "on_fit_begin")
        bar = progress_bar(epochs, sys.stderr.isatty() if progress is None else progress)
        try:
            for epoch in range(1, epochs + 1):
                with np.errstate(over="ignore", invalid="ignore"):  # a loss that is no number is told of as an error
                    row = self._epoch(epoch, batches, after_step, look=bool(callbacks) or epoch == epochs)
                if held_out is not None:
                    row |= {f"val_{name}": value for name, value in self._measure(held_out).items()}
                self.history.append(row)
                if hasattr(self.schedule, "watch"):
                    self.schedule.watch(row)
                elif self.schedule is not None and self.schedule_by == "epoch":
                    self.schedule.step()
                self._tell(callbacks, "on_epoch_end", row)
                if bar is not None:
                    bar.set_postfix(
                        {k: f"{v:.4g}" for k, v in row.items() if isinstance(v, float) and k not in ("lr", "seconds")}
                    )
                    bar.update()
                if self.stop:
                    self.history.stopped = self.stop
                    break
        finally:  # also when training diverged or was interrupted: the best weights come back all the same
            if bar is not None:
                bar.close()
            self._tell(callbacks, "on_fit_end")
        return self.history

    def evaluate(self, data: Any) -> dict[str, float]:
        """Loss and metrics over a whole set, in evaluation mode and unrecorded."""
        return self._measure(self._batches(data, CHUNK, None))

    def predict(self, x: Any) -> Any:
        """The model's outputs for inputs, as one array, in evaluation mode and unrecorded."""
        x = inputs(x, self._dtype())
        with evaluating(self.model), no_grad():
            return np.concatenate([bare(self.model(x[i : i + CHUNK])) for i in range(0, max(len(x), 1), CHUNK)])

    # --- inside ------------------------------------------------------------------------------------------------

    def _epoch(
        self, epoch: int, batches: Any, after_step: Iterable[Callable[[Any], Any]], look: bool
    ) -> dict[str, Any]:
        if hasattr(self.model, "train"):  # a plain function of x has no modes
            self.model.train()
        start, seen, total = time.perf_counter(), 0, 0.0
        outputs: list[Any] = []
        targets: list[Any] = []
        compiled = None if after_step else self._training()  # with nobody to tell, an epoch is one call
        if compiled is not None and isinstance(batches, Minibatches):
            losses, targets = compiled.epoch(batches, outputs if self.metrics else None, self._eager, look)
            for number, loss in enumerate(losses, 1):
                self._check(loss, epoch, number)
                size = min(batches.size, len(batches.x) - seen)
                seen += size
                total += loss * size
        else:
            for number, (x, t) in enumerate(batches, 1):
                output, loss = self.step(x, t)
                self._check(loss, epoch, number)
                for told in after_step:
                    told(self)
                seen += len(x)
                total += loss * len(x)
                if self.metrics:
                    outputs.append(output)
                    targets.append(t)
        if not seen:
            raise ValueError(
                "there is no data to train on: the batches ended before the first. Pass something that can be iterated anew each epoch"
            )
        measured = {name: f(np.concatenate(outputs), np.concatenate(targets)) for name, f in self.metrics.items()}
        rate = self.optimizer.param_groups[0]["lr"]
        return {"epoch": epoch, "loss": total / seen, **measured, "lr": rate, "seconds": time.perf_counter() - start}

    def _check(self, loss: float, epoch: int, number: int) -> None:
        if not math.isfinite(loss):
            raise TrainingDiverged(
                f"the loss became {loss} in epoch {epoch}, batch {number}; try a lower learning rate "
                f"(now {self.optimizer.param_groups[0]['lr']:g}), or look for NaN and unscaled columns in the data"
            )

    def _eager(self, x: Any, t: Any) -> tuple[Any, float]:
        return step_on(self.model, self.loss, self.optimizer, self.clip, x, t)

    def _training(self) -> Any:
        """The compiled steps of this trainer, or None if they are not wanted or cannot be."""
        if not self.compile or needs_more(self.optimizer):
            return None
        if self._compiled is None:
            try:
                from autograd_core.compiler.training import Training
            except ImportError:  # the compiler can be left out
                self.compile = False
                return None
            self._compiled = Training(
                self.model, self.loss, self.optimizer, clipping(self.clip), self.compile == "fast"
            )
        return self._compiled

    def _measure(self, batches: Any) -> dict[str, float]:
        outputs, targets, total = [], [], 0.0
        with evaluating(self.model), no_grad():
            for x, t in batches:
                output = self.model(x)
                total += bare(self.loss(output, t)).item() * len(x)
                outputs.append(bare(output))
                targets.append(t)
        if not outputs:
            raise ValueError(
                "there is no data to measure: the batches ended before the first. Pass something that can be iterated anew"
            )
        output, target = np.concatenate(outputs), np.concatenate(targets)
        return {"loss": total / len(target), **{name: f(output, target) for name, f in self.metrics.items()}}

    def _batches(self, data: Any, batch_size: int | None, rng: Any) -> Any:
        if hasattr(data, "x") and hasattr(data, "y"):
            data = (data.x, data.y)
        if (
            not isinstance(data, (tuple, list))
            or len(data) != 2
            or all(isinstance(d, (tuple, list)) and len(d) == 2 and hasattr(d[0], "shape") for d in data)
        ):
            return data  # batches, be it just two of them
        x, t = data
        return Minibatches(
            inputs(x, self._dtype()), np.asarray(t.value if isinstance(t, Tensor) else t), batch_size, rng
        )

    def _dtype(self) -> Any:
        return self.optimizer.param_groups[0]["params"][0].dtype

    def _tell(self, callbacks: Iterable[Any], event: str, *news: Any) -> None:
        for callback in callbacks:
            if hasattr(callback, event):
                getattr(callback, event)(self, *news)
