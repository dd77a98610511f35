"""What goes on beside the numbers: whether a thread records graphs, and who is told of the rows that are read."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any


class Observer:
    """Who is told of the rows that a thread reads, of its writes, and of its looks at numbers. This one does nothing about it.

    follows: wants to know what rules compute, too: they are fed with Tensors for it. keeps: what a backward pass frees is
    not lost.
    """

    follows = False
    keeps = False

    def row(self, out: Any, op: Any, inputs: Any, params: Any) -> None:
        """A row was read."""

    def draws(self, rng: Any) -> None:
        """A row is about to draw random numbers."""

    def made(self, tensor: Any, data: Any) -> None:
        """A leaf was made by hand, perhaps of another tensor's numbers."""

    def wrote(self, tensor: Any) -> None:
        """A tensor's memory was written to."""

    def assigned(self, tensor: Any, numbers: Any, index: Any) -> bool:
        """Numbers are to be written to a tensor. True if nothing is to be done about it."""
        return False

    def cut(self, how: str, tensor: Any = None, out: Any = None) -> None:
        """Numbers are looked at, or go on without their graph, in `out` if that is a tensor."""

    def graded(self, tensor: Any) -> None:
        """A gradient is read, or another one put in its place."""

    def cleared(self, tensor: Any) -> None:
        """A gradient is forgotten, as by zero_grad()."""

    def passing(self, outputs: Any, order: Any, edges: Any, grads: Any) -> Any:
        """A backward pass is made by drawing these edges, or those that are given back."""
        return edges

    def stepped(self, optimizer: Any) -> bool:
        """An optimizer is to step. True if nothing is to be done about it."""
        return False

    def inside(self, module: Any) -> contextlib.AbstractContextManager[Any]:
        """While a module computes."""
        return contextlib.nullcontext()


class _Mode(threading.local):
    """Of a thread: whether it records the rows that it reads, and who is told of them, the last one alone."""

    recording = True

    def __init__(self) -> None:
        self.observers = [Observer()]


mode = _Mode()
collecting = threading.Lock()  # gradients are added to leaves by one thread at a time
observers: list[
    Observer
] = []  # of all threads: that there are none costs the least to see, `if observers: observer()...`


def observer() -> Observer:
    """Who is told of what this thread does."""
    return mode.observers[-1]


@contextlib.contextmanager
def observing(one: Any) -> Iterator[Any]:
    """Have an Observer told of what this thread does, and of nothing else."""
    mine = mode.observers
    mine.append(one)
    observers.append(one)
    try:
        yield one
    finally:
        observers.remove(one)
        mine.remove(one)


def observed() -> bool:
    """Whether somebody is told of what this thread does."""
    return bool(observers) and len(mode.observers) > 1


def followed() -> bool:
    """Whether somebody writes down all that is computed, the rules' own work included."""
    return bool(observers) and observer().follows


class set_grad_enabled(contextlib.ContextDecorator):
    """Switch recording on or off in this thread, as a context manager or a decorator.

    >>> from autograd_core import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> with set_grad_enabled(False):
    ...     (2 * w).requires_grad
    False
    """

    def __init__(self, enabled: bool):
        self.enabled = enabled
        self.before: list[bool] = []

    def _recreate_cm(self) -> set_grad_enabled:  # a decorated function may run in several threads at once
        return set_grad_enabled(self.enabled)

    def __enter__(self) -> None:
        self.before.append(mode.recording)
        mode.recording = self.enabled

    def __exit__(self, *exc: object) -> None:
        mode.recording = self.before.pop()


def no_grad() -> set_grad_enabled:
    """Record nothing in this thread, as a context manager or a decorator (`@no_grad()`).

    >>> from autograd_core import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> with no_grad():
    ...     (2 * w).requires_grad
    False
    """
    return set_grad_enabled(False)


def enable_grad() -> set_grad_enabled:
    """Record again in this thread, inside a no_grad() block."""
    return set_grad_enabled(True)


def is_grad_enabled() -> bool:
    """Whether this thread records."""
    return mode.recording
