"""Graphs of single numbers, rolled up: nodes that do the same to other numbers become one NumPy call over all of them.

Each number has a colour: the row that made it and the colours of what that row read, where all parameters have one colour, and so have
all constants and all elements of an argument. A chain of sums is one sum of many. Numbers of one colour lie side by side in one column:

    h = [[sum((w * x for w, x in zip(ws, row)), b) for ws, b in layer] for row in rows]      ->   dot(x, w.T) + b

A colour contains those that it is made of, so no number depends on another of its own column, and the columns can be computed one
after the other. Where a column is read at regular places it is read by a view, and a sum of products at such places is a dot.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import chain
from typing import Any

import numpy as np

from ..ops.indexing import getitem
from ..tensor import Tensor
from .calls import Value, key_of
from .recording import Record

LEAST = 8  # numbers in a column, on average, for columns to be worth it
KINDS: dict[str, int] = {"constant": 0, "outside": 1, "gradient": 2}  # the first colours; then one for each argument


class Unfit(Exception):
    """Not all is single numbers, or hardly two of them are made alike."""


def single(value: Any, kinds: str = "f") -> bool:
    """Whether a value is one float64, or one truth value."""
    return not value.shape and (value.dtype == np.float64 or value.dtype.kind in kinds[1:])


class Column:
    """All numbers of one colour. operands: for each input, the numbers that are read; for a sum, those of each colour."""

    __slots__ = ("dtype", "line", "members", "op", "operands", "params", "size")

    def __init__(self, op: Any, params: Any, dtype: Any, line: Any = None):
        self.op, self.params, self.dtype, self.line, self.size = op, params, dtype, line, 0
        self.members: list[int] = []
        self.operands: defaultdict[int, list[int]] = defaultdict(list)


class Columns:
    """A record as columns. leaves: what parameters and gradients stand in the columns of that kind; numbers: constants.

    colour, place: of each number, by its own number; of: the number of a Tensor, by id.
    """

    def __init__(self, found: Record, asked: Iterable[Tensor]):
        self.found = found
        self.of: dict[int, int] = {}
        self.colour: list[int] = []
        self.place: list[int] = []
        self.columns = [Column(None, None, np.dtype(float)) for _ in range(3 + len(found.arguments))]
        self.leaves: dict[int, list[Tensor]] = {1: [], 2: []}
        self.numbers: dict[Any, int] = {}
        self.views: dict[int, tuple[int, int, tuple[int, ...]]] = {}  # parts of arguments: which, from where, how much
        for i, x in enumerate(found.arguments):
            if x.value.dtype != np.float64:
                raise Unfit
            self.views[id(x)] = i, 0, x.shape
            self.columns[3 + i].size = x.size
        self.stands = {id(x): p for p, x in found.before.items()}
        self.outsiders = {id(x) for x in found.leaves} | {id(t) for t, _ in found.writes}
        self.kept = [x for x in found.leaves if single(x.value)]
        self.kept.sort(key=lambda x: x.born)  # in the order in which they were made, whatever reads them first
        for x in self.kept:
            self._leaf(x)
        self.elements: dict[tuple[int, int], int] = {}
        wanted = {id(x) for x in asked}
        self._colour(*self._nodes(wanted))
        self.asked = [self._number(x) for x in asked]
        if len(self.colour) < LEAST * len(self.columns):
            raise Unfit

    # --- numbers -----------------------------------------------------------------------------------------------

    def _fresh(self, colour: int, place: int) -> int:
        self.colour.append(colour)
        self.place.append(place)
        return len(self.colour) - 1

    def _leaf(self, x: Any) -> int:
        kind, stands = 1, x
        if id(x) in self.stands:
            kind, stands = 2, self.stands[id(x)]
        there = self.leaves[kind]
        there.append(stands)
        self.columns[kind].size += 1
        n = self.of[id(x)] = self._fresh(kind, len(there) - 1)
        return n

    def _number(self, x: Any) -> int:
        """The number of what a row reads."""
        if not isinstance(x, Tensor):
            if type(x) not in (float, int, np.float64):
                raise Unfit
            return self._constant(float(x))
        n = self.of.get(id(x))
        if n is not None:
            return n
        if id(x) in self.views:
            i, at, shape = self.views[id(x)]
            if shape:
                raise Unfit
            n = self.elements.get((i, at))
            if n is None:
                n = self.elements[i, at] = self._fresh(3 + i, at)
        elif not single(x.value):
            raise Unfit
        elif x.op is None and x.born > self.found.begun and id(x) not in self.outsiders and id(x) not in self.stands:
            n = self._constant(float(x.value))  # made while the function ran, and the same each time
        else:
            n = self._leaf(x)
        self.of[id(x)] = n
        return n

    def _constant(self, x: float) -> int:
        key = x.hex()  # which tells -0 from 0
        if key not in self.numbers:
            self.numbers[key] = self._fresh(0, len(self.numbers))
            self.columns[0].size += 1
        return self.numbers[key]

    def _part(self, step: Any) -> None:
        """An element or a row of an argument."""
        view = self.views.get(id(step.inputs[0]))
        index = step.params["index"]
        index = index if isinstance(index, tuple) else (index,)
        if view is None or not all(isinstance(k, (int, np.integer)) for k in index):
            raise Unfit
        i, at, shape = view
        for k, n in zip(index, shape, strict=False):
            shape = shape[1:]
            at += (int(k) % n) * int(np.prod(shape))
        self.views[id(step.out)] = i, at, shape

    # --- colours -----------------------------------------------------------------------------------------------

    def _nodes(self, wanted: set[int]) -> tuple[list[Any], dict[int, list[int]]]:
        """(number, step, inputs) of each node, in order, and the terms of those that are sums."""
        nodes: list[Any] = []
        of, float64 = self.of, np.float64
        for step in self.found.steps:
            op = step.op
            if op is getitem:
                self._part(step)
                continue
            value = step.out.value
            if type(value) is not float64 and not single(value, "fbi" if op.name == "where" else "fb"):
                raise Unfit
            if not op.elementwise or step.saved or "rng" in step.params:
                raise Unfit
            try:
                inputs = [of[id(x)] for x in step.inputs]
            except KeyError:  # read for the first time
                inputs = [self._number(x) for x in step.inputs]
            n = of[id(step.out)] = self._fresh(-1, -1)
            nodes.append((n, step, inputs))
        reads = Counter(chain.from_iterable([inputs for _, _, inputs in nodes]))
        reads.update(n for n, step, _ in nodes if id(step.out) in wanted)
        terms: dict[int, list[int]] = {}
        for n, step, inputs in nodes:
            if step.op.name == "add":
                a, b = inputs
                if a not in terms or reads[a] > 1:
                    a, b = b, a
                if a in terms and reads[a] == 1:  # a sum that nobody else reads goes on
                    terms[n] = terms.pop(a)
                    terms[n].append(b)
                else:
                    terms[n] = inputs
        return nodes, terms

    def _colour(self, nodes: list[Any], terms: dict[int, list[int]]) -> None:
        colours: dict[Any, int] = {}
        colour, place, columns = self.colour, self.place, self.columns
        for n, step, inputs in nodes:
            groups: dict[int, list[int]] = {}
            if step.op.name == "add":
                if n not in terms:  # a part of a longer sum
                    continue
                for x in terms[n]:
                    groups.setdefault(colour[x], []).append(x)
                key: Any = ("add", *[(c, len(xs)) for c, xs in sorted(groups.items())])
            else:
                key = (id(step.op), key_of(step.params) if step.params else (), *[colour[x] for x in inputs])
            c = colours.get(key)
            if c is None:
                c = colours[key] = len(columns)
                dtype = step.out.value.dtype
                columns.append(Column(step.op, step.params, dtype if dtype.kind == "b" else np.dtype(float), step.line))
            column = columns[c]
            colour[n], place[n] = c, column.size
            column.size += 1
            column.members.append(n)
            for j, xs in groups.items() or enumerate(zip(inputs)):
                column.operands[j] += xs


def columns_of(found: Record, asked: list[Tensor]) -> Columns | None:
    """The columns of a record, or None if it is none of single numbers that are made alike."""
    if not found.steps or found.states or not all(isinstance(x, Tensor) and single(x.value) for x in asked):
        return None
    try:
        return Columns(found, asked)
    except Unfit:
        return None


def outside(columns: Columns) -> list[Value]:
    """What is read anew at every call, in order."""
    kinds = {1: "outside", 2: "gradient"}
    return [Value(kinds[k], x.value, x, x.name or "") for k in kinds for x in columns.leaves[k]]
