"""Options that several commands share, and what their texts may be. Nothing is imported here that takes time."""

from __future__ import annotations

import argparse
import json
import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

OPTIMIZERS = ["adam", "adamw", "sgd", "nadam", "radam", "adamax", "rmsprop", "adagrad", "adadelta", "rprop"]
CLASS_LOSSES = {
    "cross_entropy": "CrossEntropyLoss", "focal": "FocalLoss", "hinge": "HingeLoss", "log": "LogLoss", "squared_log": "SquaredLogLoss",
    "expectation": "ExpectationLoss", "regularised_expectation": "RegularisedExpectationLoss", "chebyshev": "ChebyshevLoss",
    "tanimoto": "TanimotoLoss", "cauchy_schwarz": "CauchySchwarzLoss", "alpha": "AlphaLoss",
}  # fmt: skip
NUMBER_LOSSES = {"mse": "MSELoss", "l1": "L1Loss", "huber": "HuberLoss", "smooth_l1": "SmoothL1Loss", "sse": "SSELoss"}
SCHEDULES = ["none", "step", "multistep", "exponential", "linear", "polynomial", "cosine", "cosine_restarts", "one_cycle", "cyclic", "plateau"]  # fmt: skip
READING = ("delimiter", "decimal", "encoding", "missing")
NOT_IN_FILES = {"help", "config", "data_by_default", "traceback"}


def add_data(parser: Any) -> None:
    """The data, and how a file of it is read."""
    add = parser.add_argument
    add(
        "data",
        metavar="DATA",
        nargs="?",
        help="a bundled name (see: autograd-core datasets), a CSV file, or an .npz file of x and y",
    )
    add("--data-by-default", help=argparse.SUPPRESS)
    add(
        "--config",
        metavar="FILE",
        help="a TOML file whose keys are these options, or a run's config.json; options given here win",
    )
    add("--target", metavar="COLUMN", help="the CSV column to predict (default: the last)")
    add(
        "--task",
        choices=["auto", "classification", "regression"],
        default="auto",
        help="what the target is (default: auto)",
    )
    add("--drop", type=words, default=[], metavar="A,B", help="CSV columns to leave out")
    add("--categories", type=words, default=[], metavar="A,B", help="CSV columns whose numbers are words in disguise")
    add_reading(parser)
    add("--seed", type=int, default=0, metavar="N", help="of split, initial weights and order of samples (default: 0)")


def add_reading(parser: Any, trained: bool = False) -> None:
    """How a CSV file is read; `trained`: as that of training, unless said otherwise."""
    otherwise = lambda text: "as in training" if trained else text
    add = parser.add_argument
    add("--delimiter", type=mark, metavar="C",
        help=f"what separates the cells, \\t for a tab (default: {otherwise(', ; tab or |, as the first row has it')})")  # fmt: skip
    add("--decimal", choices=[".", ","], metavar="C",
        help="how numbers are written: , for 1.234,5 and 12,5 %%, . for $1,234.50 "
        f"(default: {otherwise('bare numbers such as 1234.5')})")  # fmt: skip
    add("--encoding", metavar="NAME",
        help=f"of the text, such as cp1252 or utf-16-le (default: {otherwise('utf-8, or utf-16 where the file shows it')})")  # fmt: skip
    add("--missing", type=words, metavar="A,B", default=None if trained else [],
        help="cells that stand for a missing value, such as None or -999, beside empty ones, NA, N/A, #N/A, nan, null, ? and - "
        f"(default: {otherwise('no others')})")  # fmt: skip


def reading(args: Any) -> dict[str, Any]:
    """Of the options those that say how a CSV file is read, by the names that `read_table` has for them."""
    return {name: getattr(args, name) for name in READING}


def add_model(parser: Any) -> None:
    """The network, its loss, and how it is trained, an epoch."""
    add = parser.add_argument
    add(
        "--hidden",
        type=sizes,
        default=[64, 32],
        metavar="N,N",
        help="units of the hidden layers; 0 for none (default: 64,32)",
    )
    add(
        "--activation",
        default="relu",
        help="between the layers: relu, tanh, gelu, ... every one of nn by name (default: relu)",
    )
    add(
        "--dropout", type=float, default=0.0, metavar="P", help="share of activations left out in training (default: 0)"
    )
    add(
        "--norm",
        choices=["none", "batch", "layer"],
        default="none",
        help="between each layer and its activation (default: none)",
    )
    add("--loss", default="auto", choices=["auto", *CLASS_LOSSES, *NUMBER_LOSSES], metavar="NAME",
        help=f"auto: cross_entropy for classes, mse for numbers; of classes {', '.join(CLASS_LOSSES)}; of numbers {', '.join(NUMBER_LOSSES)}")  # fmt: skip
    add(
        "--class-weight",
        choices=["none", "balanced"],
        default="none",
        help="balanced: rare classes count as much as frequent ones (cross_entropy, focal)",
    )
    add("--optimizer", default="adam", choices=OPTIMIZERS, help="sgd has momentum 0.9 (default: adam)")
    add("--lr", type=float, metavar="X", help="learning rate (default: the optimizer's own, 0.001 for adam and sgd)")
    add("--momentum", type=float, metavar="X", help="of sgd and rmsprop (default: 0.9 for sgd)")
    add(
        "--weight-decay",
        type=float,
        metavar="X",
        help="how much each step shrinks the weights (default: the optimizer's own)",
    )
    add("--clip", type=float, metavar="X", help="the most that all gradients together may be long (default: no limit)")
    add(
        "--batch-size",
        type=at_least(0, "a step takes at least 1 sample"),
        default=32,
        metavar="N",
        help="samples a step; 0 for all at once (default: 32)",
    )


