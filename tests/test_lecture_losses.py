"""The losses of the lectures (topics C1 to C17): values, gradients and second derivatives equal those stored by
reference/make_losses.py, in both precisions and at extremes; and the figures that the lectures give."""

import copy
import inspect
import json
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
from reference.points import directions, upstream

from autograd_core import Tensor, backprop, nn
from autograd_core.batched import LoopedOverSamples
from autograd_core.check import gradcheck, gradgradcheck
from autograd_core.curvature import per_sample_grad
from autograd_core.transforms import grad

F = nn.functional
STORED = json.loads((Path(__file__).parent / "reference/losses.json").read_text(encoding="utf-8"))
MODULES = {
    "l1_loss": nn.L1Loss, "mse_loss": nn.MSELoss, "sse_loss": nn.SSELoss, "huber_loss": nn.HuberLoss,
    "smooth_l1_loss": nn.SmoothL1Loss, "binary_cross_entropy": nn.BCELoss,
    "binary_cross_entropy_with_logits": nn.BCEWithLogitsLoss, "cross_entropy": nn.CrossEntropyLoss, "nll_loss": nn.NLLLoss,
    "kl_div": nn.KLDivLoss, "expectation_loss": nn.ExpectationLoss,
    "regularised_expectation_loss": nn.RegularisedExpectationLoss, "chebyshev_loss": nn.ChebyshevLoss,
    "tanimoto_loss": nn.TanimotoLoss, "cauchy_schwarz_loss": nn.CauchySchwarzLoss, "log_loss": nn.LogLoss,
    "squared_log_loss": nn.SquaredLogLoss, "alpha_loss_with_logits": nn.AlphaLoss, "focal_loss": nn.FocalLoss,
    "sigmoid_focal_loss": nn.SigmoidFocalLoss, "hinge_loss": nn.HingeLoss, "zero_one_loss": nn.ZeroOneLoss,
    "smooth_zero_one_loss": nn.SmoothZeroOneLoss,
}  # fmt: skip
# relative, and what is allowed besides: where 1 − p is the difference of near numbers
PRECISIONS = [(np.float64, 1e-10, 1e-14), (np.float32, 1e-5, 1e-6)]
Z = np.random.default_rng(0).normal(0, 2, (6, 3))
LABELS = np.array([2, 0, 1, 1, 0, 2])
ONE_HOT = np.eye(3)[LABELS]
SIGNS = 2 * ONE_HOT - 1
PROBABILITIES = 1 / (1 + np.exp(-Z / 2))
LOG_P = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
# each loss as it is called, with outputs and targets that suit it
CALLS = {
    **{name: (name, Z, Z[::-1] + 0.1, {}) for name in ("l1_loss", "mse_loss", "sse_loss", "huber_loss", "smooth_l1_loss")},
    "huber_loss of 2": ("huber_loss", Z, Z[::-1], {"delta": 2.0}),
    "binary_cross_entropy": ("binary_cross_entropy", PROBABILITIES, ONE_HOT, {}),
    "binary_cross_entropy_with_logits": ("binary_cross_entropy_with_logits", Z, ONE_HOT, {}),
    "positive weights": ("binary_cross_entropy_with_logits", Z, ONE_HOT, {"pos_weight": [2.0, 0.5, 1.0]}),
    "cross_entropy": ("cross_entropy", Z, LABELS, {}),
    "cross_entropy of rows": ("cross_entropy", Z, ONE_HOT, {}),
    "smoothed": ("cross_entropy", Z, LABELS, {"label_smoothing": 0.2}),
    "nll_loss": ("nll_loss", LOG_P, LABELS, {}),
    "kl_div": ("kl_div", LOG_P, PROBABILITIES, {}),
    **{f"hinge_loss^{k}": ("hinge_loss", Z, LABELS, {"margin": 0.5, "power": k}) for k in (1, 2, 3)},
    **{
        f"{name} of {activation}": (name, Z, LABELS, {"activation": activation})
        for name in (
            "expectation_loss", "regularised_expectation_loss", "chebyshev_loss", "tanimoto_loss", "cauchy_schwarz_loss",
            "log_loss", "squared_log_loss",
        )
        for activation in ("softmax", "sigmoid")
    },
    **{f"alpha_loss {a}": ("alpha_loss_with_logits", Z, LABELS, {"alpha": a}) for a in (0.6, 1.0, 3.0, math.inf)},
    "focal_loss": ("focal_loss", Z, LABELS, {"gamma": 1.5}),
    "sigmoid_focal_loss": ("sigmoid_focal_loss", Z, ONE_HOT, {}),
    "zero_one_loss": ("zero_one_loss", Z, LABELS, {}),
    "smooth_zero_one_loss": ("smooth_zero_one_loss", Z / 4, SIGNS, {}),
}  # fmt: skip


