"""Modules, layers and initial values. A PyTorch twin's outputs and gradients are stored in reference/."""

import copy
import json
import math
import pickle
from pathlib import Path

import numpy as np
import pytest

from autograd_core import Tensor, nn
from autograd_core.nn import init

TWIN = json.loads((Path(__file__).parent / "reference/twin.json").read_text(encoding="utf-8"))


class Scaled(nn.Module):
    """A module of a user's own: a parameter, a list of layers, state that is not trained, a layer used twice."""

    def __init__(self, rng=0):
        rng = np.random.default_rng(rng)
        self.scale = nn.Parameter(1.5)
        self.blocks = [nn.Linear(3, 3, rng=rng), nn.Linear(3, 3, rng=rng)]
        self.head = self.blocks[0]
        self.count = Tensor(np.zeros(2, np.float32))
        self.note = "not a tensor"

    def forward(self, x):
        for block in (*self.blocks, self.head):
            x = block(x)
        return x * self.scale


PATHS = ["scale", "blocks.0.weight", "blocks.0.bias", "blocks.1.weight", "blocks.1.bias"]


def same_state(a, b):
    a, b = a.state_dict(), b.state_dict()
    assert a.keys() == b.keys()
    for name, value in a.items():
        assert value.dtype == b[name].dtype, name
        np.testing.assert_array_equal(value, b[name], err_msg=name)


# --- what is inside --------------------------------------------------------------------------------------------


def test_parameters_are_found_by_path_each_once():
    model = Scaled()
    assert sorted(n for n, _ in model.named_parameters()) == sorted(PATHS)
    assert len(list(model.parameters())) == len({id(p) for p in model.parameters()}) == 5
    # state is found under every path, so that it can be loaded into a model that shares nothing
    assert sorted(model.state_dict()) == sorted([*PATHS, "head.weight", "head.bias", "count"])


def test_a_shared_parameter_collects_the_gradients_of_all_its_uses():
    shared, x = Scaled(), np.float32([[1, 2, 3]])
    apart = Scaled()
    apart.head = copy.deepcopy(apart.blocks[0])
    for model in (shared, apart):
        model(x).sum().backward()
    together = apart.blocks[0].weight.grad.value + apart.head.weight.grad.value
    np.testing.assert_allclose(shared.head.weight.grad.value, together, rtol=1e-5)


def test_paths_of_modules():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(3, 1, bias=False)), np.tanh)
    assert [n for n, _ in model.named_modules()] == ["", "0", "1", "1.0", "1.1"]
    assert [n for n, _ in model.named_parameters()] == ["0.weight", "0.bias", "1.1.weight"]
    assert len(model) == 3
    assert isinstance(model[1][0], nn.ReLU)


def test_repr_shows_the_tree():
    assert repr(nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.LeakyReLU(0.2), nn.Dropout(0.25)))) == (
        "Sequential(\n"
        "  (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (1): Sequential(\n"
        "    (0): LeakyReLU(negative_slope=0.2)\n"
        "    (1): Dropout(p=0.25)\n"
        "  )\n"
        ")"
    )


@pytest.mark.parametrize(
    ("data", "dtype", "expected"),
    [
        ([1.0, 2.0], None, np.float32),
        (1.0, None, np.float32),
        ([1, 2], None, np.float32),
        (np.ones(2), None, np.float64),
        (np.ones((), np.float64), None, np.float64),
        (np.ones(2, np.float32), None, np.float32),
        (np.ones(2, np.float32), np.float64, np.float64),
    ],
)
def test_dtype_of_a_parameter(data, dtype, expected):
    parameter = nn.Parameter(data, dtype=dtype)
    assert parameter.dtype == expected
    assert isinstance(parameter.value, np.ndarray)  # also a single number: an optimizer makes it a view
    assert parameter.shape == np.shape(data)
    assert parameter.requires_grad
    assert parameter.is_leaf


