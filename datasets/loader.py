"""Mini-batches: a training set handed out a few rows at a time, in a fresh order every epoch.

The arrays are never copied up front; a batch in file order is a view, a shuffled one a small copy. Arrays larger than
memory are shuffled in blocks: what is read is always a piece of the file, and only a window of such pieces is in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .states import checked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .dataset import Dataset

WINDOW = 16  # blocks that are mixed with one another


class DataLoader:
    """Iterate over a Dataset, or a tuple of equally long arrays, in batches. PyTorch has it by this name.

    Args:
        data: a Dataset, or arrays such as ``(x, y)`` with the same number of rows; memory-mapped ones stay on the disk.
        batch_size: rows per batch; the last batch holds what is left.
        shuffle: draw a new permutation at the start of every epoch, else keep the order and yield views.
        drop_last: leave out a last batch that is not full.
        rng: an int seed or a Generator for the permutations; None seeds from the operating system.
        block: shuffle as a disk likes it: pieces of this many neighbouring rows (at least; a multiple of batch_size) are
            read in random order, 16 at a time, and the rows of these 16 are shuffled. None permutes single rows.
        map: called with the arrays of each batch, gives the batch that is handed out: ``lambda x, y: (x / 255, y)``.

    The order can be stopped and taken up again at any batch, to the bit: see ``state_dict``.

    Raises:
        ValueError: a batch size or block below 1, arrays of unequal length, no rows, or no full batch.

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
        *,
        block: int | None = None,
        map: Callable[..., Any] | None = None,
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
        for name, value in {"batch_size": batch_size, "block": batch_size if block is None else block}.items():
            if not isinstance(value, (int, np.integer)) or value < 1:
                raise ValueError(f"{name} must be an integer of at least 1, got {value!r}")
        if drop_last and batch_size > lengths[0]:
            raise ValueError(
                f"drop_last with batch_size={batch_size} would drop all {lengths[0]} rows; "
                "use a smaller batch_size or drop_last=False"
            )
        self._maps = [mapping for array in self.arrays if (mapping := _map_under(array)) is not None]
        self.rows = lengths[0]
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.rng = np.random.default_rng(rng)
        self.block = None if block is None else -(-int(block) // self.batch_size) * self.batch_size
        self.map = map
        self.epoch = self.position = 0  # passes ended, and batches handed out of the present one
        self._start = self.rng.bit_generator.state  # of the present pass
        self._resumed = False

    def __len__(self) -> int:
        whole, rest = divmod(self.rows, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[NDArray[Any], ...]]:
        self.position, self._resumed = self.position if self._resumed else 0, False
        self._start = self.rng.bit_generator.state
        batches = self._by_blocks if self.shuffle and self.block else self._by_rows
        for batch in batches(self.position):
            self.position += 1  # before it is handed out: a state taken while it is used counts it
            yield batch if self.map is None else self.map(*batch)
        self.epoch, self.position, self._start = self.epoch + 1, 0, self.rng.bit_generator.state

    def state_dict(self) -> dict[str, Any]:
        """Where the order stands, in plain values, ready for JSON: passes ended (``epoch``), batches handed out since
        (``position``), and the generator as it was when the present pass began (``generator``).

        >>> from autograd_core import datasets
        >>> def loader():
        ...     return datasets.DataLoader((np.arange(6),), 2, shuffle=True, rng=0)
        >>> first, second = loader(), loader()
        >>> batches = iter(first)
        >>> _ = next(batches)
        >>> second.load_state_dict(first.state_dict())
        >>> [x.tolist() for x, in second] == [x.tolist() for x, in batches]
        True
        """
        size = {"rows": self.rows, "batch_size": self.batch_size, "block": self.block or 0, "shuffle": self.shuffle}
        return {"epoch": self.epoch, "position": self.position, "generator": _plain(self._start), **size}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the order where ``state_dict`` was taken: the next pass gives the batches that were left of that one,
        none if all were handed out. ValueError for the state of other data, sizes or generators.
        """
        fields = {
            "epoch": int,
            "position": int,
            "generator": dict,
            "rows": int,
            "batch_size": int,
            "block": int,
            "shuffle": bool,
        }
        found = checked(state, fields, "a DataLoader")
        mine = self.state_dict()
        for field in ("rows", "batch_size", "block", "shuffle"):
            if found[field] != mine[field]:
                raise ValueError(
                    f"this state is of a DataLoader with {field}={found[field]}, but this one has {mine[field]}: the order would be "
                    "another; make it with the same data and settings"
                )
        if found["epoch"] < 0 or not 0 <= found["position"] <= len(self):
            raise ValueError(f"this state stands at batch {found['position']} of {len(self)}: it is damaged")
        try:
            self.rng.bit_generator.state = _arrays(found["generator"])
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise ValueError(
                f"the generator of this state does not fit {type(self.rng.bit_generator).__name__} ({error}); "
                "make the DataLoader with a generator of the same kind"
            ) from None
        self.epoch, self.position, self._resumed = found["epoch"], found["position"], True
        self._start = self.rng.bit_generator.state

    # --- inside ---------------------------------------------------------------------------------------------------

    def _release(self) -> None:
        """Tell the system that what was read of memory-mapped arrays need not stay in memory: it counts as this program's."""
        for mapping in self._maps:
            from mmap import MADV_DONTNEED  # where there is no such call, there are no such maps

            mapping.madvise(MADV_DONTNEED)

    def _by_rows(self, first: int) -> Iterator[tuple[NDArray[Any], ...]]:
        order = self.rng.permutation(self.rows) if self.shuffle else None
        for i in range(first, len(self)):
            batch = slice(i * self.batch_size, (i + 1) * self.batch_size)
            rows = batch if order is None else order[batch]
            yield tuple(array[rows] for array in self.arrays)
            self._release()

    def _by_blocks(self, first: int) -> Iterator[tuple[NDArray[Any], ...]]:
        # Each window has a generator of its own: to go on in the middle nothing before it need be drawn again.
        seed = int(self.rng.integers(2**63))
        length = int(self.block or 1)
        whole = self.rows // length
        # A block that is not full comes last: else a batch in the middle would be short.
        partial = np.arange(whole, -(-self.rows // length))
        blocks = np.append(np.random.default_rng(seed).permutation(whole), partial)
        per_window = WINDOW * length // self.batch_size
        for i in range(first // per_window, -(-len(blocks) // WINDOW)):
            starts = blocks[i * WINDOW : (i + 1) * WINDOW] * length
            pieces = [slice(start, min(start + length, self.rows)) for start in starts.tolist()]
            order = np.random.default_rng([seed, i]).permutation(sum(piece.stop - piece.start for piece in pieces))
            window = [np.concatenate([array[piece] for piece in pieces])[order] for array in self.arrays]
            self._release()
            done = i * per_window
            for j in range(max(first - done, 0), min(per_window, len(self) - done)):
                yield tuple(array[j * self.batch_size : (j + 1) * self.batch_size] for array in window)


def _map_under(array: Any) -> Any:
    """The memory map that an array looks into, or None; only read-only ones: what was written into others may be lost."""
    while isinstance(array, np.ndarray) and not isinstance(array, np.memmap):
        array = array.base
    mapping = getattr(array, "_mmap", None)
    return mapping if hasattr(mapping, "madvise") and array.mode == "r" else None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return {"array": value.tolist(), "dtype": str(value.dtype)} if isinstance(value, np.ndarray) else value


def _arrays(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"array", "dtype"}:
        return np.array(value["array"], dtype=value["dtype"])
    return {key: _arrays(entry) for key, entry in value.items()} if isinstance(value, dict) else value
