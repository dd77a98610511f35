"""A gallery of faults as users make them (tests/faults): the debugger names kind and line of each, and is silent otherwise."""

import gc
import runpy
import warnings
from pathlib import Path

import numpy as np
import pytest

from autograd_core import Tensor, nn, no_grad, optim
from autograd_core.debug.causes.anomaly import NotFinite, detect_anomaly, first_bad
from autograd_core.debug.causes.missing import why_none
from autograd_core.debug.causes.zeros import why_zero
from autograd_core.debug.places import record
from autograd_core.debug.session import Session

FOLDER = Path(__file__).parent / "faults"
NONE = {
    "detach": "detach", "no_grad": "no_grad", "numpy_conversion": "conversion", "asarray": "conversion",
    "data_attribute": "conversion", "item": "conversion", "float_conversion": "conversion", "integer": "integer",
    "frozen": "frozen", "does_not_require_grad": "frozen", "unused": "unused", "rebound_update": "rebound",
    "rebound_no_grad": "rebound", "other_tensor": "other_tensor", "copied": "copy", "comparison": "no_derivative",
    "argmax": "no_derivative", "where_condition": "no_derivative", "rounded_to_integers": "integer",
    "result_not_leaf": "result", "cleared": "cleared", "not_called": "not_called",
}  # fmt: skip
ZERO = {
    "dead_relu": "dead_relu", "dead_units": "dead_relu", "saturated_sigmoid": "saturated", "saturated_tanh": "saturated",
    "saturated_cross_entropy": "saturated", "underflow_product": "underflow", "underflow_chain": "underflow",
    "underflow_exp": "underflow", "clipped": "clipped", "maximum_side": "not_taken", "where_side": "not_chosen",
    "zero_weights": "times_zero", "masked_by_zero": "times_zero", "cancels": "cancels", "sum_of_softmax": "cancels",
    "floored": "step", "signed": "step", "not_selected": "not_selected", "flat_point": "flat_point", "hook": "hook",
}  # fmt: skip
BAD = {
    "nan_first_in_forward_order": "sqrt_of_negative", "nan_in_the_loss": "log_of_negative", "nan_dummy_tensor": "data",
    "nan_custom_gradient": "custom", "nan_naive_tanh": "overflow", "nan_masked_log": "masked_where",
    "nan_masked_root": "masked_where", "nan_norm_at_zero": "sqrt_at_zero", "inf_log_of_zero": "log_of_zero",
    "inf_softmax_by_hand": "overflow", "inf_sigmoid_by_hand": "overflow", "nan_zero_times_infinity": "zero_times_inf",
    "nan_all_masked": "all_masked", "nan_division": "zero_by_zero", "nan_power": "power_of_negative",
    "nan_in_the_data": "data", "inf_parameter": "parameter", "inf_square": "overflow",
}  # fmt: skip


def fault(name):
    """Where the script's fault stands, as the debugger says it."""
    lines = (FOLDER / f"{name}.py").read_text().splitlines()
    return f"{name}.py:{next(i for i, line in enumerate(lines, 1) if line.endswith('# fault'))}"


def run(name):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return runpy.run_path(str(FOLDER / f"{name}.py"))


def test_the_gallery_is_whole():
    assert {path.stem for path in FOLDER.glob("*.py")} == {*NONE, *ZERO, *BAD}
    assert len([*NONE, *ZERO, *BAD]) >= 25


@pytest.mark.parametrize("name", NONE)
def test_a_missing_gradient(name):
    with record():
        found = run(name)
    cause = why_none(found["loss"], found["w"])
    assert (cause.code, cause.line) == (NONE[name], fault(name)), cause
    assert cause.remedy in str(cause)


@pytest.mark.parametrize("name", ZERO)
def test_a_gradient_of_zero(name):
    with record():
        found = run(name)
    cause = why_zero(found["loss"], found["w"])
    assert (cause.code, cause.line) == (ZERO[name], fault(name)), cause
    assert cause.remedy in str(cause)


@pytest.mark.parametrize("name", BAD)
def test_a_number_that_is_not_finite(name):
    with pytest.raises(NotFinite) as caught, detect_anomaly():
        run(name)
    report = caught.value.report
    assert (report.code, report.line) == (BAD[name], fault(name)), report
    assert not np.isfinite(report.value)
    assert report.cure in str(report)
    if name != "inf_parameter":  # its loop has written to the weights since
        with record():
            found = run(name)
        again = first_bad(found["loss"])
        assert (again.code, again.line, again.index) == (report.code, report.line, report.index)


# --- what is said besides kind and line ------------------------------------------------------------------------------


