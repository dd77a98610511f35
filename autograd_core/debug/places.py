"""Where in the user's code: while `record()` is on, nodes remember the line that made them and that wrote to them."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..modes import observers

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_BESIDE = tuple(os.path.join(os.path.dirname(_OURS), room) + os.sep for room in ("nn", "optim", "datasets"))


@dataclass
class Place:
    """The lines ("file.py:12") that made a tensor and that last wrote to its memory, None where they are not known."""

    made: str | None = None
    wrote: str | None = None


class _Places:
    """An observer that only looks: rules are fed as ever, and numbers may be looked at."""

    follows = False

    def __init__(self) -> None:
        self.thread = threading.get_ident()

    def row(self, out: Any, *_: Any) -> None:
        if threading.get_ident() == self.thread:
            out.site = Place(made=here())

    def wrote(self, tensor: Any) -> None:
        if threading.get_ident() == self.thread:
            tensor.site = Place(tensor.site.made if tensor.site is not None else None, here())

    def cut(self, how: str) -> None:
        pass


@contextlib.contextmanager
def record() -> Iterator[None]:
    """Have nodes remember, in this thread, the user's lines that made them: errors and sessions then name them.

    >>> from autograd_core import Tensor
    >>> with record():
    ...     y = Tensor(2.0, requires_grad=True) * 3
    >>> y.site.made.rpartition(":")[2]
    '2'
    """
    places = _Places()
    observers.append(places)
    try:
        yield
    finally:
        observers.remove(places)


def here() -> str:
    """The innermost line that is not the library's own, as file:line."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"


def _is_ours(filename: str) -> bool:
    return filename.startswith((_OURS + os.sep, *_BESIDE))
