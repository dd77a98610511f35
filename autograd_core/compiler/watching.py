"""What a program takes for granted beside its arguments: settings of modules, and the names that a function reads.

They are looked at by identity before each run. Another object in a closure, in a global or in an attribute of a module or of the user's
own object asks for another recording; and one that the function itself changes cannot be replayed.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import is_
from types import FunctionType, ModuleType
from typing import Any

from ..tensor import Tensor

LONGEST = 1000  # of a list or dict whose elements are looked at, too
PLAIN = (int, float, str, bool, type(None))
MISSING = object()
LIBRARIES = {"autograd_core", "nn", "optim", "datasets", "numpy", "builtins"}


class Watched:
    """What some functions, modules and losses hold. modules: all that are among it, or below."""

    def __init__(self, *things: Any):
        self.things = things
        self.look()

    def look(self) -> None:
        """Take for granted what there is now."""
        self.cells: list[tuple[str, Any]] = []
        self.globals: list[tuple[str, dict[str, Any]]] = []
        self.defaults: list[tuple[str, Any]] = []
        for thing in self.things:
            code = getattr(thing, "__code__", None)
            if code is not None:
                self.cells += zip(code.co_freevars, thing.__closure__ or (), strict=True)
                self.defaults += [("a default", x) for x in (thing.__defaults__ or ())]
                self.globals += [(name, thing.__globals__) for name in code.co_names if name in thing.__globals__]
        self.owners: list[dict[str, Any]] = []
        found = [*self.things, *(getattr(x, "__self__", None) for x in self.things), *(v for _, v in self._held())]
        self.modules = list(dict.fromkeys(m for x in found if _is_module(x) for m in x.modules()))
        plain = [x for x in found if not _is_module(x) and _is_the_users(x)] + [
            x for x in self.things if not _is_module(x)
        ]
        plain = [x for x in plain if isinstance(getattr(x, "__dict__", None), dict)]
        self.owners = [vars(x) for x in (*self.modules, *plain)]
        self.before = self._now()

    def changed(self) -> str | None:
        """The name of something that is another object than before, or None; equal numbers are the same."""
        now = self._now()
        if len(now) == len(self.before) and all(map(is_, now, self.before)):
            return None
        for i, (a, b) in enumerate(zip(now, self.before, strict=False)):
            if a is not b and not (type(a) is type(b) and isinstance(a, PLAIN) and a == b):
                return self._name(i)
        if len(now) != len(self.before):
            return self._name(min(len(now), len(self.before)) - 1)
        self.before = now
        return None

    def modes(self) -> tuple[Any, ...]:
        """What decides which of several programs it is: training or not, and what is trained."""
        return (
            *(m.training for m in self.modules),
            *(v.tracked for m in self.modules for v in vars(m).values() if isinstance(v, Tensor)),
        )

    def _held(self) -> Iterator[tuple[str, Any]]:
        for name, cell in self.cells:
            try:
                yield name, cell.cell_contents
            except ValueError:  # not bound
                yield name, MISSING
        for name, known in self.globals:
            yield name, known.get(name, MISSING)
        yield from self.defaults
        for attributes in self.owners:
            for name, value in attributes.items():
                if name != "training":  # another program, and not another recording
                    yield name, value

    def _now(self) -> list[Any]:
        now = []
        for _, value in self._held():
            now.append(value)
            if type(value) in (list, dict):
                now += _elements(value)
        return now

    def _name(self, i: int) -> str:
        for name, value in self._held():
            i -= 1 + len(_elements(value))
            if i < 0:
                return repr(name)
        return "what it reads"


def _elements(value: Any) -> list[Any]:
    if type(value) not in (list, dict) or len(value) > LONGEST:
        return []
    return list(value.values()) if type(value) is dict else value


def _is_the_users(x: Any) -> bool:
    """Whether it is an object of the user's, whose attributes are names like any other."""
    return not isinstance(x, (type, FunctionType, ModuleType)) and type(x).__module__.split(".")[0] not in LIBRARIES


def _is_module(x: Any) -> bool:
    return hasattr(x, "named_modules") and not isinstance(x, type)
