"""The command line: `autograd-core train digits`, from data to a trained model in one line."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from . import __version__

ROOMS = ("debug.explanations.classroom", "debug.terminal.script", "compiler.commands")  # where more commands are, each with an add_command
EXAMPLES = """examples:
  autograd-core train digits
  autograd-core train iris --hidden 16 --activation tanh --lr 0.01
  autograd-core train houses.csv --target price --epochs 300 --out runs/houses
  autograd-core datasets
  autograd-core explain "w1**3*w2 + 3*w1" w1=2 w2=3
  autograd-core debug train.py --on nan
"""


def main(argv: list[str] | None = None) -> int:
    """Run a command; gives the exit status: 0, 2 after an error in what was asked, 130 after Ctrl-C."""
    argv = sys.argv[1:] if argv is None else argv
    args = _parser(argv).parse_args(argv)
    try:
        return int(args.run(args) or 0)
    except KeyboardInterrupt:
        print("autograd-core: stopped by Ctrl-C", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone: nobody to tell
        sys.stderr.close()
        return 0
    except (ValueError, TypeError, OSError, ArithmeticError, ImportError, MemoryError) as error:
        if args.traceback:
            raise
        print(f"autograd-core: error: {error}", file=sys.stderr)
        return 2


def _parser(argv: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograd-core",
        description="Train small neural networks, and look into how they learn.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"autograd-core {__version__}")
    parser.add_argument("--traceback", action="store_true", help="show where an error came from, in full")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    train = commands.add_parser(
        "train",
        help="train an MLP on a bundled data set or a CSV file",
        description="Train a multilayer perceptron; the data is split 70/15/15 into training, validation and test.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = train.add_argument
    add("data", metavar="DATA", help="a bundled name (see: autograd-core datasets) or a CSV file")
    add("--target", metavar="COLUMN", help="the CSV column to predict (default: the last)")
    add(
        "--hidden",
        type=_sizes,
        default=[64, 32],
        metavar="N,N",
        help="units of the hidden layers; 0 for none (default: 64,32)",
    )
    add("--activation", default="relu", help="between the layers: relu, tanh, sigmoid, leaky_relu (default: relu)")
    add(
        "--loss",
        default="auto",
        choices=["auto", "cross_entropy", "mse", "l1"],
        help="auto: cross_entropy for classes, mse for numbers",
    )
    add("--optimizer", default="adam", choices=["adam", "adamw", "sgd"], help="sgd has momentum 0.9 (default: adam)")
    add("--lr", type=float, default=0.001, help="learning rate (default: 0.001)")
    add("--schedule", default="none", choices=["none", "step", "cosine"], help="of the learning rate (default: none)")
    add("--batch-size", type=int, default=32, metavar="N", help="samples a step; 0 for all at once (default: 32)")
    add("--epochs", type=int, default=100, metavar="N", help="at most (default: 100)")
    add(
        "--patience",
        type=int,
        default=10,
        metavar="N",
        help="epochs without a better validation loss before it stops; 0 for never (default: 10)",
    )
    add("--seed", type=int, default=0, metavar="N", help="of split, initial weights and order of samples (default: 0)")
    add("--out", metavar="DIR", help="folder for the results (default: runs/NAME-1, -2, ...)")
    add("--quiet", action="store_true", help="print nothing but errors")
    train.set_defaults(run=_train)

    listing = commands.add_parser("datasets", help="list the data sets that are bundled or generated")
    listing.set_defaults(run=_datasets)
    for room in ROOMS if argv[:1] not in (["train"], ["datasets"]) else ():  # which need not wait for the debugger
        if find_spec(f".{room.partition('.')[0]}", __package__) and find_spec(f".{room}", __package__):
            import_module(f".{room}", __package__).add_command(commands)
    return parser


def _sizes(text: str) -> list[int]:
    try:
        sizes = [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of sizes like 64,32") from None
    return [] if sizes == [0] else sizes


def _train(args: argparse.Namespace) -> None:
    from . import datasets, nn, optim

    data = _load(args)
    out = _run_folder(args.out, data.name)
    parts = data.split(0.7, 0.15, 0.15, seed=args.seed)
    regression = data.task == "regression"
    if regression:
        (train, validation, test), scaler, target_scaler = datasets.standardize(*parts, target=True)
    else:
        (train, validation, test), scaler = datasets.standardize(*parts)
        target_scaler = None

    losses = {"cross_entropy": nn.CrossEntropyLoss, "mse": nn.MSELoss, "l1": nn.L1Loss}
    loss = args.loss if args.loss != "auto" else "mse" if regression else "cross_entropy"
    if (loss == "cross_entropy") == regression:
        raise ValueError(
            f"--loss {loss} does not go with a {data.task}: {data.name} has {'numbers' if regression else 'classes'} to predict; leave it at auto"
        )
    model = nn.MLP([data.n_features, *args.hidden, data.n_outputs], activation=args.activation, rng=args.seed)
    kinds: dict[str, Any] = {
        "adam": (optim.Adam, {}),
        "adamw": (optim.AdamW, {}),
        "sgd": (optim.SGD, {"momentum": 0.9}),
    }
    kind, settings = kinds[args.optimizer]
    optimizer = kind(model.parameters(), lr=args.lr, **settings)
    schedule = {
        "none": lambda: None,
        "step": lambda: optim.StepLR(optimizer, step_size=max(args.epochs // 3, 1)),
        "cosine": lambda: optim.CosineAnnealingLR(optimizer, T_max=args.epochs),
    }[args.schedule]()
    metric = "r2" if regression else "accuracy"
    trainer = optim.Trainer(model, losses[loss](), optimizer, metrics=[metric], schedule=schedule)
    history = trainer.fit(
        train,
        epochs=args.epochs,
        batch_size=args.batch_size or None,
        validation=validation,
        callbacks=[optim.EarlyStopping(args.patience)] if args.patience else [],
        seed=args.seed,
        progress=False if args.quiet else None,
    )
    results = {
        name: trainer.evaluate(part) for name, part in [("train", train), ("validation", validation), ("test", test)]
    }

    out.mkdir(parents=True, exist_ok=True)
    config = {k: v for k, v in vars(args).items() if k not in ("run", "traceback", "quiet")} | {
        "loss": loss,
        "version": __version__,
    }
    facts = {
        "data": data.name, "rows": len(data), "features": data.n_features, "task": data.task, "parameters": sum(p.size for p in model.parameters()),
        "epochs": len(history), "best_epoch": history.best_epoch, "stopped": history.stopped, "seconds": sum(history["seconds"]),
    }  # fmt: skip
    _write_json(out / "config.json", config)
    _write_json(out / "result.json", facts | results)
    history.to_csv(out / "history.csv")
    nn.save(
        model,
        out / "model.npz",
        features=list(data.feature_names),
        classes=list(data.classes),
        inputs=scaler.to_dict(),
        targets=target_scaler.to_dict() if target_scaler else None,
    )
    _picture(history, out / "learning_curve.png")
    if not args.quiet:
        print(_report(data, parts, args, facts, results, metric, out))


def _load(args: argparse.Namespace) -> Any:
    from . import datasets

    if args.data in datasets.names() and not Path(args.data).exists():
        if args.target:
            raise ValueError(f"{args.data} is a bundled data set with a target of its own; --target is for CSV files")
        return datasets.load(args.data)
    looks_like_a_file = args.target or Path(args.data).suffix or "/" in args.data or Path(args.data).exists()
    return datasets.load_csv(args.data, target=args.target) if looks_like_a_file else datasets.load(args.data)


def _run_folder(asked: str | None, name: str) -> Path:
    """Where the results go: never where another run's stand."""
    if asked is None:
        return next(p for i in range(1, sys.maxsize) if not (p := Path("runs") / f"{name}-{i}").exists())
    out = Path(asked)
    if (out / "result.json").exists():
        raise ValueError(f"{out} holds the results of another run; name another folder with --out, or remove it")
    out.mkdir(parents=True, exist_ok=True)  # before training, so that a folder that cannot be written costs nothing
    return out


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _picture(history: Any, path: Path) -> None:
    """The learning curve, where matplotlib is installed."""
    from importlib.util import find_spec

    if find_spec("matplotlib"):
        import matplotlib

        matplotlib.use("agg")
        ax = history.plot()
        ax.figure.savefig(path, dpi=120)
        ax.figure.clear()


