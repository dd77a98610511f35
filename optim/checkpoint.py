"""Checkpoints: a run on the disk, one .npz file with a JSON header, from which training goes on to the bit.

The file is written under a temporary name, synced and renamed, so that a crash or a full disk leaves the one before; it has
a version and a checksum, and is never a pickle. The checksum finds damage and careless edits; it is no signature.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from autograd_core import __version__
from autograd_core.lines import warn

from . import files
from .callbacks import direction

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
    for path in [folder / LAST, *sorted(_earlier(folder), reverse=True)]:
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


def resumed(source: Any, callbacks: Iterable[Any]) -> tuple[dict[str, Any] | None, Path | None]:
    """The state to go on from, of a folder, a file or a state, and its file; None for a folder to which this run writes first."""
    if isinstance(source, dict):
        return source, None
    if not isinstance(source, (str, os.PathLike)):
        raise TypeError(
            f"resume is the folder that Checkpoint writes to, a file in it, or what state_dict() gave; it is {source!r}"
        )
    path = Path(source)
    if path.is_file() or path.suffix == ".npz":
        return read(path), path
    found = newest(path)
    if found is None and not any(isinstance(c, Checkpoint) and _same(c.folder, path) for c in callbacks):
        what = "holds no checkpoint" if path.is_dir() else "is no folder and no file"
        raise FileNotFoundError(
            f"{path} {what}: name the folder that Checkpoint writes to, or a file in it; to begin there, pass Checkpoint({str(path)!r})"
        )
    return (None if found is None else read(found)), found


def _same(a: Path, b: Path) -> bool:
    return a.resolve() == b.resolve()


def _name(epoch: int, batch: int) -> str:
    """So that they sort as they were written."""
    return f"epoch-{epoch + 1:05d}-batch-{batch:07d}.npz" if batch else f"epoch-{epoch:05d}.npz"


def _earlier(folder: Path) -> list[Path]:
    """The checkpoints that were put by, and nobody's other files."""
    return [path for path in folder.glob("epoch-*.npz") if EARLIER.fullmatch(path.name)]


