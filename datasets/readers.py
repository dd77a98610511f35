"""A table of a user's own turned into numbers by rules that can be said aloud: `load_csv` for a file that is complete,
`encode` for a table with gaps, in parts.

Nothing is guessed in silence: a cell that fits no rule is reported with its line and its column, and
with what to do about it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal

import numpy as np

from .columns import Column, refuse
from .dataset import Dataset
from .encoder import Encoder
from .rules import learn
from .splitting import deal
from .tables import DataError, Table
from .textfile import read_table
from .wording import quoted


def load_csv(
    path: str | os.PathLike[str],
    target: str | None = None,
    delimiter: str | None = None,
    task: Literal["auto", "classification", "regression"] = "auto",
    *,
    header: bool | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
) -> Dataset:
    """Read a delimited text file that is complete into a Dataset; ``encode`` is for those that are not.

    The first row names the columns, unless it is all numbers, or holds numbers in just those places
    where the second row does; then the names are column_1, column_2, ... Set ``header`` to overrule
    this. A column of numbers is one feature; a column that is mostly text becomes one 0/1 feature
    per distinct value, named "colour=red"; dates as 2024-01-31 become days since 1970, and so do those
    as 31.12.2024 or 12/31/2024 where a day above 12 shows which number it is. With ``task="auto"`` the
    target is a classification when it is text, or when it is integers of at most 20 distinct values,
    each twice or more on average.

    Args:
        path: the file.
        target: the name of the column to predict; the last column when left out.
        delimiter: one character; when left out, whichever of , ; tab | cuts the first row finest.
        task: "classification" or "regression" to overrule the rule above.
        decimal, encoding: how its numbers are written, and its text; see ``read_table``.

    Returns:
        x (n, d) float32 and y: indices into the sorted classes, (n,), or numbers, (n, 1).

    Raises:
        DataError: (a ValueError) a file that is missing, not text, empty or ragged; missing or
            infinite values; numbers mixed with text; too many distinct texts; a single class.

    >>> import os, tempfile
    >>> from autograd_core import datasets
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "fruit.csv")
    ...     with open(path, "w") as file:
    ...         _ = file.write("weight,colour,fruit\\n150,red,apple\\n120,yellow,lemon\\n")
    ...     fruit = datasets.load_csv(path, target="fruit")
    >>> fruit.feature_names, fruit.classes
    (('weight', 'colour=red', 'colour=yellow'), ('apple', 'lemon'))
    >>> fruit.x.tolist()
    [[150.0, 1.0, 0.0], [120.0, 0.0, 1.0]]
    """
    if task not in ("auto", "classification", "regression"):
        raise ValueError(f"task must be 'auto', 'classification' or 'regression', got {task!r}")
    table = read_table(path, delimiter, header, decimal, encoding=encoding)
    target = table.names[-1] if target is None else target
    place = table.index(target, " to predict")
    if len(table.names) == 1:
        raise DataError(
            f"{table.path}: found the single column {quoted(target)}, which leaves no feature to predict it "
            "from; if the file has more, name its delimiter."
        )
    columns = [Column(table, i) for i in range(len(table.names))]
    for what in ("missing", "infinite"):
        refuse(columns, what)
    y, classes = columns.pop(place).target(task)
    rules = [learn(column, column.kind()) for column in columns]
    blocks = [rule.encode(column)[0] for rule, column in zip(rules, columns, strict=True)]
    return Dataset(
        np.hstack(blocks),
        y,
        feature_names=[name for rule in rules for name in rule.features],
        classes=classes,
        name=os.path.splitext(os.path.basename(table.path))[0],
        source=os.path.basename(table.path),
    )


def encode(
    table: Table,
    *fractions: float,
    target: str | None = None,
    task: str = "auto",
    seed: int | np.random.Generator = 0,
    stratify: bool = True,
    drop: Sequence[str] = (),
    categories: Sequence[str] = (),
) -> tuple[tuple[Dataset, ...], Encoder]:
    """Split a table as ``Dataset.split`` does, and encode its parts by the rules that the first part teaches.

    Rows without an answer are left out. Without fractions the whole table is one part. Returns ``(parts, encoder)``;
    other arguments, warnings and errors are those of ``Encoder`` and ``Dataset.split``.

    >>> from autograd_core import datasets
    >>> table = datasets.make_passengers(n=891)
    >>> (train, valid, test), encoder = datasets.encode(table, 0.7, 0.15, 0.15, target="survived", seed=0)
    >>> len(train), len(valid), len(test), train.classes
    (615, 132, 132, ('no', 'yes'))
    """
    encoder = Encoder(target, task, drop=drop, categories=categories)
    rows, y, classes = encoder._answers(table)
    left_out = list(encoder.notes)
    dealt = deal(y, classes, fractions, seed, stratify) if fractions else [np.arange(len(rows))]
    parts = [table.take(rows[part]) for part in dealt]
    encoder.fit(parts[0])
    encoder.notes[:0] = left_out
    return tuple(encoder.transform(part) for part in parts), encoder
