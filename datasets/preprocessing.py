"""Columns brought to mean 0 and standard deviation 1, so that no feature dominates by its unit.

The statistics come from the training rows alone and are then applied to every other part: a test
set that helped to choose them would no longer be unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from .dataset import Dataset


class Standardizer:
    """Subtract each column's mean and divide by its standard deviation.

    Statistics are float64; float32 input comes back as float32, anything else as float64. A constant
    column is only centred.

    Raises:
        ValueError: input that is not a table, has NaN or infinite cells, or other columns than fitted.

    >>> from autograd_core import datasets
    >>> scaler = datasets.Standardizer().fit([[1.0, 5.0], [3.0, 5.0]])
    >>> scaler.transform([[1.0, 5.0], [5.0, 6.0]]).tolist()
    [[-1.0, 0.0], [3.0, 1.0]]
    >>> scaler.inverse([[3.0, 1.0]]).tolist()
    [[5.0, 6.0]]
    """

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.mean: NDArray[np.float64] = np.empty(0)
        self.scale: NDArray[np.float64] = np.empty(0)

    def fit(self, x: ArrayLike, names: Sequence[str] = ()) -> Standardizer:
        """Take the statistics of the columns of ``x``, (n, d); ``names`` serve the error messages.

        >>> from autograd_core import datasets
        >>> datasets.Standardizer().fit([[1.0], [3.0]], names=["height"]).mean.tolist()
        [2.0]
        """
        table = np.asarray(x)
        if table.ndim != 2 or table.size == 0:
            raise ValueError(f"a Standardizer needs a table with rows and columns, got shape {table.shape}")
        self.names = tuple(names) or tuple(f"column {i}" for i in range(table.shape[1]))
        self._check(table)
        self.mean = table.mean(axis=0, dtype=np.float64)
        deviation = table.std(axis=0, dtype=np.float64)
        # Rounding can leave a constant column a deviation of 1e-17: compare the values themselves.
        varies = (table != table[0]).any(axis=0) & (deviation > 0)
        self.scale = np.where(varies, deviation, 1.0)
        return self

    def transform(self, x: ArrayLike) -> NDArray[Any]:
        """Standardise the columns of ``x``, (n, d), by the fitted statistics.

        >>> from autograd_core import datasets
        >>> datasets.Standardizer().fit([[1.0], [3.0]]).transform([[4.0]]).tolist()
        [[2.0]]
        """
        table = self._check(np.asarray(x))
        return _like(table, (table - self.mean) / self.scale)

    def inverse(self, x: ArrayLike) -> NDArray[Any]:
        """Undo ``transform``: bring ``x``, (n, d), back to the original units.

        >>> from autograd_core import datasets
        >>> datasets.Standardizer().fit([[1.0], [3.0]]).inverse([[2.0]]).tolist()
        [[4.0]]
        """
        table = self._check(np.asarray(x))
        return _like(table, table * self.scale + self.mean)

    def to_dict(self) -> dict[str, Any]:
        """Return the statistics as plain lists, ready for JSON.

        >>> from autograd_core import datasets
        >>> datasets.Standardizer().fit([[1.0], [3.0]]).to_dict()
        {'names': ['column 0'], 'mean': [2.0], 'scale': [1.0]}
        """
        return {"names": list(self.names), "mean": self.mean.tolist(), "scale": self.scale.tolist()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Standardizer:
        """Rebuild a Standardizer from ``to_dict``; ValueError for a state that cannot come from it.

        >>> from autograd_core import datasets
        >>> state = {"names": ["height"], "mean": [2.0], "scale": [1.0]}
        >>> datasets.Standardizer.from_dict(state).transform([[3.0]]).tolist()
        [[1.0]]
        """
        if missing := {"names", "mean", "scale"} - set(state):
            raise ValueError(f"the state of a Standardizer lacks {', '.join(sorted(missing))}")
        scaler = cls()
        scaler.names = tuple(state["names"])
        scaler.mean = np.asarray(state["mean"], dtype=np.float64)
        scaler.scale = np.asarray(state["scale"], dtype=np.float64)
        if not scaler.mean.shape == scaler.scale.shape == (len(scaler.names),):
            raise ValueError("names, mean and scale must have one entry per column")
        if not (np.isfinite(scaler.mean).all() and np.isfinite(scaler.scale).all() and (scaler.scale > 0).all()):
            raise ValueError("mean must be finite, and scale finite and positive")
        return scaler

    def _check(self, table: NDArray[Any]) -> NDArray[Any]:
        if not self.names:
            raise ValueError("this Standardizer has no statistics yet; call fit(x) first")
        if table.ndim != 2 or table.shape[1] != len(self.names):
            raise ValueError(f"expected a table with {len(self.names)} columns, got shape {table.shape}")
        bad = np.argwhere(~np.isfinite(table))
        if len(bad):
            row, column = bad[0]
            raise ValueError(
                f"{len(bad)} of {table.size} cells are NaN or infinite, the first in row {row} of "
                f"{self.names[column]!r} (column {column}); fill them in or drop those rows"
            )
        return table


def _like(table: NDArray[Any], result: NDArray[Any]) -> NDArray[Any]:
    return result.astype(table.dtype if table.dtype == np.float32 else np.float64, copy=False)


@overload
def standardize(
    train: Dataset, *others: Dataset, target: Literal[False] = False
) -> tuple[tuple[Dataset, ...], Standardizer]: ...
@overload
def standardize(
    train: Dataset, *others: Dataset, target: Literal[True]
) -> tuple[tuple[Dataset, ...], Standardizer, Standardizer]: ...
def standardize(train: Dataset, *others: Dataset, target: bool = False) -> tuple[Any, ...]:
    """Standardise several parts of one data set by the statistics of the first.

    Returns ``(parts, scaler)``; with ``target=True`` a regression's y is standardised as well and the
    result is ``(parts, scaler, target_scaler)``.

    Raises:
        ValueError: NaN or infinite cells, parts with different columns, or ``target=True`` for a
            classification.

    >>> from autograd_core import datasets
    >>> train, test = datasets.load_wine().split(0.8, 0.2)
    >>> (train, test), scaler = datasets.standardize(train, test)
    >>> bool(abs(train.x.mean()) < 1e-6), scaler.mean.shape
    (True, (13,))
    """
    parts = (train, *others)
    scaler = Standardizer().fit(train.x, train.feature_names)
    scaled = tuple(part.replace(x=scaler.transform(part.x)) for part in parts)
    if not target:
        return scaled, scaler
    if train.classes:
        raise ValueError(
            f"target=True standardises a regression target, but {train.name!r} is a classification; "
            "leave it at target=False"
        )
    outputs = Standardizer().fit(train.y, [f"target {i}" for i in range(train.n_outputs)])
    return tuple(part.replace(y=outputs.transform(part.y)) for part in scaled), scaler, outputs
