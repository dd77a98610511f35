"""A table of text: named columns, rows of cells, and the line of the file on which each row starts.

Files, frames and generators all become this one object; what the cells mean is decided in ``columns``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from .wording import count, listed, quoted, suggest

MISSING = frozenset(("", "na", "n/a", "#n/a", "<na>", "nan", "+nan", "-nan", "null", "?", "-"))


class DataError(ValueError):
    """A data file that cannot be used; the message says where the trouble is and what to do about it.

    >>> from autograd_core import datasets
    >>> try:
    ...     datasets.load_csv("missing.csv")
    ... except datasets.DataError as error:
    ...     print(error)
    missing.csv: there is no such file; check the path and the folder you are in.
    """


class DataWarning(UserWarning):
    """Data that can be used, though not quite as it is; the message says what was done about it."""


@dataclass(frozen=True)
class Table:
    """The stripped cells of a file or frame: ``rows[i]`` starts on line ``lines[i]`` and has a cell per name.

    >>> from autograd_core import datasets
    >>> table = datasets.read_table({"size": [1.5, None], "colour": ["red", "blue"]})
    >>> table
    <Table frame: 2 rows, 2 columns: size, colour>
    >>> table.rows, table.column("size")
    ([['1.5', 'red'], ['', 'blue']], ['1.5', ''])
    """

    path: str
    names: tuple[str, ...]
    lines: list[int]
    rows: list[list[str]]
    unit: str = "line"

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        sizes = f"{count(len(self), 'row')}, {count(len(self.names), 'column')}"
        return f"<Table {os.path.basename(self.path)}: {sizes}: {listed(self.names)}>"

    def index(self, name: str, purpose: str = "") -> int:
        """The place of a column; DataError if there is none of this name.

        >>> from autograd_core import datasets
        >>> datasets.read_table({"a": [1], "b": [2]}).index("b")
        1
        """
        if name not in self.names:
            uncut = " If the file has more, name its delimiter." * (len(self.names) == 1 and self.unit == "line")
            raise DataError(
                f"{self.path}: there is no column {quoted(str(name))}{purpose}; the columns are "
                f"{listed(self.names)}.{uncut or suggest(str(name), self.names)}"
            )
        return self.names.index(name)

    def column(self, name: str) -> list[str]:
        """The cells of one column, top to bottom; DataError if there is none of this name."""
        place = self.index(name)
        return [row[place] for row in self.rows]

    def take(self, rows: Iterable[Any]) -> Table:
        """The table of these rows alone, by number, in this order.

        >>> from autograd_core import datasets
        >>> datasets.read_table({"a": [1, 2, 3]}).take([2, 0]).rows
        [['3'], ['1']]
        """
        chosen = [int(row) for row in rows]
        return replace(self, lines=[self.lines[i] for i in chosen], rows=[self.rows[i] for i in chosen])

    def to_csv(self, path: str | os.PathLike[str], delimiter: str = ",") -> None:
        """Write the table to a new file, whole or not at all; DataError where a file stands already.

        >>> import os, tempfile
        >>> from autograd_core import datasets
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "passengers.csv")
        ...     datasets.make_passengers(n=50).to_csv(path)
        ...     len(datasets.read_table(path))
        50
        """
        import csv  # late: only writing a file pays for it

        place = os.fspath(path)
        if os.path.lexists(place):
            raise DataError(
                f"{place}: there is a file already, which would be lost; choose another name, or remove it."
            )
        draft = f"{place}.{os.getpid()}.part"
        try:
            with open(draft, "x", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
                writer.writerow(self.names)
                writer.writerows(self.rows)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, place)
        except OSError as error:
            _forget(draft)
            raise DataError(
                f"{place}: it cannot be written ({error.strerror}); check the folder and its space."
            ) from None
        except BaseException:
            _forget(draft)
            raise


def is_missing(cell: str) -> bool:
    """Tell whether a cell is empty or one of the usual marks of a missing value, in any case: NA, N/A, #N/A, <NA>,
    nan, null, ?, -.

    >>> from autograd_core.datasets.tables import is_missing
    >>> is_missing("N/A"), is_missing("0")
    (True, False)
    """
    return cell.lower() in MISSING


def number(cell: str) -> float | None:
    """Return the number a cell spells, or None for text.

    >>> from autograd_core.datasets.tables import number
    >>> number("1e3"), number("1_000"), number("red")
    (1000.0, None, None)
    """
    try:
        # Python reads 1_000 as a number, which no program writes into a data file.
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def pointed(cell: str, decimal: str | None) -> str:
    """A number whose decimals are written so, with a point and nothing between its digits; other text as it is.

    >>> from autograd_core.datasets.tables import pointed
    >>> pointed("1.234,5", ","), pointed("$1,234.50", "."), pointed("36 %", "."), pointed("1,5", None)
    ('1234.5', '1234.50', '36', '1,5')
    """
    if not decimal:
        return cell
    between = " '\xa0\u202f" + ",.".replace(decimal, "")  # thousands
    bare = rf"[+-]?(?:\d{{1,3}}(?:[{between}]\d{{3}})+|\d*)(?:[{decimal}]\d+)?(?:[eE][+-]?\d+)?"
    found = re.fullmatch(rf"[$€£¥]? ?({bare}) ?[$€£¥%]?", cell)
    if not found or not re.search(r"\d", cell):
        return cell
    return re.sub(f"[{between}]", "", found[1]).replace(",", ".")


def spellings(cell: str) -> list[str]:
    """The decimals by which ``pointed`` makes a number of a text.

    >>> from autograd_core.datasets.tables import spellings
    >>> spellings("1,5"), spellings("1,234,567"), spellings("1,234"), spellings("red")
    ([','], ['.'], ['.', ','], [])
    """
    return [decimal for decimal in ".," if number(pointed(cell, decimal)) is not None]


def refuse_duplicates(place: str, names: tuple[str, ...]) -> None:
    """Raise a DataError if a name is given to two columns.

    >>> from autograd_core.datasets.tables import refuse_duplicates
    >>> refuse_duplicates("a.csv, line 1", ("a", "b"))
    """
    places: dict[str, list[str]] = {}
    for position, name in enumerate(names, start=1):
        places.setdefault(name, []).append(str(position))
    for name, positions in places.items():
        if len(positions) > 1:
            raise DataError(
                f"{place}: the name {quoted(name)} is given to columns {listed(positions)}; rename all but one of them."
            )


def _forget(draft: str) -> None:
    with suppress(OSError):
        os.unlink(draft)
