"""Normalisation, convolution, pooling, kernel layers and containers: against stored PyTorch values and formulas."""

import copy
import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from reference.points import Draw, directions, unpack, upstream

from autograd_core import Tensor, nn, optim
from autograd_core.backward import backprop
from autograd_core.check import gradcheck, gradgradcheck
from autograd_core.nn import functional as F

with np.load(Path(__file__).parent / "reference" / "layers.npz") as file:
    CASES = json.loads(bytes(file["cases"]))["cases"]
    STORED = [unpack(file[str(i)]) for i in range(len(CASES))]
IDS = [f"{layer}-{i}" for i, (layer, *_) in enumerate(CASES)]
# rtol; and what is allowed besides, as a share of the largest number of the case: sums may cancel
TOLERANCE = {np.float64: (1e-10, 1e-14), np.float32: (1e-5, 2e-6)}


def made(layer, config, dtype):
    takes_dtype = not layer.endswith("Pool2d")
    return getattr(nn, layer)(**config, **({"dtype": dtype} if takes_dtype else {}))


def values(dtype, layer, config, shape, mode="train"):
    """What the reference has, in its order, by name; gradients as bare arrays and as a graph give them."""
    module, draw = made(layer, config, dtype).train(mode == "train"), Draw(11000)
    x = Tensor(draw(shape).astype(dtype), requires_grad=True)
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.dtype.kind == "f":
            tensor.data = draw(tensor.shape, 0.5, 2.0)
    leaves = {"x": x, **dict(module.named_parameters())}
    y = module(x)
    g = Tensor(upstream(y.shape).astype(dtype), requires_grad=True)
    plain = backprop(y, leaves.values(), g, retain_graph=True)
    graph = backprop(y, leaves.values(), g, create_graph=True)
    ways = directions([leaf.shape for leaf in leaves.values()])
    total = sum((first * way.astype(dtype)).sum() for first, way in zip(graph, ways, strict=True))
    seconds = backprop(total, [g, *leaves.values()])
    found = {
        "output": [y],
        **{f"gradient towards {n}": both for n, *both in zip(leaves, plain, graph, strict=True)},
        **{f"gradient's gradient towards {n}": [s] for n, s in zip(["g", *leaves], seconds, strict=True)},
    }
    if layer.startswith("BatchNorm") and mode == "train":
        for _ in range(4):
            module(draw(shape).astype(dtype))
        found |= {f"{name} after 5 batches": [buffer] for name, buffer in module.named_buffers()}
        found["output in evaluation"] = [module.eval()(x)]
    return found


