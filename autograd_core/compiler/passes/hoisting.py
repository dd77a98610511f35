"""What depends on the batch alone, sample by sample, is made when the data is laid out, and not in every step.

def step(x, t): h = one_hot(t); ...   ->   def step(x, t_one_hot): ...
"""

from __future__ import annotations

from ..calls import Calls, Value

PER_SAMPLE = ("one_hot", "cast")


def hoist(calls: Calls) -> None:
    """Make such values arguments of the program; their `source` is the call that makes them of another argument."""
    kept = []
    for call in calls.calls:
        first = call.inputs[0]
        if (
            call.op.name in PER_SAMPLE
            and isinstance(first, Value)
            and first.kind == "argument"
            and isinstance(first.source, int)
        ):
            made = Value("argument", call.out, call, f"{first.name}_{call.op.name}")
            calls.arguments.append(made)
            calls.replace(call.out, made)
        else:
            kept.append(call)
    calls.calls = kept
    read = {x for call in calls.calls for x in call.values} | set(calls.results.values())
    calls.arguments = [a for a in calls.arguments if a in read]
