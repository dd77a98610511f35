"""A session as one HTML page that steps both ways by itself: no server, no network, nothing to install.

The page holds what the session knows as numbers, and its JavaScript finds the state at a position from them. A large
graph is folded, and what lies in folds that are not shown is left out and counted.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...arrayfiles import whole
from .data import NODES, recorded

if TYPE_CHECKING:
    from ..session import Session

SCRIPTS = ("state.js", "graph.js", "view.js", "trace.js")


def save(session: Session, path: str | os.PathLike[str], nodes: int = NODES) -> None:
    """Save a session as one HTML file (`session.save`), which opens from a disk, a mail or a course's site.

    nodes: of a larger graph, so many are shown one by one.

    >>> import tempfile; from autograd_core import Tensor, debug
    >>> x = Tensor(3.0, requires_grad=True, name="x"); folder = tempfile.mkdtemp()
    >>> save(debug.Session(x * x), f"{folder}/trace.html")
    >>> Path(f"{folder}/trace.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    True
    """
    content = page(session, nodes).encode("utf-8", "replace")
    with whole(Path(path)) as file:
        file.write(content)


def page(session: Session, nodes: int = NODES) -> str:
    """The page as text."""
    data = recorded(session, nodes)
    style, script = (
        text("trace.css"),
        f'{script_text()}\nopenTrace(document.getElementById("trace"), JSON.parse(document.getElementById("data").textContent), {{ whole: true }});\n',
    )
    known = {
        "title": html.escape(data["title"]), "style": style, "script": script, "data": as_json(data),
        "style-hash": _hash(style), "script-hash": _hash(script),
    }  # fmt: skip
    return re.sub(r"\{\{([a-z-]+)\}\}", lambda match: known[match[1]], text("trace.html"))


def frame(session: Session, nodes: int = NODES) -> str:
    """The page in a frame of a notebook: its style and script touch nothing outside, and it may do nothing but run."""
    source = html.escape(page(session, nodes))
    style = "width: 100%; height: 56rem; border: 1px solid #8884; border-radius: 8px"
    return f'<iframe srcdoc="{source}" sandbox="allow-scripts" title="Backward pass, step by step" style="{style}"></iframe>'


def as_json(data: Any) -> str:
    """JSON in which nothing can end a <script>; NaN and infinities must have become words before."""
    plain = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def text(name: str) -> str:
    """A file of the folder page/."""
    return (files(__package__) / name).read_text(encoding="utf-8")


def script_text() -> str:
    """The JavaScript, the same for the page and the widget; nothing of it is known outside."""
    return '"use strict";\n' + "\n".join(text(name) for name in SCRIPTS)


def _hash(content: str) -> str:
    """What a Content-Security-Policy allows this script or style by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
