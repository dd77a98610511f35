"""Which folds are open, and the picture of that: of the whole, or of what is right inside one fold.

Open folds that are no modules leave no trace: what lies in them stands where they stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from ...tensor import Tensor
from ..session import Session
from .contents import box, label
from .folding import Child, Fold, folds
from .layout import lay_out
from .picture import Box, Edge, Frame, Picture

LIMIT = 60  # boxes that a reader can take in
DEEP = 16  # and so many one behind the other


def folded(
    session: Session | Fold,
    fold: str = "auto",
    unfold: Iterable[str | Tensor] = (),
    limit: int = LIMIT,
    engine: str = "auto",
    values: bool = True,
    gradients: bool = True,
) -> Picture:
    """A picture of the whole graph, or of the root that `folds` gave.

    fold: "auto" opens folds from outside inwards while at most `limit` boxes stand there; "all" opens none, "none" all.
    unfold: what is open besides: module paths, names of folds or of nodes in them. engine: "graphviz", "layered", or
    "auto" for the first if it is installed. ValueError for another word, KeyError for a name that is not there.
    """
    root = session if isinstance(session, Fold) else folds(session)
    if fold not in ("auto", "all", "none"):
        raise ValueError(f'draw(..., fold={fold!r}): write "auto", "all" (all that can be is folded) or "none"')
    is_open = {id(root)}
    for what in [unfold] if isinstance(unfold, (str, Tensor)) else unfold:
        way = root.way_to(what)
        is_open |= {id(inner) for inner in way}
        if way[-1].called(what):
            _open_all(way[-1], is_open)
    if fold == "none":
        _open_all(root, is_open)
    elif fold == "auto":
        _open_while_few(root, is_open, limit)
    frame, frames = Frame(None), []

    def fill(inner: Fold, into: Frame) -> None:
        for child in inner.children:
            if isinstance(child, Fold) and id(child) in is_open:
                around = into
                if child.module:
                    around = Frame(child)
                    into.items.append(around)
                    frames.append(around)
                fill(child, around)
            else:
                into.items.append(box(root.graph.session, child))

    fill(root, frame)
    return _joined(root.graph.session, frame, frames, root.graph.ops, engine, hide=_hidden(values, gradients))


def inside(session: Session | Fold, what: str | Fold, engine: str = "auto") -> Picture:
    """A picture of what is right inside one fold, and of its neighbours outside, as boxes of the kind "outside"."""
    root = session if isinstance(session, Fold) else folds(session)
    way = root.way_to(what.id if isinstance(what, Fold) else what)
    graph, shown = root.graph, way[-1]
    around = [child for outer, inner in pairwise(way) for child in outer.children if child is not inner]
    inner_nodes = set(shown.nodes)
    feeding = {x for node in shown.nodes for x in node.inputs if isinstance(x, Tensor)} - inner_nodes
    fed = {user for node in inner_nodes for user in graph.users.get(node, ())} - inner_nodes
    before, after = [], []
    for child in around:
        if _holds_any(child, feeding):
            before.append(child)
        elif _holds_any(child, fed):
            after.append(child)
    frame = Frame(None, [box(graph.session, child, outside=True) for child in before])
    frame.items += [box(graph.session, child) for child in shown.children]
    frame.items += [box(graph.session, child, outside=True) for child in after]
    users = [*graph.ops[shown.lo : shown.hi], *sorted(fed, key=graph.when.__getitem__)]
    return _joined(graph.session, frame, [], users, engine, inner_nodes)


def _hidden(values: bool, gradients: bool) -> set[str]:
    return {kind for kind, shown in (("value", values), ("gradient", gradients)) if not shown}


def _holds_any(child: Child, nodes: set[Tensor]) -> bool:
    if not isinstance(child, Fold):
        return child in nodes
    return any(child.holds(node) for node in nodes) if len(nodes) < len(child) else not nodes.isdisjoint(child.nodes)


def _open_all(fold: Fold, is_open: set[int]) -> None:
    waiting = [fold]
    while waiting:
        inner = waiting.pop()
        is_open.add(id(inner))
        waiting += inner.folds


def _open_while_few(root: Fold, is_open: set[int], limit: int) -> None:
    """Open from outside inwards; folds that look the same in the same place all together or not at all."""
    boxes, length, layer = len(root.children), root.length, [root]
    while layer:
        alike: dict[tuple[int, str], list[Fold]] = {}
        for outer in layer:
            for inner in outer.folds:
                alike.setdefault((id(outer), inner.kind), []).append(inner)
        layer = []
        for group in alike.values():
            more, longer = sum(len(f.children) - 1 for f in group), sum(f.length - 1 for f in group)
            portions = any(f.lo == f.hi and any(f.folds) for f in group)  # of leaves, which say nothing
            if boxes + more <= limit and length + longer <= DEEP and not portions:
                is_open |= {id(inner) for inner in group}
            chosen = [inner for inner in group if id(inner) in is_open]
            boxes += sum(len(f.children) - 1 for f in chosen)
            length += sum(f.length - 1 for f in chosen)
            layer += chosen


def _joined(
    session: Session,
    frame: Frame,
    frames: list[Frame],
    users: Sequence[Tensor],
    engine: str,
    within: set[Tensor] | None = None,
    hide: Iterable[str] = (),
) -> Picture:
    """The picture with its edges: one for each use where a node meets a node, else one for all between two boxes."""
    boxes: list[Box] = []
    waiting = [frame]
    while waiting:
        items = waiting.pop().items
        boxes += [item for item in items if isinstance(item, Box)]
        waiting += [item for item in items if isinstance(item, Frame)]
    for b in boxes:
        shown = [(old, new) for old, new in zip(b.lines, b.full, strict=True) if new[1] and new[0] not in hide]
        b.lines, b.full = [old for old, _ in shown], [new for _, new in shown]
    box_of = {node: b for b in boxes for node in b.nodes}
    found: dict[Any, Edge] = {}
    for node in users:
        target = box_of.get(node)
        for i, x in enumerate(node.inputs):
            if target is None or not isinstance(x, Tensor) or x not in box_of:
                continue
            source = box_of[x]
            if source is target or (within is not None and x not in within and node not in within):
                continue
            key = (id(source), id(target), None if source.fold or target.fold else i)
            if key in found:
                found[key].members.append((node, i))
            else:
                found[key] = Edge(source, target, [(node, i)])
    edges = list(found.values())
    for k, edge in enumerate(edges):
        edge.id = f"e:{k}"
    label(session, edges)
    for edge in edges if "gradient" in hide else ():
        edge.label = edge.full = ""
    picture = Picture(session, frame, boxes, frames, edges, box_of)
    lay_out(picture, engine)
    return picture
