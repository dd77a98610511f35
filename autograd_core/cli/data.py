"""From what DATA names to three standardised parts, with what is needed to read other rows in the same way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import datasets
from . import options

PARTS = (0.7, 0.15, 0.15)
FEW = 20  # rows that say little of how well a model does
IN_OPTIONS = {
    "name its delimiter": "name what separates them with --delimiter", "among the categories": "in --categories",
    "among those to drop": "in --drop", "among the missing values": "in --missing",
    "ask for the task classification": "say --task classification",
    'task="regression"': "--task regression", "let class weights make": "let --class-weight balanced make",
    "look at each class by itself": "look at each class by itself, as the report does",
    'decimal="."': "--decimal .", 'decimal=","': "--decimal ,", 'encoding="cp1252"': "--encoding cp1252",
}  # fmt: skip


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
        reading, name = options.reading(args), path.stem
        with in_options(source):
            table = datasets.read_table(source, **reading)
            parts, encoder = datasets.encode(
                table,
                *PARTS,
                target=args.target,
                task=args.task,
                seed=args.seed,
                drop=args.drop,
                categories=args.categories,
            )
        target = str(encoder.target)
        encoder.notes = [*_unnamed(table), *_repeated(table), *map(as_options, encoder.notes), *_few(parts[-1])]
        columns = datasets.describe(table)
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


def _repeated(table: datasets.Table) -> list[str]:
    """What is said where rows are there twice, if they are more than chance may bring."""
    copies = len(table) - len(set(map(tuple, table.rows)))
    if copies <= len(table) / 20:
        return []
    return [
        f"{copies} of {len(table)} rows repeat another, cell by cell. Where they are copies, leave them out: the test rows are among "
        "those it has learnt from, and promise too much"
    ]


def _few(test: Any) -> list[str]:
    """What is said where the rows to test on are so few that their measures hang on chance."""
    return [f"test rows: only {len(test)}; how well it does on them hangs on chance"] if len(test) < FEW else []


@contextmanager
def in_options(source: str) -> Iterator[None]:
    """Say what Python's arguments would mend in terms of options."""
    try:
        yield
    except ValueError as error:
        said, few, _ = str(error).partition(", too few for each of the parts")
        if few:
            said = f"{source}: {said}, too few for training, validation and test to get one each; add rows, or join it with another class"
        raise type(error)(as_options(said)) from error


def as_options(said: str) -> str:
    """A sentence of the library as one for who types options."""
    for argument, option in IN_OPTIONS.items():
        said = said.replace(argument, option)
    return said


def _refuse_columns(args: Any, why: str) -> None:
    for option in ("target", "drop", "categories", *options.READING):
        if getattr(args, option):
            raise ValueError(f"{why}; --{option} is for CSV files")
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
