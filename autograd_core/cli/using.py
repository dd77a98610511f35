"""`autograd-core predict RUN data.csv` and `autograd-core evaluate RUN data.csv`: what a trained model says of other rows."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from typing import Any

from . import files, options


def add_command(commands: Any) -> None:
    """Add `predict` and `evaluate` to the commands."""
    predict = commands.add_parser(
        "predict",
        help="predict the rows of a CSV file with a trained model",
        description="Predict the rows of a CSV file. Its columns may stand in another order; one that training did not have is ignored, "
        "a category that it did not have is none of those it knows. What was done is said.",
    )
    evaluate = commands.add_parser(
        "evaluate",
        help="measure a trained model on the rows of a CSV file",
        description="Measure a trained model on the rows of a CSV file that has a column with the answers.",
    )
    for parser in (predict, evaluate):
        parser.add_argument("run_folder", metavar="RUN", help="the folder of a run, as train made it")
        parser.add_argument("data", metavar="DATA", help="a CSV file")
        parser.add_argument("--delimiter", metavar="C", help="what separates its cells (default: as in training)")
        parser.add_argument(
            "--decimal", choices=[".", ","], metavar="C", help="how it writes decimals (default: as in training)"
        )
        options.add_output(parser, quiet=False)
    predict.add_argument("--out", metavar="FILE", help="write a CSV file instead of printing")
    evaluate.add_argument("--target", metavar="COLUMN", help="the column of the answers (default: as in training)")
    predict.set_defaults(run=_predict)
    evaluate.set_defaults(run=_evaluate)


def _predict(args: argparse.Namespace) -> None:
    from .predicting import Predictor, probabilities

    if args.out:
        files.refuse_old(args.out)
    model = Predictor(files.Run(args.run_folder).model)
    outputs = model.outputs(model.encoder.inputs(model.read(args.data, args.delimiter, args.decimal)))
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
    from .measures import measure, spelled
    from .predicting import Predictor

    run = files.Run(args.run_folder)
    model = Predictor(run.model)
    model.with_target(args.target)
    data = model.encoder.transform(model.read(args.data, args.delimiter, args.decimal))
    found = measure(model, data.x, data.y)
    print(json.dumps({"run": str(run.folder), "data": args.data, **found}) if args.json else spelled(found, args.data))
