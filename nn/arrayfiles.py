"""Model files: named arrays and a JSON header, as .npz or .safetensors. No pickle is opened, no code run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from autograd_core.arrayfiles import HEADER, is_pickle, pack, unpack, whole

Path_ = str | os.PathLike[str]


def write(path: Path_, header: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Write arrays and header; ValueError for another suffix than .npz and .safetensors."""
    text = json.dumps(header)
    # in C order: safetensors would write a transposed array's bytes in the wrong order, and say nothing
    plain = {name: np.asarray(array, array.dtype.newbyteorder("<"), order="C") for name, array in arrays.items()}
    if Path(path).suffix == ".safetensors":
        write_bytes(path, _safetensors().numpy.save(plain, {HEADER: text}))
    elif Path(path).suffix == ".npz":
        with whole(Path(path)) as file:
            pack(file, text, plain)
    else:
        raise ValueError(f"a model is saved as .npz or .safetensors; {os.fspath(path)!r} ends otherwise")


def write_bytes(path: Path_, content: Any) -> None:
    """Write bytes, whole or not at all."""
    with whole(Path(path)) as file:
        file.write(content)


def read(path: Path_) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the arrays; ValueError for any file that `write` does not write, OSError for one that is not there."""
    with open(path, "rb") as file:
        start = file.read(9)
    try:
        if start.startswith(b"PK"):
            text, arrays = unpack(path)
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
        if is_pickle(path, error):
            raise ValueError(
                f"{path} is a pickle, which may run any code when it is opened, so it is not opened here. Where you trust "
                "it, open it with what wrote it, and save its arrays, with PyTorch by "
                "safetensors.torch.save_file(model.state_dict(), path); nn.from_torch puts them into a model"
            ) from None
        raise ValueError(f"{path} is not a model file of autograd_core, or it is damaged ({error})") from error
    return header, arrays


def _from_safetensors(path: Path_) -> tuple[str, dict[str, Any]]:
    with _safetensors().safe_open(os.fspath(path), framework="numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        text = (file.metadata() or {}).get(HEADER)
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
