"""Columns of single numbers as text: `prepare` makes the columns and the views by which they are read, `step` fills them.

h = [w * x + b for w in ws]; ...          multiply(w_column, x_view, c5); add(c5, b_view, c6)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..lines import said
from .column_sums import ITEM, Read, Sums, dense
from .names import Names, Thing
from .regular import common, regular
from .rolling import Columns

LEAVES = {1: "parameters", 2: "gradients"}


class ColumnText(Sums, Names):
    """The program of some columns. source, given: as a Writer's."""

    def __init__(self, columns: Columns, names: list[str]):
        super().__init__()
        self.columns, self.all = columns, columns.columns
        self.colour, self.place = np.array(columns.colour), np.array(columns.place)
        self.body: list[str] = []
        self.view_of: dict[str, str] = {}
        self.column: dict[int, str] = {}
        self.temporary: dict[Any, str] = {}
        self.arguments = [self.fresh(name) for name in names]
        self.strided = False
        self.reads: dict[int, dict[int, Any]] = {}  # places that a column reads, by input
        for c in range(3 + len(names), len(self.all)):
            self._order(c)
        self.products: dict[tuple[int, int], Any] = {}  # sums that are dots
        self._leaves()
        for c in sorted(self._needed()):
            self._write(c)
        self.source = self._whole()

    # --- order -------------------------------------------------------------------------------------------------

    def _order(self, c: int) -> None:
        """The places that a column reads; from first to last where its numbers were made from last to first."""
        column = self.all[c]
        reads = {k: self.place[np.array(xs)].reshape(column.size, -1) for k, xs in column.operands.items()}
        if column.op.name == "add":
            reads = {k: r[:, ::-1] if r[0, 0] > r[0, -1] else r for k, r in reads.items()}
        for r in reads.values():
            if r[0, 0] != r[-1, 0]:
                if r[0, 0] > r[-1, 0]:
                    reads = {k: p[::-1] for k, p in reads.items()}
                    self.place[column.members] = column.size - 1 - self.place[column.members]
                break
        self.reads[c] = reads
        column.operands = {k: xs[:1] for k, xs in column.operands.items()}  # their colour is all that is asked for now

    def _read(self, c: int, k: int) -> int:
        """The colour of a column's input."""
        return int(self.colour[self.all[c].operands[k][0]])

    def _needed(self) -> set[int]:
        """The columns that have to be there as they are; sums of products elsewhere become dots."""
        first = 3 + len(self.arguments)
        needed = {int(self.colour[n]) for n in self.columns.asked}
        for c in range(len(self.all) - 1, first - 1, -1):
            if c not in needed:
                continue
            for k, r in self.reads[c].items():
                source = self._read(c, k)
                product = self._product(source, r) if self.all[c].op.name == "add" and source >= first else None
                if product is None:
                    needed.add(source)
                else:
                    self.products[c, k] = product
                    needed |= {self._read(source, 0), self._read(source, 1)}
        return {c for c in needed if c >= first}

    def _product(self, source: int, r: Any) -> Any:
        """How a sum of products reads its factors: lengths, strides of both, and how many axes are the sum's."""
        if self.all[source].op.name != "multiply" or r.shape[1] < 2:
            return None
        places = [self.reads[source][k][:, 0][r.ravel()] for k in (0, 1)]
        found = [regular(p) for p in places]
        both = None if None in found else common([f[1] for f in found if f], cut=r.shape[1])
        if both is None or len(both[0]) > 12:
            return None
        lengths, strides = both
        inner, summed = 1, 0
        while inner < r.shape[1]:
            summed += 1
            inner *= lengths[-summed]
        bases = [f[0] for f in found if f]
        return lengths, strides, summed, bases

    # --- text --------------------------------------------------------------------------------------------------

    def _leaves(self) -> None:
        for i, name in enumerate(self.arguments):
            self.column[3 + i] = self._empty(f"{name}_column", self.all[3 + i].size)
            self.body.append(f"{self.column[3 + i]}[:] = {name}.ravel()")
        start = 0
        for kind, wish in LEAVES.items():
            size = self.all[kind].size
            if size:
                self.column[kind] = self._empty(wish, size)
                self.body.append(f"{self.column[kind]}[:] = numbers[{start}:{start + size}]")
                start += size
        numbers = [float.fromhex(key) for key in self.columns.numbers]
        if numbers:
            self.column[0] = self.fresh("constants")
            if len(numbers) < 16 and np.isfinite(numbers).all():
                self.before.append(f"{self.column[0]} = {self.function('array')}({numbers})")
            else:
                self.given[self.column[0]] = Thing(np.array(numbers))

    def _empty(self, wish: str, size: int, dtype: str = "float64") -> str:
        name = self.fresh(wish)
        self.before.append(f"{name} = {self.function('empty')}({size}, {self.function(dtype)})")
        return name

    def _temporary(self, size: int, dtype: str, which: int) -> str:
        key = size, dtype, which
        if key not in self.temporary:
            self.temporary[key] = self._empty("s", size, dtype)
        return self.temporary[key]

    def _view(
        self, name: str, size: int, base: int, lengths: list[int], strides: list[int], item: int, exact: bool = False
    ) -> str:
        """A view of a column, made once; exact: of these very axes, and not just one that broadcasts to them."""
        if not lengths:
            text = f"{name}[{base}:{base + 1}].reshape(())"
        elif base == 0 and strides == dense(lengths) and int(np.prod(lengths)) == size:
            text = name if len(lengths) == 1 else f"{name}.reshape({tuple(lengths)})"
        elif len(lengths) == 1 and strides[0] > 0:
            stop = base + (lengths[0] - 1) * strides[0] + 1
            text = f"{name}[{base}:{stop}" + (f":{strides[0]}]" if strides[0] != 1 else "]")
        elif not any(strides) and not exact:
            text = f"{name}[{base}:{base + 1}]"
        else:
            self.strided = True
            where = f"{name}[{base}:]" if base else name
            text = f"as_strided({where}, {tuple(lengths)}, {tuple(item * s for s in strides)})"
        if text == name:
            return name
        if text not in self.view_of:
            self.view_of[text] = self.fresh(name)
            self.before.append(f"{self.view_of[text]} = {text}")
        return self.view_of[text]

    def _elementwise(
        self, call: str, reads: list[Read], out: str, note: str, kernel: bool = False, result: str = "float64"
    ) -> None:
        """A call over whole columns: (name, size, places, dtype) of each that it reads."""
        n = len(reads[0][2])
        found = [(name, size, *(regular(places) or (0, None)), dtype) for name, size, places, dtype in reads]
        axes = None if any(f[3] is None for f in found) else common([f[3] for f in found])
        if axes is None or (kernel and len(axes[0]) > 1):  # those that are no plain part are gathered
            for i, (name, _, places, dtype) in enumerate(reads):
                if found[i][3] is None or len(found[i][3]) > 1:
                    found[i] = (self._gathered(name, places, dtype, i), n, 0, [(n, 1)], dtype)
            axes = common([f[3] for f in found])
            assert axes is not None
        lengths, strides = axes
        if not lengths:
            lengths, strides = [1], [[1] for _ in found]
        given = [
            self._view(name, size, base, lengths, s, np.dtype(dtype).itemsize)
            for (name, size, base, _, dtype), s in zip(found, strides, strict=True)
        ]
        if kernel:
            self.body.append(f"{out}[:] = {call.format(*given)}{note}")
            return
        target = self._view(out, n, 0, lengths, dense(lengths), np.dtype(result).itemsize)
        last = f"out={target}" if call in ("maximum", "minimum") else target
        self.body.append(f"{self.function(call)}({', '.join([*given, last])}){note}")

    def _gathered(self, name: str, places: Any, dtype: str, which: int) -> str:
        """Numbers that lie in no regular order, side by side."""
        taken = self._temporary(len(places), dtype, which)
        where = self.give("places", Thing(places))
        self.body.append(f'{self.function("take")}({name}, {where}, 0, {taken}, "clip")')
        return taken

    def _write(self, c: int) -> None:
        column = self.all[c]
        op = column.op
        word = "sum" if op.name == "add" else op.name
        note = f"  # {word}, {column.size:,}" + (f", {said(column.line)}" if column.line else "")
        dtype = column.dtype.name
        out = self.column[c] = self._empty(word, column.size, dtype)
        if op.name == "add":
            self._sum(c, out, note)
            return
        reads = []
        for k, r in self.reads[c].items():
            source = self._read(c, k)
            reads.append((self.column[source], self.all[source].size, r[:, 0], self.all[source].dtype.name))
        if op.name == "relu":
            zero = self.constants.get(("zeros", column.size))
            if zero is None:
                zero = self.constants["zeros", column.size] = self.fresh("zero")
                self.before.append(f"{zero} = {self.function('zeros')}({column.size})")
            reads.append((zero, column.size, np.arange(column.size), "float64"))
            self._elementwise("maximum", reads, out, note)
        elif isinstance(op.kernel, np.ufunc) and not column.params:
            self._elementwise(op.kernel.__name__, reads, out, note, False, dtype)
        else:
            kernel = self.give(f"{op.name}_kernel", op)
            more = "".join(f", {k}={v!r}" for k, v in column.params.items())
            holes = ", ".join("{}" for _ in reads)
            self._elementwise(f"{kernel}({holes}{more})", reads, out, note, True)

    def explained(self) -> str:
        """What the program costs, as a table."""
        there = sum(c.size for c in self.all[3 + len(self.arguments) :])
        lines = [f"one call: {there:,} numbers in {len(self.column)} columns, {len(self.body)} lines"]
        return "\n".join([*lines, *(f"  {line}" for line in self.body)])

    def _whole(self) -> str:
        """The text; the results of all colours are gathered in one column."""
        asked = self.columns.asked
        results = self._empty("results", len(asked))
        colours = self.colour[asked]
        for c in np.unique(colours):
            where = np.flatnonzero(colours == c)
            from_, to = regular(self.place[np.array(asked)[where]]), regular(where)
            name = self.column[int(c)]
            if from_ and to and len(from_[1]) < 2 and len(to[1]) < 2:
                axes = (from_[1] or [(1, 1)]), (to[1] or [(1, 1)])
                source = self._view(name, -1, from_[0], [axes[0][0][0]], [axes[0][0][1]], ITEM)
                self.body.append(
                    f"{self._view(results, -1, to[0], [axes[1][0][0]], [axes[1][0][1]], ITEM)}[:] = {source}"
                )
            else:
                to_name, from_name = (
                    self.give("places", Thing(p)) for p in (where, self.place[np.array(asked)[where]])
                )
                self.body.append(f"{results}[{to_name}] = {name}[{from_name}]")
        lines = [f"from numpy import {', '.join(sorted(self.functions))}"] if self.functions else []
        lines += ["from numpy.lib.stride_tricks import as_strided"] if self.strided else []
        lines += ["", f"def prepare({', '.join(self.given)}):", *(f"    {line}" for line in self.before), ""]
        lines += [
            f"    def step({', '.join([*self.arguments, '*numbers'])}):",
            *(f"        {line}" for line in self.body),
        ]
        return "\n".join([*lines, f"        return {results}.tolist()", "", "    return step"]) + "\n"
