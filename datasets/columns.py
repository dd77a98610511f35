"""One column of a text table turned into numbers: kept, spread over 0/1 features, or made into classes.

A column counts as text when fewer than half of its cells are numbers, and as numbers when all are;
anything in between is a mistake in the file, and reported with the line of the first cell of text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .tables import DataError, Table, is_missing, number

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_LABELS = 100
MAX_INTEGER_CLASSES = 20
LARGEST = float(np.finfo(np.float32).max)
SHOWN = 5


class Column:
    """The cells of one column, with the numbers they spell (None for text).

    >>> from autograd_core.datasets.columns import Column
    >>> from autograd_core.datasets.tables import Table
    >>> names, blocks = Column(Table("a.csv", ("size",), [2, 3], [["S"], ["M"]]), 0).features()
    >>> names, blocks.tolist()
    (['size=M', 'size=S'], [[0.0, 1.0], [1.0, 0.0]])
    """

    def __init__(self, table: Table, index: int) -> None:
        self.path = table.path
        self.name = table.names[index]
        self.lines = table.lines
        self.cells = [row[index] for row in table.rows]
        self.numbers = [number(cell) for cell in self.cells]

    def features(self) -> tuple[list[str], NDArray[np.float64]]:
        """Return the names and values, (n, features), of this column as input.

        Raises:
            DataError: numbers mixed with text, or more than MAX_LABELS distinct texts.
        """
        if self._is_numeric():
            return [self.name], self.values()
        labels, indices = self._labels("features")
        return [f"{self.name}={label}" for label in labels], np.eye(len(labels))[indices]

    def target(self, task: str) -> tuple[NDArray[np.generic], list[str]]:
        """Return y and the class names (none for a regression) of this column as the answer.

        Raises:
            DataError: a single class, more than MAX_LABELS classes, or text where numbers are needed.
        """
        if task == "regression" or (task == "auto" and self._is_numeric() and not self._is_enumeration()):
            return self.values(), []
        labels, indices = self._labels("classes")
        if len(labels) == 1:
            raise DataError(
                f"{self.path}: every row has the class {labels[0]!r} in column {self.name!r}, so there is "
                "nothing to tell apart; add rows of another class or choose another target."
            )
        return indices, labels

    def values(self) -> NDArray[np.float64]:
        """Return the numbers of this column, (n, 1); DataError names the first cell that is text."""
        texts = [i for i, value in enumerate(self.numbers) if value is None]
        if texts:
            cell = self.cells[texts[0]]
            advice = "write decimal points and no thousands separators" if "," in cell else "correct the text"
            raise DataError(
                f"{self.path}, line {self.lines[texts[0]]}: column {self.name!r} should hold numbers, found "
                f"{cell!r} ({len(texts)} of {len(self.cells)} cells are text); {advice}, or, for a column of "
                "categories, make every cell a word."
            )
        return np.array(self.numbers, dtype=np.float64)[:, np.newaxis]

    def _is_numeric(self) -> bool:
        if None not in self.numbers:
            return True
        # Counting 1,5 as a number keeps a file of decimal commas from passing for categories.
        almost = sum(number(cell.replace(",", "")) is not None for cell in self.cells)
        if 2 * almost >= len(self.cells):
            self.values()
        return False

    def _is_enumeration(self) -> bool:
        whole = {value for value in self.numbers if value is not None and value.is_integer()}
        return whole == set(self.numbers) and len(whole) <= min(MAX_INTEGER_CLASSES, len(self.cells) // 2)

    def _labels(self, what: str) -> tuple[list[str], NDArray[np.intp]]:
        numbers = [value for value in self.numbers if value is not None]
        texts = self.cells
        if len(numbers) == len(texts):
            # "1" and "1.0" are one class.
            texts = [str(int(value)) if value.is_integer() else str(value) for value in numbers]
        # By value first, so that class 10 comes after class 9.
        labels = sorted(set(texts), key=lambda text: (number(text) is None, number(text) or 0.0, text))
        if len(labels) > MAX_LABELS:
            raise DataError(
                f"{self.path}: column {self.name!r} has {len(labels)} distinct values, too many to become "
                f"{what} (at most {MAX_LABELS}); delete it if it is an identifier, or group the values."
            )
        place = {label: i for i, label in enumerate(labels)}
        return labels, np.array([place[text] for text in texts], dtype=np.intp)


def refuse_bad_cells(columns: Sequence[Column]) -> None:
    """Raise a DataError that counts and lists the missing, or else the infinite, cells of a table.

    >>> from autograd_core.datasets.columns import Column, refuse_bad_cells
    >>> from autograd_core.datasets.tables import Table
    >>> refuse_bad_cells([Column(Table("a.csv", ("size",), [2], [["1.5"]]), 0)])
    """
    for what, is_bad in (("missing", _is_missing), ("infinite", _is_infinite)):
        found = sorted(
            (line, position, column.name, cell)
            for position, column in enumerate(columns)
            for line, cell, value in zip(column.lines, column.cells, column.numbers, strict=True)
            if is_bad(cell, value)
        )
        if found:
            places = [f"line {line}, column {name!r} ({cell or 'empty'})" for line, _, name, cell in found[:SHOWN]]
            more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            noun = "value" if len(found) == 1 else "values"
            raise DataError(
                f"{columns[0].path}: {len(found)} {what} {noun}: {'; '.join(places)}{more}. "
                "Fill them in or delete those rows, then load the file again."
            )


def _is_missing(cell: str, value: float | None) -> bool:
    # Only NaN differs from itself: this catches spellings such as "-nan" that float() accepts.
    return is_missing(cell) or value != value


def _is_infinite(cell: str, value: float | None) -> bool:
    return value is not None and abs(value) > LARGEST
