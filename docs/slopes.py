"""The derivative of a function that is made of rows, in letters: the backward pass, with Letters in place of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from letters import UNREADABLE, Letter, letter

from autograd_core import Tensor


def backward(y: Letter, x: Letter, settings: dict[str, Letter]) -> Any:
    """What reaches x where g arrives at y: the rules of the rows between them, the last first."""
    arriving = {id(y): Letter("g", np.ones_like(y.value))}
    for node in reversed(_inputs_first(y, {})):
        if node.op is None or id(node) not in arriving:
            continue
        g, said = arriving[id(node)], Letter("y", node.value) if node is y else node
        params = {n: settings.get(v, v) if isinstance(v, str) else v for n, v in node.params.items()}
        saved = node.op.recompute(node.inputs, params)
        for i, rule, pick in node.op.edges_of(len(node.inputs)):
            target = node.inputs[i]
            if rule is None or not isinstance(target, Letter) or not _depends(target, x):
                continue
            found = rule(*pick((g, said, *node.inputs, *saved, *params.values())))
            arriving[id(target)] = arriving[id(target)] + found if id(target) in arriving else found
    return arriving.get(id(x), 0)


def _inputs_first(y: Letter, found: dict[int, Letter]) -> list[Letter]:
    for parent in y.inputs:
        if isinstance(parent, Letter) and id(parent) not in found:
            _inputs_first(parent, found)
    found[id(y)] = y
    return list(found.values())


def _depends(y: Any, x: Letter) -> bool:
    return y is x or (isinstance(y, Letter) and any(_depends(parent, x) for parent in y.inputs))


def lettered(module: Any) -> tuple[Any, dict[str, Letter]]:
    """A module with letters for the numbers that are its settings or are learned, and these."""
    found = {}
    for name, value in vars(module).items():
        if isinstance(value, float) or (isinstance(value, Tensor) and value.size == 1):
            number = value if isinstance(value, float) else value.value.reshape(())[()].astype(float)
            found[name] = Letter(letter(name), number)
    for name, value in found.items():
        object.__setattr__(module, name, value)
    return module, {value.name: value for value in found.values()}


def derivative(make: Callable[[], Any], name: str = "x", values: tuple[float, ...] = (-1.3, 0.4, 1.6), *rest: Any) -> Any:
    """The derivative of a module of one number, None if it does not come out as a formula.

    name, values: what the number is called, and where it is tried: what depends on the place is shown whole. rest: what
    else the module is told, functions of the place.
    """
    if (found := _spelled(make, name, values, rest)) is None:
        return None
    return None if UNREADABLE.search(found) else found


def _spelled(make: Callable[[], Any], name: str, values: tuple[float, ...], rest: Any) -> str | None:
    def at(value: Any) -> str:
        module, settings = lettered(make())
        x = Letter(name, value)
        found = backward(module.forward(x, *(f(x) for f in rest)), x, settings)
        return found.spell("latex") if isinstance(found, Letter) else str(found)

    try:
        spellings = {at(value) for value in values}
        if len(spellings) > 1 or spellings == {"0"}:
            spellings = {at(np.array(values))}
    except (TypeError, ValueError, IndexError, AttributeError):
        return None
    return spellings.pop()
