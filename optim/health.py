"""What the numbers of a network's layers say about its training, in sentences.

Each rule asks about one layer's row among those of one measurement. It speaks when it holds twice in a row, since one bad
batch is nothing to worry about, and once: who has been told need not be told again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

DEAD = 0.6  # of a layer's units; a third dead is common in networks that learn well, and half are seen in narrow ones
SATURATED = 0.8  # of a layer's values; a layer that classifies well may have half of them at its ends
VANISHED = 1e-4  # of the other end's gradient, per parameter: ten sigmoids leave 4⁻¹⁰, healthy networks 0.05 to 20
FAST = 0.3  # of a layer's weights in one step; about 1e-3 is usual, small layers under Adam have 0.05
SLOW = 1e-7  # in the fastest layer: after a million steps not a tenth of it has moved
LARGE = 1e3  # root mean square inside the network; inputs of mean 0 and variance 1 keep it near 1
TWICE = 2  # measurements one after the other

Row = dict[str, Any]


class Rule(NamedTuple):
    """A kind of illness: `ill(row, rows, nth)` for a layer's row among those of the nth measurement, and what to say of it."""

    kind: str
    ill: Callable[[Row, list[Row], int], bool]
    says: Callable[[Row, list[Row]], str]
    remedy: str


class Alarm(NamedTuple):
    """What is wrong: the kind, the layers, since which epoch, and the sentence."""

    kind: str
    layers: list[str]
    since: int
    epoch: int
    sentence: str


def rms(row: Row) -> float:
    """The gradient of a layer for each of its parameters."""
    return math.nan if row["gradient"] is None else row["gradient"] / math.sqrt(row["parameters"])


def _learning(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["gradient"]]


def _vanished(row: Row, rows: list[Row], nth: int) -> bool:
    ends = _learning(rows)
    return len(ends) > 1 and row is ends[0] and rms(row) < VANISHED * rms(ends[-1])


def _exploded(row: Row, rows: list[Row], nth: int) -> bool:
    ends = _learning(rows)
    return len(ends) > 1 and row is ends[0] and rms(row) * VANISHED > rms(ends[-1])


def _ratio(row: Row, rows: list[Row]) -> str:
    last = _learning(rows)[-1]
    return f"its gradients are, per parameter, {rms(row) / rms(last):.0e} times those of layer {last['layer']}"


def _silent(row: Row, rows: list[Row], nth: int) -> bool:
    return row["gradient"] == 0 and bool(_learning(rows)) and not any((r["dead"] or 0) >= DEAD for r in rows)


def _inside(row: Row, rows: list[Row]) -> bool:
    """The last layer has the range of the targets, and may be sure of itself."""
    return row is not rows[-1]


RULES = [
    Rule(
        "dead",
        lambda row, rows, nth: (row["dead"] or 0) >= DEAD,
        lambda row, rows: f"{_percent(row['dead'])} of {row['kind']} units are dead",
        "lower the learning rate or use a positive initial bias",
    ),
    Rule(
        "saturated",
        lambda row, rows, nth: (row["saturated"] or 0) >= SATURATED and _inside(row, rows),
        lambda row, rows: f"{_percent(row['saturated'])} of {row['kind']} outputs are saturated",
        "lower the learning rate, begin with smaller weights, or normalise what comes in (nn.BatchNorm1d)",
    ),
    Rule("vanishing", _vanished, _ratio, 'use activation="relu", norm="batch" or nn.Residual, so that they do not vanish on the way'),
    Rule("exploding", _exploded, _ratio, "clip them (clip=1.0) and begin with smaller weights"),
    Rule(
        "silent", _silent, lambda row, rows: "it gets no gradient",
        "see that its output reaches the loss, without detach() and through no step that is flat",
    ),
    Rule(
        "fast",
        lambda row, rows, nth: (row["update"] or 0) >= FAST,
        lambda row, rows: f"each step changes its weights by {_percent(row['update'])} of their size",
        "lower the learning rate; 0.1 % is usual",
    ),
    Rule(
        "slow",
        lambda row, rows, nth: nth < TWICE and row["update"] is not None and row["update"] == max(r["update"] or 0 for r in rows) < SLOW,
        lambda row, rows: f"each step changes its weights by {row['update']:.0e} of their size, and no others by more,",
        "raise the learning rate; 1e-3 is usual",
    ),
    Rule(
        "large",
        lambda row, rows, nth: _inside(row, rows) and math.hypot(row["mean"] or 0, math.sqrt(row["variance"] or 0)) > LARGE,
        lambda row, rows: f"its outputs are of the size {math.hypot(row['mean'], math.sqrt(row['variance'])):.2g}",
        "scale the inputs to mean 0 and variance 1 (datasets.standardize), or lower the learning rate",
    ),
]  # fmt: skip


def alarms(measured: list[list[Row]]) -> Iterator[Alarm]:
    """What the last of these measurements, with those before it, gives cause to say."""
    for rule in RULES:
        found: list[tuple[Row, int]] = []
        for i, row in enumerate(measured[-1]):
            since = _since(rule, measured, i)
            if since is not None:
                found.append((row, since))
        if found:
            (row, since), others = found[0], [r["layer"] for r, _ in found[1:]]
            also = f" (layer{'s' * (len(others) > 1)} {', '.join(others)} as well)" if others else ""
            before = max((rows[0]["epoch"] for rows in measured if rows[0]["epoch"] < since), default=0)
            late = " at the latest" * (before < since - 1)  # nobody looked the epoch before
            said = (
                f"layer {row['layer']}{also}: {rule.says(row, measured[-1])} since epoch {since}{late} — {rule.remedy}"
            )
            yield Alarm(rule.kind, [r["layer"] for r, _ in found], since, row["epoch"], said)


def _since(rule: Rule, measured: list[list[Row]], i: int) -> int | None:
    """Since which epoch a rule holds of the i-th layer, if it held the last times."""
    held = 0
    while held < len(measured):
        nth = len(measured) - 1 - held
        if len(measured[nth]) <= i or not rule.ill(measured[nth][i], measured[nth], nth):
            break
        held += 1
    return measured[-held][i]["epoch"] if held >= TWICE else None


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
