"""Checkpoints: a run on the disk, one .npz file with a JSON header, from which training goes on to the bit.

The file is written under a temporary name, synced and renamed, so that a crash or a full disk leaves the one before; it has
a version and a checksum, and is never a pickle. The checksum finds damage and careless edits; it is no signature.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from autograd_core import __version__
from autograd_core.lines import warn

from . import files

FORMAT, VERSION = "autograd_core checkpoint", 1
LAST, BEST, EARLIER = "last.npz", "best.npz", re.compile(r"epoch-\d{5,}(-batch-\d{7,})?\.npz")


def write(path: str | os.PathLike[str], state: dict[str, Any], keep_as: Path | None = None) -> None:
    """Write what `Trainer.state_dict()` gave. keep_as: a name under which the file that was there stays.

    TypeError for a state with something that is no number, text or array in it; OSError where it cannot be written.
    """
    arrays: dict[str, Any] = {}
    tree = files.flatten(state, arrays)
    made = {"library": __version__, "numpy": np.__version__}
    files.write(Path(path), {"format": FORMAT, "version": VERSION, "made_with": made, "state": tree}, arrays, keep_as)


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What `write` was given; ValueError for a file that is no checkpoint, or is damaged, changed, or of another version.

    `trainer.load_state_dict(read("runs/a/best.npz"))` takes over the best weights.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}")
    header, arrays = files.read(path)
    if header.get("format") != FORMAT:
        hint = "; a model is loaded by nn.load" if header.get("format") == "autograd_core model" else ""
        raise ValueError(f"{path} is not a checkpoint: its header says {header.get('format')!r}{hint}")
    if type(header.get("version")) is not int or header["version"] != VERSION:
        raise ValueError(
            f"{path} has version {header.get('version')!r} of the checkpoint format, and this library reads version {VERSION}: "
            "go on with the version of autograd-core that wrote it, or begin anew"
        )
    if header.get("checksum") != files.checksum(header, arrays):
        raise ValueError(
            f"{path} was changed or damaged after it was written: its content has another checksum than its header says"
        )
    try:
        state = files.unflatten(header["state"], arrays)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    if not isinstance(state, dict):
        raise ValueError(f"{path} is damaged: it holds no state")
    return state


def newest(folder: str | os.PathLike[str]) -> Path | None:
    """The newest checkpoint of a folder that can be read, with a warning for each newer one that cannot; None if there is none.

    ValueError, saying what is wrong with each, where none of them can be read.
    """
    folder, wrong = Path(folder), []
    for path in [folder / LAST, *earlier(folder)]:
        try:
            if path.exists():
                read(path)
                break
        except ValueError as error:
            wrong.append(str(error))
    else:
        if wrong:
            raise ValueError(f"no checkpoint in {folder} can be read: {'; '.join(wrong)}")
        return None
    for sentence in wrong:
        warn(f"{sentence}; going on from {path.name}, which is older")
    return path


def name_of(epoch: int, batch: int) -> str:
    """So that they sort as they were written."""
    return f"epoch-{epoch + 1:05d}-batch-{batch:07d}.npz" if batch else f"epoch-{epoch:05d}.npz"


def earlier(folder: Path) -> list[Path]:
    """The checkpoints that were put by, the newest first, and nobody's other files."""
    return sorted((path for path in folder.glob("epoch-*.npz") if EARLIER.fullmatch(path.name)), reverse=True)