def test_a_parameter_is_a_copy_of_its_data():
    data = np.zeros(3)
    nn.Parameter(data).data = np.ones(3)
    assert not data.any()


# --- state -----------------------------------------------------------------------------------------------------


def test_state_dict_is_a_copy():
    model = Scaled()
    state = model.state_dict()
    for value in state.values():
        value[...] = 7
    assert not any((p.value == 7).any() for p in model.parameters())


def test_load_state_dict_copies_into_the_memory_that_is_there():
    source, model = Scaled(rng=1), Scaled(rng=2)
    model.count.data = [3, 4]
    homes = [p.value for p in model.parameters()]
    state = source.state_dict()
    model.load_state_dict({n: v.astype(float) if "bias" in n else Tensor(v) for n, v in state.items()})
    same_state(model, source)
    assert all(p.value is home for p, home in zip(model.parameters(), homes, strict=True))
    state["blocks.0.weight"][...] = 7
    same_state(model, source)


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        (lambda s: s.pop("blocks.1.bias"), r"does not fit Scaled: missing \['blocks.1.bias'\], unexpected nothing"),
        (lambda s: s.update(extra=np.zeros(1)), r"missing nothing, unexpected \['extra'\]"),
        (
            lambda s: s.update({"blocks.1.bias": np.zeros(4)}),
            r"blocks.1.bias has shape \(3,\) in this model and \(4,\)",
        ),
        (lambda s: s.update({"blocks.1.bias": np.zeros(())}), r"blocks.1.bias has shape \(3,\)"),  # would broadcast
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, fragment):
    model, before, state = Scaled(rng=1), Scaled(rng=1), Scaled(rng=2).state_dict()
    change(state)
    with pytest.raises(ValueError, match=fragment):
        model.load_state_dict(state)
    same_state(model, before)


def test_not_strict_takes_what_fits():
    model, before, source = Scaled(rng=1), Scaled(rng=1), Scaled(rng=2)
    model.load_state_dict({"blocks.1.bias": source.blocks[1].bias.value, "extra": np.zeros(1)}, strict=False)
    np.testing.assert_array_equal(model.blocks[1].bias.value, source.blocks[1].bias.value)
    np.testing.assert_array_equal(model.blocks[1].weight.value, before.blocks[1].weight.value)
    with pytest.raises(ValueError, match="the layers differ"):
        model.load_state_dict({"blocks.1.bias": np.zeros(4)}, strict=False)


def test_modes_gradients_and_freezing_reach_every_module():
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Dropout(0.5), nn.Linear(2, 1)))
    assert model.eval() is model
    assert not any(m.training for m in model.modules())
    assert all(m.training for m in model.train().modules())
    model(np.ones((1, 2), np.float32)).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())
    assert model.requires_grad_(False) is model
    assert not model(np.ones((1, 2), np.float32)).requires_grad
    assert all(p.requires_grad for p in model.requires_grad_().parameters())


def test_a_module_without_forward_says_what_is_missing():
    with pytest.raises(TypeError, match="Module does not say what it computes: define forward"):
        nn.Module()(1)


def test_copies_and_pickles_of_a_model_are_independent():
    model = Scaled()
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        same_state(twin, model)
        assert twin.head is twin.blocks[0]
        twin.scale.data = 9.0
        twin.head.weight.data = np.zeros((3, 3))
        assert model.scale.item() == 1.5
        assert model.head.weight.value.any()


# --- summary ---------------------------------------------------------------------------------------------------


def test_summary_counts_and_shows_shapes():
    model = nn.MLP([64, 32, 10], dropout=0.5)
    model[0].requires_grad_(False)
    lines = model.summary().splitlines()
    assert lines[2].split("  ")[-1].strip() == "2,080"
    assert [line.split("(batch, ")[1].split(")")[0] for line in lines[2:6]] == ["32", "32", "32", "10"]
    assert lines[-1].startswith("total (330 trained)")
    assert lines[-1].endswith("2,410")
    assert len({len(line) for line in lines}) == 1


