"""crosscheck names the op whose rule is wrong, whichever it is, and accuses none that is right."""

from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest

import autograd_core
from autograd_core import Tensor, crosscheck, ops
from autograd_core.check import GradientMismatch
from autograd_core.crosschecks import ORACLES, Crosscheck
from autograd_core.op import TABLE, row
from autograd_core.ops import rows

DIFFERENTIABLE = [op for op in rows() if op.differentiable]
INSTALLED = [n for n in ORACLES if n in ("differences", "complex") or find_spec(n)]


def samples(op):
    rng = np.random.default_rng(11)
    found = op.samples(lambda shape=(), low=-2.0, high=2.0: rng.uniform(low, high, shape))
    return [(inputs, params) for inputs, params in found if all(np.size(x) for x in inputs)]


def program(op, params):
    """A small program with the row in the middle of others."""
    return lambda *xs: np.square(op(*(+x if isinstance(x, Tensor) else x for x in xs), **params)).sum()


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=lambda op: op.name)
def test_no_row_is_accused(op):
    for inputs, params in samples(op):
        report = crosscheck(program(op, params), *inputs)
        assert report.ok
        assert all("differences" in found for _, _, found in report.lines), "nothing was compared"


EDGES = [(op, k) for op in DIFFERENTIABLE for k in range(len(op.edges))]


@pytest.mark.parametrize("wrong", [lambda r: 1.001 * r, lambda r: -r], ids=["factor", "sign"])
@pytest.mark.parametrize(("op", "k"), EDGES, ids=lambda x: getattr(x, "name", x))
def test_a_wrong_rule_is_named(op, k, wrong, monkeypatch):
    place, rule, pick = op.edges[k]

    def other(*frame):
        right = rule(*frame)
        return wrong(right) if np.any(right) else right + 1e-3  # of a step function

    monkeypatch.setattr(op, "edges", (*op.edges[:k], (place, other, pick), *op.edges[k + 1 :]))
    inputs, params = samples(op)[0]
    with pytest.raises(GradientMismatch, match=rf"^{op.name}: wrong gradient towards \w+ at index") as error:
        crosscheck(program(op, params), *inputs, oracles=["differences"])
    assert "(differences)" in str(error.value)


@pytest.fixture
def wrong_tanh(monkeypatch):
    ((i, _, pick),) = ops.tanh.edges
    monkeypatch.setattr(ops.tanh, "edges", ((i, lambda g, y: g * (1 - y * y) * 1.000001, pick),))


@pytest.mark.parametrize("oracle", [n for n in INSTALLED if n != "differences"])
def test_every_oracle_finds_by_itself_what_differences_are_too_coarse_for(oracle, wrong_tanh):
    report = crosscheck(lambda x: np.tanh(np.sin(x)) * x, [0.3, 0.7], oracles=[oracle], strict=False)
    assert (report.first.op, report.first.formula, report.first.oracle) == ("tanh", "v2 = tanh(v1)", oracle)
    assert report.first.got == pytest.approx(report.first.expected * 1.000001, rel=1e-12)


