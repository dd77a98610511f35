"""The page: sections of text, tables and drawings around what facts.py found."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from importlib.resources import files
from typing import Any

from .charts import number
from .made import again, data, layers, learning, model
from .well import calibration, importance, mistakes

HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<a class="skip" href="#main">To the content</a>
"""


def page(facts: dict[str, Any]) -> str:
    """The whole page as text."""
    style = (files(__package__) / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    sections = {
        "data": ("Data", data(facts)), "learning": ("Learning", learning(facts)), "mistakes": mistakes(facts),
        "calibration": ("Calibration", calibration(facts)), "columns": ("What matters", importance(facts)),
        "layers": ("Layers", layers(facts)), "model": ("Model", model(facts)), "again": ("Do it again", again(facts)),
    }  # fmt: skip
    shown = {name: (title, body) for name, (title, body) in sections.items() if body}
    menu = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, (title, _) in shown.items())
    return "\n".join(
        [
            HEAD.format(hash=digest, title=escape(f"{facts['name']} — autograd-core"), style=style),
            f"<header><h1>{escape(facts['name'])}</h1>{_headline(facts)}<nav aria-label='Sections'><ul>{menu}</ul></nav></header>",
            '<main id="main">',
            *(f'<section id="{name}"><h2>{title}</h2>{body}</section>' for name, (title, body) in shown.items()),
            f"</main>\n<footer>Made by autograd-core {escape(str(facts['config'].get('versions', {}).get('autograd-core', '')))}; "
            "this page is one file and loads nothing.</footer>\n</body>\n</html>\n",
        ]
    )


def _headline(facts: dict[str, Any]) -> str:
    test, classes = facts["measured"]["test"], bool(facts["classes"])
    shown = (
        {"accuracy": f"{test['accuracy']:.1%}", "always the most frequent class": f"{test['baseline']:.1%}", "balanced accuracy": f"{test['balanced_accuracy']:.1%}", "cross-entropy": number(test["cross_entropy"])}
        if classes
        else {"R²": "-" if test["r2"] is None else f"{test['r2']:.3f}", "mean absolute error": number(test["mae"]), "root mean squared error": number(test["rmse"])}
    )  # fmt: skip
    cards = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in shown.items())
    what = f"How well it predicts {escape(repr(facts['target']))}, on {test['rows']} test rows it has not learnt from:"
    return f'<p class="lead">{what}</p><dl class="cards">{cards}</dl>'
