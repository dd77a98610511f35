"""A rule read in letters: the formula that a page of the table shows, where a Symbol would show a run of it.

A Symbol carries the numbers of one run, and spells its sizes and parameters and the side of a choice that was taken. On
a page they are to stand by their names, and a choice is to be shown whole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_core import ops
from autograd_core.op import NO_PARAMS, Op
from autograd_core.symbol import Symbol

CONSTANTS = {
    math.log(2): r"\ln 2", math.log(10): r"\ln 10", math.pi: r"\pi",
    math.pi / 180: r"\frac{\pi}{180}", 180 / math.pi: r"\frac{180}{\pi}", 2 / math.sqrt(math.pi): r"\frac{2}{\sqrt{\pi}}",
    math.sqrt(2 * math.pi): r"\sqrt{2 \pi}",
}  # fmt: skip


AXES_ONLY = ("None", "Ellipsis", "slice(None, None, None)")  # an index of these picks nothing


class Letter(Symbol):
    """A Symbol that tells of no run: sizes, parameters and constants are spelled by their names as well."""

    __slots__ = ()

    @property
    def size(self) -> Any:
        return Letter(f"n_{{{self.name}}}", self.value.size) if self.op is None else self.value.size

    def _as_parameter(self) -> Any:
        return self

    def _read(self, op: Op, inputs: tuple[Any, ...], params: dict[str, Any] = NO_PARAMS) -> Symbol:
        inputs = tuple(_named(x) for x in inputs)
        out = super()._read(op, inputs, {n: _deep(v, lambda letter: letter.value) for n, v in params.items()})
        if out.op is not op or out.inputs is not inputs:
            return out  # a side that was chosen
        letter = Letter(op.name, out.value)
        letter.op, letter.inputs = op, inputs
        letter.params = {n: _deep(v, lambda letter: letter.name) for n, v in params.items()}
        index = params.get("index", 0)
        if op.name == "getitem" and isinstance(index, tuple) and all(str(part) in AXES_ONLY for part in index):
            letter.op, letter.params = ops.reshape, NO_PARAMS  # a[:, None] moves nothing
        return letter


def _deep(x: Any, how: Callable[[Letter], Any]) -> Any:
    if isinstance(x, (tuple, list)):
        return type(x)(_deep(v, how) for v in x)
    if isinstance(x, slice):
        return slice(*(_deep(v, how) for v in (x.start, x.stop, x.step)))
    return how(x) if isinstance(x, Letter) else x


def _named(x: Any) -> Any:
    """A constant under the name that it has in formulas."""
    if isinstance(x, float) and x in CONSTANTS:
        return Letter(CONSTANTS[x], x)
    if isinstance(x, np.ndarray) and x.ndim == 2 and np.array_equal(x, np.eye(*x.shape)):
        return Letter("I", x)
    return x


def letter(name: str) -> str:
    """A name in LaTeX: one letter as it is, a word as a word, what follows an underscore below."""
    head, *rest = name.split("_")
    word = head if len(head) == 1 else rf"\mathit{{{head}}}"
    return f"{word}_{{{letter('_'.join(rest))}}}" if rest else word


UNREADABLE = re.compile(r"×|\^\\top\^|.{200}")  # an array that has only a shape; a^⊤^; what fills more than two lines


def rule_in_letters(op: Op, i: int) -> str | None:
    """The rule towards the i-th input in LaTeX, None if it does not come out as a formula."""
    spellings = {_spelling(op, i, seed, _first) for seed in range(8)}
    if len(spellings) > 1 or spellings == {"0"}:  # the formula depends on the numbers: with arrays it says on what
        spellings = {_spelling(op, i, 0, _array)}
    (spelling,) = spellings
    return None if spelling is None or UNREADABLE.search(spelling) else spelling


def _first(cases: list[Any]) -> Any:
    """Of the cases that are checked the first; but a product of matrices says more than one of vectors."""
    product = [np.ndim(x) for x in cases[0][0]] == [1, 1]
    return next((c for c in cases if product and all(np.ndim(x) == 2 for x in c[0])), cases[0])


def _array(cases: list[Any]) -> Any:
    return next((c for c in cases if all(np.ndim(x) for x in c[0])), cases[0])


def _spelling(op: Op, i: int, seed: int, choose: Callable[[list[Any]], Any]) -> str | None:
    assert op.samples is not None
    rng = np.random.default_rng(seed)
    values, given = choose(op.samples(lambda shape=(), low=-2.0, high=2.0: rng.uniform(low, high, shape)))
    params = op.bind(given)
    y, *saved = op.kernel(*values, **params) if op.saved else (op.kernel(*values, **params),)
    names = [f"x_{k + 1}" for k in range(len(values))] if op.variadic else op.inputs
    inputs = [Letter(letter(n), x) for n, x in zip(names, values, strict=True)]
    kept = [_lettered(n, s) for n, s in zip(op.saved, saved, strict=True)]
    rule, pick = next((rule, pick) for k, rule, pick in op.edges_of(len(inputs)) if k == i)
    known = (Letter("g", np.ones_like(y)), Letter("y", y), *([inputs] if op.variadic else inputs), *kept)
    for numbers in ((int, float, np.ndarray), (float, np.ndarray), ()):  # an axis may have to be a number
        named = [Letter(letter(n), v) if type(v) in numbers or n == "index" else v for n, v in params.items()]
        try:
            spelling = rule(*pick((*known, *named)))
        except (TypeError, IndexError, ValueError):
            continue
        return spelling.spell("latex") if isinstance(spelling, Symbol) else str(spelling)
    return None


def _lettered(name: str, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [Letter(f"{name[0]}_{k}", v) for k, v in enumerate(value)]
    return Letter(letter(name), value)
