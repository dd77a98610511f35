"""What is written in a box and beside an edge: formula, value, gradient; and the contributions that come back."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...symbol import show
from ...tensor import Tensor
from ..backward_pass import Step
from ..explanations.explaining import computes
from ..session import Session
from .folding import Child, Fold, op_names
from .picture import Box, Edge, clean, cut

LONG = 34  # characters of a formula
FEW = 20  # contributions that are summed for one label


def label(session: Session, edges: list[Edge]) -> None:
    """Beside each edge what came back along it: the sum of the contributions to one node."""
    when = session.replay.when
    now = session.current if session.position < len(session) else None
    for edge in edges:
        known = [(node, i) for node, i in edge.members if (node, i) in when]
        done = [(node, i) for node, i in known if when[node, i] <= session.position]
        if now is not None and now.kind in ("edge", "sum") and (now.node, now.i) in edge.members:
            edge.state = "current"
        elif not done and session.missing(edge.members[0][0].inputs[edge.members[0][1]]):
            edge.state = "future"
        receivers = dict.fromkeys(node.inputs[i] for node, i in edge.members[:FEW])
        if len(receivers) == 1 and len(edge.members) <= FEW:
            (x,) = receivers
            edge.label, edge.full = (
                number(sum(session.replay.contribution(Step("edge", node, i, x)) for node, i in some)) if some else ""
                for some in (done, known)
            )
        names = ", ".join([*(session.names[x] for x in list(receivers)[:3]), *["…"] * (len(receivers) > 3)])
        edge.title = clean(f"{names} → {edge.target.lines[0][1]}" + f"; back comes {edge.label}" * bool(edge.label))


def box(session: Session, child: Child, outside: bool = False) -> Box:
    """The box of a node or a closed fold, with what is written in it."""
    return _fold_box(session, child, outside) if isinstance(child, Fold) else _node_box(session, child, outside)


def _node_box(session: Session, node: Tensor, outside: bool) -> Box:
    name, end = session.names[node], len(session)
    formula = name
    if node.op is not None:
        formula = computes(session, node)
    short = formula if len(formula) <= LONG or node.op is None else f"{name} = {node.op.name}(…)"

    def lines(position: int) -> list[tuple[str, str]]:
        value = show(node.value, 4) if session.computed(node, position) else ""
        g = session.gradient(node, position)
        return [("name", clean(cut(short))), ("value", value), ("gradient", "" if g is None else f"∂ {number(g)}")]

    now = lines(session.position)
    value, gradient = now[1][1], now[2][1].removeprefix("∂ ")
    said = [f"{formula}{value and f' = {value}'}", gradient and f"gradient {gradient}", session.line(node) or ""]
    kind = "outside" if outside else "leaf" if node.op is None else "result" if node is session.loss else "op"
    title = clean("; ".join(filter(None, said)))
    return Box(
        f"{'o' if outside else 'n'}:{name}", kind, lines(end), now, title, [node], None, not session.computed(node)
    )


def _fold_box(session: Session, fold: Fold, outside: bool) -> Box:
    nodes, rows = fold.nodes, fold.graph.ops[fold.lo : fold.hi]
    names = list(dict.fromkeys(op_names(rows[:200])))
    what = " → ".join(names) if len(names) <= 3 and fold.module else fold.name

    def lines(position: int) -> list[tuple[str, str]]:
        grads = [norm(g) for g in (session.gradient(leaf, position) for leaf in fold.leaves) if g is not None]
        total = f"∂ {'leaves ' if rows else ''}‖{norm(grads):.3g}‖" if grads else ""
        more = (
            f"{what}, {len(fold.leaves)} {'leaf' if len(fold.leaves) == 1 else 'leaves'}"
            if rows and fold.leaves
            else what
        )
        about = [("name", cut(fold.label)), ("more", cut(more)), ("gradient", total)]
        return [(kind, clean(text)) for kind, text in about]

    now = lines(session.position)
    title = clean("; ".join(dict.fromkeys(filter(None, [fold.label, fold.name, f"{len(nodes)} nodes", now[2][1]]))))
    future = not all(session.computed(node) for node in rows[-1:])
    ident, kind = f"{'o' if outside else 'f'}:{fold.id}", "outside" if outside else "fold"
    return Box(ident, kind, lines(len(session)), now, title, nodes, fold, future)


def number(value: Any) -> str:
    """A number in four digits, an array by its norm.

    >>> number(36.0), number(np.array([3.0, 4.0]))
    ('36', '‖5‖')
    """
    return f"‖{norm(value):.3g}‖" if np.ndim(value) else show(value, 4)


def norm(value: Any) -> float:
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(np.asarray(value, np.float64).ravel()))