def _report(data: Any, parts: Any, args: Any, facts: Any, results: Any, metric: str, out: Path) -> str:
    kinds = f"{len(data.classes)} classes" if data.classes else f"{data.n_outputs} target" + "s" * (data.n_outputs > 1)
    sizes = "-".join(map(str, [data.n_features, *args.hidden, data.n_outputs]))
    label = {"accuracy": "accuracy", "r2": "R²"}[metric]
    lines = [
        f"{data.name}: {len(data)} rows, {data.n_features} feature{'s' * (data.n_features != 1)}, {kinds}; split into {' + '.join(str(len(p)) for p in parts)}",
        f"MLP {sizes} {args.activation}: {facts['parameters']:,} parameters, {args.optimizer}, lr {args.lr:g}",
        f"{facts['epochs']} of {args.epochs} epochs in {facts['seconds']:.1f} s"
        + (f": {facts['stopped']}; kept the weights of epoch {facts['best_epoch']}" if facts["stopped"] else ""),
        "",
        f"{'':<12}{'loss':>9}{label:>10}" + ("   (loss: of standardised targets)" if not data.classes else ""),
        *(f"{name:<12}{r['loss']:>9.4f}{r[metric]:>10.4f}" for name, r in results.items()),
        "",
        f"saved in {out}: {', '.join(sorted(p.name for p in out.iterdir()))}",
    ]
    return "\n".join(lines)


def _datasets(args: argparse.Namespace) -> None:
    from . import datasets

    for entry in datasets.available():
        print(entry)


if __name__ == "__main__":
    sys.exit(main())
