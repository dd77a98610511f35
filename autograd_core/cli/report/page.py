"""The page: sections of text, tables and drawings around what facts.py found."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from typing import Any

from . import charts
from .charts import number

SHOWN = 25  # bars and rows before the rest is folded away
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
        "data": ("Data", _data(facts)), "learning": ("Learning", _learning(facts)), "mistakes": _mistakes(facts),
        "calibration": ("Calibration", _calibration(facts)), "columns": ("What matters", _importance(facts)),
        "layers": ("Layers", _layers(facts)), "model": ("Model", _model(facts)), "again": ("Do it again", _again(facts)),
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
        {"accuracy": f"{test['accuracy']:.1%}", "always the most frequent class": f"{test['baseline']:.1%}", "cross-entropy": number(test["cross_entropy"])}
        if classes
        else {"R²": f"{test['r2']:.3f}", "mean absolute error": number(test["mae"]), "root mean squared error": number(test["rmse"])}
    )  # fmt: skip
    cards = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in shown.items())
    what = f"{'Which' if classes else 'What'} {escape(facts['target'])}, on {test['rows']} test rows it has not learnt from:"
    return f'<p class="lead">{what}</p><dl class="cards">{cards}</dl>'


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


def _figure(title: str, drawing: str, said: str = "") -> str:
    return f"<figure><figcaption>{title}</figcaption>{drawing}{said}</figure>" if drawing else ""


def _fold(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>{body}</details>"


def _data(facts: dict[str, Any]) -> str:
    data, counts = facts["config"]["data"], facts["counts"]
    rows = data.get("rows", {})
    said = (
        f"<p>{escape(str(data.get('name')))}: {sum(rows.values())} rows, split into "
        + ", ".join(f"{n} for {part}" for part, n in rows.items())
        + f"; {data.get('features')} features predict {escape(facts['target'])}.</p>"
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in data.get("notes", []))
    said += f'<ul class="notes">{notes}</ul>' if notes else ""
    if counts:
        lines = [[c, *(counts[part][k] for part in counts)] for k, c in enumerate(facts["classes"])]
        said += table(["class", *counts], lines, "Rows of each class")
    if facts["columns"]:
        said += table(
            ["column", "kind", "filled with", "missing", "distinct", "least", "median", "most"],
            [
                [
                    c["name"], c["kind"], _spread(c), c["missing"], c["distinct"],
                    *(_end(c, c[k]) if k in c else "" for k in ("min", "median", "max")),
                ]
                for c in facts["columns"]
            ],
            "Columns of the file",
            words=3,
        )  # fmt: skip
    else:
        features = [[f["name"], f["mean"], f["deviation"]] for f in facts["features"]]
        shown = table(["feature", "mean", "standard deviation"], features, "Features of the training rows")
        said += shown if len(features) <= SHOWN else _fold(f"{len(features)} features", shown)
    return said


def _spread(column: dict[str, Any]) -> Markup:
    if "counts" in column:
        return Markup(charts.small(column["counts"], f"distribution of {column['name']}"))
    words = ", ".join(f"{word} ({n})" for word, n in column.get("top", [])[:3])
    return Markup(escape(words) + (", …" if column["distinct"] > 3 else ""))


def _end(column: dict[str, Any], value: float) -> str:
    if column["kind"] != "dates":
        return number(value)
    import datetime

    return str(datetime.date(1970, 1, 1) + datetime.timedelta(days=value))


def _learning(facts: dict[str, Any]) -> str:
    history, result = facts["history"], facts["result"]
    best, metric = result.get("best_epoch"), "accuracy" if facts["classes"] else "r2"
    of = lambda name: [(row["epoch"], row[name]) for row in history if name in row]
    spelled = {"accuracy": "accuracy", "r2": "R²"}[metric]
    told = f"{len(history)} epochs in {result.get('seconds', 0):.1f} s"
    told += f"; ended since {escape(result['stopped'])}" if result.get("stopped") else ""
    told += f". The weights of epoch {best}, of the least validation loss, were kept." if best else "."
    drawn = _figure(
        "Loss",
        charts.lines({"training": of("loss"), "validation": of("val_loss")}, "epoch", "loss", "Loss by epoch", best),
    )
    drawn += _figure(
        spelled.capitalize(),
        charts.lines(
            {"training": of(metric), "validation": of(f"val_{metric}")}, "epoch", spelled, f"{spelled} by epoch", best
        ),
    )
    if len({row.get("lr") for row in history}) > 1:
        drawn += _figure("Learning rate", charts.lines({"rate": of("lr")}, "epoch", "rate", "Learning rate by epoch"))
    names = ["epoch", *(n for n in (history[0] if history else {}) if n not in ("epoch", "seconds"))]
    numbers = table(names, [[f"{row['epoch']:g}", *(row.get(n) for n in names[1:])] for row in history], "The history")
    return f'<p>{told}</p><div class="figures">{drawn}</div>{_fold("The numbers", numbers)}'


def _mistakes(facts: dict[str, Any]) -> tuple[str, str]:
    measured = facts["measured"]
    if not facts["classes"]:
        off = facts["residuals"]
        drawn = _figure(
            "Said and true",
            charts.scatter(off["true"], off["said"], "true", "said", "What was predicted over what is true"),
        )
        drawn += _figure(
            "How far off", charts.histogram(off["counts"], off["edges"], "said − true", "Residuals of the test rows")
        )
        parts = [[name, m["rows"], m["r2"], m["mae"], m["rmse"], m["bias"]] for name, m in measured.items()]
        head = ["part", "rows", "R²", "mean abs. error", "root mean sq. error", "mean error"]
        return "Residuals", f'<div class="figures">{drawn}</div>{table(head, parts, "In the units of the data")}'
    test, names = measured["test"], facts["classes"]
    said = ""
    if len(names) <= 30:
        most = max(max(row) for row in test["confusion"]) or 1
        lines = [
            [
                name,
                *(
                    Markup(f'<span class="h{_heat(n, most)}{" right" if i == j else ""}">{n}</span>')
                    for j, n in enumerate(row)
                ),
            ]
            for i, (name, row) in enumerate(zip(names, test["confusion"], strict=True))
        ]
        caption = "Test rows by what is true (down) and what was said (across)"
        said = f'<div class="confusion">{table(["true, said →", *names], lines, caption)}</div>'
    each = [[c["class"], c["rows"], c["precision"], c["recall"], c["f1"]] for c in test["classes"]]
    said += table(["class", "test rows", "precision", "recall", "F1"], each, "Each class by itself")
    parts = [
        [name, m["rows"], m["accuracy"], m["balanced_accuracy"], m["cross_entropy"]] for name, m in measured.items()
    ]
    return "Mistakes", said + table(
        ["part", "rows", "accuracy", "balanced accuracy", "cross-entropy"], parts, "Each part of the data"
    )


def _heat(n: int, most: int) -> int:
    return 0 if not n else max(1, round(5 * (n / most) ** 0.5))


def _calibration(facts: dict[str, Any]) -> str:
    if not facts["classes"]:
        return ""
    test = facts["measured"]["test"]
    rows = [[f"{b['confidence']:.2f}", f"{b['right']:.2f}", b["rows"]] for b in test["calibration"]]
    drawn = _figure(
        "How sure, how right",
        charts.calibration(test["calibration"], "Share that was right over the probability given"),
    )
    told = (
        f"<p>Where it gives a class 80 %, it should be right in 80 % of the rows: on the broken line. On average it is "
        f"{test['calibration_error']:.1%} away from it. Large dots stand for many rows.</p>"
    )
    return (
        told
        + f'<div class="figures">{drawn}{table(["probability", "right", "rows"], rows, "Test rows by the probability given")}</div>'
    )


def _importance(facts: dict[str, Any]) -> str:
    found = facts["importance"]
    what = {"accuracy": "accuracy", "r2": "R²"}[found["metric"]]
    columns = [(c["column"], c["drop"], c["spread"]) for c in found["columns"]]
    told = (
        f"<p>How much the {what} of the test rows, {found['score']:.3f}, falls when one column is shuffled among them; "
        "the mean of five shuffles and its spread. Of columns that say the same, neither may seem to matter.</p>"
    )
    rows = [[name, f"{drop:.4f}", f"± {spread:.4f}"] for name, drop, spread in columns]
    drawn = charts.bars(columns[:SHOWN], f"Fall of {what} for each shuffled column", "{:.3f}".format)
    title = f"The first {SHOWN} of {len(columns)} columns" if len(columns) > SHOWN else f"Fall of {what}"
    return (
        told
        + _figure(title, drawn)
        + _fold("The numbers", table(["column", f"fall of {what}", "spread"], rows, "Permutation importance"))
    )


def _layers(facts: dict[str, Any]) -> str:
    health, rows = facts["health"], facts["layers"]
    said = "".join(f"<li>{escape(alarm['sentence'])}</li>" for alarm in health["alarms"])
    told = f'<ul class="ill">{said}</ul>' if said else ""
    if health["rows"] and not said:
        told = "<p>Nothing was wrong: no layer died or was saturated, and gradients neither vanished nor exploded.</p>"
    lines = [
        [
            f"{row['layer']}: {row['kind']}", Markup(charts.small(row["counts"], f"what layer {row['layer']} gives")), row["mean"],
            row["deviation"], row["weight"], row["gradient"],
        ]
        for row in rows
    ]  # fmt: skip
    head = ["layer", "what it gives", "mean", "deviation", "length of weights", "length of gradient"]
    return (
        told + _health(health["rows"]) + table(head, lines, "Layers at the end of training, on training rows", words=2)
    )


def _health(rows: list[dict[str, Any]]) -> str:
    """Four drawings of how the layers fared, those that have a number to show."""
    wanted = {
        "gradient": ("Length of gradients", "length"), "update": ("A step as a share of the weights", "share"),
        "dead": ("Units that no row moves", "share"), "saturated": ("Values where the activation is flat", "share"),
    }  # fmt: skip
    drawn = ""
    for name, (title, unit) in wanted.items():
        series: dict[str, list[tuple[float, float]]] = {}
        for row in rows:
            if row.get(name) is not None:
                series.setdefault(f"{row['layer']}: {row['kind']}", []).append((row["epoch"], row[name]))
        few = dict(list(series.items())[: charts.COLOURS])
        if unit == "share" and not any(value for line in few.values() for _, value in line):
            continue  # nothing of the kind
        drawn += _figure(title, charts.lines(few, "epoch", unit, f"{title} by epoch, for each layer"))
    head = ["epoch", "layer", "gradient", "update", "dead", "saturated", "mean", "variance"]
    numbers = [[str(r["epoch"]), f"{r['layer']}: {r['kind']}", *(r.get(n) for n in head[2:])] for r in rows]
    return (
        f'<div class="figures">{drawn}</div>{_fold("The numbers", table(head, numbers, "Layers by epoch", words=2))}'
        if drawn
        else ""
    )


def _model(facts: dict[str, Any]) -> str:
    chosen = facts["config"]["options"]
    shown = [
        "loss",
        "optimizer",
        "lr",
        "schedule",
        "batch_size",
        "dropout",
        "norm",
        "weight_decay",
        "clip",
        "class_weight",
        "patience",
    ]
    rows = [[name.replace("_", " "), str(chosen[name])] for name in shown if chosen.get(name) not in (None, "none")]
    return f'<pre class="scroll" tabindex="0">{escape(facts["summary"])}</pre>' + table(
        ["setting", "value"], rows, "How it was trained", words=2
    )


def _again(facts: dict[str, Any]) -> str:
    config = facts["config"]
    rows = [
        ["data", str(config["data"].get("path") or config["data"].get("name"))], ["SHA-256 of the data", str(config["data"].get("sha256"))],
        ["seed", str(config["options"].get("seed"))], *([name, str(v)] for name, v in config.get("versions", {}).items()),
        ["machine", str(config.get("machine", ""))], ["started", str(config.get("started", ""))],
    ]  # fmt: skip
    return (
        f'<pre class="scroll" tabindex="0">{escape(facts["command"])}</pre>'
        "<p>The same command, data and versions give the same numbers on the same machine.</p>"
        + table(["what", "which"], rows, "What it was made of", words=2)
    )
