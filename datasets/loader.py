"""Mini-batches: a training set handed out a few rows at a time, in a fresh order every epoch.

The arrays are never copied up front; a batch in file order is a view, a shuffled one a small copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .dataset import Dataset


class DataLoader:
    """Iterate over a Dataset, or a tuple of equally long arrays, in batches.

    Args:
        data: a Dataset, or arrays such as ``(x, y)`` with the same number of rows.
        batch_size: rows per batch; the last batch holds what is left.
        shuffle: draw a new permutation at the start of every epoch, else keep the order and yield views.
        drop_last: leave out a last batch that is not full.
        rng: an int seed or a Generator for the permutations; None seeds from the operating system.

    Raises:
        ValueError: a batch size below 1, arrays of unequal length, no rows, or no full batch.

    >>> from autograd_core import datasets
    >>> batches = datasets.DataLoader(datasets.load_iris(), batch_size=64, shuffle=True, rng=0)
    >>> len(batches), [x.shape for x, y in batches]
    (3, [(64, 4), (64, 4), (22, 4)])
    """

    def __init__(
        self,
        data: Dataset | Iterable[NDArray[Any]],
        batch_size: int = 32,
        shuffle: bool = False,
        drop_last: bool = False,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        if isinstance(data, np.ndarray):
            # Iterating an array would silently take its rows for separate arrays.
            raise TypeError("data must be a Dataset or a tuple of arrays; for one array pass (x,)")
        self.arrays = tuple(np.asarray(array) for array in data)
        lengths = [len(array) if array.ndim else 0 for array in self.arrays]
        if len(set(lengths)) > 1:
            raise ValueError(f"all arrays must have the same number of rows, got {lengths}")
        if not any(lengths):
            raise ValueError("there are no rows to load")
        if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise ValueError(f"batch_size must be an integer of at least 1, got {batch_size!r}")
        if drop_last and batch_size > lengths[0]:
            raise ValueError(
                f"drop_last with batch_size={batch_size} would drop all {lengths[0]} rows; "
                "use a smaller batch_size or drop_last=False"
            )
        self.rows = lengths[0]
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.rng = np.random.default_rng(rng)

    def __len__(self) -> int:
        whole, rest = divmod(self.rows, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[NDArray[Any], ...]]:
        order = self.rng.permutation(self.rows) if self.shuffle else None
        for i in range(len(self)):
            batch = slice(i * self.batch_size, (i + 1) * self.batch_size)
            rows = batch if order is None else order[batch]
            yield tuple(array[rows] for array in self.arrays)
