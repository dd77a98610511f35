"""Random programs of 5 to 30 rows: values equal plain NumPy's bit for bit, gradients equal finite differences."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograd_core import Tensor
from autograd_core.check import GradientMismatch, gradcheck, gradgradcheck
from autograd_core.ops import log_softmax, logsumexp, sigmoid, softmax, softplus

MATRIX = np.array([[0.5, -0.3, 0.8], [0.1, 0.9, -0.4], [-0.7, 0.2, 0.6]])
MASK = np.array([True, False, True])


def along(f):
    """A function of the last axis; a number, which has none, stays as it is."""
    return lambda x: f(x) if x.ndim else x


# Smooth, defined everywhere and of moderate size, so that a finite difference can be trusted after thirty of them.
UNARY = {
    "negative": lambda x: -x,
    "square": lambda x: np.square(x) * 0.25,
    "power": lambda x: (x * x + 1) ** 0.3,
    "sqrt": lambda x: np.sqrt(x * x + 1),
    "log": lambda x: np.log(x * x + 1),
    "exp": lambda x: np.exp(-x * x),
    "expm1": lambda x: np.expm1(np.sin(x)),
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "arctan": np.arctan,
    "arcsinh": np.arcsinh,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "absolute": lambda x: np.abs(x * x + 0.1),
    "reciprocal": lambda x: np.reciprocal(x * x + 1),
    "rsub": lambda x: 2 - x,
    "rdiv": lambda x: 3 / (2 + x * x),
    "rpow": lambda x: 1.2 ** np.sin(x),
    "float32 cast": lambda x: x * np.float32(0.5),
    "sum": along(lambda x: x.sum(axis=-1, keepdims=True)),
    "mean": lambda x: np.mean(x),
    "mean kept": along(lambda x: np.mean(x, -1, keepdims=True)),
    "var": along(lambda x: np.var(x, axis=-1, keepdims=True)),
    "logsumexp": along(lambda x: logsumexp(x, axis=-1, keepdims=True)),
    "softmax": along(lambda x: softmax(x, axis=-1)),
    "log_softmax": along(lambda x: log_softmax(x, axis=0)),
    "cumsum": along(lambda x: np.cumsum(x, axis=-1)),
    "flip": along(lambda x: np.flip(x, -1)),
    "reversed": along(lambda x: x[..., ::-1]),
    "picked twice": along(lambda x: x[..., [0, 0, -1][: x.shape[-1]]]),
    "matrix": lambda x: x @ MATRIX if x.shape[-1:] == (3,) else x,
    "transposed twice": lambda x: np.transpose(np.exp(np.transpose(np.sin(x)))),
    "reshaped": lambda x: np.tanh(x.reshape(-1)).reshape(x.shape),
}
BINARY = {
    "add": lambda x, z: x + z,
    "subtract": lambda x, z: x - z,
    "multiply": lambda x, z: x * z,
    "divide": lambda x, z: x / (1 + z * z),
    "power": lambda x, z: (1 + x * x) ** np.tanh(z),
    "where": lambda x, z: np.where(MASK, x, z),
    "stack": lambda x, z: np.sum(np.stack([x + z, x * 2 - z]), axis=0),
    "concatenate": lambda x, z: np.concatenate([x, np.sin(x)], -1)[..., 1 : 1 + x.shape[-1]] * z if x.ndim else x * z,
    "function": lambda x, z: np.sin(x) * np.cos(z),
}
OPS = UNARY | BINARY
SHAPES = [(), (3,), (2, 3), (2, 1), (1, 3)]  # any two of them broadcast
SIZE = 6.0


def run(program, inputs):
    """The last value of a program; every step takes the last value, so that nothing in it is dead."""
    values = list(inputs)
    for name, other in program:
        values.append(OPS[name](values[-1], values[other]) if name in BINARY else OPS[name](values[-1]))
    return values[-1]


@st.composite
def programs(draw, longest=30):
    """(program, inputs), built while it is run, so that no value grows out of hand."""
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=2, max_size=3))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    inputs = [rng.uniform(-1.5, 1.5, shape) for shape in shapes]
    program, values = [("add", 0)], [*inputs, inputs[-1] + inputs[0]]
    length = draw(st.integers(5, longest))
    while len(program) < length:
        name = draw(st.sampled_from(sorted(OPS)))
        step = (name, draw(st.integers(0, len(values) - 1)))
        value = run([step], values)
        program.append(step)
        values.append(value)
        if np.abs(value).max() > SIZE:
            program.append(("tanh", 0))
            values.append(np.tanh(value))
    return program, inputs


def reproducible(examples):
    return settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )


@given(programs())
@reproducible(100)
def test_values_are_numpys_bit_for_bit(case):
    program, inputs = case
    y = run(program, [Tensor(x, requires_grad=True) for x in inputs])
    assert isinstance(y, Tensor)
    expected = run(program, inputs)
    np.testing.assert_array_equal(y.value, expected)
    assert y.dtype == np.asarray(expected).dtype == np.float64


@given(programs())
@reproducible(80)
def test_gradients(case):
    program, inputs = case
    gradcheck(lambda *xs: run(program, xs), *inputs, rtol=1e-5, atol=1e-6, name=str(program))


@given(programs(longest=12))
@reproducible(25)
def test_gradients_of_gradients(case):
    program, inputs = case
    gradgradcheck(lambda *xs: run(program, xs), *inputs, rtol=1e-4, atol=1e-5, name=str(program))


@pytest.mark.parametrize("name", sorted(OPS))
def test_each_step_by_itself(name):
    """Whatever Hypothesis happens to draw, every step is checked once, in each shape."""
    for shape in SHAPES:
        rng = np.random.default_rng(5)
        inputs = rng.uniform(-1.5, 1.5, shape), rng.uniform(-1.5, 1.5, (3,) if name in BINARY else shape)
        gradcheck(lambda x, z: run([(name, 1)], [z, x]), *inputs, name=name)
        np.testing.assert_array_equal(run([(name, 1)], [*map(Tensor, inputs)]).value, run([(name, 1)], list(inputs)))


def test_a_wrong_rule_is_found(monkeypatch):
    from autograd_core.ops import sin

    ((i, _, pick),) = sin.edges
    monkeypatch.setattr(sin, "edges", ((i, lambda g, a: g * np.cos(a) * 1.001, pick),))
    with pytest.raises(GradientMismatch, match="wrong gradient"):
        test_gradients()
