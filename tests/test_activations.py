"""Activations and initial values: every function against mpmath and PyTorch (reference/make_activations.py made the
numbers), at orders 0 to 2, in both precisions, also at ±10⁴; every module by name, in files, and with what it learns."""

import copy
import json
import math
import pickle
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from autograd_core import Tensor, backprop, nn
from autograd_core.batched import vmap
from autograd_core.check import gradcheck, gradgradcheck
from autograd_core.nn import init
from autograd_core.nn.activations import ACTIVATIONS
from autograd_core.nn.functional import activations as functional

F = nn.functional
STORED = json.loads((Path(__file__).parent / "reference/activations.json").read_text(encoding="utf-8"))
PRECISIONS = [(np.float64, 1e-10), (np.float32, 1e-5)]
INF, NAN = math.inf, math.nan

# The module of each name, where a function and a module take the same settings
MODULES = {name: type(module()) for name, module in ACTIVATIONS.items()}
SETTINGS = [(case["function"], case["options"]) for case in STORED["elementwise"]]


def label(case):
    return "-".join([case["function"], *map(str, case.get("options", {}).values())])


def leaf(data, dtype=np.float64):
    return Tensor(np.array(data, dtype), requires_grad=True)


def close(got, expected, dtype, rtol, atol):
    assert got.dtype == dtype
    assert got.shape == np.shape(expected)
    np.testing.assert_allclose(got.value, expected, rtol=rtol, atol=atol)


# --- values, slopes and second derivatives ---------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "rtol"), PRECISIONS, ids=["float64", "float32"])
@pytest.mark.parametrize("case", STORED["elementwise"], ids=label)
def test_values_and_derivatives_equal_the_formula(case, dtype, rtol):
    """Values to the last digits of even the smallest; derivatives as sums of numbers about 1 can have them."""
    name, options, rounding = case["function"], case["options"], float(np.finfo(dtype).eps)
    lost = rounding if name == "tanhshrink" else float(np.finfo(dtype).tiny)  # x − tanh x is a difference
    for f in (partial(getattr(F, name), **options), MODULES[name](**options)):
        x = leaf(case["x"], dtype)
        y = f(x)
        close(y, case["value"], dtype, rtol, lost)
        assert np.array_equal(f(x.value), y.value)
        (plain,) = backprop(y, x, np.ones(y.shape), retain_graph=True)
        (slope,) = backprop(y, x, np.ones(y.shape), create_graph=True)
        for got in (plain, slope):
            close(got, case["slope"], dtype, rtol, 64 * rounding)
        if slope.requires_grad:
            close(backprop(slope.sum(), x)[0], case["curvature"], dtype, rtol, 64 * rounding)
        else:
            assert np.abs(case["curvature"]).max() < 1e-30


@pytest.mark.parametrize(("dtype", "rtol"), PRECISIONS, ids=["float64", "float32"])
@pytest.mark.parametrize("case", STORED["learned"], ids=label)
def test_gradients_towards_all_inputs_equal_pytorch(case, dtype, rtol):
    inputs = [leaf(x, dtype) for x in case["inputs"]]
    y = getattr(F, case["function"])(*inputs)
    close(y, case["value"], dtype, rtol, 0)
    for got, expected in zip(backprop(y, inputs, np.array(case["arriving"])), case["gradients"], strict=True):
        # a learned number's gradient is a sum over all samples
        close(got, expected, dtype, rtol, rtol * max(1, np.abs(expected).max()) / 10)


def test_every_function_and_every_name_has_a_case():
    told = {case["function"] for case in STORED["elementwise"] + STORED["learned"]}
    ours = {
        n for n, f in vars(functional).items() if callable(f) and not n.startswith("_") and n in nn.functional.__all__
    }
    assert ours - {"linear", "alpha_dropout"} == told
    assert set(ACTIVATIONS) == told | {"identity"}
    for name, module in ACTIVATIONS.items():
        assert getattr(nn, module.__name__) is module
        assert name.replace("_", "") == module.__name__.lower()


