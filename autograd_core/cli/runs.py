"""`autograd-core runs`: past runs side by side, with the options in which they differ."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from . import files, options


def add_command(commands: Any) -> None:
    """Add `runs` to the commands."""
    parser = commands.add_parser(
        "runs",
        help="list past runs, and compare them",
        description="List runs, with what came out and the options in which they differ.",
    )
    parser.add_argument(
        "folders", nargs="*", default=["runs"], metavar="FOLDER", help="runs, or folders of runs (default: runs)"
    )
    parser.add_argument("--sort", choices=["name", "score", "started"], default="name", help="by what (default: name)")
    options.add_output(parser, quiet=False)
    parser.set_defaults(run=_runs)


def _runs(args: argparse.Namespace) -> None:
    rows = [_row(files.Run(path)) for folder in args.folders for path in _found(folder)]
    keys: dict[str, Any] = {
        "name": lambda row: row["run"], "started": lambda row: row["started"],
        "score": lambda row: (row["score"] is None, -(row["score"] or 0)),
    }  # fmt: skip
    rows.sort(key=keys[args.sort])
    if args.json:
        print(json.dumps(rows))
    elif not rows:
        print(f"no runs in {', '.join(args.folders)}; `autograd-core train digits` makes one")
    else:
        print("\n".join(_table(rows)))


def _found(folder: str) -> list[Path]:
    path = Path(folder)
    if not path.exists() and folder == "runs":
        return []
    if (path / files.CONFIG).exists() or not path.is_dir():
        return [path]  # Run says what is wrong with it, if anything is
    return sorted(p.parent for p in path.glob(f"*/{files.CONFIG}"))


def _row(run: files.Run) -> dict[str, Any]:
    result, data = run.result or {}, run.config["data"]
    metric = "accuracy" if data.get("task") == "classification" else "r2"
    last = run.history[-1] if run.history else {}
    return {
        "run": str(run.folder), "data": str(data.get("name")), "started": str(run.config.get("started", "")),
        "state": "done" if result else "broken off", "epochs": result.get("epochs", len(run.history)), "metric": metric,
        "score": result.get("test", {}).get(metric), "val_loss": result.get("validation", {}).get("loss", last.get("val_loss")),
        "parameters": result.get("parameters"), "seconds": result.get("seconds"), "options": run.options,
    }  # fmt: skip


def _table(rows: list[dict[str, Any]]) -> list[str]:
    """Aligned columns; options that differ among the runs come last."""
    names = list(dict.fromkeys(name for row in rows for name in row["options"] if name not in ("data", "out")))
    differing = (
        [n for n in names if len({json.dumps(row["options"].get(n)) for row in rows}) > 1] if len(rows) > 1 else []
    )
    asked = [f"--{name}".replace("_", "-") for name in differing]
    head = ["run", "data", "epochs", "val loss", "test", "", "seconds", *asked]
    body = [
        [
            row["run"], row["data"], str(row["epochs"]), number(row["val_loss"]), number(row["score"]),
            {"accuracy": "accuracy", "r2": "R²"}[row["metric"]] if row["state"] == "done" else row["state"],
            "" if row["seconds"] is None else f"{row['seconds']:.1f}", *(_said(row["options"].get(n)) for n in differing),
        ]
        for row in rows
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    right = {2, 3, 4, 6}
    return [
        "  ".join(
            f"{c:>{w}}" if i in right else f"{c:<{w}}" for i, (c, w) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in [head, *body]
    ]


def number(value: Any) -> str:
    """Four places, and short where it is huge.

    >>> number(0.5), number(5.4e28), number(None)
    ('0.5000', '5.4e+28', '-')
    """
    if not isinstance(value, (int, float)):
        return "-"
    return f"{value:.4f}" if abs(value) < 1e5 else f"{value:.3g}"


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value)) or "0"
    if isinstance(value, str) and not value.isprintable():
        return repr(value)[1:-1]  # a tab
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
