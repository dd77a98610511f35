"""`np.f(tensor)`: NumPy's own functions build the graph, and what they cannot differentiate they refuse aloud."""

import numpy as np
import pytest

from autograd_core import Tensor
from autograd_core.backward import backprop
from autograd_core.op import BY_NUMPY
from autograd_core.ops import rows

ROWS = {op.name: op for op in rows()}
X = np.array([[0.3, -0.7, 0.5], [0.9, 0.2, -0.4]])
# where a function's domain is not all numbers: what X is turned into first
DOMAIN = {
    "arccosh": lambda x: 2 + x,
    **dict.fromkeys(["sqrt", "cbrt", "log", "log2", "log10", "log1p", "reciprocal", "power"], np.abs),
    **dict.fromkeys(
        ["bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_count", "invert"], lambda x: (9 * x).astype(int)
    ),
    **dict.fromkeys(["left_shift", "right_shift"], lambda x: np.abs(9 * x).astype(int)),
}


def leaf(data):
    return Tensor(np.array(data, float), requires_grad=True)


def numpy_functions(kind):
    return [f for f in BY_NUMPY if isinstance(f, np.ufunc) == (kind == "ufunc") and getattr(np, f.__name__, None) is f]


def test_what_numpy_functions_the_table_answers_for():
    names = {f.__name__ for f in numpy_functions("ufunc")} | {f.__name__ for f in numpy_functions("function")}
    assert names >= {
        *("add", "subtract", "multiply", "divide", "power", "negative", "absolute", "exp", "log", "sqrt", "sin", "tanh", "maximum", "matmul"),
        *("sum", "mean", "var", "std", "max", "min", "cumsum", "argmax", "where", "reshape", "transpose", "stack", "concatenate"),
        *("squeeze", "expand_dims", "moveaxis", "swapaxes", "broadcast_to", "flip", "trace", "outer"),
    }  # fmt: skip


@pytest.mark.parametrize("ufunc", numpy_functions("ufunc"), ids=lambda f: f.__name__)
def test_ufuncs_give_numpys_values_and_a_graph(ufunc):
    op = BY_NUMPY[ufunc]
    data = DOMAIN.get(op.name, lambda x: x)(X)
    arguments = [data, data.T + 1 if ufunc is np.matmul else data[::-1]][: ufunc.nin]
    expected = ufunc(*arguments)
    tensors = [Tensor(a, requires_grad=a.dtype.kind == "f") for a in arguments]
    for given in (tensors, [tensors[0], *arguments[1:]], [*arguments[:-1], tensors[-1]]):  # arrays on either side
        y = ufunc(*given)
        assert isinstance(y, Tensor)
        np.testing.assert_array_equal(y.value, expected)
        assert y.requires_grad == op.differentiable
        assert y.op is (op if op.differentiable else None)


