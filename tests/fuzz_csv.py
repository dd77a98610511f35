"""Malformed CSV files, made from good ones by seeded damage: `python tests/fuzz_csv.py --count 1000 --seed 5`.

Each must either load or be refused with one readable sentence, a DataError or ValueError; no other exception, no warning
but DataWarning, and nothing in the folder may change.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import os
import tempfile
import warnings
from functools import cache
from pathlib import Path

import numpy as np

from autograd_core import datasets

LONGEST = 1500  # characters that somebody reads in a terminal


def good(rng):
    """A file without a fault, of one of several shapes: its text."""
    n = int(rng.choice([2, 8, 40, 80]))
    if rng.random() < 0.5:
        table = datasets.make_passengers(n, rng, missing=float(rng.choice([0.0, 1.0])))
        names, rows = list(table.names), [list(row) for row in table.rows]
    else:
        names = ["a", "b", "word", "y"][: int(rng.integers(2, 5))]
        rows = [
            [f"{rng.normal():.3g}" if i != 2 else rng.choice(["red", "blue"]) for i in range(len(names))]
            for _ in range(n)
        ]
    text = io.StringIO(newline="")
    end = str(rng.choice(["\n", "\r\n", "\r"]))
    csv.writer(text, delimiter=str(rng.choice(list(",;\t|"))), lineterminator=end).writerows([names, *rows])
    return text.getvalue()


def place(rng, text):
    return int(rng.integers(0, len(text) + 1))


def insert(rng, data, what):
    at = place(rng, data)
    return data[:at] + what + data[at:]


def cut(rng, data):
    start, stop = sorted((place(rng, data), place(rng, data)))
    return data[:start] + data[stop:]


def flip(rng, data):
    raw = bytearray(data)
    for at in rng.integers(0, max(len(raw), 1), int(rng.integers(1, 8))):
        if raw:
            raw[at] = int(rng.integers(0, 256))
    return bytes(raw)


def in_a_cell(rng, data):
    """One cell becomes something that no cell should be."""
    odd = [
        "",
        "inf",
        "-Infinity",
        "1e999",
        "NaN",
        "?",
        "1,5",
        "1_000",
        "0x1F",
        "٣",
        "1e39",
        "2024-13-45",
        "9999-12-31T23:59-14:00",
    ]
    odd += [
        "'; DROP TABLE",
        "=cmd|' /C calc'!A0",
        "\u202eabc",
        "x" * 5000,
        "9" * 5000,
        "é",
        "\ufeff",
        "__import__('os')",
        "-",
    ]
    lines = data.split(b"\n")
    at = int(rng.integers(0, len(lines)))
    cells = lines[at].split(b",")
    cells[int(rng.integers(0, len(cells)))] = str(rng.choice(odd)).encode()
    return b"\n".join([*lines[:at], b",".join(cells), *lines[at + 1 :]])


def by_lines(change):
    return lambda rng, data: b"\n".join(change(rng, data.split(b"\n")))


DAMAGE = {
    "cut off": lambda rng, data: data[: place(rng, data)],
    "a piece missing": cut,
    "bytes changed": flip,
    "zero bytes": lambda rng, data: insert(rng, data, b"\0\0"),
    "a stray quote": lambda rng, data: insert(rng, data, b'"'),
    "stray quotes": lambda rng, data: insert(rng, insert(rng, data, b'"'), b'"x"'),
    "a stray delimiter": lambda rng, data: insert(rng, data, bytes([rng.choice(list(b",;\t|"))])),
    "a stray line end": lambda rng, data: insert(rng, data, bytes([rng.choice(list(b"\r\n"))])),
    "an odd cell": in_a_cell,
    "odd cells": lambda rng, data: in_a_cell(rng, in_a_cell(rng, in_a_cell(rng, data))),
    "UTF-16": lambda rng, data: data.decode("utf-8", "replace").encode("utf-16"),
    "Latin-1": lambda rng, data: insert(rng, data, "ü".encode("latin-1")),
    "binary": lambda rng, data: rng.bytes(int(rng.integers(0, 400))),
    "text without order": lambda rng, data: bytes(
        rng.choice(list(b'a1,;"\n\r \t|-.eNA'), int(rng.integers(0, 200))).tolist()
    ),
    "empty": lambda rng, data: b"\n" * int(rng.integers(0, 3)),
    "header only": by_lines(lambda rng, lines: lines[:1]),
    "header missing": by_lines(lambda rng, lines: lines[1:]),
    "header twice": by_lines(lambda rng, lines: [lines[0], *lines]),
    "one row": by_lines(lambda rng, lines: lines[:2]),
    "names alike": by_lines(lambda rng, lines: [b",".join([b"a"] * (lines[0].count(b",") + 1)), *lines[1:]]),
    "one row over and over": by_lines(lambda rng, lines: lines[:1] + lines[1:2] * 30),
    "lines shuffled": by_lines(lambda rng, lines: [lines[i] for i in rng.permutation(len(lines))]),
    "ragged": by_lines(lambda rng, lines: [line[: place(rng, line)] for line in lines]),
    "one endless line": lambda rng, data: data.replace(b"\n", b" ") * 10,
    "a huge cell": lambda rng, data: insert(rng, data, b"x" * 200_000),
    "thousands of columns": lambda rng, data: b"\n".join(
        [b",".join(b"c%d" % i for i in range(900)), b"1," * 899 + b"2"]
    ),
    "two byte order marks": lambda rng, data: b"\xef\xbb\xbf" * 2 + data,
}


def cases(count=200, seed=0):
    """(name, bytes) of `count` files, the same for the same seed; every kind of damage gets its turn."""
    kinds = list(DAMAGE)
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        kind = kinds[i % len(kinds)]
        data = DAMAGE[kind](rng, good(rng).encode("utf-8"))
        if rng.random() < 0.3:
            data = DAMAGE[str(rng.choice(kinds))](rng, data)
        yield f"{i}: {kind}", data


def load_strictly(path):
    return datasets.load_csv(path)


def encode_in_parts(path):
    parts, encoder = datasets.encode(datasets.read_table(path), 0.7, 0.3, seed=0)
    again = datasets.Encoder.from_dict(encoder.to_dict())
    assert again.feature_names == parts[0].feature_names
    return parts


@cache
def trained():
    return datasets.Encoder("survived").fit(datasets.make_passengers(60))


def predict(path):
    """The file comes to a model that was trained on another."""
    return (trained().inputs(datasets.read_table(path)),)


READERS = (load_strictly, encode_in_parts, predict)


def attempt(read, path):
    """What reading this file comes to: "loaded", or the sentence it was refused with; AssertionError for anything else."""
    refusal = None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", datasets.DataWarning)
        try:
            parts = read(path)
        except ValueError as error:
            refusal = error
    if refusal is None:
        for part in parts if isinstance(parts, tuple) else (parts,):
            numbers = part.x if hasattr(part, "x") else part
            assert numbers.dtype == np.float32
            assert np.isfinite(numbers).all()
        return "loaded"
    said = str(refusal)
    assert type(refusal) in (datasets.DataError, ValueError), repr(refusal)[:500]  # and no UnicodeDecodeError, for one
    assert said.isprintable() and 20 < len(said) < LONGEST, f"no sentence: {said[:2000]!r}"  # noqa: PT018
    return said


def traces(folder):
    """The names and contents of all files of a folder."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(Path(folder).iterdir())}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    told = {}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "table.csv")
        for name, data in cases(options.count, options.seed):
            Path(path).write_bytes(data)
            before = traces(folder)
            for read in READERS:
                try:
                    outcome = attempt(read, path)
                except Exception as error:
                    error.add_note(f"{name}, read by {read.__name__}: {data[:300]!r}")
                    raise
                told.setdefault(read.__name__, []).append(outcome)
            assert traces(folder) == before, f"{name}: the folder changed"
    for reader, outcomes in told.items():
        print(
            f"{reader}: {outcomes.count('loaded')} loaded, {len(outcomes) - outcomes.count('loaded')} refused in a sentence"
        )


if __name__ == "__main__":
    main()
