"""Which line is the user's: the innermost that is not the library's own. Warnings, errors and the debugger name it."""

from __future__ import annotations

import contextlib
import copy
import functools
import linecache
import os
import sys
import warnings
from typing import Any

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_ROOMS = tuple(os.path.join(_ROOT, room, "") for room in ("autograd_core", "nn", "optim", "datasets"))
PROGRAM = "<program>"  # as which the compiler's programs run
_BETWEEN = {contextlib.__file__, copy.__file__, functools.__file__, PROGRAM}  # what passes calls on
_ours: dict[str, bool] = {}  # file name -> whether it is the library's own
Line = tuple[str, int]


def is_ours(file: str) -> bool:
    """Whether a file is the library's own."""
    known = _ours.get(file)
    if known is None:
        known = _ours[file] = file.startswith(_ROOMS) or file in _BETWEEN
    return known


def here() -> Line:
    """The innermost line that is not the library's own."""
    frame = sys._getframe(1)
    while True:
        file = frame.f_code.co_filename
        if not _ours.get(file, True) or not is_ours(file) or frame.f_back is None:
            return file, frame.f_lineno
        frame = frame.f_back


def said(line: Line | None) -> str | None:
    """A line as it is written: file:number, or In[3]:number in a notebook."""
    if line is None:
        return None
    file, number = line
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    cells = getattr(getattr(shell, "compile", None), "_filename_map", {})
    return f"In[{cells[file]}]:{number}" if file in cells else f"{os.path.basename(file)}:{number}"


def quoted(line: Line) -> str:
    """A line with its text, file:number: text."""
    text = linecache.getline(*line).strip()
    return f"{said(line)}: {text}" if text else f"{said(line)}"


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn of the user's line, however many of the library's own lie between."""
    frame: Any = sys._getframe(1)
    depth = 2
    while is_ours(frame.f_code.co_filename) and frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    warnings.warn(message, category, stacklevel=depth)
