"""The command line: `autograd-core train digits`, from data to a trained model in one line.

Each command stands in a room of its own, which is opened when the command is called: what trains need not wait for what draws.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from . import __version__
from .cli import options

ROOMS = {  # a room and its commands; each has an add_command, and some may have been left out
    "cli.train": ["train"], "cli.resume": ["resume"], "cli.using": ["predict", "evaluate"], "cli.exporting": ["export"],
    "cli.rates": ["lr-find"], "cli.runs": ["runs"], "cli.report": ["report"], "cli.listing": ["datasets"],
    "debug.explanations.classroom": ["explain"], "debug.terminal.script": ["debug"], "debug.replaying": ["replay"],
    "compiler.commands": ["compile"],
}  # fmt: skip
EXAMPLES = """examples:
  autograd-core train digits
  autograd-core train iris --hidden 16 --activation tanh --lr 0.01
  autograd-core train houses.csv --target price --epochs 300 --out runs/houses --report
  autograd-core predict runs/houses new.csv --out predictions.csv
  autograd-core resume runs/houses --epochs 500 --patience 30
  autograd-core export runs/houses --python houses.py
  autograd-core runs
  autograd-core explain "w1**3*w2 + 3*w1" w1=2 w2=3
  autograd-core debug train.py --on nan
"""
WRONG = (ValueError, TypeError, OSError, ArithmeticError, ImportError, MemoryError)


def main(argv: list[str] | None = None) -> int:
    """Run a command; gives the exit status: 0, 2 after an error in what was asked, 130 after Ctrl-C."""
    argv = sys.argv[1:] if argv is None else argv
    parser = _parser(argv)
    args = parser.parse_args(argv)
    try:
        if getattr(args, "config", None):
            args = parser.parse_args(options.with_config(argv, args))
        with _notes(silent=getattr(args, "quiet", False)):
            return int(args.run(args) or 0)
    except KeyboardInterrupt:
        print("autograd-core: stopped by Ctrl-C", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone: nobody to tell
        sys.stderr.close()
        return 0
    except WRONG as error:
        if args.traceback:
            raise
        print(f"autograd-core: error: {_sentence(error)}", file=sys.stderr)
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
    called = next((word for word in argv if not word.startswith("-")), None)
    asked = [room for room, names in ROOMS.items() if called in names] or list(ROOMS)
    for room in asked:
        if find_spec(f".{room.partition('.')[0]}", __package__) and find_spec(f".{room}", __package__):
            import_module(f".{room}", __package__).add_command(commands)
    return parser


@contextmanager
def _notes(silent: bool) -> Iterator[None]:
    """What the library warns of, as a line of its own, each once."""
    said: set[str] = set()

    def show(message: Any, *place: Any, **more: Any) -> None:
        if not silent and str(message) not in said:
            said.add(str(message))
            print(f"autograd-core: note: {message}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield


def _sentence(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
