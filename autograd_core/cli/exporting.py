"""`autograd-core export RUN`: the model for where there is no autograd-core: ONNX, or one file of Python with NumPy alone."""

from __future__ import annotations

import argparse
from typing import Any

from . import files


def add_command(commands: Any) -> None:
    """Add `export` to the commands."""
    parser = commands.add_parser(
        "export",
        help="write a trained model as ONNX, or as one .py file",
        description="Write a trained model with the preparation of its columns, as ONNX (needs the extra onnx), or as one file of "
        "Python that needs NumPy alone and predicts the rows of a CSV file: python FILE data.csv.",
    )
    parser.add_argument("run_folder", metavar="RUN", help="the folder of a run, as train made it")
    parser.add_argument("--onnx", metavar="FILE", help="an .onnx file to write")
    parser.add_argument("--python", metavar="FILE", help="a .py file to write")
    parser.set_defaults(run=_export)


def _export(args: argparse.Namespace) -> None:
    from .. import nn
    from .predicting import Predictor

    if not (args.onnx or args.python):
        raise ValueError("export to what? --onnx FILE, --python FILE, or both")
    path = files.Run(args.run_folder).model
    for asked, suffix in [(args.onnx, ".onnx"), (args.python, ".py")]:
        if asked:
            if not asked.endswith(suffix):
                raise ValueError(f"{asked} should end in {suffix}, so that others know what it is")
            files.refuse_old(asked)
    predictor = Predictor(path)
    model, notes = predictor.model, predictor.notes
    if args.onnx:
        nn.to_onnx(model, args.onnx, notes=notes)
        print(f"{args.onnx}: takes {_taken(notes)}; gives {'label and probabilities' if notes['classes'] else 'y'}")
    if args.python:
        nn.to_python(model, args.python, notes)
        print(f"{args.python}: python {args.python} data.csv predicts; it needs NumPy alone")


def _taken(notes: dict[str, Any]) -> str:
    """What is fed to the ONNX file, said for people."""
    if not notes["encoder"]:
        return f"x, (n, {len(notes['features'])}) float32 in the units of the data, NaN where a number is missing"
    hows = {"numbers": "float32, NaN where missing", "categories": 'text, "" where missing'}
    said: dict[str, list[str]] = {}
    for rule in notes["encoder"]["rules"]:
        said.setdefault(hows.get(rule["kind"], "float32, days since 1970"), []).append(repr(rule["name"]))
    return "a column (n, 1) under each name, " + "; ".join(f"{', '.join(names)} ({how})" for how, names in said.items())
