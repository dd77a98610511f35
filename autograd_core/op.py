r"""An op is one row of one table: a NumPy kernel, a derivative rule for each input, and how it is said.

A rule is a formula in plain NumPy, and what it is fed decides what it gives: bare arrays give the fast
first-order pass, Tensors a backward pass that is itself a graph, Symbols the rule spelled out.

    multiply = row(np.multiply, a=lambda g, b: g * b, b=lambda g, a: g * a, latex=r"a \cdot b")

The keywords name the row's inputs in their order, each with its rule, or None where there is no derivative.
The parameters of a rule say what it reads, by name: `g` the gradient arriving at the output, `y` the output,
any input, any saved value, any parameter of the row. What no rule reads need not be kept unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

Rule = Callable[..., Any]
Edge = tuple[int, Rule, Callable[[tuple[Any, ...]], tuple[Any, ...]]]

NO_PARAMS: dict[str, Any] = {}  # one for all rows that have none; nobody writes to it
JUST_G = itemgetter(slice(0, 1))  # what picks for a rule that reads the gradient alone
TABLE: dict[str, Op] = {}
BY_NUMPY: dict[Any, Op] = {}


class Readable:
    """What a row can be fed besides arrays: Tensor and Symbol, each with its own way of reading."""

    __slots__ = ()
    value: Any

    def _as_parameter(self) -> Any:
        """The bare numbers, where they serve as an index or another parameter: no gradient flows there."""
        return self.value.copy()

    def _read(self, op: Op, inputs: tuple[Any, ...], params: dict[str, Any] = NO_PARAMS) -> Any:
        raise TypeError(f"{type(self).__name__} does not say how it reads a row; define _read(op, inputs, params)")


def foreign(x: Any) -> bool:
    """Whether x is an array of another library that answers for NumPy's functions itself, as CuPy's do."""
    return not isinstance(x, (np.ndarray, Readable)) and hasattr(x, "__array_function__")


class Op:
    """One row of the table; calling it applies the kernel, read as the inputs ask.

    >>> from autograd_core.ops import multiply
    >>> multiply([2.0, 1.0], 3.0), multiply.inputs
    (array([6., 3.]), ('a', 'b'))
    """

    name: str
    kernel: Callable[..., Any]
    eager: Callable[..., Any]  # what eager code calls: the kernel, or Python's sign for it
    inputs: tuple[str, ...]
    rules: dict[str, Rule | None]
    params: dict[str, Any]
    saved: dict[str, Rule]
    variadic: bool
    latex: str
    text: str
    binds: str
    words: str
    samples: Callable[..., Any] | None
    definition: Callable[..., Any] | None
    elementwise: bool
    numpy: tuple[Any, ...]

    def __init__(self, name: str, kernel: Callable[..., Any], rules: Mapping[str, Rule | None], **fields: Any):
        self.name, self.kernel, self.rules = name, kernel, dict(rules)
        self.inputs = tuple(rules)
        for field, value in fields.items():
            setattr(self, field, value)
        self.arity = None if self.variadic else len(self.inputs)
        names = ("g", "y", *self.inputs, *self.saved, *self.params)
        written = {n: r for n, r in rules.items() if r is not None}
        # a rule for any number of inputs is told its own place first: each=lambda i, g, inputs: ...
        chosen = {n: _parameters(r)[self.variadic :] for n, r in written.items()}
        for input_name, parameters in chosen.items():
            if unknown := set(parameters) - set(names):
                raise TypeError(
                    f"row {name!r}, rule for {input_name!r}: {sorted(unknown)} are not known here; "
                    f"a rule may read {', '.join(names)}"
                )
        self.edges: tuple[Edge, ...] = tuple(
            (self.inputs.index(n), written[n], _picker([names.index(p) for p in parameters]))
            for n, parameters in chosen.items()
        )
        # most graphs are made of these two kinds, for which the loops have a shorter way
        self.plain_pair = self.arity == 2 and not self.params and not self.saved
        self.alone = all(set(ps) <= {"g", "y"} for ps in chosen.values())  # no rule reads more than these
        known = (*self.inputs, *self.params)
        self.recipes = [(f, _picker([known.index(p) for p in _parameters(f)])) for f in self.saved.values()]
        self.differentiable = bool(chosen)
        self.reads = {p for ps in chosen.values() for p in ps}

    def edges_of(self, count: int) -> tuple[Edge, ...]:
        """For each of `count` inputs that has a derivative: its place, its rule, what picks the rule's arguments."""
        if not self.variadic:
            return self.edges
        return tuple((i, partial(rule, i), pick) for _, rule, pick in self.edges for i in range(count))

    def recompute(self, inputs: tuple[Any, ...], params: dict[str, Any]) -> list[Any]:
        """The saved values made anew from the inputs by rows, where a graph of them is asked for."""
        known = (*inputs, *params.values())
        return [recipe(*pick(known)) for recipe, pick in self.recipes]

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        if len(inputs) != self.arity and self.arity is not None:
            given = f"{self.name} takes {len(self.inputs)} inputs ({', '.join(self.inputs)}), {len(inputs)} were given"
            raise TypeError(f"{given}; parameters go by keyword: {', '.join(self.params) or 'it has none'}")
        for x in inputs:
            if isinstance(x, Readable):
                return x._read(self, inputs, self.bind(params) if self.params or params else NO_PARAMS)
        y = self.kernel(*inputs, **params)
        return y[0] if self.saved else y

    def bind(self, params: dict[str, Any]) -> dict[str, Any]:
        """The row's parameters with their defaults, in the row's order; TypeError for one it does not have."""
        bound = self.params | params
        if len(bound) != len(self.params):
            raise TypeError(
                f"{self.name} does not take {', '.join(sorted(params.keys() - self.params.keys()))} when differentiated; "
                f"it takes {', '.join(self.params) or 'no keywords'}"
            )
        for name, value in params.items():  # changing an index array after its use must change no gradient
            if isinstance(value, (np.ndarray, list, tuple, Readable)):
                bound[name] = _private(value)
        return bound

    def __repr__(self) -> str:
        return f"<op {self.name}({', '.join(('*' if self.variadic else '') + n for n in self.inputs)})>"


