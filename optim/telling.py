"""Who is told of what happens in a training, and in which order.

Callbacks are told in the order in which they were given, but those with `told_last = True` after the others: what the others
have done is in what they write down. Of the end of fit they are told first, before somebody goes back to the best weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

EVENTS = ("on_fit_begin", "on_resume", "on_eager_step", "on_step_failed", "on_step_end", "on_epoch_end", "on_fit_end")


def listening(callbacks: Iterable[Any]) -> list[Any]:
    """The callbacks in the order in which they are told; TypeError for one that would never hear anything."""
    if not isinstance(callbacks, Iterable):
        raise TypeError(f"callbacks are given as a list, callbacks=[...]; it is {callbacks!r}")
    callbacks = list(callbacks)
    for callback in callbacks:
        if isinstance(callback, type) or not any(hasattr(callback, event) for event in EVENTS):
            raise TypeError(
                f"a callback is an object with {', '.join(EVENTS)} or some of them; {callback!r} has none or is a class"
            )
    return sorted(callbacks, key=told_last)


def tell(trainer: Any, event: str, *news: Any) -> None:
    """Tell all that want to hear of an event."""
    callbacks = trainer.run.callbacks
    for callback in sorted(callbacks, key=told_last, reverse=True) if event == "on_fit_end" else callbacks:
        if hasattr(callback, event):
            getattr(callback, event)(trainer, *news)


def after_step(trainer: Any) -> list[Callable[[Any], Any]]:
    """What is called after each step: callbacks, the schedule if it goes by the step, and those who are told last."""
    heard = [c for c in trainer.run.callbacks if hasattr(c, "on_step_end")]
    by_step = trainer.schedule is not None and trainer.schedule_by == "step"
    schedule = [lambda trainer: trainer.schedule.step()] if by_step else []
    first, last = ([c.on_step_end for c in heard if told_last(c) == late] for late in (False, True))
    return [*first, *schedule, *last]


def between_epochs(trainer: Any) -> bool:
    """Whether somebody is called then who may look at gradients or change the data: all but callbacks that say `looks = False`
    and the library's own metrics and schedules."""
    called = (f for f in (*trainer.metrics.values(), trainer.schedule) if f is not None)
    rooms = {getattr(f, "__module__", "").split(".")[0] for f in called}
    return any(getattr(c, "looks", True) for c in trainer.run.callbacks) or not rooms <= {"autograd_core", "optim"}


def told_last(callback: Any) -> bool:
    return bool(getattr(callback, "told_last", False))
