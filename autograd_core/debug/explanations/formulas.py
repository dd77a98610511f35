"""What explanations are made of: a node as its row's formula, and the factor that stands beside the gradient in a rule, which
is the local derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ops import arithmetic
from ...symbol import Symbol, edge, show
from ...tensor import Tensor
from .writing import applied, letter, slope


def symbols(session: Any, node: Tensor, style: str = "text") -> list[Any]:
    """A node's inputs as a style spells them: Tensors by name, numbers as numbers."""
    assert node.op is not None
    roles = node.op.inputs if not node.op.variadic else [f"constant{k + 1}" for k in range(len(node.inputs))]
    return [_symbol(session, x, role, style) for x, role in zip(node.inputs, roles, strict=True)]


def _symbol(session: Any, x: Any, role: str, style: str) -> Any:
    value = x.value if isinstance(x, Tensor) else x
    name = (session.names.get(x) or x.name) if isinstance(x, Tensor) else None
    if name is None and not (isinstance(value, np.ndarray) and value.ndim):
        return value
    return Symbol(letter(name, style) if name else _unlike(session, role, style), value)


def _unlike(session: Any, role: str, style: str) -> str:
    """What has no name goes by its place in the row, with a dash where a node is called so."""
    if role not in session.by_name:
        return letter(role, style)
    return f"{{{letter(role, style)}'}}" if style == "latex" else f"{role}′"


def forward(session: Any, node: Tensor, style: str = "text") -> Any:
    """A node as its row's formula of the inputs."""
    op, inputs = node.op, symbols(session, node, style)
    assert op is not None
    if op.name == "where":  # spelled as the side that is taken, where that is one
        return op(*inputs, **node.params)
    return applied(op, inputs, node.params, node.value)  # which is known, and not computed again


def meaning(session: Any, node: Tensor) -> Any:
    """What a node's row computes, where that has a definition in simpler rows: x @ weightᵀ + bias of linear."""
    op, inputs = node.op, symbols(session, node)
    assert op is not None
    if op.definition is None or op.samples is None or "reduction" in op.params:
        return forward(session, node)
    (values, params), *_ = op.samples(lambda shape=(), low=0.0, high=1.0: np.full(shape, (low + high) / 2))
    if op.elementwise:  # of arrays, since the where of a number is the side that it takes
        values, params = [np.full(2, value) for value in values], node.params
    return op.definition(
        *(Symbol(getattr(x, "name", show(x)), v) for x, v in zip(inputs, values, strict=True)), **params
    )


def backward(session: Any, node: Tensor, i: int, upstream: Any, style: str = "text") -> tuple[Any, Symbol, Any]:
    """What an edge hands on: the gradient that arrives as a Symbol, the rule spelled with it, and the local derivative
    that stands beside it in the rule; None where it is no factor of its own, as in a product of matrices."""
    assert node.op is not None
    g = Symbol(slope(session.names[session.loss], session.names[node], style), upstream)
    fed = symbols(session, node, style)
    spelled = edge(node.op, i, fed, node.params, g, letter(session.names[node], style))
    for kept in leaves(spelled):
        if kept.name in node.op.saved and all(kept is not x for x in (g, *fed)) and not _same(kept.value, node.value):
            kept.name = _unlike(session, kept.name, style)
    return g, spelled, beside(spelled, g)


def beside(x: Any, g: Symbol) -> Any:
    """The factor beside g in a formula that is a product of the two; None if it is none.

    >>> g, a = Symbol("g", 1.0), Symbol("a", 2.0)
    >>> beside(2 * g * a, g), beside(-g / a, g), beside(g + a, g), beside(g, g)
    (Symbol('2·a', 4), Symbol('-1 / a', -0.5), None, 1)
    """
    if x is g:
        return 1
    if not isinstance(x, Symbol) or x.op is None:
        return None
    if x.op is arithmetic.multiply:
        a, b = x.inputs
        for this, other, swapped in ((a, b, False), (b, a, True)):
            factor = beside(this, g)
            if factor is not None and not reads(other, g):
                return times(other, factor) if swapped else times(factor, other)
    elif x.op is arithmetic.divide and not reads(x.inputs[1], g):
        factor = beside(x.inputs[0], g)
        return None if factor is None else factor / x.inputs[1]
    elif x.op is arithmetic.negative:
        factor = beside(x.inputs[0], g)
        return None if factor is None else -factor
    elif x.op.name in ("broadcast_to", "expand_dims", "cast", "positive"):
        return beside(x.inputs[0], g)  # the same for every element
    return None


def leaves(x: Any) -> list[Symbol]:
    """The letters of a formula, each once."""
    found: dict[int, Symbol] = {}
    waiting = [x]
    while waiting:
        x = waiting.pop()
        if isinstance(x, Symbol) and id(x) not in found:
            found[id(x)] = x
            waiting += x.inputs
        elif isinstance(x, (list, tuple)):
            waiting += x
    return [x for x in found.values() if x.op is None]


def _same(a: Any, b: Any) -> bool:
    return np.shape(a) == np.shape(b) and bool(np.array_equal(a, b, equal_nan=True))


def reads(x: Any, g: Symbol) -> bool:
    """Whether a formula has g in it."""
    return x is g or (isinstance(x, Symbol) and any(reads(v, g) for v in x.inputs))


def times(a: Any, b: Any) -> Any:
    """a·b, written without a factor 1."""
    for one, other in ((a, b), (b, a)):
        if isinstance(one, int) and one == 1:
            return other
        if isinstance(one, int) and one == -1 and isinstance(other, Symbol):
            return -other
    return a * b
