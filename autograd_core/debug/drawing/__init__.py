"""The graph as a picture: leaves on the left, the result on the right, values and gradients in every box.

A large graph is folded until a reader can take it in, and opened where one asks. Graphviz finds the places if pygraphviz
is installed; without it a layered drawing made here does.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ...tensor import Tensor
from ..session import Session
from .folding import Fold, folds
from .graphviz import dot, write
from .picture import Box, Edge, Frame, Picture
from .svg import svg
from .views import folded, inside

__all__ = ["Box", "Drawing", "Edge", "Fold", "Frame", "Picture", "dot", "draw", "folded", "folds", "inside", "svg"]


class Drawing(str):
    """SVG text, which a notebook shows as the picture."""

    def _repr_svg_(self) -> str:
        return str(self)


def draw(
    loss: Tensor | Session,
    path: str | os.PathLike[str] | None = None,
    *,
    fold: str = "auto",
    unfold: Iterable[str | Tensor] = (),
    values: bool = True,
    gradients: bool = True,
    limit: int = 60,
    engine: str = "auto",
) -> Drawing:
    """The graph of a result as SVG text: formula, value and gradient of each node, beside each edge what comes back.

    loss: a Tensor, drawn with its whole backward pass, or a Session, drawn as it stands. path: a file to write as well,
    .svg, .dot, .png or .pdf (the last two need the extra viz). fold: "auto" folds modules and what repeats until
    at most `limit` boxes are left, "all" all it can, "none" nothing. unfold: modules ("layers.2"), nodes or folds
    that are shown open. values, gradients: whether to write them. engine: "graphviz", "layered" (the same everywhere),
    or "auto". KeyError: nothing is called as in unfold.

    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> picture = draw(x * x)
    >>> picture.startswith("<svg") and "= x·x" in picture and "∂ 6" in picture
    True
    """
    kind = "svg" if path is None else Path(path).suffix.lower().lstrip(".")
    if kind not in ("svg", "dot", "gv", "png", "pdf"):
        raise ValueError(f"draw knows .svg, .dot, .gv, .png and .pdf; {str(path)!r} ends in none of them")
    session = loss
    if not isinstance(session, Session):
        session = Session(session)
        session.position = len(session)
    picture = folded(session, fold, unfold, limit, engine, values, gradients)
    drawing = Drawing(svg(picture))
    if path is not None:
        if kind in ("png", "pdf"):
            write(picture, Path(path), kind)
        else:
            Path(path).write_text(f"{drawing}\n" if kind == "svg" else dot(picture), encoding="utf-8")
    return drawing