# What the libraries have nothing like, so that they say nothing of it.
SILENT = {
    "torch": {
        "add_along_axis", "convolution", "divide_unless_zero", "eigh", "floor_divide", "heaviside", "linear_recurrence",
        "partition", "put", "qr", "scatter", "svd", "unbroadcast",
    },
    "jax": {
        "add_along_axis", "convolution", "divide_unless_zero", "eigh", "linear_recurrence", "partition", "qr", "svd",
        "unbroadcast",
    },
    "sympy": {
        "alpha_loss", "alpha_loss_of_log", "ceil", "clip", "copysign", "elu", "floor", "floor_divide", "fmax", "fmin", "fmod", "heaviside", "huber",
        "leaky_relu", "logaddexp2", "prelu", "remainder", "rint", "round", "sign", "trunc",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    "oracle", [pytest.param(n, marks=pytest.mark.skipif(n not in INSTALLED, reason=n)) for n in SILENT]
)
def test_the_libraries_are_really_asked(oracle):
    silent = {
        op.name
        for op in DIFFERENTIABLE
        if (op.elementwise or oracle != "sympy")
        and not any(
            oracle in crosscheck(partial(op, **params), *inputs, oracles=[oracle]).lines[0][2]
            for inputs, params in samples(op)
        )
    }
    assert silent == SILENT[oracle]


def test_a_library_that_is_missing_is_left_out(monkeypatch):
    monkeypatch.setattr("autograd_core.crosschecks.find_spec", lambda name: None)
    report = crosscheck(np.tanh, 1.0)
    assert set(report.lines[0][2]) == {"differences", "complex"}
    assert str(report).splitlines()[1].split()[-3:] == ["–", "–", "–"]


@pytest.mark.parametrize(
    ("op", "analytic"),
    [("exp", True), ("softmax", True), ("matmul", True), ("absolute", False), ("std", False), ("cross_entropy", False)],
)
def test_the_complex_step_is_asked_where_the_kernel_is_analytic(op, analytic):
    inputs, params = samples(TABLE[op])[0]
    report = crosscheck(partial(TABLE[op], **params), *inputs, oracles=["complex"])
    assert ("complex" in report.lines[0][2]) == analytic


@pytest.fixture
def mislabelled():
    yield row(lambda a: a * a, name="mislabelled", a=lambda g, a: 2 * g * a, text="a^3", elementwise=True)
    del TABLE["mislabelled"]


def test_a_kernel_that_is_not_its_formula_is_named(mislabelled):
    report = crosscheck(lambda x: mislabelled(x) + 1, 3.0, strict=False)
    assert (report.first.op, report.first.what, report.first.got, report.first.expected) == (
        "mislabelled", "value", 9, 27,
    )  # fmt: skip
    assert crosscheck(lambda x: mislabelled(x) + 1, 3.0, oracles=["differences"]).ok


@pytest.mark.parametrize("oracle", [n for n in INSTALLED if n not in ("complex", "sympy")])
def test_one_wrong_element_of_a_large_array_is_found(oracle, monkeypatch):
    place, rule, pick = ops.linear.edges[1]

    def spoiled(*frame):
        right = rule(*frame).copy()
        right[17, 33] *= 1.01
        return right

    monkeypatch.setattr(ops.linear, "edges", (ops.linear.edges[0], (place, spoiled, pick), ops.linear.edges[2]))
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(30, 50)), rng.normal(size=(40, 50))
    first = crosscheck(lambda x, w: ops.linear(x, w, np.zeros(40)), x, w, oracles=[oracle], strict=False).first
    assert (first.op, first.what, first.index) == ("linear", "gradient towards w", (17, 33))
    assert first.got == pytest.approx(1.01 * first.expected, rel=1e-6)


def some_zeros():
    values = np.zeros((40, 5))
    values[::2] = np.random.default_rng(0).normal(size=(20, 5))
    return values


@autograd_core.custom_vjp
def by_hand(a):
    return np.abs(a)


@by_hand.backward
def _(g, a):
    return g * np.sign(a)


# Choices (docs/kinks.md), numbers next to a border, and numbers at the ends of the range: nobody is to be accused.
TOUCHY = {
    "abs": (abs, [0.0, 1.0]), "relu": (ops.relu, some_zeros()), "clip": (lambda a: np.clip(a, -1, 1), [-1.0, 1.0, 0.0]),
    "maximum": (np.maximum, [1.0, 2.0], [1.0, 3.0]), "max": (lambda a: a.max(axis=-1), some_zeros()),
    "max of few": (lambda a: a.max(axis=-1), some_zeros()[:4]), "std": (lambda a: a.std(axis=1), some_zeros()),
    "norm": (lambda a: np.linalg.norm(a, axis=1), some_zeros()), "floor": (np.floor, [1.0, 0.5]),
    "prod": (lambda a: a.prod(), [0.0, 0.0, 2.0]), "x**0": (lambda a: a**0, [0.0, 2.0]), "sqrt": (np.sqrt, [0.0, 1e-9]),
    "log": (np.log, [1e-9, 1e-6, 1.0]), "sigmoid": (ops.sigmoid, [-800.0, 40.0, 800.0]), "exp": (np.exp, [-700.0, 700.0]),
    "softplus": (ops.softplus, [-800.0, -40.0, 25.0, 45.0, 800.0]), "log_softmax": (ops.log_softmax, [[1e3, 0.0, -1e3]]),
    "large": (lambda a: (a * 1e8).sum() + 1e12, [1.0, 2.0]), "small": (lambda a: a * a * 1e-30, [1.0, 2.0]),
    "var": (lambda a: a.var(), [1e6, 1e6 + 1, 1e6 - 1]),
    "float32": (lambda a: a.astype(np.float32).sum().astype(np.float64), [0.1, 2.0]),
    "not taken": (lambda a: np.where(a > 0, np.log(np.where(a > 0, a, 1)), a), [-1.0, 2.0]),
    "dot": (lambda a, b: np.dot(a, b), np.ones((2, 2)), np.arange(8.0).reshape(2, 2, 2)), "empty": (lambda a: a.sum(), np.zeros((0, 3))),
    "saturated": (ops.softmax, [[20.0, 0.0]]), "many saturated": (ops.softmax, np.tile([20.0, 0.0], (30, 1))),
    "not analytic": (by_hand, [-1.0, 2.0]), "equal eigenvalues": (np.linalg.eigvalsh, np.eye(3)),
    "checkpoint": (autograd_core.checkpoint(lambda a: np.tanh(a) * a), [1.0, 2.0]),
    "a gradient": (lambda a: autograd_core.grad(lambda z: (np.tanh(z) * z).sum())(a), np.array([1.0, 2.0])),
    "nests": (lambda p, k: (p["w"] @ p["x"][0]) ** k, {"w": np.ones((2, 3)), "x": [np.ones(3)]}, 2),
}  # fmt: skip


