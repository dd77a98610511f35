"""`autograd-core predict RUN data.csv` and `autograd-core evaluate RUN data.csv`: what a trained model says of other rows."""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import sys
import warnings
from pathlib import Path
from typing import Any

from . import files, options


def add_command(commands: Any) -> None:
    """Add `predict` and `evaluate` to the commands."""
    predict = commands.add_parser(
        "predict",
        help="predict the rows of a CSV file with a trained model",
        description="Predict the rows of a CSV file. Its columns may stand in another order; one that training did not have is ignored, "
        "a category that it did not have is none of those it knows, or of their '(other)'. What was done is said.",
    )
    evaluate = commands.add_parser(
        "evaluate",
        help="measure a trained model on the rows of a CSV file",
        description="Measure a trained model on the rows of a CSV file that has a column with the answers.",
    )
    for parser in (predict, evaluate):
        parser.add_argument("run_folder", metavar="RUN", help="the folder of a run, as train made it")
        parser.add_argument("data", metavar="DATA", help="a CSV file")
        options.add_reading(parser, trained=True)
        options.add_output(parser, quiet=False)
    predict.add_argument("--out", metavar="FILE", help="write a CSV file instead of printing")
    evaluate.add_argument("--target", metavar="COLUMN", help="the column of the answers (default: as in training)")
    predict.set_defaults(run=_predict)
    evaluate.set_defaults(run=_evaluate)


def _predict(args: argparse.Namespace) -> None:
    from .data import in_options
    from .predicting import Predictor, probabilities

    if args.out:
        files.refuse_old(args.out)
    model = Predictor(files.Run(args.run_folder).model)
    with in_options(args.data):
        x = model.encoder.inputs(model.read(args.data, **options.reading(args)))
    outputs = model.outputs(x)
    columns: dict[str, list[Any]] = {str(model.encoder.target): list(model.answers(outputs))}
    if model.classes:
        shares = probabilities(outputs)
        columns |= {f"p({name})": [round(p, 6) for p in shares[:, k].tolist()] for k, name in enumerate(model.classes)}
    if args.json:
        text = json.dumps({"rows": len(outputs), "predictions": columns}) + "\n"
    else:
        sheet = io.StringIO()
        writer = csv.writer(sheet, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
        text = sheet.getvalue()
    if args.out:
        files.write_new(args.out, text)
        print(f"{len(outputs)} predictions written to {args.out}", file=sys.stderr)
    else:
        sys.stdout.write(text)


def _evaluate(args: argparse.Namespace) -> None:
    from .data import in_options
    from .measures import measure, spelled
    from .predicting import Predictor

    run = files.Run(args.run_folder)
    model = Predictor(run.model)
    model.with_target(args.target)
    with in_options(args.data):
        data = model.encoder.transform(model.read(args.data, **options.reading(args)))
    if hashlib.sha256(Path(args.data).read_bytes()).hexdigest() == run.config["data"].get("sha256"):
        warnings.warn(
            f"{args.data} is the file of training: {run.folder} has learnt from most of its rows", stacklevel=1
        )
    found = measure(model, data.x, data.y)
    print(json.dumps({"run": str(run.folder), "data": args.data, **found}) if args.json else spelled(found, args.data))
