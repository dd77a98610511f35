"""Batches that a function makes as they are asked for: no array need ever hold them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from .states import checked
from .tables import DataError


class Stream:
    """A re-iterable of batches ``(x, y)``, made anew for each epoch by a function of the epoch's number, from 0.

    A generator can be read once only, and training reads its data once an epoch; hence a function. If it draws, it should
    draw from ``np.random.default_rng([seed, epoch])``: the order can then be taken up at any batch, see ``state_dict``.
    PyTorch calls it an IterableDataset.

    Args:
        make: takes the number of the epoch and returns an iterable (a generator will do) of batches.
        length: how many batches an epoch has, if that is known; ``len`` gives it.

    Raises:
        TypeError: a generator instead of a function that makes one.
        DataError: while iterating: a batch that is not a pair of equally long arrays, or an epoch without batches.

    >>> import numpy as np
    >>> from autograd_core import datasets
    >>> def noise(epoch):
    ...     rng = np.random.default_rng([7, epoch])
    ...     for _ in range(2):
    ...         x = rng.normal(size=(4, 3)).astype(np.float32)
    ...         yield x, x.sum(axis=1, keepdims=True)
    >>> [x.shape for x, y in datasets.Stream(noise)]
    [(4, 3), (4, 3)]
    """

    def __init__(self, make: Callable[[int], Iterable[Any]], length: int | None = None) -> None:
        if not callable(make):
            raise TypeError(
                f"make is a function that takes the number of the epoch and returns its batches, got {type(make).__name__}; "
                "a generator can be read once only, so pass the function that makes it"
            )
        self.make, self.length = make, length
        self.epoch = self.position = 0
        self._resumed = False

    def __len__(self) -> int:
        if self.length is None:
            raise TypeError("nobody knows how many batches this Stream has; say so with Stream(make, length=...)")
        return self.length

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        first, self._resumed = self.position if self._resumed else 0, False
        self.position = first
        for batch in islice(self.make(self.epoch), first, None):
            self.position += 1
            yield self._pair(batch)
        if not self.position:
            raise DataError(
                f"the stream has no batches in epoch {self.epoch}; its function must make a new iterable at each call."
            )
        self.epoch, self.position = self.epoch + 1, 0

    def state_dict(self) -> dict[str, Any]:
        """Where the stream stands, ready for JSON: epochs ended, and batches handed out since."""
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where ``state_dict`` was taken: batches that were handed out are made again and passed over.

        >>> from autograd_core import datasets
        >>> stream = datasets.Stream(lambda epoch: [([[i]], [epoch]) for i in range(3)])
        >>> stream.load_state_dict({"epoch": 5, "position": 2})
        >>> list(stream)
        [([[2]], [5])]
        """
        found = checked(state, {"epoch": int, "position": int}, "a Stream")
        if min(found.values()) < 0:
            raise ValueError(f"epoch and position count from 0, got {found}")
        self.epoch, self.position, self._resumed = found["epoch"], found["position"], True

    def _pair(self, batch: Any) -> tuple[Any, Any]:
        where = f"batch {self.position} of epoch {self.epoch}"
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            raise DataError(f"{where} should be a pair (x, y), got {type(batch).__name__}; yield x, y.")
        try:
            lengths = [len(part) for part in batch]
        except TypeError:
            raise DataError(
                f"{where}: x and y should be arrays with a row for each sample; got single numbers."
            ) from None
        if lengths[0] != lengths[1] or not lengths[0]:
            raise DataError(
                f"{where} has {lengths[0]} inputs and {lengths[1]} targets; it needs as many, and at least one."
            )
        return batch[0], batch[1]
