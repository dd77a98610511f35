"""Sums of many numbers as text: sums along the axes of a view, and sums of products as matrix products.

sum(w * x for w, x in zip(ws, row)) for every neuron and sample    ->   x_view.dot(w_view, out)
"""

from __future__ import annotations

import string
from typing import Any

import numpy as np

from .regular import common, regular

ITEM = 8
Read = tuple[str, int, Any, str]


def dense(lengths: list[int]) -> list[int]:
    """The strides of axes that lie close together."""
    return [int(np.prod(lengths[i + 1 :])) for i in range(len(lengths))]


class Sums:
    """What ColumnText knows about sums."""

    all: list[Any]
    reads: dict[int, dict[int, Any]]
    products: dict[tuple[int, int], Any]
    column: dict[int, str]
    view_of: dict[str, str]
    body: list[str]
    before: list[str]
    _view: Any
    _read: Any
    _temporary: Any
    _gathered: Any
    _elementwise: Any
    function: Any
    fresh: Any

    def _sum(self, c: int, out: str, note: str) -> None:
        """Sums of many, one colour after the other."""
        size = self.all[c].size
        terms: list[Read] = []
        for k, r in self.reads[c].items():
            source = self._read(c, k)
            if (c, k) in self.products:
                name = out if not terms else self._temporary(size, "float64", 2 + len(terms))
                self._dot(source, self.products[c, k], name, size, note)
            elif r.shape[1] == 1:
                terms.append((self.column[source], self.all[source].size, r[:, 0], "float64"))
                continue
            else:
                name = out if not terms else self._temporary(size, "float64", 2 + len(terms))
                self._reduce(source, r, name, note)
            terms.append((name, size, np.arange(size), "float64"))
        while len(terms) > 1:
            self._elementwise("add", terms[:2], out, note)
            terms[:2] = [(out, size, np.arange(size), "float64")]

    def _reduce(self, source: int, r: Any, out: str, note: str) -> None:
        name, n = self.column[source], r.shape[1]
        grid = regular(r.ravel())
        axes = common([grid[1]], cut=n) if grid is not None else None
        if grid is None or axes is None:
            name, size, base = self._gathered(name, r.ravel(), "float64", 0), r.size, 0
            lengths, strides = list(r.shape), [n, 1]
        else:
            size, base, lengths, strides = self.all[source].size, grid[0], axes[0], axes[1][0]
        inner, summed = 1, 0
        while inner < n:
            summed += 1
            inner *= lengths[-summed]
        view = self._view(name, size, base, lengths, strides, ITEM, True)
        outer = lengths[: len(lengths) - summed]
        target = self._view(out, len(r), 0, outer, dense(outer), ITEM)
        axis = tuple(range(len(outer), len(lengths)))
        if not outer:
            self.body.append(f"{out}[0] = {self.function('add')}.reduce({view}, None){note}")
        else:
            of = axis[0] if len(axis) == 1 else axis
            self.body.append(f"{self.function('add')}.reduce({view}, {of}, None, {target}){note}")

    def _dot(self, source: int, product: Any, out: str, size: int, note: str) -> None:
        """A sum of products as a matrix product, or as einsum where it is none."""
        lengths, (a, b), summed, bases = product
        outer = len(lengths) - summed
        factors = [(self.column[self._read(source, k)], self.all[self._read(source, k)].size) for k in (0, 1)]
        kinds = ["ab" if a[i] and b[i] else "a" if a[i] else "b" if b[i] else "" for i in range(len(lengths))]
        plain = summed == 1 and kinds[-1] == "ab" and sorted(kinds[:-1]) in ([], ["a"], ["b"], ["a", "b"])
        keep = [self._factor(factors[k], bases[k], lengths, (a, b)[k]) for k in (0, 1)]
        if plain:
            order = kinds[:-1]
            first, second = keep if order != ["b", "a"] and order != ["b"] else keep[::-1]
            if len(order) == 2:
                target = self._view(out, size, 0, lengths[:2], [lengths[1], 1], ITEM)
                self.body.append(f"{first}.dot({self._turned(second)}, {target}){note}")
            elif order:
                self.body.append(f"{first}.dot({second}, {out}){note}")
            else:
                self.body.append(f"{out}[0] = {first}.dot({second}){note}")
            return
        letters = string.ascii_lowercase[: len(lengths)]
        parts = ["".join(ch for ch, s in zip(letters, (a, b)[k], strict=True) if s) for k in (0, 1)]
        if "" in kinds:  # the same product many times over
            parts = [letters, letters]
            keep = [self._view(*factors[k], bases[k], lengths, (a, b)[k], ITEM, True) for k in (0, 1)]
        left = lengths[:outer]
        target = self._view(out, size, 0, left, dense(left), ITEM, True)
        text = (
            f"{self.function('einsum')}('{parts[0]},{parts[1]}->{letters[:outer]}', {keep[0]}, {keep[1]}, out={target})"
        )
        self.body.append(text + note)

    def _factor(self, factor: Any, base: int, lengths: list[int], strides: list[int]) -> str:
        """A factor without the axes that it does not have."""
        axes = [i for i in range(len(lengths)) if strides[i]]
        return self._view(*factor, base, [lengths[i] for i in axes], [strides[i] for i in axes], ITEM, True)

    def _turned(self, name: str) -> str:
        text = f"{name}.T"
        if text not in self.view_of:
            self.view_of[text] = self.fresh(f"{name}_T")
            self.before.append(f"{self.view_of[text]} = {text}")
        return self.view_of[text]
