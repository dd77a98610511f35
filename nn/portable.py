"""Functions that an exported model takes with it: `to_python` copies their source into the file it writes.

So each is plain NumPy, complete in itself or by others here, and reads what the file defines: p (arrays by name), NOTES
(what was saved with the model) and model (the network, of numbers as it was trained on).
"""

import csv
import math
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Array = np.ndarray
p: dict[str, Array] = {}
NOTES: dict = {}


def model(x: Array) -> Array:
    """Stands for the network that `to_python` writes."""
    return x


# --- activations and layers ----------------------------------------------------------------------------------------


def sigmoid(x: Array) -> Array:
    e = np.exp(-np.abs(x))  # never above 1, so that nothing overflows
    return np.where(x >= 0, 1, e) / (1 + e)


def softplus(x: Array) -> Array:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def leaky(x: Array, slope: Array) -> Array:
    return np.maximum(x, 0) + slope * np.minimum(x, 0)


def elu(x: Array, alpha: float) -> Array:
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))


def log_softmax(x: Array, axis: int) -> Array:
    y = x - np.max(x, axis=axis, keepdims=True)
    return y - np.log(np.sum(np.exp(y), axis=axis, keepdims=True))


def normal_cdf(x: Array) -> Array:
    return np.vectorize(lambda a: math.erfc(-a / math.sqrt(2)) / 2, otypes=[x.dtype])(x)


def channels(of_each: Array, x: Array) -> Array:
    """One number for each channel, laid along axis 1 of x."""
    return of_each.reshape(-1, *[1] * (x.ndim - 2)) if of_each.size > 1 else of_each


def standardize(x: Array, axes: tuple[int, ...], eps: float) -> Array:
    y = x - np.mean(x, axis=axes, keepdims=True)
    return y / np.sqrt(np.mean(y * y, axis=axes, keepdims=True) + eps)


def windows(x: Array, size: tuple, stride: tuple, padding: tuple, fill: float = 0.0) -> Array:
    """(..., H, W) to (..., H', W', height, width)."""
    around = [(0, 0)] * (x.ndim - 2) + [(n, n) for n in padding]
    seen = sliding_window_view(np.pad(x, around, constant_values=fill), size, (-2, -1))
    return seen[..., :: stride[0], :: stride[1], :, :]


def conv2d(x: Array, weight: Array, stride: tuple, padding: tuple) -> Array:
    seen = windows(x, weight.shape[2:], stride, padding)
    return np.moveaxis(np.tensordot(seen, weight, axes=((-5, -2, -1), (1, 2, 3))), -1, -3)


def kernel_inputs(x: Array, size: tuple, stride: tuple, padding: tuple) -> Array:
    """Windows as vectors: (N, in, H, W) to (N, H', W', in, height·width)."""
    seen = windows(x, size, stride, padding)
    return np.moveaxis(seen.reshape(*seen.shape[:-2], -1), -4, -2)


def flatten(x: Array, start: int, end: int) -> Array:
    start, end = range(x.ndim)[start], range(x.ndim)[end]
    return x.reshape(*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :])


# --- from a table to predictions -------------------------------------------------------------------------------------


def number(cell: str) -> float | None:
    """The number that a cell spells, NaN for an empty one, None for text."""
    if cell.lower() in ("", "na", "n/a", "nan", "+nan", "-nan", "null", "?", "-"):
        return math.nan
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def day(cell: str) -> float | None:
    """The days since 1970 of a date such as 2024-01-31."""
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(days=1)


def canonical(cell: str) -> str:
    """One spelling of one category: "1" for 1.0, "true" for TRUE."""
    value = number(cell)
    if value is None or not math.isfinite(value):
        return cell.lower() if cell.lower() in ("true", "false") else cell
    return str(int(value)) if value == int(value) else str(value)


def encode(rows: list[dict[str, str]]) -> Array:
    """Rows of text by column as the features of training, each column by its rule.

    A missing number becomes the training rows' median; of a category that they did not have, all features are 0.
    """
    columns = []
    for rule in NOTES["encoder"]["rules"]:
        name, gaps = rule["name"], rule["gaps"]
        cells = [row[name].strip() for row in rows]
        missing = np.array([number(cell) != number(cell) for cell in cells])  # only NaN differs from itself
        if rule["kind"] == "categories":
            words = [cell if cell in rule["labels"] else canonical(cell) for cell in cells]
            columns += [[word == label for word in words] & ~missing for label in rule["labels"]]
        else:
            read = day if rule["kind"] == "dates" else number
            values = [rule["fill"] if gap else read(cell) for cell, gap in zip(cells, missing, strict=True)]
            for value, cell in zip(values, cells, strict=True):
                if value is None or not math.isfinite(value):
                    raise ValueError(f"column {name!r} should hold {rule['kind']}; found {cell!r}")
            columns.append(values)
        columns += [missing] * gaps
    return np.array(columns, np.float32).T


def predict(x: Array) -> Array:
    """Class names, or numbers in the units of the training data, for rows (n, features) in the units of that data."""
    x = np.asarray(x)
    if "inputs" in NOTES:  # standardised, as in training
        x = ((x - np.array(NOTES["inputs"]["mean"])) / np.array(NOTES["inputs"]["scale"])).astype(np.float32)
    y = model(x)
    if "classes" in NOTES:
        best = y.argmax(axis=1) if y.ndim > 1 and y.shape[1] > 1 else (y.reshape(-1) > 0).astype(int)
        return np.array(NOTES["classes"])[best]
    if "targets" in NOTES:
        y = y * np.array(NOTES["targets"]["scale"]) + np.array(NOTES["targets"]["mean"])
    return y


def read(path: str) -> Array:
    """The features of a CSV file (- for standard input), by the names of its columns."""
    with open(0 if path == "-" else path, newline="", encoding="utf-8-sig") as file:
        lines = file.read().splitlines(keepends=True)
    mark = max(",;\t|", key="".join(lines[:1]).count)
    table = [row for row in csv.reader(lines, delimiter=mark) if any(cell.strip() for cell in row)]
    if not table:
        raise ValueError(f"{path} has no rows")
    names = [cell.strip() for cell in table[0]]
    rules = NOTES.get("encoder", {}).get("rules", [])
    wanted = [rule["name"] for rule in rules] or NOTES.get("features", [])
    if any(number(name) is None for name in names):
        table = table[1:]
    elif len(names) == len(wanted) or not wanted:
        names = wanted or [str(i) for i in range(len(names))]  # a file without a line of names
    if absent := [name for name in wanted if name not in names]:
        raise ValueError(f"{path} has no column {absent[0]!r}; its columns are {', '.join(names)}")
    if ragged := [row for row in table if len(row) != len(names)]:
        raise ValueError(f"{path}: a row has {len(ragged[0])} cells, and there are {len(names)} columns: {ragged[0]}")
    rows = [dict(zip(names, row, strict=True)) for row in table]
    if rules:
        return encode(rows)
    values = [[number(row[name].strip()) for name in wanted or names] for row in rows]
    for row, line in zip(values, table, strict=True):
        if any(value is None or not math.isfinite(value) for value in row):
            raise ValueError(f"{path}: this model takes numbers only; found the row {line}")
    return np.array(values, np.float32)


def main(arguments: list[str]) -> int:
    """The command line: predictions for a CSV file, one a line."""
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if "-h" in arguments or "--help" in arguments else 2
    try:
        y = predict(read(arguments[0]))
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    csv.writer(sys.stdout, lineterminator="\n").writerows(y.reshape(len(y), -1).tolist())
    return 0
