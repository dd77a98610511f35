"""What a picture is made of: a box for each node and each closed fold, a frame around each open module, and edges."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Any

from ...tensor import Tensor
from ..session import Session
from .folding import Fold

SIZES = {"name": 13, "value": 12, "gradient": 12, "more": 11}


@dataclass(eq=False)
class Box:
    """A node, a closed fold, or what lies outside of the fold that is shown."""

    id: str
    kind: str  # leaf, op, result, fold or outside
    full: list[tuple[str, str]]  # what is written in it at the end of the pass, for which there is room from the start
    lines: list[tuple[str, str]]  # and at the session's position: ("name" | "value" | "gradient" | "more", text)
    title: str  # all of it, in full
    nodes: list[Tensor]
    fold: Fold | None = None
    future: bool = False  # whether it is computed only after the session's position
    x: float = 0.0
    y: float = 0.0
    w: float = 0.0
    h: float = 0.0


@dataclass(eq=False)
class Frame:
    """An open module, with boxes and frames in it; the outermost is the picture."""

    fold: Fold | None
    items: list[Any] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0
    w: float = 0.0
    h: float = 0.0

    @property
    def id(self) -> str:
        return f"f:{self.fold.id}" if self.fold else "f:"

    @property
    def label(self) -> str:
        return clean(self.fold.label) if self.fold else ""


@dataclass(eq=False)
class Edge:
    """From an input to its user; the gradient comes back along it, and `label` says what it brings."""

    source: Box
    target: Box
    members: list[tuple[Tensor, int]]  # (node, i): the session's edges that run along it
    label: str = ""
    full: str = ""  # the label at the end of the pass
    title: str = ""
    state: str = ""  # "current": the session's last step; "future": not walked yet
    path: str = ""  # SVG path data, without the tip
    tip: str = ""
    x: float = 0.0  # where the label begins, or, centred, stands
    y: float = 0.0
    anchor: str = "start"
    id: str = ""
    line: Any = None  # what it shares its way with


@dataclass
class Picture:
    """Boxes, frames and edges with their places; `box_of` tells in which box each node stands."""

    session: Session
    frame: Frame
    boxes: list[Box]
    frames: list[Frame]
    edges: list[Edge]
    box_of: dict[Tensor, Box]
    down: bool = False  # leaves at the top, not on the left

    @property
    def width(self) -> float:
        return self.frame.w

    @property
    def height(self) -> float:
        return self.frame.h

    def json(self) -> dict[str, Any]:
        """All of it as lists, strings and numbers."""

        def at(thing: Any) -> dict[str, float]:
            return {side: round(getattr(thing, side), 1) for side in "xywh"}

        names = self.session.names
        return {
            "width": round(self.width, 1), "height": round(self.height, 1),
            "boxes": [
                {"id": b.id, "kind": b.kind, "lines": b.lines, "title": b.title, "count": len(b.nodes), **at(b)}
                | ({"fold": b.fold.id} if b.fold else {"node": names[b.nodes[0]]} if b.nodes else {})
                for b in self.boxes
            ],
            "frames": [{"id": f.id, "label": f.label, **at(f)} for f in self.frames],
            "edges": [
                {"id": e.id, "source": e.source.id, "target": e.target.id, "path": e.path, "tip": e.tip, "label": e.label, "x": round(e.x, 1),
                 "y": round(e.y, 1), "anchor": e.anchor, "title": e.title, "members": [[names[n], i] for n, i in e.members[:50]]}
                for e in self.edges
            ],
        }  # fmt: skip


def cut(text: str, most: int = 34) -> str:
    """The text, or its beginning."""
    return text if len(text) <= most else text[: most - 1] + "…"


def clean(text: str) -> str:
    """Without what XML and DOT cannot hold."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cs", "Cn", "Zl", "Zp") else c for c in text
    )


def wide(text: str, size: float) -> float:
    """About how wide a text is, rather more than less: fonts differ."""
    if text.isascii():
        return size * 0.62 * len(text)
    return size * sum(1.05 if unicodedata.east_asian_width(c) in "WF" else 0.62 for c in text)
