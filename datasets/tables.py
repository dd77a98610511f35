"""A delimited text file read into named rows of text, with the line each row starts on.

Whatever is wrong with the file itself (missing, not text, ragged) is reported here, by the line
number an editor would show; what the cells mean is decided in ``readers``.
"""

from __future__ import annotations

import io
import os
from typing import NamedTuple

DELIMITERS = ",;\t|"
MISSING = frozenset(("", "na", "n/a", "nan", "null", "?"))


class DataError(ValueError):
    """A data file that cannot be used; the message says where the trouble is and what to do about it.

    >>> from autograd_core import datasets
    >>> try:
    ...     datasets.load_csv("missing.csv")
    ... except datasets.DataError as error:
    ...     print(error)
    missing.csv: there is no such file; check the path and the folder you are in.
    """


class Table(NamedTuple):
    """The stripped cells of a file: ``rows[i]`` starts on line ``lines[i]`` and has a cell per name."""

    path: str
    names: tuple[str, ...]
    lines: list[int]
    rows: list[list[str]]


def is_missing(cell: str) -> bool:
    """Tell whether a cell is empty or one of the usual marks of a missing value, in any case.

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


def read_table(path: str | os.PathLike[str], delimiter: str | None, header: bool | None) -> Table:
    """Read a file into a Table; see ``load_csv`` for the rules. Raises DataError.

    >>> import os, tempfile
    >>> from autograd_core.datasets.tables import read_table
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "sums.csv")
    ...     with open(path, "w") as file:
    ...         _ = file.write("a;b\\n1;2\\n")
    ...     table = read_table(path, delimiter=None, header=None)
    >>> table.names, table.lines, table.rows
    (('a', 'b'), [2], [['1', '2']])
    """
    place = os.fspath(path)
    text = _text(place)
    if delimiter is None:
        delimiter = max(DELIMITERS, key=lambda mark: _width(place, text, mark))
    elif len(delimiter) != 1 or delimiter in '"\r\n':
        raise DataError(f"{place}: delimiter must be one character such as ',' or ';', got {delimiter!r}.")
    lines, rows = _rows(place, text, delimiter)
    if not rows:
        raise DataError(f"{place}: the file is empty; expected a row of column names, then rows of data.")
    if header is None:
        header = not _is_data(rows)
    names = tuple(f"column_{i}" for i in range(1, len(rows[0]) + 1))
    if header:
        # Spreadsheets and pandas leave the name of an index column empty.
        names = tuple(name or spare for name, spare in zip(rows[0], names, strict=True))
        _refuse_duplicates(place, names, lines[0])
        if not rows[1:]:
            raise DataError(f"{place}: line {lines[0]} names the columns and no data follows; add rows of data.")
        lines, rows = lines[1:], rows[1:]
    for line, row in zip(lines, rows, strict=True):
        if len(row) != len(names):
            raise DataError(
                f"{place}, line {line}: expected {len(names)} cells, as in the first row, found {len(row)} "
                f"(cells are separated by {delimiter!r}); quote cells that hold the delimiter."
            )
    return Table(place, names, lines, rows)


def _text(place: str) -> str:
    try:
        with open(place, "rb") as file:
            raw = file.read()
    except FileNotFoundError:
        raise DataError(f"{place}: there is no such file; check the path and the folder you are in.") from None
    except OSError as error:
        # Windows reports a folder as a file that may not be read.
        if os.path.isdir(place):
            raise DataError(f"{place}: this is a folder; give the path of a file in it.") from None
        raise DataError(f"{place}: the file cannot be read ({error.strerror}); check its permissions.") from None
    advice = "save the table as CSV with UTF-8 encoding."
    if b"\0" in raw:
        raise DataError(f"{place}: this is not a text file (it has zero bytes); {advice}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(f"{place}, line {line}: byte 0x{raw[error.start]:02x} is not UTF-8 text; {advice}") from None


def _width(place: str, text: str, delimiter: str) -> int:
    try:
        rows = _rows(place, text, delimiter, limit=1)[1]
    except DataError:
        return 0  # the wrong delimiter can leave text behind a closing quote
    return len(rows[0]) if rows else 0


def _rows(place: str, text: str, delimiter: str, limit: int = -1) -> tuple[list[int], list[list[str]]]:
    import csv  # late: only reading a file pays for it

    # newline="" hands the csv module the line ends as they are, inside quoted cells too.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    lines: list[int] = []
    rows: list[list[str]] = []
    start = 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if cells and cells != [""]:
                lines.append(start)
                rows.append(cells)
            start = reader.line_num + 1
            if len(rows) == limit:
                break
    except csv.Error as error:
        raise DataError(
            f"{place}, line {start}: the row that starts here cannot be read ({error}); "
            'close every quote, and write a quote inside a quoted cell as "".'
        ) from None
    return lines, rows


def _is_data(rows: list[list[str]]) -> bool:
    first, second = rows[0], rows[1] if len(rows) > 1 else []
    kinds = [number(cell) is not None for cell in first]
    if all(kinds):
        return True
    pairs = [
        (kind, number(cell) is not None) for kind, cell in zip(kinds, second, strict=False) if not is_missing(cell)
    ]
    return any(kinds) and bool(pairs) and all(above == below for above, below in pairs)


def _refuse_duplicates(place: str, names: tuple[str, ...], line: int) -> None:
    places: dict[str, list[str]] = {}
    for position, name in enumerate(names, start=1):
        places.setdefault(name, []).append(str(position))
    for name, positions in places.items():
        if len(positions) > 1:
            raise DataError(
                f"{place}, line {line}: the name {name!r} is given to columns {', '.join(positions)}; "
                "rename all but one of them."
            )
