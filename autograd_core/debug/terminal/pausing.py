"""`breakpoint()` in a rule of your own, while a session steps through it: pdb opens where the numbers are.

A session reads a rule more often than a pass does: once to learn the steps, again with Symbols to spell it, and with the
numbers when somebody looks. Only the last is a moment to stop at.
"""

from __future__ import annotations

import contextlib
import os
import pdb
import sys
from collections.abc import Iterator
from typing import Any

from ...symbol import Symbol


@contextlib.contextmanager
def without_breakpoints() -> Iterator[None]:
    """Pass by every breakpoint() in here."""
    with _hook(lambda *_, **__: None):
        yield


@contextlib.contextmanager
def breakpoints_on_numbers() -> Iterator[None]:
    """Heed breakpoint() in here, but not where it is met by Symbols."""
    before = sys.breakpointhook

    def pause(*args: Any, **kwargs: Any) -> None:
        frame = sys._getframe(1)
        if any(isinstance(value, Symbol) for value in frame.f_locals.values()):
            return
        if before is sys.__breakpointhook__ and not os.environ.get("PYTHONBREAKPOINT") and not args and not kwargs:
            pdb.Pdb().set_trace(frame)  # as the hook does, but in the rule's frame rather than in this one
        else:
            before(*args, **kwargs)

    with _hook(pause):
        yield


@contextlib.contextmanager
def _hook(function: Any) -> Iterator[None]:
    before, sys.breakpointhook = sys.breakpointhook, function
    try:
        yield
    finally:
        sys.breakpointhook = before