def called(name, x, t, settings, reduction="none", **more):
    return getattr(F, name)(x, t, reduction, **settings, **more)


def as_module(name, settings, reduction):
    return MODULES[name](**settings, reduction=reduction)


def label(case):
    return "-".join(str(case[k]) for k in ("loss", "settings", "target", "points"))


# --- stored values ---------------------------------------------------------------------------------------------------


def of_case(case, dtype):
    settings = {n: math.inf if v == "inf" else v for n, v in case["settings"].items()}
    x = Tensor(np.array(STORED["points"][case["points"]], dtype), requires_grad=True)
    return case["loss"], x, np.array(STORED["targets"][case["target"]]), settings


@pytest.mark.parametrize(("dtype", "rtol", "atol"), PRECISIONS, ids=["float64", "float32"])
@pytest.mark.parametrize("case", STORED["cases"], ids=label)
def test_value_gradient_and_second_derivative(case, dtype, rtol, atol):
    name, x, t, settings = of_case(case, dtype)
    rounding = np.finfo(dtype).eps * np.max(
        np.abs(case["gradient"])
    )  # second derivatives are differences of such numbers

    def check(got, what):
        stored = np.array(case[what])
        assert got.dtype == dtype
        assert got.shape == stored.shape
        np.testing.assert_allclose(got.value, stored, rtol, max(atol, rounding), err_msg=what)

    y = called(name, x, t, settings)
    check(y, "values")
    g, way = upstream(y.shape).astype(dtype), directions([x.shape])[0].astype(dtype)
    check(backprop(y, x, g, retain_graph=True)[0], "gradient")
    (first,) = backprop(y, x, g, create_graph=True)
    check(first, "gradient")
    second = (first * way).sum()
    if second.requires_grad:
        check(backprop(second, x)[0], "second")
    else:
        assert not np.any(case["second"])
    if "mean" in case:
        mean = as_module(name, settings, "mean")(x, t)
        check(mean, "mean")
        check(backprop(mean, x)[0], "gradient of mean")


def test_the_reference_covers_the_losses():
    assert {c["loss"] for c in STORED["cases"]} == MODULES.keys() - {"sse_loss", "zero_one_loss"}
    assert len(STORED["cases"]) > 120


# --- what holds for all ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_slopes_equal_finite_differences(check, call):
    name, x, t, settings = call
    check(lambda z: called(name, z, t, settings), x, name=name)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_module_is_its_function_and_reduces_it(call):
    name, x, t, settings = call
    each = as_module(name, settings, "none")(x, t)
    np.testing.assert_array_equal(each, called(name, x, t, settings))
    np.testing.assert_array_equal(each, called(name, Tensor(x), Tensor(t), settings).value)
    assert as_module(name, settings, "sum")(x, t) == pytest.approx(each.sum(), rel=1e-14)
    assert as_module(name, settings, "mean")(x, t) == pytest.approx(each.mean(), rel=1e-14)
    assert each.shape in (x.shape, x.shape[:1])


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_sample_of_weight_2_is_two_samples(call):
    name, x, t, settings = call
    times = np.array([2, 0, 1, 3, 1, 1])
    twice, t_twice = np.repeat(x, times, axis=0), np.repeat(t, times, axis=0)
    for reduction in ("mean", "sum"):
        loss = as_module(name, settings, reduction)
        z, repeated = Tensor(x, requires_grad=True), Tensor(twice, requires_grad=True)
        got, expected = loss(z, t, sample_weight=times), loss(repeated, t_twice)
        assert got.item() == pytest.approx(expected.item(), rel=1e-13)
        whole = np.zeros_like(x)
        np.add.at(whole, np.repeat(np.arange(6), times), backprop(expected, repeated)[0].value)
        np.testing.assert_allclose(backprop(got, z)[0].value, whole, rtol=1e-12, atol=1e-15)
    each = called(name, x, t, settings)
    np.testing.assert_allclose(
        called(name, x, t, settings, sample_weight=list(times)), each * times.reshape(-1, *(1,) * (each.ndim - 1))
    )
    assert called(name, x, t, settings, "mean", sample_weight=np.zeros(6)) == 0


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_float32_stays_float32(call):
    name, x, t, settings = call
    z = Tensor(x.astype(np.float32), requires_grad=True)
    for more in ({}, {"sample_weight": np.ones(6)}):
        y = called(name, z, t, settings, "mean", **more)
        assert y.dtype == backprop(y, z)[0].dtype == np.float32


