"""Minibatches: the data in a new order every epoch, cut into pieces. Full batch, minibatch and one sample at a time
are one argument, the size of the pieces. A pass can be stopped and taken up again at any batch: `state_dict()`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_core import Tensor

from . import generators
from .plumbing import inputs


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
        self.position = self._first = 0  # batches handed out of the present pass, and with which the next begins
        self._start: Any = None  # the generator's state when the present pass began

    def __len__(self) -> int:
        return -(-len(self.x) // self.size)

    def order(self) -> Any:
        """The order of the next pass, drawn as `iter` draws it; None for that of the arrays."""
        return None if self.rng is None else self.rng.permutation(len(self.x))

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        self.position, self._first = self._first, 0
        self._start = self._generator()
        x, t = self.x, self.t
        order = self.order()
        if order is not None:  # gathered once an epoch: the batches are then views, contiguous in memory
            x, t = x[order], t[order]
        for start in range(self.position * self.size, len(x), self.size):
            self.position += 1  # before it is handed out: a state taken while it is used counts it
            yield x[start : start + self.size], t[start : start + self.size]
        self.position = 0

    def state_dict(self) -> dict[str, Any]:
        """Where the order stands: the batches handed out, and the generator as it was when the present pass began.

        >>> a, b = (Minibatches(np.arange(6), np.arange(6), 2, np.random.default_rng(0)) for _ in range(2))
        >>> rest = iter(a); _ = next(rest)
        >>> b.load_state_dict(a.state_dict())
        >>> [x.tolist() for x, t in b] == [x.tolist() for x, t in rest]
        True
        """
        position = self.position or self._first
        return {**self._kind(), "position": position, "generator": self._start if position else self._generator()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken; ValueError, with nothing changed, for other data or another batch size."""
        theirs, ours = {name: state.get(name) for name in self._kind()}, self._kind()
        if theirs != ours:
            raise ValueError(
                f"its data was {_said(theirs)}, and here it is {_said(ours)}: go on with the same data and settings"
            )
        if not 0 <= state["position"] <= len(self):
            raise ValueError(f"it stands at batch {state['position']} of {len(self)}")
        if self.rng is not None:
            generators.set_state(self.rng, state["generator"])
        self.position, self._first, self._start = 0, state["position"], state["generator"]

    def _kind(self) -> dict[str, Any]:
        shapes = {"inputs": list(self.x.shape), "targets": list(self.t.shape)}
        return {**shapes, "batch_size": self.size, "shuffled": self.rng is not None}

    def _generator(self) -> Any:
        return None if self.rng is None else self.rng.bit_generator.state


class Counted:
    """A re-iterable of batches that cannot say where it stands, and is told: its batches are counted, and those that were
    handed out are passed over. Where it draws its order from Generators in its attributes, these are put back."""

    def __init__(self, batches: Any):
        self.batches, self.position, self._first = batches, 0, 0
        self._start: Any = None

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Any]:
        self.position, self._first = self._first, 0
        self._start = generators.states(self.batches)
        for batch in itertools.islice(self.batches, self.position, None):
            self.position += 1
            yield batch
        self.position = 0

    def state_dict(self) -> dict[str, Any]:
        """As that of Minibatches."""
        position = self.position or self._first
        return {"position": position, "generators": self._start if position else generators.states(self.batches)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """As that of Minibatches; ValueError for the place in other batches than such as are counted."""
        if state.keys() != {"position", "generators"}:
            raise ValueError(
                "its data were batches of another sort than those here: go on with the same data and settings"
            )
        generators.restore(state["generators"], self.batches)
        self.position, self._first, self._start = 0, state["position"], state["generators"]


def batches_of(data: Any, batch_size: int | None, rng: np.random.Generator | None, dtype: Any) -> Any:
    """Minibatches of a pair (x, t), or of what has attributes x and y, with inputs of a dtype; what are batches stays as it is."""
    if hasattr(data, "x") and hasattr(data, "y"):
        data = (data.x, data.y)
    if not isinstance(data, (tuple, list)) or len(data) != 2 or all(map(_is_batch, data)):  # be it just two of them
        return data
    x, t = data
    return Minibatches(inputs(x, dtype), np.asarray(t.value if isinstance(t, Tensor) else t), batch_size, rng)


def _is_batch(data: Any) -> bool:
    return isinstance(data, (tuple, list)) and len(data) == 2 and hasattr(data[0], "shape")


def with_position(batches: Any) -> Any:
    """Batches that know where they stand: by themselves, or counted."""
    return batches if hasattr(batches, "state_dict") and hasattr(batches, "load_state_dict") else Counted(batches)


def _said(kind: dict[str, Any]) -> str:
    if kind["inputs"] is None:
        return "no pair of arrays"
    shuffled = "shuffled" if kind["shuffled"] else "in its order"
    return f"inputs {kind['inputs']}, targets {kind['targets']}, batches of {kind['batch_size']}, {shuffled}"
