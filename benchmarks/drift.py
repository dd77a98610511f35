"""Whether a long run stays as quick and as small as it began: `python -m benchmarks.drift 10_000_000` trains on the digits for so
many compiled steps, and compares the first 100,000 with the last.

Time is that of the quickest epochs of a block, which other work on the machine does not touch; memory is what a
call of three epochs after each block has allocated and keeps (tracemalloc), and the most that the process ever held. In the
end the first block is made once more, from the weights with which it began: what differs then is the process, and not the
numbers, which take longer to compute with as they fall towards the smallest that there are.
"""

from __future__ import annotations

import argparse
import copy
import gc
import resource
import time
import tracemalloc
from typing import Any

import numpy as np

BLOCK = 100_000
BATCH = 32
QUICKEST = 0.05  # of the epochs of a block


class Clock:
    """A callback that reads the clock after each epoch."""

    def __init__(self) -> None:
        self.times = [time.process_time()]

    def on_epoch_end(self, *_: Any) -> None:
        self.times.append(time.process_time())

    def microseconds(self, steps: int) -> float:
        """The time of a step in the quickest epochs."""
        epochs = np.sort(np.diff(self.times))
        return float(epochs[: max(1, int(QUICKEST * len(epochs)))].mean()) / steps * 1e6


def main() -> None:
    from autograd_core import datasets, nn, optim
    from benchmarks.race import pin

    parser = argparse.ArgumentParser(prog="python -m benchmarks.drift", description=__doc__)
    parser.add_argument("steps", type=int, nargs="?", default=10 * BLOCK, help=f"in all (default {10 * BLOCK:,})")
    parser.add_argument("--optimizer", choices=["SGD", "Adam"], default="Adam")
    parser.add_argument("--compile", choices=["auto", "fast", "eager"], default="auto")
    options = parser.parse_args()
    pin()
    digits = datasets.load_digits()
    x, t = np.asarray(digits.x, np.float32) / 16, np.asarray(digits.y)
    x, t = x[: len(x) // BATCH * BATCH], t[: len(x) // BATCH * BATCH]
    steps = len(x) // BATCH
    model = nn.MLP([x.shape[1], 32, 10], rng=0)
    kind = getattr(optim, options.optimizer)
    compile = False if options.compile == "eager" else options.compile
    trainer = optim.Trainer(model, nn.CrossEntropyLoss(), kind(model.parameters(), lr=1e-3), compile=compile)
    print(f"{'steps':>12}  {'µs a step':>9}  {'allocated':>12}  {'held':>10}  loss")
    rows = []
    trainer.fit((x, t), epochs=3, batch_size=BATCH, seed=0, progress=False)  # recorded and warm
    begun = copy.deepcopy((model.state_dict(), trainer.optimizer.state_dict()))

    def train(block: int) -> tuple[float, int, int]:
        """One block: the time of a step, and what is allocated and held afterwards."""
        clock = Clock()
        history = trainer.fit(
            (x, t), epochs=BLOCK // steps, batch_size=BATCH, seed=block, progress=False, callbacks=[clock]
        )
        loss = history["loss"][-1]
        del history
        tracemalloc.start()
        trainer.fit((x, t), epochs=3, batch_size=BATCH, seed=block, progress=False)
        gc.collect()
        allocated = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        time = clock.microseconds(steps)
        print(f"{time:>9.2f}  {allocated:>10,} B  {held / 1024:>6.1f} MiB  {loss:.3g}", flush=True)
        return time, allocated, held

    blocks = max(2, options.steps // BLOCK)
    for block in range(blocks):
        print(f"{(block + 1) * BLOCK:>12,}", end="  ")
        rows.append(train(block))
    model.load_state_dict(begun[0])
    trainer.optimizer.load_state_dict(begun[1])
    print(f"{'as the first':>12}", end="  ")
    rows.append(train(0))
    first = rows[0]
    for name, row in {f"the last {BLOCK:,} steps": rows[-2], "the first, made once more": rows[-1]}.items():
        print(
            f"{name} against the first: time × {row[0] / first[0]:.3f}, "
            f"allocated {row[1] - first[1]:+,} B, held {(row[2] - first[2]) / 1024:+.1f} MiB"
        )


if __name__ == "__main__":
    main()
