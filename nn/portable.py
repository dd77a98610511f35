"""From a table to predictions, for exported models: `to_python` copies the source of these functions into the file it writes.

So each is plain NumPy, complete in itself or by others here, and reads what the file defines: NOTES (what was saved with
the model) and model (the network, of numbers as it was trained on). What datasets has too is said again, as a test holds.
"""

import csv
import io
import math
import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

Array = np.ndarray
NOTES: dict = {}


def model(x: Array) -> Array:
    """Stands for the network that `to_python` writes."""
    return x


def number(cell: str) -> float | None:
    """The number that a cell spells, NaN for an empty one, None for text."""
    if cell.lower() in ("", "na", "n/a", "#n/a", "<na>", "nan", "+nan", "-nan", "null", "?", "-"):
        return math.nan
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def day(cell: str, kind: str) -> float | None:
    """The days since 1970 of a date such as 2024-01-31 or 2024-01-31T12:00, or with the day or the month first, as in training."""
    turned = re.fullmatch(r"(\d\d?)([./-])(\d\d?)\2(\d{4})(.*)", cell)
    if turned and kind != "dates":
        one, two, year, time = turned.group(1, 3, 4, 5)
        month, date = (two, one) if kind == "dates, day first" else (one, two)
        cell = f"{year}-{month:0>2}-{date:0>2}{time}"
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?", cell):
        return None
    try:
        moment = datetime.fromisoformat(cell)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(days=1)
    except (ValueError, OverflowError):
        return None


def fits(value: float | None) -> bool:
    """Whether it is a number, and one that float32 can hold."""
    return value is not None and abs(value) <= float(np.finfo(np.float32).max)


def pointed(cell: str, decimal: str) -> str:
    """A number whose decimals are written so, such as 1.234,5 or $1,234.50, with a decimal point alone; other text as it is."""
    between = " '\xa0\u202f" + ",.".replace(decimal, "")  # thousands
    bare = rf"[+-]?(?:\d{{1,3}}(?:[{between}]\d{{3}})+|\d*)(?:[{decimal}]\d+)?(?:[eE][+-]?\d+)?"
    found = re.fullmatch(rf"[$€£¥]? ?({bare}) ?[$€£¥%]?", cell)
    if not found or not re.search(r"\d", cell):
        return cell
    return re.sub(f"[{between}]", "", found[1]).replace(",", ".")


def canonical(cell: str) -> str:
    """One spelling of one category: "1" for 1.0, "true" for TRUE."""
    value = number(cell)
    if value is None or not math.isfinite(value):
        return cell.lower() if cell.lower() in ("true", "false") else cell
    return str(int(value)) if value == int(value) else str(value)


def encode(rows: list[dict[str, str]]) -> Array:
    """Rows of text by column as the features of training, each column by its rule.

    A missing number becomes the training rows' median; of a category that they did not have, all features are 0, unless
    one of them is "(other)".
    """
    columns = []
    for rule in NOTES["encoder"]["rules"]:
        name, kind, gaps = rule["name"], rule["kind"], rule["gaps"]
        cells = [row[name].strip() for row in rows]
        missing = np.array([number(cell) != number(cell) for cell in cells])  # only NaN differs from itself
        if kind == "categories":
            words = [cell if cell in rule["labels"] else canonical(cell) for cell in cells]
            words = [word if word in rule["labels"] else "(other)" for word in words]
            columns += [[word == label for word in words] & ~missing for label in rule["labels"]]
        else:
            values = [number(cell) if kind == "numbers" else day(cell, kind) for cell in cells]
            values = [rule["fill"] if gap else value for value, gap in zip(values, missing, strict=True)]
            for value, cell in zip(values, cells, strict=True):
                if not fits(value):
                    raise ValueError(f"column {name!r} should hold {kind}; found {cell!r}")
            columns.append(values)
        columns += [missing] * gaps
    return np.array(columns, np.float32).T


def features(rows: list[dict]) -> Array:
    """What rows {column: cell} are to the network; a cell is a text, a number, a truth value, a date, or None if missing."""
    rules = NOTES.get("encoder", {}).get("rules", [])
    wanted = [rule["name"] for rule in rules] or NOTES.get("features") or list(rows[0])
    for row in rows:
        if absent := [name for name in wanted if name not in row]:
            raise ValueError(f"there is no column {absent[0]!r}; the columns are {', '.join(map(str, row))}")
    texts = [{name: spelled(row[name]) for name in wanted} for row in rows]
    if rules:
        return encode(texts)
    values = [[number(cell) for cell in row.values()] for row in texts]
    for found, cells in zip(values, texts, strict=True):
        if not all(map(fits, found)):
            raise ValueError(f"this model takes numbers only; found the row {list(cells.values())}")
    return np.array(values, np.float32)


def spelled(cell: object) -> str:
    """A cell as it would stand in a file; only NaN differs from itself."""
    return "" if cell is None or cell != cell else str(cell)


