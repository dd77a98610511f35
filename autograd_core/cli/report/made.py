"""Sections on what went into a run: data, learning, layers, the model, how to do it again."""

from __future__ import annotations

import datetime
from html import escape
from typing import Any

from . import charts
from .charts import number
from .markup import Markup, figure, fold, table

SHOWN = 25  # rows before the rest is folded away


def data(facts: dict[str, Any]) -> str:
    """What it learnt from."""
    about, counts = facts["config"]["data"], facts["counts"]
    rows = about.get("rows", {})
    said = (
        f"<p>{escape(str(about.get('name')))}: {sum(rows.values())} rows, split into "
        + ", ".join(f"{n} for {part}" for part, n in rows.items())
        + f"; {about.get('features')} features predict {escape(repr(facts['target']))}.</p>"
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in about.get("notes", []))
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
        said += shown if len(features) <= SHOWN else fold(f"{len(features)} features", shown)
    return said


def _spread(column: dict[str, Any]) -> Markup:
    if "counts" in column:
        return Markup(charts.small(column["counts"], f"distribution of {column['name']}"))
    words = ", ".join(f"{word} ({n})" for word, n in column.get("top", [])[:3])
    return Markup(escape(words) + (", …" if column["distinct"] > 3 else ""))


def _end(column: dict[str, Any], value: float) -> str:
    if column["kind"] != "dates":
        return number(value)
    return str(datetime.date(1970, 1, 1) + datetime.timedelta(days=value))


def learning(facts: dict[str, Any]) -> str:
    """How it learnt."""
    history, result = facts["history"], facts["result"]
    best, metric = result.get("best_epoch"), "accuracy" if facts["classes"] else "r2"
    of = lambda name: [(row["epoch"], row[name]) for row in history if name in row]
    spelled = {"accuracy": "accuracy", "r2": "R²"}[metric]
    told = f"{len(history)} epochs in {result.get('seconds', 0):.1f} s"
    told += f"; ended since {escape(result['stopped'])}" if result.get("stopped") else ""
    told += f". The weights of epoch {best}, of the least validation loss, were kept." if best else "."
    drawn = figure(
        "Loss",
        charts.lines({"training": of("loss"), "validation": of("val_loss")}, "epoch", "loss", "Loss by epoch", best),
    )
    drawn += figure(
        spelled.capitalize(),
        charts.lines(
            {"training": of(metric), "validation": of(f"val_{metric}")}, "epoch", spelled, f"{spelled} by epoch", best
        ),
    )
    if len({row.get("lr") for row in history}) > 1:
        drawn += figure("Learning rate", charts.lines({"rate": of("lr")}, "epoch", "rate", "Learning rate by epoch"))
    names = ["epoch", *(n for n in (history[0] if history else {}) if n not in ("epoch", "seconds"))]
    numbers = table(names, [[f"{row['epoch']:g}", *(row.get(n) for n in names[1:])] for row in history], "The history")
    return f'<p>{told}</p><div class="figures">{drawn}</div>{fold("The numbers", numbers)}'


def layers(facts: dict[str, Any]) -> str:
    """How its layers fared."""
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
        drawn += figure(title, charts.lines(few, "epoch", unit, f"{title} by epoch, for each layer"))
    head = ["epoch", "layer", "gradient", "update", "dead", "saturated", "mean", "variance"]
    numbers = [[str(r["epoch"]), f"{r['layer']}: {r['kind']}", *(r.get(n) for n in head[2:])] for r in rows]
    return (
        f'<div class="figures">{drawn}</div>{fold("The numbers", table(head, numbers, "Layers by epoch", words=2))}'
        if drawn
        else ""
    )


def model(facts: dict[str, Any]) -> str:
    """What it is."""
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


def again(facts: dict[str, Any]) -> str:
    """How to do it again."""
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
