"""Checkpoint: the callback that writes a run into a folder as it goes, beside other runs and after them."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograd_core.lines import warn

from . import files
from .callbacks import direction
from .checkpoint import BEST, LAST, earlier, name_of, newest, read, write


class Checkpoint:
    """Writes the run into a folder as it goes: `last.npz`, from which `fit(..., resume=folder)` goes on to the bit.

    every: epochs between two checkpoints; None for none at the ends of epochs. every_steps: steps between two, also in the
    middle of an epoch; steps are then made one by one, where a compiled epoch is one call. One more is written at the end,
    also after Ctrl-C. keep: how many earlier ones stay beside the last, as `epoch-00012.npz`; None for all; what has another
    name is never removed. best: a column of the history; `best.npz` is then the run at its best epoch (mode as in
    EarlyStopping). overwrite: begin in a folder that holds another run's checkpoints, and remove them. Several may write to
    several folders: a run that is resumed from one goes on in all. (Lightning: ModelCheckpoint; Keras: BackupAndRestore,
    ModelCheckpoint.)

    A folder that cannot be written to is an OSError before training begins. A write that fails later, as on a full disk, is
    a warning, once for each sort of failure: training goes on, the checkpoints that were there stay, and the next is tried.
    Where another run turns out to write to the same folder, the one that notices leaves it to the other, and says in which
    folder beside it it goes on.

    >>> import tempfile
    >>> import numpy as np
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
        self.known: dict[Path, Any] = {}  # the stamps of the files that it found and wrote
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
        files.see_that_it_is_writable(self.folder, "checkpoints cannot be written to")
        own = [self.folder / LAST, self.folder / BEST]
        old = [p for p in [*own, *earlier(self.folder)] if p.exists()]
        source = trainer.resumed_from
        same = (source is not None and _same(source.parent, self.folder)) or _is_behind(old, trainer.history.rows)
        if old and not same:
            mine = bool(self.known) and all(self._is_ours(path, trainer) for path in own)
            if not (self.overwrite or mine):
                raise ValueError(
                    f"{self.folder} holds the checkpoints of another run ({', '.join(p.name for p in old[:3])}): go on with it by "
                    f"fit(..., resume={str(self.folder)!r}), name another folder, or say overwrite=True"
                )
            for path in old if self.overwrite else ():
                path.unlink()
        for path in files.leftovers(self.folder):  # of a run that was killed while it wrote
            path.unlink(missing_ok=True)
        self.known = {path: _stamp(path) for path in own}

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
                self._try(BEST, trainer)
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
        if self._try(LAST, trainer):
            self.last = here
            older = [p for p in earlier(self.folder) if p.name < name_of(*here)]
            for path in older[self.keep :] if self.keep is not None else ():
                path.unlink(missing_ok=True)

    def _try(self, name: str, trainer: Any) -> bool:
        """Write a file of the folder, where no other run does; whether that went well."""
        try:
            if not self._is_ours(self.folder / name, trainer):
                self._make_way()
            path, keep_as = self.folder / name, None
            if name == LAST and self.last is not None and self.keep != 0:
                keep_as = self.folder / name_of(*self.last)
            write(path, trainer.state_dict(), keep_as)
            self.known[path] = _stamp(path)
        except OSError as error:
            if error.errno not in self.failures:
                self.failures.add(error.errno)
                warn(f"{error.strerror}. Training goes on, and the next checkpoint will be tried")
            return False
        return True

    def _is_ours(self, path: Path, trainer: Any) -> bool:
        """Whether a file is as this run found or left it, through this Checkpoint or another; so is one that is gone."""
        ours = [c.known.get(path) for c in [self, *trainer.run.callbacks] if isinstance(c, Checkpoint)]
        return _stamp(path) in [None, *ours]

    def _make_way(self) -> None:
        """Leave the folder to another run that has begun to write there, and go on in one beside it."""
        before, beside = self.folder, (self.folder.with_name(f"{self.folder.name}-{n}") for n in itertools.count(2))
        folder = next(folder for folder in beside if not folder.exists())
        folder.mkdir()
        best = _stamp(before / BEST)
        if best is not None and best == self.known.get(before / BEST):
            shutil.copyfile(before / BEST, folder / BEST)
            self.known[folder / BEST] = _stamp(folder / BEST)
        self.folder, self.last = folder, None
        warn(
            f"another run writes its checkpoints to {before}, too: it is left to that one, and this run goes on writing to "
            f"{folder}, from which to resume it. Name a folder for each run"
        )


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


def _is_behind(paths: list[Path], rows: list[dict[str, Any]]) -> bool:
    """Whether a run with this history has written these checkpoints: the losses of their epochs, and the times that they took."""
    for path in paths if rows else ():
        try:
            theirs = read(path)["history"]["rows"]
        except (ValueError, KeyError):  # damaged
            continue
        was, now = ([(row["loss"], row["seconds"]) for row in part] for part in (theirs, rows))
        return bool(was) and was == now[: len(was)]
    return False


def _stamp(path: Path) -> tuple[int, int] | None:
    """By which a file is known from another that takes its name; None for none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