def test_summary_leaves_the_model_as_it_was():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5, rng=0), nn.Linear(2, 1))
    model[1].eval()
    before, modes = model[1].rng.bit_generator.state, [m.training for m in model.modules()]
    model.summary()
    assert [m.training for m in model.modules()] == modes == [True, True, False, True]
    assert model[1].rng.bit_generator.state == before
    assert all("forward" not in vars(m) for m in model.modules())
    assert all(p.grad is None for p in model.parameters())


def test_summary_restores_the_model_after_an_error():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(3, 1))
    with pytest.raises(ValueError, match="its last axis must hold 3 features"):
        model.summary()
    assert all("forward" not in vars(m) for m in model.modules())
    assert model.training


def test_summary_of_a_model_that_uses_a_layer_twice():
    relu = nn.ReLU()
    model = nn.Sequential(nn.Linear(2, 3), relu, nn.Linear(3, 3), relu)
    assert model.summary().count("ReLU()  ") == 2
    assert "forward" not in vars(relu)
    assert "(batch, 3)" in Scaled().summary()


def test_summary_with_an_input_or_without_a_hint():
    class Double(nn.Module):
        def forward(self, x):
            return x * 2

    assert "?" in Double().summary()
    assert "(batch, 4)" in Double().summary(np.ones((7, 4)))


# --- layers ----------------------------------------------------------------------------------------------------


def test_a_loaded_twin_gives_the_outputs_and_gradients_of_pytorch():
    model = nn.Sequential(
        nn.Linear(3, 5, dtype=float),
        nn.Tanh(),
        nn.Linear(5, 4, bias=False, dtype=float),
        nn.LeakyReLU(0.1),
        nn.Linear(4, 2, dtype=float),
    )
    model.load_state_dict(TWIN["state"])
    x = Tensor(np.array(TWIN["x"]), requires_grad=True)
    y = model(x)
    nn.CrossEntropyLoss()(y, np.array(TWIN["target"])).backward()
    np.testing.assert_allclose(y.value, TWIN["output"], rtol=1e-10)
    np.testing.assert_allclose(x.grad.value, TWIN["x_grad"], rtol=1e-10)
    assert TWIN["grads"].keys() == dict(model.named_parameters()).keys()
    for name, parameter in model.named_parameters():
        np.testing.assert_allclose(parameter.grad.value, TWIN["grads"][name], rtol=1e-10, err_msg=name)


def test_linear_starts_uniform_within_one_over_root_in():
    layer = nn.Linear(400, 100, rng=0)
    assert layer.weight.shape == (100, 400)
    assert layer.bias.shape == (100,)
    assert layer.weight.dtype == layer.bias.dtype == np.float32
    assert layer.weight.value.T.flags.c_contiguous  # x @ weight.T multiplies contiguous arrays
    for values in (layer.weight.value, layer.bias.value):
        assert np.abs(values).max() <= 0.05
        assert np.abs(values).max() > 0.95 * 0.05
    assert abs(layer.weight.value.mean()) < 4 * 0.05 / math.sqrt(3 * 40000)
    assert layer.weight.value.std() == pytest.approx(0.05 / math.sqrt(3), rel=0.02)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(3,), (1, 3), (5, 3), (2, 5, 3)])
def test_linear_maps_the_last_axis(shape, bias):
    layer = nn.Linear(3, 2, bias=bias, rng=0, dtype=float)
    x = np.arange(math.prod(shape)).reshape(shape) / 7.0
    expected = np.einsum("...i,oi->...o", x, layer.weight.value) + (layer.bias.value if bias else 0)
    np.testing.assert_allclose(layer(x).value, expected, rtol=1e-13)
    layer(x).sum().backward()
    np.testing.assert_allclose(layer.weight.grad.value, np.tile(x.reshape(-1, 3).sum(axis=0), (2, 1)))
    if bias:
        np.testing.assert_allclose(layer.bias.grad.value, [math.prod(shape[:-1])] * 2)
    else:
        assert layer.bias is None
        assert list(layer.state_dict()) == ["weight"]


