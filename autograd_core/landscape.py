"""What the second derivatives say of a function's landscape: valleys, peaks and saddles, and Newton's way down (topic A9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .tensor import Tensor
from .transforms import grad, hessian

Function = Callable[[Any], Any]  # of one array, giving one number


def is_positive_semidefinite(matrix: Any, tolerance: float = 1e-10) -> bool:
    """Whether vᵀMv ≥ 0 for every v: no eigenvalue of the symmetric part is below 0.

    tolerance: how far below, relative to the largest in size, still counts as rounding. ValueError unless square.

    >>> is_positive_semidefinite([[2.0, 1.0], [1.0, 2.0]]), is_positive_semidefinite([[1.0, 2.0], [2.0, 1.0]])
    (True, False)
    """
    values = _eigenvalues(matrix)
    return bool(np.all(values >= -tolerance * np.max(np.abs(values), initial=0)))


@dataclass(frozen=True)
class Stationary:
    """A point where the gradient is 0. kind: "minimum", "maximum", "saddle", or "degenerate" where the second derivatives
    do not tell; curvatures: the Hessian's eigenvalues, smallest first; directions: its eigenvectors, as columns."""

    kind: str
    curvatures: Any
    directions: Any


def classify(f: Function, x: Any, tolerance: float = 1e-8) -> Stationary:
    """Tell minimum, maximum and saddle apart by the eigenvalues of f's Hessian at the stationary point x.

    x: array of shape (n,). tolerance: what counts as 0, of the gradient and, relative to the largest, of eigenvalues.
    ValueError if the gradient is not 0 there.

    >>> [classify(f, np.zeros(2)).kind for f in (
    ...     lambda x: x[0] ** 2 + x[1] ** 2, lambda x: x[0] ** 2 - x[1] ** 2, lambda x: x[0] ** 2 + x[1] ** 4)]
    ['minimum', 'saddle', 'degenerate']
    """
    x = _point(x)
    slope = grad(f)(x).numpy()
    if not np.max(np.abs(slope), initial=0) <= tolerance:
        raise ValueError(
            f"the point is not stationary: the gradient of f there is {np.array2string(slope, precision=3)}; "
            "go on to where it is 0, by newton(f, x)"
        )
    curvatures, directions = np.linalg.eigh(_symmetric(hessian(f)(x).numpy()))
    signs = set(np.sign(np.where(np.abs(curvatures) <= tolerance * np.max(np.abs(curvatures)), 0, curvatures)).tolist())
    if {-1.0, 1.0} <= signs:
        kind = "saddle"
    elif 0 in signs:
        kind = "degenerate"
    else:
        kind = "minimum" if 1 in signs else "maximum"
    return Stationary(kind, curvatures, directions)


def convex_along(f: Function, a: Any, b: Any, points: int = 33, tolerance: float = 1e-12) -> bool:
    """Whether f stays on or below its chord between a and b, and so does every part of it, at evenly spaced points.

    a, b: arrays of shape (n,). Convex is a function that is so along every chord. tolerance: relative to the values.

    >>> bowl, wave = lambda x: (x**2).sum(), lambda x: np.sin(x).sum()
    >>> convex_along(bowl, [-1.0, 2.0], [3.0, 0.0]), convex_along(wave, [0.0], [6.0])
    (True, False)
    """
    a, b = _point(a), _point(b)
    values = np.array([np.asarray(_bare(f(a + t * (b - a)))) for t in np.linspace(0, 1, points)])
    bends = values[:-2] - 2 * values[1:-1] + values[2:]  # every part: no point above the middle of its neighbours
    return bool(np.all(bends >= -tolerance * np.max(np.abs(values))))


def newton(f: Function, x: Any, steps: int = 20, tolerance: float = 1e-12) -> list[Any]:
    """Newton's iterates x ← x − H⁻¹∇f, from x to where the gradient is 0, or as many as `steps`.

    They go to a stationary point of any kind: see `classify`. For a quadratic function one step is enough.
    numpy.linalg.LinAlgError where the Hessian is singular.

    >>> path = newton(lambda x: (x[0] - 1) ** 2 + x[0] * x[1] + x[1] ** 2, np.array([5.0, 5.0]))
    >>> len(path), path[-1].round(6).tolist()
    (2, [1.333333, -0.666667])
    """
    path = [_point(x)]
    for _ in range(steps):
        slope = grad(f)(path[-1]).numpy()
        if np.max(np.abs(slope), initial=0) <= tolerance:
            break
        path.append(path[-1] - np.linalg.solve(hessian(f)(path[-1]).numpy(), slope))
    return path


def _bare(x: Any) -> Any:
    return x.value if isinstance(x, Tensor) else x


def _point(x: Any) -> Any:
    point = np.array(_bare(x), float)
    if point.ndim != 1:
        raise ValueError(
            f"a point of the landscape is an array of shape (n,); this one has shape {point.shape}: use x.ravel()"
        )
    return point


def _symmetric(matrix: Any) -> Any:
    matrix = np.asarray(_bare(matrix), float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a Hessian is a square matrix; this one has shape {matrix.shape}")
    return (matrix + matrix.T) / 2


def _eigenvalues(matrix: Any) -> Any:
    return np.linalg.eigvalsh(_symmetric(matrix))
