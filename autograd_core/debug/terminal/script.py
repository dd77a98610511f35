"""`autograd-core debug SCRIPT.py`: run a program as it is, and stop at its backward passes.

The program is recorded, so that the debugger knows its lines, modules and variables. What opens the terminal is the engine
itself, which shows every pass to whoever observes it.
"""

from __future__ import annotations

import argparse
import os
import runpy
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from ...lines import here, said
from ...tensor import Tensor
from ..places import Places, watching
from ..session import Session
from ..stops.conditions import Absent, Expression, condition
from ..stops.spots import break_at
from .terminal import Terminal

ON = {
    "nan": "isnan(value) or isnan(grad)",
    "inf": "isinf(value) or isinf(grad)",
    "zero": "any(upstream != 0) and all(contribution == 0)",
    "vanish": "any(contribution != 0) and max(abs(contribution)) < 1e-7",
    "explode": "norm(grad) > 1e3",
}
AT_ONCE = {"value", "grad", "upstream", "contribution", "op", "kind", "shape"}  # known in a pass, without a session
EXAMPLES = """examples:
  autograd-core debug train.py --epochs 3
  autograd-core debug --on nan train.py
  autograd-core debug --on "norm(grad) > 50" -x where -x "print op" --batch train.py
"""


def add_command(commands: Any) -> None:
    """Add `debug` to the command line's parser."""
    kinds = "\n".join(f"  {kind:<8} {text}" for kind, text in ON.items())
    debug = commands.add_parser(
        "debug",
        help="run a script, and step through its backward passes",
        description="Run a script, and open the debugger at every backward pass, or only where something goes wrong.",
        epilog=f"conditions that have a name:\n{kinds}\n\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = debug.add_argument
    add(
        "--on",
        metavar="WHAT",
        type=_on,
        help="open only where this is met: nan, inf, zero, vanish, explode, or a condition",
    )
    add(
        "--from",
        dest="first",
        type=int,
        default=1,
        metavar="N",
        help="open no earlier than at the N-th pass (default: 1)",
    )
    add("-x", "--command", action="append", default=[], metavar="VERB", help="a verb to begin with; may be repeated")
    add("--batch", action="store_true", help="after those verbs let the script go on, and ask nobody")
    add("-m", dest="module", action="store_true", help="SCRIPT is the name of a module, as for python -m")
    add("script", metavar="SCRIPT")
    add("args", metavar="...", nargs=argparse.REMAINDER, help="the script's own arguments")
    debug.set_defaults(run=run)


def _on(text: str) -> Expression:
    try:
        return condition(ON.get(text, text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is neither {', '.join(ON)} nor a condition; {error}") from None


def run(args: argparse.Namespace) -> int:
    """Run the script; gives its exit status, 1 if it raised, 0 after quit."""
    if not args.module and not Path(args.script).is_file():
        raise FileNotFoundError(f"there is no script {args.script}; a module is run by: debug -m NAME")
    passes = Passes(args.on, args.first, [*args.command, *["detach"] * args.batch])
    status = 0
    try:
        with watching(passes), _as_main(args):
            if args.module:
                runpy.run_module(args.script, run_name="__main__", alter_sys=True)
            else:
                runpy.run_path(args.script, run_name="__main__")
    except Quit:
        return 0
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        sys.stdout.flush()
        traceback.print_exception(type(error), error, _theirs(error.__traceback__))
        status = 1
    passes.farewell()
    return status


class Quit(BaseException):
    """The user has left by quit, and the script ends with the debugger; no `except Exception` holds it up."""


class Passes(Places):
    """Records a program, and opens the terminal at its backward passes.

    on: open only where this is met. first: the number of the first pass to open at. commands: lines to begin with.
    """

    def __init__(self, on: Expression | None, first: int, commands: list[str]):
        super().__init__()
        self.on, self.first, self.commands = on, first, commands
        self.count = 0
        self.terminal: Terminal | None = None
        self.asked = self.detached = False

    def passing(self, outputs: list[Tensor], order: list[Tensor], edges: Any, seeds: Any) -> Any:
        """A pass is about to run over `order`: `edges` is its generator, not yet begun."""
        edges = super().passing(outputs, order, edges, seeds)
        if self.detached:
            return edges
        self.count += 1
        if self.count < self.first:
            return edges
        loss = next(output for output in outputs if output.tracked)
        if self.on is None:
            self._open(loss, Session(loss, seeds[loss]))
            return edges
        if not self.on.names <= AT_ONCE:  # such as a name: only a session knows
            self._open_where_met(loss, seeds[loss])
            return edges
        if any(self.on.holds(_forward(node)) for node in order if node.op is not None):
            self._open_where_met(loss, seeds[loss])
            return edges
        return self._watched(edges, seeds, loss, seeds[loss])

    def _watched(self, edges: Any, grads: Any, loss: Tensor, seed: Any) -> Iterator[Any]:
        """The pass itself, and the terminal once an edge meets the condition."""
        asked = False
        for node, i, x, upstream, contribution in edges:
            if not asked and self.on is not None and self.on.holds(_edge(node, x, grads, upstream, contribution)):
                asked = True
                self._open_where_met(loss, seed)
            yield node, i, x, upstream, contribution

    def _open_where_met(self, loss: Tensor, seed: Any) -> None:
        session = Session(loss, seed)
        if self.terminal is None:
            break_at(session, condition=self.on.text if self.on else None)
        self._open(loss, session, go_on=True)

    def _open(self, loss: Tensor, session: Session, go_on: bool = False) -> None:
        """The prompt; if the last pass was left by continue, only where a breakpoint stops in this one."""
        if self.terminal is None:
            self.terminal = Terminal(session, self.commands, script=True)
        else:
            self.terminal.open(session)
            go_on = go_on or (self.terminal.left == "continue" and any(b.enabled for b in session.breakpoints))
        if go_on:
            with np.errstate(all="ignore"):
                session.cont()
            if session.stopped is None:
                return
        self.terminal.say(f"backward pass {self.count} at {said(here())}")
        self.asked, self.paused = True, loss
        try:
            self.terminal.cmdloop()
        finally:
            self.paused = None
        if self.terminal.left == "detach":
            self.detached = True
        elif self.terminal.left == "quit":
            raise Quit

    def farewell(self) -> None:
        """Say that the script is through, to somebody who was asked."""
        if self.terminal is not None and self.asked and not self.detached:
            self.terminal.say(
                f"the script has ended, after {self.count} backward pass{'es' * (self.count != 1)}", "quiet"
            )


def _forward(node: Tensor) -> Any:
    def look_up(name: str) -> Any:
        if name in ("grad", "upstream", "contribution"):
            raise Absent(name)
        return {"value": node.value, "op": node.op and node.op.name, "kind": "forward", "shape": node.shape}[name]

    return look_up


def _edge(node: Tensor, x: Tensor, grads: Any, upstream: Any, contribution: Any) -> Any:
    def look_up(name: str) -> Any:
        found = {
            "value": x.value, "upstream": upstream, "contribution": contribution, "op": node.op and node.op.name,
            "kind": "edge", "shape": x.shape, "grad": None,
        }[name]  # fmt: skip
        if name == "grad":
            found = grads[x] + contribution if x in grads else contribution
        return getattr(found, "value", found)

    return look_up


@contextmanager
def _as_main(args: argparse.Namespace) -> Iterator[None]:
    """sys.argv and sys.path as the script would find them."""
    argv, path = sys.argv, sys.path[:]
    sys.argv = [args.script, *args.args]
    sys.path.insert(0, os.getcwd() if args.module else str(Path(args.script).resolve().parent))
    try:
        yield
    finally:
        sys.argv, sys.path[:] = argv, path


def _theirs(trace: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames of the debugger and of what runs the script for it."""
    here = os.path.dirname(os.path.abspath(__file__)) + os.sep
    kept = []
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith((here, "<frozen runpy>")) and file != runpy.__file__:
            kept.append(trace)
        trace = trace.tb_next
    for outer in reversed(kept):
        trace = TracebackType(trace, outer.tb_frame, outer.tb_lasti, outer.tb_lineno)
    return trace