FUNCTIONS = {
    "sum": lambda x: np.sum(x),
    "sum by place": lambda x: np.sum(x, 0),
    "mean by place and keyword": lambda x: np.mean(x, 0, keepdims=True),
    "mean by keyword": lambda x: np.mean(x, axis=(0, 1), keepdims=True),
    "var": lambda x: np.var(x, 1, ddof=1),
    "std": lambda x: np.std(x, axis=-1, ddof=1),
    "max": lambda x: np.max(x, 1),
    "amin": lambda x: np.min(x, axis=0, keepdims=True),
    "cumsum": lambda x: np.cumsum(x, 1),
    "clip by place": lambda x: np.clip(x, -0.5, 0.4),
    "clip by keyword": lambda x: np.clip(x, a_min=None, a_max=0.4),
    "where": lambda x: np.where(X > 0, x, 2.0),
    "where of Tensors": lambda x: np.where(x > 0, x, -x),
    "where, condition a list": lambda x: np.where([True, False, True], x, 0),
    "reshape": lambda x: np.reshape(x, (3, 2)),
    "reshape -1": lambda x: np.reshape(x, -1),
    "transpose": lambda x: np.transpose(x),
    "transpose by place": lambda x: np.transpose(x, (1, 0)),
    "transpose by keyword": lambda x: np.transpose(x, axes=(-1, 0)),
    "swapaxes": lambda x: np.swapaxes(x, 0, 1),
    "moveaxis": lambda x: np.moveaxis(x, 0, -1),
    "expand_dims": lambda x: np.expand_dims(x, 1),
    "expand_dims of two": lambda x: np.expand_dims(x, axis=(0, 2)),
    "squeeze": lambda x: np.squeeze(x[:, :1], 1),
    "broadcast_to": lambda x: np.broadcast_to(x, (4, 2, 3)),
    "flip": lambda x: np.flip(x, 1),
    "flip all": lambda x: np.flip(x),
    "stack": lambda x: np.stack([x, x * 2], 1),
    "stack by keyword": lambda x: np.stack((x, X), axis=-1),
    "concatenate": lambda x: np.concatenate([x, X, x]),
    "concatenate by place": lambda x: np.concatenate([X, x[:, :1]], 1),
    "concatenate flat": lambda x: np.concatenate([x, X], axis=None),
    "concatenate with a list": lambda x: np.concatenate([x, [[1.0, 2.0, 3.0]]]),
    "outer": lambda x: np.outer(x, x[0]),
    "trace": lambda x: np.trace(x),
    "trace of a stack": lambda x: np.trace(np.stack([x, x * x])),
    "zeros_like": lambda x: x * np.zeros_like(x),
    "ones_like": lambda x: x + np.ones_like(x),
    "argmax": lambda x: x[:, np.argmax(np.sum(x, 0))],
    "linear, all by operators": lambda x: 1.0 - np.float64(2) * x @ X.T / np.array([3.0, 4.0]) + 5,
    "list operand": lambda x: x * [1.0, 2.0, 3.0] + [1, 2, 3],
    "list exponent": lambda x: abs(x) ** [1.0, 2.0, 3.0],
    "list matrix": lambda x: x @ [[1.0], [2.0], [3.0]],
    "array @ Tensor": lambda x: X.T @ x,
    "array - Tensor": lambda x: X - x,
    "array / Tensor": lambda x: X / x,
    "array ** Tensor": lambda x: abs(X) ** x,
    "scalar ** Tensor": lambda x: np.float64(2) ** x,
}


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
def test_functions_give_numpys_values_and_gradients(f):
    x = leaf(X)
    y = f(x)
    assert isinstance(y, Tensor)
    np.testing.assert_array_equal(y.value, f(X))
    weights = np.cos(np.arange(y.size)).reshape(y.shape)
    (got,) = backprop(y, x, weights)
    step, expected = 1e-6, np.zeros(X.shape)
    for index in np.ndindex(X.shape):  # by NumPy alone
        up, down = X.copy(), X.copy()
        up[index] += step
        down[index] -= step
        expected[index] = np.sum((f(up) - f(down)) * weights) / (2 * step)
    np.testing.assert_allclose(got.value, expected, rtol=1e-6, atol=1e-8)


def test_a_comparison_from_either_side_is_a_mask():
    t = Tensor([1.0, 2.0])
    for mask in (np.array([2.0, 2.0]) == t, t == np.array([2.0, 2.0]), np.float64(2) <= t):
        assert isinstance(mask, Tensor)
        assert mask.value.tolist() == [False, True]
    assert ((t > 1) & np.array([True, True])).value.tolist() == [False, True]
    assert (np.array([True, True]) & (t > 1)).value.tolist() == [False, True]


