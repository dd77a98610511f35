"""Places of names, as live views: iterated over again, `live` gives the objects that stand there now.

They are a dict's entries or an object's attributes, the elements of a list, and a choice of names; what stood there can be put back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

MISSING = object()  # stands for what is not there


class Entries:
    """All attributes of an object, or entries of a dict, whose name stands for each."""

    def __init__(self, owner: Any, name: str | None = None):
        self.name, self.owner, self.live = name, owner, owner.values()

    def names(self) -> list[str]:
        return [self.name or str(name) for name in self.owner]

    def copy(self) -> Any:
        return dict(self.owner)

    def put_back(self, copy: Any) -> None:
        self.owner.clear()
        self.owner.update(copy)


class Elements:
    """All elements of a list, a deque or a set."""

    def __init__(self, name: str, owner: Any):
        self.name, self.owner, self.live = name, owner, owner

    def names(self) -> list[str]:
        return [self.name] * len(self.owner)

    def copy(self) -> Any:
        return list(self.owner)

    def put_back(self, copy: Any) -> None:
        self.owner.clear()
        (self.owner.update if isinstance(self.owner, set) else self.owner.extend)(copy)


class Some:
    """Some of the names of something. read: gives what they stand for; write: (name, object)."""

    def __init__(self, names: Iterable[str], read: Callable[[], Iterator[Any]], write: Callable[[str, Any], None]):
        self._names, self.read, self.write, self.live = list(names), read, write, self

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Any]:
        return self.read()

    def names(self) -> list[str]:
        return self._names

    def copy(self) -> Any:
        return list(self)

    def put_back(self, copy: Any) -> None:
        for name, before, now in zip(self._names, copy, self, strict=True):
            if before is not now:
                self.write(name, before)


def put(owner: Any, name: str, x: Any) -> None:
    """Put an object back under its name, in a dict or as an attribute; or take away what was not there."""
    if isinstance(owner, dict):
        owner.pop(name, None) if x is MISSING else owner.__setitem__(name, x)
    else:
        delattr(owner, name) if x is MISSING else setattr(owner, name, x)