SETTINGS = {
    nn.SSELoss: {}, nn.HuberLoss: {"delta": 2.0}, nn.SmoothL1Loss: {"beta": 0.5}, nn.BCELoss: {},
    nn.BCEWithLogitsLoss: {"pos_weight": [1.0, 2.0]}, nn.NLLLoss: {"weight": [1.0, 2.0], "ignore_index": 1},
    nn.CrossEntropyLoss: {"weight": [1.0, 2.0], "ignore_index": -1, "label_smoothing": 0.1},
    nn.KLDivLoss: {"log_target": True}, nn.LogLoss: {"activation": "sigmoid"}, nn.AlphaLoss: {"alpha": math.inf},
    nn.FocalLoss: {"gamma": 1.0, "weight": [1.0, 2.0], "ignore_index": 0}, nn.HingeLoss: {"margin": 0.5, "power": 2},
    nn.SigmoidFocalLoss: {"gamma": 1.0, "alpha": None},
}  # fmt: skip


@pytest.mark.parametrize("kind", MODULES.values(), ids=lambda kind: kind.__name__)
def test_settings_are_shown_and_rebuild_the_loss(kind):
    settings = SETTINGS.get(kind, {}) | {"reduction": "none"}
    loss = kind(**settings)
    assert loss.config() == settings | {n: v for n, v in loss.config().items() if n not in settings}
    assert repr(loss) == f"{kind.__name__}({', '.join(f'{n}={v!r}' for n, v in settings.items())})"
    for other in (kind(**loss.eval().config()), copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert repr(other) == repr(loss)
    if kind is not nn.AlphaLoss:
        assert repr(kind()) == f"{kind.__name__}()"
    assert all(name in inspect.signature(kind).parameters for name in loss.config())


def test_every_loss_is_documented():
    for name, kind in MODULES.items():
        text = inspect.getdoc(kind)
        assert "topic" in text or kind is nn.SigmoidFocalLoss, name
        assert "slope" in text or kind is nn.SigmoidFocalLoss, name
        assert "PyTorch" in text + inspect.getmodule(kind).__doc__ or "torchvision" in text, name
        assert inspect.getdoc(getattr(F, name)), name


def test_weights_given_as_an_array_are_part_of_the_configuration():
    assert nn.CrossEntropyLoss(weight=np.float32([1, 2])).config()["weight"] == [1.0, 2.0]
    assert nn.BCEWithLogitsLoss(pos_weight=np.float64(3)).config()["pos_weight"] == 3.0


# --- targets ---------------------------------------------------------------------------------------------------------

OF_CLASSES = [call for call in CALLS.values() if call[2] is LABELS]


@pytest.mark.parametrize("call", OF_CLASSES, ids=lambda call: f"{call[0]}{call[3]}")
def test_classes_as_indices_and_as_one_hot_rows_are_one(call):
    name, x, _, settings = call
    each = called(name, x, LABELS, settings)
    np.testing.assert_allclose(called(name, x, ONE_HOT, settings), each, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(called(name, x, ONE_HOT.astype(bool), settings), each, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(called(name, x, LABELS.astype(np.uint8), settings), each)
    one = called(name, x[0], LABELS[0], settings, "mean")  # a sample without its axis
    assert one.shape == ()
    assert one == pytest.approx(each[0], rel=1e-13, abs=1e-15)


@pytest.mark.parametrize(
    "name", ["expectation_loss", "log_loss", "tanimoto_loss", "hinge_loss", "smooth_zero_one_loss"]
)
def test_one_output_a_sample(name):
    settings = {} if name in ("hinge_loss", "smooth_zero_one_loss") else {"activation": "sigmoid"}
    z, t = Z[:, 0], np.array([1, 0, 1, 1, 0, 0])
    column = called(name, z.reshape(-1, 1), t.reshape(-1, 1), settings)
    np.testing.assert_array_equal(called(name, z, t, settings), column.ravel())
    np.testing.assert_array_equal(called(name, z, t.astype(float), settings), column.ravel())
    if not settings:
        np.testing.assert_array_equal(called(name, z, 2 * t - 1, settings), column.ravel())
    assert called(name, z[0], np.array(1), settings).shape == ()


def test_two_outputs_of_two_classes_are_one_of_their_difference():
    z, labels = Z[:, :2], np.array([1, 0, 1, 1, 0, 0])
    np.testing.assert_array_equal(
        F.smooth_zero_one_loss(z, labels, "none"), F.smooth_zero_one_loss(z[:, 1] - z[:, 0], labels, "none")
    )


def test_an_ignored_label_does_not_count():
    labels = np.array([2, -100, 1, -100, 0, 2])
    kept = labels != -100
    for loss in (F.cross_entropy, F.nll_loss, F.focal_loss):
        x = LOG_P if loss is F.nll_loss else Z
        for more in ({}, {"weight": [1.0, 2.0, 3.0]}):
            z = Tensor(x, requires_grad=True)
            y = loss(z, labels, ignore_index=-100, **more)
            assert y.item() == pytest.approx(loss(x[kept], labels[kept], **more), rel=1e-13)
            assert not backprop(y, z)[0].value[~kept].any()
        assert loss(x, np.full(6, -100), ignore_index=-100) == 0
        assert loss(x, labels, "none", ignore_index=-100)[~kept].tolist() == [0, 0]


def test_a_class_that_is_ruled_out_costs_nothing_where_it_is_not_the_target():
    z = np.array([[0.0, -math.inf, 0.0]])
    for target in (np.array([0]), np.array([[1.0, 0.0, 0.0]])):
        assert F.cross_entropy(z, target, weight=[2.0, 1.0, 1.0], reduction="sum") == pytest.approx(2 * math.log(2))
        assert F.cross_entropy(z, target) == pytest.approx(math.log(2))


def test_batchmean_is_the_divergence():
    p, q = np.exp(LOG_P), np.full((6, 3), 1 / 3)
    divergence = (p * np.log(p / q)).sum(axis=1).mean()
    assert nn.KLDivLoss(reduction="batchmean")(np.log(q), p) == pytest.approx(divergence, rel=1e-13)
    weighted = nn.KLDivLoss(reduction="batchmean")(np.log(q), p, sample_weight=[1, 0, 0, 0, 0, 0])
    assert weighted == pytest.approx((p * np.log(p / q)).sum(axis=1)[0], rel=1e-13)
    assert repr(nn.KLDivLoss(reduction="batchmean")) == "KLDivLoss(reduction='batchmean')"


def test_rows_of_nothing_lose_nothing():
    z, t = np.array([[-1e4, -1e4], [0.0, 1.0]]), np.zeros((2, 2))
    for loss in (F.tanimoto_loss, F.cauchy_schwarz_loss):
        x = Tensor(z, requires_grad=True)
        y = loss(x, t, "none", activation="sigmoid")
        assert y.value.tolist() == [0, 0]
        assert not backprop(y, x, np.ones(2))[0].value.any()


# --- gradients of each sample ----------------------------------------------------------------------------------------

IN_ONE_GO = ["mse_loss", "huber_loss", "binary_cross_entropy", "sigmoid_focal_loss", "cross_entropy of rows", "kl_div"]


@pytest.mark.parametrize("name", [*IN_ONE_GO, "positive weights", "cross_entropy", "smooth_zero_one_loss"])
def test_gradients_of_each_sample_in_one_go(name):  # LoopedOverSamples would be an error here
    loss, x, t, settings = CALLS[name]

    def of_one(w, s):
        return called(loss, s["x"] * w, s["t"], settings, "mean")

    w = np.array([1.0, 0.9, 0.8])
    got = per_sample_grad(of_one, w, {"x": x, "t": t}).value
    np.testing.assert_allclose(got, [grad(of_one)(w, {"x": a, "t": u}).value for a, u in zip(x, t, strict=True)])


def test_gradients_of_each_sample_where_indices_become_rows():
    def of_one(w, s):
        return F.hinge_loss(s["x"] * w, s["t"])

    w = np.array([1.0, 0.9, 0.8])
    with pytest.warns(LoopedOverSamples):
        got = per_sample_grad(of_one, w, {"x": Z, "t": LABELS}).value
    np.testing.assert_allclose(got, [grad(of_one)(w, {"x": a, "t": u}).value for a, u in zip(Z, LABELS, strict=True)])


# --- figures of the lectures -----------------------------------------------------------------------------------------


def slope(f, z):
    x = Tensor(np.asarray(z, float), requires_grad=True)
    y = f(x)
    return backprop(y, x, np.ones(y.shape))[0].value


def test_logistic_regression_by_hand():  # A4
    x, w, t, rate = np.array([1.0, -2.0, 0.5]), np.array([0.3, 0.1, -0.4]), 1.0, 0.5
    y = 1 / (1 + math.exp(-(x @ w)))
    weights = Tensor(w, requires_grad=True)
    p = F.sigmoid(weights @ x)
    (by_p,) = backprop(F.binary_cross_entropy(p, np.float64(t)), p, retain_graph=True)
    assert by_p.item() == pytest.approx((y - t) / (y * (1 - y)), rel=1e-13)
    (by_w,) = backprop(p, weights, retain_graph=True)
    np.testing.assert_allclose(by_w.value, y * (1 - y) * x, rtol=1e-13)
    F.binary_cross_entropy(p, np.float64(t)).backward()
    np.testing.assert_allclose(weights.grad.value, (y - t) * x, rtol=1e-13)
    np.testing.assert_allclose(w - rate * weights.grad.value, w - rate * (y - t) * x, rtol=1e-13)


def test_absolute_and_squared_errors():  # C1, C2
    y, t = np.array([[9.0, 2.0], [0.0, -1.0]]), np.array([[1.0, 2.0], [3.0, 1.0]])
    assert nn.L1Loss(reduction="sum")(y, t) == 8 + 3 + 2
    assert nn.MSELoss(reduction="sum")(y, t) == 64 + 9 + 4
    assert nn.SSELoss()(y, t) == (64 + 9 + 4) / 2
    assert nn.SSELoss(reduction="none")(y, t).tolist() == [32, 6.5]
    assert nn.SSELoss(reduction="mean")(y, t) == (64 + 9 + 4) / 4
    assert nn.SSELoss()(np.array([9.0]), np.array([1.0])) == 32
    assert slope(lambda o: nn.SSELoss()(o, np.array([1.0])), [9.0]).tolist() == [8]


def test_expectation_loss_of_one_hot_rows():  # C3
    p = np.exp(LOG_P)
    np.testing.assert_allclose(F.expectation_loss(Z, LABELS, "none"), 2 - 2 * (ONE_HOT * p).sum(axis=1), rtol=1e-14)


def test_losses_of_a_row_by_hand():  # C3 to C9
    z, t = np.log([[0.5, 0.3, 0.2]]), np.array([[1.0, 0.0, 0.0]])
    found = {
        F.expectation_loss: 0.5 + 0.3 + 0.2,
        F.regularised_expectation_loss: 0.25 + 0.09 + 0.04,
        F.chebyshev_loss: 0.5,
        F.log_loss: math.log(2),
        F.squared_log_loss: math.log(2) ** 2,
        F.tanimoto_loss: -0.5 / (0.38 + 1 - 0.5),
        F.cauchy_schwarz_loss: -math.log(0.5 / math.sqrt(0.38)),
    }
    for loss, value in found.items():
        assert loss(z, t) == pytest.approx(value, rel=1e-14), loss
    o, t = np.array([[0.7, -0.2, 0.1]]), np.array([[1, -1, -1]])
    for power in (1, 2, 3):
        assert F.hinge_loss(o, t, margin=0.5, power=power) == pytest.approx(0.3**power + 0.6**power, rel=1e-14)
        assert F.hinge_loss(o, np.array([0]), margin=0.5, power=power) == pytest.approx(0.3**power + 0.6**power)


def test_the_slope_of_a_hinge_is_0_at_its_kink():
    assert slope(lambda o: F.hinge_loss(o, np.array([1, -1]), "sum"), [1.0, -1.0]).tolist() == [0, 0]


def test_the_zero_one_loss_does_not_learn():  # C10
    z = Tensor(Z, requires_grad=True)
    loss = nn.ZeroOneLoss()(z, LABELS)
    loss.backward()
    assert loss.item() == (Z.argmax(axis=1) != LABELS).mean()
    assert not z.grad.value.any()
    assert nn.CrossEntropyLoss()(z, LABELS).backward() is None
    assert z.grad.value.any()  # the surrogate does
    scores = np.array([2.0, -1.0, 0.0, 0.5])
    for target in (np.array([1, -1, -1, -1]), np.array([1, 0, 0, 0]), np.array([1.0, 0.0, 0.0, 0.0])):
        assert nn.ZeroOneLoss(reduction="none")(scores, target).tolist() == [0, 0, 0, 1]
        assert nn.ZeroOneLoss()(scores.reshape(-1, 1), target.reshape(-1, 1)) == 0.25


@pytest.mark.parametrize(
    ("composed", "named", "at_0"),
    [
        (lambda z, t: F.l1_loss(F.sigmoid(z), t, "none"), F.expectation_loss, -0.25),
        (lambda z, t: F.mse_loss(F.sigmoid(z), t, "none"), F.regularised_expectation_loss, -0.25),
    ],
)
def test_losses_through_a_sigmoid_forget_confident_mistakes(composed, named, at_0):  # C11
    z = np.linspace(-12, 12, 241)
    t = np.ones_like(z)
    slopes = slope(lambda x: composed(x, t), z)
    np.testing.assert_allclose(slopes, slope(lambda x: named(x, t, "none", activation="sigmoid"), z), rtol=1e-12)
    assert slopes[120] == at_0
    assert abs(slopes[[0, -1]]).max() < 2e-5
    changes = np.sign(np.diff(slopes))
    assert {-1, 1} <= set(changes)  # the slope is not monotone: the loss is not convex
    assert slopes.argmin() in range(100, 121)


def test_squared_error_through_a_saturated_sigmoid():  # C12
    t = np.array([1.0])
    assert F.sigmoid(np.array([-5.0])).round(4) == 0.0067
    got = slope(lambda z: F.sse_loss(F.sigmoid(z), t), [-5.0])
    y = 1 / (1 + math.exp(5))
    assert got.round(4) == -0.0066
    np.testing.assert_allclose(got, (y - 1) * y * (1 - y), rtol=1e-13)


@pytest.mark.parametrize(("y", "cost"), [(0.01, 4.6), (0.00001, 11.5)])
def test_binary_cross_entropy_of_a_confident_mistake(y, cost):  # C13
    loss = nn.BCELoss()
    assert loss(np.array([y]), np.array([1])).round(1) == cost
    assert slope(lambda p: loss(p, np.array([1])), [y]) == pytest.approx(-1 / y, rel=1e-13)
    assert slope(lambda p: loss(p, np.array([0.3])), [y]) == pytest.approx(-0.3 / y + 0.7 / (1 - y), rel=1e-12)
    t = Tensor([0.3], requires_grad=True)
    loss(np.array([y]), t).backward()
    assert t.grad.value == pytest.approx(math.log((1 - y) / y), rel=1e-13)


def test_the_smoothed_step_is_not_convex_and_joins_smoothly():  # C17
    z, t = np.linspace(-2, 2, 401), np.ones(401)
    y = F.smooth_zero_one_loss(z, t, "none")
    assert y[[0, 100, 200, 300, 400]].tolist() == [1, 1, 0.5, 0, 0]
    inside = abs(z) <= 1
    np.testing.assert_allclose(y[inside], (z**3 / 4 - 3 * z / 4 + 0.5)[inside], rtol=0, atol=1e-15)
    slopes = slope(lambda x: F.smooth_zero_one_loss(x, t, "none"), z)
    assert slopes[[0, 100, 200, 300]].tolist() == [0, 0, -0.75, 0]
    assert {-1, 1} <= set(np.sign(np.diff(y, 2)[np.abs(np.diff(y, 2)) > 1e-6]))


# --- the α-loss: C16 -------------------------------------------------------------------------------------------------

ALPHAS = [0.5, 0.8, 1.0, 1.5, 2.0, 5.0, math.inf]
P = np.array([[0.5, 0.3, 0.2], [0.1, 0.15, 0.75]])
PX = np.array([0.25, 0.75])


def by_definition(p, alpha):
    if alpha == 1:
        return -np.log(p)
    return 1 - p if alpha == math.inf else alpha / (alpha - 1) * (1 - p ** (1 - 1 / alpha))


def least(f, low, high):
    """Where a convex function is least, by cutting the interval to two thirds again and again."""
    for _ in range(45):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if f(a) < f(b) else (a, high)
    return (low + high) / 2


def minimised(p, alpha):
    """The distribution q of three classes with the least Σ p·loss(q), and that."""

    def risk(q0, q1):
        return float(np.sum(p * by_definition(np.maximum([q0, q1, 1 - q0 - q1], 1e-300), alpha)))

    def second(q0):
        return least(lambda q1: risk(q0, q1), 0, 1 - q0)

    q0 = least(lambda q0: risk(q0, second(q0)), 0, 1)
    return np.array([q0, second(q0), 1 - q0 - second(q0)]), risk(q0, second(q0))


@pytest.mark.parametrize("alpha", ALPHAS)
def test_the_tilted_posterior_is_what_minimises_the_risk(alpha):
    found = [minimised(p, alpha) for p in P]
    np.testing.assert_allclose(F.alpha_tilted_posterior(P, alpha), [q for q, _ in found], rtol=0, atol=1e-6)
    risks = np.array([risk for _, risk in found])
    np.testing.assert_allclose([F.minimal_alpha_risk(p, alpha) for p in P], risks, rtol=0, atol=1e-6)
    assert F.minimal_alpha_risk(P, alpha) == pytest.approx(risks.mean(), abs=1e-6)
    assert F.minimal_alpha_risk(P, alpha, sample_weight=PX) == pytest.approx(PX @ risks, abs=1e-6)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_arimoto_entropy(alpha):
    got = F.arimoto_conditional_entropy(P, alpha, sample_weight=PX)
    if alpha == 1:
        expected = -np.sum(PX[:, None] * P * np.log(P))
    elif alpha == math.inf:
        expected = -math.log(PX @ P.max(axis=1))
    else:
        expected = alpha / (1 - alpha) * math.log(PX @ (P**alpha).sum(axis=1) ** (1 / alpha))
    assert got == pytest.approx(expected, rel=1e-13)
    uniform = np.full((4, 8), 1 / 8)
    assert F.arimoto_conditional_entropy(uniform, alpha) == pytest.approx(math.log(8), rel=1e-13)
    assert F.arimoto_conditional_entropy(np.eye(3), alpha) == 0


@pytest.mark.parametrize("alpha", [1 - 1e-9, 1 + 1e-9, 1 + 2**-52, 1 - 2**-53])
def test_near_1_the_loss_is_the_logarithm(alpha):
    p = np.array([1e-3, 0.2, 0.9, 1.0])
    np.testing.assert_allclose(F.alpha_loss(p, alpha), -np.log(p), rtol=1e-7, atol=1e-15)
    assert F.alpha_loss_with_logits(Z, LABELS, alpha=alpha) == pytest.approx(F.cross_entropy(Z, LABELS), rel=1e-7)
    entropy = F.arimoto_conditional_entropy(P, 1)
    assert F.arimoto_conditional_entropy(P, alpha) == pytest.approx(entropy, rel=1e-7)
    assert F.minimal_alpha_risk(P, alpha) == pytest.approx(entropy, rel=1e-7)
    np.testing.assert_allclose(F.alpha_tilted_posterior(P, alpha), P, rtol=1e-7)


def test_limits_of_alpha():
    p = np.array([0.0, 1e-3, 0.2, 0.9, 1.0])
    for alpha in ALPHAS:
        np.testing.assert_allclose(F.alpha_loss(p[1:], alpha), by_definition(p[1:], alpha), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(F.alpha_loss(p, math.inf), 1 - p, rtol=1e-13)
    np.testing.assert_allclose(F.alpha_loss(p[1:], 1e12), 1 - p[1:], rtol=1e-10)
    np.testing.assert_allclose(F.alpha_tilted_posterior(P, 1e4), [[1, 0, 0], [0, 0, 1]], atol=1e-15)
    assert F.alpha_tilted_posterior(np.array([0.4, 0.2, 0.4]), math.inf).tolist() == [0.5, 0, 0.5]
    assert F.alpha_tilted_posterior(np.array([0.4, 0.6, 0.0]), 0.5)[2] == 0
    assert nn.AlphaLoss(1.0)(Z, LABELS) == pytest.approx(F.cross_entropy(Z, LABELS), rel=1e-14)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("alpha", [*ALPHAS, 1.001])
def test_the_alpha_loss_is_finite_everywhere(alpha, dtype):
    p = Tensor(np.array([0, 1e-30, 0.5, 1], dtype), requires_grad=True)
    y = F.alpha_loss(p, alpha)
    (g,) = backprop(y, p, np.ones(4))
    assert y.dtype == g.dtype == dtype
    assert np.isfinite(y.value).all()
    assert np.isfinite(g.value).all()
    assert (np.diff(y.value) <= 0).all()
    assert (g.value < 0).all()
    if alpha > 1:
        assert y.value[0] == pytest.approx(1 / (1 - 1 / alpha), rel=1e-6)  # exactly there, and not ∞
    z = Tensor(np.array([[1e4, -1e4], [-1e4, 1e4], [0, 0]], dtype), requires_grad=True)
    loss = nn.AlphaLoss(alpha)(z, np.array([0, 0, 1]))
    loss.backward()
    assert loss.dtype == z.grad.dtype == dtype
    assert np.isfinite(loss.value)
    assert np.isfinite(z.grad.value).all()


# --- errors ----------------------------------------------------------------------------------------------------------

WRONG = {
    "a power": (lambda: F.hinge_loss(Z, LABELS, power=4), "1, 2 or 3; power is 4"),
    "a hinge of probabilities": (lambda: F.hinge_loss(Z, PROBABILITIES), r"\+1 and −1, or 1 and 0"),
    "signs of three kinds": (lambda: F.hinge_loss(np.zeros(3), np.array([1, 0, -1])), "from -1 to 1"),
    "classes as signs": (lambda: F.smooth_zero_one_loss(Z[:, 0], LABELS), "class indices as integers"),
    "an activation": (lambda: F.log_loss(Z, LABELS, activation="tanh"), "it is 'tanh'"),
    "softmax of a number": (lambda: F.log_loss(np.float64(1), np.float64(1)), 'activation="sigmoid"'),
    "labels": (lambda: F.expectation_loss(Z, LABELS + 1), "labels from 1 to 3; they must be 0 to 2"),
    "labels below": (lambda: F.hinge_loss(Z, LABELS - 1), "labels from -1 to 1"),
    "labels beside the ignored": (lambda: F.cross_entropy(Z, LABELS + 1, ignore_index=1), "labels from 0 to 3"),
    "floats as labels": (lambda: F.tanimoto_loss(Z, LABELS.astype(float)), r"write target.astype\(int\)"),
    "truth as labels": (lambda: F.cross_entropy(Z, LABELS > 0), "these targets are bool"),
    "rows of integers": (lambda: F.chebyshev_loss(Z, ONE_HOT.astype(int)), "one-hot rows as floats"),
    "rows of other length": (lambda: F.squared_log_loss(Z, ONE_HOT[:, :2]), "squared_log_loss with probabilities"),
    "one for many": (lambda: F.sigmoid_focal_loss(Z[:, :1], LABELS), r"target.reshape\(-1, 1\)"),
    "a column for a row": (lambda: F.huber_loss(Z[:, 0], Z[:, :1]), r"target.reshape\(-1\)"),
    "no probabilities": (lambda: F.binary_cross_entropy(Z, ONE_HOT), "the loss that takes logits"),
    "no probability": (lambda: F.alpha_loss(1.5, 2), "between 0 and 1"),
    "alpha": (lambda: nn.AlphaLoss(0.0), "alpha is a positive number"),
    "alpha of a posterior": (lambda: F.alpha_tilted_posterior(P, -1), "alpha is a positive number"),
    "no number": (lambda: F.arimoto_conditional_entropy(P, math.nan), "alpha is a positive number"),
    "weights of classes": (lambda: F.cross_entropy(Z, LABELS, weight=[1, 2]), r"shape \(2,\): give one number for each of 3"),
    "weights of samples": (lambda: F.mse_loss(Z, Z, sample_weight=[1, 2]), r"\(2,\) and the losses \(6, 3\).*shape \(6,\)"),
    "weights as a column": (lambda: F.cross_entropy(Z, LABELS, sample_weight=np.ones((6, 1))), r"one number for each sample"),
    "smoothing": (lambda: F.cross_entropy(Z, LABELS, label_smoothing=1.5), "between 0 and 1; it is 1.5"),
    "delta": (lambda: F.huber_loss(Z, Z, delta=0), "a positive number; it is 0"),
    "beta": (lambda: F.smooth_l1_loss(Z, Z, beta=-1), "0 or a positive number"),
    "focus on one class": (lambda: F.focal_loss(Z[:, :1], np.zeros(6, int)), "sigmoid_focal_loss"),
    "reduction": (lambda: nn.HingeLoss(reduction="average"), "it is 'average'"),
    **{
        f"reduction of {name}": (lambda call=call: called(*call, "average"), "it is 'average'")
        for name, call in CALLS.items()
    },
}  # fmt: skip


@pytest.mark.parametrize(("call", "fragment"), WRONG.values(), ids=WRONG)
def test_errors_say_what_to_write(call, fragment):
    with pytest.raises(ValueError, match=fragment):
        call()


@pytest.mark.parametrize("target", [np.array(["a"]), np.array([1j]), np.array([None])])
def test_targets_that_are_no_numbers(target):
    for loss in (F.mse_loss, F.hinge_loss, F.binary_cross_entropy_with_logits, F.cross_entropy):
        with pytest.raises(TypeError, match=r"write output.astype\(float\), or target.astype"):
            loss(np.zeros(1), target)
    with pytest.raises(TypeError, match="an output of int64"):  # 0.5 would become 0
        F.l1_loss(np.array([1]), np.array([0.5]))
