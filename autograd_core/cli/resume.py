"""`autograd-core resume RUN`: go on where a run was broken off, to the bits that it would have come to by itself."""

from __future__ import annotations

import argparse
import warnings
from typing import Any

from . import files, options


def add_command(commands: Any) -> None:
    """Add `resume` to the commands."""
    parser = commands.add_parser(
        "resume",
        help="go on with a run that was broken off, or train longer",
        description="Go on from the last checkpoint of a run with the options it began with; what comes out is bit for bit what an "
        "undisturbed run gives.",
    )
    add = parser.add_argument
    add("run_folder", metavar="RUN", help="the folder of a run, as train made it")
    add(
        "--epochs",
        type=options.at_least(1, "training takes at least 1 epoch"),
        metavar="N",
        help="in all (default: as it began)",
    )
    add(
        "--patience",
        type=options.at_least(0, "patience counts epochs"),
        metavar="N",
        help="from now on (default: as it began)",
    )
    add("--time-limit", type=options.seconds, metavar="S", help="pause after so many seconds")
    add("--report", action="store_true", help="write report.html as well")
    options.add_output(parser)
    parser.set_defaults(run=_resume)


def _resume(args: argparse.Namespace) -> int:
    from .. import optim
    from .building import build
    from .data import prepare
    from .train import fit

    run = files.Run(args.run_folder)
    before = as_trained(run)
    data = prepare(before)
    laid_out = run.config.get("schedule_epochs", before.epochs)
    trainer = build(argparse.Namespace(**{**vars(before), "epochs": laid_out}), data)  # its schedule as it was
    _refuse_the_finished(run, before, args)
    for name in ("epochs", "patience"):
        if getattr(args, name) is not None:
            setattr(before, name, getattr(args, name))
    for name in ("time_limit", "quiet", "json", "report"):
        setattr(before, name, getattr(args, name))
    optim.checkpoint.newest(run.folder / files.CHECKPOINTS)  # says what is wrong before anything is changed
    if before.epochs > laid_out:
        _beyond(run, before, laid_out)
    if before.epochs != run.options["epochs"] or before.patience != run.options["patience"]:
        config = run.config | {
            "schedule_epochs": laid_out,
            "options": run.options | {"epochs": before.epochs, "patience": before.patience},
        }
        files.write_json(run.folder / files.CONFIG, config)
    return fit(before, data, trainer, run.folder, resume=True)


def _refuse_the_finished(run: files.Run, before: argparse.Namespace, args: argparse.Namespace) -> None:
    """ValueError for a run that has made the epochs that are asked for, or ended for want of progress."""
    done = len(run.history)
    if args.epochs is None and run.result and done >= before.epochs:
        raise ValueError(
            f"{run.folder} has made all its {before.epochs} epochs; to train longer, say --epochs {2 * before.epochs}"
        )
    if args.epochs is not None and args.epochs <= done and run.result:
        raise ValueError(
            f"{run.folder} has made {done} epochs; --epochs counts those of the whole run, so ask for more"
        )
    stopped = (run.result or {}).get("stopped", "")
    if "has not improved" in stopped and (args.patience or 0) <= before.patience and args.patience != 0:
        raise ValueError(
            f"{run.folder} ended early: {stopped}; to go on all the same, say --patience {3 * before.patience}, or 0 for never"
        )


def _beyond(run: files.Run, before: argparse.Namespace, laid_out: int) -> None:
    """What becomes of a schedule after the epochs that it was laid out over; ValueError where there is nothing beyond."""
    if before.schedule == "one_cycle":
        raise ValueError(
            f"the one cycle of {run.folder} is laid out over {laid_out} epochs and ends with them; train anew with --epochs {before.epochs}"
        )
    if before.schedule != "none":
        warnings.warn(
            f"the schedule {before.schedule} was laid out over {laid_out} epochs, and goes on beyond them as it will",
            stacklevel=2,
        )


def as_trained(run: files.Run) -> argparse.Namespace:
    """The options of a run, as though they had been typed; ValueError where its data is no longer what it was."""
    import hashlib
    from pathlib import Path

    data, unsaid = run.config["data"], dict.fromkeys(options.READING) | {"missing": []}
    args = argparse.Namespace(**unsaid | run.options, data_by_default=None)
    if path := data.get("path"):
        there = Path(path) if Path(path).exists() else Path(args.data)
        if not there.exists():
            raise ValueError(f"{path}, which {run.folder} was trained on, is no longer there; put it back")
        if hashlib.sha256(there.read_bytes()).hexdigest() != data.get("sha256"):
            raise ValueError(
                f"{there} was changed since {run.folder} began to train on it; put the old file back, or train anew"
            )
        args.data = str(there)
    return args