class Checkpoint:
    """Writes the run into a folder as it goes: `last.npz`, from which `fit(..., resume=folder)` goes on to the bit.

    every: epochs between two checkpoints; None for none at the ends of epochs. every_steps: steps between two, also in the
    middle of an epoch; steps are then made one by one, where a compiled epoch is one call. One more is written at the end,
    also after Ctrl-C. keep: how many earlier ones stay beside the last, as `epoch-00012.npz`; None for all; what has another
    name is never removed. best: a column of the history; `best.npz` is then the run at its best epoch (mode as in
    EarlyStopping). overwrite: begin in a folder that holds another run's checkpoints, and remove them. (Lightning:
    ModelCheckpoint; Keras: BackupAndRestore, ModelCheckpoint.)

    A folder that cannot be written to is an OSError before training begins. A write that fails later, as on a full disk, is
    a warning, once for each sort of failure: training goes on, the checkpoints that were there stay, and the next is tried.

    >>> import tempfile
    >>> from autograd_core import nn, optim
    >>> x = np.linspace(-1, 1, 64, dtype=np.float32).reshape(-1, 1)
    >>> def train(epochs, **more):
    ...     model = nn.MLP([1, 8, 1], rng=0)
    ...     trainer = optim.Trainer(model, nn.MSELoss(), optim.Adam(model.parameters()))
    ...     trainer.fit((x, x**2), epochs=epochs, **more)
    ...     return model[0].weight.value.tolist()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = train(3, callbacks=[Checkpoint(folder)])
    ...     train(5, callbacks=[Checkpoint(folder)], resume=folder) == train(5)
    True
    """

    told_last = True  # what the others have done is in what it writes

    looks = False

    def __init__(
        self,
        folder: str | os.PathLike[str],
        every: int | None = 1,
        every_steps: int | None = None,
        keep: int | None = 1,
        best: str | None = None,
        mode: str | None = None,
        overwrite: bool = False,
    ):
        for name, value, least in [("every", every, 1), ("every_steps", every_steps, 1), ("keep", keep, 0)]:
            if value is not None and (isinstance(value, bool) or value != int(value) or value < least):
                raise ValueError(f"{name} is a whole number, at least {least}, or None; it is {value!r}")
        self.folder, self.every, self.every_steps, self.keep = Path(folder).absolute(), every, every_steps, keep
        self.monitor, self.overwrite = best, overwrite
        self.sign = 0.0 if best is None else direction(best, mode)
        self.best: float | None = None
        self.last: tuple[int, int] | None = None  # epoch and batch of the last.npz that is known to be sound
        self.failures: set[Any] = set()
        self.mine = False
        if every_steps is not None:
            self.on_step_end = self._on_step_end  # else nobody need be told of steps

    def state_dict(self) -> dict[str, Any]:
        """The best number so far."""
        return {"best": self.best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self.best = state["best"]

    def on_fit_begin(self, trainer: Any) -> None:
        """Make the folder, and see whether it can be written to."""
        self.best, self.last, self.failures = None, None, set()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with files.whole(self.folder / ".probe.npz"):
                pass
            (self.folder / ".probe.npz").unlink(missing_ok=True)  # another run may begin here now
        except OSError as error:
            raise OSError(
                error.errno,
                f"checkpoints cannot be written to {self.folder} ({error.strerror}): name a folder where you may write",
            ) from error
        old = [p for p in [self.folder / LAST, self.folder / BEST, *_earlier(self.folder)] if p.exists()]
        source = trainer.resumed_from
        if old and not (source is not None and _same(source.parent, self.folder)):
            if not (self.overwrite or self.mine):
                raise ValueError(
                    f"{self.folder} holds the checkpoints of another run ({', '.join(p.name for p in old[:3])}): go on with it by "
                    f"fit(..., resume={str(self.folder)!r}), name another folder, or say overwrite=True"
                )
            for path in old if self.overwrite else ():
                path.unlink()
        for path in files.leftovers(self.folder):  # of a run that was killed while it wrote
            path.unlink(missing_ok=True)

    def on_resume(self, trainer: Any) -> None:
        """Go on beside the checkpoint from which the run goes on."""
        if trainer.resumed_from is not None and _same(trainer.resumed_from, self.folder / LAST):
            self.last = (trainer.place.epoch, trainer.place.batch)

    def _on_step_end(self, trainer: Any) -> None:
        if self.every_steps and trainer.place.steps % self.every_steps == 0:
            self.write(trainer)

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        """Write what is due."""
        if self.monitor is not None:
            if self.monitor not in row:
                raise ValueError(f"best={self.monitor!r} is not measured; there is {', '.join(row)}")
            score = self.sign * float(row[self.monitor])
            if self.best is None or score > self.best:
                self.best = score
                self._try(self.folder / BEST, trainer)
        if self.every and row["epoch"] % self.every == 0:
            self.write(trainer)

    def on_fit_end(self, trainer: Any) -> None:
        """Write where it ended, unless that was in the middle of a step."""
        if not trainer.torn and self.last != (trainer.place.epoch, trainer.place.batch):
            self.write(trainer)

    def write(self, trainer: Any) -> None:
        """Write `last.npz` now, and remove what is older than `keep` says."""
        here = trainer.place.epoch, trainer.place.batch
        if here == self.last:
            return
        keep_as = self.folder / _name(*self.last) if self.last is not None and self.keep != 0 else None
        if self._try(self.folder / LAST, trainer, keep_as):
            self.last, self.mine = here, True
            earlier = sorted((p for p in _earlier(self.folder) if p.name < _name(*here)), reverse=True)
            for path in earlier[self.keep :] if self.keep is not None else ():
                path.unlink(missing_ok=True)

    def _try(self, path: Path, trainer: Any, keep_as: Path | None = None) -> bool:
        try:
            write(path, trainer.state_dict(), keep_as)
        except OSError as error:
            if error.errno not in self.failures:
                self.failures.add(error.errno)
                warn(f"{error.strerror}. Training goes on, and the next checkpoint will be tried")
            return False
        return True
