"""Names in a program: every value, constant and function that it speaks of gets one, and none is given twice."""

from __future__ import annotations

import re
from keyword import kwlist
from typing import Any

import numpy as np

from .calls import Call, Value

NUMPYS = frozenset(dir(np))  # names that a program may import
UNFIT = re.compile(r"\W", re.ASCII)
# what the text says beside its own names
RESERVED = {
    *kwlist,
    "prepare",
    "step",
    "run",
    "batches",
    "keep",
    "numbers",
    "as_strided",
    "float",
    "abs",
    "range",
    "i",
    "_",
}


class Thing:
    """An array that is given to prepare as it is."""

    def __init__(self, array: Any):
        self.array = array


class Names:
    """What a program calls things; the lines of `prepare` that make constants are in `before`."""

    def __init__(self) -> None:
        self.names: dict[Value, str] = {}
        self.taken: set[str] = set(RESERVED)
        self.counts: dict[str, int] = {}
        self.given: dict[str, Any] = {}  # what prepare is called with, by name: a Value, or the thing itself
        self.functions: set[str] = set()  # of NumPy
        self.before: list[str] = []  # lines of prepare
        self.fixed: dict[Value, Any] = {}  # values that always lie in the same memory, with an array laid out so
        self.constants: dict[Any, str] = {}
        self.read_as_bits: dict[str, str] = {}
        self.numbers: list[Value] = []  # what is read anew and is no array: arguments of step

    def fresh(self, wish: str) -> str:
        """A name that nothing has yet, as close to a wish as can be."""
        wish = UNFIT.sub("_", wish) or "x"
        while wish[0].isdigit():  # "0.weight" is weight_0
            first, _, rest = wish.partition("_")
            wish = f"{rest}_{first}" if any(map(str.isalpha, rest)) else f"p_{wish}"
        name = wish
        stem = wish.rstrip("0123456789") or wish
        n = self.counts.get(stem, 1)
        while name in self.taken or name in NUMPYS:
            n += 1
            name = f"{stem}{n}"
        self.counts[stem] = n
        self.taken.add(name)
        return name

    def function(self, name: str) -> str:
        """A name of NumPy's, imported."""
        self.functions.add(name)
        return name

    def give(self, wish: str, thing: Any) -> str:
        """A name in prepare for something from outside."""
        for name, other in self.given.items():
            if other is thing or (isinstance(thing, Thing) and isinstance(other, Thing) and other.array is thing.array):
                return name
        name = self.fresh(wish)
        self.given[name] = thing
        return name

    def name(self, x: Any) -> str:
        """How the program speaks of an input."""
        if not isinstance(x, Value):
            return self.literal(x)
        if x not in self.names:
            if x.kind == "constant":
                self.names[x] = self.literal(x.source) if not x.shape else self._ones(x) or self.give(x.name or "c", x)
                if x.shape:
                    self.fixed[x] = x.source
            elif isinstance(x.source.value if x.kind == "outside" else None, np.ndarray):
                self.names[x] = self.give(x.name or "w", x)
                self.fixed[x] = x.source.value
            else:
                self.names[x] = self.fresh(x.name or "n")
                self.numbers.append(x)
        return self.names[x]

    def literal(self, number: Any) -> str:
        """A plain number."""
        if isinstance(number, np.ndarray):
            number = number[()]
        if isinstance(number, np.generic):
            return self._constant(number)
        if isinstance(number, float) and not np.isfinite(number):
            return f'float("{number}")'
        return repr(number)

    def _ones(self, x: Value) -> str | None:
        """The name of an array of ones, which prepare makes by itself; None for another array."""
        if len(x.shape) != 1 or x.name or x.dtype.kind != "f" or not (x.source == 1).all():
            return None
        key = ("ones", x.shape, x.dtype)
        if key not in self.constants:
            self.constants[key] = self.fresh(f"ones_{x.size}")
            self.before.append(
                f"{self.constants[key]} = {self.function('ones')}({x.size}, {self.function(x.dtype.name)})"
            )
        return self.constants[key]

    def _constant(self, number: Any) -> str:
        key = (number.dtype, number.tobytes())
        if key not in self.constants:
            name = self.fresh("c")
            value = (
                f'float("{number}")' if number.dtype.kind == "f" and not np.isfinite(number) else repr(number.item())
            )
            self.before.append(f"{name} = {self.function('array')}({value}, {self.function(number.dtype.name)})")
            self.constants[key] = name
        return self.constants[key]

    def operand(self, x: Any, call: Call) -> str:
        """An input of a ufunc: a plain number as an array of no axes, which takes a third of the time."""
        if isinstance(x, (int, float)) and not isinstance(x, (bool, np.generic)):  # np.float64 is a float, too
            dtypes = {v.dtype for v in call.values if v.dtype.kind == "f"}
            if len(dtypes) == 1 and call.out.shape:
                return self._constant(dtypes.pop().type(x))
        return self.name(x)

    def spread(self, x: Any, call: Call) -> str:
        """A zero as a whole array of zeros, beside which NumPy's maximum takes half the time."""
        shape, dtype = call.out.shape, call.out.dtype
        if isinstance(x, Value) or x != 0 or dtype.kind != "f" or call.out.size > 1 << 16:
            return self.operand(x, call)
        key = ("zeros", shape, dtype)
        if key not in self.constants:
            self.constants[key] = self.fresh("zero")
            self.before.append(
                f"{self.constants[key]} = {self.function('zeros')}({shape}, {self.function(dtype.name)})"
            )
        return self.constants[key]

    def bits(self, x: Value, name: str) -> str:
        """A value read as unsigned integers."""
        kind = f"uint{8 * x.dtype.itemsize}"
        if x not in self.fixed:
            return f"{name}.view({self.function(kind)})"
        if name not in self.read_as_bits:
            self.read_as_bits[name] = self.fresh(f"{name}_bits")
            self.before.append(f"{self.read_as_bits[name]} = {name}.view({self.function(kind)})")
        return self.read_as_bits[name]
