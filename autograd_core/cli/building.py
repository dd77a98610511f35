"""From options the things that they name: a network, a loss, an optimizer, a schedule, and the Trainer of them."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np

from .. import nn, optim
from .options import CLASS_LOSSES, NUMBER_LOSSES

KINDS: dict[str, Any] = {
    "adam": optim.Adam, "adamw": optim.AdamW, "sgd": optim.SGD, "nadam": optim.NAdam, "radam": optim.RAdam, "adamax": optim.Adamax,
    "rmsprop": optim.RMSprop, "adagrad": optim.Adagrad, "adadelta": optim.Adadelta, "rprop": optim.Rprop,
}  # fmt: skip


def build(args: Any, data: Any) -> Any:
    """The Trainer; `args.loss` and `args.lr` are afterwards what they came to."""
    train = data.train
    norm = None if args.norm == "none" else args.norm
    model = nn.MLP(
        [train.n_features, *args.hidden, train.n_outputs], args.activation, args.dropout, norm, rng=args.seed
    )
    loss, optimizer = _loss(args, data), _optimizer(args, model)
    schedule, by = _schedule(args, optimizer, math.ceil(len(train) / (args.batch_size or len(train))))
    metrics = ["accuracy"] if train.classes else ["r2", "mae"]
    return optim.Trainer(model, loss, optimizer, metrics=metrics, schedule=schedule, schedule_by=by, clip=args.clip)


def _loss(args: Any, data: Any) -> Any:
    classes = data.train.classes
    if args.loss == "auto":
        args.loss = "cross_entropy" if classes else "mse"
    known = CLASS_LOSSES if classes else NUMBER_LOSSES
    if args.loss not in known:
        raise ValueError(
            f"--loss {args.loss} does not go with a {data.task}: {data.name} has {'classes' if classes else 'numbers'} to predict; "
            f"there are {', '.join(known)}, or leave it at auto"
        )
    settings: dict[str, Any] = {"alpha": 2.0} if args.loss == "alpha" else {}
    if args.class_weight == "balanced":
        if args.loss not in ("cross_entropy", "focal"):
            raise ValueError(f"--class-weight goes with --loss cross_entropy and focal, not with {args.loss}")
        counts = np.bincount(data.train.y, minlength=len(classes))
        settings["weight"] = len(data.train) / (len(classes) * np.maximum(counts, 1))
    if args.loss == "sse":
        settings["reduction"] = "mean"
    return getattr(nn, known[args.loss])(**settings)


def _optimizer(args: Any, model: Any) -> Any:
    kind = KINDS[args.optimizer]
    defaults = {name: p.default for name, p in inspect.signature(kind).parameters.items()}
    args.lr = defaults["lr"] if args.lr is None else args.lr
    settings = {"momentum": args.momentum, "weight_decay": args.weight_decay}
    if args.optimizer == "sgd" and args.momentum is None:
        settings["momentum"] = 0.9
    settings = {name: value for name, value in settings.items() if value is not None}
    for name in settings:
        if name not in defaults:
            raise ValueError(
                f"--{name.replace('_', '-')} does not go with --optimizer {args.optimizer}, which has none"
            )
    return kind(model.parameters(), lr=args.lr, **settings)


def _schedule(args: Any, optimizer: Any, steps: int) -> tuple[Any, str]:
    """A schedule, laid out over the epochs that were asked for, and by what it goes."""
    epochs = args.epochs
    third = max(epochs // 3, 1)
    makers: dict[str, Any] = {
        "none": lambda: None,
        "step": lambda: optim.StepLR(optimizer, step_size=third),
        "multistep": lambda: optim.MultiStepLR(optimizer, [max(epochs // 2, 1), max(3 * epochs // 4, 1)]),
        "exponential": lambda: optim.ExponentialLR(optimizer, gamma=0.01 ** (1 / epochs)),
        "linear": lambda: optim.LinearLR(optimizer, 1.0, 0.01, total_iters=epochs),
        "polynomial": lambda: optim.PolynomialLR(optimizer, total_iters=epochs, power=2.0),
        "cosine": lambda: optim.CosineAnnealingLR(optimizer, T_max=epochs),
        "cosine_restarts": lambda: optim.CosineAnnealingWarmRestarts(optimizer, T_0=third),
        "one_cycle": lambda: optim.OneCycleLR(optimizer, args.lr, total_steps=epochs * steps + 1, cycle_momentum=False),
        "cyclic": lambda: optim.CyclicLR(
            optimizer, args.lr / 10, args.lr, step_size_up=4 * steps, cycle_momentum=False
        ),
        "plateau": lambda: optim.ReduceLROnPlateau(optimizer, patience=max(args.patience // 2, 1)),
    }
    return makers[args.schedule](), "step" if args.schedule in ("one_cycle", "cyclic") else "epoch"
