"""Formulas as MathML, which browsers draw by themselves: no script, no fonts, no network."""

from __future__ import annotations

from typing import Any

from docutils.nodes import SkipNode
from latex2mathml.converter import convert


def mathml(text: str, display: str = "inline") -> str:
    """A formula in LaTeX as MathML; a name of several words, add along axis, keeps the spaces between them."""
    return convert(text.replace(r"\thinspace ", "\N{THIN SPACE}"), display=display)


def inline(self: Any, node: Any) -> None:
    self.body.append(mathml(node.astext()))
    raise SkipNode


def block(self: Any, node: Any) -> None:
    self.body.append(f'<div class="formula">{mathml(node.astext(), "block")}</div>')
    raise SkipNode


def setup(app: Any) -> None:
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