METHODS = {
    "sum": lambda x: (x.sum(), x.sum(1), x.sum(axis=0, keepdims=True)),
    "mean": lambda x: (x.mean(), x.mean(-1)),
    "max, min": lambda x: (x.max(1), x.min(axis=(0, 1))),
    "var, std": lambda x: (x.var(0, ddof=1), x.std(axis=1)),
    "cumsum": lambda x: (x.cumsum(), x.cumsum(1)),
    "argmax": lambda x: (x.argmax(), x.argmin(1)),
    "any, all": lambda x: ((x > 0).any(1), (x > -1).all()),
    "clip": lambda x: (x.clip(-0.1, 0.3), x.clip(0)),
    "reshape": lambda x: (x.reshape(3, 2), x.reshape((6,)), x.reshape(-1, 1), x.reshape(-1), x.ravel(), x.flatten()),
    "transpose": lambda x: (x.T, x.transpose(), x.transpose(1, 0), x.transpose((0, 1)), x.swapaxes(0, 1)),
    "squeeze": lambda x: (x[:, :1].squeeze(), x[:1].squeeze(axis=0)),
    "astype": lambda x: (x.astype("f4"), x.astype(int)),
    "attributes": lambda x: (np.array(x.shape), np.array(x.ndim), np.array(x.size)),
}


@pytest.mark.parametrize("f", METHODS.values(), ids=METHODS)
def test_methods_mean_what_they_mean_to_an_ndarray(f):
    for got, expected in zip(f(Tensor(X)), f(X), strict=True):
        value = got.value if isinstance(got, Tensor) else got
        np.testing.assert_array_equal(value, expected)
        assert value.dtype == expected.dtype


@pytest.mark.parametrize("f", [np.shape, np.ndim, np.size], ids=lambda f: f.__name__)
def test_questions_about_the_shape_have_plain_answers(f):
    assert f(leaf(X)) == f(X)


REFUSED = {
    "a function without a row": (lambda t: np.linalg.eig(t), r"np.linalg.eig has no row.*eigh.*detach\(\)"),
    "complex numbers": (lambda t: np.fft.fft(t), "np.fft.fft has no row.*complex"),
    "a ufunc without a row": (lambda t: np.spacing(t), "np.spacing has no row"),
    "a ufunc's method": (lambda t: np.subtract.reduce(t), r"np.subtract.reduce has no row"),
    "out= of a ufunc": (
        lambda t: np.exp(t, out=np.zeros(2)),
        r"np.exp\(..., out=a\) would write into an array.*a = np.exp",
    ),
    "out= of a function": (lambda t: np.sum(t, out=np.zeros(())), r"np.sum\(..., out=a\) would write"),
    "in place": (lambda t: np.zeros(2).__iadd__(t), r"a = a \+ t for a \+= t"),
    "where=": (lambda t: np.exp(t, where=np.array([True, False])), "exp does not take where"),
    "dtype=": (lambda t: np.mean(t, dtype=np.float32), "mean does not take dtype.*axis, keepdims"),
    "dtype by place": (lambda t: np.mean(t, 0, np.float32), "mean does not take dtype"),
    "initial=": (lambda t: np.sum(t, initial=3.0), "sum does not take initial"),
    "two arguments for three": (lambda t: np.where(t, t), r"where takes 3 inputs \(condition, a, b\), 2 were given"),
}


@pytest.mark.parametrize(("call", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_is_said(call, message):
    with pytest.raises(TypeError, match=message):
        call(leaf([1.0, 2.0]))


BY_KEYWORD = {
    "np.sum(a=t)": lambda t: np.sum(a=t),
    "np.reshape(a=t)": lambda t: np.reshape(a=t, shape=(2, 1)),
    "np.stack(arrays=[t])": lambda t: np.stack(arrays=[t]),
}


@pytest.mark.parametrize("call", BY_KEYWORD.values(), ids=BY_KEYWORD)
def test_the_array_itself_by_keyword_works_or_is_refused_clearly(call):
    t = leaf([1.0, 2.0])
    try:
        y = call(t)
    except TypeError:
        return  # NumPy users hardly write so: a clear refusal will do
    np.testing.assert_array_equal(y.value, call(t.numpy()))


def test_the_buffer_of_an_augmented_array_is_left_alone():
    total = np.zeros(2)
    with pytest.raises(TypeError):
        total += leaf([1.0, 2.0])
    assert total.tolist() == [0, 0]
