"""What stands between an estimator and the Trainer: a loss with weights, sparse batches, scores.

Weights travel with the targets, as their last column, so that a weighted step is a step like any other and is compiled
like one.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from numbers import Number
from typing import Any

import numpy as np

from autograd_core import nn, optim
from autograd_core.nn import functional as F
from autograd_core.ops import shapes


class Objective(nn.Module):
    """A loss; if weighted, of targets whose last column are the weights. To it come decay/2 times the squares of `shrunk`.

    indices: the targets are class indices. TypeError where there are weights, and the loss takes none.
    """

    def __init__(self, loss: Any, weighted: bool, indices: bool, decay: float = 0.0, shrunk: Any = ()):
        taken = inspect.signature(getattr(loss, "forward", loss)).parameters.values()
        if weighted and not any(p.name == "sample_weight" or p.kind == p.VAR_KEYWORD for p in taken):
            raise TypeError(
                f"there are weights, and the loss {loss!r} takes none: define it with (output, target, sample_weight=None)"
            )
        self.loss, self.weighted, self.indices = loss, weighted, indices
        self.decay, self.shrunk = decay, shrunk

    def serves(self, weighted: bool, decay: float) -> bool:
        """Whether it is the loss for such data, too."""
        return self.weighted == weighted and (self.decay == decay or not self.shrunk)

    def forward(self, output: Any, target: Any) -> Any:
        if self.weighted:
            target, weights = target[:, :-1], target[:, -1]
            if self.indices:
                target = shapes.cast(target[:, 0], dtype=np.int64)
            loss = self.loss(output, target, sample_weight=weights)
        else:
            loss = self.loss(output, target)
        for matrix in self.shrunk:
            loss = loss + self.decay / 2 * np.square(matrix).sum()
        return loss


def labels_loss(output: Any, target: Any, sample_weight: Any = None) -> Any:
    """Binary cross-entropy, summed over the labels of a sample, as in scikit-learn."""
    losses = F.binary_cross_entropy_with_logits(output, target, "none")
    return F.losses.reduced(np.sum(losses, axis=1), "mean", sample_weight)


def poisson_loss(output: Any, target: Any, sample_weight: Any = None) -> Any:
    """exp(z) − t·z: half the deviance of counts t from rates exp(z), up to what does not depend on z."""
    return F.losses.reduced(np.sum(np.exp(output) - target * output, axis=1), "mean", sample_weight)


class SparseBatches:
    """Batches of a sparse matrix, each made dense when its turn comes."""

    def __init__(self, x: Any, t: Any, size: int, rng: Any):
        self.x, self.rows = x, optim.Minibatches(np.arange(len(t)), t, size, rng)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return ((self.x[rows].toarray(), t) for rows, t in self.rows)


class Score:
    """Scores the model on held out data after each epoch: a callback."""

    def __init__(self, mlp: Any, held_out: Any):
        self.mlp, self.held_out = mlp, held_out

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        x, y, _, w = self.held_out
        with optim.plumbing.evaluating(trainer.model):
            row["val_score"] = self.mlp._score(y, self.mlp._answers(self.mlp._forward(x)), w)


def dense(x: Any) -> Any:
    return x.toarray() if hasattr(x, "toarray") else x


def of_one_kind(y: Any) -> Any:
    """Answers that are objects, numbers among them as numbers; ValueError for texts among numbers, which have no order."""
    if y.dtype != object:
        return y
    kinds = {
        "texts" if isinstance(v, str) else "numbers" if isinstance(v, (Number, np.bool_)) else type(v).__name__
        for v in y.flat
    }
    if len(kinds) > 1:
        raise ValueError(f"y mixes {' and '.join(sorted(kinds))}: make all of them texts, or leave out what is missing")
    return np.array(y.tolist()) if kinds == {"numbers"} else y
