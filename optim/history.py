"""History: what happened in training, a small table with a row an epoch."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


class History:
    """A table of epochs that prints, is saved as CSV or JSON, and plots with the `viz` extra.

    >>> history = History()
    >>> history.append({"epoch": 1, "loss": 0.5, "val_loss": 0.75}); history.append({"epoch": 2, "loss": 0.25, "val_loss": 0.5})
    >>> history["loss"], len(history)
    ([0.5, 0.25], 2)
    >>> history
     epoch      loss  val_loss
         1       0.5      0.75
         2      0.25       0.5
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.stopped = ""  # why training ended before its last epoch, if it did
        self.best_epoch: int | None = None
        self.health: list[dict[str, Any]] = []  # of each layer, where a Monitor looks on
        self.alarms: list[dict[str, Any]] = []  # what it said

    def append(self, row: dict[str, Any]) -> None:
        """Add an epoch."""
        self.rows.append(row)

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in the order in which they came up."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, column: str) -> list[Any]:
        if column not in self.columns:
            raise KeyError(f"the history has no column {column!r}; it has {', '.join(self.columns) or 'no rows yet'}")
        return [row.get(column) for row in self.rows]

    def __repr__(self) -> str:
        columns = self.columns
        shown = self.rows if len(self.rows) <= 12 else [*self.rows[:5], {}, *self.rows[-5:]]
        widths = {name: max(len(name), 8) for name in columns}
        widths["epoch"] = 6
        lines = ["".join(f"{name:>{widths[name] + (name != 'epoch') * 2}}" for name in columns)]
        for row in shown:
            cells = [_cell(row.get(name)) if row else "…" for name in columns]
            lines.append("".join(f"{c:>{widths[n] + (n != 'epoch') * 2}}" for n, c in zip(columns, cells, strict=True)))
        return "\n".join(lines)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Save the table as CSV, numbers in full."""
        import csv

        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.columns)
            writer.writeheader()
            writer.writerows(self.rows)

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Save the table as JSON, a list of epochs."""
        Path(path).write_text(json.dumps(self.rows, indent=1), encoding="utf-8")

    def plot(self, ax: Any = None) -> Any:
        """Draw the learning curves; losses on the left axis, metrics on the right. ImportError without matplotlib."""
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError('plotting needs matplotlib: pip install "autograd-core[viz]"') from error
        if ax is None:
            _, ax = plt.subplots(figsize=(7, 4), layout="constrained")
        right: Any = None
        dots = "o" if len(self) == 1 else None  # a line of one point is none
        for name in self.columns:
            if name in ("epoch", "lr", "seconds"):
                continue
            of_loss = name in ("loss", "val_loss")
            if not of_loss and right is None:
                right = ax.twinx()
                right.set_ylabel("metric")
            axis = ax if of_loss else right
            color = "tab:blue" if of_loss else "tab:orange"
            style = "-" if name.startswith("val_") else "--"
            axis.plot(self["epoch"], self[name], color=color, linestyle=style, marker=dots, label=name)
        if self.best_epoch is not None:
            ax.axvline(self.best_epoch, color="gray", linewidth=0.8)
            side = "right" if 2 * self.best_epoch > len(self) else "left"  # of the line, where there is room
            place, across = (self.best_epoch, 0.98), ("data", "axes fraction")
            ax.annotate(" best epoch ", place, xycoords=across, va="top", ha=side, color="gray", fontsize=8)
        ax.set_xlabel("epoch")
        ax.set_ylabel("loss")
        lines = [*ax.get_lines(), *(right.get_lines() if right else [])]
        named = [line for line in lines if not line.get_label().startswith("_")]
        if named:  # above the axes, where no curve runs
            columns = min(len(named), 4)
            ax.legend(
                handles=named, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns, frameon=False, fontsize=8
            )
        return ax


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)