def row(
    kernel: Callable[..., Any],
    *,
    name: str | None = None,
    operator: Callable[..., Any] | None = None,
    params: Mapping[str, Any] | None = None,
    saved: Mapping[str, Rule] | None = None,
    each: Rule | None = None,
    definition: Callable[..., Any] | None = None,
    elementwise: bool | None = None,
    numpy: tuple[Any, ...] = (),
    latex: str | None = None,
    text: str | None = None,
    binds: str = "",
    words: str = "",
    samples: Callable[..., Any] | None = None,
    **rules: Rule | None,
) -> Op:
    r"""Write one row of the table.

    kernel: NumPy; gives `y`, or `(y, *saved)` when the backward pass needs what the forward computed.
    operator: what eager code calls instead: Python's own sign is ten times faster on scalars than a ufunc.
    params: keyword parameters with their defaults. saved: name -> how Tensors compute it anew, for higher order.
    each: one rule for a row of any number of inputs. definition: the same in primitives, for fused rows.
    elementwise: whether each element of the output is made of one of each input (known of NumPy's ufuncs).
    numpy: the NumPy functions this row answers for, besides its kernel.
    latex, text: how it is written, inputs by name; binds: "+", "*" or "^", how tightly (nothing: as an atom).
    words: the rule in a sentence. samples: draw -> [(inputs, params), ...], where it is checked.

    >>> import numpy as np
    >>> from autograd_core import Tensor
    >>> cube = row(lambda a: a * a * a, name="cube", a=lambda g, a: 3 * g * a**2, latex="a^3", binds="^")
    >>> x = Tensor(2.0, requires_grad=True)
    >>> cube(x).backward(); x.grad
    Tensor(12.)
    >>> _ = TABLE.pop("cube")
    """
    name = name or kernel.__name__.strip("_")
    if name in TABLE:
        raise ValueError(f"there is a row called {name!r} already; give this one another name=")
    inputs = {"inputs": each} if each else rules
    if text is None:
        text = latex if latex and not set(latex) & set("\\{") else f"{name}({', '.join(inputs)})"
    if elementwise is None:
        elementwise = isinstance(kernel, np.ufunc) and kernel.signature is None
    op = Op(
        name, kernel, inputs, elementwise=elementwise, eager=operator or kernel, params=dict(params or {}), saved=dict(saved or {}),
        variadic=each is not None, definition=definition, numpy=numpy, binds=binds, words=words, samples=samples,
        text=text, latex=latex or rf"\operatorname{{{name}}}({', '.join(inputs)})",
    )  # fmt: skip
    TABLE[name] = op
    for function in (kernel, *numpy):
        BY_NUMPY[function] = op
    return op


def rows() -> Iterator[Op]:
    """Every row of the table, in the order in which it is written."""
    return iter(TABLE.values())


def _private(value: Any) -> Any:
    """A parameter of the row's own, however deep the arrays in it lie."""
    if isinstance(value, tuple):
        return tuple(map(_private, value))
    if isinstance(value, Readable):
        return value._as_parameter()
    return value.copy() if isinstance(value, (np.ndarray, list)) else value


def _parameters(rule: Rule) -> tuple[str, ...]:
    return rule.__code__.co_varnames[: rule.__code__.co_argcount]


def _picker(places: list[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    # itemgetter gives a tuple for several places but a bare item for one; a slice of one keeps it a tuple
    if places == [0]:
        return JUST_G
    return itemgetter(*places) if len(places) != 1 else itemgetter(slice(places[0], places[0] + 1))