def test_float32_and_float64_models_start_alike():
    single, double = (nn.MLP([3, 4, 2], rng=5, dtype=dtype) for dtype in (np.float32, np.float64))
    for name, value in double.state_dict().items():
        assert value.dtype == np.float64
        np.testing.assert_array_equal(value.astype(np.float32), single.state_dict()[name])


def test_a_float32_model_stays_float32():
    model = nn.MLP([3, 4, 2], activation="sigmoid", dropout=0.5)
    y = model(np.ones((2, 3), np.float32))
    nn.CrossEntropyLoss()(y, np.array([0, 1])).backward()
    assert y.dtype == np.float32
    assert all(p.grad.dtype == np.float32 for p in model.parameters())


@pytest.mark.parametrize("x", [np.ones((10_000,), np.float32), Tensor(np.ones((100, 100)), requires_grad=True)])
def test_dropout_keeps_the_mean(x):
    y = nn.Dropout(0.2, rng=0)(x)
    y = np.asarray(getattr(y, "value", y))
    assert y.dtype == x.dtype
    assert set(np.unique(y)) == {0, np.asarray(1 / 0.8, y.dtype)[()]}
    assert y.mean() == pytest.approx(1, abs=4 * 0.5 / 100)  # standard deviation of one number: √(p/(1 − p)) = 0.5


def test_dropout_passes_the_gradient_where_it_passed_the_value():
    x = Tensor(np.arange(1.0, 101.0), requires_grad=True)
    y = nn.Dropout(0.5, rng=0)(x)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.value, y.value / x.value)
    assert 0 < (y.value == 0).sum() < 100


def test_dropout_draws_from_its_generator_in_training_only():
    x = np.ones(64, np.float32)
    first, second = nn.Dropout(0.5, rng=3), nn.Dropout(0.5, rng=3)
    a, b = first(x), first(x)
    assert (a != b).any()
    assert first.eval()(x) is x
    first.train()
    second(x)
    np.testing.assert_array_equal(second(x), b)
    np.testing.assert_array_equal(first(x), second(x))  # the evaluation in between has drawn nothing
    assert nn.Dropout(0.0)(x) is x


@pytest.mark.parametrize(
    ("call", "error", "fragment"),
    [
        (lambda: nn.MLP([3]), ValueError, r"its input and its output at least, like \[64, 32, 10\]; got \[3\]"),
        (lambda: nn.MLP([]), ValueError, "at least"),
        (lambda: nn.MLP([3, 0, 1]), ValueError, "out_features is 0"),
        (lambda: nn.MLP([3, 2.5, 1]), ValueError, "out_features is 2.5"),
        (lambda: nn.Linear(-1, 2), ValueError, "in_features is -1"),
        (lambda: nn.Linear("3", 2), ValueError, "in_features is '3'"),
        (lambda: nn.MLP([3, 2, 1], activation="rleu"), ValueError, "no activation 'rleu'; there are identity, sigmoid"),
        (lambda: nn.MLP([3, 2, 1], activation=3), TypeError, "a name, a module or a function, not 3"),
        (lambda: nn.MLP([3, 2, 1], dropout=1.0), ValueError, "0 <= p < 1; it is 1.0"),
        (lambda: nn.Dropout(-0.1), ValueError, "it is -0.1"),
        (
            lambda: nn.MLP([3, 2], weight_init="kaiming"),
            ValueError,
            "no initialiser 'kaiming'; there are torch_uniform",
        ),
        (lambda: nn.Sequential(nn.ReLU(), 3), TypeError, "number 1 is a int and cannot be called"),
        (lambda: nn.Linear(3, 2)(np.ones((4, 2))), ValueError, r"given an input of shape \(4, 2\)"),
        (lambda: nn.Linear(3, 2)(np.float64(1)), ValueError, r"given an input of shape \(\)"),
    ],
)
def test_errors_say_what_is_wrong(call, error, fragment):
    with pytest.raises(error, match=fragment):
        call()


