"""`autograd-core compile`: the training step of a multilayer perceptron, as the NumPy that runs."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Any

import numpy as np


def add_command(commands: Any) -> None:
    """Add `compile` to the commands."""
    parser = commands.add_parser(
        "compile",
        help="show the training step of a network as straight-line NumPy",
        description="Record one training step of a multilayer perceptron, and print the program that replays it.",
    )
    add = parser.add_argument
    add(
        "sizes",
        nargs="?",
        type=_sizes,
        default=[64, 32, 10],
        metavar="N,N,N",
        help="units of the layers (default: 64,32,10)",
    )
    add("--activation", default="relu", help="between the layers (default: relu)")
    add("--loss", default="cross_entropy", choices=["cross_entropy", "mse"])
    add("--optimizer", default="sgd", choices=["sgd", "momentum", "adam"])
    add("--batch", type=_batch, default=32, metavar="N", help="samples a batch (default: 32)")
    add("--show", action="store_true", help="the program itself, and not only what it costs")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from .training import Training

    package = __package__.rpartition(".")[0]  # networks and optimizers stand beside the core, which does not know them
    nn, optim = import_module(f"{package}.nn"), import_module(f"{package}.optim")
    model = nn.MLP(args.sizes, activation=args.activation, rng=0)
    parameters = model.parameters()
    makers: dict[str, Any] = {
        "sgd": lambda: optim.SGD(parameters, lr=0.01), "momentum": lambda: optim.SGD(parameters, lr=0.01, momentum=0.9),
        "adam": lambda: optim.Adam(parameters),
    }  # fmt: skip
    rng = np.random.default_rng(0)
    x = rng.normal(size=(args.batch, args.sizes[0])).astype(np.float32)
    classes = args.loss == "cross_entropy"
    t = (
        rng.integers(0, args.sizes[-1], args.batch)
        if classes
        else rng.normal(size=(args.batch, args.sizes[-1])).astype(np.float32)
    )
    training = Training(model, nn.CrossEntropyLoss() if classes else nn.MSELoss(), makers[args.optimizer]())
    step = training.program(x, t)
    assert step is not None
    text = step.text(False)
    if args.show:
        print(text.source)
    print(text.explain())
    return 0


def _sizes(text: str) -> list[int]:
    sizes = [int(part) if part.strip().isdecimal() else 0 for part in text.split(",")]
    if len(sizes) < 2 or min(sizes) < 1:
        raise argparse.ArgumentTypeError(f"layers are like 64,32,10; {text!r} is not")
    return sizes


def _batch(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a batch has at least 1 sample; {text!r} is no such number")
    return int(text)
