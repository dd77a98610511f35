"""An optimizer's rule as lines of a program: `apply` is run once on names in place of arrays, and what it does is written down.

Its numbers (lr, betas, the count t) are followed as formulas, evaluated anew at each step; where the rule asks about
one (`if momentum:`), the answer is kept, and another answer makes another program.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from .names import Thing


class CannotWrite(Exception):
    """The rule does what lines over whole arrays cannot say; it is then called as it is."""


class Number:
    """A number of this step, with the formula that gives it."""

    def __init__(self, rule: Rule, value: Any, text: str):
        self.rule, self.value, self.text = rule, value, text

    def __float__(self) -> float:
        raise CannotWrite(f"float({self.text})")

    __index__ = __int__ = __float__  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]

    def _ask(self, answer: bool, text: str) -> bool:
        self.rule.questions[text] = bool(answer)
        return bool(answer)

    def __bool__(self) -> bool:
        return self._ask(bool(self.value), f"bool({self.text})")

    def __pow__(self, other: Any) -> Any:
        return self._with(operator.pow, "**", self, other)

    def __rpow__(self, other: Any) -> Any:
        return self._with(operator.pow, "**", other, self)

    def __neg__(self) -> Any:
        return Number(self.rule, -self.value, f"(-{self.text})")

    def _with(self, function: Callable[..., Any], sign: str, a: Any, b: Any) -> Any:
        if isinstance(a, Array) or isinstance(b, Array):
            return NotImplemented
        value, text = function(_plain(a), _plain(b)), f"({_text(a)} {sign} {_text(b)})"
        return Number(self.rule, value, text)


for _name, _sign in {"add": "+", "sub": "-", "mul": "*", "truediv": "/"}.items():
    _f = getattr(operator, _name)
    setattr(Number, f"__{_name}__", lambda a, b, f=_f, s=_sign: a._with(f, s, a, b))
    setattr(Number, f"__r{_name}__", lambda a, b, f=_f, s=_sign: a._with(f, s, b, a))
for _name, _sign in {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}.items():
    _f = getattr(operator, _name)
    setattr(
        Number, f"__{_name}__", lambda a, b, f=_f, s=_sign: a._ask(f(a.value, _plain(b)), f"({a.text} {s} {_text(b)})")
    )


class Array(np.lib.mixins.NDArrayOperatorsMixin):
    """A flat array of parameters, gradients or state, by name; each ufunc on it is a line."""

    def __init__(self, rule: Rule, name: str, dtype: Any):
        self.rule, self.name, self.dtype = rule, name, dtype

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **keywords: Any) -> Array:
        if method != "__call__" or keywords:
            raise CannotWrite(f"np.{ufunc.__name__} {method} {keywords}")
        if out is None:
            masks = ufunc in (np.less, np.greater, np.less_equal, np.greater_equal, np.equal, np.not_equal)
            target = self.rule.scratch(np.dtype(bool) if masks else self.dtype)
        else:
            (target,) = out
        given = ", ".join(self.rule.said(x, self.dtype) for x in inputs)
        last = f"out={target.name}" if ufunc in (np.maximum, np.minimum) else target.name
        self.rule.functions.add(ufunc.__name__)
        self.rule.lines.append(f"{ufunc.__name__}({given}, {last})")
        return target

    def __array_function__(self, function: Any, *_: Any) -> Any:
        raise CannotWrite(f"np.{function.__name__}")

    def __bool__(self) -> bool:
        raise CannotWrite("a question about an array")


class Rule:
    """One optimizer's step of one flat buffer as text. lines: over the names p, g and of the state; formulas: of numbers."""

    def __init__(self, optimizer: Any, group: dict[str, Any], flat: Any, t: int, suffix: str = ""):
        self.lines: list[str] = []
        self.functions: set[str] = set()
        self.questions: dict[str, bool] = {}
        self.formulas: dict[str, str] = {}  # text -> name
        self.temporaries: dict[str, Any] = {}
        self.suffix, self.dtype = suffix, flat.values.dtype
        settings = {k: self._number(k, v) for k, v in group.items() if k != "params"}
        self.static = {
            k: v for k, v in group.items() if not isinstance(v, float) and k not in ("params", "lr", "betas", "etas")
        }
        self.names = {"values": f"values{suffix}", "grads": f"grads{suffix}"} | {n: f"{n}{suffix}" for n in flat.state}
        p, g = Array(self, self.names["values"], self.dtype), Array(self, self.names["grads"], self.dtype)
        state = {n: Array(self, self.names[n], self.dtype) for n in flat.state}
        optimizer.apply(Number(self, t, "t"), p, g, state, {**settings, "params": group["params"]})
        formulas, questions = list(self.formulas), list(self.questions)
        self.answers = tuple(self.questions[q] for q in questions)
        asked, moving = "".join(f"{q}, " for q in questions), [f for f in formulas if "t" in _words(f)]
        texts = (
            f"lambda t, group: (({asked}), ({''.join(f'{f}, ' for f in formulas)}))",
            f"lambda steps, group: [(({asked}), ({''.join(f'{f}, ' for f in moving)})) for t in steps]",
        )
        # of our own making: formulas over t and the group's settings
        self.evaluate, self.evaluate_steps = (eval(text, {}) for text in texts)
        self.cells = {name: np.zeros((), self.dtype) for name in self.formulas.values()}
        self.changing = [self.formulas[f] for f in moving]  # from one step to the next
        self.tables: dict[str, Any] = {}
        self.steady = "t" not in {w for f in (*formulas, *questions) for w in _words(f)}

    def _number(self, key: str, value: Any) -> Any:
        if isinstance(value, tuple) and all(isinstance(v, float) for v in value):
            return tuple(Number(self, v, f"group[{key!r}][{i}]") for i, v in enumerate(value))
        plain = isinstance(value, float) or (key == "lr" and isinstance(value, int))
        return Number(self, value, f"group[{key!r}]") if plain else value

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
            self.formulas[text] = (simple if simple.isidentifier() else f"k{len(self.formulas)}") + self.suffix
        return self.formulas[text]

    def scratch(self, dtype: Any) -> Array:
        name = f"s{len(self.temporaries)}{self.suffix}"
        self.temporaries[name] = dtype
        return Array(self, name, dtype)

    def fits(self, t: int, group: dict[str, Any]) -> bool:
        """Refill the numbers for step t; False if a question has another answer than when this was written."""
        answers, numbers = self.evaluate(t, group)
        for cell, number in zip(self.cells.values(), numbers, strict=True):
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
        values, rate, numbers = self.names["values"], self.formulas.get("group['lr']"), {*self.formulas.values()}
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
        arrays = {self.names["values"]: flat.values, self.names["grads"]: flat.grads}
        arrays |= {self.names[n]: s for n, s in flat.state.items()}
        words = {word for line in self.lines for word in _words(line)}
        used = [name for name in arrays if name in words]
        for name in used:
            w.given.setdefault(name, Thing(arrays[name]))
        for name, cell in self.cells.items():
            if name in words and (not every or name not in self.changing):
                w.given[name] = Thing(cell)
        if every:
            w.varying += self.changing
        for f in self.functions:
            w.function(f)
        size = flat.values.size
        whole = size <= 2 * chunk
        for name, dtype in self.temporaries.items():
            w.before.append(
                f"{name} = {w.function('empty')}({size if whole else chunk}, {w.function(np.dtype(dtype).name)})"
            )
        if whole:
            return self.lines
        parts = [f"{n}[i : i + {chunk}]" for n in used] + [f"{n}[: {size} - i]" for n in self.temporaries]
        inner = {n: f"{n}_" for n in (*used, *self.temporaries)}
        w.before.append(f"parts{suffix} = [({', '.join(parts)}) for i in range(0, {size}, {chunk})]")
        lines = [re.sub(r"[A-Za-z_]\w*", lambda m: inner.get(m.group(), m.group()), line) for line in self.lines]
        return [f"for {', '.join(inner.values())} in parts{suffix}:", *(f"    {line}" for line in lines)]


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() or c == "_" else " " for c in text).split()


def _plain(x: Any) -> Any:
    return x.value if isinstance(x, Number) else x


def _text(x: Any) -> str:
    return x.text if isinstance(x, Number) else repr(x)