def test_mlp_is_linear_layers_with_activations_between():
    kinds = [type(layer).__name__ for layer in nn.MLP([4, 3, 3, 2], activation="tanh", dropout=0.1)]
    assert kinds == ["Linear", "Tanh", "Dropout", "Linear", "Tanh", "Dropout", "Linear"]
    assert [type(layer).__name__ for layer in nn.MLP([4, 2])] == ["Linear"]
    assert isinstance(nn.MLP([4, 3, 2], activation=nn.Sigmoid(2.0))[1], nn.Sigmoid)
    assert nn.MLP([4, 3, 2], activation=np.tanh)[1] is np.tanh


def test_mlp_is_reproducible_and_takes_initialisers():
    same_state(nn.MLP([3, 4, 2], rng=1), nn.MLP([3, 4, 2], rng=np.random.default_rng(1)))
    assert (nn.MLP([3, 4, 2], rng=1)[0].weight.value != nn.MLP([3, 4, 2], rng=2)[0].weight.value).all()
    model = nn.MLP([3, 4, 2], weight_init="he_normal", bias_init=0.01, rng=0)
    assert all((model[i].bias.value == np.float32(0.01)).all() for i in (0, 2))


# --- initial values --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "expected"), [((32, 64), (64, 32)), ((8, 3, 5, 5), (75, 200)), ((6, 2, 3), (6, 18)), ((7,), (7, 7))]
)
def test_fans(shape, expected):
    assert init.fans(shape) == expected


@pytest.mark.parametrize("shape", [(200, 50), (40, 10, 5)])  # a wide layer: fan_in and fan_out are told apart
@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("torch_uniform", lambda i, o: 1 / (3 * i)),
        ("lecun_normal", lambda i, o: 1 / i),
        ("glorot_uniform", lambda i, o: 2 / (i + o)),
        ("glorot_normal", lambda i, o: 2 / (i + o)),
        ("he_uniform", lambda i, o: 2 / i),
        ("he_normal", lambda i, o: 2 / i),
    ],
)
def test_initialisers_have_the_variance_of_their_papers(name, variance, shape):
    w = init.get(name)(shape, np.random.default_rng(0))
    expected = variance(*init.fans(shape))
    assert w.shape == shape
    assert abs(w.mean()) < 4 * math.sqrt(expected / w.size)
    assert w.var() == pytest.approx(expected, rel=4 * math.sqrt(2 / w.size))
    if name.endswith("uniform"):
        assert np.abs(w).max() <= math.sqrt(3 * expected)
    else:
        assert np.abs(w).max() > 2.5 * math.sqrt(expected)


def test_every_initialiser_is_tested():
    assert set(init.INITIALIZERS) == {
        "torch_uniform", "lecun_normal", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform",
        "orthogonal", "small_positive", "zeros",
    }  # fmt: skip


def test_initialisers_by_number_and_by_function():
    assert (nn.Linear(2, 3, weight_init=0.5).weight.value == 0.5).all()
    counted = nn.Linear(2, 3, weight_init=lambda shape, rng: np.arange(6.0).reshape(shape))
    np.testing.assert_array_equal(counted.weight.value, [[0, 1], [2, 3], [4, 5]])


@pytest.mark.parametrize("module", [nn, nn.functional], ids=["nn", "nn.functional"])
def test_public_names_are_in_order_and_described(module):
    assert sorted(module.__all__) == module.__all__
    assert [name for name in module.__all__ if not getattr(module, name).__doc__] == []
