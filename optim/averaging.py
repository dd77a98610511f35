"""Averages of the parameters along the way, which often serve better than the last ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_core.memory import write
from autograd_core.tensor import Tensor

from .settings import COUNT, check


class Average:
    """Base of the averages: `update()` after a step; `swap()` puts the averages into the model, `restore()` takes them out.

    model: anything with `parameters()`, or parameters. Within `with average:` the model has the averages. What is no
    parameter (BatchNorm's running statistics) is not averaged. RuntimeError for an update while they are in the model.
    """

    def __init__(self, model: Any):
        self.parameters: list[Tensor] = list(model.parameters() if hasattr(model, "parameters") else model)
        self.values = [np.array(p.value) for p in self.parameters]
        self.count, self.swapped = 0, False

    def share(self) -> float:
        """What the newest parameters count in the average, after `count` others."""
        raise TypeError(f"{type(self).__name__} does not say share()")

    def update(self) -> None:
        """Take in the parameters as they are now; the first ones are the average."""
        self._refuse_if_swapped("update()")
        share = self.share() if self.count else 1.0
        for average, p in zip(self.values, self.parameters, strict=True):
            average += share * (p.value - average)
        self.count += 1

    def swap(self) -> None:
        """Put the averages into the model, and keep its own parameters for `restore()`."""
        self._refuse_if_swapped("swap()")
        self.own = [np.array(p.value) for p in self.parameters]
        self._write(self.values)
        self.swapped = True

    def restore(self) -> None:
        """Put the model's own parameters back."""
        if not self.swapped:
            raise RuntimeError("restore() gives back what swap() has taken, and nothing was swapped")
        self._write(self.own)
        self.swapped = False

    def __enter__(self) -> Average:
        self.swap()
        return self

    def __exit__(self, *exc: object) -> None:
        self.restore()

    def state_dict(self) -> dict[str, Any]:
        """The averages, and of how many they are."""
        return {"count": self.count, "values": [v.copy() for v in self.values]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over averages; ValueError, with nothing changed, for those of another model."""
        theirs, ours = [v.shape for v in state["values"]], [v.shape for v in self.values]
        if theirs != ours:
            raise ValueError(f"these averages have shapes {theirs}, the parameters {ours}: they are of another model")
        self.count = state["count"]
        for average, value in zip(self.values, state["values"], strict=True):
            average[...] = value

    def _write(self, values: Iterable[Any]) -> None:
        for p, value in zip(self.parameters, values, strict=True):
            write(p, value)

    def _refuse_if_swapped(self, what: str) -> None:
        if self.swapped:
            raise RuntimeError(f"{what} while the model holds the averages: call restore() first")


class EMA(Average):
    """The exponential moving average of the parameters: θ̄ ← decay·θ̄ + (1 − decay)·θ after every step.

    Use it to evaluate while training is noisy.

    As a callback of the Trainer it updates itself. PyTorch: AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay)).
    Source: Polyak & Juditsky 1992 (averages of iterates); Tarvainen & Valpola 2017 (exponential ones).

    >>> w = Tensor([1.0], requires_grad=True)
    >>> ema = EMA([w], decay=0.75)
    >>> ema.update(); w.data = [5.0]; ema.update()
    >>> with ema:
    ...     print(w.item())
    2.0
    >>> w.item()
    5.0
    """

    def __init__(self, model: Any, decay: float = 0.999):
        check({"decay": decay}, {"decay": (lambda v: 0 <= v <= 1, "between 0 and 1")})
        self.decay = decay
        super().__init__(model)

    def share(self) -> float:
        return 1 - self.decay

    def on_step_end(self, trainer: Any) -> None:
        self.update()


class SWA(Average):
    """The plain average of the parameters at the ends of epochs (stochastic weight averaging).

    Use it for the last epochs, at a constant rate.

    As a callback of the Trainer it updates itself, from epoch `start` on. PyTorch: AveragedModel(model). Source: Izmailov
    et al. 2018, "Averaging weights leads to wider optima and better generalization", arXiv 1803.05407.

    >>> w = Tensor([1.0], requires_grad=True)
    >>> swa = SWA([w])
    >>> for number in (1.0, 2.0, 6.0):
    ...     w.data = [number]; swa.update()
    >>> swa.swap(); w.item()
    3.0
    """

    def __init__(self, model: Any, start: int = 1):
        check({"start": start}, {"start": COUNT})
        self.start = start
        super().__init__(model)

    def share(self) -> float:
        return 1 / (self.count + 1)

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        if row["epoch"] >= self.start:
            self.update()
