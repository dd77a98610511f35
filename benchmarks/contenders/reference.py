"""The step written out by hand in NumPy: what a library can hope for, and what its loss has to be.

Every array is allocated once and every derivative is spelled out; in float64 it is the oracle of all
other contenders.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.data import batches, by_steps, initial_values
from benchmarks.workloads import Train, Workload

CHUNK = 32_768  # elements an optimizer touches at once: with its state they stay in the second-level cache


def flat_parameters(work: Workload, dtype: type[np.floating[Any]] = np.float32) -> tuple[np.ndarray, list[np.ndarray]]:
    """One buffer with all initial values, and its views W0, b0, W1, b1, ..."""
    values = list(initial_values(work).values())
    flat = np.concatenate([v.ravel() for v in values]).astype(dtype)
    return flat, views(flat, values)


def views(flat: np.ndarray, like: list[np.ndarray]) -> list[np.ndarray]:
    parts = np.split(flat, np.cumsum([a.size for a in like])[:-1])
    return [part.reshape(a.shape) for part, a in zip(parts, like, strict=True)]


def optimizer(work: Workload, p: np.ndarray, g: np.ndarray) -> Callable[[], None]:
    """The update of flat `p` by flat `g`, to be called once per step."""
    chunks = [slice(i, i + CHUNK) for i in range(0, p.size, CHUNK)]
    rule = _adam if work.optimizer == "adam" else _sgd
    updates = [rule(work, p[c], g[c]) for c in chunks]

    def update() -> None:
        for step in updates:
            step()

    return update


def _sgd(work: Workload, p: np.ndarray, g: np.ndarray) -> Callable[[], None]:
    v, scratch = np.zeros_like(p), np.empty_like(p)

    def update() -> None:
        direction = g
        if work.momentum:
            np.multiply(v, work.momentum, out=v)
            direction = np.add(v, g, out=v)
        np.subtract(p, np.multiply(direction, work.lr, out=scratch), out=p)

    return update


def _adam(work: Workload, p: np.ndarray, g: np.ndarray) -> Callable[[], None]:
    m, v, scratch, denominator, t = np.zeros_like(p), np.zeros_like(p), np.empty_like(p), np.empty_like(p), 0

    def update() -> None:
        nonlocal t
        t += 1
        np.subtract(g, m, out=scratch)
        np.add(m, np.multiply(scratch, 0.1, out=scratch), out=m)
        np.multiply(v, 0.999, out=v)
        np.multiply(g, g, out=scratch)
        np.add(v, np.multiply(scratch, 0.001, out=scratch), out=v)
        np.multiply(v, 1 / (1 - 0.999**t), out=denominator)
        np.add(np.sqrt(denominator, out=denominator), 1e-8, out=denominator)
        np.divide(m, denominator, out=scratch)
        np.subtract(p, np.multiply(scratch, work.lr / (1 - 0.9**t), out=scratch), out=p)

    return update


def _cross_entropy(z: np.ndarray, t: np.ndarray, d: np.ndarray) -> float:
    rows = np.arange(len(z))
    np.subtract(z, z.max(axis=1, keepdims=True), out=z)
    picked = z[rows, t]
    total = np.exp(z, out=d).sum(axis=1, keepdims=True)
    np.divide(d, total, out=d)
    d[rows, t] -= 1
    np.multiply(d, 1 / len(z), out=d)
    return float((np.log(total).sum() - picked.sum()) / len(z))


def _mse(z: np.ndarray, t: np.ndarray, d: np.ndarray) -> float:
    np.subtract(z, t, out=d)
    loss = float(np.vdot(d, d)) / d.size
    np.multiply(d, 2 / d.size, out=d)
    return loss


def _hinge(z: np.ndarray, t: np.ndarray, d: np.ndarray) -> float:
    margin = 1 - t * z
    np.multiply(margin > 0, -t / len(z), out=d)
    return float(np.maximum(margin, 0).mean())


LOSSES = {"cross_entropy": _cross_entropy, "mse": _mse, "hinge": _hinge}


def _training(work: Workload, dtype: type[np.floating[Any]]) -> Train:
    p, parameters = flat_parameters(work, dtype)
    g = np.empty_like(p)
    gradients = views(g, parameters)
    update = optimizer(work, p, g)
    weights, biases = parameters[::2], parameters[1::2]
    weight_grads, bias_grads = gradients[::2], gradients[1::2]
    outputs = [np.empty((work.batch, n), dtype) for n in work.sizes[1:]]
    deltas = [np.empty_like(h) for h in outputs]
    slopes = [np.empty_like(h, dtype=bool if work.activation == "relu" else dtype) for h in outputs]
    ones = np.ones(work.batch, dtype)
    last, loss_and_delta = len(weights) - 1, LOSSES[work.loss]

    def step(x: np.ndarray, t: np.ndarray) -> float:
        h = x
        for i, (w, b, z) in enumerate(zip(weights, biases, outputs, strict=True)):
            np.dot(h, w.T, out=z)
            np.add(z, b, out=z)
            if i < last:
                h = np.maximum(z, 0, out=z) if work.activation == "relu" else np.tanh(z, out=z)
        loss = loss_and_delta(z, t, deltas[last])
        for i in range(last, -1, -1):
            np.dot(deltas[i].T, outputs[i - 1] if i else x, out=weight_grads[i])
            np.dot(ones, deltas[i], out=bias_grads[i])
            if i:
                y, d, slope = outputs[i - 1], deltas[i - 1], slopes[i - 1]
                np.dot(deltas[i], weights[i], out=d)
                if work.activation == "relu":
                    np.greater(y, 0, out=slope)
                else:
                    np.subtract(1, np.multiply(y, y, out=slope), out=slope)
                np.multiply(d, slope, out=d)
        if work.l2:
            loss += work.l2 * float(p @ p)
            np.add(g, 2 * work.l2 * p, out=g)
        update()
        return loss

    return by_steps(step, ((x.astype(dtype), t) for x, t in batches(work)))


by_hand = partial(_training, dtype=np.float32)
oracle = partial(_training, dtype=np.float64)


def floor(work: Workload) -> Train:
    """The products of forward and backward pass, into buffers, and nothing else."""
    _, parameters = flat_parameters(work)
    layers = []
    for w in parameters[::2]:
        z, d = np.ones((work.batch, w.shape[0]), np.float32), np.ones((work.batch, w.shape[1]), np.float32)
        layers.append((w, z, np.empty_like(w), d))

    def step(x: np.ndarray, t: np.ndarray) -> float:
        h = x
        for w, z, _, _ in layers:
            h = np.dot(h, w.T, out=z)
        for i in range(len(layers) - 1, -1, -1):
            w, z, dw, d = layers[i]
            np.dot(z.T, layers[i - 1][1] if i else x, out=dw)
            if i:
                np.dot(z, w, out=d)
        return 0.0

    run = by_steps(step, batches(work))

    def train(epochs: int) -> None:
        run(epochs)

    return train
