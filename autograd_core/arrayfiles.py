"""Files that are written whole or not at all, and files of named arrays with a header, read without trust.

A process that is killed, or a disk that is full, leaves the file that was there: what is new is written under a temporary
name beside it and synced, and only then takes the name. Nothing of a file is believed before it is checked: no pickle is
opened, nothing is unpacked, and memory is taken only for what the file really holds.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import threading
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

HEADER, ARRAY = "autograd_core.json", "state/"  # arrays under a prefix, since one may be called "file"
_NPY = re.compile(rb"\{'descr': '([<>|][biufcOSU]\d*)', 'fortran_order': (True|False), 'shape': \(([\d, ]*)\), \} *\n")
_PICKLES = {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib"}


class Pickled(ValueError):
    """The file holds a pickle, which may run any code when it is opened."""


@contextlib.contextmanager
def whole(path: Path, keep_as: Path | None = None) -> Iterator[Any]:
    """A file to write bytes to, which becomes `path` at the end; what was there before stays under the name `keep_as`.

    OSError, with the file that was there as it was, where it cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "numbers.txt"
    ...     with whole(path) as file:
    ...         _ = file.write(b"1 2 3")
    ...     path.read_text()
    '1 2 3'
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if keep_as is not None and path.exists():
            os.replace(path, keep_as)
        os.replace(temporary, path)
        _sync(path.parent)
    except OSError as error:
        kept = "; the file that was there is as it was" if path.is_file() else ""
        raise OSError(error.errno, f"{path} could not be written ({error.strerror or error}){kept}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Have the names in a folder on the disk too; where a folder cannot be opened, the system does so by itself."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def pack(file: Any, header: str, arrays: Mapping[str, Any]) -> None:
    """Write a header and arrays into an open file, as np.savez does: np.load reads them."""
    named = {HEADER: np.frombuffer(header.encode(), np.uint8), **{ARRAY + name: a for name, a in arrays.items()}}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        for name, array in named.items():  # in C order, which every reader of the format knows
            with packed.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array, order="C"), allow_pickle=False)


def unpack(path: str | os.PathLike[str]) -> tuple[str, dict[str, Any]]:
    """The header and the arrays; ValueError that says what is wrong with any file that `pack` does not write."""
    with zipfile.ZipFile(path) as file:
        members = file.infolist()
        names = [member.filename for member in members]
        if any(name.endswith("data.pkl") for name in names):  # what torch.save writes
            raise Pickled
        if len(set(names)) != len(names):
            raise ValueError("two of its members have one name")
        if any(m.compress_type != zipfile.ZIP_STORED or m.compress_size != m.file_size for m in members):
            raise ValueError("its members are compressed, which ours are not")  # 1 kB may become 1 GB
        if f"{HEADER}.npy" not in names:
            raise ValueError(f"it has no {HEADER}")
        if sum(member.file_size for member in members) > os.path.getsize(path):
            raise ValueError("its members are said to be larger than the file")
        arrays = {name.removesuffix(".npy"): _array(name, file.read(name)) for name in names}
    if strange := [name for name in arrays if name != HEADER and not name.startswith(ARRAY)]:
        raise ValueError(f"it has a member {strange[0]!r}")
    header = arrays.pop(HEADER).tobytes().decode()
    return header, {name.removeprefix(ARRAY): array for name, array in arrays.items()}


def _array(name: str, content: bytes) -> Any:
    """An array in NumPy's .npy format, of which `content` must be all and nothing more."""
    if content[:6] != b"\x93NUMPY" or content[6] not in (1, 2, 3):
        raise ValueError(f"{name} is not an array")
    start = 10 if content[6] == 1 else 12
    end = start + int.from_bytes(content[8:start], "little")
    said = _NPY.fullmatch(content[start:end])
    if not said:
        raise ValueError(f"{name} is no array of numbers")
    dtype, order, shape = np.dtype(said[1].decode()), said[2], tuple(map(int, re.findall(rb"\d+", said[3])))
    if dtype.hasobject:
        raise Pickled
    if math.prod(shape) * dtype.itemsize != len(content) - end:
        raise ValueError(f"{name} says it has the shape {shape}, and holds {len(content) - end} bytes")
    array = np.frombuffer(content, dtype, math.prod(shape), offset=end).copy()  # which may be written to
    return array.reshape(shape, order="F" if order == b"True" else "C")


def is_pickle(path: str | os.PathLike[str], error: Exception) -> bool:
    """Whether a file that could not be read is a pickle, by its first byte, its name, or what was met in it."""
    with open(path, "rb") as file:
        return file.read(1) == b"\x80" or Path(path).suffix in _PICKLES or isinstance(error, Pickled)
