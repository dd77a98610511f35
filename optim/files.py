"""Files that are written whole or not at all, and files of named arrays with a JSON header, read without trust.

A process that is killed, or a disk that is full, leaves the file that was there: what is new is written under a temporary
name beside it and synced, and only then takes the name.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

HEADER, ARRAY = "autograd_core.json", "state/"
PICKLES = {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib"}


@contextlib.contextmanager
def whole(path: Path, keep_as: Path | None = None) -> Iterator[Any]:
    """A file to write bytes to, which becomes `path` at the end; what was there before stays under the name `keep_as`."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if keep_as is not None and path.exists():
            os.replace(path, keep_as)
        os.replace(temporary, path)
        sync(path.parent)
    except OSError as error:
        kept = "; the one that was there is as it was" if path.is_file() else ""
        raise OSError(error.errno, f"{path} could not be written ({error.strerror}){kept}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Have the names in a folder on the disk too; where a folder cannot be opened, the system does so by itself."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def leftovers(folder: Path) -> list[Path]:
    """What writers that were killed have left behind."""
    return sorted(folder.glob(".*.npz.*.tmp"))


def write(path: Path, header: dict[str, Any], arrays: dict[str, Any], keep_as: Path | None = None) -> None:
    """Write arrays and a header to an .npz file, with a checksum of both."""
    text = json.dumps({**header, "checksum": checksum(header, arrays)})
    with whole(path, keep_as) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        for name, array in [
            (HEADER, np.frombuffer(text.encode(), np.uint8)),
            *((ARRAY + n, a) for n, a in arrays.items()),
        ]:
            with packed.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array, order="C"), allow_pickle=False)


def read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the arrays; ValueError for any file that `write` does not write. No pickle is opened."""
    with path.open("rb") as file:
        start = file.read(2)
    try:
        return _unpacked(path)
    except Exception as error:  # what a damaged file makes zip, JSON and array readers say is endless
        if _is_pickle(path, start, error):
            raise ValueError(
                f"{path} is a pickle, which may run any code when it is opened, so it is not opened here; a checkpoint is an "
                ".npz file that Checkpoint wrote"
            ) from None
        raise ValueError(f"{path} is no checkpoint, or it is damaged or cut short ({error})") from error


def _unpacked(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    with zipfile.ZipFile(path) as file:
        members = file.infolist()
        if any(m.compress_type != zipfile.ZIP_STORED for m in members):
            raise ValueError("its members are compressed")  # 1 kB may become 1 GB
        if sum(m.file_size for m in members) > os.path.getsize(path):
            raise ValueError("its members are said to be larger than the file")
        if len({m.filename for m in members}) < len(members):
            raise ValueError("two of its members have one name")
        arrays = {
            m.filename.removesuffix(".npy"): np.lib.format.read_array(io.BytesIO(file.read(m)), allow_pickle=False)
            for m in members
        }
    if HEADER not in arrays:
        raise ValueError(f"it has no {HEADER}")
    header = json.loads(arrays.pop(HEADER).tobytes())
    if not isinstance(header, dict):
        raise ValueError("its header is no JSON object")
    return header, {name.removeprefix(ARRAY): array for name, array in arrays.items()}


def _is_pickle(path: Path, start: bytes, error: Exception) -> bool:
    if start[:1] == b"\x80" or "allow_pickle" in str(error) or path.suffix in PICKLES:
        return True
    with contextlib.suppress(Exception), zipfile.ZipFile(path) as file:  # what torch.save writes
        return any(name.endswith("data.pkl") for name in file.namelist())
    return False


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