def outputs(x: Array | str | list) -> Array:
    """What the network gives, for the path of a CSV file, for rows as dicts {column: cell}, or for an array of features."""
    if isinstance(x, (str, os.PathLike)):
        x = read(os.fspath(x))
    elif isinstance(x, list) and x and isinstance(x[0], dict):
        x = features(x)
    values = np.asarray(x)
    if "inputs" in NOTES:  # standardised, as in training
        values = ((values - np.array(NOTES["inputs"]["mean"])) / np.array(NOTES["inputs"]["scale"])).astype(np.float32)
    return model(values)


def predict(x: Array | str | list) -> Array:
    """Class names, or numbers in the units of the training data.

    x: the path of a CSV file; rows as dicts {column: cell}; or an array (n, features) in the units of the training data.
    """
    y = outputs(x)
    if "classes" in NOTES:
        best = y.argmax(axis=1) if y.ndim > 1 and y.shape[1] > 1 else (y.reshape(-1) > 0).astype(int)
        return np.array(NOTES["classes"])[best]
    if "targets" in NOTES:
        y = (y * np.array(NOTES["targets"]["scale"]) + np.array(NOTES["targets"]["mean"])).astype(y.dtype)
    return y


def probabilities(x: Array | str | list) -> Array:
    """Of each class, in the order of NOTES["classes"]; x as predict takes it."""
    y = outputs(x).astype(float)
    y = y if y.ndim > 1 and y.shape[1] > 1 else np.stack([0 * y.reshape(-1), y.reshape(-1)], axis=1)
    e = np.exp(y - y.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def read(path: str) -> Array:
    """The features of a CSV file (- for standard input), by the names of its columns."""
    with open(0 if path == "-" else path, "rb") as file:
        text = decoded(file.read(), path)
    mark = NOTES.get("delimiter") or max(",;\t|", key=lambda mark: width(text, mark))
    rows = list(table(text, mark))
    if len(rows) < 2 and not (rows and unnamed(rows)):
        raise ValueError(f"{path} has no rows")
    spare = [f"column_{i}" for i in range(1, len(rows[0]) + 1)]
    names, lines = [name or f"Unnamed: {i}" for i, name in enumerate(rows[0])], rows[1:]
    if unnamed(rows):
        as_trained = NOTES.get("features", []) if "encoder" not in NOTES else []
        names, lines = as_trained if len(as_trained) == len(spare) else spare, rows
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{path}: the name {twice[0]!r} is given to {len(twice)} columns")
    if ragged := [row for row in lines if len(row) != len(names)]:
        raise ValueError(f"{path}: a row has {len(ragged[0])} cells, and there are {len(names)} columns: {ragged[0]}")
    try:
        return features([dict(zip(names, row, strict=True)) for row in lines])
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def decoded(raw: bytes, path: str) -> str:
    """The text of a file, in the encoding that it shows by a byte order mark or zeros, or that of training, or UTF-8."""
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    even, odd = raw[::2].count(0), raw[1::2].count(0)
    if not min(even, odd) and 3 * max(even, odd) > len(raw):
        marks[raw[:1]] = "utf-16-be" if even else "utf-16-le"
    encoding = next((name for mark, name in marks.items() if raw.startswith(mark)), NOTES.get("encoding", "utf-8"))
    try:
        return raw.decode(encoding)
    except UnicodeError:
        raise ValueError(f"{path} is not {encoding} text") from None


def table(text: str, mark: str) -> Iterator[list[str]]:
    """The cells of a CSV file, row by row, without empty lines."""
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark, skipinitialspace=True, strict=True):
        cells = [cell.strip() for cell in row]
        if cells and cells != [""]:
            missing, decimal = NOTES.get("missing", []), NOTES.get("decimal")
            cells = ["" if cell in missing else cell for cell in cells]
            yield [pointed(cell, decimal) for cell in cells] if decimal else cells


def width(text: str, mark: str) -> int:
    """Into how many cells a delimiter cuts the first row."""
    try:
        return len(next(table(text, mark), []))
    except csv.Error:  # the wrong one may leave text behind a closing quote
        return 0


def unnamed(rows: list[list[str]]) -> bool:
    """Whether the first row is data as the second is, and no names."""
    first = [number(cell) for cell in rows[0]]
    kinds = [value is not None and value == value for value in first]
    below = [(kind, number(cell)) for kind, cell in zip(kinds, (rows[1:] or [[]])[0], strict=False)]
    alike = [kind == (value is not None) for kind, value in below if value == value]
    return all(kinds) or (any(kinds) and bool(alike) and all(alike))


def main(arguments: list[str]) -> int:
    """The command line: predictions for a CSV file, one a line."""
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if "-h" in arguments or "--help" in arguments else 2
    try:
        y = predict(read(arguments[0]))
    except (OSError, ValueError, csv.Error) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    csv.writer(sys.stdout, lineterminator="\n").writerows(y.reshape(len(y), -1).tolist())
    return 0
