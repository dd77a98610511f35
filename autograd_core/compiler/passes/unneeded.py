"""Dead code: a call is needed if a result, or a needed call, reads what it makes; random draws always are.

def f(x): y = x * 2; z = x * 3; return z          multiply, multiply   ->   multiply
"""

from __future__ import annotations

from ..calls import Calls


def drop_unneeded(calls: Calls) -> None:
    """Leave out what nobody needs."""
    needed = set(calls.results.values())
    kept = []
    for call in reversed(calls.calls):
        if "rng" in call.params or not needed.isdisjoint(call.outs):
            needed.update(call.values)
            kept.append(call)
    calls.calls = kept[::-1]
