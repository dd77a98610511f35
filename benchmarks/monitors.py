"""What looking on costs a training: `python -m benchmarks.monitors`.

The time of fit with a Monitor and with a FlightRecorder as a ratio of the time without, in turns within one run: the least of
the rounds, of the processor's time. The digits are trained as by default, from whole epochs in one call to one call a batch.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any

from autograd_core import datasets, nn, optim

CASES: list[tuple[str, list[int], int, str | bool]] = [
    ("64-32-10, compiled", [64, 32, 10], 60, "auto"),
    ("64-256-128-10, compiled", [64, 256, 128, 10], 20, "auto"),
    ("64-32-10, eager", [64, 32, 10], 20, False),
]
ROUNDS = 9


def seconds(sizes: list[int], epochs: int, compile: str | bool, data: Any, callbacks: Iterable[Any]) -> float:
    """The time of a fit, without that of recording its program."""
    model = nn.MLP(sizes, rng=0)
    trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), compile=compile)
    trainer.fit(data, epochs=1, progress=False)
    start = time.process_time()
    trainer.fit(data, epochs=epochs, callbacks=callbacks, progress=False)
    return time.process_time() - start


def main() -> None:
    data = datasets.load_digits()
    with tempfile.TemporaryDirectory() as folder:
        watchers: dict[str, Callable[[], list[Any]]] = {
            "nobody": lambda: [],
            "Monitor": lambda: [optim.Monitor()],
            "FlightRecorder": lambda: [optim.FlightRecorder(folder)],
        }
        for name, sizes, epochs, compile in CASES:
            found: dict[str, list[float]] = {watcher: [] for watcher in watchers}
            for _ in range(ROUNDS):
                for watcher, callbacks in watchers.items():
                    found[watcher].append(seconds(sizes, epochs, compile, data, callbacks()))
            alone = min(found["nobody"])
            ratios = "   ".join(f"{w} {min(times) / alone:.3f}" for w, times in found.items() if w != "nobody")
            print(f"{name:<26}{1000 * alone / epochs:8.2f} ms an epoch   {ratios}")


if __name__ == "__main__":
    main()
