"""An epoch as one call: the steps that one program does many at a time, and those that are left, one by one."""

from __future__ import annotations

import math
from typing import Any

from .calls import unusual
from .runs import Run


class Epochs:
    """The passes over one set of batches (a Minibatches) by one Training."""

    def __init__(self, training: Any, batches: Any):
        self.training, self.batches = training, batches
        self.run_of: Run | None = None
        self.step: Any = None
        self.left = False  # whether a step has left its gradients

    def run(
        self, losses: list[float], outputs: list[Any] | None, otherwise: Any, look: bool
    ) -> tuple[list[float], list[Any]]:
        """See Training.epoch."""
        x, t, size = self.batches.x, self.batches.t, self.batches.size
        order = self.batches.order()
        whole = len(x) // size
        targets: list[Any] = []

        def batch(k: int) -> tuple[Any, Any]:
            part = slice(k * size, (k + 1) * size)
            return (x[part], t[part]) if order is None else (x[order[part]], t[order[part]])

        if not look:  # the gradients that are there are soon old ones
            self.training.optimizer.zero_grad()
        first = x[:size], t[:size]
        if unusual(first[0]) or unusual(first[1]):
            first = batch(0)
        many = self._many(first, outputs is not None) if whole > 2 else None
        if many is not None:
            many = many.lay_out(x, t, order, look)  # who looks between the passes may change them
        if many is not None:
            most = whole - 1 if look and whole * size == len(x) else whole  # the last step leaves its gradients
            while len(losses) < most:
                found = many.run(len(losses), most - len(losses))
                if found is None and many.logits is not None:  # maybe they were too large
                    many = self._begun(shifted=True)
                    if many is not None and many.lay_out(x, t, order, look):
                        continue
                if found is None or many is None:
                    break
                if outputs is not None:
                    part = slice(len(losses) * size, (len(losses) + len(found)) * size)
                    outputs.append(many.outputs(len(losses), len(found)))
                    targets.append(t[part] if order is None else t[order[part]])
                losses += found
        for k in range(len(losses), math.ceil(len(x) / size)):
            bx, bt = batch(k)
            last = look and (k + 1) * size >= len(x)
            if last and many is not None and len(bx) == size and not self.left:
                self.left, done = True, None  # a program for one step is worth writing when it is wanted again
            else:
                done = self.training.step(bx, bt, outputs is not None, last)
            output, loss = otherwise(bx, bt) if done is None else done
            losses.append(loss)
            if not math.isfinite(loss):
                self.training.failing = bx, bt
                break
            if outputs is not None:
                outputs.append(output)
                targets.append(bt)
        return losses, targets

    def _many(self, first: tuple[Any, Any], outputs: bool) -> Run | None:
        """The program for many batches like this one; None where they do not lie in memory as those that it is given."""
        step = self.training.program(*first)
        if step is None or (not self.training.fast and any(map(unusual, first))):
            return None
        if self.step != (step, outputs):
            self.step = step, outputs
            return self._begun()
        return self.run_of

    def _begun(self, shifted: bool = False) -> Run | None:
        """Another run from the beginning. shifted: from now on a softmax is shifted by its maximum."""
        step, outputs = self.step
        self.run_of = step.many(self.batches.size, outputs, shifted)
        if self.run_of is not None:
            self.run_of.begin()
        return self.run_of