@pytest.mark.parametrize("dtype", TOLERANCE, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize(("case", "expected"), [*zip(CASES, STORED, strict=True)], ids=IDS)
def test_layers_equal_pytorch(case, expected, dtype):
    found = values(dtype, *case)
    rtol, share = TOLERANCE[dtype]
    atol = share * max(np.abs(e).max() for e in expected)
    assert len(found) == len(expected), "python tests/reference/make_layers.py"
    for (what, tensors), e in zip(found.items(), expected, strict=True):
        for t in tensors:
            assert t.shape == e.shape, what
            assert t.dtype == (np.int64 if "num_batches" in what else dtype), what
            np.testing.assert_allclose(t.value, e, rtol=rtol, atol=atol, err_msg=what)


def test_every_layer_is_among_the_cases():
    assert {layer for layer, *_ in CASES} == {
        "Conv2d", "MaxPool2d", "AvgPool2d", "BatchNorm1d", "BatchNorm2d", "LayerNorm", "KernelLayer",
    }  # fmt: skip
    assert len(CASES) >= 35


draw = Draw(3)
X, K, B = draw((2, 2, 4, 5)), draw((3, 2, 3, 2)), draw((3,))
V, U, C = draw((4, 3, 2)), draw((2, 3, 2)), draw((3,), 0.5, 2.0)
FUNCTIONS = {
    "conv2d": (lambda x, w, b: F.conv2d(x, w, b, stride=(2, 1), padding=1), X, K, B),
    "max_pool2d": (lambda x: F.max_pool2d(x, 2, stride=1), X),
    "avg_pool2d": (lambda x: F.avg_pool2d(x, (2, 3), padding=1), X),
    "batch_norm": (lambda x, w, b: F.batch_norm(x, weight=w, bias=b, training=True), V[..., 0], C, B),
    "batch_norm in evaluation": (lambda x, w, b: F.batch_norm(x, B, C, w, b), V, C, B),
    "layer_norm": (lambda x, w, b: F.layer_norm(x, (3, 2), w, b), V, U[0], U[1]),
    "linear kernel": (F.kernel_layer, V, U, B[:2]),
    "polynomial kernel": (lambda x, w: F.kernel_layer(x, w, None, F.polynomial_kernel), V, U),
    "gaussian kernel": (lambda x, w: F.kernel_layer(x, w, None, F.gaussian_kernel), V, U),
}


@pytest.mark.parametrize(("f", "inputs"), [(f, x) for f, *x in FUNCTIONS.values()], ids=FUNCTIONS)
@pytest.mark.parametrize("check", [gradcheck, gradgradcheck], ids=["order1", "order2"])
def test_functions_equal_finite_differences(f, inputs, check):
    check(f, *inputs)


@pytest.mark.parametrize(("f", "inputs"), [(f, x) for f, *x in FUNCTIONS.values()], ids=FUNCTIONS)
def test_functions_give_arrays_for_arrays(f, inputs):
    y = f(*inputs)
    assert isinstance(y, np.ndarray)
    np.testing.assert_allclose(f(*map(Tensor, inputs)).value, y, rtol=1e-14, atol=1e-15)


# --- batch and layer normalisation -------------------------------------------------------------------------------------


def test_batch_norm_in_training_standardises_and_in_evaluation_does_not_look_at_the_batch():
    norm, x = nn.BatchNorm1d(3), Draw()((64, 3), -3, 9).astype(np.float32)
    y = norm(x).value
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(y.std(axis=0), 1, rtol=1e-4)
    np.testing.assert_allclose(norm.running_mean.value, 0.1 * x.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(norm.running_var.value, 0.9 + 0.1 * x.var(axis=0, ddof=1), rtol=1e-5)
    before = norm.state_dict()
    norm.eval()
    np.testing.assert_array_equal(norm(x[:1]).value, norm(x).value[:1])
    assert all((value == before[name]).all() for name, value in norm.state_dict().items())


def test_batch_norm_is_safe_far_from_zero():
    x = np.float32([[1e4], [-1e4], [1e4], [-1e4]])
    for layer in (nn.BatchNorm1d(1), nn.LayerNorm([4, 1])):
        np.testing.assert_allclose(
            layer(x[None] if isinstance(layer, nn.LayerNorm) else x).value.ravel(), x.ravel() / 1e4, rtol=1e-6
        )
    same = nn.BatchNorm1d(1)(np.full((5, 1), np.float32(1e4) + np.float32(1 / 3)))
    assert (same.value == 0).all()


def test_running_statistics_are_written_where_they_lie():
    x, norm = Draw()((6, 2)), nn.BatchNorm1d(2, dtype=float)
    homes = [b.value for b in list(norm.buffers())[:2]]
    arrays = np.zeros(2), np.ones(2)
    norm(x)
    F.batch_norm(x, *arrays, training=True)
    for buffer, home, array in zip(norm.buffers(), homes, arrays, strict=False):
        assert buffer.value is home
        np.testing.assert_array_equal(array, home)
    assert (F.batch_norm(x, *arrays) == norm.eval()(x).value).all()
    assert all((array == home).all() for array, home in zip(arrays, homes, strict=True))


def test_running_statistics_are_state_and_no_parameters():
    norm = nn.BatchNorm1d(2)
    assert [n for n, _ in norm.named_parameters()] == ["weight", "bias"]
    assert [n for n, _ in norm.named_buffers()] == ["running_mean", "running_var", "num_batches_tracked"]
    assert list(norm.state_dict()) == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    assert len(list(nn.Sequential(norm, nn.BatchNorm1d(2)).buffers())) == 6
    assert not any(b.requires_grad for b in norm.buffers())
    assert list(nn.BatchNorm1d(2, affine=False, track_running_stats=False).state_dict()) == []


def test_a_refused_batch_changes_no_statistics():
    norm = nn.BatchNorm1d(2)
    with pytest.raises(ValueError, match="more than one value per channel"):
        norm(np.ones((1, 2), np.float32))
    assert norm.num_batches_tracked.item() == 0
    assert (norm.running_mean.value == 0).all()
    assert norm.eval()(np.ones((1, 2), np.float32)).shape == (1, 2)


def test_statistics_that_change_after_their_use_change_no_gradient():
    norm, x = nn.BatchNorm1d(2, dtype=float), Tensor(np.array([[1.0, 2], [3, 5]]), requires_grad=True)
    expected = 1 / np.sqrt(norm.running_var.value + norm.eps) * np.ones((2, 2))
    y = norm.eval()(x)
    norm.train()(x * 9)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.value, expected, rtol=1e-12)


def test_an_mlp_with_normalisation():
    for norm, kind in [("batch", nn.BatchNorm1d), ("layer", nn.LayerNorm)]:
        model = nn.MLP([4, 3, 3, 2], activation="tanh", dropout=0.1, norm=norm, dtype=float)
        kinds = [type(layer).__name__ for layer in model]
        hidden = ["Linear", kind.__name__, "Tanh", "Dropout"]
        assert kinds == [*hidden, *hidden, "Linear"]
        assert model[1].weight.dtype == np.float64
    with pytest.raises(ValueError, match="norm is None or one of 'batch', 'layer'; it is 'group'"):
        nn.MLP([4, 2], norm="group")


def test_an_mlp_with_batch_norm_trains_and_measures_in_its_two_modes():
    x = np.random.default_rng(0).normal(size=(65, 2)).astype(np.float32)
    t = np.sin(x[:, :1]) + x[:, 1:]
    model = nn.MLP([2, 16, 1], norm="batch", rng=0)
    trainer = optim.Trainer(model, nn.MSELoss(), optim.Adam(model.parameters(), lr=0.02))
    history = trainer.fit((x[:64], t[:64]), epochs=60, batch_size=32, seed=0)
    assert trainer.evaluate((x, t))["loss"] < 0.1 * history["loss"][0]
    assert model[1].num_batches_tracked.item() == 120
    together, alone = trainer.predict(x), np.concatenate([trainer.predict(x[i : i + 1]) for i in range(65)])
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="take a batch size that leaves no batch of one"):
        trainer.fit((x, t), epochs=1, batch_size=16, seed=0)


