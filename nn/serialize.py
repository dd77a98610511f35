"""A model as a file: its arrays in an .npz, and how to build it as JSON beside them. Loading runs no code of the file.

A file is written under a temporary name, synced and renamed, so that a crash leaves the old one or the new one.
"""

from __future__ import annotations

import io
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from .module import Module

VERSION = 1
_HEADER, _STATE = "autograd_core.json", "state/"
_CONTAINERS = ("Sequential", "Residual", "Parallel")  # built from their layers


def save(model: Module, path: str | os.PathLike[str], **notes: Any) -> None:
    """Write a model, its architecture and `notes` (anything JSON can say) to an .npz file.

    A model with modules or functions of your own is saved without its architecture; load it with load(path, model).
    """
    path = Path(path)
    header = {"format": "autograd_core model", "version": VERSION, "architecture": describe(model), "notes": notes}
    # under a prefix, since a parameter may be called "file"; in C order, which every reader of the format knows
    arrays: dict[str, Any] = {_STATE + name: np.asarray(value, order="C") for name, value in model.state_dict().items()}
    arrays[_HEADER] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    content = io.BytesIO()
    np.savez(content, **arrays)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content.getbuffer())
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
            raise ValueError(
                f"{path} holds the arrays of a model with modules of its author's own; build it and pass it: nn.load(path, model)"
            )
        model = build(header["architecture"])
    model.load_state_dict(arrays)
    return model


def notes(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What was written beside the model when it was saved."""
    return _read(path)[0].get("notes", {})


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
            header = json.loads(bytes(file[_HEADER]))
            arrays = {name.removeprefix(_STATE): file[name] for name in file.files if name != _HEADER}
        version, _ = header["version"], header["architecture"]
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is not a model file of autograd_core, or it is damaged ({error})") from error
    if version != VERSION:
        raise ValueError(f"{path} has version {version} of the file format; this library reads version {VERSION}")
    return header, arrays


def describe(model: Module) -> dict[str, Any] | None:
    """How to build a model, for JSON; None where that takes code that is not this library's."""
    kind, known = type(model).__name__, _known()
    if kind not in known or type(model).__module__.split(".")[-2:] != known[kind].__module__.split(".")[-2:]:
        return None  # by the module's last names, since nn may be imported from a checkout as well
    config: dict[str, Any] = getattr(model, "config", dict)()
    can_be_said = all(isinstance(v, (str, int, float, bool, list, type(None))) for v in config.values())
    if kind not in _CONTAINERS and can_be_said and repr(known[kind](**config)) == repr(model):
        return {"type": kind, "config": config}  # unless a layer was replaced since the model was built
    layers = [describe(layer) for layer in getattr(model, "layers", [])]
    if None in layers or not layers:
        return None
    if kind in _CONTAINERS and config:
        return {"type": kind, "layers": layers, "config": config}
    return {"type": kind if kind in _CONTAINERS else "Sequential", "layers": layers}


def build(architecture: dict[str, Any]) -> Module:
    """A model as `describe` described it, with initial values of its own; ValueError for an unknown type."""
    kind, known = architecture.get("type"), _known()
    if kind not in known:
        raise ValueError(f"the model file asks for a module {kind!r}, which this version does not have")
    layers = [build(layer) for layer in architecture.get("layers", [])]
    try:
        return known[kind](*layers, **architecture.get("config", {}))
    except TypeError as error:
        raise ValueError(f"the model file asks for a {kind} as this version does not have it: {error}") from error


def _known() -> dict[str, Any]:
    """The modules that nn exports, by name."""
    ours = vars(sys.modules[__name__.rpartition(".")[0]])
    return {n: c for n, c in ours.items() if isinstance(c, type) and hasattr(c, "forward") and n != "Module"}
