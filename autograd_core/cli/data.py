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
    source = args.data = args.data or args.data_by_default
    if not source:
        raise ValueError(
            "which data? name a bundled set (see: autograd-core datasets) or a CSV file, or set data in the file of --config"
        )
    path, name, encoder = Path(source), Path(source).stem, None
    columns: list[Any] = []
    reading: dict[str, Any] = {}
    if source in datasets.names() and not path.is_file():
        _refuse_columns(args, f"{source} is a bundled data set with a target of its own")
        parts, name = datasets.load(source).split(*PARTS, seed=args.seed), source
    elif path.suffix == ".npz":
        _refuse_columns(args, f"{source} holds the arrays x and y")
        parts = datasets.load_npz(path).split(*PARTS, seed=args.seed)
    else:
        if not (args.target or path.suffix or "/" in source or path.is_file()):
            _refuse_word(source)
        reading = options.reading(args)
        parts, encoder, columns = _encoded(args, reading)
    digest = _digest(path, parts)
    scaled, scaler, *more = datasets.standardize(*parts, target=parts[0].task == "regression")  # type: ignore[call-overload]
    train, validation, test = scaled
    return Prepared(
        name, train, validation, test, scaler, more[0] if more else None, encoder,
        target=str(encoder.target) if encoder else "target", path=str(path.resolve()) if path.is_file() else None,
        digest=digest, columns=columns, reading=reading,
    )  # fmt: skip


def _encoded(args: Any, reading: dict[str, Any]) -> tuple[Any, Any, list[Any]]:
    """The parts of a CSV file, the encoder that the first of them taught, and what its columns hold."""
    with in_options(args.data):
        table = datasets.read_table(args.data, **reading)
        how = {"target": args.target, "task": args.task, "drop": args.drop, "categories": args.categories}
        parts, encoder = datasets.encode(table, *PARTS, seed=args.seed, **how)
    encoder.notes = [*_unnamed(table), *_repeated(table), *map(as_options, encoder.notes), *_few(parts[-1])]
    return parts, encoder, datasets.describe(table)


def _refuse_word(source: str) -> None:
    """ValueError for what looks like the name of a bundled set, and is that of none."""
    try:
        datasets.load(source)
    except ValueError as error:
        said = str(error).replace("is read by load_csv(path)", f"is named with its ending, such as {source}.csv")
        raise ValueError(said) from None


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
    if len(test) >= FEW:
        return []
    undefined = ", and R² is not defined for a single row" * (len(test) == 1 and not test.classes)
    return [f"test rows: only {len(test)}; how well it does on them hangs on chance{undefined}"]


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
