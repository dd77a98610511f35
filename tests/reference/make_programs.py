"""Make 300 random programs and what they give, by PyTorch and JAX: `python tests/reference/make_programs.py`.

Of each: its steps, its inputs' shapes, its value, its gradients and a product of its Hessian with a vector, in float64.
PyTorch and JAX must agree, or nothing is stored. The tests need neither of them.
"""

import json
import random
from pathlib import Path
from types import SimpleNamespace

import jax
import numpy as np
import torch
from jax import numpy as jnp
from points import Draw, directions, upstream
from vocabulary import SHAPES, run, vocabulary

jax.config.update("jax_enable_x64", True)
COUNT, SHORTEST, LONGEST = 300, 5, 40
LARGEST = 6.0  # a value above it is brought back by tanh
MARGIN = 1e-3  # no value comes nearer to a kink or a tie than this


class Torch:
    """PyTorch in NumPy's words, where they differ."""

    def __getattr__(self, name):
        return getattr(torch, name)

    linalg = SimpleNamespace(
        inv=torch.linalg.inv, norm=lambda x, axis, keepdims: torch.linalg.vector_norm(x, dim=axis, keepdim=keepdims)
    )
    asarray = staticmethod(lambda x: torch.tensor(np.asarray(x)))
    eye = staticmethod(lambda n: torch.eye(n, dtype=torch.float64))
    cbrt = staticmethod(lambda x: x ** (1 / 3))
    var = staticmethod(lambda x, axis, keepdims: torch.var(x, axis, correction=0, keepdim=keepdims))
    max = staticmethod(lambda x, axis, keepdims: torch.amax(x, axis, keepdims))
    min = staticmethod(lambda x, axis, keepdims: torch.amin(x, axis, keepdims))
    sort = staticmethod(lambda x, axis: torch.sort(x, axis).values)
    flip = staticmethod(lambda x, axis: torch.flip(x, (axis,)))
    tile = staticmethod(lambda x, count: torch.tile(x, (count,)))
    pad = staticmethod(lambda x, widths: torch.nn.functional.pad(x, [n for pair in widths[::-1] for n in pair]))
    take = staticmethod(lambda x, indices, axis: torch.index_select(x, axis, indices))
    expand_dims = staticmethod(torch.unsqueeze)
    transpose = staticmethod(lambda x: x.permute(tuple(range(x.ndim))[::-1]))
    logaddexp = staticmethod(torch.logaddexp)


def softplus(np):
    return lambda x: np.logaddexp(x, np.zeros_like(x))


IN_TORCH = vocabulary(
    Torch(),
    SimpleNamespace(
        erf=torch.erf, sigmoid=torch.sigmoid, softplus=softplus(torch), softmax=torch.softmax,
        log_softmax=torch.log_softmax, logsumexp=torch.logsumexp,
    ),
)  # fmt: skip
IN_JAX = vocabulary(
    jnp,
    SimpleNamespace(
        erf=jax.scipy.special.erf, sigmoid=jax.nn.sigmoid, softplus=softplus(jnp), softmax=jax.nn.softmax,
        log_softmax=jax.nn.log_softmax, logsumexp=jax.nn.logsumexp,
    ),
)  # fmt: skip


def gaps(x, *_):
    return torch.diff(torch.sort(x, -1).values)


# how far a step's operands are from where its slope jumps
FROM_KINK = {
    "absolute": lambda x: x.abs(),
    "clip": lambda x: torch.minimum((x + 1).abs(), (x - 1.5).abs()),
    **dict.fromkeys(["max", "min", "sort"], lambda x: gaps(x) if x.ndim else x + 1e9),
    **dict.fromkeys(["maximum", "minimum", "where"], lambda x, z: (x - z).abs()),
}


def draw(rng, number):
    """A program and the shapes of its inputs, run while it is made, so that no value grows out of hand."""
    shapes = [rng.choice(SHAPES) for _ in range(rng.randint(2, 3))]
    values = [torch.tensor(x) for x in inputs_of(number, shapes)]
    unary, binary = IN_TORCH
    steps, length = [], SHORTEST + number % (LONGEST - SHORTEST + 1)

    def take(name, *other):
        operands = [values[-1], *(values[i] for i in other)]
        if name in FROM_KINK and (FROM_KINK[name](*operands) < MARGIN).any():
            return
        values.append((binary if other else unary)[name](*operands))
        steps.append(":".join([name, *map(str, other)]))

    take("add", 0)
    while len(steps) < length:
        name = rng.choice([*unary, *binary, *binary])
        take(name, *([rng.randrange(len(values))] if name in binary else []))
        if len(steps) < length and values[-1].abs().max() > LARGEST:
            take("tanh")
    return " ".join(steps), shapes


def inputs_of(number, shapes):
    draw = Draw(100 * number)
    return [draw(shape, -1.5, 1.5) for shape in shapes]


def by_torch(program, inputs):
    leaves = [torch.tensor(x, requires_grad=True) for x in inputs]
    y = run(program, leaves, IN_TORCH)
    loss = (y * torch.tensor(upstream(tuple(y.shape)))).sum()
    grads = torch.autograd.grad(loss, leaves, create_graph=True, allow_unused=True, materialize_grads=True)
    ways = map(torch.tensor, directions([x.shape for x in inputs]))
    total = sum((g * way).sum() for g, way in zip(grads, ways, strict=True))
    products = [torch.zeros_like(x) for x in leaves]
    if total.requires_grad:
        products = torch.autograd.grad(total, leaves, allow_unused=True, materialize_grads=True)
    return [[t.numpy(force=True) for t in kind] for kind in ([y], grads, products)]


def by_jax(program, inputs):
    leaves = list(map(jnp.asarray, inputs))

    def loss(*xs):
        y = run(program, xs, IN_JAX)
        return jnp.sum(y * upstream(y.shape)), y

    gradient = jax.grad(loss, range(len(leaves)), has_aux=True)
    ways = tuple(map(jnp.asarray, directions([x.shape for x in inputs])))
    (grads, y), (products, _) = jax.jvp(gradient, tuple(leaves), ways)  # forward over reverse: another way than torch's
    return [[np.asarray(t) for t in kind] for kind in ([y], grads, products)]


def difference(found, other):
    """The largest difference, as a share of the largest number of its kind: value, gradients, products."""
    return max(
        max(np.abs(a - b).max() for a, b in zip(one, two, strict=True)) / max(np.abs(a).max() for a in one)
        for one, two in zip(found, other, strict=True)
    )


if __name__ == "__main__":
    rng = random.Random(11)
    lines = []
    for number in range(COUNT):
        while True:
            program, shapes = draw(rng, number)
            inputs = inputs_of(number, shapes)
            found = by_torch(program, inputs)
            if all(1e-3 < max(np.abs(a).max() for a in kind) < 1e6 for kind in found):
                break  # otherwise the program is flat, or too steep for a comparison to say anything
        if not (share := difference(found, by_jax(program, inputs))) < 1e-9:
            raise SystemExit(f"PyTorch and JAX differ by {share:.1e} in {program!r} with inputs {shapes}")
        numbers = [float(f"{x:.12g}") for kind in found for a in kind for x in a.ravel()]
        lines.append(json.dumps({"program": program, "shapes": shapes, "shape": found[0][0].shape, "numbers": numbers}))
        print(number, f"{share:.1e}", program, flush=True)
    Path(__file__).with_name("programs.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