# --- convolution and pooling -------------------------------------------------------------------------------------------


def test_conv2d_is_the_sum_that_its_docstring_says():
    x, w, b = Draw()((2, 3, 5, 6)), Draw(90)((4, 3, 2, 3)), Draw(500)((4,))
    y = F.conv2d(x, w, b, stride=(2, 1), padding=(0, 1))
    padded = np.pad(x, ((0, 0), (0, 0), (0, 0), (1, 1)))
    assert y.shape == (2, 4, 2, 6)
    for n, i, r, c in np.ndindex(*y.shape):
        window = padded[n, :, 2 * r : 2 * r + 2, c : c + 3]
        assert y[n, i, r, c] == pytest.approx((window * w[i]).sum() + b[i], rel=1e-12, abs=1e-12)


def test_a_single_image_needs_no_batch():
    x = Draw()((2, 2, 6, 6)).astype(np.float32)
    for layer in (
        nn.Conv2d(2, 3, 3, rng=0),
        nn.MaxPool2d(2),
        nn.AvgPool2d(2),
        nn.KernelLayer(2, 2, kernel_size=2, rng=0),
    ):
        one, many = (np.asarray(getattr(y, "value", y)) for y in (layer(x[0]), layer(x)))
        np.testing.assert_allclose(one, many[0], rtol=1e-5, atol=1e-6)


def test_pools_stand_side_by_side_unless_told_otherwise():
    x = Draw()((2, 1, 6, 7))
    for pool, layer in [(F.max_pool2d, nn.MaxPool2d), (F.avg_pool2d, nn.AvgPool2d)]:
        assert pool(x, (2, 3)).shape == (2, 1, 3, 2)
        np.testing.assert_array_equal(pool(x, (2, 3)), layer((2, 3))(x))
        np.testing.assert_array_equal(pool(x, (2, 3)), pool(x, (2, 3), stride=(2, 3)))


def test_max_pool_shares_ties_evenly():
    x = Tensor([[[1.0, 3.0, 3.0], [3.0, 0.0, 2.0]]], requires_grad=True)
    F.max_pool2d(x, 2, stride=1).sum().backward()
    np.testing.assert_array_equal(x.grad.value, [[[0, 0.5 + 0.5, 0.5], [0.5, 0, 0]]])


