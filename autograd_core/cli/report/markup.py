"""Tables, figures and folds as HTML. What comes from data is escaped here, and nowhere else need be thought of."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from .charts import number


def table(head: Iterable[str], rows: Iterable[Iterable[Any]], caption: str, words: int = 1) -> str:
    """A table; the first `words` columns are text, the others numbers. Cells are escaped, unless they are Markup."""
    top = "".join(f'<th scope="col"{_kind(i >= words)}>{_cell(h)}</th>' for i, h in enumerate(head))
    body = "".join(
        "<tr>" + "".join(
            f'<th scope="row">{_cell(c)}</th>' if i == 0 else f"<td{_kind(i >= words)}>{_cell(c)}</td>" for i, c in enumerate(row)
        ) + "</tr>"
        for row in rows
    )  # fmt: skip
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


class Markup(str):
    """Text that is HTML already."""


def _cell(value: Any) -> str:
    return (
        str(value)
        if isinstance(value, Markup)
        else escape("" if value is None else number(value) if isinstance(value, float) else str(value))
    )


def _kind(numeric: bool) -> str:
    return ' class="n"' if numeric else ""


def figure(title: str, drawing: str, said: str = "") -> str:
    """A drawing under its title; nothing where there is no drawing."""
    return f"<figure><figcaption>{title}</figcaption>{drawing}{said}</figure>" if drawing else ""


def fold(title: str, body: str) -> str:
    """What is shown when it is asked for."""
    return f"<details><summary>{title}</summary>{body}</details>"
