"""From the settings of an estimator the things that they name: a network, an optimizer, a schedule, an end."""

from __future__ import annotations

import copy
import functools
import inspect
import math
from itertools import pairwise
from typing import Any

import numpy as np

from autograd_core import nn, optim

SOLVERS: dict[str, Any] = {
    "adam": optim.Adam, "sgd": optim.SGD, "lbfgs": optim.LBFGS, "adamw": optim.AdamW, "nadam": optim.NAdam,
    "radam": optim.RAdam, "adamax": optim.Adamax, "rmsprop": optim.RMSprop, "adagrad": optim.Adagrad,
    "adadelta": optim.Adadelta, "rprop": optim.Rprop,
}  # fmt: skip


def network(mlp: Any, inputs: int, outputs: int, rng: Any, dtype: Any) -> Any:
    """Its layers one after the other."""
    hidden = np.atleast_1d(mlp.hidden_layer_sizes).tolist()
    if not all(isinstance(units, int) and units > 0 for units in hidden):
        raise ValueError(f"hidden_layer_sizes must be > 0, whole numbers of units; got {hidden}")
    each = mlp.activation if isinstance(mlp.activation, (list, tuple)) else [mlp.activation] * len(hidden)
    if len(each) != len(hidden):
        raise ValueError(f"there are {len(each)} activations for {len(hidden)} hidden layers: {each}")
    more: dict[str, Any] = {"weight_init": mlp.weight_init, "rng": rng, "dtype": dtype}
    sizes = [inputs, *hidden]
    layers = [  # of an MLP with one hidden layer all but its output, which leaves room for another activation in each
        layer
        for units, activation in zip(pairwise(sizes), each, strict=True)
        for layer in nn.MLP([*units, 1], _own(activation), mlp.dropout, mlp.norm, **more).layers[:-1]
    ]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], outputs, **more))


def _own(activation: Any) -> Any:
    """An activation that one layer has for itself: a module is copied, so that no setting is ever trained."""
    if isinstance(activation, functools.partial):
        return activation()
    return "sigmoid" if isinstance(activation, str) and activation == "logistic" else copy.deepcopy(activation)


def optimizer(mlp: Any) -> Any:
    """The solver, with one group for the matrices, which alpha shrinks, and one for the rest."""
    kind, parameters = mlp.solver, list(mlp.model_.parameters())
    if _is_function(kind):
        return kind(parameters)
    if isinstance(kind, str):
        kind = SOLVERS.get(kind)
    if not isinstance(kind, type):
        raise ValueError(
            f"there is no solver {mlp.solver!r}; there are {', '.join(SOLVERS)}, the optimizers of optim as classes, and "
            "functions of the parameters that give an optimizer"
        )
    settings: dict[str, Any] = {"lr": mlp.learning_rate_init}
    if mlp.solver == "adam":
        settings |= {"betas": (mlp.beta_1, mlp.beta_2), "eps": mlp.epsilon}
    if mlp.solver == "sgd":
        settings |= {"momentum": mlp.momentum, "nesterov": mlp.nesterovs_momentum and mlp.momentum > 0}
    if mlp.solver == "lbfgs":  # an epoch is one of its steps
        settings = {"max_iter": 1, "max_eval": 25, "tolerance_grad": mlp.tol, "line_search_fn": "strong_wolfe"}
    if "weight_decay" not in inspect.signature(kind).parameters:
        return kind(parameters, **settings)
    rest = [p for p in parameters if p.ndim < 2]
    return kind([{"params": matrices(mlp.model_)}, {"params": rest, "weight_decay": 0.0}], **settings)


def shrinks(mlp: Any, built: Any) -> bool:
    """Whether an optimizer sees to alpha itself; what a function gave has its own weight_decay or none."""
    return _is_function(mlp.solver) or "weight_decay" in built.param_groups[0]


def shrink(mlp: Any, built: Any, decay: float) -> None:
    """Have an optimizer shrink the matrices by so much from now on, if that is its business."""
    if "weight_decay" in built.param_groups[0] and not _is_function(mlp.solver):
        built.param_groups[0]["weight_decay"] = decay


def matrices(model: Any) -> list[Any]:
    """The parameters that alpha shrinks: weights, not biases."""
    return [p for p in model.parameters() if p.ndim > 1]


def schedule(mlp: Any, built: Any, n: int) -> Any:
    """The learning rate over epochs of n samples; scikit-learn's own are for its "sgd" alone."""
    if callable(mlp.learning_rate):
        return mlp.learning_rate(built)
    if mlp.learning_rate not in ("constant", "invscaling", "adaptive"):
        raise ValueError(
            'learning_rate is "constant", "invscaling", "adaptive" or a function of the optimizer that gives a schedule; '
            f"it is {mlp.learning_rate!r}"
        )
    if mlp.solver != "sgd" or mlp.learning_rate == "constant":
        return None
    if mlp.learning_rate == "invscaling":
        return optim.LambdaLR(built, lambda epoch, seen=mlp.t_: (seen + epoch * n + 1) ** -mlp.power_t)
    return optim.ReduceLROnPlateau(built, "min", 0.2, _patience(mlp), mlp.tol, "abs", monitor="loss")


def stopping(mlp: Any) -> list[Any]:
    """What ends training before its last epoch."""
    if mlp.early_stopping:
        return [optim.EarlyStopping(_patience(mlp), "val_score", min_delta=mlp.tol, mode="max")]
    if mlp.solver == "sgd" and mlp.learning_rate == "adaptive":
        return [_LowRate()]
    if mlp.n_iter_no_change == math.inf:
        return []
    return [optim.EarlyStopping(_patience(mlp), "loss", min_delta=mlp.tol, restore_best=False)]


class _LowRate:
    """The end of learning_rate="adaptive"."""

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        if trainer.optimizer.param_groups[0]["lr"] <= 1e-6:
            trainer.stop = "the learning rate has come down to 1e-6"


def _patience(mlp: Any) -> int:
    return int(min(mlp.n_iter_no_change, mlp.max_iter))


def _is_function(solver: Any) -> bool:
    return callable(solver) and not isinstance(solver, type)
