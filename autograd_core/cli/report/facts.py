"""What the report says, as plain values, from a run's files and its data. Nothing here draws."""

from __future__ import annotations

import shlex
from typing import Any

import numpy as np

from ... import Tensor, no_grad
from ...nn import functional as F
from .. import files, options
from ..measures import measure, of_classes, of_numbers
from ..predicting import Predictor

REPEATS, MOST = 5, 2048  # permutations of a column; rows on which layers are looked at


def gather(run: files.Run, data: Any) -> dict[str, Any]:
    """All that the page shows."""
    model = Predictor(run.model)
    result = run.result or {}
    measured = {name: measure(model, *_raw(model, part)) for name, part in data.parts.items()}
    return {
        "name": run.folder.resolve().name, "folder": str(run.folder), "task": data.task, "result": result, "config": run.config,
        "history": run.history, "measured": measured, "columns": run.config.get("columns") or [], "target": data.target,
        "classes": list(data.train.classes), "counts": _counts(data), "features": _features(data),
        "residuals": None if data.train.classes else _residuals(model, data.test),
        "layers": layers(model.model, data.train), "importance": importance(model, data.test) if len(data.test) > 1 else None,
        "summary": model.model.summary(), "command": command(run), "health": run.health,
    }  # fmt: skip


def _raw(model: Predictor, part: Any) -> tuple[Any, Any]:
    """Features and answers before they were standardised."""
    return model.scaler.inverse(part.x), part.y if part.classes else model.numbers(part.y)


def _counts(data: Any) -> dict[str, list[int]]:
    """How many rows of each class each part has."""
    k = len(data.train.classes)
    return {name: np.bincount(part.y, minlength=k).tolist() for name, part in data.parts.items()} if k else {}


def _features(data: Any) -> list[dict[str, Any]]:
    """Means and deviations of the features of the training rows."""
    return [
        {"name": name, "mean": float(m), "deviation": float(s)}
        for name, m, s in zip(data.train.feature_names, data.scaler.mean, data.scaler.scale, strict=True)
    ]


def _residuals(model: Predictor, part: Any) -> dict[str, Any]:
    """What is true and what is said of the test rows, at most 1000 of them, and how far off, binned; of the first target."""
    x, y = _raw(model, part)
    said = model.numbers(model.outputs(x))
    off = (said - y)[:, 0]
    counts, edges = np.histogram(off, bins=21)
    some = slice(None, None, max(len(y) // 1000, 1))
    return {
        "true": y[some, 0].tolist(), "said": said[some, 0].tolist(), "counts": counts.tolist(), "edges": edges.tolist(),
        "deviation": float(off.std()),
    }  # fmt: skip


def importance(model: Predictor, part: Any) -> dict[str, Any]:
    """How much worse the model is on the test rows when one column is shuffled among them: the mean over five shuffles.

    The features that one column became are shuffled together. Accuracy is measured, or R². Source: Breiman 2001, section 10;
    scikit-learn calls it permutation_importance.
    """
    x, y = _raw(model, part)
    columns = {rule.name: len(rule.features) for rule in model.encoder.rules}
    name = "accuracy" if model.classes else "r2"

    def score(x: Any) -> float:
        outputs = model.outputs(x)
        found = of_classes(outputs, y, model.classes) if model.classes else of_numbers(model.numbers(outputs), y)
        return float(found[name])

    rng, whole, at, found = np.random.default_rng(0), score(x), 0, []
    for column, width in columns.items():
        drops = []
        for _ in range(REPEATS):
            mixed = x.copy()
            mixed[:, at : at + width] = x[rng.permutation(len(x)), at : at + width]
            drops.append(whole - score(mixed))
        found.append({"column": column, "drop": float(np.mean(drops)), "spread": float(np.std(drops))})
        at += width
    return {"metric": name, "score": whole, "columns": sorted(found, key=lambda c: -c["drop"])}


def layers(model: Any, train: Any) -> list[dict[str, Any]]:
    """What each layer gives for training rows at the end, and the gradients that arrive at its parameters."""
    x, y = train.x[:MOST], train.y[:MOST]
    model.eval()
    for p in model.parameters():
        p.grad = None
    loss = F.cross_entropy(model(Tensor(x)), y) if train.classes else F.mse_loss(model(Tensor(x)), y)
    loss.backward()
    found, h = [], x
    with no_grad():
        for i, layer in enumerate(model.layers):
            h = np.asarray(getattr(layer(h), "value", layer(h)))
            own = [p for p in layer.parameters() if p.grad is not None]
            row: dict[str, Any] = {
                "layer": str(i), "kind": type(layer).__name__, "mean": float(h.mean()), "deviation": float(h.std()),
                "gradient": _norm(p.grad.value for p in own) if own else None,
                "weight": _norm(p.value for p in own) if own else None,
            }  # fmt: skip
            found.append(row | {"counts": np.histogram(h, bins=24)[0].tolist()})
    for p in model.parameters():
        p.grad = None
    return found


def _norm(arrays: Any) -> float:
    return float(np.sqrt(sum(float((np.float64(a) ** 2).sum()) for a in arrays)))


def command(run: files.Run) -> str:
    """The command line that does it again: the options that are not at their defaults."""
    import argparse

    parser = argparse.ArgumentParser()
    options.add_data(parser)
    options.add_model(parser)
    options.add_training(parser)
    words = ["autograd-core", "train", shlex.quote(str(run.options.get("data")))]
    for action in parser._actions:
        value = run.options.get(action.dest, action.default)
        if action.option_strings and value != action.default and value is not None:
            text = (",".join(map(str, value)) or "0") if isinstance(value, list) else str(value)
            words += [action.option_strings[-1], shlex.quote(text)]
    return " ".join(words)
