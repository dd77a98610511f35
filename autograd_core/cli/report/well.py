"""Sections on how well it does: mistakes or residuals, calibration, which columns matter."""

from __future__ import annotations

from typing import Any

from . import charts
from .markup import Markup, figure, fold, table

SHOWN = 25  # bars before the rest is folded away


def mistakes(facts: dict[str, Any]) -> tuple[str, str]:
    """A title, and what is taken for what, or how far off numbers are."""
    measured = facts["measured"]
    if not facts["classes"]:
        off = facts["residuals"]
        drawn = figure(
            "Said and true",
            charts.scatter(off["true"], off["said"], "true", "said", "What was predicted over what is true"),
        )
        drawn += figure(
            "How far off", charts.histogram(off["counts"], off["edges"], "said − true", "Residuals of the test rows")
        )
        parts = [
            [name, m["rows"], "-" if m["r2"] is None else f"{m['r2']:.3f}", m["mae"], m["rmse"], m["bias"]]
            for name, m in measured.items()
        ]
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
    rates = ("precision", "recall", "f1")
    each = [[c["class"], c["rows"], *(f"{c[rate]:.3f}" for rate in rates)] for c in test["classes"]]
    said += table(["class", "test rows", "precision", "recall", "F1"], each, "Each class by itself")
    parts = [
        [name, m["rows"], f"{m['accuracy']:.3f}", f"{m['balanced_accuracy']:.3f}", m["cross_entropy"]]
        for name, m in measured.items()
    ]
    return "Mistakes", said + table(
        ["part", "rows", "accuracy", "balanced accuracy", "cross-entropy"], parts, "Each part of the data"
    )


def _heat(n: int, most: int) -> int:
    return 0 if not n else max(1, round(5 * (n / most) ** 0.5))


def calibration(facts: dict[str, Any]) -> str:
    """How sure it is, and how often right."""
    if not facts["classes"]:
        return ""
    test = facts["measured"]["test"]
    rows = [[f"{b['confidence']:.2f}", f"{b['right']:.2f}", b["rows"]] for b in test["calibration"]]
    drawn = figure(
        "How sure, how right",
        charts.calibration(test["calibration"], "Share that was right over the probability given"),
    )
    told = (
        f"<p>Where it gives a class 80 %, it should be right in 80 % of the rows: on the broken line. On average it is "
        f"{100 * test['calibration_error']:.1f} % away from it. Large dots stand for many rows.</p>"
    )
    return (
        told
        + f'<div class="figures">{drawn}{table(["probability", "right", "rows"], rows, "Test rows by the probability given")}</div>'
    )


def importance(facts: dict[str, Any]) -> str:
    """What it would do without each column; nothing of a single row, which cannot be shuffled."""
    found = facts["importance"]
    if not found:
        return ""
    what = {"accuracy": "accuracy", "r2": "R²"}[found["metric"]]
    columns = [(c["column"], c["drop"], c["spread"]) for c in found["columns"]]
    told = (
        f"<p>How much the {what} of the test rows, {found['score']:.3f}, falls when one column is shuffled among them; "
        "the mean of five shuffles and its spread. Of columns that say the same, neither may seem to matter.</p>"
    )
    rows = [[name, f"{drop:.4f}", f"± {spread:.4f}"] for name, drop, spread in columns]
    drawn = charts.bars(columns[:SHOWN], f"Fall of {what} for each shuffled column", "{:z.3f}".format)
    title = f"The first {SHOWN} of {len(columns)} columns" if len(columns) > SHOWN else f"Fall of {what}"
    return (
        told
        + figure(title, drawn)
        + fold("The numbers", table(["column", f"fall of {what}", "spread"], rows, "Permutation importance"))
    )
