"""Names for the nodes of a graph: their own, those of the variables they were put into, and letters for the rest.

Variables are found where a Session is opened, in the frames of the callers (`loss`, or `model.weight` through a module's
named parameters), and, when lines were recorded, in the assignments that stand there: `h = x @ w` names its last row h.
"""

from __future__ import annotations

import ast
import itertools
import linecache
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import FrameType
from typing import Any

from ..lines import is_ours
from ..tensor import Tensor

FRAMES = 12  # how far outwards variables are looked for


def name_nodes(
    loss: Tensor, nodes: Sequence[Tensor], result: str = "g", variables: Mapping[Tensor, str] | None = None
) -> dict[Tensor, str]:
    """A name for every node (oldest first), each once; the result is called `result` unless it has a name.

    variables: names found elsewhere, which come after the nodes' own and before letters.

    >>> x = Tensor(1.0, requires_grad=True, name="x"); y = x * 2; z = y * x
    >>> list(name_nodes(z, [x, y, z]).values()), list(name_nodes(z, [x, y, z], variables={y: "double"}).values())
    (['x', 'a', 'g'], ['x', 'double', 'g'])
    """
    variables = variables or {}
    given = {n: name for n in nodes if (name := _own(n, variables)) is not None}
    names: dict[Tensor, str] = {}
    taken: set[str] = {result} if loss not in given else set()
    count: dict[str, int] = {}
    for node, name in given.items():
        names[node] = _free(name, taken, count)
        taken.add(names[node])
    letters = (name for name in _letters() if name not in taken)
    for node in nodes:
        if node not in names:
            names[node] = result if node is loss else next(letters)
    return names


def in_frames(frame: FrameType | None, wanted: Iterable[Tensor]) -> dict[Tensor, str]:
    """The variables that hold these tensors, in this frame and its callers; the parameters of modules by their paths."""
    wanted = set(wanted)
    found: dict[Tensor, str] = {}
    for _ in range(FRAMES):
        if frame is None:
            break
        for name, value in [] if is_ours(frame.f_code.co_filename) else list(frame.f_locals.items()):
            if name.startswith("_") or not name.isidentifier():
                continue
            if isinstance(value, Tensor):
                if value in wanted:
                    found.setdefault(value, name)
            elif callable(getattr(type(value), "named_parameters", None)):
                for path, parameter in value.named_parameters():
                    if parameter in wanted:
                        found.setdefault(parameter, path)
        frame = frame.f_back
    return found


def in_statements(nodes: Iterable[Tensor]) -> dict[Tensor, str]:
    """The variables that recorded results were assigned to, read from the source at their lines."""
    found: dict[Tensor, str] = {}
    last: Tensor | None = None
    statement: tuple[str, int, str] | None = None
    for node in [*nodes, None]:  # consecutive rows of one statement: the last of them is what is assigned
        here = None
        if node is not None and node.op is not None and node.site is not None and node.site.line is not None:
            here = _assigned(*node.site.line)
        if statement is not None and here != statement and last is not None:
            found[last] = statement[2]
        last, statement = node, here
    return found


def _own(node: Tensor, variables: Mapping[Tensor, str]) -> str | None:
    """A parameter is called by its path in the model, `layers.0.weight`; `weight` alone says little."""
    found = variables.get(node)
    if found is not None and (
        node.name is None or (getattr(node, "is_parameter", False) and found.endswith(node.name))
    ):
        return found
    return node.name


def _assigned(file: str, number: int) -> tuple[str, int, str] | None:
    """The assignment that a line belongs to, as (file, first line, name)."""
    entry = _assignments(file, len(linecache.getlines(file))).get(number)
    return (file, *entry) if entry else None


@lru_cache(maxsize=64)
def _assignments(file: str, lines: int) -> dict[int, tuple[int, str]]:
    """For each line of a file that belongs to an assignment to one name: where that begins, and the name."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return {}
    found: dict[int, tuple[int, str]] = {}
    begun: set[int] = set()
    shared: set[int] = set()  # lines of several statements, as w = f(); w.backward(): which made what is not known
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            (shared if node.lineno in begun else begun).add(node.lineno)
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target: Any = node.targets[0]
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
            target = node.target
        else:
            continue
        if isinstance(target, ast.Name):
            found.update(
                dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), (node.lineno, target.id))
            )
    return {line: entry for line, entry in found.items() if line not in shared}


def _free(name: str, taken: set[str], count: dict[str, int]) -> str:
    """The name, or the name with a number where several nodes were given the same."""
    if name not in taken:
        return name
    for i in itertools.count(count.get(name, 2)):
        count[name] = i + 1
        if (free := f"{name}_{i}") not in taken:
            return free
    raise AssertionError


def _letters() -> Iterator[str]:
    """a, b, …, z, a1, b1, …"""
    for i in itertools.count():
        for letter in string.ascii_lowercase:
            yield letter if i == 0 else f"{letter}{i}"
