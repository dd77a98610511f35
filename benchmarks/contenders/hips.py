"""HIPS autograd for the gradients, and the flat NumPy optimizer of the hand-written step for the update."""

from collections.abc import Iterator
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad
from autograd.scipy.special import logsumexp

from benchmarks.contenders.reference import flat_parameters, optimizer, views
from benchmarks.data import batches, by_steps
from benchmarks.workloads import Train, Workload


def autograd(work: Workload) -> Train:
    p, parameters = flat_parameters(work)
    g = np.empty_like(p)
    gradients = views(g, parameters)
    update = optimizer(work, p, g)

    def loss(parameters: list[Any], x: Any, t: Any) -> Any:
        for i in range(0, len(parameters), 2):
            x = anp.dot(x, parameters[i].T) + parameters[i + 1]
            if i < len(parameters) - 2:
                x = anp.tanh(x) if work.activation == "tanh" else anp.maximum(x, 0)
        if work.loss == "mse":
            return anp.mean((x - t) ** 2)
        return anp.mean(logsumexp(x, axis=1) - anp.sum(x * t, axis=1))

    loss_and_gradients = value_and_grad(loss)

    def step(x: np.ndarray, t: np.ndarray) -> float:
        value, new = loss_and_gradients(parameters, x, t)
        for buffer, gradient in zip(gradients, new, strict=True):
            buffer[...] = gradient
        update()
        return float(value)

    return by_steps(step, _one_hot(work))


def _one_hot(work: Workload) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Its indexing differentiates slowly, so the classes are spelled out, as its own examples do."""
    for x, t in batches(work):
        yield x, np.eye(work.sizes[-1], dtype=np.float32)[t] if work.loss == "cross_entropy" else t
