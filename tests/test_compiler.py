"""Compiled equals eager, bit for bit, and what cannot be recorded runs as it is, with a warning."""

import numpy as np
import pytest

from autograd_core import Tensor, compile, grad, hessian, hvp, jacobian, nn, optim, per_sample_grad, value_and_grad
from autograd_core.compiler import Program, record

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
    "jacobian": (lambda x: jacobian(lambda z: np.tanh(z) @ np.ones((5, 2)))(x), X[:3]),
    "hessian": (lambda x: hessian(lambda z: (np.tanh(z) ** 2).sum())(x), X[0]),
    "per-sample gradients": (
        lambda x: per_sample_grad(lambda w, v: (np.tanh(v @ w) ** 2).sum(), np.ones((5, 2), np.float32), x),
        X,
    ),
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


def test_recording_leaves_nothing_behind():
    compiled = compile(lambda x: x.reshape(99))
    with pytest.raises(ValueError, match="reshape"):
        compiled(np.ones(2))
    assert Tensor(1.0).item() == 1.0  # nobody observes any more


def test_the_source_runs_by_itself():
    w = Tensor(RNG.normal(size=(3, 5)), requires_grad=True, name="w")
    program = Program(record(lambda x: grad(lambda z: np.tanh(z @ w.T).sum())(x), (X[:2].astype(float),)), ["x"])
    namespace = {}
    exec(program.source, namespace)
    step = namespace["prepare"](**program.environment)
    assert "w" in program.environment
    np.testing.assert_array_equal(step(X[:2].astype(float))[0], program(X[:2].astype(float)).value)


# --- functions that change something ---------------------------------------------------------------------------------


def whole_step(model, optimizer, loss):
    def step(x, t):
        optimizer.zero_grad()
        value = loss(model(x), t)
        value.backward()
        optimizer.step()
        return value

    return step


def test_a_whole_step_with_its_optimizer():
    left = []
    for through in (compile, lambda f: f):
        model = nn.MLP([5, 7, 3], norm="batch", dropout=0.2, rng=0)
        optimizer = optim.Adam(model.parameters(), lr=0.01)
        step = through(whole_step(model, optimizer, nn.CrossEntropyLoss()))
        losses = []
        for k in range(6):
            optimizer.param_groups[0]["lr"] = 0.01 / (k + 1)  # read anew at each step
            losses.append(step(Tensor(X), Tensor(LABELS)).item())
        left.append((losses, model.state_dict(), [p.grad.value for p in model.parameters()]))
    np.testing.assert_equal(left[0], left[1])


def test_gradients_accumulate_where_nobody_forgets_them():
    left = []
    for through in (compile, lambda f: f):
        w = Tensor(np.array([1.0, 2.0]), requires_grad=True)

        @through
        def step(x, w=w):
            loss = (w * x).sum()
            loss.backward()
            return loss

        for k in range(4):
            step(Tensor(np.array([1.0, k])))
        left.append(w.grad.value)
    np.testing.assert_array_equal(*left)


def test_writes_are_written_at_every_call():
    seen = Tensor(np.zeros(3))
    total = Tensor(0.0)

    def f(x):
        seen.data = seen + x
        total.data = total + x.sum()
        return seen * 2

    compiled = compile(f)
    for _ in range(3):
        got = compiled(np.ones(3))
    np.testing.assert_array_equal(seen.value, [3, 3, 3])
    assert total.item() == 9
    np.testing.assert_array_equal(got.value, [6, 6, 6])
    assert all(compiled.programs.values())


def test_results_have_memory_of_their_own():
    compiled = compile(lambda x: x * 2)
    first = compiled(np.ones(3))
    compiled(np.zeros(3))
    np.testing.assert_array_equal(first.value, [2, 2, 2])


def test_what_is_no_array_belongs_to_the_program():
    compiled = compile(lambda x, how: x.sum() if how == "sum" else x.mean())
    assert compiled(np.ones(4), "sum").item() == 4
    assert compiled(np.ones(4), "mean").item() == 1
    assert len(compiled.programs) == 2


