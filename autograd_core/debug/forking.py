"""What if: a session in which a value, a local derivative or a gradient is another, and where two passes differ.

A fork recomputes what follows from an edited value, with the rows' own kernels. An edited gradient is a hook, an edited
derivative a rule of its own: the engine's generator runs the fork as it runs everything else.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from ..hooks import in_use, register
from ..lines import warn
from ..op import Op
from ..symbol import show
from ..tensor import Tensor
from .graph import twin
from .session import Session

Edits = Mapping[Any, Any]


@np.errstate(all="ignore")  # what is not finite may be what was asked for
def fork(
    session: Session, values: Edits | None = None, gradients: Edits | None = None, derivatives: Edits | None = None
) -> Session:
    """Another session, at the same position, in which something is changed; the first stays as it is.

    values: node -> its value; what is computed from it follows. gradients: node -> the gradient that goes on from it in
    place of what arrived. derivatives: (node, input) -> the local derivative by which the node's rule multiplies. Nodes
    go by name or as Tensors, numbers are broadcast to their shapes; hooks are called again. KeyError, ValueError for what does not fit.

    >>> w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    >>> session = Session(w1**3 * w2 + 3 * w1)
    >>> end = len(session)
    >>> float(fork(session, values={"w2": 10.0}).gradient("w1", end)), float(fork(session, gradients={"a": 0.0}).gradient("w1", end))
    (123.0, 3.0)
    >>> float(fork(session, derivatives={("a", "w1"): 1.0}).gradient("w1", end))  # 3 from c, 3·1 through a
    6.0
    """
    values = {session.find(what): value for what, value in (values or {}).items()}
    own: dict[Tensor, Tensor] = {}
    stale: set[Tensor] = set()
    for node in session.nodes:
        own[node] = new = twin(node)
        new.inputs = tuple(own.get(x, x) if isinstance(x, Tensor) else x for x in node.inputs)
        if node in values:
            new.value = _fitting(values[node], node.value, session.names[node])
            stale.add(node)
        elif node.op is not None and any(isinstance(x, Tensor) and x in stale for x in node.inputs):
            if getattr(node.op, "recorded", False):
                raise ValueError(_only_recorded(node.op))
            _compute(new)
            stale.add(node)
    twin_of = {**own, **{theirs: own[ours] for theirs, ours in session.twin_of.items()}}
    names = {own[node]: name for node, name in session.names.items()}
    forked = Session.of_nodes(list(own.values()), own[session.loss], session.seed, twin_of, names)
    _hook(forked, session)
    for node in session.nodes:
        if getattr(node.op, "recorded", False):
            _hold(own[node], session.replay.upstream(node))
    for what, gradient in (gradients or {}).items():
        _hand_on(own[session.find(what)], gradient, session, what)
    for (what, x), derivative in (derivatives or {}).items():
        _replace_rule(own[session.find(what)], own[session.find(x)], derivative, f"∂{what}/∂{x}")
    forked.position = min(session.position, len(forked))
    return forked


def _compute(node: Tensor) -> None:
    op = node.op
    assert op is not None
    value = op.eager(*(x.value if isinstance(x, Tensor) else x for x in node.inputs), **node.params)
    if op.saved:
        value, *node.saved = value
    node.value = value


def _only_recorded(op: Any) -> str:
    return (
        f"{op.name} is a row of the user's own, of which a trace file holds the numbers it gave and not how: nothing that it "
        "was fed can be changed; fork the session itself, and dump the fork"
    )


def _hold(node: Tensor, recorded: Any) -> None:
    """Have a row whose contributions are recorded give them for the gradient that arrived then, and no other."""
    op: Op = copy.copy(node.op)  # type: ignore[type-var,assignment]

    def held(rule: Any, g: Any, *read: Any) -> Any:
        if not np.array_equal(getattr(g, "value", g), recorded, equal_nan=True):
            raise ValueError(_only_recorded(op))
        return rule(g, *read)

    edges = tuple((i, partial(held, rule), pick) for i, rule, pick in op.edges_of(len(node.inputs)))
    op.edges_of = lambda count: edges  # type: ignore[method-assign]
    node.op = op


def _hook(forked: Session, session: Session) -> None:
    """The user's hooks, which a pass of the session has called and put away, are called again in the fork's pass."""
    hooked = set() if "replay" not in vars(session) else {session.names[node] for node in session.replay.hooked}
    for theirs, own in forked.twin_of.items() if in_use.anywhere else ():
        if getattr(getattr(theirs, "hooks", None), "functions", None):
            own.hooks = theirs.hooks
            hooked.discard(forked.names[own])
    if hooked:
        without = f"those on {', '.join(sorted(hooked))} do not change the gradients of this fork"
        warn(f"a trace file holds no hooks, so {without}", RuntimeWarning)


def _hand_on(node: Tensor, gradient: Any, session: Session, what: Any) -> None:
    gradient = _fitting(gradient, node.value, f"∂{session.names[session.loss]}/∂{what}")
    in_use.anywhere = True
    if hasattr(node, "hooks"):
        del node.hooks  # those of the user's tensor hang on that
    register(node, lambda _: gradient)


def _replace_rule(node: Tensor, x: Tensor, derivative: Any, what: str) -> None:
    """Give a node a row of its own, whose rule towards one input multiplies by a number."""
    if not any(given is x for given in node.inputs):
        raise ValueError(f"there is no {what}: that node was not computed from it directly")
    op: Op = copy.copy(node.op)  # type: ignore[type-var,assignment]
    factor = _fitting(derivative, node.value, what)
    edges = tuple(
        (i, (lambda g: g * factor), lambda frame: frame[:1]) if node.inputs[i] is x else (i, rule, pick)
        for i, rule, pick in node.op.edges_of(len(node.inputs))  # type: ignore[union-attr]
    )
    op.edges_of = lambda count: edges  # type: ignore[method-assign]
    op.edges, op.alone, op.plain_pair = edges, False, False
    node.op = op


def _fitting(value: Any, like: Any, what: str) -> Any:
    value = np.asarray(getattr(value, "value", value), like.dtype)
    try:
        return np.broadcast_to(value, like.shape).copy()[()] if np.ndim(like) else value[()].reshape(())[()]
    except ValueError:
        raise ValueError(f"{what} has shape {like.shape}, and a value of shape {value.shape} does not fit it") from None


class Difference(NamedTuple):
    """A node in which two passes differ: its "value" or its "gradient", by how much at most, and where first."""

    name: str
    what: str
    most: float
    at: tuple[int, ...]

    def __str__(self) -> str:
        at = f"[{', '.join(map(str, self.at))}]" if self.at else ""
        return f"{self.what} of {self.name}{at}: they differ by up to {show(self.most)}"


def diff(a: Session, b: Session, tolerance: float = 0.0) -> list[Difference]:
    """Where two passes differ: values in the order in which they are computed, then gradients in that of the pass.

    Nodes are matched by name, or by their place where both sessions have the same rows in the same order. tolerance: of
    the absolute difference; NaN equals NaN. The first item is where they part.

    >>> w = Tensor(2.0, requires_grad=True, name="w")
    >>> session = Session((w * 3) ** 2)
    >>> for found in diff(session, fork(session, values={"a": 7.0})): print(found)
    value of a: they differ by up to 1
    value of g: they differ by up to 13
    gradient of a: they differ by up to 2
    gradient of w: they differ by up to 6
    """
    pairs, ends = _pairs(a, b), (len(a), len(b))
    values = ((x, "value", x.value, y.value) for x, y in pairs)
    gradients = (
        (x, "gradient", a.replay.gradient(x, ends[0]), b.replay.gradient(y, ends[1])) for x, y in reversed(pairs)
    )
    with np.errstate(all="ignore"):
        every = (_difference(a.names[x], what, v, w, tolerance) for x, what, v, w in chain(values, gradients))
        return [difference for difference in every if difference is not None]


def _pairs(a: Session, b: Session) -> list[tuple[Tensor, Tensor]]:
    rows = [[node.op.name if node.op else None for node in s.nodes] for s in (a, b)]
    if rows[0] == rows[1]:
        return list(zip(a.nodes, b.nodes, strict=True))
    return [(x, b.by_name[name]) for x, name in a.names.items() if name in b.by_name]


def _difference(name: str, what: str, x: Any, y: Any, tolerance: float) -> Difference | None:
    if x is y:
        return None
    if x is None or y is None or x.shape != y.shape:
        return Difference(name, what, float("nan"), ())
    if not x.shape:
        one, other = float(x), float(y)
        apart, alike = abs(one - other), one == other or (one != one and other != other)
        return None if alike or apart <= tolerance else Difference(name, what, apart, ())
    apart = np.abs(np.asarray(x, float) - np.asarray(y, float))
    same = (apart <= tolerance) | (np.asarray(x) == np.asarray(y)) | (np.isnan(x) & np.isnan(y))
    if np.all(same):
        return None
    first = tuple(int(i) for i in np.argwhere(~same)[0])
    return Difference(name, what, float(np.max(np.where(same, 0, apart))), first)