def leaf(data, name=None, dtype=float):
    return Tensor(np.array(data, dtype), requires_grad=True, name=name)


def test_contributions_units_and_counts_are_evidence():
    w = leaf(2.0, "w")
    assert sorted(why_zero(3 * w - 3 * w, w).evidence["contributions"].values()) == [-3, 3]
    with record():
        found = run("dead_units")
    evidence = why_zero(found["loss"], found["w"]).evidence
    assert (evidence["units"], evidence["zero"], evidence["of"]) == ([1, 3], 6, 15)
    assert why_zero((w * [[1.0], [-1.0]]).sum(), w).code == "cancels"  # within one edge, where broadcasting is undone
    assert why_zero((leaf([1.0, 0.5], "v") * [0.0, 1.0]).sum(), leaf(1.0)).code == "unused"


def test_a_report_names_operands_shapes_index_and_path():
    x = leaf([[4.0, 1.0, 2.0], [3.0, 0.0, 1.0]], "x")
    with record():
        with np.errstate(all="ignore"):
            logs = np.log(x)
        loss = (logs * 2).sum()
    report = first_bad(loss)
    assert (report.index, report.shape, report.count, report.value) == ((1, 1), (2, 3), 1, -np.inf)
    (operand,) = report.operands
    assert (operand.name, operand.shape, operand.low, operand.high, operand.at) == ("x", (2, 3), 0, 4, 0)
    assert report.path == ("logs = log", "a = multiply", "loss = sum")
    assert "x [2×3] float64: 0 … 4, there 0" in str(report)


def test_the_pass_of_an_anomaly_changes_no_gradient():
    w, v = leaf([0.0, 1.0], "w"), leaf([1.0, 1.0], "v")
    w.grad, v.grad = np.ones(2), np.ones(2)
    with pytest.raises(NotFinite, match="sqrt at 0"), detect_anomaly():
        (np.sqrt(w) * v).sum().backward()
    assert w.grad.value.tolist() == v.grad.value.tolist() == [1, 1]


def test_the_seed_is_looked_at_too():
    w = leaf([1.0, 2.0], "w")
    with pytest.raises(NotFinite, match="it was passed to backward") as caught, detect_anomaly():
        (w * 2).backward(np.array([np.nan, 1.0]))
    assert (caught.value.report.code, caught.value.report.index) == ("seed", (0,))
    with pytest.raises(NotFinite, match="sqrt at 0"), detect_anomaly():
        np.sqrt(w - w).backward(np.array([1.0, 0.0]))


def test_a_hook_that_returns_nan_is_named():
    w = leaf([1.0, 2.0], "w")
    h = w * 3
    h.register_hook(lambda g: g / 0 * 0)  # here
    with pytest.raises(NotFinite, match="a hook returned it") as caught, detect_anomaly():
        (h * h).sum().backward()
    lines = Path(__file__).read_text().splitlines()
    number = next(i for i, line in enumerate(lines, 1) if line.endswith("# here"))
    assert caught.value.report.line == f"test_debug_faults.py:{number}"


# --- without record(): the kind where the graph shows it, else how to find out ----------------------------------------


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda w, v: (w.detach() * v).sum(), "detach"),
        (lambda w, v: (w.detach().T.detach() * v).sum(), "detach"),
        (lambda w, v: (w.numpy() * v).sum(), "conversion"),
        (lambda w, v: (w.value * v).sum(), "conversion"),
        (lambda w, v: np.where(w * v > 0, v, 1.0).sum(), "unused"),
        (lambda w, v: ((w * 2).item() * v) if w.size == 1 else ((w * 2).numpy() * v).sum(), "unused"),
        (lambda w, v: v.sum(), "unused"),
        (lambda w, v: w.detach().sum(), "unused"),
        (lambda w, v: np.where(w, v, 1.0).sum(), "no_derivative"),
        (lambda w, v: (w * v).sum(), "not_called"),
    ],
)
def test_without_recording(make, code):
    w, v = leaf([1.25, -0.5], "w"), leaf([1.0, 1.0], "v")
    cause = why_none(make(w, v), w)
    assert (cause.code, cause.line) == (code, None)
    assert ("debug.record()" in str(cause)) == (code == "unused")


def test_a_freed_graph_says_so_and_a_recorded_one_does_not():
    w, v = leaf([1.25, -0.5], "w"), leaf([1.0, 1.0], "v")
    loss = (w.detach() * v).sum()
    loss.backward()
    assert why_none(loss, w).code == "freed"
    with record():
        loss = (w.detach() * v).sum()
        loss.backward()
    assert why_none(loss, w).code == "detach"
    session = Session(loss)
    assert why_none(session, w).code == why_zero(session, w).code == "detach"
    assert why_none(session, v).code == why_none(session, "v").code == "present"
    assert why_zero(session, "v").code == "nonzero"


