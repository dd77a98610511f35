"""The learning-rate finder: a short trial in which the rate grows from step to step, and which leaves no trace (topic D2)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .batches import with_position
from .settings import COUNT, POSITIVE, check


@dataclass
class RateSearch:
    """What `lr_find` found: rates, the loss at each, the losses smoothed, and the rate it suggests."""

    rates: list[float]
    losses: list[float]
    smoothed: list[float]
    suggestion: float

    def plot(self, ax: Any = None) -> Any:
        """Draw the losses over the rates, and the suggestion. ImportError without matplotlib."""
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError('plotting needs matplotlib: pip install "autograd-core[viz]"') from error
        if ax is None:
            _, ax = plt.subplots(figsize=(7, 4), layout="constrained")
        ax.semilogx(self.rates, self.losses, color="tab:blue", alpha=0.3, label="loss of the batch")
        ax.semilogx(self.rates, self.smoothed, color="tab:blue", label="smoothed")
        ax.axvline(self.suggestion, color="gray", linewidth=0.8, label=f"suggestion: {self.suggestion:.2g}")
        ax.set_xlabel("learning rate")
        ax.set_ylabel("loss")
        ax.legend(fontsize=8)
        return ax


def lr_find(
    trainer: Any,
    data: Any,
    batch_size: int | None = 32,
    start: float = 1e-7,
    end: float = 10.0,
    steps: int = 100,
    smoothing: float = 0.9,
    seed: Any = 0,
) -> RateSearch:
    """Try rates from `start` to `end`, each a multiple of the one before, a step each; suggest one to train with.

    The trial ends where the smoothed loss is four times its least, or no number. Suggested is the rate at which the smoothed
    loss falls fastest on its way to the least, over the logarithm of the rate. Model, optimizer, schedule, generators, history and loaders are
    afterwards as they were. data, batch_size, seed: as in Trainer.fit. smoothing: what the past counts in the running mean.
    ValueError for a range that is none, or a loss that is no number from the first. Source: Smith 2017, arXiv 1506.01186,
    section 3.3. (Lightning: Tuner.lr_find; fastai: lr_find.)

    >>> from autograd_core import nn, optim
    >>> x = np.linspace(-1, 1, 64, dtype=np.float32).reshape(-1, 1)
    >>> model = nn.MLP([1, 16, 1], activation="tanh", rng=0)
    >>> found = lr_find(optim.Trainer(model, nn.MSELoss(), optim.Adam(model.parameters())), (x, x**2))
    >>> 1e-4 < found.suggestion < 1
    True
    """
    check(
        {"start": start, "end": end, "steps": steps, "smoothing": smoothing},
        {"start": POSITIVE, "end": (lambda v: start < v < math.inf, f"finite and above start={start!r}"), "steps": COUNT,
         "smoothing": (lambda v: 0 <= v < 1, "at least 0 and below 1")},
    )  # fmt: skip
    batches = with_position(trainer._batches(data, batch_size, np.random.default_rng(seed)))
    parameters = [p for group in trainer.optimizer.param_groups for p in group["params"]]
    before, standing, gradients = trainer.state_dict(), batches.state_dict(), [p.grad for p in parameters]
    modules = list(trainer.model.modules()) if hasattr(trainer.model, "modules") else []
    modes = [module.training for module in modules]
    try:
        rates, losses, smoothed = _trial(trainer, batches, np.geomspace(start, end, steps).tolist(), smoothing)
    finally:
        trainer.load_state_dict(before)
        batches.load_state_dict(standing)
        for p, g in zip(parameters, gradients, strict=True):
            p.grad = g
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode
    if len(smoothed) < 3:
        raise ValueError(
            f"the loss ran away within {len(smoothed) + 1} steps, from the rate {start:g} on: look for NaN and unscaled columns in "
            "the data, or begin with a lower start"
        )
    slopes = np.gradient(smoothed, np.log(rates))
    settled = min(round(1 / (1 - smoothing)), len(rates) // 2)  # until then the mean is that of a few batches
    least = settled + int(np.argmin(smoothed[settled:]))  # what falls beyond only comes back from having run away
    return RateSearch(rates, losses, smoothed, rates[settled + int(slopes[settled : least + 1].argmin())])


def _trial(trainer: Any, batches: Any, rates: list[float], smoothing: float) -> tuple[list[float], ...]:
    if hasattr(trainer.model, "train"):
        trainer.model.train()
    losses: list[float] = []
    smoothed: list[float] = []
    mean = 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for rate, (x, t) in zip(rates, _again_and_again(batches), strict=False):
            for group in trainer.optimizer.param_groups:
                group["lr"] = rate
            loss = trainer.step(x, t)[1]
            mean = smoothing * mean + (1 - smoothing) * loss
            value = mean / (1 - smoothing ** (len(losses) + 1))  # as though the past had begun with the first
            if not math.isfinite(value) or (smoothed and value > 4 * min(smoothed)):
                break
            losses.append(loss)
            smoothed.append(value)
    return rates[: len(losses)], losses, smoothed


def _again_and_again(batches: Any) -> Iterator[Any]:
    """Pass after pass, as long as there is something in one."""
    got = True
    while got:
        got = False
        for batch in batches:
            got = True
            yield batch
