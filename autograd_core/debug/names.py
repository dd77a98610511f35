"""Names for the nodes of a graph: their own where they have one, letters in order of birth where they have none."""

from __future__ import annotations

import itertools
import string
from collections.abc import Iterator, Sequence

from ..tensor import Tensor


def name_nodes(loss: Tensor, nodes: Sequence[Tensor], result: str = "g") -> dict[Tensor, str]:
    """A name for every node (oldest first), each once; the result is called `result` unless it has a name.

    >>> x = Tensor(1.0, requires_grad=True, name="x"); y = x * 2; z = y * x
    >>> list(name_nodes(z, [x, y, z]).values())
    ['x', 'a', 'g']
    """
    names: dict[Tensor, str] = {}
    taken: set[str] = {result} if loss.name is None else set()
    for node in nodes:
        if node.name is not None:
            names[node] = _free(node.name, taken)
            taken.add(names[node])
    letters = (name for name in _letters() if name not in taken)
    for node in nodes:
        if node not in names:
            names[node] = result if node is loss else next(letters)
    return names


def _free(name: str, taken: set[str]) -> str:
    """The name, or the name with a number where two nodes were given the same."""
    return name if name not in taken else next(n for i in itertools.count(2) if (n := f"{name}_{i}") not in taken)


def _letters() -> Iterator[str]:
    """a, b, …, z, a1, b1, …"""
    for i in itertools.count():
        for letter in string.ascii_lowercase:
            yield letter if i == 0 else f"{letter}{i}"
