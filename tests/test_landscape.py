"""Stationary points, convexity and Newton's method (topic A9), against closed forms."""

import numpy as np
import pytest

from autograd_core import hessian
from autograd_core.landscape import classify, convex_along, is_positive_semidefinite, newton


def example(x):
    return x[0] ** 2 + x[0] * x[1] + x[1] ** 2


def test_the_hessian_of_the_lecture():
    h = hessian(example)(np.array([0.3, -2.0]))
    assert h.value.tolist() == [[2, 1], [1, 2]]
    v = np.array([1.0, 2.0])
    assert (v @ h @ v).item() == 14
    assert is_positive_semidefinite(h)
    np.testing.assert_allclose(classify(example, np.zeros(2)).curvatures, [1, 3])


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ([[0.0]], True),
        ([[1.0, 2.0], [2.0, 4.0]], True),  # singular: 0 and 5
        ([[1.0, 2.0], [2.0, 3.999]], False),
        ([[1.0, 5.0], [-5.0, 1.0]], True),  # vᵀMv sees the symmetric part alone
        (-np.eye(3), False),
        (np.zeros((0, 0)), True),
    ],
)
def test_positive_semidefinite(matrix, expected):
    assert is_positive_semidefinite(matrix) is expected


POINTS = {
    "minimum": (example, [0.0, 0.0]),
    "maximum": (lambda x: -((x**2).sum()), [0.0, 0.0, 0.0]),
    "saddle": (lambda x: x[0] * x[1], [0.0, 0.0]),
    "degenerate": (lambda x: (x**4).sum() + x[0] ** 2, [0.0, 0.0]),
    "saddle beside a flat direction": (lambda x: x[0] ** 2 - x[1] ** 2 + x[2] ** 4, [0.0, 0.0, 0.0]),
}


@pytest.mark.parametrize("kind", POINTS)
def test_stationary_points(kind):
    assert classify(*POINTS[kind]).kind == kind.split()[0]


def test_directions_belong_to_their_curvatures():
    found = classify(lambda x: x[0] * x[1], np.zeros(2))
    np.testing.assert_allclose(found.curvatures, [-1, 1])
    np.testing.assert_allclose(np.abs(found.directions), np.full((2, 2), np.sqrt(0.5)))
    assert found.directions[:, 0] @ [[0, 1], [1, 0]] @ found.directions[:, 0] == pytest.approx(-1)


def test_convexity_along_chords():
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert convex_along(example, *rng.normal(size=(2, 2)))
    assert convex_along(lambda x: 3 * x.sum() + 1, [0.0], [1.0])  # a line is its own chord
    assert not convex_along(lambda x: x[0] * x[1], [1.0, -1.0], [-1.0, 1.0])
    assert convex_along(lambda x: x[0] * x[1], [1.0, 1.0], [-1.0, -1.0])


def test_newton():
    assert len(newton(lambda x: example(x) - x[0], np.array([9.0, -7.0]))) == 2  # quadratic: one step
    path = newton(lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, np.array([-1.2, 1.0]))
    np.testing.assert_allclose(path[-1], [1, 1], rtol=1e-9)
    assert len(path) < 10
    to_saddle = newton(lambda x: x[0] ** 2 - x[1] ** 2 + x[1] ** 4, np.array([0.4, 0.1]))
    np.testing.assert_allclose(to_saddle[-1], [0, 0], atol=1e-12)
    with pytest.raises(np.linalg.LinAlgError):
        newton(lambda x: x[0] ** 2 + x[1], np.array([1.0, 1.0]))


def test_what_cannot_be_said():
    with pytest.raises(ValueError, match=r"not stationary: the gradient of f there is .*newton"):
        classify(example, np.ones(2))
    with pytest.raises(ValueError, match=r"shape \(n,\); this one has shape \(2, 2\)"):
        classify(example, np.ones((2, 2)))
    with pytest.raises(ValueError, match=r"square matrix; this one has shape \(2, 3\)"):
        is_positive_semidefinite(np.ones((2, 3)))
