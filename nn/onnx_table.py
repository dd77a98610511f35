"""What stands around a network in its ONNX file: from the columns of a table to its features, from its outputs to answers.

The rules are those of datasets/rules.py, said in ONNX: NaN becomes the training median and marks a feature of its own, a text
becomes one 0/1 feature for each word of training. Means and scales are of 64 bits, as in training.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .onnx import Graph

FLOAT, STRING, DOUBLE = 1, 8, 11  # of onnx.TensorProto
ML = "ai.onnx.ml"
OTHER = "(other)"  # as datasets.columns has it
# in any case, as datasets.tables has them
MISSING = ("", "na", "n/a", "#n/a", "<na>", "nan", "+nan", "-nan", "null", "?", "-")


def features(g: Graph, notes: dict[str, Any]) -> tuple[dict[str, int], str]:
    """What is fed in, each column by its name, with its type; and the standardised features.

    Without an encoder all columns are numbers, fed in as one array "x"; a missing one becomes the mean, as in `predict`.
    """
    mean, scale = notes["inputs"]["mean"], notes["inputs"]["scale"]
    if "encoder" in notes:
        fed, parts = {}, []
        for rule in notes["encoder"]["rules"]:
            words = rule["kind"] == "categories"
            fed[rule["name"]] = STRING if words else FLOAT
            parts += _words(g, rule) if words else _numbers(g, rule)
        x = g("Concat", *parts, axis=1)
    else:
        fed, x = {"x": FLOAT}, g("Where", g("IsNaN", "x"), np.array(mean), "x")
    centred = g("Sub", g("Cast", x, to=DOUBLE), g.constant(mean, np.float64))
    return fed, g("Cast", g("Div", centred, g.constant(scale, np.float64)), to=FLOAT)


def answers(g: Graph, notes: dict[str, Any], y: str, wide: int) -> dict[str, tuple[str, int]]:
    """The outputs by name, each with what gives it and its type; `wide`: the numbers that the network gives for a row."""
    if classes := notes.get("classes"):
        if wide == 1:  # the log-odds of the second of two classes
            shares = g("Concat", g("Sigmoid", g("Neg", y)), g("Sigmoid", y), axis=1)
        else:
            shares = g("Softmax", y, axis=1)
        best = g("ArgMax", shares if wide == 1 else y, axis=1, keepdims=0)
        places = list(range(len(classes)))
        label = g("LabelEncoder", best, domain=ML, keys_int64s=places, values_strings=classes, default_string="")
        return {"label": (label, STRING), "probabilities": (shares, FLOAT)}
    if "targets" in notes:
        mean, scale = (g.constant(notes["targets"][part], np.float64) for part in ("mean", "scale"))
        y = g("Cast", g("Add", g("Mul", g("Cast", y, to=DOUBLE), scale), mean), to=FLOAT)
    return {"y": (y, FLOAT)}


def _numbers(g: Graph, rule: dict[str, Any]) -> list[str]:
    gap = g("IsNaN", rule["name"])
    filled = g("Where", gap, rule["fill"], rule["name"])
    return [filled, *[g("Cast", gap, to=FLOAT)] * rule["gaps"]]


def _words(g: Graph, rule: dict[str, Any]) -> list[str]:
    """One place for each word, and the last for all that spells a missing one; what is unseen has that of "(other)" or none."""
    wide = len(rule["labels"]) + rule["gaps"]
    missing, unseen = wide - 1 if rule["gaps"] else -1, -1
    if OTHER in rule["labels"]:
        unseen = rule["labels"].index(OTHER)
    places = {spelled: missing for word in MISSING for spelled in _spellings(word)} if missing != unseen else {}
    for place, label in enumerate(rule["labels"]):
        places |= dict.fromkeys(_spellings(label) if label in ("true", "false") else [label], place)
    index = g(
        "LabelEncoder", rule["name"], domain=ML, keys_strings=list(places), values_int64s=list(places.values()), default_int64=unseen
    )  # fmt: skip
    return [g("Cast", g("Equal", index, np.arange(wide)), to=FLOAT)]


def _spellings(word: str) -> list[str]:
    """A word in small letters, capitals and all between: "NA", "Na", "nA", "na"."""
    return ["".join(letters) for letters in product(*({c.lower(), c.upper()} for c in word))]