def test_what_is_no_tensor():
    w = leaf(1.0, "w")
    assert why_none(3.0, w).code == why_none(w, np.ones(2)).code == why_zero(w.item(), w).code == "conversion"


def test_gradients_that_are_there():
    w = leaf([1.0, 2.0], "w")
    loss = (w**2).sum()
    assert why_zero(loss, w).code == "nonzero"
    assert first_bad(loss) is None
    loss.backward()
    assert why_none(loss, w).code in ("present", "freed")


def test_looking_calls_no_hook_of_a_finished_pass_and_changes_no_gradient():
    w = leaf([1.0, 2.0], "w")
    with record():
        loss = (w.relu() ** 2).sum()
        loss.backward()
    before = w.grad.value.copy()
    why_zero(loss, w), why_none(loss, w), first_bad(loss)
    np.testing.assert_array_equal(w.grad.value, before)


def test_a_long_recording_forgets_what_is_gone():
    w = leaf(np.ones(1000), "w")
    with record() as places:
        h = w * 1.0
        for _ in range(300):
            h = (h * 0.5 + w).detach()  # truncated backpropagation: each loses the graph before it
            (w * 2).sum().item()
            h.numpy()
    gc.collect()
    alive = sum(isinstance(x, Tensor) and x.shape == (1000,) for x in gc.get_objects())
    assert alive < 60
    assert len(places.cuts.taken) <= 256


# --- silence ---------------------------------------------------------------------------------------------------------


def data(classes=3, n=60, seed=0):
    rng = np.random.default_rng(seed)
    t = rng.integers(classes, size=n)
    return rng.normal(size=(n, 4)).astype(np.float32) + t[:, None].astype(np.float32), t


def attention(x):
    """A layer whose infinite mask is harmless."""
    scores = np.where(np.tri(len(x)) > 0, x @ x.T, -np.inf)
    return nn.functional.softmax(scores) @ x


CLEAN = {
    "relu": lambda: (nn.MLP([4, 8, 3], activation="relu", rng=0), nn.CrossEntropyLoss(), lambda p: optim.SGD(p, lr=0.1)),
    "tanh": lambda: (nn.MLP([4, 8, 3], activation="tanh", rng=1), nn.CrossEntropyLoss(), lambda p: optim.Adam(p, lr=0.01)),
    "sigmoid": lambda: (nn.MLP([4, 6, 3], activation="sigmoid", rng=2), nn.CrossEntropyLoss(), lambda p: optim.RMSprop(p)),
    "dropout": lambda: (
        nn.Sequential(nn.Linear(4, 8, rng=0), nn.ReLU(), nn.Dropout(0.5, rng=0), nn.Linear(8, 3, rng=1)), nn.CrossEntropyLoss(),
        lambda p: optim.AdamW(p),
    ),
    "batch norm": lambda: (
        nn.Sequential(nn.Linear(4, 8, rng=0), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3, rng=1)), nn.CrossEntropyLoss(),
        lambda p: optim.SGD(p, lr=0.05, momentum=0.9),
    ),
    "layer norm": lambda: (nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 3, rng=0)), nn.CrossEntropyLoss(), lambda p: optim.Adam(p)),
    "hinge": lambda: (nn.MLP([4, 8, 3], activation="relu", rng=3), nn.HingeLoss(), lambda p: optim.SGD(p, lr=0.05)),
    "probabilities": lambda: (nn.Sequential(nn.Linear(4, 3, rng=0), nn.LogSoftmax()), nn.NLLLoss(), lambda p: optim.Adagrad(p)),
    "masked attention": lambda: (nn.Linear(4, 3, rng=0), lambda o, t: nn.CrossEntropyLoss()(attention(o), t), lambda p: optim.SGD(p, lr=0.1)),
    "safe where": lambda: (
        nn.Linear(4, 1, rng=0), lambda o, t: np.where(o.value > 0, np.log(np.where(o.value > 0, o, 1.0)), o).mean() ** 2,
        lambda p: optim.SGD(p, lr=0.1),
    ),
    "double": lambda: (nn.Linear(4, 1, rng=0), lambda o, t: np.abs(o[:, 0] - t).mean(), lambda p: optim.SGD(p, lr=0.1)),
}  # fmt: skip


