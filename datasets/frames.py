"""Frames of other libraries, known by their shape alone: names in ``columns``, and a column for each name.

pandas and polars are never imported: whoever has a frame has imported its library already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .tables import DataError, Table, refuse_duplicates
from .wording import listed


def is_frame(source: Any) -> bool:
    """Whether this is a frame, or a mapping of names to columns.

    >>> from autograd_core.datasets.frames import is_frame
    >>> is_frame({"a": [1, 2]}), is_frame("table.csv")
    (True, False)
    """
    return isinstance(source, Mapping) or (hasattr(source, "columns") and hasattr(source, "__getitem__"))


def table_of(frame: Any) -> Table:
    """A frame as a Table of text; an error counts its rows from 0, as frames do.

    None, NaN, NaT and NA become empty cells, truth values "true" and "false", times their ISO spelling.

    Raises:
        DataError: two columns of one name, columns of unequal length, no rows or columns.

    >>> from autograd_core.datasets.frames import table_of
    >>> table_of({"age": [31.0, float("nan")], "paid": [True, False]}).rows
    [['31.0', 'true'], ['', 'false']]
    """
    keys = list(frame) if isinstance(frame, Mapping) else list(frame.columns)
    names = tuple(str(key).strip() for key in keys)
    refuse_duplicates("frame", names)
    columns = [[_cell(value) for value in frame[key]] for key in keys]
    lengths = [len(column) for column in columns]
    if len(set(lengths)) > 1:
        raise DataError(f"frame: all columns must be equally long, got {listed([str(n) for n in lengths])} cells.")
    if not any(lengths):
        raise DataError("frame: there are no rows of data in it; check how it was made.")
    rows = [list(row) for row in zip(*columns, strict=True)]
    return Table("frame", names, list(range(len(rows))), rows, unit="row")


def _cell(value: Any) -> str:
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return "" if np.isnat(value) else str(value)
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        empty = value is None or bool(value != value)  # only NaN and its kin differ from themselves
    except (TypeError, ValueError):  # pandas.NA is neither true nor false
        empty = str(value) == "<NA>"
    return "" if empty else str(value).strip()
