"""What may be wrong with how outputs, targets and loss go together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...lines import is_ours, said
from ...tensor import Tensor
from .lint import Check, Finding, Look, bare, source

MISFITS = {  # findings that make a loss or a model raise
    "batch-of-one", "column-against-row", "one-logit", "float-labels", "labels-out-of-range", "one-hot-integers", "one-hot-classes",
}  # fmt: skip
SUMS_TO_1 = 1e-4  # what float32 leaves of a sum of probabilities
OUT_OF_REACH = 0.05  # share of targets, so that a few outliers or rounded bounds are no finding
RANGES = {
    "relu": (0.0, np.inf),
    "softplus": (0.0, np.inf),
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
}
CLASSES = {"crossentropy", "nll", "focal"}  # losses of classes told by number
LOGITS = {"crossentropy", "focal", "bcewithlogits", "binarycrossentropywithlogits", "sigmoidfocal", "alphawithlogits"}
EATS_LOGITS = {"cross_entropy", "log_softmax", "bce_with_logits"}  # rows whose first input is a logit
STAGES = {
    "copy": "copying the model, which lint does to leave yours alone,",
    "forward": "calling the model",
    "loss": "calling the loss",
    "backward": "the backward pass",
}
OWN_RANGE = {"hinge", "bce", "binarycrossentropy", "kldiv"}  # whose outputs and targets are of a range of their own


def kind(loss: Any) -> str:
    """The name of a loss, be it a class or a function: CrossEntropyLoss and cross_entropy are "crossentropy"."""
    loss = getattr(loss, "func", loss)  # of a partial
    name = getattr(loss, "__name__", type(loss).__name__)
    return name.replace("_", "").lower().removesuffix("loss")


def labels(look: Look) -> Iterator[Finding]:
    """Targets of classes: numbers of classes as integers, or rows of probabilities."""
    y, t = look.output, bare(look.t)
    if kind(look.loss) not in CLASSES or not isinstance(y, Tensor) or y.ndim != 2:
        return
    n, classes = y.shape
    found = f"outputs of shape {y.shape}, targets of shape {t.shape} and type {t.dtype}"
    if t.ndim == 1 and t.dtype.kind == "f":
        yield Finding(
            "float-labels",
            "class numbers come as floats, which this loss takes for something else",
            found,
            "target.astype(int)",
        )
    elif t.ndim == 1 and t.dtype.kind in "iu":
        told = t[t != ignored] if (ignored := getattr(look.loss, "ignore_index", None)) is not None else t
        if told.size and (told.min() < 0 or told.max() >= classes):
            yield Finding(
                "labels-out-of-range",
                "there are labels for which the network has no output",
                f"labels from {told.min()} to {told.max()}, {classes} outputs, which stand for 0 to {classes - 1}",
                "number the classes from 0 (np.unique(t, return_inverse=True)), or give the last layer more outputs",
            )
        elif classes == 1:
            yield Finding(
                "one-logit",
                "softmax of a single output is always 1: the loss is 0 whatever the network says",
                found,
                "a network with two outputs, or BCEWithLogitsLoss with targets of the outputs' shape",
            )
    elif t.shape == y.shape and t.dtype.kind in "iub":
        yield Finding(
            "one-hot-integers",
            "one-hot rows come as integers, which stand for class numbers",
            found,
            "target.astype(np.float32), or class numbers: target.argmax(axis=1)",
        )
    elif t.ndim == 2 and len(t) == n and t.shape != y.shape and t.shape[1] > 1:
        yield Finding(
            "one-hot-classes",
            "the one-hot rows have another number of classes than the network has outputs",
            found,
            f"a last layer with {t.shape[1]} outputs, or targets with {classes} columns",
        )
    elif t.shape == y.shape and t.size and np.abs(t.sum(axis=1) - 1).max() > 0.01:
        sums = t.sum(axis=1)
        yield Finding(
            "targets-not-probabilities",
            "the rows of the targets should be probabilities, which sum to 1",
            f"sums from {sums.min():.3g} to {sums.max():.3g}",
            "target / target.sum(axis=1, keepdims=True); if several classes may be right at once, BCEWithLogitsLoss",
        )


def shapes(look: Look) -> Iterator[Finding]:
    """(n, 1) beside (n,): together they make (n, n)."""
    y, t = look.output, bare(look.t)
    if not isinstance(y, Tensor) or not t.ndim:
        return
    advice = "target.reshape(-1, 1)" if y.ndim == 2 else "target.reshape(-1)"
    if look.result is None:
        if len(t) > 1 and (y.shape == (*t.shape, 1) or t.shape == (*y.shape, 1)):
            yield Finding(
                "column-against-row",
                "outputs and targets differ by an axis of length 1; broadcasting would compare each with all others",
                f"outputs of shape {y.shape}, targets of shape {t.shape}: {len(t)} numbers would become {len(t) ** 2}",
                advice,
                **_line_of(look),
            )
        return
    for node in look.nodes:
        if node.op is None or node.born <= y.born or len(node.inputs) != 2:
            continue
        a, b = node.inputs
        constants = [x for x in (a, b) if not (isinstance(x, Tensor) and x.tracked)]
        if {np.shape(bare(a)), np.shape(bare(b))} == {(len(t), 1), (len(t),)} and constants and len(t) > 1:
            yield Finding(
                "column-against-row",
                "the loss compares a column with a row: broadcasting makes a square of what should be one number a sample",
                f"{node.op.name} of shapes {np.shape(bare(a))} and {np.shape(bare(b))} gives {node.shape}",
                advice,
                **look.at(node),
            )
            return


def logits(look: Look) -> Iterator[Finding]:
    """What the loss takes for logits, and what it is given."""
    for node in look.nodes:
        eater = node.op.name if node.op is not None and isinstance(node.inputs[0], Tensor) else ""
        if eater in EATS_LOGITS and (finding := _given(look, node.inputs[0], eater)) is not None:
            yield finding
            return
    name = kind(look.loss)
    if look.nodes and name in LOGITS and isinstance(look.output, Tensor):
        finding = _given(look, look.output, "bce_with_logits" if "crossentropy" != name != "focal" else "cross_entropy")
        if finding is not None:
            yield finding
    if look.nodes and name == "nll" and isinstance(look.output, Tensor) and look.output.ndim == 2:
        totals = np.exp(look.output.value).sum(axis=-1)
        if np.abs(totals - 1).max() > 0.01:
            yield Finding(
                "nll-of-no-logarithms",
                "this loss takes log-probabilities and is given something else; it can fall for ever",
                f"rows of exp(outputs) sum to {totals.min():.3g} … {totals.max():.3g}, which should be 1",
                "CrossEntropyLoss, which takes logits, or a LogSoftmax at the end of the network",
                **look.at(look.output),
            )


def _given(look: Look, x: Tensor, consumer: str) -> Finding | None:
    """What is wrong with this as logits."""
    made = source(x)
    by = made.op.name if made.op is not None else ""
    rows = np.asarray(x.value)
    two = consumer == "bce_with_logits"
    summing = x.ndim == 2 and x.shape[1] > 1 and rows.min() >= 0 and np.abs(rows.sum(axis=1) - 1).max() < SUMS_TO_1
    if by == "log_softmax":
        return Finding(
            "log-softmax-twice",
            "the outputs are log-probabilities already, and the loss takes their log-softmax once more",
            f"{consumer} of log_softmax, whose rows already have exponentials that sum to {np.exp(rows).sum(axis=-1).max():.3f}: "
            "the same numbers at twice the work",
            "leave the LogSoftmax out, or take NLLLoss",
            **look.at(made),
        )
    if not two and (by == "softmax" or summing):
        return Finding(
            "softmax-twice",
            "the outputs are probabilities already, and the loss takes their softmax once more: it cannot come near 0",
            f"{consumer} of {by or 'rows'} that sum to 1; with {x.shape[-1]} classes no probability can exceed "
            f"{np.e / (np.e + x.shape[-1] - 1):.3f}, no loss fall below {np.log(1 + (x.shape[-1] - 1) / np.e):.3f}",
            "leave the softmax out of the network, and take it of the outputs where probabilities are wanted",
            **look.at(made),
        )
    if by == "sigmoid" or (two and by == "softmax"):
        return Finding(
            "sigmoid-twice" if two and by == "sigmoid" else f"{by}-before-{'sigmoid' if two else 'softmax'}",
            "the loss takes logits, any numbers, and is given numbers between 0 and 1",
            f"{consumer} of {by}; outputs from {rows.min():.3f} to {rows.max():.3f}",
            f"leave the {by} out of the network" + (", or take BCELoss" if two and by == "sigmoid" else ""),
            **look.at(made),
        )
    if by == "relu":
        return Finding(
            "relu-before-loss",
            "the loss takes logits, any numbers, and a ReLU at the end cuts off all that are negative",
            f"{np.mean(rows == 0):.0%} of the outputs are 0: no gradient passes there",
            "leave the activation after the last layer out",
            **look.at(made),
        )
    return None


def output_range(look: Look) -> Iterator[Finding]:
    """Targets that the last activation cannot reach."""
    y, t = look.output, bare(look.t)
    name = kind(look.loss)
    if not isinstance(y, Tensor) or t.dtype.kind != "f" or y.size != t.size or name in CLASSES | LOGITS | OWN_RANGE:
        return
    made = source(y)
    if made.op is None or made.op.name not in RANGES:
        return
    low, high = RANGES[made.op.name]
    beyond = np.mean((t < low - OUT_OF_REACH) | (t > high + OUT_OF_REACH))
    if beyond > OUT_OF_REACH:
        yield Finding(
            "targets-out-of-reach",
            f"the network ends in {made.op.name}, whose values cannot come near some of the targets",
            f"targets from {t.min():.3g} to {t.max():.3g}, {beyond:.0%} of them outside {low:g} … {high:g}",
            "leave the activation after the last layer out (for regression: none), or scale the targets",
            **look.at(made),
        )


def raised(look: Look) -> Iterator[Finding]:
    """What the user's code raised, where no other check has said why."""
    if look.error is not None:
        yield Finding(
            "raises",
            f"{STAGES[look.stage]} raised an error",
            f"{type(look.error).__name__}: {look.error}",
            "see what the error says",
            **_line_of(look),
        )


def _line_of(look: Look) -> dict[str, str | None]:
    """The innermost line of the user's that an error came from."""
    line, trace = None, look.error.__traceback__ if look.error is not None else None
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not is_ours(file) and "site-packages" not in file and not file.startswith("<"):
            line = said((file, trace.tb_lineno))
        trace = trace.tb_next
    return {"module": None, "line": line}


CHECKS: list[tuple[Check, set[str]]] = [  # each with the findings after which it has nothing to add
    (labels, set()),
    (shapes, {"one-logit", "float-labels"}),
    (logits, {"nan-in-inputs"}),
    (output_range, set()),
    (raised, MISFITS),
]
