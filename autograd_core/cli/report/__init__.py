"""`autograd-core report RUN`: one page that says what was learnt from what, how well, and how to do it again.

The page is one file that loads nothing: no script, no network; its drawings are SVG with their numbers beside them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .. import files

NAME = "report.html"


def add_command(commands: Any) -> None:
    """Add `report` to the commands."""
    parser = commands.add_parser(
        "report",
        help="write one HTML page about a run",
        description="Write one HTML page about a run: data, learning curves, mistakes, calibration, layers, which columns matter, how "
        "to do it again. It loads nothing from elsewhere.",
    )
    parser.add_argument("run_folder", metavar="RUN", help="the folder of a run, as train made it")
    parser.add_argument("--out", metavar="FILE", help=f"a new .html file (default: {NAME} in RUN, made anew)")
    parser.set_defaults(run=_report)


def _report(args: argparse.Namespace) -> None:
    if args.out:
        files.refuse_old(args.out)
    print(write(files.Run(args.run_folder), out=args.out))


def write(run: files.Run, data: Any = None, out: str | None = None) -> Path:
    """Write the page of a run; `data` as prepared for it, if it is at hand. Gives the page's path."""
    from ..data import prepare
    from ..resume import as_trained
    from .facts import gather
    from .page import page

    run.model  # noqa: B018  # says what to do if there is none
    path = Path(out) if out else run.folder / NAME
    files.write_text(path, page(gather(run, data or prepare(as_trained(run)))))
    return path