def test_jacobian_rows_and_per_sample_gradients_compile():
    w = np.arange(6.0).reshape(2, 3)
    f = lambda x: grad(lambda v: (np.tanh(x @ v.T) ** 2).sum())(Tensor(w))
    compiled = compile(lambda x: np.stack([f(x[i]) for i in range(4)]))
    x = RNG.normal(size=(4, 3))
    np.testing.assert_array_equal(compiled(x).value, np.stack([f(Tensor(r)).value for r in x]))
    assert all(compiled.programs.values())


# --- graphs of single numbers ------------------------------------------------------------------------------------------


def scalar_step(weights, lr=0.1):
    def step(x, t):
        loss = 0.0
        for i, row in enumerate(x):
            h = (weights[0] * row[0] + weights[1] * x[i, 1]).relu() + np.tanh(weights[2]) / (x[i, 0] + 3.0)
            loss = loss + np.maximum(1.0 - h * t[i], 0.0) + (h - 0.5) ** 2 + abs(h) + np.sqrt(weights[2] ** 2 + 1)
        loss.backward()
        for w in weights:
            w.data = w - lr * w.grad
            w.grad = None
        return loss

    return step


def test_scalar_graphs_become_lines_of_floats():
    x, t = RNG.normal(size=(3, 2)), np.array([1.0, -1.0, 1.0])
    left = []
    for through in (compile, lambda f: f):
        weights = [Tensor(v, requires_grad=True) for v in (0.5, -0.25, 2.0)]
        step = through(scalar_step(weights))
        left.append(([step(Tensor(x), Tensor(t)).item() for _ in range(20)], [w.item() for w in weights]))
        if through is compile:
            (program,) = step.programs.values()
            assert "float" in program.source
            assert "empty" not in program.source
    np.testing.assert_allclose(left[0][0], left[1][0], rtol=1e-12)
    np.testing.assert_allclose(left[0][1], left[1][1], rtol=1e-12)


def test_the_explanation_counts():
    program = Program(record(lambda x, w: (x @ w).sum(), (np.ones((2, 3)), np.ones((3, 4)))), ["x", "w"])
    assert "2 kernels, 56 floating-point operations" in program.explain()
    assert "1 buffers, 64 bytes" in program.explain()


# --- passes must not mix up memory -------------------------------------------------------------------------------------

TRAPS = {
    "a value beside its own transpose": lambda x: np.tanh(x) * np.tanh(x).T,
    "a value read after what was made of it": lambda x: (lambda h: np.exp(h) + h * 2)(np.tanh(x)),
    "a mask that is read as a number": lambda x: np.sign(np.maximum(x, 0)) * 3.0 + np.maximum(x, 0),
    "a view of what is overwritten": lambda x: (lambda h: h[0] + np.exp(h))(np.tanh(x)),
    "a reshape that is no view": lambda x: (lambda h: h.T.reshape(9) + np.exp(h).reshape(9))(np.tanh(x)),
    "a choice between two": lambda x: np.where(x > 0, np.tanh(x), np.exp(x)) + np.where(x > 0, x, np.exp(x)),
    "the same result twice": lambda x: (lambda h: (h, h, h + 1))(np.tanh(x)),
    "an argument as the result": lambda x: (x, x.T),
    "a kernel that gives a view": lambda x: (lambda h: np.diagonal(h) + np.exp(h))(np.tanh(x)),
    "a number times an array": lambda x: x.sum() * x - x.max() / (x.min() + 5.0),
    "reductions with and without axes": lambda x: x.sum(axis=0) + x.max(axis=1) + x.mean(axis=0, keepdims=True),
    "integers": lambda x: (x > 0).astype(int) + np.argmax(x),
}


@pytest.mark.parametrize("name", TRAPS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_memory_is_not_mixed_up(name, dtype):
    f = TRAPS[name]
    compiled = compile(f)
    for seed in range(3):
        x = np.random.default_rng(seed).normal(size=(3, 3)).astype(dtype)
        got, expected = compiled(x), f(Tensor(x))
        for a, b in zip(*(r if isinstance(r, tuple) else (r,) for r in (got, expected)), strict=True):
            np.testing.assert_array_equal(a.value, b.value)
            assert a.dtype == b.dtype
    assert all(compiled.programs.values())
