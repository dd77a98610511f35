"""Named arrays and a JSON header in one file, .npz or .safetensors: written at once or not at all, read without trust.

Nothing of a file is believed before it is checked: no pickle is opened, nothing is unpacked, and memory is taken only
for what the file really holds.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

Path_ = str | os.PathLike[str]
_HEADER, _ARRAY = "autograd_core.json", "state/"  # arrays under a prefix, since one may be called "file"
_NPY = re.compile(rb"\{'descr': '([<>|][biufcO]\d*)', 'fortran_order': (True|False), 'shape': \(([\d, ]*)\), \} *\n")
_PICKLES = {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib"}


def write(path: Path_, header: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Write arrays and header; ValueError for another suffix than .npz and .safetensors."""
    text = json.dumps(header)
    # in C order: safetensors would write a transposed array's bytes in the wrong order, and say nothing
    plain = {name: np.asarray(array, array.dtype.newbyteorder("<"), order="C") for name, array in arrays.items()}
    if Path(path).suffix == ".safetensors":
        write_bytes(path, _safetensors().numpy.save(plain, {_HEADER: text}))
    elif Path(path).suffix == ".npz":
        content = io.BytesIO()
        named = {_ARRAY + name: array for name, array in plain.items()}
        np.savez(content, **named, **{_HEADER: np.frombuffer(text.encode(), np.uint8)})  # type: ignore[arg-type]
        write_bytes(path, content.getbuffer())
    else:
        raise ValueError(f"a model is saved as .npz or .safetensors; {os.fspath(path)!r} ends otherwise")


def write_bytes(path: Path_, content: Any) -> None:
    """Write under a temporary name beside it, sync, rename: a crash leaves the old file or the new one."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        kept = "; the file that was there is as it was" if path.is_file() else ""
        raise OSError(error.errno, f"{path} could not be written ({error.strerror or error}){kept}") from error
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path_) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the arrays; ValueError for any file that `write` does not write, OSError for one that is not there."""
    with open(path, "rb") as file:
        start = file.read(9)
    try:
        if start.startswith(b"PK"):
            text, arrays = _from_npz(path)
        elif start[8:] == b"{" and not start.startswith(b"\x80\x04"):
            text, arrays = _from_safetensors(path)
        else:
            raise ValueError("it is neither .npz nor .safetensors")
        header = json.loads(text)
        if not isinstance(header, dict):
            raise ValueError("its header is no JSON object")
    except ImportError:
        raise
    except Exception as error:  # what a damaged file makes zip, JSON and array readers say is endless
        if start.startswith(b"\x80") or Path(path).suffix in _PICKLES or isinstance(error, _Pickled):
            raise ValueError(
                f"{path} is a pickle, which may run any code when it is opened, so it is not opened here. Where you trust "
                "it, open it with what wrote it, and save its arrays, with PyTorch by "
                "safetensors.torch.save_file(model.state_dict(), path); nn.from_torch puts them into a model"
            ) from None
        raise ValueError(f"{path} is not a model file of autograd_core, or it is damaged ({error})") from error
    return header, arrays


class _Pickled(ValueError):
    pass


def _from_npz(path: Path_) -> tuple[str, dict[str, Any]]:
    with zipfile.ZipFile(path) as file:
        members = file.infolist()
        names = [member.filename for member in members]
        if any(name.endswith("data.pkl") for name in names):  # what torch.save writes
            raise _Pickled
        if f"{_HEADER}.npy" not in names:
            raise ValueError(f"it has no {_HEADER}")
        if len(set(names)) != len(names):
            raise ValueError("two of its members have one name")
        if any(m.compress_type != zipfile.ZIP_STORED or m.compress_size != m.file_size for m in members):
            raise ValueError("its members are compressed, which nn.save does not do")  # 1 kB may become 1 GB
        if sum(member.file_size for member in members) > os.path.getsize(path):
            raise ValueError("its members are said to be larger than the file")
        arrays = {name.removesuffix(".npy"): _array(name, file.read(name)) for name in names}
    if strange := [name for name in arrays if name != _HEADER and not name.startswith(_ARRAY)]:
        raise ValueError(f"it has a member {strange[0]!r}")
    text = arrays.pop(_HEADER).tobytes().decode()
    return text, {name.removeprefix(_ARRAY): array for name, array in arrays.items()}


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
        raise _Pickled
    if math.prod(shape) * dtype.itemsize != len(content) - end:
        raise ValueError(f"{name} says it has the shape {shape}, and holds {len(content) - end} bytes")
    flat = np.frombuffer(content, dtype, offset=end)
    return flat.reshape(shape, order="F" if order == b"True" else "C")


def _from_safetensors(path: Path_) -> tuple[str, dict[str, Any]]:
    with _safetensors().safe_open(os.fspath(path), framework="numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        text = (file.metadata() or {}).get(_HEADER)
    if text is None:
        raise ValueError(
            "it holds arrays without an architecture, as PyTorch writes them: build the model, then "
            "nn.from_torch(model, safetensors.numpy.load_file(path))"
        )
    return text, arrays


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ImportError(
            '.safetensors files need the extra: pip install "autograd-core[safetensors]"; .npz needs nothing'
        ) from error
    return safetensors
