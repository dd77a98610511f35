"""JAX with the whole training step compiled, called per batch or scanned over an epoch.

The loss is summed inside the compiled code and read once an epoch, so that nothing waits for it before.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.data import batches, initial_values
from benchmarks.workloads import Train, Workload


def _loss(work: Workload, parameters: list[Any], x: Any, t: Any) -> Any:
    for i in range(0, len(parameters), 2):
        x = x @ parameters[i].T + parameters[i + 1]
        if i < len(parameters) - 2:
            x = jnp.tanh(x) if work.activation == "tanh" else jax.nn.relu(x)
    if work.loss == "mse":
        return jnp.mean((x - t) ** 2)
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(x), t[:, None], axis=1))


def _start(work: Workload) -> Any:
    """Parameters, two slots of optimizer state and the step count."""
    parameters = [jnp.asarray(v) for v in initial_values(work).values()]
    zeros = [jnp.zeros_like(p) for p in parameters]
    return parameters, zeros, [jnp.zeros_like(p) for p in parameters], jnp.float32(0)


def _stepper(work: Workload) -> Callable[[Any, Any], tuple[Any, None]]:
    def update(p: Any, g: Any, m: Any, v: Any, t: Any) -> tuple[Any, Any, Any]:
        if work.optimizer == "sgd":
            m = work.momentum * m + g
            return p - work.lr * m, m, v
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        return p - work.lr * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v

    def step(carry: Any, batch: Any) -> tuple[Any, None]:
        (parameters, ms, vs, t), total = carry
        loss, gradients = jax.value_and_grad(lambda p: _loss(work, p, *batch))(parameters)
        updated = [update(*each, t + 1) for each in zip(parameters, gradients, ms, vs, strict=True)]
        parameters, ms, vs = map(list, zip(*updated, strict=True))
        return ((parameters, ms, vs, t + 1), total + loss), None

    return step


def _training(work: Workload, epoch: Callable[[Any], Any]) -> Train:
    state = _start(work)

    def train(epochs: int) -> float:
        nonlocal state
        for _ in range(epochs):
            state, total = epoch((state, jnp.float32(0)))
            mean = float(total) / work.batches
        return mean

    return train


def jit(work: Workload) -> Train:
    step = jax.jit(_stepper(work))
    data = [(jnp.asarray(x), jnp.asarray(t)) for x, t in batches(work)]

    def epoch(carry: Any) -> Any:
        for batch in data:
            carry, _ = step(carry, batch)
        return carry

    return _training(work, epoch)


def scan(work: Workload) -> Train:
    step = _stepper(work)
    data = tuple(jnp.stack(column) for column in zip(*batches(work), strict=True))
    scanned = jax.jit(lambda carry, data: jax.lax.scan(step, carry, data)[0])
    return _training(work, lambda carry: scanned(carry, data))
