"""What recording and compiling take, in milliseconds: `python -m benchmarks.recording`.

The first call of a fresh trainer or function less a later one, in a process that has everything imported: the quickest of
some rounds, in processor time, beside a step of a later call and an eager step of the same rounds.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any


def cost(build: Any, again: int) -> tuple[float, float]:
    """Milliseconds of processor time of the first call above a later one, and of a later one."""
    train, times = build(), []
    for _ in range(1 + again):
        start = time.process_time()
        train(1)
        times.append(1e3 * (time.process_time() - start))
    return times[0] - min(times[1:]), min(times[1:])


def main() -> None:
    from benchmarks.contenders import ours, scalars
    from benchmarks.race import pin
    from benchmarks.workloads import WORKLOADS

    pin()
    print(f"{'':4}{'recording + compiling':>24}{'compiled step':>18}{'eager step':>15}   (ms)")
    for name in ("W1", "W2", "W3", "W6"):
        work = WORKLOADS[name]
        of, rounds = (scalars, 2) if name == "W6" else (ours, 20)
        eager = scalars.ours if name == "W6" else ours.eager
        rows = []
        for _ in range(rounds):
            first, later = cost(partial(of.compiled, work), 3)
            rows.append((first, later, cost(partial(eager, work), 2)[1]))
        first, later, plain = map(min, zip(*rows, strict=True))
        print(f"{name:4}{first:>24.2f}{later / work.batches:>18.3f}{plain / work.batches:>15.3f}")


if __name__ == "__main__":
    main()
