"""A bundle: one step of a training as a file, with all that is needed to make it again. Nothing is pickled, and reading runs no code."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from autograd_core import __version__

from . import files, resuming
from .plumbing import bare

FORMAT, VERSION = "autograd_core flight", 1
RECENT = 256  # losses before the step
KEYS = (
    "why", "step", "loss", "output", "exact", "x", "t", "turned", "by_samples", "architecture", "loss_architecture", "shared",
    "training", "frozen", "recent", "state",
)  # fmt: skip


def write(path: Path, trainer: Any, facts: dict[str, Any], batch: Any, state: dict[str, Any] | None = None) -> None:
    """Write a step; the trainer stands before it, unless its state then is given."""
    x, t = (bare(part) for part in batch)
    modules = list(trainer.model.modules()) if hasattr(trainer.model, "modules") else []
    named = list(trainer.model._named_tensors()) if hasattr(trainer.model, "_named_tensors") else []
    first: dict[int, str] = {}
    shared = {name: first[id(p)] for name, p in named if first.setdefault(id(p), name) != name}
    tree = {
        **facts, "loss": None if facts["loss"] is None else np.float64(facts["loss"]), "x": x, "t": t,
        "turned": [part.ndim > 1 and part.strides[0] < part.strides[-1] for part in (x, t)],
        "by_samples": hasattr(trainer.optimizer, "collect"),
        "architecture": described(trainer.model), "loss_architecture": described(trainer.loss), "shared": shared,
        "training": [module.training for module in modules], "frozen": [n for n, p in named if getattr(p, "is_parameter", False) and not p.requires_grad],
        "recent": trainer.losses[-RECENT:], "state": resuming.state_of(trainer) if state is None else state,
    }  # fmt: skip
    tree["state"]["place"] |= {"outputs": None, "targets": None}
    tree["state"]["history"] = {"rows": tree["state"]["history"]["rows"]}
    arrays: dict[str, Any] = {}
    flat = files.flatten(tree, arrays)
    made = {"library": __version__, "numpy": np.__version__, "python": sys.version.split()[0]}
    files.write(path, {"format": FORMAT, "version": VERSION, "made_with": made, "state": flat}, arrays)


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a bundle holds; ValueError for a file that is none, or is damaged, changed, or of another version."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no bundle {path}")
    try:
        header, arrays = files.read(path)
    except ValueError as error:
        raise ValueError(f"not a bundle of a flight recorder: {error}") from error
    if header.get("format") != FORMAT:
        raise ValueError(f"{path} is no bundle of a flight recorder: its header says {header.get('format')!r}")
    if type(header.get("version")) is not int or header["version"] != VERSION:
        raise ValueError(
            f"{path} has version {header.get('version')!r} of the bundle format, and this library reads version {VERSION}"
        )
    if header.get("checksum") != files.checksum(header, arrays):
        raise ValueError(
            f"{path} was changed or damaged after it was written: its content has another checksum than its header says"
        )
    try:
        bundle = files.unflatten(header["state"], arrays)
        if not isinstance(bundle, dict):
            raise ValueError("it holds no step")
        if missing := [key for key in KEYS if key not in bundle]:
            raise ValueError(f"it has no {missing[0]}")
        if not all(isinstance(bundle[name], (np.ndarray, np.generic)) for name in ("x", "t")):
            raise ValueError("its batch is no pair of arrays")
        for name, turned in zip(("x", "t"), bundle["turned"], strict=True):  # products go through memory in this order
            bundle[name] = np.asfortranarray(bundle[name]) if turned else bundle[name]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged: {error!r}") from error
    return {**bundle, "made_with": header.get("made_with")}


def described(part: Any) -> Any:
    """How to build a model or a loss, as the library that it comes from says it; None where it cannot."""
    for kind in type(part).__mro__:
        room = sys.modules.get(f"{kind.__module__.rpartition('.')[0]}.architecture")
        if room is not None:
            return room.describe(part)
    return None
