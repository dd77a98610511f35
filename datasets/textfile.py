"""A delimited text file, or a frame of another library, read into a Table.

Whatever is wrong with the file itself (missing, not text, ragged) is reported here, by the line number an editor
would show.
"""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Sequence
from typing import Any

from .frames import is_frame, table_of
from .tables import DataError, Table, is_missing, number, pointed, refuse_duplicates
from .wording import count, quoted

DELIMITERS = ",;\t|"
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_table(
    source: Any,
    delimiter: str | None = None,
    header: bool | None = None,
    decimal: str | None = None,
    *,
    encoding: str | None = None,
    missing: Sequence[str] = (),
) -> Table:
    """Read a CSV file, a pandas or polars frame, or a mapping of columns into a Table.

    Args:
        source: the path of a delimited text file, or a frame.
        delimiter, header: of a file, see ``load_csv``.
        decimal: of a file, "," for numbers written 1.234,5 and "." for 1,234.5; spaces and apostrophes between
            thousands, currency and percent signs are then left out as well. When left out, numbers are bare: 1234.5.
        encoding: of a file, such as "cp1252"; when left out, UTF-8, or UTF-16 where the file shows it.
        missing: of a file, cells that stand for a missing value beside the usual ones, such as "None" or "-999".

    Raises:
        DataError: a file that is missing, not text, empty or ragged; two columns of one name.

    >>> import os, tempfile
    >>> from autograd_core import datasets
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "sums.csv")
    ...     with open(path, "w") as file:
    ...         _ = file.write("a;b\\n1;2\\n")
    ...     table = datasets.read_table(path)
    >>> table.names, table.lines, table.rows
    (('a', 'b'), [2], [['1', '2']])
    """
    if isinstance(source, Table):
        return source
    if is_frame(source):
        return table_of(source)
    if not isinstance(source, (str, os.PathLike)):
        raise DataError(
            f"a table is read from the path of a CSV file, a frame or a mapping of columns, got {type(source).__name__}; "
            "arrays go into Dataset(x, y) as they are."
        )
    place = os.fspath(source)
    text = _text(place, encoding)
    if delimiter is None:
        delimiter = max(DELIMITERS, key=lambda mark: _width(place, text, mark))
    elif len(delimiter) != 1 or delimiter in '"\r\n':
        raise DataError(f"{place}: delimiter must be one character such as ',' or ';', got {delimiter!r}.")
    if decimal not in (None, ".", ","):
        raise DataError(f"{place}: decimal must be '.' or ',', got {decimal!r}.")
    lines, rows = _rows(place, text, delimiter)
    if decimal or missing:
        rows = [["" if cell in missing else pointed(cell, decimal) for cell in row] for row in rows]
    if not rows:
        raise DataError(f"{place}: the file is empty; expected a row of column names, then rows of data.")
    if header is None:
        header = not _is_data(rows)
    names = tuple(f"column_{i}" for i in range(1, len(rows[0]) + 1))
    if header:
        # pandas leaves the name of an index column empty, and calls it so when it reads it back.
        names = tuple(name or f"Unnamed: {i}" for i, name in enumerate(rows[0]))
        refuse_duplicates(f"{place}, line {lines[0]}", names)
        if not rows[1:]:
            raise DataError(f"{place}: line {lines[0]} names the columns and no data follows; add rows of data.")
        lines, rows = lines[1:], rows[1:]
    for line, row in zip(lines, rows, strict=True):
        if len(row) != len(names):
            above = "; delete what stands above the names of the columns" if len(names) == 1 else ""
            raise DataError(
                f"{place}, line {line}: expected {count(len(names), 'cell')}, as in the first row, found {len(row)} "
                f"(cells are separated by {delimiter!r}){above or '; quote cells that hold the delimiter'}."
            )
    return Table(place, names, lines, rows)


def _text(place: str, encoding: str | None) -> str:
    try:
        with open(place, "rb") as file:
            raw = file.read()
    except FileNotFoundError:
        raise DataError(f"{place}: there is no such file; check the path and the folder you are in.") from None
    except ValueError:  # a zero byte in the path
        raise DataError(f"{place!r}: this is not the path of a file; check it.") from None
    except OSError as error:
        # Windows reports a folder as a file that may not be read.
        if os.path.isdir(place):
            raise DataError(f"{place}: this is a folder; give the path of a file in it.") from None
        raise DataError(f"{place}: the file cannot be read ({error.strerror}); check its permissions.") from None
    advice = "save the table as CSV with UTF-8 encoding"
    encoding = _shown(raw) or encoding or "utf-8"
    try:
        text = raw.decode(encoding)
    except LookupError:
        raise DataError(
            f"{place}: there is no encoding {quoted(encoding)}; utf-8, utf-16-le and cp1252 are some."
        ) from None
    except UnicodeError as error:
        at = getattr(error, "start", 0)
        line = raw.count(b"\n", 0, at) + 1
        raise DataError(
            f"{place}, line {line}: byte 0x{raw[at]:02x} is not {encoding.upper()} text; {advice}, or "
            'say which it has: encoding="cp1252" is that of Windows in Western Europe.'
        ) from None
    if "\0" in text:
        raise DataError(f"{place}: this is not a text file (it has zero bytes); {advice}.")
    return text


def _shown(raw: bytes) -> str | None:
    """The encoding that a file shows by itself: its byte order mark, or zeros at every other byte as UTF-16 has them."""
    for mark, name in MARKS.items():
        if raw.startswith(mark):
            return name
    even, odd = raw[::2].count(0), raw[1::2].count(0)
    if min(even, odd) or 3 * max(even, odd) <= len(raw):
        return None
    return "utf-16-be" if even else "utf-16-le"


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
        said = str(error).replace("\t", r"\t")  # the delimiter, as the csv module shows it
        raise DataError(
            f"{place}, line {start}: the row that starts here cannot be read ({said}); "
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
