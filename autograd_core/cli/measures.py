"""How good predictions are, in the terms of those who asked: of classes what is taken for what, of numbers how far off."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import optim
from .predicting import Predictor, probabilities

BINS = 10


def measure(model: Predictor, x: Any, y: Any) -> dict[str, Any]:
    """Every number that `evaluate` and the report show; x as the encoder makes it, y class indices or numbers, as JSON has them."""
    outputs = model.outputs(x)
    return of_classes(outputs, y, model.classes) if model.classes else of_numbers(model.numbers(outputs), y)


def of_classes(outputs: Any, y: Any, classes: list[str]) -> dict[str, Any]:
    """Accuracy, cross-entropy, the confusion matrix (rows: what is true), each class by itself, calibration."""
    shares, said = probabilities(outputs), outputs.argmax(axis=1)
    table = np.zeros((len(classes), len(classes)), int)
    np.add.at(table, (y, said), 1)
    right, true, claimed = table.diagonal(), table.sum(axis=1), table.sum(axis=0)
    precision, recall = right / np.maximum(claimed, 1), right / np.maximum(true, 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    own = np.clip(shares[np.arange(len(y)), y], 1e-300, 1)
    each = [
        {"class": name, "rows": int(n), "precision": float(p), "recall": float(r), "f1": float(f)}
        for name, n, p, r, f in zip(classes, true, precision, recall, f1, strict=True)
    ]
    return {
        "rows": len(y), "accuracy": float((said == y).mean()), "balanced_accuracy": float(recall[true > 0].mean()),
        "cross_entropy": float(-np.log(own).mean()), "baseline": float(true.max() / len(y)),
        "classes": each, "confusion": table.tolist(), **calibration(shares.max(axis=1), said == y),
    }  # fmt: skip


def calibration(confidence: Any, right: Any) -> dict[str, Any]:
    """How often the predicted class is true, among predictions of about the same probability; and the mean gap between the two.

    >>> calibration(np.array([0.95, 0.95, 0.55]), np.array([True, False, True]))["calibration_error"]
    0.45
    """
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = [
        {"confidence": float(confidence[inside].mean()), "right": float(right[inside].mean()), "rows": int(inside.sum())}
        for k in range(BINS) if (inside := place == k).any()
    ]  # fmt: skip
    gap = sum(b["rows"] * abs(b["confidence"] - b["right"]) for b in bins) / len(right)
    return {"calibration": bins, "calibration_error": round(float(gap), 12)}


def of_numbers(said: Any, y: Any) -> dict[str, Any]:
    """R², mean absolute error and root of the mean squared error, in the units of the data; of several targets the mean.

    R² compares with how far the answers lie apart, so that it is not defined for a single row: None.
    """
    off = said.astype(np.float64) - y
    return {
        "rows": len(y), "r2": optim.metrics.r2(said, y) if len(y) > 1 else None, "mae": float(np.abs(off).mean()), "rmse": float(np.sqrt((off**2).mean())),
        "bias": float(off.mean()),
    }  # fmt: skip


def spelled(found: dict[str, Any], name: str) -> str:
    """Measures as a person reads them."""
    head = f"{name}: {found['rows']} row{'s' * (found['rows'] != 1)}"
    if "r2" in found:
        share = "not defined for a single row" if found["r2"] is None else f"{found['r2']:.4f}"
        return (
            f"{head}\n\nR²    {share}\nmae   {found['mae']:.5g}\nrmse  {found['rmse']:.5g}\nbias  {found['bias']:.5g}"
        )
    names = [row["class"] for row in found["classes"]]
    wide = max(10, *map(len, names))
    lines = [
        head,
        "",
        f"accuracy           {found['accuracy']:.4f}   (always the most frequent class: {found['baseline']:.4f})",
        f"balanced accuracy  {found['balanced_accuracy']:.4f}",
        f"cross-entropy      {found['cross_entropy']:.4f}",
        "",
        f"{'class':<{wide}}{'rows':>8}{'precision':>12}{'recall':>10}{'F1':>10}",
        *(f"{r['class']:<{wide}}{r['rows']:>8}{r['precision']:>12.4f}{r['recall']:>10.4f}{r['f1']:>10.4f}" for r in found["classes"]),
    ]  # fmt: skip
    if len(names) <= 12:
        cell = max(8, *(len(n) + 2 for n in names))
        lines += ["", f"{'true, said →':<{wide}}" + "".join(f"{n:>{cell}}" for n in names)]
        lines += [
            f"{n:<{wide}}" + "".join(f"{c:>{cell}}" for c in row)
            for n, row in zip(names, found["confusion"], strict=True)
        ]
    return "\n".join(lines)
