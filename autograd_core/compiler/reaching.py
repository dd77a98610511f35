"""What a function can reach by names: globals, variables around it, attributes of objects, elements of lists, and so on from there.

Functions that it calls are looked into as it is itself, down to those of other packages. Of the library's own objects, what is named.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import deque
from collections.abc import Iterable
from functools import partial
from itertools import repeat
from random import Random
from types import CodeType, FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from ..tensor import Tensor
from .places import MISSING, Elements, Entries, Some, put

LONGEST = 1000  # of a list or dict whose elements are looked into, too
PLAIN = (int, float, str, bool, type(None), bytes, complex, CodeType)
LIBRARY = {"autograd_core", "nn", "optim", "datasets"}
CLOSED = {"numpy", "builtins", *sys.stdlib_module_names}
NAMESPACES = (SimpleNamespace, Namespace)
GENERATORS = (np.random.Generator, np.random.RandomState, Random)


class Reached:
    """All that some things reach. everything: the library's own objects, too, as optimizers and schedules, and long lists.

    places: of names; modules, tensors, arrays, generators: that stand there, each with a name in `called`.
    """

    def __init__(self, things: Iterable[Any], everything: bool = False):
        self.everything, self.longest = everything, 20 * LONGEST if everything else LONGEST
        self.places: list[Any] = []
        self.modules: list[Any] = []
        self.tensors: list[Tensor] = []
        self.arrays: list[Any] = []
        self.generators: list[Any] = []
        self.called: dict[int, str] = {}
        self.kept: list[Any] = []  # so that no id is used again
        self.named: set[str] = set()  # by the functions
        self.users = False  # whether there are functions other than the library's
        # objects of which it matters what is named, and what of them was
        self.closed: list[tuple[dict[str, Any], set[str]]] = []
        self.todo: deque[tuple[str, Any]] = deque()
        things = list(things)
        self.own = {"__main__", *map(_room, things)} - {"numpy", "builtins", "functools"}
        for x in things:
            if _room(x) in LIBRARY and not _is_module(x):
                self._entries(x)  # as a loss
            self._meet("the function", x)
        while self.todo:
            while self.todo:
                self._open(*self.todo.popleft())
            for known, seen in self.closed:
                self._some((self.named & known.keys()) - seen, known)
                seen |= self.named

    def _meet(self, name: str, x: Any) -> None:
        """Something stands under a name: look into it later, once."""
        if isinstance(x, PLAIN) or id(x) in self.called:
            return
        self.called[id(x)] = name
        self.kept.append(x)
        self.todo.append((name, x))

    def _place(self, place: Any) -> None:
        self.places.append(place)
        if len(place.live) <= self.longest:
            for name, x in zip(place.names(), list(place.live), strict=True):
                self._meet(name, x)

    def _open(self, name: str, x: Any) -> None:
        if isinstance(x, Tensor):
            self.tensors.append(x)
        elif isinstance(x, np.ndarray):
            self.arrays.append(x)
        elif isinstance(x, GENERATORS):
            self.generators.append(x)
        elif isinstance(x, FunctionType):
            self._function(x)
        elif isinstance(x, MethodType):
            self._meet(name, x.__func__)
            self._meet(name, x.__self__)
        elif isinstance(x, partial):
            for part in (x.func, x.args, x.keywords):
                self._meet(name, part)
        elif isinstance(x, dict):
            self._place(Entries(x, name))
        elif isinstance(x, (list, deque, set)):
            self._place(Elements(name, x))
        elif isinstance(x, (tuple, frozenset)):
            for element in x if len(x) <= self.longest else ():
                self._meet(name, element)
        elif isinstance(x, type):
            self._class(x)
        elif not isinstance(x, ModuleType):
            self._object(name, x)
        elif not self._theirs(x.__name__.split(".")[0]):
            self.closed.append((vars(x), set()))

    def _object(self, name: str, x: Any) -> None:
        room = _room(x)
        if isinstance(getattr(x, "__dict__", None), dict):
            self._meet(name, vars(x).get("__wrapped__"))  # as lru_cache and compile have it
        if _is_module(x):
            self.modules.append(x)
            self._entries(x)
        elif room in LIBRARY:
            if self.everything and not type(x).__module__.startswith("autograd_core.compiler"):
                self._entries(x)
            elif isinstance(getattr(x, "__dict__", None), dict):
                self.closed.append((vars(x), set()))
        elif room not in CLOSED or isinstance(x, NAMESPACES):
            self._entries(x)
        for kind in type(x).__mro__ if room not in LIBRARY | CLOSED else ():
            self._meet(kind.__name__, kind)

    def _theirs(self, room: str) -> bool:
        """Whether code is somebody else's, whose functions are not looked into."""
        file = str(getattr(sys.modules.get(room), "__file__", ""))
        return room in LIBRARY or (room not in self.own and (room in CLOSED or "-packages" in file))

    def _entries(self, x: Any) -> None:
        if isinstance(getattr(x, "__dict__", None), dict):
            self._place(Entries(vars(x)))
        if _is_module(x):
            return
        slots = [n for kind in type(x).__mro__ for n in _tuple(vars(kind).get("__slots__", ())) if n[:2] != "__"]
        if slots:
            self._place(Some(slots, lambda: map(getattr, repeat(x), slots, repeat(MISSING)), partial(put, x)))

    def _class(self, kind: type) -> None:
        if self._theirs(kind.__module__.split(".")[0]):
            return
        known = vars(kind)
        names = [n for n in known if not n.startswith("__") or isinstance(known[n], FunctionType)]
        self._place(Some(names, lambda: map(known.get, names, repeat(MISSING)), partial(put, kind)))
        for x in known.values():
            for part in (getattr(x, "__func__", None), getattr(x, "fget", None)):  # of static methods and properties
                self._meet(kind.__name__, part)

    def _function(self, f: FunctionType) -> None:
        cells = dict(zip(f.__code__.co_freevars, f.__closure__ or (), strict=True))
        if self._theirs(_room(f)):  # as grad(f), which calls a user's function
            for name, x in (*zip(cells, map(_content, cells.values()), strict=True), *vars(f).items()):
                if callable(x):
                    self._meet(name, x)
            return
        if cells:
            read = list(cells.values())
            self._place(Some(cells, lambda: map(_content, read), lambda n, x: put(cells[n], "cell_contents", x)))
        if vars(f) or self.everything:
            self._place(Entries(vars(f)))
        self._meet("a default", f.__defaults__)
        self._meet("a default", f.__kwdefaults__)
        names = _names(f.__code__)
        self.named |= names
        self.users = True
        known = f.__globals__
        self._some(names if self.everything else names & known.keys(), known)
        for name in names & sys.modules.keys():  # imported inside it
            self._meet(name, sys.modules[name])

    def _some(self, names: set[str], known: dict[str, Any]) -> None:
        if names:
            order = sorted(names)
            self._place(Some(order, lambda: map(known.get, order, repeat(MISSING)), partial(put, known)))


def _names(code: CodeType) -> set[str]:
    """All that a function's code names, with the functions, lambdas and comprehensions inside it."""
    inner = [x for x in code.co_consts if isinstance(x, CodeType)]
    return {*code.co_names}.union(*map(_names, inner))


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return MISSING


def _tuple(names: Any) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _room(x: Any) -> str:
    """The package by whose code something is made."""
    x = getattr(x, "__func__", x)
    module = x.__globals__.get("__name__") if isinstance(x, FunctionType) else type(x).__module__
    return str(module).split(".")[0]


def _is_module(x: Any) -> bool:
    return hasattr(type(x), "named_modules")
