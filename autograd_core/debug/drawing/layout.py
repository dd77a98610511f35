"""Where everything stands, by Graphviz if it is there, else by the layered drawing; and how large a box must be."""

from __future__ import annotations

from collections import Counter

from . import graphviz, layered
from .picture import SIZES, Picture, wide

LINE, PAD = 17, 9
WIDE = 1600  # what is wider from left to right is drawn downwards


def lay_out(picture: Picture, engine: str = "auto") -> None:
    """Give every box, frame and edge its place. ImportError only where engine="graphviz" and pygraphviz is missing."""
    if engine not in ("auto", "graphviz", "layered"):
        raise ValueError(f'draw(..., engine={engine!r}): write "auto", "graphviz" or "layered"')
    place = layered.place
    if engine == "graphviz" or (engine == "auto" and graphviz.installed() and not _shared(picture)):
        place = graphviz.place
    for down in (False, True):
        for box in picture.boxes:
            box.w = max(84, max(wide(text, SIZES[kind]) for kind, text in box.full) + 2 * PAD + 6)
            box.h = LINE * len(box.full) + 2 * PAD - 3
            box.x = box.y = 0.0
        picture.down = down
        place(picture)
        if picture.width <= WIDE:
            return


def _shared(picture: Picture) -> bool:
    """Whether many edges leave one box: here they share a line, where Graphviz draws each by itself, across the others."""
    return max(Counter(edge.source for edge in picture.edges).values(), default=0) >= layered.SHARED
