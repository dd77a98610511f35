"""What is said of the answers to a worksheet.

An answer that follows rightly from an earlier wrong one is told from a mistake of its own, and the usual slips are
computed and recognised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .expressions import constant
from .lines import Known, Line
from .writing import seen


class Answer(NamedTuple):
    """What is said of one answer. status: right, wrong, follows (rightly from a wrong one before) or open."""

    number: int
    left: str
    given: Any
    status: str
    why: str = ""

    def __str__(self) -> str:
        said = {"right": "right", "wrong": f"wrong. {self.why}", "follows": f"right for {self.why}", "open": "open"}
        given = "" if self.given is None else f" = {seen(self.given)}"
        return f"({self.number}) {self.left}{given}: {said[self.status]}"


class Checked(tuple[Answer, ...]):
    """What is said of each answer; prints those that are not right, and how many are."""

    __slots__ = ()

    @property
    def right(self) -> bool:
        """Whether all are answered and right."""
        return all(answer.status == "right" for answer in self)

    def __str__(self) -> str:
        said = [str(answer) for answer in self if answer.status in ("wrong", "follows")]
        count, still = (sum(a.status == status for a in self) for status in ("right", "open"))
        end = f"{count} of {len(self)} are right" + f", {still} are open" * (still > 0)
        return "\n".join([*said, "all right" if self.right else end])

    __repr__ = __str__


def check(lines: Sequence[Line], answers: Mapping[int, Any] | Sequence[Any]) -> Checked:
    """What is to be said of answers, by number or in order."""
    given = dict(answers) if isinstance(answers, Mapping) else dict(enumerate(answers, 1))
    if unknown := sorted(set(given) - set(range(1, len(lines) + 1))):
        raise ValueError(f"this worksheet has blanks 1 to {len(lines)}, there is no {unknown[0]}")
    known: Known = {}
    wrong: dict[Any, int] = {}
    said = []
    for number, line in enumerate(lines, 1):
        left = line.spelled("text")[0]
        if given.get(number) is None:
            said.append(Answer(number, left, None, "open"))
            continue
        answer, digits = _read(given[number], number)
        known[line.key] = answer
        if close(answer, line.value, digits):
            said.append(Answer(number, left, answer, "right"))
            continue
        before = {key: value for key, value in known.items() if key is not line.key}
        blamed = [n for key, n in wrong.items() if not close(_without(line, before, key), line.again(before), None)]
        wrong[line.key] = number
        if blamed and close(answer, line.again(before), digits):
            which = ", ".join(f"({n})" for n in blamed)
            said.append(Answer(number, left, answer, "follows", f"your answer to {which}; mend that one"))
        else:
            said.append(Answer(number, left, answer, "wrong", _diagnosis(line, before, answer, digits)))
    return Checked(said)


def _without(line: Line, known: Known, one: Any) -> Any:
    """The line's value, but for what was answered to another line."""
    return line.again({key: value for key, value in known.items() if key is not one})


def close(answer: Any, value: Any, digits: int | None) -> bool:
    """Whether an answer is right: to three digits, or to as many decimals as were written."""
    if np.shape(answer) != np.shape(value):
        return False
    least = 0.0 if digits is None else 0.5000001 * 10.0**-digits
    return bool(np.allclose(answer, value, rtol=5e-4, atol=max(least, 1e-12)))


def _diagnosis(line: Line, known: Known, answer: Any, digits: int | None) -> str:
    if np.shape(answer) != np.shape(line.value):
        return f"it has shape {np.shape(answer)}, and {np.shape(line.value)} is asked"
    for value, says in [*line.slips(known), (-np.asarray(line.again(known)), "the sign is turned")]:
        if np.shape(value) == np.shape(answer) and np.any(value) and close(answer, value, digits):
            return says
    with np.errstate(all="ignore"):
        if close(answer, 1 / np.asarray(line.again(known)), digits):
            return "it is upside down: numerator and denominator are exchanged"
    return line.hint(known)


def _read(answer: Any, number: int) -> tuple[Any, int | None]:
    """An answer as numbers, and how many decimals were written if it was rounded."""
    if isinstance(answer, str):
        written = answer.strip()
        value = constant(written)
    else:
        written = repr(answer)
        try:
            value = np.asarray(answer, float)[()]
        except (TypeError, ValueError):
            raise ValueError(f"the answer to ({number}), {answer!r:.40}, is no number and no list of numbers") from None
    whole, point, decimals = written.lstrip("-").partition(".")
    rounded = point and (whole + decimals).isdigit() and len((whole + decimals).lstrip("0")) >= 2
    return value, len(decimals) if rounded else None
