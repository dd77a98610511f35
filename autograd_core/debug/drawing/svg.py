"""A picture as SVG text: readable in light and dark, and by a screen reader."""

from __future__ import annotations

import re
import zlib
from html import escape

from .picture import SIZES, Box, Edge, Frame, Picture, clean

FONT = 'system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif'
LIGHT = {
    "paper": "#ffffff", "ink": "#1f2328", "quiet": "#59636e", "line": "#818b98", "op": "#f6f8fa", "leaf": "#ddf4ff", "leaf-line": "#0969da",
    "result": "#fff8c5", "result-line": "#9a6700", "fold": "#f5f0ff", "fold-line": "#8250df", "gradient": "#cf222e", "now": "#bc4c00",
}  # fmt: skip
DARK = {
    "paper": "#0d1117", "ink": "#f0f6fc", "quiet": "#9198a1", "line": "#7d8590", "op": "#1c2128", "leaf": "#0c2d6b", "leaf-line": "#58a6ff",
    "result": "#3b2b00", "result-line": "#d29922", "fold": "#21144a", "fold-line": "#a371f7", "gradient": "#ff7b72", "now": "#f0883e",
}  # fmt: skip
PAINTED = """
.paper{fill:$paper} text{fill:$ink} .more{fill:$quiet} .gradient{fill:$gradient}
.box rect{fill:$op;stroke:$line} .leaf rect{fill:$leaf;stroke:$leaf-line} .result rect{fill:$result;stroke:$result-line}
.fold rect{fill:$fold;stroke:$fold-line} .under{fill:$fold;stroke:$fold-line} .outside rect{fill:$paper;stroke:$line}
.frame path{fill:none;stroke:$fold-line} .frame text{fill:$fold-line}
.way{fill:none;stroke:$line} .tip{fill:$line} .back{fill:$gradient;stroke:$paper}
.current .way{stroke:$now} .current .tip{fill:$now}
"""
DRAWN = f"""
text{{font-family:{FONT}}} .name{{font-size:13px;font-weight:600}} .value{{font-size:12px}} .gradient{{font-size:12px}} .more{{font-size:11px}}
.outside rect{{stroke-dasharray:3 3}} .frame path{{stroke-dasharray:4 3;opacity:.7}} .frame text{{font-size:12px}}
.way{{stroke-width:1.3px}} .back{{font-size:11px;stroke-width:4px;paint-order:stroke;stroke-linejoin:round}}
.current .way{{stroke-width:3px}} .future{{opacity:.4}}
"""


def _style() -> str:
    """Rules for this drawing alone: on a page, those of one SVG would hold for all."""

    def scoped(rules: str, colours: dict[str, str]) -> str:
        rules = re.sub(r"\$([\w-]+)", lambda match: colours[match[1]], rules)
        found = re.findall(r"([^{}]+)(\{[^}]*\})", rules)
        return "".join(f".autograd-graph {selector.strip()}{body}\n" for selector, body in found)

    return f"{scoped(DRAWN + PAINTED, LIGHT)}@media (prefers-color-scheme:dark){{{scoped(PAINTED, DARK)}}}\n"


def svg(picture: Picture, title: str | None = None, description: str | None = None) -> str:
    """The picture as SVG text; what it says to those who do not see it is a list of its boxes, unless described."""
    body = [
        *(_frame(frame) for frame in picture.frames),
        *(_edge(edge) for edge in picture.edges),
        *(_box(box) for box in picture.boxes),
    ]
    session = picture.session
    title = title or f"Computational graph of {session.names[session.loss]}"
    description = description or told(picture)
    drawn = "\n".join(body)
    mark = f"{zlib.crc32((drawn + description).encode()):08x}"  # several pictures may stand on one page
    w, h = f"{picture.width:.0f}", f"{picture.height:.0f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="autograd-graph" viewBox="0 0 {w} {h}" width="{w}" height="{h}" '
        f'style="max-width:100%;height:auto" role="img" aria-labelledby="t{mark} d{mark}">\n'
        f'<title id="t{mark}">{_text(title)}</title>\n<desc id="d{mark}">{_text(description)}</desc>\n'
        f"<style>\n{_style()}</style>\n"
        f'<path class="paper" d="M0,0H{w}V{h}H0Z"/>\n{drawn}\n</svg>'
    )


def told(picture: Picture) -> str:
    """The picture in words."""
    session = picture.session
    leaves = sum(node.op is None for node in session.nodes)
    what = (
        f"{len(session.nodes) - leaves} operations on {leaves} leaves, in {len(picture.boxes)} boxes. "
        "Arrows lead from inputs to results; the numbers beside them are the gradients that come back"
    )
    if any("‖" in text for box in picture.boxes for _, text in box.lines):
        what += "; ‖·‖ is the norm of an array"
    return f"{what}. {'. '.join(box.title for box in picture.boxes)}."


def _text(text: str) -> str:
    return escape(clean(text), quote=True)


def _frame(frame: Frame) -> str:
    x, y, w, h = frame.x, frame.y, frame.w, frame.h
    return (
        f'<g class="frame" data-id="{_text(frame.id)}"><path d="{rounded(x, y, w, h, 10)}"/>'
        f'<text x="{x + 10:.1f}" y="{y + 16:.1f}">{_text(frame.label)}</text></g>'
    )


def rounded(x: float, y: float, w: float, h: float, r: float) -> str:
    """A rectangle with round corners as path data."""
    return (
        f"M{x + r:.1f},{y:.1f}h{w - 2 * r:.1f}a{r},{r} 0 0 1 {r},{r}v{h - 2 * r:.1f}a{r},{r} 0 0 1 -{r},{r}"
        f"h{2 * r - w:.1f}a{r},{r} 0 0 1 -{r},-{r}v{2 * r - h:.1f}a{r},{r} 0 0 1 {r},-{r}Z"
    )


def _edge(edge: Edge) -> str:
    label = ""
    if edge.label:
        label = f'<text class="back" x="{edge.x:.1f}" y="{edge.y:.1f}" text-anchor="{edge.anchor}">{_text(edge.label)}</text>'
    return (
        f'<g class="{" ".join(filter(None, ["edge", edge.state]))}" data-id="{_text(edge.id)}" data-source="{_text(edge.source.id)}" '
        f'data-target="{_text(edge.target.id)}"><title>{_text(edge.title)}</title>'
        f'<path class="way" d="{edge.path}"/><path class="tip" d="{edge.tip}"/>{label}</g>'
    )


def _box(box: Box) -> str:
    x, y, w, h = box.x, box.y, box.w, box.h
    radius = {"leaf": h / 2 if h < 70 else 20}.get(box.kind, 7)
    parts = [
        f'<g class="box {box.kind}{" future" * box.future}" data-id="{_text(box.id)}"><title>{_text(box.title)}</title>'
    ]
    if box.kind == "fold":  # a stack
        parts.append(f'<path class="under" d="{rounded(x + 4, y + 4, w, h, 7)}"/>')
    parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="{radius:.1f}"/>')
    top = y + h / 2 - 17 * len(box.lines) / 2
    for k, (kind, text) in enumerate(box.lines):
        at = f'x="{x + w / 2:.1f}" y="{top + 17 * k + 8.5 + SIZES[kind] * 0.36:.1f}"'
        parts.append(f'<text class="{kind}" {at} text-anchor="middle">{_text(text)}</text>')
    return "".join([*parts, "</g>"])
