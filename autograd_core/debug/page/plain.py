"""Numbers and words as JSON can hold them, and a page can show them."""

from __future__ import annotations

from typing import Any

import numpy as np


def stored(value: Any) -> Any:
    """Numbers as JSON can hold them: one number exactly, an array by its statistics (of what is finite) and a corner.

    >>> stored(np.float32(0.1)), stored(np.float64(-np.inf)), stored(2**60)
    (0.1, '-Infinity', '1152921504606846976')
    >>> stored(np.array([[1.0, 2.0, np.nan]]))["slice"]
    [[1.0, 2.0, 'NaN']]
    """
    array = np.asarray(value)
    if not array.ndim:
        return _number(array[()])
    numbers = array.astype(np.float64) if array.dtype == bool else array
    finite = np.isfinite(numbers)
    whole = numbers if finite.all() else numbers[finite]
    columns, rows = (array.shape[-1], array.shape[-2] if array.ndim > 1 else 1)
    corner = array[(0,) * max(array.ndim - 2, 0)][..., :4] if array.size else array.reshape(0)
    corner = corner[:3] if corner.ndim > 1 else corner
    found = {
        "shape": list(array.shape),
        "nan": int(np.isnan(numbers).sum()),
        "inf": int(np.isinf(numbers).sum()),
        "zero": int((numbers == 0).sum()),
    }
    with np.errstate(all="ignore"):
        found["norm"] = _number(np.linalg.norm(numbers.ravel().astype(np.float64)))  # squares of float32 underflow
        found |= (
            {"min": _number(whole.min()), "max": _number(whole.max()), "mean": _number(whole.mean())}
            if whole.size
            else {"min": None}
        )
    found |= {
        "slice": [_number(x) for x in corner] if corner.ndim == 1 else [[_number(x) for x in row] for row in corner]
    }
    return found | {
        key: True for key, cut in (("cut", columns > 4), ("more", rows > 3 or array.ndim > 2)) if cut and array.size
    }


def _number(x: Any) -> Any:
    """As JSON: the shortest decimals that read back the same in the number's own precision; else a word."""
    if isinstance(x, (bool, np.bool_)):
        return bool(x)
    if isinstance(x, (int, np.integer)):
        return int(x) if abs(int(x)) < 2**53 else str(int(x))
    if np.isnan(x):
        return "NaN"
    if np.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    return float(str(x)) if isinstance(x, np.floating) else float(x)
