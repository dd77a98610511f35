"""What the pictures of the gallery show: functions with slopes, losses with slopes, ways down a hill, learning rates."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from autograd_core import Tensor, nn, no_grad, optim

BLUE, RED, GREY = "#1f5fbf", "#d9541e", "#999999"
Lines = list[tuple[Any, Any]]


# --- functions of one number -----------------------------------------------------------------------------------------


def with_slope(f: Callable[[Any], Any], low: float, high: float) -> tuple[Lines, Lines]:
    """A function and its slope as the engine gives it: lines, broken where they jump, and the dots at the jumps."""

    def both(x: Any) -> tuple[Any, Any]:
        t = Tensor(x, requires_grad=True)
        y = f(t)
        y.sum().backward()
        return y.value, t.grad.value  # type: ignore[union-attr]

    x = np.arange(round(100 * low), round(100 * high) + 1) / 100  # meets the kinks exactly
    lines, dots = [], []
    for v, before, after in zip(both(x), both(x[1:-1] - 1e-7), both(x[1:-1] + 1e-7), strict=True):
        jumps = np.flatnonzero(np.abs(after - before) > 1e-3)
        at = jumps + 1
        places = np.concatenate([np.delete(x, at), x[at] - 1e-7, x[at], x[at] + 1e-7])
        line = np.concatenate([np.delete(v, at), before[jumps], np.full(len(at), np.nan), after[jumps]])
        order = np.argsort(places, kind="stable")
        lines.append((places[order], line[order]))
        dots.append((x[at], v[at]))
    return lines, dots


def first_of(module: Any) -> Callable[[Any], Any]:
    """The first output of what sees a row, where its first input moves and another is 0."""
    return lambda x: module(np.stack([x, x * 0], axis=-1))[:, 0]


def of_class(loss: Any) -> Callable[[Any], Any]:
    """A loss of two classes: of the logits (0, z), where the second is true."""
    return lambda z: loss(np.stack([z * 0, z], axis=-1), np.ones(z.shape, int))


def of_log(loss: Any) -> Callable[[Any], Any]:
    """A loss of log-probabilities: of (ln(1 − p), ln p), as a function of ln p."""

    def f(a: Any) -> Any:
        rows, truth = np.stack([np.log(1 - np.exp(a)), a], axis=-1), np.array([[0.0, 1.0]] * len(a))
        found = loss(rows, truth)
        return found if found.ndim == 1 else found[:, 1]

    return f


def of_number(loss: Any) -> Callable[[Any], Any]:
    return lambda o: loss(o, np.ones(o.shape))


def dropped(module: Any) -> tuple[Any, Any, Any]:
    """A grid of numbers, what a module that draws makes of them, and the slopes."""
    x = Tensor(np.arange(-40, 41) / 10, requires_grad=True)
    y = module(x)
    y.sum().backward()
    return x.value, y.value, x.grad.value  # type: ignore[union-attr]


# --- ways down a hill ------------------------------------------------------------------------------------------------

STEPS, START = 30, (-2.0, 1.0)
SLOPES = np.array([1.0, 10.0])  # of the bowl (x² + 10y²)/2: as a mean over these two samples' (2a²θ²)/2


def bowl(w: Any) -> Any:
    return (w * w * SLOPES).sum() / 2


def rosenbrock(w: Any) -> Any:
    return (1 - w[0]) ** 2 + 10 * (w[1] - w[0] ** 2) ** 2


def way(make: Callable[[Any], Any], f: Callable[[Any], Any]) -> Any:
    """Where an optimizer is after 0, 1, … steps."""
    w = Tensor(np.array(START), requires_grad=True)
    opt = make([w])
    places = [np.array(w.value)]

    def closure() -> float:
        opt.zero_grad()
        loss = f(w)
        loss.backward()
        return loss.item()

    for _ in range(STEPS):
        opt.step(closure)
        places.append(np.array(w.value))
    return np.array(places)


def private_way(settings: dict[str, Any]) -> Any:
    """The bowl as the mean of two samples, one for each direction."""
    w = Tensor(np.array(START), requires_grad=True)
    opt = optim.PrivateOptimizer(optim.SGD([w], lr=0.15), rng=0, **settings)
    places = [np.array(w.value)]
    for _ in range(STEPS):
        opt.zero_grad()
        opt.collect(np.diag(2 * SLOPES * w.value))
        opt.step()
        places.append(np.array(w.value))
    return np.array(places)


def natural_way(settings: dict[str, Any]) -> Any:
    """The bowl as the loss of a linear layer, whose inputs have these squares."""
    layer = nn.Linear(2, 1, bias=False, rng=0, dtype=np.float64)
    layer.weight.data = np.array([START])
    opt = optim.NaturalGradient(layer, likelihood="gaussian", max_kl=None, **settings)
    x, places = np.diag(np.sqrt(2 * SLOPES)), [np.array(layer.weight.value[0])]
    for _ in range(STEPS):
        opt.zero_grad()
        y = layer(x)
        opt.observe(y)
        ((y * y).sum(axis=1) / 2).mean().backward()
        opt.step()
        places.append(np.array(layer.weight.value[0]))
    return np.array(places)


def averaged_way(kind: Any, settings: dict[str, Any]) -> tuple[Any, Any]:
    """The way of noisy gradient descent, and of the average along it."""
    rng, w = np.random.default_rng(0), Tensor(np.array(START), requires_grad=True)
    opt, average = optim.SGD([w], lr=0.15), kind([w], **settings)
    places, averages = [], []
    for _ in range(STEPS + 1):
        average.update()
        places.append(np.array(w.value))
        averages.append(np.array(average.values[0]))
        opt.zero_grad()
        (bowl(w) + (rng.normal(0, 2.0, 2) * w).sum()).backward()
        opt.step()
    return np.array(places), np.array(averages)


# --- learning rates --------------------------------------------------------------------------------------------------

EPOCHS = 60


def flat_from_15(epoch: int) -> float:
    """A loss that falls until epoch 15 and no further."""
    return 1 - min(epoch, 15) / 20


def rates(make: Callable[[Any], Any]) -> Any:
    """The learning rate of each epoch, from 0.1."""
    opt = optim.SGD([Tensor(np.zeros(1), requires_grad=True)], lr=0.1)
    schedule, found = make(opt), []
    for epoch in range(EPOCHS):
        found.append(opt.param_groups[0]["lr"])
        with no_grad():
            opt.step()
        schedule.step(*[flat_from_15(epoch)] * hasattr(schedule, "watch"))
    return np.array(found)


# --- drawing ---------------------------------------------------------------------------------------------------------


class Sketch:
    """A small picture: white, two colours, no more than a page of them can bear."""

    def __init__(self) -> None:
        try:
            from matplotlib.figure import Figure
        except ImportError as error:
            raise ImportError('drawing pictures needs matplotlib: pip install "autograd-core[viz]"') from error
        self.figure = Figure(figsize=(3.2, 2.0), dpi=100, facecolor="white", layout="constrained")
        self.axes = self.figure.subplots()
        self.axes.tick_params(labelsize=7, length=2)
        self.axes.spines[["top", "right"]].set_visible(False)

    def curves(self, lines: Lines, dots: Lines, labels: tuple[str, str], x: str) -> None:
        values = np.concatenate([y for _, y in lines])
        low, high = np.nanmin(values), np.nanmax(values)
        for (at, y), (where, v), colour, style, label in zip(
            lines, dots, (BLUE, RED), ("-", "--"), labels, strict=True
        ):
            self.axes.plot(at, y, style, color=colour, linewidth=1.5, label=label)
            self.axes.plot(where, v, "o", color=colour, markersize=3)
        self.axes.axhline(0, color=GREY, linewidth=0.6, zorder=0)
        self.axes.axvline(0, color=GREY, linewidth=0.6, zorder=0)
        margin = (high - low) / 15
        self.axes.set(xlim=(lines[0][0][0], lines[0][0][-1]), ylim=(max(low, -6.0) - margin, min(high, 6.0) + margin))
        self.axes.set_xlabel(x, fontsize=8, labelpad=1)

    def scatter(self, at: Any, y: Any, slope: Any, labels: tuple[str, str]) -> None:
        for v, colour, label in zip((y, slope), (BLUE, RED), labels, strict=True):
            self.axes.plot(at, v, ".", color=colour, markersize=2.5, label=label)
        self.axes.axhline(0, color=GREY, linewidth=0.6, zorder=0)
        self.axes.axvline(0, color=GREY, linewidth=0.6, zorder=0)
        self.axes.set_xlabel("x", fontsize=8, labelpad=1)

    def hill(self, f: Callable[[Any], Any], ways: list[tuple[Any, str]]) -> None:
        x, y = np.meshgrid(np.linspace(-2.4, 2.4, 97), np.linspace(-1.5, 1.6, 63))
        heights = f_of(f, x, y)
        levels = np.geomspace(0.1, heights.max(), 9)
        self.axes.contour(x, y, heights, levels, colors="#cccccc", linewidths=0.6)
        for (places, label), colour in zip(ways, (BLUE, RED), strict=False):
            self.axes.plot(*places.T, "o-", color=colour, linewidth=1.0, markersize=2.2, label=label)
        self.axes.plot(*((0, 0) if f is bowl else (1, 1)), "+", color="black", markersize=7)
        self.axes.set(xlim=(-2.4, 2.4), ylim=(-1.5, 1.6))

    def steps(self, values: Any) -> None:
        self.axes.plot(values, "o-", color=BLUE, linewidth=1.0, markersize=2.2)
        self.axes.set_ylim(bottom=0)
        self.axes.set_xlabel("epoch", fontsize=8, labelpad=1)
        self.axes.set_ylabel("lr", fontsize=8, labelpad=1)

    def save(self, path: Path) -> None:
        from PIL import Image  # matplotlib brings it along

        if len(self.axes.get_legend_handles_labels()[0]) > 1:
            self.figure.legend(loc="outside upper right", ncols=2, fontsize=8, frameon=False, borderpad=0.3)
        drawn = io.BytesIO()
        self.figure.savefig(drawn)
        # a quarter of the bytes, and black stays black
        Image.open(drawn).convert("RGB").quantize(32, Image.Quantize.MAXCOVERAGE).save(path, optimize=True)


def f_of(f: Callable[[Any], Any], x: Any, y: Any) -> Any:
    return np.array([[f(np.array(place)) for place in zip(*row, strict=True)] for row in zip(x, y, strict=True)])
