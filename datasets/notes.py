"""What an encoder says about the rows it learnt from: one sentence for each thing that somebody should know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .columns import DATES, OTHER, Column, readings
from .rules import Rule, nearly
from .wording import count, listed, quoted

RARE = 0.2  # a class with less than this part of its fair share of the rows is worth a sentence


def unanswered(gone: int, total: int, target: str) -> str:
    """Rows that are left out since what is to be predicted is missing.

    >>> from autograd_core.datasets.notes import unanswered
    >>> unanswered(1, 9, "price")
    "1 of 9 rows has no value in the target 'price' and is left out"
    """
    verb = ("has", "is") if gone == 1 else ("have", "are")
    return f"{gone} of {count(total, 'row')} {verb[0]} no value in the target {quoted(target)} and {verb[1]} left out"


def gaps(column: Column, rule: Rule) -> Iterator[str]:
    """What was done about the missing cells of a training column, if there are any, its dates, and texts that look like numbers."""
    if rule.kind == "categories" and (how := nearly(column.filled)):
        yield f"column {quoted(rule.name)}: taken for {len(rule.labels)} categories; {how} to have an order among them"
    if OTHER in rule.labels:
        rest = int((column.places(rule.labels) == rule.labels.index(OTHER)).sum())
        yield (
            f"column {quoted(rule.name)}: of {len(column.words())} distinct texts the {len(rule.labels) - 1} most frequent are "
            f"categories; the others, {rest} of {count(len(column.filled), 'value')}, are one, '{OTHER}', as are texts that come later"
        )
    if rule.kind in DATES and rule.kind != "dates":
        shown = next(cell for cell in column.filled if readings([cell]) == [rule.kind])
        yield f"column {quoted(rule.name)}: {rule.kind}, such as {shown}"
    if rule.gaps:
        done = "a category of their own"
        if rule.kind != "categories":
            done = f"filled with the median {rule.typical}, and marked in a feature of their own"
        yield f"column {quoted(rule.name)}: {int(column.missing.sum())} of {count(len(column.cells), 'value')} missing; {done}"


def balance(target: str, classes: Sequence[str], counts: Sequence[int]) -> Iterator[str]:
    """How many rows each class has, and a warning of those that are rare.

    >>> from autograd_core.datasets.notes import balance
    >>> print(*balance("ill", ["no", "yes"], [95, 5]), sep="\\n")
    classes of 'ill': no: 95 (95.0%), yes: 5 (5.0%)
    rare: yes. Always answering 'no' is right in 95.0% of the rows, so look at each class by itself, and let class weights
    make the rare ones count
    """
    total = sum(counts)
    alike: dict[str, list[str]] = {}
    for name in classes:
        alike.setdefault(name.casefold(), []).append(name)
    for names in alike.values():
        if len(names) > 1:
            yield f"classes {listed(names)} differ in capitals alone; spell them alike if they are one"
    if classes:
        shares = [f"{c}: {n} ({n / total:.1%})" for c, n in zip(classes, counts, strict=True)]
        yield f"classes of {quoted(target)}: {listed(shares)}"
    if rare := [c for c, n in zip(classes, counts, strict=True) if n < RARE * total / len(classes)]:
        often = int(np.argmax(counts))
        yield (
            f"rare: {listed(rare)}. Always answering {quoted(classes[often])} is right in {counts[often] / total:.1%} of the "
            "rows, so look at each class by itself, and let class weights make the rare ones count"
        )
