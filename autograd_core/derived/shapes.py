"""Stacking, splitting, repeating, padding: all by way of reshape, concatenate, indexing and broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import derived


@derived("vstack", "row_stack")
def vstack(tup: Any) -> Any:
    """Arrays on top of one another."""
    return np.concatenate([np.atleast_2d(x) for x in tup])


@derived("atleast_2d")
def atleast_2d(*arys: Any) -> Any:
    """Two axes at least; one array for one, a tuple for several."""
    shaped = tuple(x if np.ndim(x) > 1 else np.reshape(x, (1, -1)) for x in arys)
    return shaped[0] if len(arys) == 1 else shaped
