"""One epoch with JAX; it brings no digits, so it is given random numbers of their shape for nothing.

It has no optimizers either: Adam is written out, in one compiled step.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

rng = np.random.default_rng(0)
x, t = rng.random((1797, 64), dtype=np.float32), rng.integers(10, size=1797)
x, t = x[: 56 * 32], t[: 56 * 32]  # a last batch of another size would be compiled once more


def loss_fn(parameters: Any, x: Any, t: Any) -> Any:
    w0, b0, w1, b1 = parameters
    logits = jax.nn.relu(x @ w0 + b0) @ w1 + b1
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), t[:, None], axis=1))


@jax.jit
def step(parameters: Any, m: Any, v: Any, n: Any, x: Any, t: Any) -> Any:
    gradients = jax.grad(loss_fn)(parameters, x, t)
    m = [0.9 * a + 0.1 * g for a, g in zip(m, gradients, strict=True)]
    v = [0.999 * a + 0.001 * g * g for a, g in zip(v, gradients, strict=True)]
    scale = 1e-3 * jnp.sqrt(1 - 0.999**n) / (1 - 0.9**n)
    parameters = [p - scale * a / (jnp.sqrt(b) + 1e-8) for p, a, b in zip(parameters, m, v, strict=True)]
    return parameters, m, v


parameters = [rng.uniform(-0.1, 0.1, shape).astype(np.float32) for shape in ((64, 32), (32,), (32, 10), (10,))]
m, v = [np.zeros_like(p) for p in parameters], [np.zeros_like(p) for p in parameters]
for n, indices in enumerate(rng.permutation(len(x)).reshape(-1, 32), start=1):
    parameters, m, v = step(parameters, m, v, np.float32(n), x[indices], t[indices])
jax.block_until_ready(parameters)
