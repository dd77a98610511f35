"""A picture in Graphviz's words: as a DOT text, which other programs draw, and laid out by Graphviz itself."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from .layered import arrow
from .picture import SIZES, Box, Frame, Picture

PAD = 12.0
FILL = {"leaf": "#ddf4ff", "op": "#f6f8fa", "result": "#fff8c5", "fold": "#f3effc", "outside": "#ffffff"}
LINE = {"leaf": "#0969da", "op": "#818b98", "result": "#9a6700", "fold": "#8250df", "outside": "#818b98"}
COLOR = {"name": "#1f2328", "value": "#1f2328", "more": "#59636e", "gradient": "#cf222e"}


def library() -> Any:
    """The module pygraphviz, whose wheels carry Graphviz; ImportError that names the extra."""
    try:
        import pygraphviz
    except ImportError as error:
        raise ImportError('Graphviz is needed for this: pip install "autograd-core[viz]"') from error
    return pygraphviz


def installed() -> bool:
    """Whether pygraphviz is there and can be loaded."""
    try:
        library()
    except ImportError:
        return False
    return True


def dot(picture: Picture) -> str:
    """The picture as DOT: open modules are clusters, and every box has its size."""
    number = {box: k for k, box in enumerate(picture.boxes)}
    lines = [
        "digraph autograd {",
        f'  graph [rankdir={"TB" if picture.down else "LR"}, nodesep=0.25, ranksep=0.45, fontname="sans-serif", fontsize=12, bgcolor="white"];',
        '  node [shape=box, fontname="sans-serif", fixedsize=true, margin=0];',
        '  edge [fontname="sans-serif", fontsize=11, fontcolor="#cf222e", color="#818b98", arrowsize=0.7];',
    ]
    clusters = {frame: k for k, frame in enumerate(picture.frames)}

    def fill(frame: Frame, indent: str) -> None:
        for item in frame.items:
            if isinstance(item, Frame):
                lines.append(f"{indent}subgraph cluster_{clusters[item]} {{")
                lines.append(
                    f'{indent}  graph [label="{_quoted(item.label)}", style="rounded,dashed", color="#8250df", fontcolor="#8250df", labeljust=l, margin=12];'
                )
                fill(item, indent + "  ")
                lines.append(f"{indent}}}")
            else:
                lines.append(f"{indent}{_node(item, number[item])}")

    fill(picture.frame, "  ")
    for edge in picture.edges:
        label = f', label=" {_quoted(edge.full)} "' if edge.full else ""
        lines.append(f'  b{number[edge.source]} -> b{number[edge.target]} [id="{edge.id}"{label}];')
    return "\n".join([*lines, "}", ""])


def _node(box: Box, k: int) -> str:
    rows = [
        f'<FONT COLOR="{COLOR[kind]}" POINT-SIZE="{SIZES[kind]}">{"<B>" * (kind == "name")}{escape(text)}{"</B>" * (kind == "name")}</FONT>'
        for kind, text in box.lines
        if text
    ]
    style = "rounded,filled" if box.kind != "outside" else "rounded,dashed"
    return (
        f'b{k} [label=<{"<BR/>".join(rows)}>, tooltip="{_quoted(box.title)}", style="{style}", fillcolor="{FILL[box.kind]}", '
        f'color="{LINE[box.kind]}", width={box.w / 72:.3f}, height={box.h / 72:.3f}{", peripheries=2" * (box.kind == "fold")}];'
    )


def _quoted(text: str) -> str:
    """For a string between quotes, in which Graphviz reads escapes (\\n, \\N) and entities (&lt;)."""
    return text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')


def write(picture: Picture, path: Path, kind: str) -> None:
    """Have Graphviz draw a file of another format: png, pdf."""
    graph = library().AGraph(string=dot(picture))
    if kind == "png":
        graph.graph_attr["dpi"] = "144"
    graph.draw(str(path), format=kind, prog="dot")


def place(picture: Picture) -> None:
    """Give every box, frame and edge the place that Graphviz finds for it."""
    found = json.loads(library().AGraph(string=dot(picture)).draw(format="json0", prog="dot"))
    left, _, right, top = _numbers(found["bb"])

    def at(x: float, y: float) -> tuple[float, float]:  # Graphviz counts from below
        return x - left + PAD, top - y + PAD

    things = {thing["name"]: thing for thing in found.get("objects", ())}
    for k, box in enumerate(picture.boxes):
        x, y = at(*_numbers(things[f"b{k}"]["pos"]))
        box.x, box.y = x - box.w / 2, y - box.h / 2
    for k, frame in enumerate(picture.frames):
        x1, y1, x2, y2 = _numbers(things[f"cluster_{k}"]["bb"])
        (frame.x, frame.y), (frame.w, frame.h) = at(x1, y2), (x2 - x1, y2 - y1)
    for drawn in found.get("edges", ()):
        edge = picture.edges[int(drawn["id"][2:])]
        tip, *points = [at(*_numbers(point.removeprefix("e,"))) for point in drawn["pos"].split()]
        curve = " ".join(f"{x:.1f},{y:.1f}" for x, y in points[1:])
        edge.path = f"M{points[0][0]:.1f},{points[0][1]:.1f} C{curve} L{tip[0]:.1f},{tip[1]:.1f}"
        edge.tip = arrow(points[-1], tip)
        if "lp" in drawn:
            edge.x, edge.y = at(*_numbers(drawn["lp"]))
            edge.y, edge.anchor = edge.y + 4, "middle"
    picture.frame.w, picture.frame.h = right - left + 2 * PAD, top - _numbers(found["bb"])[1] + 2 * PAD


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]
