"""A relu's mask by its bits: of numbers that are not negative the bits, read as an unsigned integer, are 0 or not.

    s = sign(h); d = g * s          ->   the same on integers: 1 keeps the bits of g, 0 makes them 0

NumPy's sign of floats takes four times as long as that of integers, and its maximum is quick for two arrays only.
"""

from __future__ import annotations

import numpy as np

from ..calls import Calls, Value
from ..lowering import bit_mask, masked

BITS = {np.dtype(np.float32): "uint32", np.dtype(np.float64): "uint64"}


def mask_by_bits(calls: Calls) -> None:
    """Read sign and product as integers where a relu is differentiated."""
    users = calls.users()
    for call in calls.calls:
        h = call.inputs[0]
        if (
            call.op.name != "sign"
            or not isinstance(h, Value)
            or h.made is None
            or not call.out.shape
            or call.out.dtype not in BITS
        ):
            continue
        if h.made.op.name != "maximum" or 0 not in [x for x in h.made.inputs if not isinstance(x, Value)]:
            continue
        readers = users.get(call.out, [])
        fits = [
            r.op.name == "multiply"
            and all(isinstance(x, Value) and (x.shape, x.dtype) == (call.out.shape, call.out.dtype) for x in r.inputs)
            for r in readers
        ]
        if not all(fits) or call.out in calls.results.values():
            continue
        call.op = bit_mask
        for r in readers:
            r.op = masked
            r.inputs = [x for x in r.inputs if x is not call.out] + [call.out]