@pytest.mark.parametrize("case", TOUCHY)
def test_choices_and_rounding_are_no_errors(case):
    f, *args = TOUCHY[case]
    assert crosscheck(f, *args).ok


def test_no_number_is_wrong_where_there_is_one(monkeypatch):
    ((i, rule, pick),) = ops.tanh.edges
    monkeypatch.setattr(ops.tanh, "edges", ((i, lambda *frame: rule(*frame) * np.array([1, np.nan]), pick),))
    first = crosscheck(np.tanh, [1.0, 2.0], strict=False).first
    assert (first.op, first.index) == ("tanh", (1,))
    assert np.isnan(first.got)


def test_where_every_op_is_right_the_whole_says_that_a_part_is_missing():
    with pytest.raises(GradientMismatch, match=r"the whole: wrong gradient towards x\['w'\] at index \(1,\)") as error:
        crosscheck(lambda x: np.exp(x["w"]) * x["w"][1].detach() * [0, 1], {"w": np.array([0.5, 1.0])})
    assert "every op is right: on the way the graph was left" in str(error.value)


def test_what_f_brings_along_is_checked_too(monkeypatch):
    (i, rule, pick), other = ops.matmul.edges
    monkeypatch.setattr(ops.matmul, "edges", ((i, lambda *frame: -rule(*frame), pick), other))
    w = Tensor(np.ones((3, 2), np.float32), requires_grad=True, name="w")
    good = Tensor(np.ones((2, 2), np.float32), requires_grad=True)
    assert crosscheck(lambda x: ops.linear(x, w.T, np.zeros(2)), np.ones((4, 3))).ok  # float32 is rounded, not wrong
    with pytest.raises(GradientMismatch, match="matmul: wrong gradient towards w at index"):
        crosscheck(lambda x: x + w @ good, np.ones((3, 2)))


def test_the_report_reads_well(wrong_tanh):
    report = crosscheck(lambda x: np.tanh(x) * 2, [0.3, 0.7], oracles=["complex"], strict=False)
    assert isinstance(report, Crosscheck)
    assert not report.ok
    lines = [
        "node          shape  complex",
        "v1 = tanh(x)  (2,)   1e-06",
        "v2 = v1·2     (2,)   0e+00",
        "<lambda>(x)   (2,)   –",
    ]
    assert str(report).splitlines()[:4] == lines
    assert repr(report).endswith(str(report.first))
    html = report._repr_html_()
    assert html.startswith("<table><tr><th>node</th>")
    assert "<pre>tanh: wrong gradient" in html
    assert "<td>&lt;lambda&gt;(x)</td>" in html


def test_a_long_formula_is_cut():
    report = crosscheck(lambda *xs: np.concatenate([x * 2 for x in xs]), *[np.ones(1)] * 20)
    assert report.lines[-2][0] == "v21 = concatenate(…)"


@pytest.mark.parametrize(
    ("f", "args", "options", "error", "message"),
    [
        (
            np.tanh,
            (1.0,),
            {"oracles": ["wolfram"]},
            ValueError,
            "no oracle called wolfram; there are differences, complex",
        ),
        (np.tanh, (1,), {}, TypeError, "only floating-point inputs have a gradient to check; given was int"),
        (lambda x: 3, (1.0,), {}, TypeError, "must return one Tensor; it returned int"),
    ],
)
def test_errors(f, args, options, error, message):
    with pytest.raises(error, match=message):
        crosscheck(f, *args, **options)
