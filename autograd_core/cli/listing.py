"""`autograd-core datasets`: what there is to train on without a file."""

from __future__ import annotations

import argparse
import json
from typing import Any

from . import options


def add_command(commands: Any) -> None:
    """Add `datasets` to the commands."""
    parser = commands.add_parser("datasets", help="list the data sets that are bundled or generated")
    options.add_output(parser, quiet=False)
    parser.set_defaults(run=_list)


def _list(args: argparse.Namespace) -> None:
    from .. import datasets

    entries = datasets.available()
    print(json.dumps([entry._asdict() for entry in entries]) if args.json else "\n".join(map(str, entries)))
