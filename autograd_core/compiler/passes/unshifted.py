"""A softmax without the shift by its maximum, for logits that are small enough; who runs it has to look at them afterwards.

    e = exp(z - max(z)); p = e / sum(e)   ->   e = exp(z); p = e / sum(e)

The loss log(sum(e)) - z t is the same either way. exp of numbers up to LARGEST is as accurate as the other; beyond, it might
overflow, and the run has to be made again with the shift.
"""

from __future__ import annotations

from ..calls import Calls, Value

LARGEST = 60.0  # exp of it, times a batch over a learning rate, is far from the largest float32


def unshift(calls: Calls) -> Value | None:
    """The logits, if there is one softmax among the calls whose shift could be left out, as it is now."""
    users = calls.users()
    for call in calls.calls:
        z = call.inputs[0] if call.op.name == "max" else None
        shifts = users.get(call.out, [])
        if not isinstance(z, Value) or [c.op.name for c in shifts] != ["subtract"] or shifts[0].inputs != [z, call.out]:
            continue
        shifted = shifts[0].out
        if sorted(c.op.name for c in users[shifted]) == ["exp", "vdot"]:
            for user in users[shifted]:
                user.inputs = [z if x is shifted else x for x in user.inputs]
            return z
    return None
