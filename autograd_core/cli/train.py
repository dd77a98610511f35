"""`autograd-core train DATA`: from data to a folder with a model, its history, and what it took."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from .. import __version__
from . import files, options

EXAMPLES = """examples:
  autograd-core train digits
  autograd-core train iris --hidden 16 --activation tanh --lr 0.01
  autograd-core train houses.csv --target price --epochs 300 --out runs/houses --report
  autograd-core train --config run.toml --seed 1
  autograd-core train --config runs/houses-1/config.json
"""
EVERY = 5.0  # seconds between checkpoints
NOT_KEPT = ("run", "parser", "traceback", "quiet", "json", "config", "data_by_default", "out", "report")


def add_command(commands: Any) -> None:
    """Add `train` to the commands."""
    parser = commands.add_parser(
        "train",
        help="train an MLP on a bundled data set or a CSV file",
        description="Train a multilayer perceptron; the data is split 70/15/15 into training, validation and test.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_data(parser)
    options.add_model(parser)
    options.add_training(parser)
    parser.add_argument("--out", metavar="DIR", help="folder for the results (default: runs/NAME-1, -2, ...)")
    parser.add_argument(
        "--report", action="store_true", help="write report.html as well, one page that says how it went"
    )
    options.add_output(parser)
    parser.set_defaults(run=_train, parser=parser)


def _train(args: argparse.Namespace) -> int:
    from .building import build
    from .data import prepare

    data = prepare(args)
    trainer = build(args, data)
    out = files.new_folder(args.out, data.name)
    files.write_json(out / files.CONFIG, _config(args, data))
    return fit(args, data, trainer, out)


def fit(args: argparse.Namespace, data: Any, trainer: Any, out: Path, resume: bool = False) -> int:
    """Train, and write all there is to write; gives the exit status. Ctrl-C ends training, and all is written all the same."""
    from .. import optim
    from .callbacks import callbacks

    watching = callbacks(args, out, EVERY)
    try:
        history = trainer.fit(
            data.train,
            epochs=args.epochs,
            batch_size=args.batch_size or None,
            validation=data.validation,
            callbacks=watching,
            seed=args.seed,
            progress=False if args.quiet else None,
            resume=out / files.CHECKPOINTS if resume else None,
        )
    except optim.TrainingDiverged as error:
        raise ValueError(f"{error}. {_what_is_left(out)}") from error
    finally:
        with contextlib.suppress(OSError):
            (out / files.FLIGHT).rmdir()  # unless there is something in it
    if not len(history):
        print(
            f"autograd-core: stopped before the end of the first epoch; `autograd-core resume {out}` goes on",
            file=sys.stderr,
        )
        return 130
    facts, results = _write(args, data, trainer, history, out)
    if args.json:
        print(json.dumps({"run": str(out), **facts, **results}))
    elif not args.quiet:
        print(summary(data, args, facts, results, out))
    return 130 if history.stopped == "stopped by Ctrl-C" else 0


def _write(args: Any, data: Any, trainer: Any, history: Any, out: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The files of a run that has ended; gives what they say of it, and how well it does on each part."""
    from .. import nn

    results: dict[str, Any] = {name: trainer.evaluate(part) for name, part in data.parts.items()}
    for name, part in data.parts.items():
        if len(part) == 1 and "r2" in results[name]:
            results[name]["r2"] = None  # which is not defined for a single row
    facts = {
        "data": data.name, "rows": sum(map(len, data.parts.values())), "features": data.train.n_features, "task": data.task,
        "parameters": sum(p.size for p in trainer.model.parameters()), "epochs": len(history), "best_epoch": history.best_epoch,
        "stopped": history.stopped, "seconds": sum(history["seconds"]),
    }  # fmt: skip
    nn.save(trainer.model, out / files.MODEL, **data.notes(args.loss))
    files.write_json(out / files.HEALTH, {"rows": history.health, "alarms": history.alarms})
    files.write_json(out / files.RESULT, facts | results)
    _picture(history, out / "learning_curve.png")
    if args.report:
        from .report import write

        write(files.Run(out), data)
    return facts, results


def _what_is_left(out: Path) -> str:
    bundles = sorted((out / files.FLIGHT).glob("*.npz"))
    replay = f"; `autograd-core replay {bundles[0]}` opens the debugger at the step that failed" if bundles else ""
    return f"What there is stands in {out}{replay}"


def _config(args: argparse.Namespace, data: Any) -> dict[str, Any]:
    """All that is needed to do it again."""
    import platform

    import numpy as np

    versions = {"autograd-core": __version__, "numpy": np.__version__, "python": platform.python_version()}
    return {
        "options": {name: value for name, value in vars(args).items() if name not in NOT_KEPT},
        "data": data.facts(), "columns": data.columns, "versions": versions, "machine": f"{platform.system()} {platform.machine()}",
        "started": time.strftime("%Y-%m-%d %H:%M:%S"),
    }  # fmt: skip


def _picture(history: Any, path: Path) -> None:
    """The learning curve, where matplotlib is installed."""
    from importlib.util import find_spec

    if find_spec("matplotlib"):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 4), layout="constrained")  # which no window and no list of figures holds
        history.plot(figure.subplots())
        figure.savefig(path, dpi=120)


def summary(data: Any, args: Any, facts: Any, results: Any, out: Path) -> str:
    """What a person reads at the end."""
    from .runs import number

    train = data.train
    kinds = (
        f"{len(train.classes)} classes" if train.classes else f"{train.n_outputs} target" + "s" * (train.n_outputs > 1)
    )
    sizes = "-".join(map(str, [train.n_features, *args.hidden, train.n_outputs]))
    metrics = {"accuracy": "accuracy"} if train.classes else {"r2": "R²", "mae": "mae"}
    notes = data.encoder.notes if data.encoder else []
    lines = [
        f"{data.name}: {facts['rows']} rows, {train.n_features} feature{'s' * (train.n_features != 1)}, {kinds}; "
        f"split into {' + '.join(str(len(p)) for p in data.parts.values())}",
        *(f"  {note}" for note in notes),
        f"MLP {sizes} {args.activation}: {facts['parameters']:,} parameters, {args.optimizer}, lr {args.lr:g}",
        f"{facts['epochs']} of {args.epochs} epochs in {facts['seconds']:.1f} s"
        + (f": {facts['stopped']}" if facts["stopped"] else "")
        + (f"; kept the weights of epoch {facts['best_epoch']}" if facts["best_epoch"] not in (None, facts["epochs"]) else ""),
        "",
        f"{'':<12}{'loss':>9}" + "".join(f"{label:>10}" for label in metrics.values())
        + ("" if train.classes else "   (of standardised targets)"),
        *(f"{name:<12}{number(r['loss']):>9}" + "".join(f"{number(r[m]):>10}" for m in metrics) for name, r in results.items()),
        "",
        f"saved in {out}: {', '.join(sorted(p.name for p in out.iterdir() if not p.name.startswith('.')))}",
    ]  # fmt: skip
    if facts["stopped"] and "improved" not in facts["stopped"]:
        lines.append(f"`autograd-core resume {out}` goes on")
    return "\n".join(lines)
