"""An optimizer's rule as lines of a program: `apply` is run once on names in place of arrays, and what it does is written down.

Its numbers (lr, betas, the count t) are followed as formulas, evaluated anew at each step; where the rule asks about
one (`if momentum:`), the answer is kept, and another answer makes another program.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from .followed import Array, CannotWrite, Number, followed
from .names import NUMPYS, Thing


class Rule:
    """One optimizer's step of one flat buffer as text. lines: over names of its own, for which a program has others;
    formulas: of numbers; static: the settings that are not followed."""

    def __init__(self, optimizer: Any, group: dict[str, Any], flat: Any, t: int, suffix: str = ""):
        self.lines: list[str] = []
        self.functions: set[str] = set()
        self.questions: dict[str, bool] = {}
        self.formulas: dict[str, str] = {}  # text -> name
        self.temporaries: dict[str, Any] = {}
        self.suffix, self.dtype = suffix, flat.values.dtype
        self.taken = {"out"}
        settings = {k: self._number(f"group[{k!r}]", v) for k, v in group.items() if k != "params"}
        static = {k: group[k] for k, v in settings.items() if not followed(v)}
        self.static = {k: list(v) if type(v) is list else v for k, v in static.items()}
        self.values, self.grads = self._name("values"), self._name("grads")
        self.state = {n: self._name(n) for n in flat.state}
        p, g = Array(self, self.values, self.dtype), Array(self, self.grads, self.dtype)
        state = {n: Array(self, name, self.dtype) for n, name in self.state.items()}
        optimizer.apply(Number(self, t, "t"), p, g, state, {**settings, "params": group["params"]})
        formulas, questions = list(self.formulas), list(self.questions)
        self.answers = tuple(self.questions[q] for q in questions)
        asked, moving = "".join(f"{q}, " for q in questions), [f for f in formulas if "t" in _words(f)]
        texts = (
            f"lambda t, group: (({asked}), ({''.join(f'{f}, ' for f in formulas)}))",
            f"lambda steps, group: [(({asked}), ({''.join(f'{f}, ' for f in moving)})) for t in steps]",
        )
        self.evaluate, self.evaluate_steps = map(_function, texts)
        self.cells = {name: np.zeros((), self.dtype) for name in self.formulas.values()}
        self.changing = [self.formulas[f] for f in moving]  # from one step to the next
        self.tables: dict[str, Any] = {}
        self.steady = "t" not in {w for f in (*formulas, *questions) for w in _words(f)}

    def _name(self, wish: str) -> str:
        """A name of its own; in a program it may be another."""
        wish += self.suffix
        while wish in self.taken or wish in NUMPYS:
            wish += "_"
        self.taken.add(wish)
        return wish

    def _number(self, text: str, value: Any) -> Any:
        if type(value) in (tuple, list) and any(isinstance(v, (float, np.floating)) for v in value):
            return type(value)(self._number(f"{text}[{i}]", v) for i, v in enumerate(value))
        if self._is_wide(value):
            raise CannotWrite(f"{text} is {value!r}")
        plain = isinstance(value, (float, np.floating)) or (text == "group['lr']" and isinstance(value, int))
        return Number(self, value, text) if plain else value

    def _is_wide(self, number: Any) -> bool:
        """Whether NumPy computes in another precision where it meets this number."""
        return isinstance(number, np.generic) and number.dtype != self.dtype

    def said(self, x: Any, dtype: Any) -> str:
        """How a line speaks of an operand."""
        if isinstance(x, Array):
            return x.name
        if isinstance(x, Number):
            text = x.text
        elif isinstance(x, (int, float)):
            text = repr(x)
        else:
            raise CannotWrite(f"{type(x).__name__}")
        if text not in self.formulas:
            simple = text.removeprefix("group['").removesuffix("']")
            self.formulas[text] = self._name(simple if simple.isidentifier() else f"k{len(self.formulas)}")
        return self.formulas[text]

    def scratch(self, dtype: Any) -> Array:
        name = self._name(f"s{len(self.temporaries)}")
        self.temporaries[name] = dtype
        return Array(self, name, dtype)

    def fits(self, t: int, group: dict[str, Any]) -> bool:
        """Refill the numbers for step t; False if a question has another answer than when this was written."""
        answers, numbers = self.evaluate(t, group)
        for cell, number in zip(self.cells.values(), numbers, strict=True):
            if self._is_wide(number):
                return False
            cell[()] = number
        return answers == self.answers and all(group.get(k) == v for k, v in self.static.items())

    def tabulate(self, t: int, place: int, count: int, group: dict[str, Any]) -> int:
        """Fill the tables of changing numbers, from a place on, for steps from t on; for how many the answers hold."""
        if not self.fits(t, group):
            return 0
        if self.steady:
            return count
        rows = self.evaluate_steps(range(t, t + count), group)
        fitting = next((k for k, (answers, _) in enumerate(rows) if answers != self.answers), count)
        columns = zip(*[numbers for _, numbers in rows[:fitting]], strict=True)
        for name, column in zip(self.changing, columns, strict=True):
            self.tables[name][place : place + fitting] = column
        return fitting

    def without_rate(self) -> list[str] | None:
        """The lines for gradients and state measured in learning rates; None if the rule is not linear in these."""
        values, rate, numbers = self.values, self.formulas.get("group['lr']"), {*self.formulas.values()}
        if len(self.lines) < 2 or rate is None:
            return None
        *lines, shrink, last = self.lines
        found = re.fullmatch(rf"multiply\((\w+), {rate}, (\w+)\)", shrink)
        if found is None or last != f"subtract({values}, {found[2]}, {values})":
            return None
        for line in lines:
            function, a, b, *_ = _words(line)
            if {a, b} & {values, rate} or function not in ("multiply", "add", "subtract"):
                return None
            if ((a in numbers) != (b in numbers)) != (function == "multiply"):
                return None
        return [*lines, f"subtract({values}, {found[1]}, {values})"]

    def written(self, w: Any, flat: Any, suffix: str, every: bool, chunk: int) -> list[str]:
        """The lines in a program. every: for many batches, whose changing numbers it is then called with."""
        arrays = {self.values: flat.values, self.grads: flat.grads}
        arrays |= {name: flat.state[n] for n, name in self.state.items()}
        words = {word for line in self.lines for word in _words(line)}
        used = [name for name in arrays if name in words]
        names = {name: w.give(name, Thing(arrays[name])) for name in used}  # in the program
        for name, cell in self.cells.items():
            if name in words and (not every or name not in self.changing):
                names[name] = w.give(name, Thing(cell))
        if every:
            names |= {name: w.fresh(name) for name in self.changing}
            w.varying += [names[name] for name in self.changing]
        for f in self.functions:
            w.function(f)
        size = flat.values.size
        whole = size <= 2 * chunk
        for name, dtype in self.temporaries.items():
            names[name] = w.fresh(name)
            w.before.append(
                f"{names[name]} = {w.function('empty')}({size if whole else chunk}, {w.function(np.dtype(dtype).name)})"
            )
        if whole:
            return [_renamed(line, names) for line in self.lines]
        parts = [f"{names[n]}[i : i + {chunk}]" for n in used]
        parts += [f"{names[n]}[: {size} - i]" for n in self.temporaries]
        names |= {n: w.fresh(f"{names[n]}_") for n in (*used, *self.temporaries)}
        several = w.fresh(f"parts{suffix}")
        w.before.append(f"{several} = [({', '.join(parts)}) for i in range(0, {size}, {chunk})]")
        inner = ", ".join(names[n] for n in (*used, *self.temporaries))
        return [f"for {inner} in {several}:", *(f"    {_renamed(line, names)}" for line in self.lines)]


@cache
def _function(text: str) -> Callable[..., Any]:
    """A function of our own making: formulas over t and a group's settings."""
    made: Callable[..., Any] = eval(text, {})
    return made


def _renamed(line: str, names: dict[str, str]) -> str:
    return re.sub(r"\w+", lambda word: names.get(word[0], word[0]), line)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)
