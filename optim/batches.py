"""Minibatches: the data in a new order every epoch, cut into pieces. Full batch, minibatch and one sample at a time
are one argument, the size of the pieces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


class Minibatches:
    """A re-iterable of batches over arrays of equal length; each pass draws a new order if there is an rng.

    batch_size: samples a batch, the last one may be shorter; None: all at once. ValueError for unequal lengths,
    no data, or a size below 1.

    >>> [x.tolist() for x, t in Minibatches(np.arange(5), np.arange(5), 2)]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, x: Any, t: Any, batch_size: int | None = 32, rng: np.random.Generator | None = None):
        if len(x) != len(t):
            raise ValueError(f"there are {len(x)} inputs and {len(t)} targets: they must go in pairs")
        if not len(x):
            raise ValueError("there is no data to train on: 0 samples")
        if batch_size is not None and batch_size < 1:
            raise ValueError(f"a batch has at least 1 sample, not {batch_size!r}; None takes all at once")
        self.x, self.t, self.size, self.rng = x, t, batch_size or len(x), rng

    def __len__(self) -> int:
        return -(-len(self.x) // self.size)

    def order(self) -> Any:
        """The order of the next pass, drawn as `iter` draws it; None for that of the arrays."""
        return None if self.rng is None else self.rng.permutation(len(self.x))

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        x, t = self.x, self.t
        order = self.order()
        if order is not None:  # gathered once an epoch: the batches are then views, contiguous in memory
            x, t = x[order], t[order]
        for start in range(0, len(x), self.size):
            yield x[start : start + self.size], t[start : start + self.size]
