"""A model as a file: its arrays, and how to build it as JSON beside them. Loading runs no code of the file.

Version 2 of the format has a checksum over everything in the file, and says which parameters are shared. A checksum
finds damage and careless edits; it is no signature, so a file is read with care all the same.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from typing import Any

from autograd_core import Tensor

from . import arrayfiles
from .architecture import build, describe
from .module import Module

VERSION, READS = 2, (1, 2)
FORMAT = "autograd_core model"


def save(model: Module, path: str | os.PathLike[str], **notes: Any) -> None:
    """Write a model, its architecture and `notes` (anything JSON can say) to an .npz or .safetensors file.

    A parameter that two modules share is written once, and shared again in the model that is loaded. A model with
    modules or functions of your own is saved without its architecture; load it with load(path, model). The file is
    written whole or not at all. .safetensors needs the extra `safetensors`; other libraries read the arrays from it.
    ValueError for another suffix, TypeError for notes that JSON cannot say, OSError where the file cannot be written.
    """
    refuse_others(model)
    arrays: dict[str, Any] = {}
    shared: dict[str, str] = {}
    first: dict[Tensor, str] = {}
    for name, tensor in model._named_tensors():
        if (same := first.setdefault(tensor, name)) == name:
            arrays[name] = tensor.value
        else:
            shared[name] = same
    header = {
        "format": FORMAT, "version": VERSION, "architecture": describe(model), "shared": shared, "notes": notes,
    }  # fmt: skip
    try:
        header = json.loads(json.dumps(header))  # as it will be read: a tuple as a list, a number as a key as text
    except (TypeError, ValueError) as error:
        raise TypeError(f"notes are what JSON can say: texts, numbers, lists and dicts of them ({error})") from error
    arrayfiles.write(path, {**header, "checksum": checksum(header, arrays)}, arrays)


def refuse_others(model: Any) -> None:
    """TypeError for what is no module of nn, such as an estimator, which has one."""
    if not isinstance(model, Module):
        name = type(model).__name__
        hint = "; its network is its attribute model_, once it is fitted" if hasattr(model, "fit") else ""
        raise TypeError(f"a model is a Module of nn, not {name}{hint}")


def load(path: str | os.PathLike[str], model: Module | None = None) -> Module:
    """Build the model that was saved (or fill the given one); ValueError for a file that is not such a model.

    Also for a pickle, a damaged or changed file, another version of the format, another architecture than the given
    model's. PyTorch's load reads pickles; for what comes from there see `from_torch`.

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
    state = arrays | {name: arrays[first] for name, first in header["shared"].items()}
    try:
        if model is not None:
            model.load_state_dict(state)
            return model
        if header["architecture"] is None:
            raise ValueError(
                "it holds the arrays of a model with modules of its author's own; build it and pass it: nn.load(path, model)"
            )
        model = build(header["architecture"], room=sum(math.prod(a.shape) for a in state.values()))
        model.load_state_dict(state)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    _tie(model, header["shared"])
    return model


def notes(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What was written beside the model when it was saved; errors as in `load`."""
    return _read(path)[0]["notes"]


def checksum(header: dict[str, Any], arrays: dict[str, Any]) -> str:
    """SHA-256 over the header and the names, types, shapes and bytes of the arrays, whatever file they stand in."""
    digest = hashlib.sha256(json.dumps({**header, "checksum": None}, sort_keys=True).encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"\0{name}\0{array.dtype.newbyteorder('<').str}\0{array.shape}\0".encode())
        digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and arrays of a model file of any version, with all that can be checked without building it checked."""
    header, arrays = arrayfiles.read(path)
    if header.get("format") != FORMAT or "architecture" not in header:
        raise ValueError(f"{path} is not a model file of autograd_core: its header is another's")
    version = header.get("version")
    if version not in READS or type(version) is not int:
        raise ValueError(
            f"{path} has version {version} of the file format; this library reads versions {' and '.join(map(str, READS))}"
        )
    if version > 1 and header.get("checksum") != checksum(header, arrays):
        raise ValueError(
            f"{path} was changed or damaged after it was written: its content has another checksum than its header says"
        )
    header = {"shared": {}, "notes": {}, **header}
    shared, said = header["shared"], header["notes"]
    if not isinstance(said, dict) or not isinstance(shared, dict) or not set(map(str, shared.values())) <= set(arrays):
        raise ValueError(f"{path} is damaged: its notes are no JSON object, or it shares a parameter it does not have")
    return header, arrays


def _tie(model: Module, shared: dict[str, str]) -> None:
    """Make one parameter of those that were one when the model was saved."""
    modules, tensors = dict(model.named_modules()), dict(model._named_tensors())
    for name, first in shared.items():
        path, _, attribute = name.rpartition(".")
        setattr(modules[path], attribute, tensors[first])
