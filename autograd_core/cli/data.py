"""From what DATA names to three standardised parts, with what is needed to read other rows in the same way."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import datasets

PARTS = (0.7, 0.15, 0.15)
BALANCED = ("let class weights make", "let --class-weight balanced make")


@dataclass
class Prepared:
    """Training, validation and test rows, standardised; the scalers and the encoder (None for data of numbers)."""

    name: str
    train: Any
    validation: Any
    test: Any
    scaler: Any
    target_scaler: Any
    encoder: Any = None
    target: str = "target"
    path: str | None = None
    digest: str = ""
    columns: list[Any] = field(default_factory=list)
    reading: dict[str, Any] = field(default_factory=dict)

    @property
    def parts(self) -> dict[str, Any]:
        """The three by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def task(self) -> str:
        """Either "classification" or "regression"."""
        return str(self.train.task)

    def notes(self, loss: str) -> dict[str, Any]:
        """What stands beside the model in its file."""
        return {
            "features": list(self.train.feature_names), "classes": list(self.train.classes), "inputs": self.scaler.to_dict(),
            "targets": self.target_scaler.to_dict() if self.target_scaler else None,
            "encoder": self.encoder.to_dict() if self.encoder else None, "target": self.target, "loss": loss,
            **self.reading,
        }  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """What config.json says of the data."""
        return {
            "name": self.name, "path": self.path, "sha256": self.digest, "target": self.target, "task": self.task,
            "rows": {name: len(part) for name, part in self.parts.items()}, "features": self.train.n_features,
            "classes": list(self.train.classes), "notes": self.encoder.notes if self.encoder else [],
        }  # fmt: skip


def prepare(args: Any) -> Prepared:
    """Load, split 70/15/15, encode and standardise by what the training rows teach."""
    source = args.data or args.data_by_default
    if not source:
        raise ValueError(
            "which data? name a bundled set (see: autograd-core datasets) or a CSV file, or set data in the file of --config"
        )
    args.data = source
    path, encoder, target, columns, reading = Path(source), None, "target", [], {}
    if source in datasets.names() and not path.is_file():
        _refuse_columns(args, f"{source} is a bundled data set with a target of its own")
        parts, name = datasets.load(source).split(*PARTS, seed=args.seed), source
    elif path.suffix == ".npz":
        _refuse_columns(args, f"{source} holds the arrays x and y")
        parts, name = datasets.load_npz(path).split(*PARTS, seed=args.seed), path.stem
    elif not (args.target or path.suffix or "/" in source or path.is_file()):
        try:
            datasets.load(source)  # which says what there is
        except ValueError as error:
            said = str(error).replace("is read by load_csv(path)", f"is named with its ending, such as {source}.csv")
            raise ValueError(said) from None
        raise AssertionError(source)
    else:
        table, name = datasets.read_table(source, args.delimiter, decimal=args.decimal), path.stem
        try:
            parts, encoder = datasets.encode(
                table,
                *PARTS,
                target=args.target,
                task=args.task,
                seed=args.seed,
                drop=args.drop,
                categories=args.categories,
            )
        except ValueError as error:
            raise _in_options(error, source) from error
        target = str(encoder.target)
        encoder.notes = [*_unnamed(table), *(note.replace(*BALANCED) for note in encoder.notes)]
        columns = datasets.describe(table)
        reading = {"delimiter": args.delimiter, "decimal": args.decimal}
    digest = _digest(path, parts)
    scaled, scaler, *more = datasets.standardize(*parts, target=parts[0].task == "regression")  # type: ignore[call-overload]
    train, validation, test = scaled
    where = str(path.resolve()) if path.is_file() else None
    return Prepared(
        name,
        train,
        validation,
        test,
        scaler,
        more[0] if more else None,
        encoder,
        target,
        where,
        digest,
        columns,
        reading,
    )


def _unnamed(table: datasets.Table) -> list[str]:
    """What is said where the first row was taken for data: a header of numbers alone looks like that."""
    if table.names[0] != "column_1" or table.lines[0] > 1:
        return []
    return [
        f"there is no row of names: its first row, {', '.join(table.rows[0][:5])}, is taken for data as those below it; the "
        "columns are called column_1 and so on. If it names the columns, write a letter into each name"
    ]


def _in_options(error: ValueError, source: str) -> ValueError:
    """What Python's arguments would mend, said in terms of options."""
    said, few, _ = str(error).partition(", too few for each of the parts")
    if few:
        return ValueError(
            f"{source}: {said}, too few for training, validation and test to get one each; add rows, or join it with another class"
        )
    for argument, option in [("name its delimiter", "name it with --delimiter"), ("among the categories", "in --categories"),
                             ("among those to drop", "in --drop"), ("ask for the task classification", "say --task classification"), ('say decimal=","', 'say --decimal ","')]:  # fmt: skip
        said = said.replace(argument, option)
    return type(error)(said)


def _refuse_columns(args: Any, why: str) -> None:
    for option in ("target", "drop", "categories", "delimiter"):
        if getattr(args, option):
            raise ValueError(f"{why}; --{option} is for CSV files")
    if args.decimal != ".":
        raise ValueError(f"{why}; --decimal is for CSV files")
    if args.task != "auto":
        raise ValueError(f"{why}; --task is for CSV files")


def _digest(path: Path, parts: Any) -> str:
    """SHA-256 of a file, or of arrays that stand in none."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.x.tobytes() + part.y.tobytes())
    return digest.hexdigest()
