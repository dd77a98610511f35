"""The graph as a picture: leaves on the left, the result on the right, values and gradients in every node.

A layered drawing made here, without Graphviz: a node stands one layer to the right of its rightmost input, and
within a layer near the middle of its neighbours. Good for graphs of up to some hundred nodes.
"""

from __future__ import annotations

from html import escape
from typing import Any

from ..symbol import show
from ..tensor import Tensor
from .session import Session

LAYER, ROW, WIDTH, HEIGHT = 190, 86, 128, 58


def draw(loss: Tensor) -> str:
    """The graph of `loss` as SVG text: formula, value and gradient of every node, each edge's contribution beside it.

    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> svg = draw(x * x)
    >>> svg.startswith("<svg") and "g = x·x" in svg and "∂ 6" in svg
    True
    """
    session = Session(loss)
    session.goto(len(session))
    places = _places(session)
    width = max(x for x, _ in places.values()) + WIDTH + 20
    height = max(y for _, y in places.values()) + HEIGHT + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'role="img" aria-label="computational graph" font-family="sans-serif" font-size="13">',
        "<style>.n{fill:#f6f8fa;stroke:#57606a}.leaf{fill:#ddf4ff;stroke:#0969da}.e{stroke:#8c959f;fill:none}"
        ".v{fill:#1f2328}.d{fill:#cf222e}.h{fill:#fff;stroke:#fff;stroke-width:6}</style>",
    ]
    arriving: dict[Tensor, list[tuple[Tensor, Any]]] = {}
    for step in session.steps:
        if step.x is not None:
            arriving.setdefault(step.node, []).append((step.x, step.contribution))
    for node, edges in arriving.items():  # they enter from top to bottom as their sources stand, so as not to cross
        edges.sort(key=lambda edge: places[edge[0]][1])
        for port, (source, contribution) in enumerate(edges):
            parts.append(_edge(places[source], places[node], show(contribution, 4), port - (len(edges) - 1) / 2))
    grads = session.gradients()
    for node, (x, y) in places.items():
        parts.append(_node(session, node, x, y, grads))
    return "\n".join([*parts, "</svg>"])


def _places(session: Session) -> dict[Tensor, tuple[float, float]]:
    """Where each node's box begins."""
    layers: list[list[Tensor]] = []
    depth: dict[Tensor, int] = {}
    users: dict[Tensor, list[Tensor]] = {node: [] for node in session.nodes}
    for node in session.nodes:
        inputs = [x for x in node.inputs if isinstance(x, Tensor) and x in depth]
        depth[node] = 1 + max((depth[x] for x in inputs), default=-1)
        for x in inputs:
            users[x].append(node)
    for node in session.nodes:  # a leaf stands beside what first uses it, not at the far left
        if node.is_leaf and users[node]:
            depth[node] = max(min(depth[user] for user in users[node]) - 1, 0)
        while len(layers) <= depth[node]:
            layers.append([])
        layers[depth[node]].append(node)
    row: dict[Tensor, float] = {node: i for layer in layers for i, node in enumerate(layer)}
    for sweep in range(8):  # towards the middle of the neighbours, to and fro
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
            wish = {
                n: _middle(
                    [row[m] for m in [*users[n], *(x for x in n.inputs if isinstance(x, Tensor) and x in row)]], row[n]
                )
                for n in layer
            }
            layer.sort(key=wish.__getitem__)
            top = -float("inf")
            for node in layer:
                row[node] = top = max(wish[node], top + 1)
    highest = min(row.values())
    return {n: (20 + depth[n] * LAYER, 20 + (row[n] - highest) * ROW) for n in session.nodes}


def _middle(rows: list[float], otherwise: float) -> float:
    return sum(rows) / len(rows) if rows else otherwise


def _edge(source: tuple[float, float], target: tuple[float, float], label: str, port: float) -> str:
    """A curve from an input to its user, with what comes back along it."""
    x1, y1, x2, y2 = source[0] + WIDTH, source[1] + HEIGHT / 2, target[0], target[1] + HEIGHT / 2 + 12 * port
    curve = f"M{x1:.0f},{y1:.0f} C{x1 + 35:.0f},{y1:.0f} {x2 - 35:.0f},{y2:.0f} {x2:.0f},{y2:.0f}"
    at = f'x="{(x1 + x2) / 2:.0f}" y="{(y1 + y2) / 2 + 4:.0f}" font-size="11" text-anchor="middle"'
    text = escape(label)
    return f'<path class="e" d="{curve}"/><text class="h" {at}>{text}</text><text class="d" {at}>{text}</text>'


def _node(session: Session, node: Tensor, x: float, y: float, grads: Any) -> str:
    name = session.names[node]
    formula = name if node.op is None else f"{name} = {node.op(*session.symbols(node), **node.params).spell()}"
    if len(formula) > 18:
        formula = f"{name} = {node.op.name}" if node.op else name[:18]
    lines = [("v", formula), ("v", show(node.value, 4)), ("d", f"∂ {show(grads[node], 4)}" if node in grads else "")]
    text = "".join(
        f'<text class="{c}" x="{x + WIDTH / 2:.0f}" y="{y + 17 + 17 * k:.0f}" text-anchor="middle">{escape(line)}</text>'
        for k, (c, line) in enumerate(lines)
    )
    kind = "n leaf" if node.is_leaf else "n"
    return f'<rect class="{kind}" x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>{text}'
