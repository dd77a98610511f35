"""What the training rows teach about one column: how its cells become features, or why they become none.

- Numbers are one feature. Missing ones become the median of the training rows, and a second feature marks them.
- Dates are the days since 1970, and then as numbers. By those above 12 it shows whether the day or the month comes first.
- Categories are one 0/1 feature for each word of the training rows; "(missing)" is such a word if any were missing there.
  Of more than a hundred words the most frequent are, and "(other)" is for the others and for what training did not have.
- Dropped are columns that are empty or constant, that number the rows, or that name rows rather than group them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from .columns import DATES, EPOCH, MAX_LABELS, Column, canonical, day, readings
from .states import checked, texts
from .tables import number, spellings
from .wording import count, listed, quoted

if TYPE_CHECKING:
    from numpy.typing import NDArray

GAP = "(missing)"
FEW = 20  # so few words may well be all different and categories all the same
NUMBERING = re.compile(r"(.*[^A-Za-z])?(?i:id|index|key|uuid)|.*[a-z](Id|ID)|Unnamed: \d+")
SHAPES = {
    r"\d{1,4}([./-])\d{1,2}\1\d{1,4}([ T].*)?": "year-month-day",
    r"[^\w.,+-]* ?[+-]?[\d.,' ]*\d ?([^\w.,+-]*|[A-Za-z]{2,3})": "a bare number",
}
FIELDS = {"name": str, "kind": str, "fill": float, "gaps": bool, "labels": list}


@dataclass(frozen=True)
class Rule:
    """How one column is encoded: ``fill`` stands for missing numbers, ``gaps`` says that a feature marks missing cells.

    >>> from autograd_core import datasets
    >>> from autograd_core.datasets.columns import Column
    >>> table = datasets.read_table({"port": ["C", "S", None], "age": [30, 20, None]})
    >>> rule = learn(Column(table, 1), "numbers")
    >>> rule.features, rule.encode(Column(table, 1))[0].tolist()
    (['age', 'age=(missing)'], [[30.0, 0.0], [20.0, 0.0], [25.0, 1.0]])
    >>> rule = learn(Column(table, 0), "categories")
    >>> rule.features, rule.encode(Column(table, 0))[0].tolist()
    (['port=C', 'port=S', 'port=(missing)'], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    """

    name: str
    kind: str
    fill: float = 0.0
    gaps: bool = False
    labels: tuple[str, ...] = ()

    @property
    def features(self) -> list[str]:
        """The names of the features that the column becomes."""
        words = [f"{self.name}={label}" for label in (*self.labels, *[GAP] * self.gaps)]
        return words if self.kind == "categories" else [self.name, *words]

    @property
    def typical(self) -> str:
        """What stands for a missing number or date, as it is said."""
        return f"{EPOCH + timedelta(self.fill):%Y-%m-%d}" if self.kind in DATES else f"{self.fill:g}"

    def encode(self, column: Column) -> tuple[NDArray[np.float64], list[str]]:
        """The features, (n, k), and a sentence about each thing that the training rows did not have.

        DataError for text among numbers, or for infinite numbers.
        """
        said = []
        marks = column.missing[:, np.newaxis][:, : int(self.gaps)]
        if column.missing.any() and not self.gaps:
            filled = (
                "the features of its categories are all 0"
                if self.labels
                else f"filled with {self.typical}, the training median"
            )
            said.append(f"{_share(column.missing, 'missing value')}, none in training: {filled}")
        if self.kind != "categories":
            values = column.values(self.kind)
            return np.hstack([np.where(column.missing, self.fill, values)[:, np.newaxis], marks]), said
        places = column.places(self.labels)
        unseen = (places < 0) & ~column.missing
        if unseen.any():
            words = Counter(column.cells[row] for row in np.flatnonzero(unseen))
            examples = listed([f"{word} ({times})" for word, times in words.most_common(5)])
            more = f" and {len(words) - 5} more" if len(words) > 5 else ""
            said.append(
                f"{_share(unseen, 'value')} not seen in training, {examples}{more}: the features of its categories are all 0"
            )
        return np.hstack([places[:, np.newaxis] == np.arange(len(self.labels)), marks]).astype(np.float64), said

    def to_dict(self) -> dict[str, Any]:
        """The rule in plain values, ready for JSON."""
        return {**asdict(self), "labels": list(self.labels)}

    @classmethod
    def from_dict(cls, state: Any) -> Rule:
        """The rule that ``to_dict`` wrote; ValueError for anything else."""
        state = checked(state, FIELDS, "the rule of a column")
        labels = state["labels"]
        to_3886 = dict.fromkeys(DATES, 700_000.0)  # days
        most = {"numbers": math.inf, "categories": 1.0, **to_3886}.get(state["kind"], 0.0)
        if not abs(state["fill"]) < most or not texts(labels, distinct=True):
            raise ValueError(
                f"the rule of column {quoted(state['name'])} is damaged: its kind, fill or labels make no sense"
            )
        return cls(**{**state, "labels": tuple(labels)})


def learn(column: Column, kind: str, group: bool = False) -> Rule:
    """The rule of a column by its training rows; DataError for text among numbers or, unless they are grouped, too many words."""
    gaps = bool(column.missing.any())
    if kind == "categories":
        return Rule(
            column.name, kind, gaps=gaps, labels=tuple(column.frequent() if group else column.labels("features"))
        )
    values = column.values(kind)
    return Rule(column.name, kind, fill=float(np.median(values[~column.missing])) if column.filled else 0.0, gaps=gaps)


def judge(column: Column, named: bool) -> tuple[str, str]:
    """The kind of a training column, or "" and why it is dropped; ``named``: it was named among the categories.

    >>> from autograd_core import datasets
    >>> from autograd_core.datasets.columns import Column
    >>> judge(Column(datasets.read_table({"ship": ["Titanic", "Titanic"]}), 0), named=False)
    ('', "every cell is 'Titanic'")
    """
    words = {canonical(cell) for cell in set(column.filled)}
    if not words:
        return "", "no cell is filled"
    if len(words) == 1:  # with gaps it still says yes or no
        return ("categories", "") if column.missing.any() else ("", f"every cell is {quoted(next(iter(words)))}")
    kind = "categories" if named else column.kind()
    filled = len(column.filled)
    if kind == "categories" and not named:
        naming = filled >= FEW and len(words) > filled / 2
        if (how := nearly(column.filled)) and (naming or len(words) > MAX_LABELS):
            return "", f"{len(words)} distinct texts are too many categories; {how} to keep it"
        if naming:
            return "", f"{len(words)} distinct texts in {count(filled, 'cell')} name rows rather than group them"
    whole = kind == "numbers" and all(value is not None and value.is_integer() for value in column.numbers)
    if whole and len(words) == filled >= FEW and NUMBERING.fullmatch(column.name):
        return "", "whole numbers, all different, under this name number the rows; rename it to keep it"
    return kind, ""


def nearly(cells: list[str]) -> str:
    """What to do about texts that look like numbers or dates, and are not spelled as such; "" for others.

    >>> nearly(["$12.50", "36 %"]), nearly(["31/12/24"]), nearly(["12 Oak Street"]), nearly(["12", "13"])
    ('write $12.50 as a bare number or say decimal="."', 'write 31/12/24 as year-month-day', '', '')
    >>> nearly(["1/2/2024", "1/3/2024"])
    'write 1/2/2024, of which either number may be the day, as year-month-day'
    """
    if found := readings(cells):
        return f"write {cells[0]}, of which either number may be the day, as year-month-day" if len(found) == 2 else ""
    for shape, how in SHAPES.items():
        if all(re.fullmatch(shape, cell) and number(cell) is None and day(cell) is None for cell in cells):
            ways = [decimal for decimal in ".," if all(decimal in spellings(cell) for cell in cells)]
            return f"write {cells[0]} as {how}" + "".join(f' or say decimal="{way}"' for way in ways[:1])
    return ""


def _share(mask: NDArray[np.bool_], noun: str) -> str:
    return f"{int(mask.sum())} of {count(len(mask), noun)}"
