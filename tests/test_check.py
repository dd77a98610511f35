"""gradcheck and gradgradcheck find what is wrong, say where, and refuse what they could only measure wrongly."""

import numpy as np
import pytest

from autograd_core import Tensor, gradcheck, gradgradcheck, no_grad, ops
from autograd_core.check import GradientMismatch

MODES = pytest.mark.parametrize("fast", [False, True], ids=["elements", "fast"])


def half_known(a):
    """Right in value and wrong in slope, towards its last element only."""
    return np.tanh(a) * np.where(np.arange(a.size) < a.size - 1, a, a.detach())


WRONG = {
    "one number": (half_known, (0.5,), r"input 0 at index \(\)"),
    "one element": (half_known, ([0.5, 1.0, 2.0],), r"input 0 at index \(2,\)"),
    "the second input": (lambda a, b: a * b.detach(), (1.0, [2.0]), r"input 1 at index \(0,\)"),
    "inside a dict": (lambda p: p["x"] * half_known(p["w"][1]), ({"x": 2.0, "w": [np.ones(2), np.ones(2)]},), r"input 0\['w'\]\[1\] at index \(1,\)"),
    "a large array": (lambda a: half_known(a.reshape(-1)), (np.linspace(-1, 2, 600).reshape(30, 20),), r"input 0 at index \(29, 19\)"),
    "large numbers": (half_known, ([1.0, 3e3],), r"input 0 at index \(1,\)"),
    "no path": (lambda a: Tensor(a.value * 2), (1.0,), r"input 0 at index \(\)"),
}  # fmt: skip


@MODES
@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_gradient_is_found_and_its_place_named(case, fast):
    f, inputs, where = WRONG[case]
    with pytest.raises(GradientMismatch, match=rf"^\w*<?\w+>?: wrong gradient towards {where}\n"):
        gradcheck(f, *inputs, fast=fast)


@MODES
def test_a_wrong_gradient_of_a_gradient(fast):
    def f(a):  # the slope of a³ as a constant: right once, wrong twice
        with no_grad():
            slope = 3 * a.value**2
        return a * slope - 2 * a.value**3

    gradcheck(f, [1.0, 2.0], fast=fast)
    with pytest.raises(GradientMismatch, match=r"^gradient of f: wrong gradient towards input 0 at index \(0,\)"):
        gradgradcheck(f, [1.0, 2.0], fast=fast)


@MODES
@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_what_is_right_passes(check, fast):
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(6, 4)), rng.normal(size=(3, 4))
    check(lambda x, w, t: ops.cross_entropy(np.tanh(x @ w.T) * 3, t), x, w, np.array([0, 1, 2, 0, 1, 2]), fast=fast)
    check(lambda p: np.exp(p["a"] * p["b"][0]) / p["b"][1], {"a": x[0], "b": (0.5, np.float32(2))}, fast=fast)
    check(lambda a, k: a**k, [1.0, 2.5], 3, fast=fast)
    check(lambda a: (a * 1e-3) ** 2, [1e5, -2e7, 0.5], fast=fast)  # a step of 1e-5 would be lost in 2e7


@pytest.mark.parametrize("directions", [1, 3])
@pytest.mark.parametrize("size", [1, 500])
def test_fast_takes_two_evaluations_for_each_direction_whatever_the_size(size, directions):
    calls = []

    def f(a, b):
        calls.append(1)
        return np.sin(a) * b

    gradcheck(f, np.ones(size), np.ones(size), fast=True, directions=directions)
    assert len(calls) == 2 + 2 * directions  # two to see that f does the same twice


def test_the_message_says_all_that_is_needed():
    with pytest.raises(GradientMismatch) as error:
        gradcheck(lambda a: 2 * a.detach() + 3 * a, [[1.0, 4.0]], step=1e-4, name="mine")
    got, expected = (line.split() for line in str(error.value).splitlines()[2:])
    assert str(error.value).splitlines()[:2] == [
        "mine: wrong gradient towards input 0 at index (0, 0)", "  inputs     [[1. 4.]]",
    ]  # fmt: skip
    assert (got[0], expected[0]) == ("got", "expected")
    assert float(got[1]) / float(expected[1]) == pytest.approx(3 / 5, rel=1e-4)
    assert " ".join(expected[2:]) == "(central difference, step 0.0001)"


def test_what_no_element_shows_is_reported_along_its_direction():
    """Many differences, each below the tolerance, that add up."""
    with pytest.raises(GradientMismatch, match="wrong gradient along a random direction"):
        gradcheck(lambda a: a.sum() + 6e-9 * a.detach().sum(), np.zeros(50), fast=True, directions=20, rtol=0)


@MODES
@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
@pytest.mark.parametrize(
    ("f", "inputs", "error", "message"),
    [
        (lambda a: a * 2, (3,), TypeError, "only floating-point inputs .* given was int: write 2.0, not 2"),
        (lambda a, b: a, ([1, 2], "x"), TypeError, "given was int, int, str"),
        (lambda: Tensor(1.0), (), TypeError, "given was nothing"),
        (lambda a: a.value * 2, (np.ones(2),), TypeError, r"must return one Tensor; it returned ndarray; the graph was left"),
        (lambda a: (a, a), (1.0,), TypeError, "must return one Tensor; it returned tuple"),
        (lambda a: None, (1.0,), TypeError, "must return one Tensor; it returned NoneType"),
        (lambda a: a.astype(np.float32), (1.0,), TypeError, "made float32 of float64"),
        (lambda a: a * np.random.default_rng().random(), (1.0,), ValueError, "not do the same twice: seed its generator"),
        (np.log, (0.0,), ValueError, r"log is not finite at these inputs: .*-inf"),
        (lambda a: a / 0, ([1.0, 2.0],), ValueError, "is not finite at these inputs"),
    ],
)  # fmt: skip
def test_errors(f, inputs, error, message, check, fast):
    with pytest.raises(error, match=message):
        check(f, *inputs, fast=fast)


@MODES
def test_where_nothing_can_be_measured_it_says_so(fast):
    with pytest.raises(
        ValueError, match=r"log is not finite 1e-05 beside its inputs, .*: no slope can be measured there"
    ):
        gradcheck(np.log, 1e-7, fast=fast)
    gradcheck(np.log, 1e-7, step=1e-12, rtol=1e-4, fast=fast)


def test_the_inputs_stay_what_they_were():
    a, t = np.ones(3), Tensor(np.ones(3), requires_grad=True, name="t")
    gradcheck(lambda a, t: np.sin(a) * t, a, t)
    np.testing.assert_array_equal(a, 1)
    np.testing.assert_array_equal(t.value, 1)
    assert t.grad is None


def test_a_graph_that_f_shares_is_not_freed():
    w = Tensor(2.0, requires_grad=True)
    outside = np.exp(w)
    gradcheck(lambda a: a * outside, 1.0)
    outside.backward()
    assert w.grad.item() == pytest.approx(np.exp(2.0))
