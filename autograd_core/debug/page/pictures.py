"""The pictures of a page: an overview, and what is inside of as many folds as there is room for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ...tensor import Tensor
from ..drawing import folded, folds, inside
from ..explanations.writing import cut

if TYPE_CHECKING:
    from ..session import Session

PICTURES = 100  # the overview and what is inside of folds
WHOLE = 150  # so many nodes in one picture of everything


def pictures_of(session: Session, nodes: int) -> tuple[dict[str, Any], dict[Tensor, Any]]:
    """The overview and the inside of as many folds as there is room for; and which nodes stay in which shut fold.

    First come the folds on the way to the result, to the first op, and to the first number that is not finite.
    """
    root = folds(session)
    start = folded(root)
    pictures: dict[str, Any] = {"": (start, {"label": "Overview"})}
    everything = len(session.nodes) <= nodes
    if any(box.fold for box in start.boxes) and len(session.nodes) <= WHOLE:
        pictures["all"] = folded(root, fold="none"), {"label": "Everything", "up": ""}
    first = {fold.id for node in _telling(session) for fold in _way(root, node)}
    room = nodes - sum(box.fold is None for box in start.boxes)
    waiting = [(box.fold, "") for box in start.boxes if box.fold]
    shut: dict[Tensor, Any] = {}
    while waiting:
        fold, up = waiting.pop(
            min(range(len(waiting)), key=lambda k: _later(*waiting[k], first, len(pictures) % 2 == 0))
        )
        singles = sum(isinstance(child, Tensor) for child in fold.children)
        if len(pictures) >= PICTURES or singles > room:
            if not everything:
                shut.update(dict.fromkeys(fold.nodes, fold))
            continue
        room -= singles
        pictures[fold.id] = inside(root, fold), {"label": fold.label, "up": up}
        waiting += [(child, fold.id) for child in fold.children if not isinstance(child, Tensor)]
    return pictures, shut


def _later(fold: Any, up: str, first: set[str], near: bool) -> tuple[Any, ...]:
    """What is looked into first: the way to what is telling; then, by turns, what is near that and what is far outside."""
    depth = fold.id.count(".")
    return (fold.id not in first, up not in first, -depth) if near else (fold.id not in first, depth)


def _telling(session: Session) -> list[Tensor]:
    """The ops whose surroundings one looks at first."""
    ops = [node for node in session.nodes if node.op is not None]
    bad = (node for node in ops if not np.isfinite(node.value).all())
    return [*ops[-1:], *ops[:1], *itertools.islice(bad, 1)]


def _way(fold: Any, node: Tensor) -> Iterator[Any]:
    """The folds that a node lies in, from outside inwards."""
    while fold is not None:
        yield fold
        fold = next((inner for inner in fold.folds if inner.holds(node)), None)


def plain_picture(picture: Any, number: dict[Tensor, int], pictures: dict[str, Any]) -> dict[str, Any]:
    """A picture with the page's numbers for the nodes; a fold that can be looked into says where that is."""

    def place(thing: Any) -> dict[str, float]:
        return {side: round(getattr(thing, side), 1) for side in "xywh"}

    def box(b: Any) -> dict[str, Any]:
        members = [number[node] for node in b.nodes if node in number]
        found = {
            "id": b.id,
            "kind": b.kind,
            "lines": b.lines,
            "title": cut(b.title, 400),
            "nodes": members,
            "count": len(b.nodes),
        } | place(b)
        if b.fold is not None:
            found["fold"] = b.fold.id
            if b.fold.id in pictures:
                found["opens"] = b.fold.id
        elif len(b.nodes) == 1 and members:
            found["node"] = members[0]
        return found

    def edge(e: Any) -> dict[str, Any]:
        members = [[number[node], i] for node, i in e.members if node in number]
        return {"id": f"{e.source.id}>{e.target.id}", "source": e.source.id, "target": e.target.id, "path": f"{e.path} L{e.tip[1:].split()[0]}",
                "x": round(e.x, 1), "y": round(e.y, 1), "anchor": e.anchor, "members": members}  # fmt: skip

    return {
        "width": round(picture.width, 1), "height": round(picture.height, 1), "boxes": [box(b) for b in picture.boxes],
        "edges": [edge(e) for e in picture.edges], "frames": [{"label": f.label} | place(f) for f in picture.frames],
    }  # fmt: skip
