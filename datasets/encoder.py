"""From a table of text to numbers, by rules that the training part alone teaches.

What the encoder has learnt (medians, categories, classes, what it dropped) goes with the model as plain JSON, so that
another table, its columns in another order, is read in the same way later.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .columns import Column
from .dataset import Dataset
from .notes import balance, gaps, unanswered
from .rules import Rule, judge, learn
from .states import checked, texts
from .tables import DataError, DataWarning, Table
from .wording import count, listed, quoted

if TYPE_CHECKING:
    from numpy.typing import NDArray

TASKS = ("auto", "classification", "regression")
FIELDS = {"target": str, "task": str, "classes": list, "counts": list, "rules": list, "dropped": dict, "notes": list}


class Encoder:
    """Learns from a Table how to make a Dataset of it; scikit-learn would call it a ColumnTransformer.

    Args:
        target: the column to predict; the last when left out.
        task: "classification" or "regression" to overrule ``load_csv``'s rule.
        drop: columns to leave out.
        categories: columns whose numbers are words in disguise, such as post codes.

    After ``fit``: ``classes``, ``feature_names``, ``counts`` (training rows of each class), ``rules`` (a Rule for each
    column), ``dropped`` ({column: why}) and ``notes``, sentences about what was done to the training rows.

    >>> from autograd_core import datasets
    >>> table = datasets.read_table({"age": [30, None, 50], "port": ["C", "S", "S"], "paid": ["no", "yes", "no"]})
    >>> encoder = datasets.Encoder(target="paid").fit(table)
    >>> encoder
    <Encoder: 2 columns become 4 features; target 'paid', 2 classes>
    >>> encoder.feature_names
    ('age', 'age=(missing)', 'port=C', 'port=S')
    >>> encoder.transform(table).x.tolist()
    [[30.0, 0.0, 1.0, 0.0], [40.0, 1.0, 0.0, 1.0], [50.0, 0.0, 0.0, 1.0]]
    >>> print(encoder.notes[0])
    column 'age': 1 of 3 values missing; filled with the median 40, and marked in a feature of their own
    """

    def __init__(
        self, target: str | None = None, task: str = "auto", *, drop: Sequence[str] = (), categories: Sequence[str] = ()
    ) -> None:
        if task not in TASKS:
            raise ValueError(f"task must be 'auto', 'classification' or 'regression', got {task!r}")
        if isinstance(drop, str) or isinstance(categories, str):
            raise ValueError("drop and categories are lists of column names, such as ['ticket']")
        self.target, self.task = target, task
        self.drop, self.categories = tuple(drop), tuple(categories)
        self.classes: tuple[str, ...] = ()
        self.counts: tuple[int, ...] = ()
        self.rules: tuple[Rule, ...] = ()
        self.dropped: dict[str, str] = {}
        self.notes: list[str] = []

    def __repr__(self) -> str:
        if not self.rules:
            return f"<Encoder: not fitted; target {self.target!r}>"
        dropped = f", {len(self.dropped)} dropped" if self.dropped else ""
        answer = count(len(self.classes), "class", "classes") if self.classes else "a number"
        columns = f"{count(len(self.rules), 'column')} become {count(len(self.feature_names), 'feature')}"
        return f"<Encoder: {columns}{dropped}; target {self.target!r}, {answer}>"

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the columns of ``x``."""
        return tuple(name for rule in self.rules for name in rule.features)

    def fit(self, table: Table) -> Encoder:
        """Learn from the training rows; those without an answer teach nothing. Nothing else may be in the table.

        Raises:
            DataError: no such column, no answers or a single one, infinite numbers, text among numbers, no feature left.
        """
        self.notes, self.dropped = [], {}
        rows, y, classes = self._answers(table)
        self.classes = tuple(classes)
        self.counts = tuple(np.bincount(y, minlength=len(classes)).tolist()) if classes else ()
        train = table if len(rows) == len(table) else table.take(rows)
        for name in (*self.drop, *self.categories):
            table.index(name, " to drop or to take for categories")
        rules = []
        for place, name in enumerate(table.names):
            if name == self.target:
                continue
            column = Column(train, place)
            kind, why = ("", "as was asked") if name in self.drop else judge(column, name in self.categories)
            if why:
                self.dropped[name] = why
                self.notes.append(f"column {quoted(name)}: dropped; {why}")
                continue
            rules.append(learn(column, kind, group=True))
            self.notes.extend(gaps(column, rules[-1]))
        if not rules:
            raise DataError(
                f"{table.path}: no column is left to predict {quoted(str(self.target))} from. {self._why_none()}"
            )
        self.rules = tuple(rules)
        self.notes.extend(balance(str(self.target), self.classes, self.counts))
        return self

    def transform(self, table: Table) -> Dataset:
        """Features and answers of the rows that have an answer, in the order of training, whatever the table's order.

        A DataWarning says what training did not have (unseen categories, other columns, gaps) and what was done.

        Raises:
            DataError: a column is absent, a class is unknown, infinite numbers, text among numbers.
        """
        self._check_fitted()
        column = Column(table, table.index(str(self.target), ", which holds the answers"))
        rows = np.flatnonzero(~column.missing)
        if not len(rows):
            raise DataError(f"{table.path}: no row has a value in the target {quoted(column.name)}; fill in some.")
        if len(rows) < len(table):
            self._warn(table, unanswered(len(table) - len(rows), len(table), column.name))
            table = table.take(rows)
            column = Column(table, table.index(column.name))
        y: Any = column.places(self.classes) if self.classes else column.values()
        if self.classes and (y < 0).any():
            row = int(np.argmax(y < 0))
            raise DataError(
                f"{column.place(row)}: the class {quoted(column.cells[row])} in column {quoted(column.name)} was not among "
                f"the training rows; the classes are {listed(self.classes)}. Correct it, or train with rows of this class."
            )
        name = os.path.basename(table.path)
        return Dataset(
            self.inputs(table), y, feature_names=self.feature_names, classes=self.classes,
            name=os.path.splitext(name)[0], source=name,
        )  # fmt: skip

    def inputs(self, table: Table) -> NDArray[np.float32]:
        """The features of every row, (n, features) float32, for predictions: the table needs no column of answers.

        Warnings and errors as in ``transform``.

        >>> from autograd_core import datasets
        >>> encoder = datasets.Encoder().fit(datasets.read_table({"a": [1, 2], "b": ["x", "y"], "y": [0.5, 1.5]}))
        >>> encoder.inputs(datasets.read_table({"b": ["y"], "a": [7]})).tolist()
        [[7.0, 0.0, 1.0]]
        """
        self._check_fitted()
        absent = [rule.name for rule in self.rules if rule.name not in table.names]
        if len(absent) > 1:
            raise DataError(
                f"{table.path}: {len(absent)} columns that the model was trained with are absent: {listed(absent)}; "
                f"the columns are {listed(table.names)}.{' If the file has more, name its delimiter.' * (len(table.names) == 1)}"
            )
        for name in absent:
            table.index(name, ", which the model was trained with")  # which also suggests the nearest name
        known = {rule.name for rule in self.rules} | set(self.dropped) | {self.target}
        if extra := [name for name in table.names if name not in known]:
            self._warn(table, f"ignored {count(len(extra), 'column')} that training did not have: {listed(extra)}")
        blocks = []
        for rule in self.rules:
            block, said = rule.encode(Column(table, table.index(rule.name)))
            blocks.append(block)
            for sentence in said:
                self._warn(table, f"column {quoted(rule.name)}: {sentence}")
        return np.hstack(blocks).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """What was learnt, in plain values, ready for JSON.

        >>> import json
        >>> from autograd_core import datasets
        >>> encoder = datasets.Encoder().fit(datasets.read_table({"a": [1, 2], "y": ["no", "yes"]}))
        >>> state = json.loads(json.dumps(encoder.to_dict()))
        >>> datasets.Encoder.from_dict(state).inputs(datasets.read_table({"a": [3]})).tolist()
        [[3.0]]
        """
        self._check_fitted()
        state = {name: getattr(self, name) for name in FIELDS}
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in state.items()}
        return plain | {"rules": [rule.to_dict() for rule in self.rules], "dropped": dict(self.dropped)}

    @classmethod
    def from_dict(cls, state: Any) -> Encoder:
        """The encoder that ``to_dict`` wrote; ValueError for a state that cannot come from it."""
        state = checked(state, FIELDS, "an Encoder")
        said = texts([*state["notes"], *state["dropped"], *state["dropped"].values()])
        classes, counts = state["classes"], state["counts"]
        counted = len(counts) == len(classes) and all(type(n) is int and n >= 0 for n in counts)
        damaged = "the state of an Encoder is damaged:"
        if not (said and counted and texts(classes, distinct=True) and state["rules"]):
            raise ValueError(f"{damaged} its classes, counts, rules, dropped or notes make no sense")
        encoder = cls(state["target"], state["task"])
        if encoder.task != ("classification" if classes else "regression"):
            raise ValueError(f"{damaged} {encoder.task} with {count(len(classes), 'class', 'classes')}")
        encoder.rules = tuple(Rule.from_dict(rule) for rule in state["rules"])
        encoder.classes, encoder.counts = tuple(classes), tuple(counts)
        encoder.dropped, encoder.notes = state["dropped"], state["notes"]
        return encoder

    # --- inside ---------------------------------------------------------------------------------------------------

    def _answers(self, table: Table) -> tuple[NDArray[np.intp], NDArray[Any], list[str]]:
        """The rows that have an answer, their answers, and the classes; settles what the target and the task are."""
        self.target = table.names[-1] if self.target is None else self.target
        column = Column(table, table.index(self.target, " to predict"))
        if len(table.names) == 1:
            raise DataError(
                f"{table.path}: found the single column {quoted(self.target)}, which leaves no feature to predict it "
                "from; if the file has more, name its delimiter."
            )
        rows = np.flatnonzero(~column.missing)
        if not len(rows):
            raise DataError(
                f"{table.path}: no row has a value in the target {quoted(self.target)}; choose another target."
            )
        if len(rows) < len(table):
            self.notes.append(unanswered(len(table) - len(rows), len(table), self.target))
            column = Column(table.take(rows), table.index(self.target))
        y, classes = column.target(self.task)
        if not classes and (y == y[0]).all():
            raise DataError(
                f"{table.path}: every row has the value {column.cells[0]} in column {quoted(self.target)}, so there is "
                "nothing to learn; choose another target."
            )
        if self.task == "auto" and len(classes) > 2 and None not in column.numbers:
            self.notes.append(
                f"{len(classes)} distinct whole numbers in the target {quoted(self.target)} are taken for classes; "
                'say task="regression" to predict them as numbers'
            )
        self.task = "classification" if classes else "regression"
        return rows, y, classes

    def _why_none(self) -> str:
        return "; ".join(f"{quoted(name)}: {why}" for name, why in list(self.dropped.items())[:5]) + "."

    def _check_fitted(self) -> None:
        if not self.rules:
            raise ValueError("this Encoder has learnt nothing yet; call fit(table) with the training rows first")

    def _warn(self, table: Table, sentence: str) -> None:
        warnings.warn(f"{table.path}: {sentence}.", DataWarning, stacklevel=3)
