"""Each line of docs/kinks.md is a case here, under the line's own words: the page and the library cannot drift apart."""

import re
from pathlib import Path

import numpy as np
import pytest

from autograd_core import Tensor
from autograd_core.backward import backprop
from autograd_core.nn import functional as F
from autograd_core.ops import leaky_relu, relu

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "kinks.md").read_text(encoding="utf-8")
NAN, INF = np.nan, np.inf


def slopes(f, *data):
    """The gradient of the sum of f's result, towards every argument."""
    leaves = [Tensor(np.array(x, float), requires_grad=True) for x in data]
    y = f(*leaves)
    if not y.requires_grad:
        return [np.zeros(np.shape(x)).tolist() for x in data]
    gradients = backprop(y, leaves, np.ones(y.shape))
    return [g.value.tolist() for g in gradients]


def each(functions, *data):
    return [slopes(f, *data) for f in functions]


CASES = {
    "`abs`, `fabs` | 0": lambda: each([np.abs, np.fabs], 0) == [[0]] * 2,
    "`copysign` | 0": lambda: slopes(np.copysign, 0, -1) == [0, 0],
    "`step` | everywhere": lambda: slopes(F.step, [-1, 0, 1]) == [[0, 0, 0]],
    "`prelu`, `adaptive_relu` | 0": lambda: (
        slopes(F.prelu, 0, 0.25) == [0.25, 0]
        and slopes(lambda x: F.adaptive_relu(x, np.array(2.0), np.array(0.0)), 0) == [0.5]
    ),
    "`elu`, `selu` | 0": lambda: (
        slopes(lambda x: F.elu(x, 0.625), 0) == [0.625] and np.allclose(slopes(F.selu, 0), 1.7580993408473766)
    ),
    "`hardtanh`, `relu6`, `hardsigmoid`, `piecewise_linear` | at their bounds": lambda: (
        slopes(F.hardtanh, [-1, 1]) == slopes(F.relu6, [0, 6]) == slopes(F.piecewise_linear, [-0.5, 0.5]) == [[1, 1]]
        and np.allclose(slopes(F.hardsigmoid, [-3, 3]), 1 / 6)
    ),
    "`hardswish` | −3, 3": lambda: np.allclose(slopes(F.hardswish, [-3, 3]), [-0.5, 1.5]),
    "`relu` | 0": lambda: slopes(relu, 0) == [0],
    "`leaky_relu` | 0": lambda: slopes(lambda x: leaky_relu(x, slope=0.1), 0) == [0.1],
    "`clip` | at its bounds": lambda: slopes(lambda x: np.clip(x, -1, 2), [-1, 2, 3]) == [[1, 1, 0]],
    "`maximum`, `minimum`, `fmax`, `fmin` | both equal": lambda: (
        each([np.maximum, np.minimum, np.fmax, np.fmin], 1, 1) == [[0.5, 0.5]] * 4
    ),
    "`fmax`, `fmin` | one is NaN; both are": lambda: (
        each([np.fmax, np.fmin], [NAN, 1, NAN], [2, NAN, NAN]) == [[[0, 1, 0], [1, 0, 0]]] * 2
    ),
    "`logaddexp`, `logaddexp2` | both the same infinity": lambda: (
        each([np.logaddexp, np.logaddexp2], [INF, -INF], [INF, -INF]) == [[[0.5, 0.5], [0.5, 0.5]]] * 2
    ),
    "`hypot`, `arctan2` | the origin": lambda: each([np.hypot, np.arctan2], 0, 0) == [[0, 0]] * 2,
    "`max`, `min`, `nanmax`, `nanmin`, `ptp` | several attain it": lambda: (
        each([np.max, np.nanmax], [1, 3, 3]) == [[[0, 0.5, 0.5]]] * 2
        and each([np.min, np.nanmin], [1, 3, 1]) == [[[0.5, 0, 0.5]]] * 2
        and slopes(np.ptp, [1, 3, 3]) == [[-1, 0.5, 0.5]]
    ),
    "`hinge_loss` | its kink": lambda: slopes(lambda o: F.hinge_loss(o, Tensor([1.0, -1.0])), [1, -1]) == [[0, 0]],
    "`chebyshev_loss` | several attain it": lambda: np.allclose(
        slopes(lambda z: F.chebyshev_loss(z, Tensor([[2 / 3, 0, 1 / 3]])), [[1, 1, 1]]), [[[-1 / 6, 1 / 6, 0]]]
    ),
    "`zero_one_loss` | everywhere": lambda: slopes(lambda z: F.zero_one_loss(z, np.array([1])), [[1, 1]]) == [[[0, 0]]],
    "`max_pool2d` | several attain a window's maximum": lambda: (
        slopes(lambda x: F.max_pool2d(x, 2, stride=1), [[[1, 3, 3], [3, 0, 2]]]) == [[[[0, 1, 0.5], [0.5, 0, 0]]]]
    ),
    "`sort`, `partition`, `median`, quantiles | equal elements": lambda: (
        slopes(lambda x: np.sort(x) * [1.0, 2.0, 3.0], [5, 5, 1]) in ([[2, 3, 1]], [[3, 2, 1]])
        and slopes(np.median, [1, 1]) == [[0.5, 0.5]]
        and slopes(lambda x: np.quantile(x, 0.25), [1, 1]) in ([[0.75, 0.25]], [[0.25, 0.75]])
        and slopes(lambda x: np.partition(x, 1)[1], [2, 1]) == [[1, 0]]
    ),
    "`nansum` and its kin | at NaN": lambda: (
        each([np.nansum, np.nanprod, np.nanmean], [2, NAN]) == [[[1, 0]]] * 3
        and slopes(np.nanvar, [2, NAN]) == [[0, 0]]
    ),
    "`nan_to_num` | what was replaced": lambda: slopes(np.nan_to_num, [NAN, INF, 1]) == [[0, 0, 1]],
    "`sign`, `floor`, `ceil`, `rint`, `trunc`, `round`, `fix`, `floor_divide` | everywhere": lambda: (
        each([np.sign, np.floor, np.ceil, np.rint, np.trunc, np.round, np.fix], [0.5, 1]) == [[[0, 0]]] * 7
        and slopes(np.floor_divide, 7, 2) == [0, 0]
    ),
    "`heaviside` | everywhere": lambda: slopes(np.heaviside, [-1, 0, 1], [5, 5, 5]) == [[0, 0, 0], [0, 1, 0]],
    "`remainder`, `fmod` | at jumps": lambda: each([np.remainder, np.fmod], 6, 2) == [[1, -3]] * 2,
    "`unwrap` | everywhere": lambda: slopes(np.unwrap, [0, 6, 12]) == [[1, 1, 1]],
    "`x**0` | 0": lambda: slopes(lambda x: x**0, 0) == [0] and slopes(lambda x, n: x**n, 0, 0)[0] == 0,
    "`b**x` | b = 0": lambda: slopes(lambda b, x: b**x, 0, 2) == [0, 0],
    "`std`, `nanstd` | all elements equal": lambda: (
        slopes(np.std, [2, 2, 2]) == [[0, 0, 0]] and slopes(np.nanstd, [0.1, 0.1, NAN]) == [[0, 0, 0]]
    ),
    "`prod`, `cumprod` | zeros": lambda: (
        slopes(np.prod, [2, 0, 3]) == [[0, 6, 0]]
        and slopes(np.prod, [0, 0, 3]) == [[0, 0, 0]]
        and slopes(np.cumprod, [2, 0, 3]) == [[1, 8, 0]]
    ),
    "`linalg.norm`, of every order | a zero vector or matrix": lambda: (
        [slopes(lambda x, p=p: np.linalg.norm(x, p), [0, 0]) for p in (None, 1, 2, 3, INF)] == [[[0, 0]]] * 5
        and [slopes(lambda x, p=p: np.linalg.norm(x, p), [[0, 0]]) for p in ("fro", "nuc", 2)] == [[[[0, 0]]]] * 3
    ),
    "p-norms | zero entries": lambda: np.allclose(slopes(lambda x: np.linalg.norm(x, 1.5), [0, 4]), [[0, 1]]),
    "the order-0 norm | everywhere": lambda: slopes(lambda x: np.linalg.norm(x, 0), [0, 4]) == [[0, 0]],
    "the nuclear norm | singular values of exactly 0": lambda: np.allclose(
        slopes(lambda x: np.linalg.norm(x, "nuc"), [[3, 0], [0, 0]]), np.diag([1, 0])
    ),
    "the matrix 2-norm | equal singular values": lambda: (
        slopes(lambda x: np.linalg.norm(x, 2), [[2, 0], [0, 2]]) == [[[0.5, 0], [0, 0.5]]]
    ),
    "`linalg.cond` | a smallest singular value of 0": lambda: (
        slopes(np.linalg.cond, [[2, 0], [0, 0]]) == [[[0, 0], [0, 0]]]
    ),
    "`eigh`, `svd` | equal values": lambda: (
        np.allclose(slopes(np.linalg.eigvalsh, [[2, 0], [0, 2]]), np.eye(2)) and refused_for_vectors()
    ),
    "`sqrt` | 0": lambda: infinite_at_0(),
    "`where` | the side not chosen": lambda: unchosen_side_is_0(),
}


def refused_for_vectors():
    with pytest.raises(np.linalg.LinAlgError, match="are equal"):
        slopes(lambda x: np.linalg.eigh(x).eigenvectors[0], [[2, 0], [0, 2]])
    return True


def infinite_at_0():
    with np.errstate(divide="ignore"):
        return slopes(np.sqrt, 0) == [INF]


def unchosen_side_is_0():
    chosen = lambda x, z: np.where(x > 0, np.log(z), x)
    with np.errstate(divide="ignore", invalid="ignore"):
        return slopes(lambda x, z: np.where(x > 0, z, x), [-1], [INF]) == [[1], [0]] and slopes(chosen, [-1], [1]) == [
            [1],
            [0],
        ]


def lines():
    return [re.sub(r"\\s*\\|$", "", m) for m in re.findall(r"^\| (.+?\|.+?) \|", PAGE, re.M)][1:]


def test_every_line_has_a_case():
    assert set(lines()) == set(CASES)


@pytest.mark.parametrize("line", CASES)
def test_a_line_of_the_page_holds(line):
    assert CASES[line]()
