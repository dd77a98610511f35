"""A program: a recorded function as straight-line NumPy over buffers of its own, which can be read, and run without a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..lines import PROGRAM
from ..memory import write, wrote
from ..op import Op
from ..tensor import Tensor
from ..trees import mapped
from .calls import Calls, Value, constant
from .explaining import explained
from .lowering import from_record
from .names import Thing
from .passes import PASSES
from .recording import Record
from .results import result, there_before
from .scalars import all_scalars, write_scalars
from .writing import Writer


class Program:
    """A record made into the source of a function, and that function; calling it with arrays runs it.

    Parameters that the function closes over are read anew at every call; what nobody needs is left out. `source` is what
    runs, and runs by itself: `prepare` is given what `environment` lists, and makes the step.

    >>> from .recording import record
    >>> w = Tensor(np.array([2.0, 3.0]), requires_grad=True, name="w")
    >>> program = Program(record(lambda x: (w * x).tanh().sum(), (np.ones(2),), lines=False), ["x"])
    >>> print(program.source)
    from numpy import add, empty, float64, multiply, tanh
    <BLANKLINE>
    def prepare(w):
        multiply1 = empty((2,), float64)
    <BLANKLINE>
        def step(x):
            multiply(w, x, multiply1)  # multiply
            tanh(multiply1, multiply1)  # tanh
            sum2 = add.reduce(multiply1, None)  # sum
            return sum2,
        return step
    <BLANKLINE>
    >>> program(np.zeros(2))
    Tensor(0., op=compiled)
    """

    def __init__(self, found: Record, names: list[str], absent: Sequence[Tensor] = ()):
        from .column_text import ColumnText  # here, as training does without
        from .rolling import columns_of, outside

        self.absent = absent  # whose gradients must not be there yet
        self.others = {p for o, gradients in found.updates for g in o.param_groups for p in g["params"]} - {
            p for _, gradients in found.updates for p in gradients
        }  # of a stepping optimizer's, but without a gradient
        self.costs = ""
        self.record = found
        self.calls = Calls([], [], {id(p): constant(0.0) for p in found.leaves})
        asked = [v.source for v in self._wanted(found, {}).values()]
        self.columns = columns_of(found, asked)
        if self.columns is None:
            told = dict(zip(map(id, found.arguments), names, strict=False))
            self.calls, known = from_record(found, told)
            self.calls.results = self._wanted(found, known)
            optimise(self.calls)
        self.scalar = self.columns is not None or all_scalars(self.calls)
        self.given: dict[str, Any] = {}
        self.buffers: list[Any] = []
        if self.columns is not None:
            text = ColumnText(self.columns, names)
            self.source, self.given, self.numbers = text.source, text.given, outside(self.columns)
            self.costs = text.explained()
            self.columns = None  # all that the program needs of it is in the text
        elif self.scalar:
            self.source, self.given, self.numbers = write_scalars(self.calls)
        else:
            writer = Writer(self.calls)
            self.source = writer.write()
            self.given, self.numbers, self.buffers = writer.given, writer.numbers, writer.buffers
        values = (*self.calls.outside.values(), *self.numbers)
        trained = [v.source for v in values if v.kind == "outside" and v.source.tracked]
        self.trained = tuple(dict.fromkeys([*found.leaves, *trained]))
        self._code: Any = None
        self.bound: list[tuple[Tensor, Any]] = []
        self.step: Callable[..., Any] | None = None
        found.steps = []  # the Tensors of the recording are needed no longer
        self.calls.kept = []

    def _wanted(self, found: Record, known: dict[int, Value]) -> dict[Any, Value]:
        """What the program computes, by what becomes of it."""

        def of(x: Any) -> Value:
            if id(x) not in known:
                known[id(x)] = Value("outside", x.value, x, x.name or "")
            return known[id(x)]

        wanted: dict[Any, Value] = {}

        def place(x: Any) -> Any:
            own = isinstance(x, Tensor) and not there_before(x, found)
            return _Place(wanted, of(x), x.tracked) if own else x

        self.tree = mapped(place, found.result)
        self.writes = [(t, _Place(wanted, of(x))) for t, x in found.writes]
        self.updates = [
            (optimizer, {p: _Place(wanted, of(g)) for p, g in gradients.items() if isinstance(g, Tensor)})
            for optimizer, gradients in found.updates
        ]
        self.gradients: dict[Tensor, Any] = {p: None for p in found.emptied if p not in found.leaves}
        self.gradients |= {p: _Place(wanted, of(g)) if isinstance(g, Tensor) else g for p, g in found.gradients.items()}
        return wanted

    @property
    def environment(self) -> dict[str, Any]:
        """What `prepare` is given, by name: parameters, constants, generators, and kernels that are no single NumPy call."""
        return {name: bare(thing) for name, thing in self.given.items()}

    def explain(self) -> str:
        """What the program costs: kernels, operations, buffers, as a table."""
        return self.costs or explained("one call", self.calls.calls, self.buffers)

    def prepare(self) -> Callable[..., Any]:
        """Make the step, with the parameters where they lie now."""
        if self._code is None:
            self._code = compile_text(self.source)
        namespace: dict[str, Any] = {}
        exec(self._code, namespace)
        self.bound = [
            (v.source, v.source.value) for v in self.given.values() if isinstance(v, Value) and v.kind == "outside"
        ]
        self.step = namespace["prepare"](**self.environment)
        return self.step

    def ready(self) -> bool:
        """Whether those gradients are there that were there when it was recorded, and no others that a step would use."""
        there = all(v.kind != "gradient" or v.source.gradient is not None for v in self.numbers)
        return there and all(p.gradient is None for p in self.others)

    def run(self, arrays: tuple[Any, ...]) -> tuple[Any, ...]:
        """The results for these arrays, as they lie in the program's buffers."""
        step = self.step
        if step is None or any(t.value is not array for t, array in self.bound):
            step = self.prepare()
        return step(*arrays, *(number_of(v) for v in self.numbers))

    def attempt(self, arrays: Iterable[Any]) -> tuple[Any, ...] | None:
        """The same; None, with all as it was, if there is an error."""
        before = [(generator.bit_generator, generator.bit_generator.state) for generator, _ in self.record.states]
        try:
            return self.run(tuple(map(np.asarray, arrays)))
        except Exception:
            for bits, state in before:
                bits.state = state
            return None

    def __call__(self, *arrays: Any) -> Any:
        return self.done(self.run(tuple(map(np.asarray, arrays))))

    def done(self, values: tuple[Any, ...]) -> Any:
        """Write what is to be written, and return what is returned."""
        self._written(values)
        for optimizer, gradients in self.updates:
            before = [(p, p.gradient) for p in gradients]
            for p, place in gradients.items():
                p.gradient = np.array(values[place.i])
            optimizer.step()
            for p, gradient in before:
                p.gradient = gradient
        for p, place in self.gradients.items():
            p.gradient = np.array(values[place.i]) if isinstance(place, _Place) else place
        return self.returned(values)

    def returned(self, values: tuple[Any, ...]) -> Any:
        """What the function returns."""
        trained = self.trained
        return mapped(
            lambda x: result(values[x.i], trained if x.tracked else ()) if isinstance(x, _Place) else x, self.tree
        )

    def _written(self, values: tuple[Any, ...]) -> None:
        """What the function writes to, single numbers all at once."""
        scalars = []
        for tensor, place in self.writes:
            if type(tensor.value) is np.float64:
                tensor.value = np.float64(values[place.i])
                scalars.append(tensor)
            else:
                write(tensor, values[place.i])
        if scalars:
            wrote(scalars)


class _Place:
    """Where among the results something stands."""

    def __init__(self, wanted: dict[Any, Value], value: Value, tracked: bool = False):
        self.i, self.tracked = len(wanted), tracked
        wanted[self.i] = value


def optimise(calls: Calls) -> None:
    """Run the passes."""
    for one in PASSES:
        one(calls)


@lru_cache(maxsize=64)
def compile_text(source: str) -> Any:
    """The code of a program's source; that of another model of the same shape is the same."""
    return compile(source, PROGRAM, "exec")


def number_of(v: Value) -> Any:
    if v.kind == "gradient":
        g = v.source.gradient
        return g.value if isinstance(g, Tensor) else g
    return v.source.value


def bare(thing: Any) -> Any:
    """What `prepare` is given for a thing that a program speaks of."""
    if isinstance(thing, Op):
        return thing.kernel
    if isinstance(thing, Value):
        return thing.source.value if thing.kind == "outside" else thing.source
    return thing.array if isinstance(thing, Thing) else thing
