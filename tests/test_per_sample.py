"""Many samples at once, per-sample gradients and the curvature made of them: against a loop over the samples, dense
matrices and formulas."""

import warnings
from functools import partial

import numpy as np
import pytest

from autograd_core import Tensor, nn, no_grad
from autograd_core.batched import Batched, LoopedOverSamples, vmap
from autograd_core.curvature import fisher, fisher_product, gauss_newton_product, per_sample_grad
from autograd_core.nn.functional import functional_call
from autograd_core.ops import leaky_relu, rows
from autograd_core.transforms import grad, hessian, jacobian
from autograd_core.trees import leaves, mapped

ROWS = {op.name: op for op in rows() if op.samples}
rng = np.random.default_rng(5)


def draw(shape=(), low=-2.0, high=2.0):
    return np.random.default_rng(7).uniform(low, high, shape)


def one_by_one(f, args, axes):
    count = next(len(x) for x, axis in zip(args, axes, strict=True) if axis is not None)
    each = [
        f(*(Tensor(x) if axis is None else Tensor(x[i]) for x, axis in zip(args, axes, strict=True)))
        for i in range(count)
    ]
    return np.stack([y.value for y in each])


# --- rows, read for all samples at once --------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::autograd_core.batched.LoopedOverSamples")
@pytest.mark.parametrize("op", ROWS.values(), ids=ROWS)
def test_a_row_of_many_samples_equals_the_row_of_each(op):
    """Every row, on its own samples, with every input in turn shared by all."""
    for inputs, params in op.samples(draw):
        arrays = [np.asarray(x) for x in inputs]
        many = [np.stack([x * (1 + 0.05 * i) if x.dtype.kind == "f" else x for i in range(3)]) for x in arrays]
        f = partial(op, **params)
        for shared in [None, *range(len(arrays))] if len(arrays) > 1 else [None]:
            args = [x if i == shared else xs for i, (x, xs) in enumerate(zip(arrays, many, strict=True))]
            axes = tuple(None if i == shared else 0 for i in range(len(arrays)))
            got, expected = vmap(f, axes)(*args), one_by_one(f, args, axes)
            assert got.shape == expected.shape
            np.testing.assert_allclose(got.value, expected, rtol=1e-11, atol=1e-13)


LOOPED = {
    "add_along_axis",
    "convolution",
    "dot",
    "linear_recurrence",
    "put",
    "scatter",
    "take_along_axis",
    "unbroadcast",
}
OFTEN = [
    "add", "exp", "where", "clip", "relu", "sum", "mean", "max", "std", "logsumexp", "softmax", "log_softmax", "cumsum",
    "matmul", "linear", "outer", "trace", "reshape", "transpose", "swapaxes", "moveaxis", "broadcast_to", "expand_dims",
    "squeeze", "flip", "concatenate", "stack", "getitem", "cast", "cross_entropy", "squared_error", "bce_with_logits",
]  # fmt: skip


