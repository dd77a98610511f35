"""One column of a table, and what its cells are: numbers, dates, or the categories of which they are words.

A column counts as categories when fewer than half of its filled cells are numbers (or dates), and as numbers when all
are; anything in between is a mistake in the file, and reported with the line of the first cell of text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from .tables import DataError, Table, is_missing, number, spellings
from .wording import count, quoted

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_LABELS = 100
MAX_INTEGER_CLASSES = 20
OTHER = "(other)"  # the category of the words that are too rare for one of their own
LARGEST = float(np.finfo(np.float32).max)
SHOWN = 5
TURNED = re.compile(r"(\d\d?)([./-])(\d\d?)\2(\d{4})(.*)")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DATES = {"dates": "2024-01-31", "dates, day first": "31.12.2024 or 31/12/2024", "dates, month first": "12/31/2024"}
EXAMPLES = {"numbers": "numbers", **{kind: f"dates such as {example}" for kind, example in DATES.items()}}


def day(cell: str, kind: str = "dates") -> float | None:
    """The days since 1970 that a date such as 2024-01-31 or 2024-01-31T12:00 names, or None for other text.

    kind: "dates" for these alone; "dates, day first" for 31.12.2024 and 31/12/2024 too, "dates, month first" for 12/31/2024.

    >>> from autograd_core.datasets.columns import day
    >>> day("1970-01-02"), day("1970-01-02 12:00"), day("31/12/1999")
    (1.0, 1.5, None)
    >>> day("2/1/1970", "dates, day first"), day("1/2/1970", "dates, month first"), day("13/1/1970", "dates, month first")
    (1.0, 1.0, None)
    """
    if kind != "dates" and (turned := TURNED.fullmatch(cell)):
        one, two, year, time = turned.group(1, 3, 4, 5)
        month, date = (two, one) if kind == "dates, day first" else (one, two)
        cell = f"{year}-{month:0>2}-{date:0>2}{time}"
    if not DATE.fullmatch(cell):
        return None
    try:
        moment = datetime.fromisoformat(cell)
        return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH) / timedelta(days=1)
    except (ValueError, OverflowError):
        return None


def readings(cells: Collection[str]) -> list[str]:
    """Those of DATES as which all cells can be read: two where either number may be the day, none where not all are dates.

    >>> from autograd_core.datasets.columns import readings
    >>> readings(["1/2/2024", "31/1/2024"]), readings(["1/2/2024", "2/1/2024"]), readings(["2024-01-31", "soon"])
    (['dates, day first'], ['dates, day first', 'dates, month first'], [])
    """
    if all(day(cell) is not None for cell in cells):
        return ["dates"]
    turned = ("dates, day first", "dates, month first")
    return [kind for kind in turned if all(day(cell, kind) is not None for cell in cells)]


class Column:
    """The cells of one column, with the numbers they spell: None for text, NaN where the cell is missing.

    >>> from autograd_core import datasets
    >>> column = Column(datasets.read_table({"age": [31, None, 8]}), 0)
    >>> column.kind(), column.missing.tolist(), column.values("numbers").tolist()
    ('numbers', [False, True, False], [31.0, nan, 8.0])
    """

    def __init__(self, table: Table, index: int) -> None:
        self.path, self.lines, self.unit = table.path, table.lines, table.unit
        self.name = table.names[index]
        self.cells = [row[index] for row in table.rows]
        self.missing = np.array([is_missing(cell) for cell in self.cells], dtype=bool)
        self.filled = [cell for cell, gap in zip(self.cells, self.missing, strict=True) if not gap]
        self.numbers = [number(cell) for cell in self.filled]
        self.ways = "name the column among the categories or among those to drop"

    def kind(self) -> str:
        """What the filled cells are: "numbers", one of DATES, or "categories"; DataError for a mixture.

        Dates of which either number may be the day, since none is above 12, are categories.
        """
        if not self.filled:
            return "categories"
        if None not in self.numbers:
            return "numbers"
        words = Counter(self.filled)
        if found := readings(words):
            return "categories" if len(found) == 2 else found[0]
        for kind in EXAMPLES:
            # Counting 1,5 as a number keeps a file of decimal commas from passing for categories.
            read = number if kind == "numbers" else partial(day, kind=kind)
            if 2 * sum(n for word, n in words.items() if read(word.replace(",", "")) is not None) >= len(self.filled):
                self.values(kind)
        return "categories"

    def values(self, kind: str = "numbers") -> NDArray[np.float64]:
        """The number or day of every cell, (n,), NaN where it is missing; DataError names the first that is other text."""
        spelled = self.numbers if kind == "numbers" else [day(cell, kind) for cell in self.filled]
        rows = np.flatnonzero(~self.missing)
        if None in spelled:
            texts = [int(row) for row, value in zip(rows, spelled, strict=True) if value is None]
            first = min(texts, key=lambda i: self.lines[i])  # rows may have been shuffled
            cell = self.cells[first]
            words = sorted({self.cells[i] for i in texts})
            few = len(words) <= SHOWN and 2 * len(texts) < len(self.filled)
            advice = "correct the text" + f", or name {', '.join(map(quoted, words))} among the missing values" * few
            if kind == "numbers" and (ways := spellings(cell)):
                advice = "write decimal points and no thousands separators, or say " + " or ".join(
                    f'decimal="{way}"' for way in ways
                )
            raise DataError(
                f"{self.place(first)}: column {quoted(self.name)} should hold {EXAMPLES[kind]}, found "
                f"{quoted(cell)} ({len(texts)} of {len(self.cells)} cells are text); {advice}, or {self.ways}."
            )
        values = np.full(len(self.cells), np.nan)
        values[rows] = spelled
        if (np.abs(values) > LARGEST).any():
            refuse([self], "infinite")
        return values

    def place(self, row: int) -> str:
        """Where a row stands: the file and its line."""
        return f"{self.path}, {self.unit} {self.lines[row]}"

    def target(self, task: str) -> tuple[NDArray[np.generic], list[str]]:
        """Return y and the class names (none for a regression) of this column as the answer.

        Raises:
            DataError: a single class, more than MAX_LABELS classes, or text where numbers are needed.
        """
        self.ways = "predict another column, or ask for the task classification"
        if task == "regression" or (task == "auto" and self.kind() == "numbers" and not self._is_enumeration()):
            return self.values()[:, np.newaxis], []
        labels = self.labels("classes")
        if len(labels) == 1:
            raise DataError(
                f"{self.path}: every row has the class {quoted(labels[0])} in column {quoted(self.name)}, so there is "
                "nothing to tell apart; add rows of another class or choose another target."
            )
        return self.places(labels), labels

    def labels(self, what: str) -> list[str]:
        """The distinct words, in order; DataError if there are more than MAX_LABELS to become ``what``."""
        labels = self.words()
        if len(labels) > MAX_LABELS:
            raise DataError(
                f"{self.path}: column {quoted(self.name)} has {len(labels)} distinct values, too many to become "
                f"{what} (at most {MAX_LABELS}); delete it if it is an identifier, or group the values."
            )
        return sorted(labels, key=_by_value)

    def frequent(self, most: int = MAX_LABELS) -> list[str]:
        """The distinct words, in order; of more than ``most`` the most frequent, and OTHER for all others.

        >>> from autograd_core import datasets
        >>> ports = Column(datasets.read_table({"port": ["S", "C", "Q", "S", "C", "B"]}), 0)
        >>> ports.frequent(), ports.frequent(3)
        (['B', 'C', 'Q', 'S'], ['C', 'S', '(other)'])
        """
        words = self.words()
        if len(words) <= most:
            return sorted(words, key=_by_value)
        often = sorted(words, key=lambda word: (-words[word], _by_value(word)))
        return [*sorted(often[: most - 1], key=_by_value), OTHER]

    def words(self) -> Counter[str]:
        """How often each distinct word stands in the filled cells."""
        numeric, found = None not in self.numbers, Counter[str]()
        for cell, times in Counter(self.filled).items():
            found[canonical(cell) if numeric or cell.lower() in ("true", "false") else cell] += times
        return found

    def places(self, labels: Sequence[str]) -> NDArray[np.intp]:
        """Which of the labels each cell is, (n,); -1 for a missing cell; OTHER, if there, or else -1 for one that is none of them."""
        place = {label: i for i, label in enumerate(labels)}
        found = (
            -1 if gap else place.get(cell, place.get(canonical(cell), place.get(OTHER, -1)))
            for cell, gap in zip(self.cells, self.missing, strict=True)
        )
        return np.fromiter(found, dtype=np.intp, count=len(self.cells))

    def _is_enumeration(self) -> bool:
        whole = {value for value in self.numbers if value is not None and value.is_integer()}
        return whole == set(self.numbers) and len(whole) <= min(MAX_INTEGER_CLASSES, len(self.filled) // 2)


def _by_value(text: str) -> tuple[bool, float, str]:
    """So that class 10 comes after class 9."""
    value = number(text)
    return value is None, value or 0.0, text


def canonical(cell: str) -> str:
    """One spelling for what is the same category: "1" for 1.0, "true" for TRUE.

    >>> from autograd_core.datasets.columns import canonical
    >>> canonical("1.0"), canonical("TRUE"), canonical("Rome")
    ('1', 'true', 'Rome')
    """
    value = number(cell)
    if value is None:
        return cell.lower() if cell.lower() in ("true", "false") else cell
    return str(int(value)) if value.is_integer() else str(value)


def refuse(columns: Sequence[Column], what: str) -> None:
    """Raise a DataError that counts and lists the cells that are "missing", or else "infinite".

    >>> from autograd_core import datasets
    >>> from autograd_core.datasets.columns import Column, refuse
    >>> refuse([Column(datasets.read_table({"size": [1.5]}), 0)], "missing")
    """
    found = sorted(
        (column.lines[row], position, column.name, cell)
        for position, column in enumerate(columns)
        for row, cell in enumerate(column.cells)
        if (column.missing[row] if what == "missing" else _is_infinite(cell))
    )
    if found:
        unit, total = columns[0].unit, len(found)
        places = [f"{unit} {line}, column {quoted(name)} ({_shown(cell)})" for line, _, name, cell in found[:SHOWN]]
        more = f"; and {total - SHOWN} more" if total > SHOWN else ""
        advice = ", or use read_table and encode, which fill them by a stated rule" if what == "missing" else ""
        raise DataError(
            f"{columns[0].path}: {count(total, what + ' value')}: {'; '.join(places)}{more}. "
            f"Fill them in or delete those rows, then load the file again{advice}."
        )


def _shown(cell: str) -> str:
    return quoted(cell)[1:-1] if cell else "empty"


def _is_infinite(cell: str) -> bool:
    value = number(cell)
    return value is not None and abs(value) > LARGEST
