"""What a run is, as one tree of plain values and arrays: taken from a Trainer at any step, given to another that goes on to
the bit. Everything that decides the next step is in it; what only says how fast it is made (the compiled program) is not."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_core.lines import warn

from . import generators

BROKEN = (ValueError, KeyError, TypeError, IndexError, AttributeError)  # what a state of something else leads to


@dataclass
class Place:
    """Where a run stands: epochs that are over, batches trained since, steps in all, and what the epoch has gathered."""

    epoch: int = 0
    batch: int = 0
    steps: int = 0
    seen: int = 0
    total: float = 0.0
    seconds: float = 0.0
    outputs: list[Any] = field(default_factory=list)
    targets: list[Any] = field(default_factory=list)

    def state_dict(self) -> dict[str, Any]:
        gathered = {n: np.concatenate(parts) if (parts := getattr(self, n)) else None for n in ("outputs", "targets")}
        return vars(self) | gathered

    def load_state_dict(self, state: dict[str, Any]) -> None:
        gathered = {n: [] if state[n] is None else [state[n]] for n in ("outputs", "targets")}
        vars(self).update({name: state[name] for name in vars(self)} | gathered)

    def add(self, samples: int, loss: float) -> None:
        """A step is made."""
        self.batch += 1
        self.steps += 1
        self.seen += samples
        self.total += loss * samples

    def add_all(self, losses: list[float], size: int, samples: int) -> None:
        """As many steps are made from the beginning of an epoch: batches of a size, the last with what is left of the samples."""
        for k, loss in enumerate(losses):
            self.total += loss * (size if (k + 1) * size <= samples else samples - k * size)
        self.batch, self.steps, self.seen = len(losses), self.steps + len(losses), min(len(losses) * size, samples)

    def next_epoch(self) -> None:
        """The present epoch is over."""
        self.__init__(self.epoch + 1, 0, self.steps)  # type: ignore[misc]

    def __str__(self) -> str:
        return f"epoch {self.epoch + 1}, batch {self.batch}" if self.batch else f"the end of epoch {self.epoch}"


@dataclass
class Run:
    """What a call of fit goes over, and whom it tells."""

    batches: Any = None
    validation: Any = None
    callbacks: list[Any] = field(default_factory=list)
    ended: dict[str, Any] | None = None  # the state, where the rest is let go

    def over(self) -> Run:
        """This run when it is over: its state without the data and the callbacks."""
        return Run(ended=self.state_dict())

    def state_dict(self) -> dict[str, Any]:
        if self.ended is not None:
            return copy.deepcopy(self.ended)
        told = [
            {"type": type(c).__name__, "state": c.state_dict(), "needed": not getattr(c, "told_last", False)}
            for c in self.callbacks
            if has_state(c)
        ]
        return {"batches": _state(self.batches), "validation": _state(self.validation), "callbacks": told}

    def load_data(self, state: dict[str, Any]) -> None:
        for name, own in [("batches", self.batches), ("validation", self.validation)]:
            if (own is None) != (state[name] is None):
                raise ValueError(
                    f"it was made {'with' if own is None else 'without'} {name} data, and fit is called otherwise"
                )
            if own is not None:
                own.load_state_dict(state[name])

    def load_callbacks(self, state: dict[str, Any]) -> None:
        for callback, saved in self.pairs(state):
            callback.load_state_dict(saved)

    def pairs(self, state: dict[str, Any]) -> list[tuple[Any, Any]]:
        """Each state with its callback; ValueError where there is none. A callback without a state begins anew."""
        left = [c for c in self.callbacks if has_state(c)]
        found = []
        for saved in state["callbacks"]:
            callback = next((c for c in left if type(c).__name__ == saved["type"]), None)
            if callback is None and not saved["needed"]:  # who only writes down changes nothing
                continue
            if callback is None:
                raise ValueError(
                    f"it holds the state of a callback {saved['type']}, and fit is called without: pass one as before"
                )
            left.remove(callback)
            found.append((callback, saved["state"]))
        return found


def state_of(trainer: Any) -> dict[str, Any]:
    """See Trainer.state_dict."""
    history = {**vars(trainer.history), "rows": list(trainer.history.rows)}
    return {
        "settings": settings(trainer),
        "model": _state(trainer.model), "loss": _state(trainer.loss),
        "others": [np.array(p.value) for p in others(trainer)],
        "optimizer": trainer.optimizer.state_dict(), "built": trainer.built, "schedule": _state(trainer.schedule),
        "generators": generators.states(trainer.model, trainer.loss),
        "history": history, "place": trainer.place.state_dict(), "stop": trainer.stop if trainer.stop != trainer.paused else None,
        **trainer.run.state_dict(),
    }  # fmt: skip


def take(trainer: Any, state: dict[str, Any]) -> None:
    """See Trainer.load_state_dict."""
    _see_that_it_fits(trainer, state)
    before = state_of(trainer)
    try:
        _put(trainer, state)
    except BROKEN as error:
        _put(trainer, before)
        raise ValueError(f"this checkpoint does not fit this trainer, which is as it was: {_said(error)}") from error


def go_on(trainer: Any, run: Run, state: dict[str, Any], epochs: int) -> None:
    """Put a trainer and what fit goes over where a state was taken; ValueError, with the trainer as it was, if it does not fit."""
    _see_that_it_fits(trainer, state)
    try:
        run.pairs(state)
        run.load_data(state)
        done = state["place"]["epoch"]
    except BROKEN as error:
        raise ValueError(f"this checkpoint does not fit this call of fit: {_said(error)}") from error
    if done > epochs:
        raise ValueError(
            f"this checkpoint has {done} epochs behind it, and fit is to make {epochs} in all: epochs counts those of the whole run"
        )
    wanted = built(trainer.optimizer) if not trainer.place.steps else None  # later on a schedule may have changed them
    take(trainer, state)
    if wanted is not None:
        _say_settings(trainer, wanted)
    run.load_data(state)  # once more, since the order may be drawn from a generator of the model
    trainer._drawn = state["generators"] if trainer.place.batch else None


def built(optimizer: Any) -> list[dict[str, str]]:
    """The settings of each group of an optimizer, in words."""
    return [{name: _plain(v) for name, v in group.items() if name != "params"} for group in optimizer.param_groups]


def _say_settings(trainer: Any, wanted: list[dict[str, str]]) -> None:
    """Warn of settings that the optimizer was built with, and neither when the run began nor has now."""
    for i, (new, old, now) in enumerate(zip(wanted, trainer.built, built(trainer.optimizer), strict=False)):
        other = [name for name, value in new.items() if value not in (old.get(name, value), now.get(name))]
        ours, theirs = (", ".join(f"{name}={group.get(name)}" for name in other) for group in (new, now))
        if other:
            warn(
                f"the run goes on with the checkpoint's {theirs}, not with the {ours} that this optimizer was built with. To "
                "go on with those, change the state first: state = optim.checkpoint.read(path); "
                f'state["optimizer"]["groups"][{i}]["settings"].update({ours}); fit(..., resume=state)'
            )


def settings(trainer: Any) -> dict[str, Any]:
    """What a trainer must have been built with for its steps to be the same."""
    named = list(trainer.model.state_dict().items()) if has_state(trainer.model) else []
    return {
        "model": _plain(trainer.model), "arrays": [f"{name}: {a.dtype.name} {a.shape}" for name, a in named],
        "loss": _plain(trainer.loss), "optimizer": type(trainer.optimizer).__name__,
        "schedule": type(trainer.schedule).__name__ if trainer.schedule is not None else "none",
        "schedule_by": trainer.schedule_by, "clip": _plain(trainer.clip), "metrics": list(trainer.metrics),
    }  # fmt: skip


def differences(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    """The first setting that differs, in words; empty where all agree."""
    for name, mine in ours.items():
        was = theirs.get(name)
        if was == mine:
            continue
        a, b = ("\n".join(s) if isinstance(s, list) else str(s) for s in (was, mine))
        lines = [(p, q) for p, q in zip([*a.split("\n"), ""], [*b.split("\n"), ""], strict=False) if p != q]
        then, now = lines[0] if lines else (a, b)
        return (
            f"its {name} had {then.strip() or 'nothing more'!r} where there is {now.strip() or 'nothing more'!r} here"
        )
    return ""


def _see_that_it_fits(trainer: Any, state: Any) -> None:
    """ValueError for what is no state, and for that of a run with other settings."""
    if not isinstance(state, dict) or not isinstance(state.get("settings"), dict):
        raise ValueError(
            "this is not what Trainer.state_dict() gives; of a file, pass what optim.checkpoint.read(path) gives"
        )
    if found := differences(state["settings"], settings(trainer)):
        raise ValueError(f"this checkpoint is of another run: {found}. Build the trainer as it was built, then go on")


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"


def _put(trainer: Any, state: dict[str, Any]) -> None:
    for part in ("model", "loss", "schedule", "optimizer"):  # the rates that stand in the optimizer have the last word
        if state[part] is not None:
            getattr(trainer, part).load_state_dict(state[part])
    for p, value in zip(others(trainer), state["others"], strict=True):
        p.data = value
    generators.restore(state["generators"], trainer.model, trainer.loss)
    vars(trainer.history).update({**state["history"], "rows": list(state["history"]["rows"])})
    trainer.place.load_state_dict(state["place"])
    trainer.stop, trainer.paused, trainer.built = state["stop"], None, state.get("built", [])
    trainer._compiled = None  # its programs write into the arrays that were


def others(trainer: Any) -> list[Any]:
    """Parameters that the optimizer has and neither model nor loss."""
    owned = {id(p) for part in (trainer.model, trainer.loss) if has_state(part) for p in part.parameters()}
    return [p for group in trainer.optimizer.param_groups for p in group["params"] if id(p) not in owned]


def has_state(thing: Any) -> bool:
    """Whether a thing remembers something, and can be told it."""
    return hasattr(thing, "state_dict") and hasattr(thing, "load_state_dict")


def _state(thing: Any) -> Any:
    return thing.state_dict() if has_state(thing) else None


def _plain(thing: Any) -> str:
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(thing))  # where it stands in memory is another each time
