"""What goes on beside the numbers: whether a thread records graphs, and who is told of the rows that are read."""

from __future__ import annotations

import contextlib
import threading
from typing import Any


class _Mode(threading.local):
    """Whether a thread records the rows that it reads."""

    recording = True


mode = _Mode()
collecting = threading.Lock()  # gradients are added to leaves by one thread at a time
# The last is told of every row that is read (row), of every look at a number (cut) and of every write (wrote). One that
# `follows` wants to know what rules compute, too: they are fed with Tensors for it. Debuggers have more: what they `keep`
# is not lost when a pass frees it, they may look at a pass (passing) and know in which module a row is read (inside).
observers: list[Any] = []


def followed() -> bool:
    """Whether somebody writes down all that is computed, the rules' own work included."""
    return bool(observers) and observers[-1].follows


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