def add_training(parser: Any) -> None:
    """For how long, and what else goes with it."""
    add = parser.add_argument
    add(
        "--schedule",
        default="none",
        choices=SCHEDULES,
        metavar="NAME",
        help=f"of the learning rate: {', '.join(SCHEDULES)} (default: none)",
    )
    add(
        "--epochs",
        type=at_least(1, "training takes at least 1 epoch"),
        default=100,
        metavar="N",
        help="at most (default: 100)",
    )
    add("--patience", type=at_least(0, "patience counts epochs"), default=10, metavar="N",
        help="epochs without a better validation loss before it stops; 0 for never (default: 10)")  # fmt: skip
    add("--time-limit", type=seconds, metavar="S", help="pause after so many seconds; `resume` goes on")


def add_output(parser: Any, quiet: bool = True) -> None:
    """For whom it prints."""
    parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")
    if quiet:
        parser.add_argument("--quiet", action="store_true", help="print nothing but errors")


def sizes(text: str) -> list[int]:
    """Units of layers: 64,32; 0 for no layers at all."""
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of sizes like 64,32") from None
    return [] if found == [0] else found


def seconds(text: str) -> float:
    """A time above 0."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 < found < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return found


def mark(text: str) -> str:
    """A delimiter; a shell passes \\t on as it is typed."""
    return "\t" if text == r"\t" else text


def words(text: str) -> list[str]:
    """Names of columns with commas between them."""
    return [word.strip() for word in text.split(",") if word.strip()]


def at_least(least: int, why: str) -> Callable[[str], int]:
    """A whole number from `least` on; `why` is said of others."""

    def whole(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if number < least:
            raise argparse.ArgumentTypeError(f"{why}, not {number}")
        return number

    return whole


def with_config(argv: list[str], args: argparse.Namespace) -> list[str]:
    """The command line with what the file that --config names says before what was typed, which so has the last word.

    ValueError for a file that cannot be read, a key that is no option, a value that the option does not take.
    """
    parser, path = args.parser, args.config
    options = {a.option_strings[-1][2:]: a for a in parser._actions if a.option_strings and a.dest not in NOT_IN_FILES}
    tokens = []
    for key, value in _read(path).items():
        name = key.replace("_", "-")
        if name == "data":
            tokens.append(f"--data-by-default={value}")
            continue
        if name not in options:
            raise ValueError(f"{path}: there is no option {key!r} to set; there are data, {', '.join(options)}")
        if options[name].nargs == 0:
            if not isinstance(value, bool):
                raise ValueError(f"{path}: {key} is true or false, not {value!r}")
            tokens += [f"--{name}"] * value
        elif value is not None:
            tokens.append(f"--{name}={_checked(path, key, value, options[name])}")
    at = argv.index(args.parser.prog.split()[-1]) + 1
    return [*argv[:at], *tokens, *argv[at:]]


def _checked(path: str, key: str, value: Any, action: argparse.Action) -> str:
    """A value as it would be typed."""
    if isinstance(value, (dict, bool)):
        raise ValueError(f"{path}: {key} is a text, a number or a list of them, not {value!r}")
    text = ",".join(map(str, value)) or "0" * (action.type is sizes) if isinstance(value, list) else str(value)
    convert: Any = action.type or str
    try:
        made = convert(text)
    except (ValueError, argparse.ArgumentTypeError) as error:
        said = error if isinstance(error, argparse.ArgumentTypeError) else f"{value!r} is not a number"
        raise ValueError(f"{path}: {key}: {said}") from None
    if action.choices is not None and made not in action.choices:
        raise ValueError(f"{path}: {key} is one of {', '.join(map(str, action.choices))}, not {value!r}")
    return text


def _read(path: str) -> dict[str, Any]:
    try:
        text = Path(path).read_bytes().decode()
        return dict(json.loads(text)["options"]) if path.endswith(".json") else tomllib.loads(text)
    except OSError as error:
        raise ValueError(f"{path}: the file cannot be read ({error.strerror}); check the path") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        what = "the config.json of a run" if path.endswith(".json") else "TOML, with lines such as lr = 0.01"
        raise ValueError(f"{path} is not {what} ({error})") from None
