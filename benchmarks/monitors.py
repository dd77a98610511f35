"""What looking on costs a training: `python -m benchmarks.monitors`.

The time of fit with a Monitor and with a FlightRecorder as a ratio of the time without, in turns within one run: the least of
the rounds, of the processor's time, on one core with one thread. The digits are trained as by default, from whole epochs in one
call to one call a batch. A Monitor's look after the first and the last epoch is in it, whatever share of so short a training.
Behind each ratio is the share of a fit that is spent inside the watcher, the median of the rounds, which noise touches less.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

from autograd_core import datasets, nn, optim
from benchmarks.race import environment, pin

CASES: list[tuple[str, list[int], int, str | bool]] = [
    ("64-32-10, compiled", [64, 32, 10], 60, "auto"),
    ("64-256-128-10, compiled", [64, 256, 128, 10], 20, "auto"),
    ("64-32-10, eager", [64, 32, 10], 20, False),
]
ROUNDS = 25


class Timed:
    """A callback, and the time that is spent in it."""

    def __init__(self, callback: Any):
        self.callback, self.spent = callback, 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.callback, name)
        return self._timed(found) if name.startswith("on_") else found

    def _timed(self, told: Callable[..., Any]) -> Callable[..., None]:
        def timed(*news: Any) -> None:
            start = time.process_time()
            told(*news)
            self.spent += time.process_time() - start

        return timed


def seconds(sizes: list[int], epochs: int, compile: str | bool, data: Any, callbacks: Iterable[Any]) -> float:
    """The time of a fit, without that of recording its program."""
    model = nn.MLP(sizes, rng=0)
    trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), compile=compile)
    trainer.fit(data, epochs=1, progress=False)
    start = time.process_time()
    trainer.fit(data, epochs=epochs, callbacks=callbacks, progress=False)
    return time.process_time() - start


def main() -> None:
    pin()
    data = datasets.load_digits()
    with tempfile.TemporaryDirectory() as folder:
        watchers: dict[str, Callable[[], list[Any]]] = {
            "nobody": lambda: [],
            "Monitor": lambda: [optim.Monitor()],
            "FlightRecorder": lambda: [optim.FlightRecorder(folder)],
        }
        for name, sizes, epochs, compile in CASES:
            found: dict[str, list[float]] = {watcher: [] for watcher in watchers}
            shares: dict[str, list[float]] = {watcher: [] for watcher in watchers}
            for _ in range(ROUNDS):
                for watcher, make in watchers.items():
                    callbacks = [Timed(callback) for callback in make()]
                    found[watcher].append(seconds(sizes, epochs, compile, data, callbacks))
                    shares[watcher].append(sum(c.spent for c in callbacks) / found[watcher][-1])
            alone = min(found["nobody"])
            ratios = "   ".join(
                f"{w} {min(times) / alone:.3f} ({100 * median(shares[w]):.1f} % in it)"
                for w, times in found.items()
                if w != "nobody"
            )
            print(f"{name:<26}{1000 * alone / epochs:8.2f} ms an epoch   {ratios}", flush=True)


if __name__ == "__main__":
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":  # it is read when NumPy is imported, so from the start
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.monitors"], environment())
    main()