AT_INFINITY = {  # values at −∞ and ∞, slopes there
    "step": (0, 1, 0, 0), "piecewise_linear": (0, 1, 0, 0), "sigmoid": (0, 1, 0, 0), "tanh": (-1, 1, 0, 0),
    "hardtanh": (-1, 1, 0, 0), "hardsigmoid": (0, 1, 0, 0), "logsigmoid": (-INF, 0, 1, 0), "tanhshrink": (-INF, INF, 1, 1),
    "relu": (0, INF, 0, 1), "relu6": (0, 6, 0, 0), "leaky_relu": (-INF, INF, 0.01, 1), "elu": (-1, INF, 0, 1),
    "celu": (-1, INF, 0, 1), "selu": (-1.7580993408473766, INF, 0, 1.0507009873554805), "softplus": (0, INF, 0, 1),
}  # fmt: skip
GATED = ["swish", "silu", "gelu", "mish", "hardswish", "softsign", "prelu", "adaptive_relu"]  # 0·∞ on the way
MIXED = ["softmax", "log_softmax", "identity"]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", AT_INFINITY)
def test_infinite_arguments_where_the_formula_has_a_limit(name, dtype):
    x = leaf([-INF, INF], dtype)
    y = getattr(F, name)(x)
    (slope,) = backprop(y, x, np.ones(2))
    np.testing.assert_allclose([*y.value, *slope.value], AT_INFINITY[name], rtol=1e-7, atol=1e-30)


