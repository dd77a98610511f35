"""Ctrl-C while training: the first lets the step be finished, the second is the usual KeyboardInterrupt."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any


class Interrupts:
    """While this is entered, the first Ctrl-C calls `asked`, and the next raises KeyboardInterrupt at once.

    Only in the main thread, and where Python's own answer to Ctrl-C is in place: who has set another keeps it.
    """

    def __init__(self, asked: Callable[[], None]):
        self.asked, self.count, self.own = asked, 0, False

    def __enter__(self) -> Interrupts:
        main = threading.current_thread() is threading.main_thread()
        self.own = main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self.own:
            signal.signal(signal.SIGINT, self._heard)
        return self

    def __exit__(self, *exc: object) -> None:
        if self.own:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _heard(self, number: int, frame: Any) -> None:
        self.count += 1
        if self.count > 1:
            raise KeyboardInterrupt
        self.asked()
        if sys.stderr.isatty():  # not print, which may be what was interrupted
            os.write(2, b"\nstopping after this step; Ctrl-C again to stop at once\n")