@pytest.mark.parametrize("name", OFTEN)
def test_what_is_often_used_is_not_looped_over(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error", LoopedOverSamples)
        test_a_row_of_many_samples_equals_the_row_of_each(ROWS[name])


X, V, M = rng.normal(size=(4, 2, 3)), rng.normal(size=(4, 3)), rng.normal(size=(3, 3))
PROGRAMS = {
    "reductions": (lambda x: x.sum() + x.mean(0).max() + x.std(-1).min() + np.var(x), (X,)),
    "keepdims": (lambda x: x.max(keepdims=True) + x.argmax(keepdims=True) + x.sum((0, 1), keepdims=True), (X,)),
    "bounds of more axes": (lambda v: np.clip(v, [[-1.0], [0.5]], 2.0) + np.clip(v, np.array([[-1.0], [0.5]]), 2.0), (V,)),
    "ranks": (lambda x, v: x * v + v[:, None].T * 2 - M[:2], (X, V)),
    "scalars": (lambda v: v * v[0] + v.argmax() + (v > 0).any(), (V,)),
    "products": (lambda x, v: M @ v + v @ M + x.T @ (x @ v) + v @ v + v.dot(M) + np.dot(2.0, v), (X, V)),
    "of constants": (lambda v: np.linalg.solve(M + 5 * np.eye(3), v) + np.outer(v, [1.0, 2.0]).sum(1), (V,)),
    "shapes": (lambda x: np.vstack([x.reshape(-1), x.T.ravel(), x.flatten()]).swapaxes(0, 1), (X,)),
    "joining": (lambda x, v: np.concatenate([x, v[None], M], axis=0), (X, V)),
    "stacking": (lambda v: np.stack([v, np.ones(3)], axis=-1), (V,)),
    "slices": (lambda x: x[..., None, ::-1] + x[0, 1:, None] * x[-1, -1], (X,)),
    "iteration": (lambda v: sum(a * a for a in v) + len(v), (V,)),
    "shared indices": (lambda x: x[:, [0, 2, 0]] + x[[1, 0], [2, 2]].sum(), (X,)),
    "shared mask": (lambda v: v[np.array([True, False, True])], (V,)),
    "own index": (lambda v, i: v[i], (V, np.array([2, 0, 1, 1]))),
    "own indices": (lambda x, i: x[i, i] + x[1, i] + x[i].sum(), (X, np.array([[1, 0], [0, 0], [1, 1], [0, 1]]))),
    "own index in a row": (lambda x, i: x[i] + x[i, 1:].sum() + x[i, None, ::2].sum(), (X, np.array([1, 0, 1, 1]))),
    "sorting": (lambda v: np.sort(v) * 2 + np.median(v) + np.linalg.norm(v), (V,)),
    "einsum": (lambda x, v: np.einsum("ij,j->i", x, v) + np.einsum("ij,jk->", x, M), (X, V)),
    "casts": (lambda v: (v > 0).astype(float) + v.astype(np.float32).astype(np.float64), (V,)),
    "axis 0 of roll": (lambda x: np.roll(x, 1, 0) + np.roll(x, 1) + np.flip(x), (X,)),
}  # fmt: skip


@pytest.mark.filterwarnings("error::autograd_core.batched.LoopedOverSamples")
@pytest.mark.parametrize(("f", "args"), PROGRAMS.values(), ids=PROGRAMS)
def test_a_function_of_one_sample_is_one_of_many(f, args):
    def of_indices(*xs):  # an index is bare, as it must be where there is no vmap
        return f(*(x.value if isinstance(x, Tensor) and x.dtype.kind == "i" else x for x in xs))

    np.testing.assert_allclose(vmap(f)(*args).value, one_by_one(of_indices, args, (0,) * len(args)), rtol=1e-12)


LOOPS = {
    "index far behind": (lambda x, i: x[:, i], (X, np.array([2, 0, 1, 1]))),
    "separated indices": (lambda x: x[None][[0], :, [1, 2]], (X,)),
    "own index far from another": (lambda x, i: x[i, ..., 0], (X, np.array([1, 0, 1, 1]))),
    "slope of its own": (lambda v, c: leaky_relu(v, slope=c), (V, np.array([0.1, 0.2, 0.3, 0.4]))),
}


@pytest.mark.parametrize(("f", "args"), LOOPS.values(), ids=LOOPS)
def test_what_no_family_knows_is_looped_over_with_a_word(f, args):
    with pytest.warns(LoopedOverSamples, match=r"(getitem|leaky_relu) is not read .* each of 4") as seen:
        got = vmap(f)(*args)
    assert [w.filename for w in seen] == [__file__]  # the user's line
    expected = np.stack([np.asarray(f(*(x[i] for x in args))) for i in range(4)])
    np.testing.assert_allclose(got.value, expected)


def test_a_loop_has_gradients():
    a, b = rng.normal(size=(3, 4)), rng.normal(size=2)
    with pytest.warns(LoopedOverSamples, match="convolution"):
        got = per_sample_grad(lambda w, x: (np.convolve(x, w) ** 2).sum(), b, a)
    expected = [grad(lambda w, x=x: (np.convolve(x, w) ** 2).sum())(b).value for x in a]
    np.testing.assert_allclose(got.value, expected, rtol=1e-12)


def test_what_one_sample_looks_like():
    x = Batched(Tensor(X.astype(np.float32)))
    assert (x.shape, x.ndim, x.size, len(x), x.dtype) == ((2, 3), 2, 6, 2, np.float32)
    assert (np.shape(x), np.ndim(x), np.size(x)) == ((2, 3), 2, 6)
    assert [row.shape for row in x] == [(3,), (3,)]
    assert repr(x) == "Batched(4 samples of shape (2, 3), float32)"
    assert not x.detach().tensor.requires_grad
    with pytest.raises(TypeError, match="no len"):
        len(x[0, 0])


NUMBERS = {
    "if": lambda x: 1 if x.sum() > 0 else 0,
    "float": lambda x: float(x[0]),
    "item": lambda x: x[0].item(),
    "an array": np.asarray,
    "value": lambda x: x.value,
    "allclose": lambda x: np.allclose(x, 1),
    "an index": lambda x: [1, 2, 3][x.argmax()],
    "assignment": lambda x: x.__setitem__(0, 1.0),
    "Tensor": Tensor,
    "a gradient of it": lambda x: grad(lambda z: (z * z).sum())(x),
    "a gradient beside it": lambda x: grad(lambda z: (x * z).sum())(np.ones(3)),
    "a Jacobian beside it": lambda x: jacobian(lambda z: x * z)(np.ones(3)),
    "vmap inside": lambda x: vmap(lambda z: z * 2)(x),
}


@pytest.mark.parametrize("f", NUMBERS.values(), ids=NUMBERS)
def test_there_are_no_numbers_of_one_sample(f):
    with pytest.raises((TypeError, ValueError), match=r"all samples at once|no gradients are taken|vmap inside vmap"):
        vmap(f)(V)


# --- vmap ----------------------------------------------------------------------------------------------------------------


def test_vmap_takes_axes_and_nests():
    def f(p, x):
        return {"y": p["w"] @ x, "n": (x.sum(), 7.0)}

    w = rng.normal(size=(2, 3))
    got = vmap(f, (None, 1))({"w": w}, V.T)
    np.testing.assert_allclose(got["y"].value, V @ w.T, rtol=1e-12)
    np.testing.assert_allclose(got["n"][0].value, V.sum(1), rtol=1e-12)
    assert got["n"][1].value.tolist() == [7.0] * 4
    np.testing.assert_allclose(
        vmap(lambda a, b: a * b, (2, 0))(X, np.arange(3.0)).value, X.transpose(2, 0, 1) * np.arange(3.0)[:, None, None]
    )


def test_vmap_has_gradients():
    w = rng.normal(size=3)
    got = grad(lambda w: (vmap(lambda x: np.tanh(x @ w))(V) ** 2).sum())(w)
    np.testing.assert_allclose(got.value, (2 * np.tanh(V @ w) * (1 - np.tanh(V @ w) ** 2)) @ V, rtol=1e-12)


@pytest.mark.parametrize("f", [lambda w, x: w * x, lambda w, x: w - x, lambda w, x: w / x, lambda w, x: w @ x, np.hypot, np.dot,
                               lambda w, x: np.stack([w, x]), lambda w, x: np.where(w > 0, w, x), lambda w, x: w[None] @ x])  # fmt: skip
def test_a_shared_tensor_may_stand_in_front(f):
    w = Tensor(rng.normal(size=3), requires_grad=True)
    got = vmap(lambda x: f(w, x))(V)
    np.testing.assert_allclose(got.value, one_by_one(partial(f, w), (V,), (0,)), rtol=1e-12)
    got.sum().backward()
    expected = grad(lambda w: sum(f(w, x).sum() for x in V))(w.value)
    np.testing.assert_allclose(w.grad.value, expected.value, rtol=1e-12)


WRONG = {
    "other numbers": (lambda: vmap(np.add)(V, V[:3]), ValueError, r"as many samples; they hold \[3, 4\]"),
    "a list of numbers": (lambda: vmap(lambda x: x[0])([1.0, 2.0]), ValueError, r"write np.array"),
    "axes": (lambda: vmap(np.add, (0,))(V, V), ValueError, "in_axes has 1, there are 2"),
    "nothing to map": (lambda: vmap(np.add, (None, None))(V, V), ValueError, "none"),
    "axis of a sample": (lambda: vmap(lambda x: x.sum(axis=1))(V), ValueError, "axis 1 is out of bounds for array of dimension 1"),
    "the samples' axis": (lambda: vmap(lambda x: x.sum(axis=-2))(V), ValueError, "axis -2 is out of bounds"),
    "a loss of two": (lambda: per_sample_grad(lambda w, x: w * x[:2], np.ones(2), V), ValueError, r"returned shape \(2,\).*reduce"),
    "a loss of nothing": (lambda: per_sample_grad(lambda w, x: 3.0, np.ones(2), V), ValueError, "returned float"),
    "integers": (lambda: per_sample_grad(lambda w, x: w * x, np.arange(3), V), TypeError, "per_sample_grad .*int64"),
    "batches": (lambda: per_sample_grad(lambda w, s: w, 1.0, {"x": V, "y": V[1:]}), ValueError, r"\[3, 4\]"),
    "reduction": (lambda: vmap(lambda x: nn.functional.mse_loss(x, x, "avg"))(V), ValueError, '"mean", "sum" or "none"'),
    "classes": (
        lambda: vmap(lambda z, t: nn.functional.cross_entropy(z, t))(V, np.array([[0], [1], [2], [0]])), ValueError, "indices",
    ),
    "label": (lambda: vmap(lambda z, t: nn.functional.cross_entropy(z, t))(V, np.array([0, 1, 2, 3])), ValueError, "0 to 2"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::autograd_core.batched.LoopedOverSamples")
@pytest.mark.parametrize(("call", "error", "message"), WRONG.values(), ids=WRONG)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- per-sample gradients ------------------------------------------------------------------------------------------------

INPUTS = rng.normal(size=(6, 4))
LOSSES = {
    "mse": (nn.MSELoss(), 3, rng.normal(size=(6, 3))),
    "mse of one output": (nn.MSELoss(reduction="sum"), 1, rng.normal(size=(6, 1))),
    "l1": (nn.L1Loss(), 3, rng.normal(size=(6, 3))),
    "bce": (nn.BCEWithLogitsLoss(), 2, rng.integers(0, 2, (6, 2)).astype(float)),
    "classes": (nn.CrossEntropyLoss(), 3, rng.integers(0, 3, 6)),
    "one-hot": (nn.CrossEntropyLoss(), 3, np.eye(3)[rng.integers(0, 3, 6)]),
}


@pytest.mark.filterwarnings("error::autograd_core.batched.LoopedOverSamples")
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "leaky_relu", "identity", nn.Softmax])
@pytest.mark.parametrize(("loss", "outputs", "targets"), LOSSES.values(), ids=LOSSES)
def test_per_sample_gradients_of_a_network_equal_a_loop(activation, loss, outputs, targets):
    model = nn.MLP([4, 5, outputs], activation=activation, dtype=np.float64)
    got = per_sample_grad(
        lambda p, s: loss(functional_call(model, p, s["x"]), s["y"]),
        dict(model.named_parameters()),
        {"x": INPUTS, "y": targets},
    )
    assert list(got) == [name for name, _ in model.named_parameters()]
    for i in range(6):
        model.zero_grad()
        loss(model(Tensor(INPUTS[i : i + 1])), targets[i : i + 1]).backward()
        for name, p in model.named_parameters():
            np.testing.assert_allclose(got[name].value[i], p.grad.value, rtol=1e-12, atol=1e-14)


def logits_loss(w, s):
    """Softmax regression, its loss written by hand."""
    z = s["x"] @ w["w"] + w["b"]
    return np.log(np.exp(z).sum()) - z[s["y"]]


def test_a_loss_written_by_hand_and_one_of_the_library():
    w = {"w": rng.normal(size=(4, 3)), "b": rng.normal(size=3)}
    batch = {"x": INPUTS, "y": LOSSES["classes"][2]}
    by_hand = per_sample_grad(logits_loss, w, batch)
    library = per_sample_grad(lambda w, s: nn.functional.cross_entropy(s["x"] @ w["w"] + w["b"], s["y"]), w, batch)
    z = INPUTS @ w["w"] + w["b"]
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True) - np.eye(3)[batch["y"]]
    for got in (by_hand, library):
        np.testing.assert_allclose(got["b"].value, p, rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(got["w"].value, INPUTS[:, :, None] * p[:, None], rtol=1e-10, atol=1e-14)


def test_large_logits_are_safe():
    got = per_sample_grad(
        lambda w, s: nn.functional.cross_entropy(w * s["x"], s["y"]), 1.0, {"x": 1e4 * np.eye(2), "y": np.array([0, 0])}
    )
    assert got.value.tolist() == [0, 1e4]


def test_rows_inside_a_sample_are_averaged_there():
    """A sample that is itself a set of rows: the loss is the mean over them."""
    x, y, w = rng.normal(size=(3, 5, 4)), rng.integers(0, 2, (3, 5)), rng.normal(size=(4, 2))
    got = per_sample_grad(lambda w, s: nn.functional.cross_entropy(s["x"] @ w, s["y"]), w, {"x": x, "y": y})
    expected = [grad(lambda w, i=i: nn.functional.cross_entropy(x[i] @ w, y[i]))(w).value for i in range(3)]
    np.testing.assert_allclose(got.value, expected, rtol=1e-12)


def test_their_mean_is_the_gradient_of_the_mean_in_float32_too():
    model, targets = nn.MLP([4, 5, 3], activation="tanh"), LOSSES["classes"][2]
    x = INPUTS.astype(np.float32)
    loss = nn.CrossEntropyLoss()
    got = per_sample_grad(
        lambda p, s: loss(functional_call(model, p, s[0]), s[1]), dict(model.named_parameters()), (x, targets)
    )
    loss(model(x), targets).backward()
    for name, p in model.named_parameters():
        assert got[name].dtype == np.float32
        np.testing.assert_allclose(got[name].value.mean(0), p.grad.value, rtol=1e-5, atol=1e-7)
    assert all(p.grad is not None for p in model.parameters())


def test_every_sample_draws_a_mask_of_its_own():
    model = nn.Sequential(nn.Dropout(0.5, rng=0))
    got = per_sample_grad(lambda w, x: model(w * x).sum(), np.ones(8), np.ones((20, 8))).value
    assert set(got.ravel()) == {0.0, 2.0}
    assert len({tuple(row) for row in got}) > 10


def test_parameters_that_require_grad_give_a_graph_and_under_no_grad_numbers():
    w = Tensor(rng.normal(size=3), requires_grad=True)

    def norms(w):
        return (per_sample_grad(lambda w, x: np.tanh(x @ w) ** 2, w, V) ** 2).sum()

    y = norms(w)
    y.backward()
    step = 1e-6
    slopes = [(norms(w.value + d).item() - norms(w.value - d).item()) / (2 * step) for d in step * np.eye(3)]
    np.testing.assert_allclose(w.grad.value, slopes, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(grad(norms)(w.value).value, slopes, rtol=1e-6, atol=1e-9)
    with no_grad():
        assert not per_sample_grad(lambda w, x: np.tanh(x @ w), w, V).requires_grad
        assert not per_sample_grad(lambda v, x: (x @ w * v) ** 2, 1.0, V).requires_grad
    assert per_sample_grad(lambda v, x: (x @ w * v) ** 2, 1.0, V).requires_grad


def test_one_sample_and_one_number():
    got = per_sample_grad(lambda p, x: p["a"] * x * x, {"a": 2.0}, np.array([3.0]))
    assert got["a"].value.tolist() == [9.0]
    assert per_sample_grad(lambda w, x: w[0] * 2 + x, [1.0, 5.0], V[:, 0])[1].value.tolist() == [0.0] * 4


# --- Fisher and Gauss–Newton -----------------------------------------------------------------------------------------------


def small():
    """A network of 19 numbers, as functions of its parameters alone."""
    draw = np.random.default_rng(3).normal
    w = {"w1": draw(size=(4, 2)), "b1": draw(size=2), "w2": draw(size=(2, 3))}
    return w, lambda w, x: np.tanh(x @ w["w1"] + w["b1"]) @ w["w2"]


def flat(nest, lead=0):
    arrays = [np.asarray(x.value if isinstance(x, Tensor) else x) for x in leaves(nest)]
    return np.concatenate([a.reshape(*a.shape[:lead], -1) for a in arrays], axis=lead)


def dense(product, w):
    """The matrix of a product, column by column."""
    sizes = np.cumsum([x.size for x in leaves(w)])

    def times(e):
        parts = iter(np.split(e, sizes[:-1]))
        return flat(product(mapped(lambda x: next(parts).reshape(x.shape), w)))

    return np.stack([times(e) for e in np.eye(sizes[-1])], axis=1)


def test_fisher_and_its_product():
    w, f = small()
    batch = (INPUTS, LOSSES["classes"][2])

    def loss(w, s):
        return nn.functional.cross_entropy(f(w, s[0]), s[1])

    g = [
        flat(grad(lambda w, i=i: nn.functional.cross_entropy(f(w, batch[0][i : i + 1]), batch[1][i : i + 1]))(w))
        for i in range(6)
    ]
    expected = sum(np.outer(a, a) for a in g) / 6
    F = fisher(loss, w, batch)
    np.testing.assert_allclose(F.value, expected, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(dense(lambda v: fisher_product(loss, w, batch, v), w), expected, rtol=1e-10, atol=1e-14)
    with pytest.raises(ValueError, match=r"tangent .* keys"):
        fisher_product(loss, w, batch, {"w1": w["w1"]})


def jacobian_of(f, w):
    """Of all outputs by all parameters, as one matrix."""
    J = jacobian(f)(w)
    outputs = f(mapped(Tensor, w)).size
    return np.concatenate([b.value.reshape(outputs, -1) for b in leaves(J)], axis=1)


def test_gauss_newton_of_cross_entropy_is_the_fisher_matrix_of_the_model():
    """JᵀHJ, by the dense matrices; and Σ_k p_k g_k g_kᵀ with the model's own probabilities of each label (Martens 2020)."""
    w, f = small()
    targets = LOSSES["classes"][2]

    def loss(z):
        return nn.functional.cross_entropy(z, targets)

    outputs = f(w, INPUTS)
    J, H = jacobian_of(lambda w: f(w, INPUTS), w), hessian(loss)(outputs).value.reshape(18, 18)
    got = dense(lambda v: gauss_newton_product(lambda w: f(w, INPUTS), loss, w, v), w)
    np.testing.assert_allclose(got, J.T @ H @ J, rtol=1e-9, atol=1e-13)
    assert np.linalg.eigvalsh(got).min() > -1e-12
    p = np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True)
    own = np.zeros((16, 16))
    for k in range(3):
        labels = np.full(6, k)
        g = flat(
            per_sample_grad(lambda w, s: nn.functional.cross_entropy(f(w, s[0]), s[1]), w, (INPUTS, labels)), lead=1
        )
        own += g.T @ (p[:, k : k + 1] * g) / 6
    np.testing.assert_allclose(got, own, rtol=1e-9, atol=1e-13)


def test_gauss_newton_of_least_squares():
    w, f = small()
    targets = LOSSES["mse"][2]
    got = dense(lambda v: gauss_newton_product(lambda w: f(w, INPUTS), lambda y: ((y - targets) ** 2).sum(), w, v), w)
    J = jacobian_of(lambda w: f(w, INPUTS), w)
    np.testing.assert_allclose(got, 2 * J.T @ J, rtol=1e-10, atol=1e-13)


def test_gauss_newton_of_a_linear_model_is_its_hessian():
    w = rng.normal(size=4)
    got = dense(lambda v: gauss_newton_product(lambda w: INPUTS @ w, lambda y: np.log1p(np.exp(y)).sum(), w, v), w)
    np.testing.assert_allclose(got, hessian(lambda w: np.log1p(np.exp(INPUTS @ w)).sum())(w).value, rtol=1e-10)


def test_gauss_newton_through_a_nest_of_outputs():
    def f(w):
        return {"a": w["w"] * 2, "b": [w["w"][0] * w["s"]]}

    w, v = {"w": np.array([1.0, 2.0]), "s": 3.0}, {"w": np.array([1.0, -1.0]), "s": 0.5}
    got = gauss_newton_product(f, lambda y: (y["a"] ** 2).sum() + y["b"][0] ** 2, w, v)
    J = np.array([[2.0, 0, 0], [0, 2, 0], [3, 0, 1]])
    np.testing.assert_allclose(flat(got), 2 * J.T @ J @ flat(v))


# --- functional_call -----------------------------------------------------------------------------------------------------


class Tied(nn.Module):
    """One parameter in two places, one in a list, one in a dict, and state that is not trained."""

    def __init__(self):
        self.first = nn.Linear(2, 2, rng=0, dtype=np.float64)
        self.second = nn.Linear(2, 2, rng=1, dtype=np.float64)
        self.second.weight = self.first.weight
        self.scales = [nn.Parameter(np.ones(2)), nn.Parameter(np.ones(2))]
        self.more = {"shift": nn.Parameter(np.zeros(2))}
        self.seen = Tensor(1.0)
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return self.second(self.first(x)) * self.scales[1] * self.seen + self.more["shift"]


def test_functional_call():
    model = Tied()
    before, lists = dict(model._named_tensors()), (model.scales, model.more)
    W, x = rng.normal(size=(2, 2)), rng.normal(size=(3, 2))
    new = {
        "first.weight": W,
        "scales.1": np.array([2.0, 3.0]),
        "more.shift": np.array([1.0, -1.0]),
        "seen": np.float64(2.0),
    }
    got = functional_call(model, new, x)
    inner = x @ W.T + model.first.bias.value
    np.testing.assert_allclose(got.value, (inner @ W.T + model.second.bias.value) * [4, 6] + [1, -1], rtol=1e-12)
    assert all(now is before[name] for name, now in model._named_tensors())
    assert (model.scales, model.more) == lists
    assert model.calls == 1, "what forward changes beside the parameters stays"


def test_functional_call_gives_the_parameters_back_whatever_happens():
    model = nn.Linear(2, 1)
    weight = model.weight
    with pytest.raises(ValueError, match="input of shape"):
        functional_call(model, {"weight": np.zeros((1, 2))}, np.ones((1, 3)))
    assert model.weight is weight


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"wieght": np.zeros((1, 2))}, "no parameter 'wieght'; it has weight, bias"),
        ({"bias": np.zeros(2)}, r"shape \(1,\).*\(2,\) was"),
    ],
)
def test_functional_call_refuses(parameters, message):
    with pytest.raises(ValueError, match=message):
        functional_call(nn.Linear(2, 1), parameters, np.ones(2))
