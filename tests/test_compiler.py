"""Compiled equals eager, bit for bit, and what cannot be recorded runs as it is, with a warning."""

import numpy as np
import pytest

from autograd_core import Tensor, compile, grad, hvp, nn, value_and_grad
from autograd_core.compiler import Program, record
from autograd_core.ops import TABLE

RNG = np.random.default_rng(0)
X, LABELS = RNG.normal(size=(8, 5)).astype(np.float32), RNG.integers(0, 3, 8)


def mlp(activation, dtype=np.float32):
    return nn.MLP([5, 7, 3], activation=activation, rng=0, dtype=dtype)


def gradients_of(model, loss):
    """Loss and gradients as a function of a batch, the way a training step computes them."""

    def step(x, t):
        model.zero_grad()
        value = loss(model(x), t)
        value.backward()
        return value, [p.grad for p in model.parameters()]

    return step


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "leaky_relu"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_training_step_compiled_equals_eager(activation, dtype):
    model = mlp(activation, dtype)
    step = gradients_of(model, nn.CrossEntropyLoss())
    compiled = compile(step)
    for k in range(3):  # the parameters change between calls: they are read anew
        x = (X * (k + 1)).astype(dtype)
        value, grads = compiled(x, LABELS)
        expected, expected_grads = step(x, LABELS)
        assert value.value == expected.value
        for got, want in zip(grads, expected_grads, strict=True):
            np.testing.assert_array_equal(got.value, want.value)
        for p, g in zip(model.parameters(), grads, strict=True):
            p.data = p.value - dtype(0.1) * g.value
    assert [type(p) for p in compiled.programs.values()] == [Program]


def test_another_shape_is_another_program():
    compiled = compile(gradients_of(mlp("relu"), nn.CrossEntropyLoss()))
    for n in (8, 3, 8):
        compiled(X[:n], LABELS[:n])
    assert len(compiled.programs) == 2


TRANSFORMS = {
    "gradient": (lambda x: grad(lambda z: (np.sin(z) * z).sum())(x), X[0]),
    "gradient of a gradient": (lambda x: grad(lambda z: grad(lambda u: (u**3).sum())(z).sum())(x), X[0]),
    "hvp": (lambda x: hvp(lambda z: (z**4).sum(), x, np.ones(5, np.float32)), X[0]),
    "value and gradient": (lambda x: value_and_grad(lambda z: np.tanh(z).mean())(x), X),
    "indexing": (lambda x: grad(lambda z: (z[[0, 0, 2]] ** 2).sum())(x), X),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms_compile(name):
    f, x = TRANSFORMS[name]
    compiled = compile(f)
    for data in (x, x + 1):
        got, expected = compiled(data), f(data)
        for a, b in zip(*([t] if isinstance(t, Tensor) else t for t in (got, expected)), strict=True):
            np.testing.assert_array_equal(a.value, b.value)
    assert all(compiled.programs.values())


def test_masks_are_not_frozen():
    relu = compile(lambda x: grad(lambda z: np.maximum(z, 0).sum())(x))
    np.testing.assert_array_equal(relu(np.array([1.0, -1.0])).value, [1, 0])
    np.testing.assert_array_equal(relu(np.array([-1.0, 1.0])).value, [0, 1])


def test_random_draws_are_not_frozen():
    drop = nn.Dropout(0.5, rng=0)
    compiled = compile(lambda x: drop(x * 1.0))
    draws = {tuple(compiled(np.ones(64, np.float32)).value) for _ in range(5)}
    assert len(draws) == 5


counter = {"calls": 0}


def counts(x):
    counter["calls"] += 1
    return x * counter["calls"]


CUTS = {
    "a branch on a value": (lambda x: x * 2 if x.sum() > 0 else x, "truth value"),
    "item": (lambda x: x * x.sum().item(), r"item\(\)"),
    "numpy": (lambda x: x * x.numpy(), r"numpy\(\)"),
    "asarray": (lambda x: x * np.asarray(x), "asarray"),
    "float": (lambda x: x * float(x.sum()), "float"),
    "a mask as an index": (lambda x: x[x > 0], "an index or a parameter"),
    "a place as an index": (lambda x: x[x.argmax()], "an index or a parameter"),
    "data": (lambda x: x * x.data.mean(), ".data"),
    "a counter": (counts, "does not do the same twice"),
    "random numbers of NumPy": (lambda x: x * np.random.default_rng().normal(), "does not do the same twice"),
}


@pytest.mark.parametrize("name", CUTS)
def test_what_must_not_be_frozen_runs_as_it_is(name):
    f, reason = CUTS[name]
    compiled = compile(f)
    with pytest.warns(UserWarning, match=f"cannot be compiled and runs as it is: .*{reason}"):
        compiled(np.ones(2))
    assert list(compiled.programs.values()) == [None]


def test_recording_leaves_nothing_behind():
    compiled = compile(lambda x: x.reshape(99))
    with pytest.raises(ValueError, match="reshape"):
        compiled(np.ones(2))
    assert Tensor(1.0).item() == 1.0  # nobody observes any more


def test_the_source_runs_with_the_rows_it_names():
    w = Tensor(RNG.normal(size=(3, 5)), requires_grad=True, name="w")
    program = Program(record(lambda x: grad(lambda z: np.tanh(z @ w.T).sum())(x), (X[:2],)), ["x"])
    namespace = dict(TABLE) | program.environment
    assert set(program.environment) == {"w", "c1"}
    exec(program.source, namespace)
    np.testing.assert_array_equal(namespace["program"](X[:2]), program(X[:2]).value)
