"""A model as a file: its arrays in an .npz, and how to build it as JSON beside them. Loading runs no code of the file.

A file is written under a temporary name, synced and renamed, so that a crash leaves the old one or the new one.
"""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from .module import Module

VERSION = 1
_HEADER = "autograd_core.json"


def save(model: Module, path: str | os.PathLike[str], **notes: Any) -> None:
    """Write a model, its architecture and `notes` (anything JSON can say) to an .npz file.

    A model with modules or functions of your own is saved without its architecture; load it with load(path, model).
    """
    path = Path(path)
    header = {"format": "autograd_core model", "version": VERSION, "architecture": describe(model), "notes": notes}
    arrays = {name: np.ascontiguousarray(value) for name, value in model.state_dict().items()}
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            np.savez(file, **arrays, **{_HEADER: np.frombuffer(json.dumps(header).encode(), np.uint8)})
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load(path: str | os.PathLike[str], model: Module | None = None) -> Module:
    """Build the model that was saved (or fill the given one); ValueError for a file that is not such a model.

    >>> import tempfile, numpy as np
    >>> from autograd_core import nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nn.save(nn.MLP([2, 3, 1], rng=0), f"{folder}/model.npz")
    ...     nn.load(f"{folder}/model.npz")
    MLP(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
      (2): Linear(in_features=3, out_features=1, bias=True)
    )
    """
    header, arrays = _read(path)
    if model is None:
        if header["architecture"] is None:
            raise ValueError(f"{path} holds the arrays of a model with modules of its author's own; build it and pass it: nn.load(path, model)")
        model = build(header["architecture"])
    model.load_state_dict(arrays)
    return model


def notes(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What was written beside the model when it was saved."""
    return _read(path)[0].get("notes", {})


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(bytes(arrays.pop(_HEADER)))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is not a model file of autograd_core, or it is damaged ({error})") from error
    if header.get("version") != VERSION:
        raise ValueError(f"{path} has version {header.get('version')} of the file format; this library reads version {VERSION}")
    return header, arrays


def describe(model: Module) -> dict[str, Any] | None:
    """How to build a model, for JSON; None where that takes code that is not this library's."""
    kind, known = type(model).__name__, _known()
    if kind not in known or not type(model).__module__.endswith(known[kind].__module__.rpartition(".")[2]):
        return None
    config = getattr(model, "config", dict)()
    if all(isinstance(v, (str, int, float, bool, list, type(None))) for v in config.values()) and kind != "Sequential":
        return {"type": kind, "config": config}
    layers = [describe(layer) for layer in getattr(model, "layers", [])]
    return None if None in layers or not layers else {"type": "Sequential", "layers": layers}


def build(architecture: dict[str, Any]) -> Module:
    """A model as `describe` described it, with initial values of its own; ValueError for an unknown type."""
    kind, known = architecture.get("type"), _known()
    if kind not in known:
        raise ValueError(f"the model file asks for a module {kind!r}, which this version does not have")
    if "layers" in architecture:
        return known[kind](*(build(layer) for layer in architecture["layers"]))
    return known[kind](**architecture["config"])


def _known() -> dict[str, Any]:
    from . import activations, layers, mlp

    return {n: c for m in (activations, layers, mlp) for n, c in vars(m).items() if isinstance(c, type) and hasattr(c, "forward") and n != "Module"}