def test_what_has_limits_is_said_of_all():
    assert {*AT_INFINITY, *GATED, *MIXED} == set(ACTIVATIONS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nan_stays_nan_and_touches_no_neighbour(name):
    y = ACTIVATIONS[name]()(Tensor([[NAN], [1.0]], requires_grad=True))
    assert np.isnan(y.value).ravel().tolist() == [True, False]


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("shape", [(), (0, 3), (3,), (2, 3, 4, 5)], ids=str)
def test_shapes_and_dtypes_are_kept(name, shape):
    if name in ("softmax", "log_softmax") and not shape:
        return
    for dtype in (np.float32, np.float64):
        x = Tensor(np.full(shape, 0.5, dtype), requires_grad=True)
        y = ACTIVATIONS[name]()(x)
        (2 * y).sum().backward()
        assert y.shape == x.grad.shape == shape or (name == "prelu" and not shape)  # its weight has an axis
        assert y.dtype == x.grad.dtype == dtype


KINKS = {  # what is asked, and the slope there
    "relu at 0": (F.relu, 0, 0),
    "leaky_relu at 0": (F.leaky_relu, 0, 0.01),
    "prelu at 0": (lambda x: F.prelu(x, np.array(0.25)), 0, 0.25),
    "adaptive_relu at 0": (lambda x: F.adaptive_relu(x, np.array(2.0), np.array(0.0)), 0, 0.5),
    "elu at 0": (lambda x: F.elu(x, 0.625), 0, 0.625),
    "celu at 0": (lambda x: F.celu(x, 0.625), 0, 1),
    "selu at 0": (F.selu, 0, 1.7580993408473766),
    "softsign at 0": (F.softsign, 0, 1),
    "step at 0": (F.step, 0, 0),
    "piecewise_linear at its bounds": (F.piecewise_linear, [-0.5, 0.5], [1, 1]),
    "hardtanh at its bounds": (F.hardtanh, [-1, 1], [1, 1]),
    "relu6 at its bounds": (F.relu6, [0, 6], [1, 1]),
    "hardsigmoid at its bounds": (F.hardsigmoid, [-3, 3], [1 / 6, 1 / 6]),
    "hardswish at its bounds": (F.hardswish, [-3, 3], [-0.5, 1.5]),
}


@pytest.mark.parametrize(("f", "at", "slope"), KINKS.values(), ids=KINKS)
def test_slopes_at_kinks(f, at, slope):
    x = leaf(at)
    y = f(x)
    for graph in (False, True):
        (got,) = backprop(y, x, np.ones(y.shape), create_graph=graph, retain_graph=True)
        np.testing.assert_allclose(got.value, slope, rtol=1e-12, atol=1e-15)


def test_towards_a_learned_slope_nothing_comes_at_0():
    x, weight = leaf([0.0]), leaf([0.25])
    assert backprop(F.prelu(x, weight), weight)[0].value.tolist() == [0]


def test_figures_of_the_functions():
    """What the lectures' charts show: B1, B2, B3, B6, B12, B13."""
    v = np.array([-0.75, -0.5, 0.0, 0.25, 0.5, 0.75])
    assert F.step(v).tolist() == [0, 0, 1, 1, 1, 1]
    assert F.piecewise_linear(v).tolist() == [0, 0, 0.5, 0.75, 1, 1]
    x = leaf(0.0)
    assert backprop(F.sigmoid(x, 3.0), x)[0].item() == 0.75  # a quarter of the slope
    xs = np.linspace(-4, 4, 801)
    gaps = [np.abs(F.softplus(xs, beta) - F.relu(xs)).max() for beta in (1, 4, 16, 64)]
    np.testing.assert_allclose(gaps, math.log(2) / np.array([1, 4, 16, 64]))  # at 0, and it goes to 0
    assert 1e-4 < np.abs(F.gelu(xs) - F.gelu(xs, "tanh")).max() < 5e-4
    slope = 1 / (1 + np.exp(-(0.5 * xs - 1)))
    np.testing.assert_allclose(F.adaptive_relu(xs, np.array(0.5), np.array(-1.0)), np.maximum(slope * xs, xs))


# --- modules -----------------------------------------------------------------------------------------------------------

LEARNING = {
    "prelu": lambda **o: nn.PReLU(**o), "prelu of channels": lambda **o: nn.PReLU(3, init=0.125, **o),
    "swish": lambda **o: nn.Swish(1.5, learnable=True, **o),
    "adaptive_relu": lambda **o: nn.AdaptiveReLU(**o), "adaptive_relu of features": lambda **o: nn.AdaptiveReLU(3, **o),
}  # fmt: skip


@pytest.mark.parametrize("make", LEARNING.values(), ids=LEARNING)
def test_what_is_learned_is_a_parameter_with_a_right_gradient(make):
    rng = np.random.default_rng(0)
    module = make(dtype=np.float64)
    values = {name: p.value + rng.normal(0, 0.3, p.shape) for name, p in module.named_parameters()}
    assert values
    for check in (gradcheck, gradgradcheck):
        check(lambda x, p: F.functional_call(module, p, x), rng.normal(size=(4, 3)), values)


@pytest.mark.parametrize("make", LEARNING.values(), ids=LEARNING)
def test_what_is_learned_is_float32_unless_said_otherwise(make):
    for given, dtype in [({}, "float32"), ({"dtype": np.float64}, "float64")]:
        module = make(**given)
        assert {p.dtype.name for p in module.parameters()} == {dtype}
        y = module(np.ones((2, 3), dtype))
        y.sum().backward()
        assert y.dtype == dtype
        assert {p.grad.dtype.name for p in module.parameters()} == {dtype}


@pytest.mark.parametrize("module", [nn.PReLU(), nn.AdaptiveReLU(), nn.AdaptiveReLU(3)], ids=repr)
def test_learned_slopes_start_from_a_quarter(module):
    x = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_allclose(module(x).value, np.where(x > 0, x, x / 4), rtol=1e-7)


@pytest.mark.parametrize("make", LEARNING.values(), ids=LEARNING)
def test_what_was_learned_comes_back(make, tmp_path):
    for model in (make(), nn.Sequential(nn.Linear(3, 3, rng=0), make(dtype=np.float64))):
        for p in model.parameters():
            p.data = p.value + 0.25
        nn.save(model, tmp_path / "model.npz")
        for back in (nn.load(tmp_path / "model.npz"), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            assert repr(back) == repr(model)
            assert [(n, p.value.tolist(), p.dtype) for n, p in back.named_parameters()] == [
                (n, p.value.tolist(), p.dtype) for n, p in model.named_parameters()
            ]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_mlp_takes_every_name_and_comes_back(name, tmp_path):
    model, x = nn.MLP([3, 4, 4, 2], activation=name, rng=1), np.linspace(-2, 2, 12, dtype=np.float32).reshape(4, 3)
    assert [type(layer) for layer in model][1::2] == [MODULES[name]] * 2
    assert model[1] is not model[3]  # each layer learns its own
    before = model(x)
    before.sum().backward()
    assert before.dtype == np.float32
    assert all(p.grad is not None and np.all(np.isfinite(p.grad.value)) for p in model.parameters())
    nn.save(model, tmp_path / "model.npz")
    back = nn.load(tmp_path / "model.npz")
    assert (type(back), repr(back)) == (nn.MLP, repr(model))
    np.testing.assert_array_equal(back(x).value, before.value)


@pytest.mark.parametrize(("name", "options"), SETTINGS, ids=[f"{n}{o or ''}" for n, o in SETTINGS])
def test_settings_are_shown_and_saved(name, options, tmp_path):
    module = MODULES[name](**options)
    assert all(f"{key}={value!r}" in repr(module) for key, value in options.items() if (key, value) != ("slope", 1.0))
    nn.save(nn.Sequential(module), tmp_path / "model.npz")
    back = nn.load(tmp_path / "model.npz")[0]
    assert (type(back), repr(back)) == (type(module), repr(module))
    x = np.linspace(-3, 3, 7)
    np.testing.assert_array_equal(back(x), module(x))


def test_how_modules_look():
    shown = [
        nn.PReLU(3),
        nn.Swish(2, learnable=True),
        nn.AdaptiveReLU(),
        nn.GELU("tanh"),
        nn.Step(),
        nn.Hardtanh(),
        nn.LogSoftmax(0),
    ]
    assert [repr(m) for m in (*shown, nn.AlphaDropout(0.1), nn.Sigmoid(), nn.Softplus(3.0))] == [
        "PReLU(num_parameters=3, init=0.25)", "Swish(beta=2.0, learnable=True)", "AdaptiveReLU(features=None)",
        "GELU(approximate='tanh')", "Step()", "Hardtanh(min_val=-1.0, max_val=1.0)", "LogSoftmax(dim=0)",
        "AlphaDropout(p=0.1)", "Sigmoid()", "Softplus(beta=3.0)",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_batch_is_what_each_of_its_samples_gives(name):
    module, x = ACTIVATIONS[name](), np.random.default_rng(0).normal(size=(4, 3))
    got = vmap(module)(x)
    np.testing.assert_allclose(got.value, [np.asarray(getattr(y, "value", y)) for y in map(module, x)], rtol=1e-13)


def test_every_docstring_says_what_the_function_is_and_where_it_is_from():
    for name, module in MODULES.items():
        text = module.__doc__
        assert "slope" in text or "Jacobian" in text or name == "identity", name
        assert (
            "topic B" in text
            or "topics B" in text
            or name in ("hardtanh", "hardsigmoid", "softsign", "tanhshrink", "relu6")
        ), name


ERRORS = {
    "a word for gelu": (lambda: nn.GELU("erf"), ValueError, '"none" for the exact function or "tanh"; it is \'erf\''),
    "celu of 0": (lambda: F.celu(np.ones(2), 0.0), ValueError, "alpha is divided by and must be above 0; it is 0.0"),
    "softplus of -1": (lambda: nn.Softplus(-1.0)(np.ones(2)), ValueError, "beta is divided by and must be above 0"),
    "no slopes": (lambda: nn.PReLU(0), ValueError, "at least 1; num_parameters is 0"),
    "half a feature": (lambda: nn.AdaptiveReLU(2.5), ValueError, "at least 1; features is 2.5"),
    "other channels": (lambda: nn.PReLU(3)(np.ones((2, 4))), ValueError, r"3 channels, axis 1; .* shape \(2, 4\)"),
    "no channels": (lambda: nn.PReLU(3)(np.float64(1)), ValueError, r"3 channels, axis 1; .* shape \(\)"),
    "other features": (lambda: nn.AdaptiveReLU(3)(np.ones((3, 4))), ValueError, r"shape \(3, 4\): .* hold 3 features"),
    "all dropped": (lambda: nn.AlphaDropout(1.0), ValueError, "0 <= p < 1; it is 1.0"),
    "no such gain": (lambda: init.gain("gelu"), ValueError, "no gain for 'gelu'; there are linear, .*, leaky_relu, prelu"),
    "no such mode": (lambda: init.he_normal((2, 3), np.random.default_rng(0), mode="in"), ValueError, '"fan_in" or "fan_out"; it is \'in\''),
    "orthogonal vector": (lambda: init.orthogonal((3,), None), ValueError, r"two axes, \(out, in\); the shape is \(3,\)"),
}  # fmt: skip


@pytest.mark.parametrize(("wrong", "error", "message"), ERRORS.values(), ids=ERRORS)
def test_errors_say_what_to_write(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong()


# --- self-normalising networks (B10) -----------------------------------------------------------------------------------


def test_the_constants_of_selu():
    assert float(STORED["selu"]["scale"]) == functional.SELU_SCALE
    assert float(STORED["selu"]["alpha"]) == functional.SELU_ALPHA


def signals(activation, weight_init, dtype, seed, layers=50, width=256, dropout=0.0):
    """Mean and variance behind each of many layers."""
    rng = np.random.default_rng(seed)
    x, found = rng.normal(size=(256, width)).astype(dtype), []
    for _ in range(layers):
        layer = nn.Linear(width, width, weight_init=weight_init, bias_init=0.0, rng=rng, dtype=dtype)
        x = activation(layer(x)).value
        if dropout:
            x = F.alpha_dropout(x, dropout, rng=rng)
        found.append((x.mean(dtype=float), x.var(dtype=float)))
    assert x.dtype == dtype
    return np.array(found)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("seed", range(2))
def test_selu_keeps_mean_0_and_variance_1_through_50_layers(seed, dtype):
    mean, variance = signals(nn.SELU(), "lecun_normal", dtype, seed).T
    assert np.abs(mean).max() < 0.1
    assert variance.min() > 0.8
    assert variance.max() < 1.2


@pytest.mark.parametrize(
    ("activation", "weight_init"), [(F.selu, "glorot_uniform"), (F.elu, "lecun_normal"), (F.selu, "he_normal")]
)
def test_other_activations_and_weights_do_not(activation, weight_init):
    """Glorot's weights of square layers have the same variance as LeCun's: they do as well, the others do not."""
    variance = signals(activation, weight_init, np.float64, 0)[-1, 1]
    assert (0.8 < variance < 1.2) == (weight_init == "glorot_uniform")


@pytest.mark.parametrize("p", [0.05, 0.2, 0.5])
def test_alpha_dropout_keeps_mean_and_variance(p):
    x = np.random.default_rng(0).normal(size=200_000)
    x = F.selu(x)  # as it comes out of a layer
    y = nn.AlphaDropout(p, rng=1)(x)
    assert abs(y.mean() - x.mean()) < 0.02
    assert abs(y.var() - x.var()) < 0.02
    scale = ((1 - p) * (1 + p * 1.7580993408473766**2)) ** -0.5
    low = scale * 1.7580993408473766 * (p - 1)  # a·α' + b
    dropped = np.isclose(y, low)
    assert dropped.mean() == pytest.approx(p, abs=0.01)
    np.testing.assert_allclose(y[~dropped], scale * (x[~dropped] + p * 1.7580993408473766))


def test_alpha_dropout_goes_through_a_deep_network():
    mean, variance = signals(nn.SELU(), "lecun_normal", np.float64, 0, layers=20, dropout=0.1).T
    assert np.abs(mean).max() < 0.1
    assert np.abs(variance - 1).max() < 0.25


def test_alpha_dropout_in_training_and_evaluation():
    x = Tensor(np.ones((50, 20), np.float32), requires_grad=True)
    drop = nn.AlphaDropout(0.5, rng=0)
    y = drop(x)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == np.float32
    passed = x.grad.value > 0
    assert 0.4 < passed.mean() < 0.6
    assert np.array_equal(passed, y.value == y.value.max())  # only what was kept has a gradient
    assert not np.array_equal(drop(x).value, y.value)  # new at every call
    assert np.array_equal(nn.AlphaDropout(0.5, rng=0)(x).value, y.value)
    assert drop.eval()(x) is x
    assert nn.AlphaDropout(0.0)(x) is x


# --- initial values ----------------------------------------------------------------------------------------------------

VARIANCES = {
    "lecun_uniform": (init.lecun_uniform, lambda i, o: 1 / i),
    "leaky he_normal": (partial(init.he_normal, slope=0.5), lambda i, o: 1.6 / i),
    "leaky he_uniform": (partial(init.he_uniform, slope=0.5), lambda i, o: 1.6 / i),
    "he_normal of gradients": (partial(init.he_normal, mode="fan_out"), lambda i, o: 2 / o),
    "he_uniform of gradients": (partial(init.he_uniform, mode="fan_out"), lambda i, o: 2 / o),
    "glorot_normal for tanh": (partial(init.glorot_normal, gain=5 / 3), lambda i, o: 50 / 9 / (i + o)),
    "glorot_uniform for tanh": (partial(init.glorot_uniform, gain=5 / 3), lambda i, o: 50 / 9 / (i + o)),
    "orthogonal": (init.orthogonal, lambda i, o: 1 / max(i, o)),
    "uniform": (init.uniform(-0.5, 0.5), lambda i, o: 1 / 12),
    "normal": (init.normal(std=0.25), lambda i, o: 1 / 16),
}


@pytest.mark.parametrize("shape", [(100, 150), (150, 100), (40, 4, 5, 5)], ids=str)
@pytest.mark.parametrize(("draw", "variance"), VARIANCES.values(), ids=VARIANCES)
def test_the_variance_of_initial_values(draw, variance, shape):
    w = draw(shape, np.random.default_rng(0))
    kernel = math.prod(shape[2:])
    expected = variance(shape[1] * kernel, shape[0] * (1 if draw is init.orthogonal else kernel))
    assert w.shape == shape
    assert abs(w.mean()) < 5 * math.sqrt(expected / w.size)
    assert w.var() == pytest.approx(expected, rel=5 * math.sqrt(2 / w.size))


@pytest.mark.parametrize("shape", [(4, 4), (3, 7), (7, 3), (4, 2, 3, 3), (40, 2, 3, 3)], ids=str)
def test_orthogonal_weights_have_orthonormal_rows_or_columns(shape):
    w = init.orthogonal(shape, np.random.default_rng(0), gain=2.0).reshape(shape[0], -1)
    small = w @ w.T if len(w) <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-14)


def test_orthogonal_weights_point_everywhere_alike():
    """Without the sign of R's diagonal, QR gives the first column mostly negative."""
    draws = [init.orthogonal((3, 3), np.random.default_rng(k)) for k in range(400)]
    assert np.abs(np.mean(draws, axis=0)).max() < 0.12


def test_constant_initial_values_by_name():
    layer = nn.Linear(3, 2, weight_init="zeros", bias_init="small_positive")
    assert layer.weight.value.tolist() == [[0] * 3] * 2
    assert layer.bias.value.tolist() == [np.float32(0.01)] * 2
    assert init.uniform(2.0, 3.0)((1000,), np.random.default_rng(0)).min() >= 2
    assert init.normal(5.0, 0.1)((1000,), np.random.default_rng(0)).mean() == pytest.approx(5, abs=0.02)


@pytest.mark.parametrize(("name", "slope", "expected"), STORED["gains"])
def test_gains_equal_pytorch(name, slope, expected):
    assert init.gain(name, slope) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("name", ["linear", "relu", "leaky_relu", "prelu", "selu"])
def test_a_gain_keeps_the_size_of_signals(name):
    """1/√E[f(z)²] for a standard normal z, by Gauss–Hermite quadrature on both sides of the kink."""
    x, weights = np.polynomial.legendre.leggauss(200)
    z = np.concatenate([6 * x - 6, 6 * x + 6])
    density = np.tile(6 * weights, 2) * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    f = (lambda z: z) if name == "linear" else ACTIVATIONS[name]()
    second = np.sum(density * np.asarray(getattr(f(z), "value", f(z))) ** 2)
    assert init.gain(name) == pytest.approx(1 / math.sqrt(second), rel=1e-6)
