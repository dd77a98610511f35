"""Checkpoint files: a tree of state as JSON with its arrays beside it, with a checksum over both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from autograd_core.arrayfiles import is_pickle, pack, unpack, whole


def see_that_it_is_writable(folder: Path, who: str) -> None:
    """Make a folder for files to come; OSError, which `who` begins, where none can be written."""
    probe = folder / ".probe.npz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with whole(probe):
            ...
        probe.unlink(missing_ok=True)  # another run may begin here now
    except OSError as error:
        raise OSError(error.errno, f"{who} {folder} ({error.strerror}): name a folder where you may write") from error


def leftovers(folder: Path) -> list[Path]:
    """What writers that were killed have left behind."""
    return sorted(folder.glob(".*.npz.*.tmp"))


def write(path: Path, header: dict[str, Any], arrays: dict[str, Any], keep_as: Path | None = None) -> None:
    """Write arrays and a header to an .npz file, with a checksum of both."""
    with whole(path, keep_as) as file:
        pack(file, json.dumps({**header, "checksum": checksum(header, arrays)}), arrays)


def read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the arrays; ValueError for any file that `write` does not write. No pickle is opened."""
    try:
        text, arrays = unpack(path)
        header = json.loads(text)
        if not isinstance(header, dict):
            raise ValueError("its header is no JSON object")
        return header, arrays
    except FileNotFoundError:
        raise
    except Exception as error:  # what a damaged file makes zip, JSON and array readers say is endless
        if is_pickle(path, error):
            raise ValueError(
                f"{path} is a pickle, which may run any code when it is opened, so it is not opened here; a checkpoint is an "
                ".npz file that Checkpoint wrote"
            ) from None
        raise ValueError(f"{path} is no checkpoint, or it is damaged or cut short ({error})") from error


def checksum(header: dict[str, Any], arrays: dict[str, Any]) -> str:
    """SHA-256 over the header and the names, types, shapes and bytes of the arrays."""
    digest = hashlib.sha256(json.dumps({**header, "checksum": None}, sort_keys=True).encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"\0{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        digest.update(np.ascontiguousarray(array).data if array.size else b"")
    return digest.hexdigest()


def flatten(tree: Any, arrays: dict[str, Any], path: str = "") -> Any:
    """A tree of dicts, lists, tuples, plain values and arrays as JSON has it; the arrays are put aside, by path.

    >>> arrays = {}
    >>> flatten({"steps": 3, "betas": (0.9, 0.99), "m": np.zeros(2)}, arrays), arrays
    ({'steps': 3, 'betas': {'$tuple': [0.9, 0.99]}, 'm': {'$array': 'm'}}, {'m': array([0., 0.])})
    """

    def inside(key: Any, value: Any) -> Any:
        return flatten(value, arrays, f"{path}/{key}" if path else str(key))

    if isinstance(tree, (np.ndarray, np.generic)):
        if tree.dtype.kind not in "biufcUS":
            raise TypeError(f"{path} is an array of {tree.dtype}, which a checkpoint cannot hold")
        name = path if path not in arrays else f"{path}#{len(arrays)}"
        arrays[name] = np.asarray(tree)
        return {"$array" if isinstance(tree, np.ndarray) else "$scalar": name}
    if isinstance(tree, dict):
        if all(isinstance(key, str) and not key.startswith("$") for key in tree):
            return {key: inside(key, value) for key, value in tree.items()}
        return {"$pairs": [[inside(f"key {i}", k), inside(i, v)] for i, (k, v) in enumerate(tree.items())]}
    if isinstance(tree, (list, tuple)):
        items = [inside(i, value) for i, value in enumerate(tree)]
        return items if isinstance(tree, list) else {"$tuple": items}
    if tree is None or isinstance(tree, (bool, int, float, str)):
        return tree
    raise TypeError(
        f"{path} is a {type(tree).__name__}, which a checkpoint cannot hold: a state_dict() has numbers, texts, arrays, and "
        "lists, tuples and dicts of them"
    )


def unflatten(tree: Any, arrays: dict[str, Any]) -> Any:
    """The tree that `flatten` was given; ValueError or KeyError for what it does not write."""
    if isinstance(tree, list):
        return [unflatten(value, arrays) for value in tree]
    if not isinstance(tree, dict):
        return tree
    special: dict[str, Callable[[Any], Any]] = {
        "$array": lambda name: arrays[name],
        "$scalar": lambda name: arrays[name][()],
        "$tuple": lambda items: tuple(unflatten(items, arrays)),
        "$pairs": lambda pairs: {unflatten(k, arrays): unflatten(v, arrays) for k, v in pairs},
    }
    if len(tree) == 1 and next(iter(tree)) in special:
        ((kind, content),) = tree.items()
        return special[kind](content)
    return {key: unflatten(value, arrays) for key, value in tree.items()}
