"""When do two numbers agree? What the engine made of one op, held against what an oracle expects.

They agree to a relative difference. What an oracle itself doubts, and what must be lost where large numbers cancel, is
not counted as one, and where it knows nothing (NaN) it is not asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .oracles import Answer, Local, Moves

WHOLE = "the whole"


@dataclass(frozen=True)
class Difference:
    """A disagreement: at which op, towards which argument and index, and according to whom."""

    op: str
    formula: str
    what: str
    index: tuple[int, ...] | None
    got: float
    expected: float
    oracle: str

    def __str__(self) -> str:
        where = "along a random direction" if self.index is None else f"at index {self.index}"
        text = f"{self.op}: wrong {self.what} {where}\n  formula    {self.formula}\n  got        {self.got:.10g}\n"
        text += f"  expected   {self.expected:.10g} ({self.oracle})"
        lost = "\n  every op is right: on the way the graph was left (.detach(), .numpy(), .item()?)"
        return text + (lost if self.op == WHOLE else "")


@dataclass
class Part:
    """One row of the program, or all of it: what the engine made of it, and the same as a function for the oracles."""

    op: str
    formula: str
    value: Any
    arguments: dict[int, str]  # what the inputs that count are called
    gradients: dict[int, Any]  # and what the engine hands to them
    local: Local


@dataclass
class Held:
    """What the engine gives, beside what an oracle expects: the value (i is None), or the gradient towards input i."""

    part: Part
    answer: Answer
    i: int | None
    moves: Moves
    given: Any
    expected: Any
    doubt: Any

    @property
    def got(self) -> Any:
        """The gradient, or its products with the moves."""
        return self.given if self.moves is None else np.array([np.sum(self.given * move) for move in self.moves])

    @property
    def rtol(self) -> float:
        """What counts as a difference: float32 cannot agree as closely."""
        rtol = self.answer.rtol if self.i is not None else 1e-9
        return rtol if {np.asarray(x).dtype for x in (self.given, self.part.value)} == {np.dtype(float)} else 1e-3

    def relative(self) -> Any:
        """The difference in proportion, less where the oracle doubts or numbers cancelled; NaN where it says nothing."""
        got, expected, g = np.asarray(self.got), np.asarray(self.expected), self.part.local.g
        weighed = abs(np.asarray(g * self.part.value))
        rounding = 1e-13 * np.max(weighed[np.isfinite(weighed)], initial=0)
        with np.errstate(all="ignore"):
            size = np.maximum(abs(got), abs(expected)) + np.max(abs(got[np.isfinite(got)]), initial=0) / 100
            relative = abs(got - expected) / (size + (10 * self.doubt + rounding) / self.rtol)
        relative = np.where(got == expected, 0.0, np.where(np.isnan(relative), np.inf, relative))
        return np.where(np.isnan(expected), np.nan, relative)

    def difference(self, oracle: str, worst: int) -> Difference:
        """The largest difference in words; along a direction, halve it until one element is left that differs."""
        what = "value" if self.i is None else f"gradient towards {self.part.arguments[self.i]}"
        if self.moves is None:
            index = self._index(worst)
            got, expected = np.asarray(self.got)[index], np.asarray(self.expected)[index]
        else:
            place = self._located(self.moves[worst])
            index = None if place is None else self._index(place)
            one = self if place is None else self._along(np.array([place]), np.ones(np.shape(self.given)))
            got, expected = (np.asarray(x)[worst if place is None else 0] for x in (one.got, one.expected))
        return Difference(self.part.op, self.part.formula, what, index, float(got), float(expected), oracle)

    def _index(self, place: int) -> tuple[int, ...] | None:
        return tuple(map(int, np.unravel_index(place, np.shape(self.given))))

    def _located(self, move: Any) -> int | None:
        places = np.arange(np.size(move))
        while len(places) > 1:
            half = len(places) // 2
            one = self._along(places[:half], move)
            places = places[:half] if np.any(one.relative() > self.rtol) else places[half:]
        return int(places[0]) if np.any(self._along(places, np.ones_like(move)).relative() > self.rtol) else None

    def _along(self, places: Any, move: Any) -> Held:
        """The same along those elements of a move alone."""
        part = np.zeros(np.size(move))
        part[places] = np.ravel(move)[places]
        moves = [part.reshape(np.shape(move))]
        assert self.i is not None
        return Held(self.part, self.answer, self.i, moves, self.given, *self.answer.slopes(self.i, moves))
