"""One list of every data set that comes with the package, bundled or generated, by name.

A program can offer the list and load whatever its user picks without knowing the functions behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from . import bundled, generators
from .dataset import Dataset
from .wording import suggest

_LOADERS: dict[str, Callable[[], Dataset]] = {
    "digits": bundled.load_digits,
    "iris": bundled.load_iris,
    "wine": bundled.load_wine,
    "breast_cancer": bundled.load_breast_cancer,
    "diabetes": bundled.load_diabetes,
    "xor": generators.make_xor,
    "moons": generators.make_moons,
    "circles": generators.make_circles,
    "spirals": generators.make_spirals,
    "blobs": generators.make_blobs,
    "gaussian_quantiles": generators.make_gaussian_quantiles,
    **{name: partial(generators.make_function, name) for name in generators.FUNCTIONS},
}


class Entry(NamedTuple):
    """One line of the catalogue; ``str(entry)`` is that line, ``classes`` is 0 for a regression.

    >>> from autograd_core import datasets
    >>> [entry.name for entry in datasets.available() if entry.rows > 1000]
    ['digits']
    """

    name: str
    rows: int
    features: int
    task: str
    classes: int
    source: str

    def __str__(self) -> str:
        task = f"{self.task}, {self.classes} classes" if self.classes else self.task
        return f"{self.name:<19}{self.rows:>5} x {self.features:<3} {task:<27}{self.source}"


def names() -> tuple[str, ...]:
    """Return the name of every data set that ``load`` knows.

    >>> from autograd_core import datasets
    >>> datasets.names()[:5]
    ('digits', 'iris', 'wine', 'breast_cancer', 'diabetes')
    """
    return tuple(_LOADERS)


def load(name: str) -> Dataset:
    """Load a bundled data set, or generate one with its defaults, by name.

    Raises:
        ValueError: an unknown name; the message lists the known ones and the nearest.

    >>> from autograd_core import datasets
    >>> datasets.load("moons")
    <Dataset moons: 1000 rows, 2 features, classification, 2 classes>
    """
    if name not in _LOADERS:
        raise ValueError(
            f"no data set {name!r}; there are {', '.join(_LOADERS)}.{suggest(name, _LOADERS)} "
            "A file of your own is read by load_csv(path)."
        )
    return _LOADERS[name]()


def available() -> tuple[Entry, ...]:
    """Return one ``Entry`` (name, rows, features, task, classes, source) per data set.

    >>> from autograd_core import datasets
    >>> print(datasets.available()[1])
    iris                 150 x 4   classification, 3 classes  Fisher (1936)
    """
    return tuple(_entry(load(name)) for name in _LOADERS)


def _entry(data: Dataset) -> Entry:
    return Entry(data.name, len(data), data.n_features, data.task, len(data.classes), data.source)
