"""Whether two records of one function are one program: the same rows, read from the same places, for the same ends."""

from __future__ import annotations

from itertools import chain, count, islice
from typing import Any

from ..lines import quoted
from ..tensor import Tensor
from ..trees import equal, leaves
from .recording import Record


def same(a: Record, b: Record) -> str | None:
    """None if two records of one function are the same program; else what differs first."""
    if len(a.steps) != len(b.steps):
        return f"{len(a.steps)} rows were read the first time, {len(b.steps)} the second"
    made, remade = _places(a), _places(b)
    inputs, given = (list(chain.from_iterable([s.inputs for s in r.steps])) for r in (a, b))
    places, others = list(map(made.get, map(id, inputs))), list(map(remade.get, map(id, given)))

    def alike(x: Any, y: Any) -> bool:
        """Of what was made elsewhere: the same Tensor, or made anew each time with the same numbers."""
        return x is y or (_fresh(x, a) and equal(getattr(x, "value", x), getattr(y, "value", y)))

    both = list(zip(a.steps, b.steps, strict=True))
    if (
        places == others
        and all(alike(x, y) for place, x, y in zip(places, inputs, given, strict=True) if place is None)
        and all(s.op is t.op and (s.params is t.params or equal(s.params, t.params)) for s, t in both)
    ):
        for (what, ends), (_, again) in zip(_ends(a), _ends(b), strict=True):
            if len(ends) != len(again) or not all(
                made.get(id(x)) == remade.get(id(y)) and (id(x) in made or alike(x, y))
                for x, y in zip(ends, again, strict=True)
            ):
                return f"it {what} something else the second time"
        return None
    reads = zip(places, others, inputs, given, strict=False)
    for s, t in both:
        what = s.op.name + (f" in {quoted(s.line)}" if s.line else "")
        if s.op is not t.op or len(s.inputs) != len(t.inputs):
            return f"where {what} was read the first time, the second time it was {t.op.name}"
        difference = None if s.params is t.params or equal(s.params, t.params) else "has other parameters"
        for place, other, x, y in islice(reads, len(s.inputs)):
            if place != other:
                difference = "reads something else"
            elif place is None and not alike(x, y):
                difference = "reads another number"
        if difference:
            return f"{what} {difference} the second time"
    return None


def _fresh(x: Any, a: Record) -> bool:
    """Whether something is no Tensor that there was before."""
    return not isinstance(x, Tensor) or x.born > a.begun


def _ends(a: Record) -> list[tuple[str, list[Any]]]:
    """What becomes of what is computed."""
    grown = [(p, g) for p, g in a.gradients.items() if g is not None]
    steps = [(o, *chain.from_iterable(gradients.items())) for o, gradients in a.updates]
    return [
        ("returns", [_shape(a.result), *leaves(a.result)]),
        ("writes", list(chain.from_iterable(a.writes))),
        ("leaves as gradients", list(chain.from_iterable(grown))),
        ("steps with", list(chain.from_iterable(steps))),
    ]


def _shape(tree: Any) -> Any:
    """The form of a nest, all the way down."""
    if isinstance(tree, dict):
        return {k: _shape(v) for k, v in tree.items()}
    return [type(tree).__name__, *map(_shape, tree)] if isinstance(tree, (list, tuple)) else ""


def _places(a: Record) -> dict[int, int]:
    """Where among all that was made each Tensor stands, by id."""
    made = chain(a.arguments, chain.from_iterable([(s.out, *s.saved) for s in a.steps]))
    return dict(zip(map(id, made), count(), strict=False))
