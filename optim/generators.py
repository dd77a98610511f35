"""The random generators of a model or a loader: found by looking, in attributes and in lists and dicts in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Place = tuple[str, Any, Any]  # the path of a generator, and what holds it by which key


def places(thing: Any) -> Iterator[Place]:
    """Where generators stand in an object and in the modules inside it.

    >>> from autograd_core import nn
    >>> [path for path, _, _ in places(nn.MLP([2, 8, 8, 1], dropout=0.5, rng=0))]
    ['2.rng', '5.rng']
    """
    owners = thing.named_modules() if hasattr(thing, "named_modules") else [("", thing)]
    for path, owner in owners:
        yield from _inside(getattr(owner, "__dict__", {}), path)


def _inside(holder: Any, path: str) -> Iterator[Place]:
    for key, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
        where = f"{path}.{key}" if path else str(key)
        if isinstance(value, np.random.Generator):
            yield where, holder, key
        elif isinstance(value, (list, dict)):
            yield from _inside(value, where)


def states(*things: Any) -> dict[str, Any]:
    """The states of all generators, each once, and which of them stands where: several layers may draw from one."""
    numbers: dict[int, int] = {}
    found: list[Any] = []
    where: list[dict[str, int]] = []
    for thing in things:
        where.append({})
        for path, holder, key in places(thing):
            generator = holder[key]
            if id(generator) not in numbers:
                numbers[id(generator)] = len(found)
                found.append(generator.bit_generator.state)
            where[-1][path] = numbers[id(generator)]
    return {"states": found, "where": where}


def restore(state: dict[str, Any], *things: Any) -> None:
    """Put all generators where they stood, and make one of those that were one; ValueError for others than there were."""
    own = [{path: (holder, key) for path, holder, key in places(thing)} for thing in things]
    if [list(paths) for paths in own] != [list(paths) for paths in state["where"]]:
        raise ValueError(
            f"it has generators at {_listed(state['where'])}, and here there are some at {_listed(own)}: the layers differ"
        )
    chosen: dict[int, np.random.Generator] = {}
    for paths, numbers in zip(own, state["where"], strict=True):
        for path, number in numbers.items():
            holder, key = paths[path]
            holder[key] = chosen.setdefault(number, holder[key])
    if len({id(g) for g in chosen.values()}) < len(chosen):
        raise ValueError(
            "layers share a generator here that had generators of their own: build the model as it was built"
        )
    for number, generator in chosen.items():
        set_state(generator, state["states"][number])


def set_state(generator: np.random.Generator, state: Any) -> None:
    """ValueError for the state of another kind of generator."""
    try:
        generator.bit_generator.state = state
    except (TypeError, ValueError, KeyError) as error:
        kind = state.get("bit_generator") if isinstance(state, dict) else state
        raise ValueError(
            f"its generator is a {kind}, and here there is a "
            f"{type(generator.bit_generator).__name__}: make it with a generator of the same kind"
        ) from error


def _listed(paths: Any) -> str:
    return ", ".join(path for part in paths for path in part) or "no place"
