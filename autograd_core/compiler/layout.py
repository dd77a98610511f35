"""The data of a pass, laid out once as a program reads it, its batches views that stay where they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from .calls import Value
from .passes.seed import Seed
from .plan import Plan


class Layout:
    """A program's arguments for all whole batches of a size. blocks: by argument, one batch after the other."""

    def __init__(self, plan: Plan, size: int, seed: Seed | None):
        self.plan, self.size, self.seed = plan, size, seed
        self.data: dict[Value, Any] = {}  # one sample after the other, in the order of the arrays
        self.laid: dict[Value, Any] = {}  # in the order of the pass
        self.blocks: dict[Value, Any] = {}
        self.scale = 1.0

    def gather(self, x: Any, t: Any, order: Any, changed: bool) -> None:
        """Lay out a pass, in the memory of the last. changed: the data may be other numbers than then."""
        scale = self.seed.value() if self.seed is not None else 1.0
        for a in self.plan.calls.arguments:
            scaled = self.seed is not None and a in self.seed.scaled
            if a not in self.data:
                self.data[a] = self._with_ones(a, np.ascontiguousarray(self.plan.data(a, x, t)))
                self.laid[a] = self.data[a] if order is None else np.empty_like(self.data[a])
                self.blocks[a] = self._blocks(a)
            elif changed:
                data = self.plan.data(a, x, t)
                if data is not self.data[a]:  # which may be the user's array itself
                    self.data[a][...] = self._with_ones(a, data)
            elif order is None and (not scaled or scale == self.scale):
                continue
            if order is not None:
                np.take(self.data[a], order, axis=0, out=self.laid[a], mode="clip")  # "raise" would make a copy first
            if self._columns(a):
                whole = len(self.blocks[a])
                rows = self.laid[a][: whole * self.size].reshape(whole, self.size, -1)
                self.blocks[a][...] = rows.transpose(0, 2, 1)
            if scaled:
                self.blocks[a] *= scale
        self.scale = scale

    def _columns(self, a: Value) -> bool:
        """Whether a batch of an argument has a column for each sample."""
        return isinstance(a.source, Value) and a not in self.plan.with_ones

    def _with_ones(self, a: Value, data: Any) -> Any:
        if a not in self.plan.with_ones:
            return data
        rows = np.ones((len(data), data.shape[1] + 1), data.dtype)
        rows[:, :-1] = data
        return rows

    def _blocks(self, a: Value) -> Any:
        data = self.laid[a]
        whole = len(data) // self.size
        if self._columns(a):
            return np.empty((whole, data.shape[1], self.size), data.dtype)
        return data[: whole * self.size].reshape(whole, self.size, *data.shape[1:])
