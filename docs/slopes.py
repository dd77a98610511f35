"""The derivative of a function that is made of rows, in letters: the backward pass, with Letters in place of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from letters import Letter, letter

from autograd_core import Tensor

PLACES = (-4.0, -1.3, 0.4, 1.6, 7.0)
LONGEST = 300  # characters; what is longer explains nothing


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


def lettered(module: Any) -> dict[str, Letter]:
    """Put letters for the numbers that are a module's settings or are learned, and tell which; bounds stay numbers."""
    found = {}
    for name, value in vars(module).items():
        if isinstance(value, float) and not name.startswith(("min", "max")):
            found[name] = Letter(letter(name), value)
        elif isinstance(value, Tensor) and value.size == 1:
            found[name] = Letter(letter(name), value.item())
    vars(module).update(found)
    return {value.name: value for value in found.values()}


def derivative(make: Callable[[], Any], name: str = "x", places: tuple[float, ...] = PLACES, target: Any = None) -> Any:
    """What reaches the input of a module of one number, in LaTeX; None if it does not come out as a formula.

    name, places: what the number is called, and where it is tried, as a formula that depends on the place is to be shown
    whole. target: a number, for a loss.
    """

    def at(place: Any) -> str:
        module = make()
        settings, x = lettered(module), Letter(name, place)
        told = () if target is None else (Letter("t", np.full_like(x.value, target)),)
        found = backward(module.forward(x, *told), x, settings)
        return found.spell("latex") if isinstance(found, Letter) else str(found)

    try:
        spellings = {at(place) for place in places}
        if len(spellings) > 1 or spellings == {"0"}:
            spellings = {at(np.array(places))}
    except (TypeError, ValueError, IndexError, AttributeError):  # it is told rows, or computes with bare numbers
        return None
    (spelling,) = spellings
    return spelling if len(spelling) <= LONGEST and "×" not in spelling else None
