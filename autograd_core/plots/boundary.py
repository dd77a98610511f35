"""What a model of two inputs decides, all over the plane, and a film of how it came to do so."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..modes import no_grad
from .common import axes_of, bare, colour, evaluating, grid, indices

ICONS = {
    "fa fa-minus": "−", "fa fa-fast-backward": "«", "fa fa-step-backward": "‹", "fa fa-play fa-flip-horizontal": "◀", "fa fa-pause": "||",
    "fa fa-play": "▶", "fa fa-step-forward": "›", "fa fa-fast-forward": "»", "fa fa-plus": "+",
}  # fmt: skip


def decision_boundary(
    model: Any, x: Any, y: Any, classes: Sequence[str] = (), ax: Any = None, resolution: int = 150
) -> Any:
    """What a model of two inputs says everywhere around the samples x (n, 2), which are drawn with their classes y (n,).

    Classes of K outputs go by the largest, of one output by its sign; paler where the model is less sure (softmax, σ). A
    model may be a fitted classifier, too, whose predict_proba or predict is asked. y: class indices, or labels of any kind;
    of the estimator's classes, or of `classes`, whose order is that of the outputs, by default sorted. ValueError for
    samples of other than two features, or labels that are none.

    >>> from autograd_core import datasets, nn
    >>> ax = decision_boundary(nn.MLP([2, 8, 2], rng=0), *datasets.make_moons(40), resolution=20)
    >>> ax.get_xlabel(), len(ax.collections)
    ('x₁', 2)
    """
    x, y, names = _samples(x, y, classes, getattr(model, "classes_", None))
    ax = axes_of(ax)
    xs, ys, points = grid(x, resolution)
    ends = (xs[0], xs[-1], ys[0], ys[-1])
    picture = _colours(_shares(model, points), resolution)
    ax.imshow(picture, extent=ends, origin="lower", aspect="auto", interpolation="bilinear")
    k = max(int(y.max()) + 1, len(names), 2)
    for c in range(k):
        inside = y == c
        if inside.any():
            name = names[c] if c < len(names) else f"class {c}"
            ax.scatter(*x[inside].T, s=18, color=colour(c), edgecolors="white", linewidths=0.6, label=name)
    if k <= 12:
        ax.legend(fontsize=8, loc="best")
    ax.set(xlabel="x₁", ylabel="x₂")
    return ax


class BoundaryMovie:
    """A callback that keeps what a model of two inputs decides, every so many epochs, and makes a film of it.

    x, y, classes: the samples that are drawn, as for `decision_boundary`. `animate()` gives a matplotlib animation;
    `save("film.gif")` or `save("film.html")` writes it, ValueError for another suffix. A notebook shows it as HTML.

    >>> from autograd_core import datasets, nn, optim
    >>> data, model = datasets.make_moons(60), nn.MLP([2, 8, 2], rng=0)
    >>> movie = BoundaryMovie(*data, every=2, resolution=20)
    >>> trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.05))
    >>> _ = trainer.fit(data, epochs=4, callbacks=[movie])
    >>> movie.epochs, len(movie.animate().to_jshtml()) > 10_000
    ([0, 2, 4], True)
    """

    told_last = True

    def __init__(self, x: Any, y: Any, classes: Sequence[str] = (), every: int = 1, resolution: int = 80):
        if every < 1:
            raise ValueError(f"every counts epochs, at least 1; it is {every!r}")
        self.x, self.y, self.classes = _samples(x, y, classes)
        self.every, self.resolution = every, resolution
        self.epochs: list[int] = []
        self.frames: list[Any] = []

    def on_fit_begin(self, trainer: Any) -> None:
        self.epochs, self.frames = [], []
        self._keep(trainer.model, 0)

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        if row["epoch"] % self.every == 0:
            self._keep(trainer.model, row["epoch"])

    def _keep(self, model: Any, epoch: int) -> None:
        self.epochs.append(epoch)
        self.frames.append(_shares(model, grid(self.x, self.resolution)[2]))

    def animate(self, interval: int = 150) -> Any:
        """A matplotlib animation, `interval` milliseconds a frame; ValueError before there is a frame."""
        if not self.frames:
            raise ValueError("nothing was filmed yet: pass this object to fit(..., callbacks=[movie])")
        from matplotlib.animation import FuncAnimation

        kept = iter([self.frames[0]])
        ax = decision_boundary(lambda x: next(kept), self.x, self.y, self.classes, resolution=self.resolution)
        picture = ax.images[0]
        import matplotlib.pyplot as plt

        plt.close(ax.figure)  # a notebook would show it as a still as well

        def show(i: int) -> list[Any]:
            picture.set_data(_colours(self.frames[i], self.resolution))
            ax.set_title(f"epoch {self.epochs[i]}")
            return [picture]

        return FuncAnimation(ax.figure, show, frames=len(self.frames), interval=interval)

    def save(self, path: str | os.PathLike[str], interval: int = 150) -> None:
        """Write the film as .gif or .html, which holds its frames and loads nothing."""
        name = os.fspath(path)
        if not name.endswith((".gif", ".html")):
            raise ValueError(f"a film is saved as .gif or .html; {name!r} ends otherwise")
        film = self.animate(interval)
        if name.endswith(".gif"):
            film.save(name, writer="pillow")
        else:
            with open(name, "w", encoding="ascii", errors="xmlcharrefreplace") as file:
                file.write(_alone(film.to_jshtml()))

    def _repr_html_(self) -> str:
        return _alone(self.animate().to_jshtml()) if self.frames else "<p>nothing was filmed yet</p>"


def _shares(model: Any, points: Any) -> Any:
    """Probabilities (n, K) of the classes at points, of an estimator or of what maps them to outputs."""
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(points), np.float64)
    if hasattr(model, "classes_"):  # it is always sure
        return (np.reshape(model.predict(points), (-1, 1)) == model.classes_).astype(float)
    if not callable(model):
        raise TypeError(
            f"a decision boundary is that of a fitted classifier, or of what maps (n, 2) to outputs; got {model!r:.80}"
        )
    with evaluating(model), no_grad():
        out = np.asarray(bare(model(points)), np.float64)
    out = out.reshape(len(points), -1)
    if out.shape[1] == 1:
        out = np.concatenate([-out / 2, out / 2], axis=1)
    e = np.exp(out - out.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _colours(shares: Any, resolution: int) -> Any:
    """The colour of the likeliest class, mixed with white where it is not sure."""
    from matplotlib.colors import to_rgb

    k = shares.shape[1]
    palette = np.array([to_rgb(colour(c)) for c in range(k)])
    sure = (shares.max(axis=1, keepdims=True) - 1 / k) / (1 - 1 / k)
    paint = 0.1 + 0.45 * sure
    return (1 - paint + paint * palette[shares.argmax(axis=1)]).reshape(resolution, resolution, 3)


def _samples(x: Any, y: Any, classes: Sequence[str], known: Any = None) -> tuple[Any, Any, list[str]]:
    """The samples, the indices of their classes, and the names of these."""
    x, (y, names) = np.asarray(bare(x)), indices(y, classes, known)
    if x.ndim != 2 or x.shape[1] != 2:
        raise ValueError(f"a decision boundary is drawn over two features: x is (n, 2), and it is {x.shape}")
    if len(y) != len(x):
        raise ValueError(f"y are the classes of the {len(x)} samples, one for each; there are {len(y)}")
    return x, y, names


def _alone(page: str) -> str:
    """The player without what it would load: the icons of its buttons, for which signs do as well."""
    page = re.sub(r"<link[^>]*>", "", page)
    for icon, sign in ICONS.items():
        page = page.replace(f'<i class="{icon}"></i>', sign)
    return page
