"""What the notebooks share: the look of their figures, the same on every machine."""

import matplotlib.pyplot as plt

plt.rcParams.update(
    {
        "figure.figsize": (6.4, 3.2),
        "figure.dpi": 90,
        "figure.constrained_layout.use": True,
        "figure.facecolor": "white",
        "axes.grid": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "grid.alpha": 0.3,
        "legend.frameon": False,
        "lines.linewidth": 1.8,
        "image.cmap": "RdBu_r",
        "axes.prop_cycle": plt.cycler(color=["#0b6e99", "#d1495b", "#2e8b57", "#b8860b", "#6a4c93", "#777777"]),
    }
)


def panels(columns: int = 1, rows: int = 1, width: float = 3.2, height: float = 2.8, **options):
    """A figure with panels side by side: `figure, axes = panels(3)`."""
    return plt.subplots(rows, columns, figsize=(width * columns, height * rows), **options)
