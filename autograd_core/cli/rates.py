"""`autograd-core lr-find DATA`: a short trial in which the learning rate grows, and the rate to begin with that it suggests."""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

from . import options

HEIGHT, WIDTH = 10, 60


def add_command(commands: Any) -> None:
    """Add `lr-find` to the commands."""
    parser = commands.add_parser(
        "lr-find",
        help="try learning rates, and suggest one",
        description="Train a few steps while the learning rate grows, and suggest the rate where the loss falls fastest. Nothing is kept.",
    )
    options.add_data(parser)
    options.add_model(parser)
    add = parser.add_argument
    add("--start", type=float, default=1e-6, metavar="X", help="the first rate (default: 1e-6)")
    add("--end", type=float, default=10.0, metavar="X", help="the last (default: 10)")
    add(
        "--steps",
        type=options.at_least(3, "a trial takes at least 3 steps"),
        default=100,
        metavar="N",
        help="how many (default: 100)",
    )
    options.add_output(parser, quiet=False)
    parser.set_defaults(run=_find, parser=parser, schedule="none", epochs=1, patience=0)


def _find(args: argparse.Namespace) -> None:
    from .. import optim
    from .building import build
    from .data import prepare

    data = prepare(args)
    found = optim.lr_find(
        build(args, data), data.train, args.batch_size or None, args.start, args.end, args.steps, seed=args.seed
    )
    if args.json:
        print(
            json.dumps(
                {
                    "suggestion": found.suggestion,
                    "rates": found.rates,
                    "losses": found.losses,
                    "smoothed": found.smoothed,
                }
            )
        )
        return
    print(f"{data.name}: {len(found.rates)} steps from {found.rates[0]:.1e} to {found.rates[-1]:.1e}, {args.optimizer}")
    print("\n".join(_curve(found)))
    print(f"suggested: --lr {found.suggestion:.2g}")


def _curve(found: Any) -> list[str]:
    """The smoothed loss over the rate, as text."""
    values, rates = found.smoothed, found.rates
    low, high = min(values), max(values)
    width = min(WIDTH, len(values))
    picked = [values[i * (len(values) - 1) // max(width - 1, 1)] for i in range(width)]
    level = [round((v - low) / (high - low or 1) * (HEIGHT - 1)) for v in picked]
    lines = [
        f"{low + (high - low) * y / (HEIGHT - 1):>10.3g} |" + "".join("*" if at == y else " " for at in level).rstrip()
        for y in reversed(range(HEIGHT))
    ]
    at = round(math.log(found.suggestion / rates[0]) / math.log(rates[-1] / rates[0]) * (width - 1))
    return [*lines, " " * 11 + "+" + "-" * width, " " * (12 + at) + "^ " + f"{found.suggestion:.2g}"]
