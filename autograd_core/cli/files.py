"""The folder of a run: what `train` writes and the other commands read, with a sentence for whatever else they find."""

from __future__ import annotations

import csv
import json
import os
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

from ..arrayfiles import whole

CONFIG, RESULT, HISTORY, HEALTH, MODEL = "config.json", "result.json", "history.csv", "health.json", "model.npz"
CHECKPOINTS, FLIGHT = "checkpoints", "flight"  # folders


def new_folder(asked: str | None, name: str) -> Path:
    """Make the folder of a new run: never where another run's results stand. OSError where it cannot be made."""
    if asked is None:
        for i in range(1, sys.maxsize):
            out = Path("runs") / f"{name}-{i}"
            try:
                out.mkdir(parents=True)
                return out
            except FileExistsError:
                if not out.parent.is_dir():
                    raise OSError(f"{out.parent} is a file; name a folder for the results with --out") from None
            except OSError as error:
                raise _denied(out, error) from error
    out = Path(str(asked))
    if out.is_file():
        raise ValueError(f"{out} is a file; name a folder for the results with --out")
    if any((out / name).exists() for name in (CONFIG, RESULT, MODEL, HISTORY)):
        raise ValueError(f"{out} holds the results of another run; name another folder with --out, or remove it")
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / f".{os.getpid()}.tmp"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise _denied(out, error) from error
    return out


def _denied(out: Path, error: OSError) -> OSError:
    return OSError(
        f"{out} cannot be written to ({error.strerror}); name a folder for the results with --out where you may write"
    )


def write_text(path: Path, text: str) -> None:
    """Write whole or not at all."""
    with whole(path) as file:
        file.write(text.encode())


def write_json(path: Path, content: Any) -> None:
    """Write JSON, indented."""
    write_text(path, json.dumps(content, indent=1) + "\n")


def write_new(path: str, text: str) -> None:
    """Write to a file that is not there yet; ValueError if it is."""
    refuse_old(path)
    write_text(Path(path), text)


def refuse_old(path: str) -> None:
    """ValueError for a file that is there, OSError for a folder that is not."""
    if os.path.lexists(path):
        raise ValueError(f"{path} is there already, and would be lost; name another file, or remove it")
    if not Path(path).parent.is_dir():
        raise OSError(f"there is no folder {Path(path).parent} to write {Path(path).name} to; make it, or name another")


class Run:
    """A run's folder, read with care: errors say what is wrong with it, and which command helps."""

    def __init__(self, folder: str | os.PathLike[str]):
        self.folder = Path(folder)
        if not self.folder.exists():
            raise ValueError(f"there is no folder {self.folder}; `autograd-core runs` lists the runs that there are")
        if not self.folder.is_dir():
            raise ValueError(f"{self.folder} is a file; name the folder of a run, as `autograd-core train` made it")
        if not (self.folder / CONFIG).exists():
            inside = sorted(p.parent.name for p in self.folder.glob(f"*/{CONFIG}"))
            hint = f"; there are runs in it: {', '.join(inside[:5])}" if inside else ""
            raise ValueError(f"{self.folder} is not the folder of a run (it has no {CONFIG}){hint}")

    @cached_property
    def config(self) -> dict[str, Any]:
        """The options it was trained with, the data, the versions."""
        config = _json(self.folder / CONFIG)
        if not isinstance(config.get("options"), dict) or not isinstance(config.get("data"), dict):
            raise ValueError(f"{self.folder / CONFIG} is not what `autograd-core train` writes; train anew")
        return config

    @cached_property
    def options(self) -> dict[str, Any]:
        """The options it was trained with."""
        return dict(self.config["options"])

    @cached_property
    def result(self) -> dict[str, Any] | None:
        """What came out; None for a run that was broken off before its end."""
        return _json(self.folder / RESULT) if (self.folder / RESULT).exists() else None

    @cached_property
    def history(self) -> list[dict[str, float]]:
        """The rows of its epochs."""
        path = self.folder / HISTORY
        try:
            with open(path, newline="", encoding="utf-8") as file:
                return [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError, AttributeError, csv.Error) as error:
            raise ValueError(f"{path} is damaged: {error}") from None

    @cached_property
    def health(self) -> dict[str, Any]:
        """How its layers fared, epoch by epoch, and what was said of it."""
        return _json(self.folder / HEALTH) if (self.folder / HEALTH).exists() else {"rows": [], "alarms": []}

    @property
    def model(self) -> Path:
        """The model's file; ValueError for a run that has none yet."""
        path = self.folder / MODEL
        if not path.exists():
            raise ValueError(
                f"{self.folder} has no {MODEL}: its training was broken off. `autograd-core resume {self.folder}` ends it"
            )
        return path


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path} is not what `autograd-core train` writes")
    return found
