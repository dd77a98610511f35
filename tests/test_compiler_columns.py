"""Graphs of single numbers, compiled as columns, give what the graph gives; sums may be taken in another order."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograd_core import Tensor, compile

RNG = np.random.default_rng(0)
X, T = RNG.normal(size=(12, 3)), RNG.normal(size=12)


def neurons(sizes, activation):
    layers = [
        [
            ([Tensor(v, requires_grad=True) for v in RNG.normal(size=i)], Tensor(0.1, requires_grad=True))
            for _ in range(o)
        ]
        for i, o in pairwise(sizes)
    ]

    def network(row):
        for k, layer in enumerate(layers):
            row = [sum((w * x for w, x in zip(ws, row, strict=True)), b) for ws, b in layer]
            if k < len(layers) - 1:
                row = [activation(z) for z in row]
        return row

    return network, [p for layer in layers for ws, b in layer for p in (*ws, b)]


def descent(network, parameters, loss):
    """A whole step: losses of the samples one by one, the backward pass, the update."""

    def step(x, t):
        value = sum(loss(network(list(row)), label) for row, label in zip(x, t, strict=True)) * (1 / len(x))
        value.backward()
        for p in parameters:
            if p.grad is not None:  # of the second output, if the loss does not ask for it
                p.data = p - 0.05 * p.grad
                p.grad = None
        return value

    return step


LOSSES = {
    "squares": lambda out, t: (out[0] - t) ** 2,
    "hinge": lambda out, t: (1 - t * out[0]).relu(),
    "logistic": lambda out, t: np.log(1 + np.exp(-t * out[0])),
    "absolute": lambda out, t: abs(out[0] / 3 - t),
    "chosen": lambda out, t: np.where(out[0] > t, out[0] - t, (t - out[0]) * 0.5),
    "all outputs": lambda out, t: sum(o * o * (k + 1) for k, o in enumerate(out)) + t * out[-1],
}
ACTIVATIONS = {
    "relu": lambda z: z.relu(),
    "tanh": np.tanh,
    "sigmoid": lambda z: z.sigmoid(),
    "softplus": lambda z: np.logaddexp(0, z),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_steps_of_a_network_of_numbers(activation, loss):
    network, parameters = neurons((3, 4, 5, 2), ACTIVATIONS[activation])
    start = [p.value for p in parameters]
    step = descent(network, parameters, LOSSES[loss])
    compiled = compile(step)
    losses = [compiled(X * k, T).value for k in (1.0, 0.5, 2.0)]
    (program,) = compiled.programs.values()
    assert "_column" in program.source
    assert len(program.source) < 20_000
    got = [p.value for p in parameters]
    for p, value in zip(parameters, start, strict=True):
        p.value = value
    np.testing.assert_allclose(losses, [step(Tensor(X * k), Tensor(T)).value for k in (1.0, 0.5, 2.0)], rtol=1e-12)
    np.testing.assert_allclose(got, [p.value for p in parameters], rtol=1e-12, atol=1e-15)


def test_the_source_runs_by_itself():
    network, parameters = neurons((3, 4, 1), np.tanh)
    compiled = compile(descent(network, parameters, LOSSES["squares"]))
    values = [p.value for p in parameters]
    first = compiled(X, T).value
    (program,) = compiled.programs.values()
    namespace = {}
    exec(program.source, namespace)
    assert namespace["prepare"](**program.environment)(X, T, *values)[0] == first
    assert "dot" in program.explain()


UNARY = [
    np.tanh,
    np.sin,
    abs,
    lambda a: -a,
    lambda a: a * a,
    lambda a: a + 1.5,
    lambda a: 2 * a,
    lambda a: a.relu(),
    np.exp,
]
BINARY = [lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - b, np.maximum, lambda a, b: a / (b * b + 1)]


@st.composite
def graphs(draw):
    """A random graph over a sample's numbers and some weights, the same for each sample or, at times, another for each."""
    choice = st.tuples(st.integers(0, 13), st.integers(0, 30), st.integers(0, 30))
    count = draw(st.integers(1, 3))
    return [draw(st.lists(choice, min_size=1, max_size=9)) for _ in range(count)]


@settings(max_examples=25, deadline=None)
@given(graphs(), st.integers(0, 99))
@example(kinds=[[(1, 0, 0)], [(1, 28, 0)], [(0, 0, 0)] * 6 + [(6, 14, 0), (0, 0, 0), (9, 18, 18)]], seed=0)
def test_any_graph(kinds, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=5) * 0.5
    order = rng.integers(0, 5, (30, 2))

    def outcome(parameters, x):
        total = 0.0
        for i in range(30):
            known = [x[i, 0], x[i, 1], parameters[order[i, 0]], *parameters[:2], 0.5 * i]
            for what, a, b in kinds[i % len(kinds)]:
                a, b = known[a % len(known)], known[b % len(known)]
                a = a if isinstance(a, Tensor) else x[i, 1] * a
                known.append(np.tanh(UNARY[what](a) if what < 9 else BINARY[what - 9](a, b)))
            total = total + known[-1] * parameters[order[i, 1]]
        return total

    def step(x):
        parameters = [Tensor(v, requires_grad=True) for v in values]
        value = outcome(parameters, x)
        value.backward()
        return [value, *(p.grad for p in parameters if p.grad is not None)]

    weights = [Tensor(v, requires_grad=True) for v in values]

    def trained(x):
        value = outcome(weights, x)
        value.backward()
        grads = [p.grad for p in weights if p.grad is not None]
        for p in weights:
            p.grad = None
        return [value, *grads]

    for f in (step, trained):
        compiled = compile(f)
        for k in (1, 2):
            x = rng.normal(size=(30, 2)) * k
            got, expected = compiled(x), f(Tensor(x))
            scale = max(1.0, *(abs(e.value) for e in expected))
            np.testing.assert_allclose(
                [g.value for g in got], [e.value for e in expected], rtol=1e-11, atol=1e-13 * scale
            )
        assert all(compiled.programs.values())


def test_a_recurrence_stays_a_list_of_lines():
    w = Tensor(0.5, requires_grad=True)

    def step(x):
        h = 0.0
        for k in range(20):
            h = np.tanh(w * h + x[k])
        h.backward()
        slope, w.grad = w.grad, None
        return slope

    compiled = compile(step)
    x = RNG.normal(size=20)
    assert compiled(x).value == step(Tensor(x)).value
    (program,) = compiled.programs.values()
    assert "_column" not in program.source