def train(name, watched):
    """Four steps; the parameters in the end."""
    model, loss_of, optimizer_of = CLEAN[name]()
    optimizer = optimizer_of(list(model.parameters()))
    x, t = data()
    for k in range(4):
        optimizer.zero_grad()
        if watched:
            with detect_anomaly():
                loss = loss_of(model(Tensor(x[k::4])), t[k::4])
                loss.backward()
            assert first_bad(loss) is None
            assert {why_none(loss, p).code for p in model.parameters()} == {"present"}
        else:
            loss = loss_of(model(Tensor(x[k::4])), t[k::4])
            loss.backward()
        optimizer.step()
    return [p.value.copy() for p in model.parameters()]


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_training_raises_no_alarm_and_is_the_same_when_watched(name):
    for watched, plain in zip(train(name, True), train(name, False), strict=True):
        np.testing.assert_array_equal(watched, plain)


def test_harmless_infinities_raise_no_alarm():
    x = leaf([0.5, 0.0], "x")
    with detect_anomaly(), no_grad():
        np.log(x)  # evaluated, not trained on
    with detect_anomaly():
        np.maximum(np.where(x.value > 0, x, -np.inf), 0.0).sum().backward()  # -∞ goes no further
        (1 / (1 + np.exp(x * 1e6))).sum().item()
        np.arctan(np.exp(x * 1e4).detach()).sum().item()
        # ∞ comes to the safe value inside, and the where lets it go no further
        np.sqrt(np.where(x.value > 0, x, 0.0)).sum().backward()
    assert x.grad.value.tolist() == [1 + 1 / (2 * 0.5**0.5), 0]


def test_the_side_that_a_where_did_not_choose_is_not_to_blame():
    x = leaf([0.0, -1.0], "x")
    with record(), np.errstate(all="ignore"):
        first = np.log(x)
        second = np.sqrt(x)
        loss = np.where([False, True], second, np.where([True, False], 0.0, first)).sum()
        masked = np.where([True, True], second, first).sum()
    assert first_bad(masked).code == first_bad(loss).code == "sqrt_of_negative"
    assert first_bad(masked).name == "second"


def test_what_hides_a_value_that_is_not_finite():
    p = leaf([0.0, 1.0], "p")
    with np.errstate(all="ignore"):
        report = first_bad((nn.functional.softmax(np.log(p)) * [1.0, 2.0]).sum())
        masked = first_bad(np.where([False, True], np.log(p), 0.0).sum())
    assert (report.code, report.way, "softmax makes it finite again" in report.what) == ("log_of_zero", "forward", True)
    assert masked.code == "masked_where"


def test_a_pass_is_remembered_though_the_graph_is_kept():
    w = leaf([1.0, 2.0], "w")
    with record():
        loss = (w**2).sum()
        loss.backward(retain_graph=True)
        w.grad = None
    assert why_none(loss, w).code == "cleared"


def test_a_zero_that_underflowed_long_before():
    w = h = leaf(0.5)
    for _ in range(1200):
        h = h * w
    cause = why_zero(h, w)
    assert cause.code == "underflow"
    assert "multiplies numbers whose product is too small for float64" in cause.sentence


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        (lambda w: np.maximum(0, 1 - w), "maximum took its first argument, 0 (all 2 elements)"),
        (lambda w: np.minimum(w, leaf([0.5, 1.0], "top")), "minimum took its second argument, top (all 2 elements)"),
        (lambda w: np.max(np.stack([w, 9 * w]), axis=0) + 0 * np.sort(w), ""),
        (lambda w: nn.functional.gelu(-30 * w), "normal_cdf is saturated"),
    ],
    ids=["first", "second", "elements", "gelu"],
)
def test_the_side_that_was_taken_and_the_row_to_blame_come_first(loss, says):
    w = leaf([2.0, 3.0], "w")
    assert says in str(why_zero(loss(w).sum(), w)).splitlines()[0]


def test_causes_are_said_once_and_by_their_names():
    w = leaf([1.0, 3.0])
    cause = why_zero(((w * 0.0) * 1e-200 * 1e-200).sum() + (w * 0.0).sum(), w)
    assert "multiplies by a constant, which is 0" in cause.sentence
    said = [c.sentence for c in (cause, *cause.others)]
    assert len(said) == len(set(said))
    model = nn.Sequential(nn.Linear(2, 1, rng=0))
    session = Session(model(np.ones((1, 2))).sum())
    assert "0.bias" in why_none(session, "0.bias").sentence
    assert first_bad(np.linalg.slogdet(leaf([[1.0, 2.0], [2.0, 4.0]]))[1]).code == "log_of_zero"
