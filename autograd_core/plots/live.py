"""The learning curve while it grows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .common import pyplot


class LiveCurve:
    """A callback that draws the history anew while training runs, in a notebook; elsewhere it keeps the last drawing.

    every: epochs between two drawings. `figure` is the last one.

    >>> from autograd_core import nn, optim
    >>> model, x = nn.MLP([1, 1], rng=0), np.ones((8, 1), np.float32)
    >>> trainer, curve = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1)), LiveCurve(every=2)
    >>> _ = trainer.fit((x, x), epochs=4, callbacks=[curve])
    >>> len(curve.figure.axes), curve.drawn
    (1, 2)
    """

    told_last = True

    def __init__(self, every: int = 1):
        if every < 1:
            raise ValueError(f"every counts epochs, at least 1; it is {every!r}")
        self.every, self.drawn = every, 0
        self.figure: Any = None
        self._handle: Any = None

    def on_fit_begin(self, trainer: Any) -> None:
        self.drawn, self._handle, self.figure = 0, None, None

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        if row["epoch"] % self.every == 0:
            self._draw(trainer.history)

    def _draw(self, history: Any) -> None:
        pyplot()
        from matplotlib.figure import Figure

        self.figure = Figure(figsize=(7, 4), layout="constrained")
        history.plot(self.figure.subplots())
        self.drawn += 1
        show = _display()
        if show is None:
            return
        if self._handle is None:
            self._handle = show(self.figure, display_id=True)
        else:
            self._handle.update(self.figure)


def _display() -> Callable[..., Any] | None:
    """IPython's display, in a notebook."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        return None
    shell = get_ipython()
    return display if shell is not None and "IPKernelApp" in getattr(shell, "config", {}) else None