def test_what_pads_a_pool_is_never_the_largest():
    x = -np.ones((1, 1, 3, 3))
    assert (F.max_pool2d(x, 3, stride=2, padding=1) == -1).all()
    np.testing.assert_allclose(F.avg_pool2d(x, 3, stride=2, padding=1), -4 / 9)


def test_flatten_and_unflatten_undo_each_other():
    x = Tensor(Draw()((5, 12)), requires_grad=True)
    images = nn.Unflatten(1, (3, 2, 2))(x)
    assert images.shape == nn.Unflatten(-1, [3, -1, 2])(x).shape == (5, 3, 2, 2)
    (nn.Flatten()(images) * 2).sum().backward()
    assert (x.grad.value == 2).all()
    assert nn.Flatten(0)(images).shape == (60,)
    assert nn.Flatten(1, 2)(images).shape == (5, 6, 2)
    assert nn.Flatten(-2)(images).shape == (5, 3, 4)


# --- kernel layers -----------------------------------------------------------------------------------------------------


def test_a_kernel_layer_with_the_linear_kernel_is_linear():
    layer, linear, x = nn.KernelLayer(3, 2, rng=4), nn.Linear(3, 2, rng=4), Draw()((5, 3)).astype(np.float32)
    np.testing.assert_array_equal(layer.weight.value, linear.weight.value)
    np.testing.assert_allclose(layer(x).value, linear(x).value, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("way", [{}, {"stride": 2}, {"padding": 1}, {"stride": (1, 2), "padding": (2, 0)}])
def test_convolution_is_the_kernel_layer_with_the_linear_kernel(way):
    layer = nn.KernelLayer(2, 3, "linear", (3, 2), rng=4, dtype=float, **way)
    conv = nn.Conv2d(2, 3, (3, 2), rng=4, dtype=float, **way)
    a, b = (Tensor(Draw()((2, 2, 5, 4)), requires_grad=True) for _ in range(2))
    y, z = layer(a), conv(b)
    np.testing.assert_allclose(y.value, z.value, rtol=1e-12, atol=1e-14)
    (y**2).sum().backward()
    (z**2).sum().backward()
    np.testing.assert_allclose(a.grad.value, b.grad.value, rtol=1e-12, atol=1e-13)
    for p, q in zip(layer.parameters(), conv.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.value, q.grad.value, rtol=1e-12, atol=1e-13)


def test_kernels_by_hand():
    u, v = np.array([1.0, 2.0]), np.array([3.0, -1.0])
    assert F.linear_kernel(u, v) == 1
    assert F.polynomial_kernel(u, v, degree=3, offset=1.0) == 8
    assert F.gaussian_kernel(u, v, gamma=0.1) == pytest.approx(np.exp(-1.3))
    assert F.gaussian_kernel(np.float32([1e4, -1e4]), np.float32([-1e4, 1e4])) == 0


def test_a_kernel_of_ones_own():
    layer = nn.KernelLayer(3, 2, kernel=lambda u, v: -abs(u - v).sum(axis=-1), bias=False, rng=0)
    x = np.ones((1, 3), np.float32)
    np.testing.assert_allclose(layer(x).value, [-abs(layer.weight.value - 1).sum(axis=1)], rtol=1e-6)
    assert layer.bias is None


def test_gaussian_units_learn_what_no_linear_unit_can():
    x, t = np.float32([[-1], [0], [1]]), np.float32([[0], [1], [0]])
    model = nn.Sequential(nn.KernelLayer(1, 4, "gaussian", rng=0), nn.Linear(4, 1, rng=0))
    trainer = optim.Trainer(model, nn.MSELoss(), optim.Adam(model.parameters(), lr=0.05))
    trainer.fit((x, t), epochs=300, batch_size=None, seed=0)
    assert (abs(trainer.predict(x) - t) < 0.1).all()


# --- containers --------------------------------------------------------------------------------------------------------


def test_residual_adds_its_input():
    f, x = nn.Linear(3, 3, rng=0), Tensor(Draw()((2, 3)).astype(np.float32), requires_grad=True)
    block = nn.Residual(f, nn.Tanh())
    y = block(x)
    np.testing.assert_allclose(y.value, x.value + np.tanh(f(x).value), rtol=1e-6)
    assert [n for n, _ in block.named_parameters()] == ["0.weight", "0.bias"]
    nn.Residual(nn.Linear(3, 3, weight_init=0.0))(x).sum().backward()
    assert (x.grad.value == 1).all()  # past a layer that passes nothing


def test_parallel_sums_or_concatenates():
    f, g, x = nn.Linear(3, 2, rng=0), nn.Linear(3, 2, rng=1), Draw()((4, 3)).astype(np.float32)
    np.testing.assert_array_equal(nn.Parallel(f, g)(x).value, f(x).value + g(x).value)
    joined = nn.Parallel(f, nn.Identity(), combine="concatenate")(x)
    np.testing.assert_array_equal(joined.value, np.hstack([f(x).value, x]))
    images = np.ones((2, 3, 4, 4), np.float32)
    inception = nn.Parallel(nn.Conv2d(3, 2, 1, rng=0), nn.Conv2d(3, 4, 3, padding=1, rng=0), combine="concatenate")
    assert inception(images).shape == (2, 6, 4, 4)
    assert nn.Parallel(nn.Identity(), nn.Identity(), combine="concatenate", dim=-1)(images).shape == (2, 3, 4, 8)


# --- all of them -------------------------------------------------------------------------------------------------------

IMAGES = (2, 1, 6, 6)
MODELS = {
    "cnn": (lambda: nn.Sequential(nn.Conv2d(1, 4, 3, padding=(1, 0), rng=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 2, 2, stride=2, bias=False, rng=2), nn.AvgPool2d((1, 1)), nn.Flatten(), nn.Linear(2, 3, rng=3)), IMAGES),
    "rows to images": (lambda: nn.Sequential(nn.Unflatten(1, (1, 6, 6)), nn.MaxPool2d(3, 1, 1), nn.Flatten(1, 2)), (2, 36)),
    "norms": (lambda: nn.Sequential(nn.BatchNorm1d(4, momentum=None, eps=1e-3), nn.LayerNorm(4, bias=False),
        nn.BatchNorm1d(4, affine=False, track_running_stats=False), nn.LayerNorm([4], elementwise_affine=False)), (3, 4)),
    "mlp with batch norm": (lambda: nn.MLP([4, 5, 2], norm="batch", rng=1), (3, 4)),
    "mlp with layer norm": (lambda: nn.MLP([4, 5, 2], norm="layer", rng=1, dtype=float), (3, 4)),
    "kernels": (lambda: nn.Sequential(nn.KernelLayer(4, 3, "gaussian", gamma=0.5, rng=1),
        nn.KernelLayer(3, 2, "polynomial", degree=3, offset=0.5, bias=False, rng=2)), (3, 4)),
    "kernels of images": (lambda: nn.KernelLayer(1, 3, "polynomial", 2, stride=2, padding=1, rng=1), IMAGES),
    "residual": (lambda: nn.Residual(nn.Linear(4, 4, rng=1), nn.BatchNorm1d(4)), (3, 4)),
    "parallel": (lambda: nn.Sequential(nn.Parallel(nn.Linear(4, 2, rng=1), nn.Residual(nn.BatchNorm1d(4)),
        combine="concatenate", dim=-1), nn.Parallel(nn.Linear(6, 1, rng=2), nn.Linear(6, 1, rng=3))), (3, 4)),
    "float64": (lambda: nn.Sequential(nn.Conv2d(1, 2, 3, rng=1, dtype=float), nn.BatchNorm2d(2, dtype=float),
        nn.Flatten(), nn.LayerNorm(32, dtype=float)), IMAGES),
}  # fmt: skip


def seen(make, shape):
    """A model that has seen a batch, and another batch."""
    model, draw = make(), Draw()
    dtype = next((p.dtype for p in model.parameters()), np.float32)
    model(draw(shape).astype(dtype))
    return model, draw(shape).astype(dtype)


def bare(y):
    return getattr(y, "value", y)


@pytest.mark.parametrize(("make", "shape"), MODELS.values(), ids=MODELS)
def test_a_model_comes_back_bit_for_bit_with_its_buffers(make, shape, tmp_path):
    model, x = seen(make, shape)
    nn.save(model, tmp_path / "model.npz")
    back = nn.load(tmp_path / "model.npz")
    assert repr(back) == repr(model)
    assert type(back) is type(model)
    twins = [back, copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    filled = make()
    filled.load_state_dict(model.state_dict())
    for twin in [*twins, filled]:
        assert {n: v.dtype for n, v in twin.state_dict().items()} == {n: v.dtype for n, v in model.state_dict().items()}
        for mode in (False, True):  # the batch that is seen in training comes last, and each twin sees it
            np.testing.assert_array_equal(bare(twin.train(mode)(x)), bare(copy.deepcopy(model).train(mode)(x)))
    fresh = make().eval()
    if list(model.buffers()):
        assert (bare(fresh(x)) != bare(model.eval()(x))).any()


@pytest.mark.parametrize(("make", "shape"), MODELS.values(), ids=MODELS)
def test_a_model_keeps_its_precision_and_its_copies_do_not_share(make, shape):
    model, x = seen(make, shape)
    y = model(x)
    assert y.dtype == x.dtype
    if list(model.parameters()):
        (y * y).sum().backward()
        assert {p.grad.dtype for p in model.parameters()} == {x.dtype}
    twin = copy.deepcopy(model)
    for tensor in (*twin.parameters(), *twin.buffers()):
        tensor.data = np.full(tensor.shape, 7, tensor.dtype)
    assert not any((value == 7).any() for value in model.state_dict().values())


def test_the_same_seed_gives_the_same_layers():
    for make in (lambda rng: nn.Conv2d(2, 3, 3, rng=rng), lambda rng: nn.KernelLayer(2, 3, "gaussian", 2, rng=rng)):
        a, b, c = (make(rng).state_dict() for rng in (5, np.random.default_rng(5), 6))
        assert all((a[name] == b[name]).all() for name in a)
        assert all((a[name] != c[name]).any() for name in a)


def test_convolutions_start_as_in_pytorch():
    layer = nn.Conv2d(4, 200, (3, 3), rng=0)
    for values in (layer.weight.value, layer.bias.value):
        assert 0.95 / 6 < np.abs(values).max() <= np.float32(1 / 6)  # 1/√fan_in, fan_in = 4·3·3
    normal = nn.Conv2d(16, 200, 3, weight_init="lecun_normal", rng=0).weight.value  # topic B10: fan_in = in·k²
    assert normal.var() == pytest.approx(1 / 144, rel=0.05)
    assert (nn.Conv2d(1, 2, 3, weight_init=0.5, bias_init=0.25).bias.value == 0.25).all()


def test_summary_of_a_network_for_images():
    model = nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(36, 2),
    )
    before = model.state_dict()
    lines = model.summary(np.zeros((1, 64))).splitlines()[2:]
    assert [re.search(r"\((batch.*?)\)  ", line)[1] for line in lines[:6]] == [
        "batch, 1, 8, 8", "batch, 4, 6, 6", "batch, 4, 6, 6", "batch, 4, 3, 3", "batch, 36", "batch, 2",
    ]  # fmt: skip
    assert [line.split()[-1] for line in lines[:6]] == ["0", "40", "8", "0", "0", "74"]
    assert all((value == before[name]).all() for name, value in model.state_dict().items())
    assert model.training
    assert "?" in model.summary()  # the first layer with parameters is no layer of rows
    assert "(batch, 2)" in nn.MLP([4, 3, 2], norm="batch").summary()
    assert "(batch, 2)" in nn.KernelLayer(3, 2).summary()
    assert "?" in nn.KernelLayer(3, 2, kernel_size=2).summary()


ONES = np.ones((2, 3, 5, 5), np.float32)
ERRORS = {
    "channels": (lambda: nn.Conv2d(1, 2, 3)(ONES), r"shape \(2, 3, 5, 5\), which has 3 channels, and a weight for 1"),
    "rank": (lambda: nn.Conv2d(3, 2, 3)(ONES[0, 0]), r"\(5, 5\): nn.Unflatten\(1, \(channels, height, width\)\)"),
    "rank of five": (lambda: nn.MaxPool2d(2)(ONES[None]), r"max_pool2d takes images as \(N, C, H, W\)"),
    "rank of the weight": (lambda: F.conv2d(ONES, ONES[0]), r"\(out, in, height, width\); its shape is \(3, 5, 5\)"),
    "too large": (lambda: nn.Conv2d(3, 2, 6)(ONES), "a window of 6 × 6 over images of 5 × 5 .* does not fit"),
    "too large, padded": (lambda: nn.Conv2d(3, 2, (8, 3), padding=1)(ONES), "8 × 3 over images of 5 × 5 with a padding of 1 and 1"),
    "pool too large": (lambda: nn.AvgPool2d(6)(ONES), "avg_pool2d slides a window of 6 × 6"),
    "padding of a pool": (lambda: nn.MaxPool2d(2, padding=2)(ONES), r"at most half a window.*padding is \(2, 2\)"),
    "stride": (lambda: nn.Conv2d(3, 2, 3, stride=0), "stride is a whole number or two, .* at least 1; it is 0"),
    "padding": (lambda: nn.Conv2d(3, 2, 3, padding=-1), "padding is .* at least 0; it is -1"),
    "kernel_size": (lambda: nn.MaxPool2d((2, 2, 2)), r"kernel_size is .* it is \(2, 2, 2\)"),
    "kernel_size of half": (lambda: nn.Conv2d(3, 2, 2.5), "kernel_size is .* it is 2.5"),
    "out_channels": (lambda: nn.Conv2d(3, 0, 3), "out_channels is 0"),
    "unflatten": (lambda: nn.Unflatten(1, (1, 7, 7))(np.ones((2, 64))), r"\(2, 64\): its axis 1 does not make \(1, 7, 7\)"),
    "num_features": (lambda: nn.BatchNorm1d(0), "num_features is 0"),
    "features": (lambda: nn.BatchNorm1d(4)(ONES[0, 0]), r"\(5, 5\): it takes \(N, C\) or \(N, C, L\) with C = 4"),
    "rank of a batch": (lambda: nn.BatchNorm1d(3)(ONES), r"it takes \(N, C\) or \(N, C, L\) with C = 3"),
    "rank of images": (lambda: nn.BatchNorm2d(3)(ONES[0]), r"it takes \(N, C, H, W\) with C = 3"),
    "batch of one": (lambda: nn.BatchNorm2d(3)(ONES[:1, :, :1, :1]), r"an input of shape \(1, 3, 1, 1\) has one"),
    "batch of one, never tracked": (
        lambda: nn.BatchNorm1d(5, track_running_stats=False).eval()(ONES[0, 0, :1]), "more than one value per channel",
    ),
    "last axes": (lambda: nn.LayerNorm(4)(ONES), r"axes of \(4,\) got an input of shape \(2, 3, 5, 5\)"),
    "more axes than there are": (lambda: nn.LayerNorm((1, 5))(ONES[0, 0, 0]), r"axes of \(1, 5\) got an input of shape \(5,\)"),
    "normalized_shape": (lambda: nn.LayerNorm([3, 0]), r"normalized_shape\[1\] is 0"),
    "kernel": (lambda: nn.KernelLayer(3, 2, "cubic"), "no kernel 'cubic'; there are linear, polynomial, gaussian"),
    "inputs of a kernel": (lambda: nn.KernelLayer(3, 2)(ONES[0, 0]), "compares 3 inputs of 1 numbers each .* given 5 × 1"),
    "one input of a kernel": (lambda: nn.KernelLayer(3, 2)(ONES[0, 0, :, :1]), "compares 3 inputs"),  # would broadcast
    "channels of a kernel": (lambda: nn.KernelLayer(2, 2, kernel_size=2)(ONES), "compares 2 inputs of 4 numbers each .* given 3 × 4"),
    "residual": (lambda: nn.Residual(nn.Linear(5, 1))(ONES[0, 0]), r"they turn \(5, 5\) into \(5, 1\)"),  # would broadcast
    "sum": (lambda: nn.Parallel(nn.Linear(5, 1), nn.Identity())(ONES[0, 0]), r"one shape; they give \[\(5, 1\), \(5, 5\)\]"),
    "concatenate": (
        lambda: nn.Parallel(nn.AvgPool2d(2), nn.Identity(), combine="concatenate")(ONES), r"joins its branches along axis 1",
    ),
    "combine": (lambda: nn.Parallel(nn.ReLU(), combine="mean"), '"sum" or "concatenate"; it is \'mean\''),
    "no branch": (nn.Parallel, "at least one branch"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "fragment"), ERRORS.values(), ids=ERRORS)
def test_errors_say_what_is_wrong(call, fragment):
    with pytest.raises(ValueError, match=fragment):
        call()
