"""Synthetic data sets whose answer is known: small shapes to check, by eye, what a network learns.

Every generator takes the number of rows, the standard deviation of the Gaussian noise it adds and a
seed, and interleaves balanced classes, so that even the first few rows hold some of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .dataset import Dataset
from .wording import suggest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    # Naming np.random outside of annotations would import it, at more than the cost of this folder.
    Seed = int | np.random.Generator
    Curve = Callable[[Any], Any]

FUNCTIONS: dict[str, Curve] = {
    "sine": lambda x: np.sin(2 * x),
    "step": lambda x: np.where(x < 0, -1.0, 1.0),
    "polynomial": lambda x: x**3 / 6 - x,
    "sinc": np.sinc,
    "bump": lambda x: np.exp(-(x**2)),
    "absolute": np.abs,
}


def make_xor(n: int = 1000, noise: float = 0.1, rng: Seed = 0) -> Dataset:
    """Four corners of the unit square, where a point's class is whether its coordinates differ.

    Returns x (n, 2) and 2 classes; ``n=4, noise=0`` is the truth table. ValueError for n < 2 or a
    negative noise. The standard example of a problem no linear model solves (Minsky & Papert, 1969).

    >>> from autograd_core import datasets
    >>> x, y = datasets.make_xor(n=4, noise=0)
    >>> x.tolist(), y.tolist()
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]], [0, 1, 0, 1])
    """
    generator = _start(n, noise, rng, least=2)
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    row = np.arange(n)
    return _points("xor", corners[row % 4], row % 2, 2, noise, generator)


def make_moons(n: int = 1000, noise: float = 0.1, rng: Seed = 0) -> Dataset:
    """Two half circles of radius 1 that reach into each other.

    Returns x (n, 2) and 2 classes; ValueError for n < 2 or a negative noise.

    >>> from autograd_core import datasets
    >>> datasets.make_moons(n=100)
    <Dataset moons: 100 rows, 2 features, classification, 2 classes>
    """
    generator = _start(n, noise, rng, least=2)
    label = np.arange(n) % 2
    angle = generator.uniform(0, np.pi, n)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    # The lower moon is the upper one turned by half a circle about (0.5, 0.25).
    return _points("moons", np.where(label[:, None] == 0, upper, [1.0, 0.5] - upper), label, 2, noise, generator)


def make_circles(n: int = 1000, noise: float = 0.1, rng: Seed = 0, *, ratio: float = 0.5) -> Dataset:
    """Two circles about the origin: class 0 of radius 1, class 1 of radius ``ratio``.

    Returns x (n, 2) and 2 classes; ValueError for n < 2, a negative noise or a ratio outside (0, 1).

    >>> from autograd_core import datasets
    >>> x, y = datasets.make_circles(n=4, noise=0)
    >>> (x**2).sum(axis=1).round(3).tolist(), y.tolist()
    ([1.0, 0.25, 1.0, 0.25], [0, 1, 0, 1])
    """
    generator = _start(n, noise, rng, least=2)
    if not 0 < ratio < 1:
        raise ValueError(f"ratio must lie between 0 and 1, got {ratio!r}")
    label = np.arange(n) % 2
    angle = generator.uniform(0, 2 * np.pi, n)
    return _points("circles", _polar(np.where(label == 0, 1.0, ratio), angle), label, 2, noise, generator)


def make_spirals(n: int = 1000, noise: float = 0.02, rng: Seed = 0, *, classes: int = 2, turns: float = 1.5) -> Dataset:
    """Spiral arms, one per class, that wind ``turns`` times about the origin out to radius 1.

    Returns x (n, 2) and ``classes`` classes; ValueError for n < classes, a negative noise, fewer
    than 2 classes or turns that are not positive.

    >>> from autograd_core import datasets
    >>> datasets.make_spirals(n=300, classes=3).classes
    ('0', '1', '2')
    """
    generator = _start(n, noise, rng, least=_whole("classes", classes, 2))
    if not (turns > 0 and np.isfinite(turns)):
        raise ValueError(f"turns must be positive, got {turns!r}")
    label = np.arange(n) % classes
    # The square root spreads the points evenly over the area instead of crowding them in the middle.
    radius = np.sqrt(generator.uniform(0, 1, n))
    angle = 2 * np.pi * (turns * radius + label / classes)
    return _points("spirals", _polar(radius, angle), label, classes, noise, generator)


def make_blobs(n: int = 1000, noise: float = 1.0, rng: Seed = 0, *, classes: int = 3, features: int = 2) -> Dataset:
    """Round Gaussian clouds of deviation ``noise``, one per class, about centres drawn in [-10, 10].

    Returns x (n, features) and ``classes`` classes; ValueError for n < classes, a negative noise,
    fewer than 2 classes or no features.

    >>> from autograd_core import datasets
    >>> datasets.make_blobs(n=60, features=5)
    <Dataset blobs: 60 rows, 5 features, classification, 3 classes>
    """
    generator = _start(n, noise, rng, least=_whole("classes", classes, 2))
    centres = generator.uniform(-10, 10, (classes, _whole("features", features, 1)))
    label = np.arange(n) % classes
    return _points("blobs", centres[label], label, classes, noise, generator)


def make_gaussian_quantiles(
    n: int = 1000, noise: float = 0.0, rng: Seed = 0, *, classes: int = 3, features: int = 2
) -> Dataset:
    """One Gaussian cloud about the origin, cut into equally full shells: class 0 is the innermost.

    Returns x (n, features) and ``classes`` classes, labelled before the noise is added; ValueError
    for n < classes, a negative noise, fewer than 2 classes or no features.

    >>> from autograd_core import datasets
    >>> x, y = datasets.make_gaussian_quantiles(n=90)
    >>> radius = (x**2).sum(axis=1)
    >>> bool(radius[y == 0].max() < radius[y == 1].min())
    True
    """
    generator = _start(n, noise, rng, least=_whole("classes", classes, 2))
    x = generator.standard_normal((n, _whole("features", features, 1)))
    rank = np.argsort(np.argsort((x**2).sum(axis=1), kind="stable"), kind="stable")
    return _points("gaussian_quantiles", x, rank * classes // n, classes, noise, generator)


def make_function(
    function: str | Curve = "sine",
    n: int = 200,
    noise: float = 0.1,
    rng: Seed = 0,
    *,
    low: float = -3.0,
    high: float = 3.0,
) -> Dataset:
    """Noisy samples of a curve y = f(x) at random x in [low, high): regression from 1 to 1 number.

    Args:
        function: sine, step, polynomial, sinc, bump or absolute, or a callable that maps an array of
            n numbers to n numbers.

    Raises:
        ValueError: an unknown name, n < 1, a negative noise, low >= high, or a callable whose answer
            is not n finite numbers.

    >>> from autograd_core import datasets
    >>> x, y = datasets.make_function(lambda x: 2 * x, n=50, noise=0)
    >>> x.shape, y.shape, bool((y == 2 * x).all())
    ((50, 1), (50, 1), True)
    """
    generator = _start(n, noise, rng, least=1)
    if not low < high:
        raise ValueError(f"low must be below high, got low={low!r} and high={high!r}")
    if isinstance(function, str) and function not in FUNCTIONS:
        known = ", ".join(FUNCTIONS)
        raise ValueError(f"no function {function!r}; there are {known}.{suggest(function, FUNCTIONS)}")
    name = function if isinstance(function, str) else getattr(function, "__name__", "function")
    curve = FUNCTIONS[function] if isinstance(function, str) else function
    x = generator.uniform(low, high, n)
    y = np.asarray(curve(x), dtype=np.float64)
    if y.shape != x.shape or not np.isfinite(y).all():
        raise ValueError(f"function {name!r} must turn {n} numbers into {n} finite numbers")
    y = y + noise * generator.standard_normal(n)
    return Dataset(x[:, None], y, name=name.strip("<>"), source="generated")


def _whole(what: str, value: int, lowest: int) -> int:
    if not isinstance(value, (int, np.integer)) or value < lowest:
        raise ValueError(f"{what} must be an integer of at least {lowest}, got {value!r}")
    return int(value)


def _start(n: int, noise: float, rng: Seed, least: int) -> np.random.Generator:
    _whole("n", n, least)
    if not (noise >= 0 and np.isfinite(noise)):
        raise ValueError(f"noise is a standard deviation and must be at least 0, got {noise!r}")
    return np.random.default_rng(rng)


def _polar(radius: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _points(
    name: str,
    x: NDArray[np.float64],
    label: NDArray[np.intp],
    classes: int,
    noise: float,
    generator: np.random.Generator,
) -> Dataset:
    x = x + noise * generator.standard_normal(x.shape)
    return Dataset(x, label, classes=[str(k) for k in range(classes)], name=name, source="generated")
