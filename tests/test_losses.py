"""Activations and losses: values and gradients equal PyTorch's (stored in reference/functions.json), also where
logits are as large as 10⁴, in float64 and float32; and the figures that the lectures give."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from autograd_core import Tensor, backprop, nn

F = nn.functional
STORED = json.loads((Path(__file__).parent / "reference/functions.json").read_text(encoding="utf-8"))

# relative to the number itself, and to the row's largest where numbers near 0 come out of a difference
PRECISIONS = [(np.float64, 1e-10), (np.float32, 1e-5)]

# how each stored case is written: as functions, and as the module where there is one
ACTIVATIONS = {
    "relu": [lambda x: F.relu(x), lambda x: nn.ReLU()(x), lambda x: x.relu()],
    "leaky_relu": [lambda x, negative_slope: F.leaky_relu(x, negative_slope), lambda x, **o: nn.LeakyReLU(**o)(x)],
    "sigmoid": [lambda x, slope: F.sigmoid(x * slope), lambda x, slope: nn.Sigmoid(slope)(x)],
    "tanh": [lambda x: F.tanh(x), lambda x: nn.Tanh()(x), lambda x: np.tanh(x)],
    "softplus": [lambda x: F.softplus(x)],
    "softmax": [lambda x, dim: F.softmax(x, dim), lambda x, dim: nn.Softmax(dim)(x)],
    "log_softmax": [lambda x, dim: F.log_softmax(x, dim)],
}
LOSSES = {
    "mse": [F.mse_loss, lambda y, t, r: nn.MSELoss(reduction=r)(y, t)],
    "l1": [F.l1_loss, lambda y, t, r: nn.L1Loss(reduction=r)(y, t)],
    "bce": [F.binary_cross_entropy_with_logits, lambda y, t, r: nn.BCEWithLogitsLoss(reduction=r)(y, t)],
    "ce": [F.cross_entropy, lambda y, t, r: nn.CrossEntropyLoss(reduction=r)(y, t)],
}


def label(case):
    return "-".join(str(v) for k, v in case.items() if k not in ("value", "grad"))


def points(case, dtype):
    return Tensor(np.array(STORED["points"][case["points"]], dtype), requires_grad=True)


def check(y, x, case, tolerance):
    """Value, gradient and dtype against a stored case; any overflow on the way is a warning and so an error."""
    seed = np.array(STORED["seed"], x.dtype).ravel()[: y.size].reshape(y.shape) if y.ndim else None
    (grad,) = backprop(y, x, seed)
    for got, stored in ((y, case["value"]), (grad, case["grad"])):
        stored = np.array(stored)
        assert got.dtype == x.dtype
        assert got.shape == stored.shape
        row = np.abs(stored).max(axis=-1, keepdims=True, initial=0) if stored.ndim else 0
        assert np.all(
            np.abs(got.value - stored) <= tolerance * np.maximum(np.abs(stored), np.minimum(row, 1)) + 1e-30
        ), got


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
@pytest.mark.parametrize("case", STORED["activations"], ids=label)
def test_activations_equal_pytorch(case, dtype, tolerance):
    for activation in ACTIVATIONS[case["function"]]:
        x = points(case, dtype)
        check(activation(x, **case["options"]), x, case, tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
@pytest.mark.parametrize("case", STORED["losses"], ids=label)
def test_losses_equal_pytorch(case, dtype, tolerance):
    stored = STORED["points"][case["points"]] if case["target"] == "itself" else STORED["targets"][case["target"]]
    target = np.array(stored)  # float64 or int64: a target's dtype must not become the loss's
    for loss in LOSSES[case["loss"]]:
        for t in (target, Tensor(target)):
            x = points(case, dtype)
            check(loss(x, t, case["reduction"]), x, case, tolerance)


def test_the_reference_covers_every_row():
    assert {c["function"] for c in STORED["activations"]} == ACTIVATIONS.keys()
    assert {c["loss"] for c in STORED["losses"]} == LOSSES.keys()
    assert len(STORED["losses"]) == 9 * 2 * 3


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("loss", LOSSES)
def test_arrays_give_the_same_numbers_as_tensors(loss, reduction):
    y, t = np.array(STORED["points"]["random"]), np.array(STORED["targets"]["probabilities"])
    plain = LOSSES[loss][0](y, t, reduction)
    assert not isinstance(plain, Tensor)
    np.testing.assert_array_equal(plain, LOSSES[loss][0](Tensor(y), t, reduction).value)


@pytest.mark.parametrize("scalar", [2, 0.5, True], ids=["int", "float", "bool"])
@pytest.mark.parametrize(
    "f",
    [
        F.relu,
        F.leaky_relu,
        F.sigmoid,
        nn.Sigmoid(0.3),
        F.tanh,
        F.softplus,
        F.softmax,
        F.log_softmax,
        nn.LeakyReLU(1 / 3),
    ],
    ids=lambda f: getattr(f, "name", None) or getattr(f, "__name__", repr(f)),
)
def test_float32_stays_float32_beside_python_scalars(f, scalar):
    x = Tensor(np.float32([[0.5, -1.0]]), requires_grad=True)
    y = (scalar * f(scalar * x + scalar) / 3 - scalar).mean()
    y.backward()
    assert y.dtype == x.grad.dtype == np.float32


@pytest.mark.parametrize("kind", [np.int64, np.int8, np.uint8, np.bool_, np.float64, np.float32])
@pytest.mark.parametrize("loss", ["mse", "l1", "bce"])
def test_float32_stays_float32_whatever_the_target_is(loss, kind):
    x = Tensor(np.float32([0.5, -1.0]), requires_grad=True)
    y = LOSSES[loss][0](x, np.array([1, 0], kind), "mean")
    y.backward()
    assert y.dtype == x.grad.dtype == np.float32
    assert y.item() == pytest.approx(LOSSES[loss][0](np.array([0.5, -1.0]), np.array([1.0, 0.0]), "mean"))


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8])
def test_class_indices_of_any_integer_type(kind):
    z = Tensor(np.float32([[0.5, -1.0], [2.0, 1.0]]), requires_grad=True)
    y = F.cross_entropy(z, np.array([1, 0], kind))
    y.backward()
    assert y.dtype == z.grad.dtype == np.float32
    assert y.item() == pytest.approx((math.log(1 + math.e**1.5) + math.log(1 + math.e**-1)) / 2, rel=1e-6)


def test_a_target_that_requires_grad_gets_its_gradient():
    y, t = Tensor([1.0, 2.0]), Tensor([0.5, 4.0], requires_grad=True)
    F.mse_loss(y, t).backward()
    np.testing.assert_allclose(t.grad.value, [-0.5, 2.0])


# --- figures of the lectures -----------------------------------------------------------------------------------


def test_half_the_squared_error_of_9_for_1_is_32():  # C2
    assert (nn.MSELoss(reduction="sum")(Tensor([9.0]), np.array([1.0])) / 2).item() == 32


def test_squared_error_through_a_saturated_sigmoid_hardly_learns():  # C12
    z = Tensor(-5.0, requires_grad=True)
    y = F.sigmoid(z)
    (0.5 * (y - 1) ** 2).backward()
    assert round(y.item(), 4) == 0.0067
    assert round(z.grad.item(), 4) == -0.0066
    assert z.grad.item() == pytest.approx((y.item() - 1) * y.item() * (1 - y.item()), rel=1e-12)


@pytest.mark.parametrize(("y", "cost"), [(0.01, 4.6), (0.00001, 11.5)])
def test_cross_entropy_of_a_confident_mistake(y, cost):  # C13
    p = Tensor(y, requires_grad=True)
    ce = -1 * np.log(p) - (1 - 1) * np.log(1 - p)
    ce.backward()
    assert round(ce.item(), 1) == cost
    assert p.grad.item() == pytest.approx(-1 / y)
    logit = np.array([math.log(y / (1 - y))])
    assert F.binary_cross_entropy_with_logits(logit, np.array([1.0])) == pytest.approx(ce.item(), rel=1e-12)


@pytest.mark.parametrize("t", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("z", [-1e4, -5.0, 0.0, 5.0, 1e4])
def test_slope_of_binary_cross_entropy_is_output_less_target(z, t):  # C14
    logit = Tensor(z, requires_grad=True)
    F.binary_cross_entropy_with_logits(logit, np.float64(t)).backward()
    assert logit.grad.item() == pytest.approx(F.sigmoid(np.float64(z)) - t, abs=1e-15)


@pytest.mark.parametrize("target", [np.array([2, 0]), np.eye(3)[[2, 0]], np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])])
def test_slope_of_cross_entropy_is_output_less_target(target):  # C15
    z = Tensor([[1.0, -2.0, 0.5], [30.0, 0.0, -4.0]], requires_grad=True)
    F.cross_entropy(z, target, "sum").backward()
    rows = np.eye(3)[target] if target.ndim == 1 else target
    np.testing.assert_allclose(z.grad.value, F.softmax(z.value) - rows, rtol=0, atol=1e-15)


def test_indices_one_hot_and_log_likelihood_are_one_loss():  # C15
    z, labels = np.array(STORED["points"]["random"]), np.array(STORED["targets"]["indices"])
    likelihood = -np.log(F.softmax(z)[np.arange(5), labels]).mean()
    assert F.cross_entropy(z, labels) == pytest.approx(likelihood, rel=1e-13)
    assert F.cross_entropy(z, np.eye(3)[labels]) == pytest.approx(likelihood, rel=1e-13)


@pytest.mark.parametrize("slope", [1.0, 4.0])
def test_the_sigmoid_is_steepest_at_0(slope):  # B3
    x = Tensor(np.linspace(-8, 8, 161), requires_grad=True)
    y = nn.Sigmoid(slope)(x)
    y.sum().backward()
    assert x.grad.value.max() == x.grad.value[80] == 0.25 * slope
    np.testing.assert_allclose(x.grad.value, slope * y.value * (1 - y.value), rtol=1e-12)
    np.testing.assert_allclose(nn.Sigmoid(slope)(-x.value), 1 - y.value, rtol=0, atol=1e-15)


@pytest.mark.parametrize("row", [(1, 10, 100), (1, 2, 3), (100, 200, 300), (1, 10, 1000)])
def test_softmax_is_finite_and_its_jacobian_is_the_formula(row):  # B14
    z = Tensor(np.array(row, float), requires_grad=True)
    y = F.softmax(z)
    assert np.isfinite(y.value).all()
    assert y.value.sum() == pytest.approx(1, rel=1e-15)
    assert (np.diff(y.value) >= 0).all()
    jacobian = [backprop(y, z, seed, retain_graph=True)[0].value for seed in np.eye(3)]
    np.testing.assert_allclose(jacobian, np.diag(y.value) - np.outer(y.value, y.value), atol=1e-16)


# --- errors ----------------------------------------------------------------------------------------------------

LOGITS = np.zeros((4, 3))


@pytest.mark.parametrize(
    ("call", "fragment"),
    [
        (lambda: F.mse_loss(np.zeros((4, 1)), np.zeros(4)), r"write target.reshape\(-1, 1\)"),
        (lambda: F.l1_loss(np.zeros(4), np.zeros((4, 1))), r"write target.reshape\(-1\)"),
        (lambda: F.binary_cross_entropy_with_logits(np.zeros((4, 1)), np.zeros(4, int)), r"\(4, 1\) and a target of"),
        (lambda: F.mse_loss(np.zeros((4, 2)), np.zeros((2, 4))), "reshape one of them"),
        (lambda: F.cross_entropy(LOGITS, np.zeros((4, 3), int)), "give one-hot rows as floats"),
        (lambda: F.cross_entropy(LOGITS, np.zeros(3, int)), r"class indices of shape \(3,\)"),
        (lambda: F.cross_entropy(np.zeros(4), np.zeros(4, int)), r"logits \(n, classes\)"),
        (lambda: F.cross_entropy(LOGITS, np.zeros((4, 2))), "cross_entropy with probabilities"),
        (lambda: F.cross_entropy(LOGITS, np.array([0, 1, 2, 3])), "labels from 0 to 3; they must be 0 to 2"),
        (lambda: F.cross_entropy(LOGITS, np.array([0, 1, 2, -1])), "labels from -1 to 2"),
        (lambda: F.cross_entropy(Tensor(LOGITS, requires_grad=True), np.array([0, 1, 2, -1])), "labels from -1 to 2"),
        *(
            (lambda loss=loss, t=t: loss(LOGITS, t, "average"), "it is 'average'")
            for loss, t in [
                (F.mse_loss, LOGITS),
                (F.l1_loss, LOGITS),
                (F.binary_cross_entropy_with_logits, LOGITS),
                (F.cross_entropy, np.zeros(4, int)),
                (F.cross_entropy, LOGITS),
            ]
        ),
        (lambda: nn.MSELoss(reduction="total"), "it is 'total'"),
        (lambda: nn.CrossEntropyLoss(reduction=None), "it is None"),
    ],
)
def test_errors_say_what_to_write_instead(call, fragment):
    with pytest.raises(ValueError, match=fragment):
        call()


def test_losses_and_activations_show_their_settings():
    assert repr(nn.MSELoss()) == "MSELoss()"
    assert repr(nn.L1Loss(reduction="sum")) == "L1Loss(reduction='sum')"
    assert [repr(m) for m in (nn.Sigmoid(), nn.Sigmoid(2.0), nn.LeakyReLU(0.1), nn.Softmax(0))] == [
        "Sigmoid()",
        "Sigmoid(slope=2.0)",
        "LeakyReLU(negative_slope=0.1)",
        "Softmax(dim=0)",
    ]
