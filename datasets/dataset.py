"""A table of numbers, the answer for each row, and the names needed to read both.

Every loader, reader and generator in this folder returns the same small object, so code written for
one data set runs on all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .splitting import deal
from .wording import count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Dataset:
    """Rows ``x`` with their answers ``y``, and the names that explain them.

    Args:
        x: (n, d) numbers, kept as float32.
        y: integers or text, (n,), make a classification and are kept as int64 indices into
            ``classes``; floats, (n,) or (n, k), make a regression and are kept as (n, k) float32.
        feature_names: d column names; ``x0``, ``x1``, ... when left out.
        classes: the K class names; the sorted labels, or the integers as text, when left out.
        name, source, licence: what the data is, where it comes from, on what terms.

    Raises:
        ValueError: shapes that do not fit together, or class indices outside ``classes``.

    >>> from autograd_core import datasets
    >>> data = datasets.Dataset([[0.0], [1.0], [2.0]], ["no", "yes", "yes"], name="tiny")
    >>> data
    <Dataset tiny: 3 rows, 1 feature, classification, 2 classes>
    >>> x, y = data
    >>> y.tolist(), data.classes
    ([0, 1, 1], ('no', 'yes'))
    """

    def __init__(
        self,
        x: ArrayLike,
        y: ArrayLike,
        *,
        feature_names: Sequence[str] = (),
        classes: Sequence[str] = (),
        name: str = "data",
        source: str = "",
        licence: str = "",
    ) -> None:
        self.x: NDArray[np.float32] = np.asarray(x, dtype=np.float32)
        if self.x.ndim != 2 or self.x.shape[1] == 0:
            raise ValueError(
                f"x must be a table of shape (rows, features), got shape {self.x.shape}; "
                "a single feature is x.reshape(-1, 1)"
            )
        self.y, self.classes = _answers(np.asarray(y), tuple(classes))
        if len(self.y) != len(self.x):
            raise ValueError(f"x and y must have one row per sample, got {len(self.x)} and {len(self.y)} rows")
        columns = self.x.shape[1]
        self.feature_names = tuple(feature_names) or tuple(f"x{i}" for i in range(columns))
        if len(self.feature_names) != columns:
            raise ValueError(f"x has {columns} columns but {len(self.feature_names)} feature names were given")
        self.name = name
        self.source = source
        self.licence = licence

    @property
    def task(self) -> str:
        """Either "classification" or "regression"."""
        return "classification" if self.classes else "regression"

    @property
    def n_features(self) -> int:
        """The number of columns of ``x``."""
        return int(self.x.shape[1])

    @property
    def n_outputs(self) -> int:
        """How many numbers a model must output: one per class, or one per regression target."""
        return len(self.classes) or int(self.y.shape[1])

    def __len__(self) -> int:
        return len(self.x)

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return iter((self.x, self.y))

    def __getitem__(self, index: Any) -> Dataset:
        if not isinstance(index, slice):
            index = np.asarray(index)
            if index.ndim != 1 or index.dtype.kind not in "iub":
                raise TypeError(
                    "a Dataset is indexed with a slice, a 1-d integer array or a boolean mask; "
                    "for row 3 alone use data[3:4]"
                )
        return self.replace(x=self.x[index], y=self.y[index])

    def __repr__(self) -> str:
        noun = ("class", "classes") if self.classes else ("output", "outputs")
        counts = (
            count(len(self), "row"),
            count(self.n_features, "feature"),
            self.task,
            count(self.n_outputs, *noun),
        )
        return f"<Dataset {self.name}: {', '.join(counts)}>"

    def replace(self, **changes: Any) -> Dataset:
        """Return a Dataset like this one with some of the constructor's arguments changed.

        >>> from autograd_core import datasets
        >>> datasets.load_iris().replace(name="flowers")
        <Dataset flowers: 150 rows, 4 features, classification, 3 classes>
        """
        return Dataset(**{**vars(self), **changes})

    def split(
        self, *fractions: float, seed: int | np.random.Generator = 0, stratify: bool = True
    ) -> tuple[Dataset, ...]:
        """Shuffle the rows and deal them out into parts, every row to exactly one part.

        With ``stratify`` each part of a classification gets its share of every class, rounded by
        largest remainder, so that it differs from the exact share by less than one row; where that
        leaves a part without any, a larger part gives it one.

        Raises:
            ValueError: fewer than two fractions, one that is not positive, a sum other than 1, or
                too few rows (of some class) for every part to get one.

        >>> from autograd_core import datasets
        >>> train, valid, test = datasets.load_iris().split(0.7, 0.15, 0.15, seed=0)
        >>> len(train), len(valid), len(test)
        (105, 23, 22)
        """
        return tuple(self[rows] for rows in deal(self.y, self.classes, fractions, seed, stratify))


def _answers(y: NDArray[Any], classes: tuple[str, ...]) -> tuple[NDArray[Any], tuple[str, ...]]:
    if y.dtype.kind == "U" and not classes:
        labels, y = np.unique(y, return_inverse=True)
        classes = tuple(labels.tolist())
    if not classes and y.dtype.kind not in "iub":
        y = y.astype(np.float32, copy=False)
        y = y[:, np.newaxis] if y.ndim == 1 else y
        if y.ndim != 2 or y.shape[1] == 0:
            raise ValueError(f"a regression y must have shape (rows,) or (rows, outputs), got {y.shape}")
        return y, ()
    if y.dtype.kind not in "iub" or y.ndim != 1:
        raise ValueError(
            f"a classification y must be a 1-d array of integer class indices, got shape {y.shape} of "
            f"{y.dtype}; use y.ravel().astype(int), or floats without classes for a regression"
        )
    lowest, highest = (int(y.min()), int(y.max())) if len(y) else (0, 0)
    classes = classes or tuple(str(k) for k in range(highest + 1))
    if lowest < 0 or highest >= len(classes):
        raise ValueError(
            f"class indices must lie in 0..{len(classes) - 1} ({len(classes)} classes), got {lowest}..{highest}"
        )
    return y.astype(np.int64, copy=False), classes
