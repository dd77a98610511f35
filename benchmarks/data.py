"""What every contender is given: the same initial values and the same batches, drawn from fixed seeds.

Drawn once for all, they let contenders differ in speed but not in what they compute.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.workloads import Train, Workload

Batch = tuple[np.ndarray, np.ndarray]


def initial_values(work: Workload) -> dict[str, np.ndarray]:
    """Parameters under the keys a Sequential gives them, weights as (out, in), drawn from U(±1/√in)."""
    rng = np.random.default_rng(0)
    values = {}
    for layer, (n_in, n_out) in enumerate(pairwise(work.sizes)):
        for key, shape in (("weight", (n_out, n_in)), ("bias", (n_out,))):
            # Layers alternate with activations, so the second layer's key is 2.
            values[f"{2 * layer}.{key}"] = rng.uniform(-1, 1, shape).astype(np.float32) / np.float32(n_in**0.5)
    return values


def batches(work: Workload) -> list[Batch]:
    """The epoch's batches, cut beforehand: float32 inputs and float32 targets or integer classes."""
    rng = np.random.default_rng(1)
    n = work.batch * work.batches
    if work.loss == "hinge":
        x, t = _moons(n, rng)
    else:
        x = rng.standard_normal((n, work.sizes[0]))
        # A teacher with noise: something to learn, yet never learnt so well that the gradients die out.
        t = np.tanh(x @ rng.standard_normal((work.sizes[0], work.sizes[-1])))
        t += 0.3 * rng.standard_normal(t.shape)
    x = x.astype(np.float32)
    t = t.argmax(axis=1) if work.loss == "cross_entropy" else t.astype(np.float32)
    cuts = np.arange(work.batch, n, work.batch)
    return list(zip(np.split(x, cuts), np.split(t, cuts), strict=True))


def _moons(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two interleaving half circles with labels ±1, as in micrograd's demo."""
    angle = np.linspace(0, np.pi, n // 2)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    x = np.concatenate([upper, [1, 0.5] - upper]) + 0.1 * rng.standard_normal((n, 2))
    return x, np.repeat([[-1.0], [1.0]], n // 2, axis=0)


def by_steps(step: Callable[[Any, Any], float], data: Iterable[tuple[Any, Any]]) -> Train:
    """The plain training loop, for contenders that are called once per batch."""
    data = list(data)

    def train(epochs: int) -> float:
        for _ in range(epochs):
            total = 0.0
            for x, t in data:
                total += step(x, t)
        return total / len(data)

    return train
