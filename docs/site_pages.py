"""What the pages need besides Markdown: links out of docs/, anchors in made pages, overviews of modules, and --help.

The pages are written so that they can be read as files as well; here only their links are turned.
"""

from __future__ import annotations

import contextlib
import io
import os
import pydoc
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.ext.autosummary import Autosummary
from sphinx.util.logging import getLogger

from autograd_core.op import Op

DOCS = Path(__file__).parent.resolve()
ROOMS = ["autograd_core"] + [
    f"autograd_core.{room}"
    for room in ("nn", "nn.functional", "optim", "datasets", "debug", "compiler", "estimators", "plots")
]
logger = getLogger(__name__)


def turned(text: str, page: Path) -> str:
    """A page's text with its links to notebooks as links to tutorials, and its named places as targets."""

    def link(match: re.Match[str]) -> str:
        path = Path(os.path.normpath(page.parent / match[2]))
        in_notebooks = path.parent == DOCS.parent / "notebooks"
        return f"{{doc}}`{match[1]} </notebooks/{path.stem}>`" if in_notebooks else match[0]

    text = re.sub(r"\[([^\]]+)\]\((\.\./[^)\s]+\.ipynb)\)", link, text)
    text = re.sub(r"\]\(rows\.md#(row-\w+)\)", r"](#\1)", text)
    return re.sub(r'<a name="([\w-]+)"></a>', r"[]{#\1}", text)


def described(module: Any, name: str) -> bool:
    """Whether a public name is one for readers: names without a docstring are shared between files only."""
    thing = getattr(module, name)
    return isinstance(thing, Callable) and bool(thing.__doc__)


def complete(app: Any, env: Any) -> None:
    """Warn of what is public and stands nowhere in the reference."""
    there = {path.rpartition(".")[2] for path in env.domains.python_domain.objects}
    for room in ROOMS:
        module = import_module(room)
        for name in module.__all__:
            if described(module, name) and name not in there:
                logger.warning("%s.%s is not in the reference", room, name)


class Overview(Autosummary):
    """A table of what a module offers, or of the names that are given, each with its first sentence."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        module = import_module(self.arguments[0])
        own = [n for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__ and n[0] != "_"]
        asked = " ".join(self.content).split() or getattr(module, "__all__", own)
        self.content = StringList([f"~{module.__name__}.{name}" for name in asked if described(module, name)])
        self.options["nosignatures"] = None
        return super().run()

    def get_items(self, names: list[str]) -> list[tuple[str, str | None, str, str]]:
        """A row's sentence is its own words, not those of all rows."""
        items = super().get_items(names)
        found = [pydoc.locate(name) for *_, name in items]
        return [
            (name, signature, f"The row {op.name}: {op.words}." if isinstance(op, Op) else summary, path)
            for (name, signature, summary, path), op in zip(items, found, strict=True)
        ]


class Help(Directive):
    """What a command says when it is asked for --help."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        from autograd_core.__main__ import main

        os.environ.update(COLUMNS="96", NO_COLOR="1")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            main([*self.arguments, "--help"])
        return [nodes.literal_block(printed.getvalue(), printed.getvalue(), language="text")]


def setup(app: Any) -> None:
    def read(app: Any, name: str, source: list[str]) -> None:
        if not name.startswith("notebooks/"):
            source[0] = turned(source[0], Path(app.env.doc2path(name)).resolve())

    app.connect("source-read", read)
    app.connect("env-check-consistency", complete)
    app.add_directive("overview", Overview)
    app.add_directive("command-help", Help)
