"""A saved model with the notes that stand in its file: from rows of a table to answers in the table's own terms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .. import datasets, nn, no_grad
from . import options

CHUNK = 4096


class Predictor:
    """The model of a run, in evaluation mode; ValueError for a file that `train` has not written."""

    def __init__(self, path: Path):
        self.model, self.notes = nn.load(path).eval(), nn.notes(path)
        try:
            self.scaler = datasets.Standardizer.from_dict(self.notes["inputs"])
            self.target_scaler = (
                datasets.Standardizer.from_dict(self.notes["targets"]) if self.notes["targets"] else None
            )
            self.classes, self.features = list(self.notes["classes"]), list(self.notes["features"])
            self.encoder = datasets.Encoder.from_dict(self.notes["encoder"] or self._plain())
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"{path} lacks what `autograd-core train` notes beside a model ({error!r}); train anew"
            ) from None

    def _plain(self) -> dict[str, Any]:
        """The encoder of data that is numbers already, under the names of its features."""
        rules = [
            {"name": name, "kind": "numbers", "fill": float(fill), "gaps": False, "labels": []}
            for name, fill in zip(self.features, self.notes["inputs"]["mean"], strict=True)
        ]
        task = "classification" if self.classes else "regression"
        return {
            "target": self.notes["target"], "task": task, "classes": self.classes, "counts": [1] * len(self.classes),
            "rules": rules, "dropped": {}, "notes": [],
        }  # fmt: skip

    def outputs(self, x: Any) -> Any:
        """What the network gives for features as the encoder makes them, (n, k)."""
        x = self.scaler.transform(x)
        with no_grad():
            return np.concatenate([self.model(x[i : i + CHUNK]).value for i in range(0, max(len(x), 1), CHUNK)])

    def answers(self, outputs: Any) -> list[str] | list[float]:
        """Class names, or numbers in the units of the training data."""
        if self.classes:
            return [self.classes[k] for k in outputs.argmax(axis=1)]
        return self.numbers(outputs)[:, 0].tolist()

    def numbers(self, outputs: Any) -> Any:
        """Outputs of a regression, or its standardised targets, in the units of the training data."""
        return outputs if self.target_scaler is None else self.target_scaler.inverse(outputs)

    def read(self, path: str, **reading: Any) -> datasets.Table:
        """A CSV file, read as the one of training was, unless said otherwise."""
        trained = {name: self.notes[name] for name in options.READING if self.notes.get(name)}
        return datasets.read_table(path, **trained | {name: how for name, how in reading.items() if how is not None})

    def with_target(self, name: str | None) -> None:
        """Look for the answers in another column than in training."""
        if name is not None:
            self.encoder.target = name


def probabilities(outputs: Any) -> Any:
    """softmax over each row."""
    e = np.exp(outputs.astype(np.float64) - outputs.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
