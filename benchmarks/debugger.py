"""What the debugger costs: recording against not recording, and large graphs: `python -m benchmarks.debugger`.

Ratios are of medians over rounds taken in turns within one run; the other figures are seconds and bytes of this machine.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from autograd_core import Tensor, debug, nn, optim

NODES = 100_000


def network() -> Callable[[], Any]:
    """A training step of workload W2, without its data's changing."""
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(32, 64)).astype(np.float32), rng.integers(0, 10, 32)
    model = nn.MLP([64, 32, 10], rng=0)
    loss, optimizer = nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)

    def step() -> None:
        optimizer.zero_grad()
        loss(model(x), t).backward()
        optimizer.step()

    return step


def scalars() -> Callable[[], Any]:
    """A forward and backward pass over a chain of scalar nodes."""

    def step() -> None:
        x = y = Tensor(0.5, requires_grad=True)
        for _ in range(200):
            y = y * 0.9 + x
        y.backward()

    return step


def seconds(step: Callable[[], Any], times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        step()
    return (time.perf_counter() - start) / times


def recorded(step: Callable[[], Any], times: int, rounds: int = 9) -> float:
    """Time under record() as a ratio of the time without."""
    plain, under = [], []
    for _ in range(rounds):
        for manager, found in ((nullcontext(), plain), (debug.record(), under)):
            with manager:
                found.append(seconds(step, times))
    return median(under) / median(plain)


def main() -> None:
    print(f"recorded / unrecorded   network {recorded(network(), 200):.2f}   scalars {recorded(scalars(), 30):.2f}")
    with debug.record():
        x = y = Tensor(0.5, requires_grad=True, name="x")
        for i in range(NODES):
            y = y * 0.99999 if i % 2 else y + x
    start = time.perf_counter()
    session = debug.Session(y)
    steps = len(session)
    print(f"a session on {NODES:,} nodes, {steps:,} steps: opened in {time.perf_counter() - start:.2f} s")
    session.names  # noqa: B018 (computed once)
    longest = max(seconds(lambda at=at: session.goto(at), 1) for at in np.linspace(0, steps, 101).astype(int))  # type: ignore[misc]
    state = seconds(lambda: session.gradient(x, steps - 10), 1)
    print(f"goto: at most {1000 * longest:.1f} ms; the gradient of the node with most users: {1000 * state:.2f} ms")
    with tempfile.TemporaryDirectory() as folder:
        for name, save in (("page", session.save), ("trace file", session.dump)):
            path = Path(folder) / "x.html"
            taken = seconds(lambda save=save, path=path: save(path), 1)  # type: ignore[misc]
            print(f"its {name}: {path.stat().st_size / 1e6:.2f} MB in {taken:.1f} s")
    print(f"its drawing: {len(debug.draw(y)):,} characters")


if __name__ == "__main__":
    main()
