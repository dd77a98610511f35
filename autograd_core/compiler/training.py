"""Compiled training: programs of steps, one for each shape of batch, and epochs that run them over laid out data.

Learning rates, counts and the like are numbers that are filled in anew. A step whose loss is no number is not made: it is left to
eager code, which will say what is wrong with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..hooks import in_use
from ..lines import warn
from ..memory import write, wrote
from ..modes import mode, observed
from .calls import unusual
from .epochs import Epochs
from .passes import fold_seed, unshift
from .plan import NotAStep, Plan, copied, hooked, of_the_library, turned
from .program import number_of
from .recording import CannotRecord
from .runs import Run, count_steps
from .text import Text
from .watching import Watched

TURNED_UP_TO = 20_000  # parameters; above, a step is matrix products, to which the layout is all one
Eager = Callable[[Any, Any], tuple[Any, float]]


class Training:
    """The compiled steps of one model, loss and optimizer. clip: what clips the optimizer's gradients, or None.

    `step(x, t)` gives the outputs and the loss, or None where eager code has to do this step; `reason` says why, if that is for
    good.
    """

    def __init__(
        self, model: Any, loss: Any, optimizer: Any, clip: Callable[[Any], None] | None = None, fast: bool = False
    ):
        self.fast = fast  # feature-major where that is known: equal to rounding, not to the bit
        self.model, self.loss, self.optimizer, self.clip = model, loss, optimizer, clip
        self.steps: dict[Any, Step] = {}
        self.reason: str | None = None
        self.failing: tuple[Any, Any] | None = None  # the batch at which an epoch ended, for who wants to look into it
        self.watched = Watched(model, loss)
        self._look()

    def _look(self) -> None:
        """Begin anew, with the model and the loss as they are now."""
        model = self.model
        self.watched.look()
        self.steps.clear()
        self.raised: tuple[str, int] | None = None  # an error of the last step, and how many were made before it
        self.epochs: Epochs | None = None
        self.parameters = list(model.parameters()) if hasattr(model, "parameters") else []
        tensors = dict(model.named_parameters()) | dict(model.named_buffers()) if hasattr(model, "modules") else {}
        self.names = {id(p): name for name, p in tensors.items()}
        parts = [*self.watched.modules, *([] if self.loss in self.watched.modules else [self.loss])]
        self.trusted = hasattr(model, "modules") and not self.watched.users and all(map(of_the_library, parts))

    def __reduce__(self) -> Any:
        return type(None), ()  # programs write into this model's memory: a copy of a trainer makes its own

    def program(self, x: Any, t: Any) -> Step | None:
        """The step for batches like this one, recorded if it is the first; None if there can be none."""
        if self.reason is not None or observed() or not mode.recording:
            return None
        if self.raised is not None and self.raised[1] != self._made():  # eager code made that step
            self._refuse(self.raised[0])
            return None
        if self.watched.changed():
            self._look()
        self.raised = None
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]] + self.parameters
        modes = [m.training for m in self.watched.modules] + [p.tracked for p in parameters]
        modes.append(in_use.anywhere and any(map(hooked, parameters)))
        key = x.shape, x.dtype, unusual(x), t.shape, t.dtype, unusual(t), tuple(modes)
        found = self.steps.get(key)
        if found is None or not found.plan.holds():
            try:
                found = self.steps[key] = Step(Plan(self, x, t), self)
            except NotAStep:
                return None
            except CannotRecord as error:
                self._refuse(str(error))
                return None
            except Exception as error:
                self.left(error)
                return None
        return found

    def left(self, error: Exception) -> None:
        """A step that raises an error is left to eager code, which may well raise the same."""
        self.raised = f"it raises {type(error).__name__}: {error}", self._made()

    def _made(self) -> int:
        """How many steps were made, each counted as often as it has parameters."""
        return sum(sum(flat.steps) for flats in self.optimizer._flats for flat in flats)

    def _refuse(self, reason: str) -> None:
        """Say, once, that steps run as they are."""
        self.reason = reason
        warn(f"training runs without a compiled program: {reason}")

    def step(self, x: Any, t: Any, outputs: bool = True, look: bool = True) -> tuple[Any, float] | None:
        """One step, whose gradients are left in `.grad` if somebody will look; None, with nothing done, if eager code has to do it."""
        if not isinstance(x, np.ndarray) or not isinstance(t, np.ndarray):
            return None
        step = self.program(x, t)
        return None if step is None else step.run(x, t, outputs, look)

    def epoch(
        self,
        batches: Any,
        outputs: list[Any] | None,
        otherwise: Eager,
        look: bool = True,
        losses: list[float] | None = None,
    ) -> tuple[list[float], list[Any]]:
        """Losses and targets of an epoch's batches, up to the first loss that is no number. outputs: a list to fill, or None.
        otherwise: what does a step that no program does. look: somebody will look at `.grad` afterwards. losses: a list for
        them, where those before an error are found as well."""
        if self.epochs is None or self.epochs.batches is not batches:
            self.epochs = Epochs(self, batches)
        return self.epochs.run([] if losses is None else losses, outputs, otherwise, look)


class Step:
    """A plan as programs that do one step each, with outputs and without."""

    def __init__(self, plan: Plan, training: Training):
        self.plan, self.clip, self.fast, self.left = plan, training.clip, training.fast, training.left
        self.texts: dict[Any, Text] = {}
        self.runs: dict[bool, Run | None] = {}

    def many(self, size: int, outputs: bool, shifted: bool = False) -> Run | None:
        """Many such steps as one program, where that can be. shifted: a softmax is no longer done without its shift."""
        if outputs not in self.runs or shifted:
            self.runs[outputs] = self._run(size, outputs, shifted)
        return self.runs[outputs]

    def _run(self, size: int, outputs: bool, shifted: bool) -> Run | None:
        plan, seed, logits = self.plan, None, None
        if self.fast and plan.inline:
            small = sum(flat.values.size for _, flat in plan.flats) <= TURNED_UP_TO
            other = turned(plan, size) if small else None
            plan = other or copied(plan)
            logits = None if shifted else unshift(plan.calls)
            seed = fold_seed(plan, plan.rules()) if other is not None else None
        run = Run(plan, size, outputs, seed, logits) if Run.possible(plan, outputs) else None
        # who leaves out the shift has to look at them
        seen = logits is None or (run is not None and logits in run.room)
        return run if seen else self._run(size, outputs, True)

    def text(self, outputs: bool) -> Text:
        """The program that fits the optimizer's numbers of the coming step, which are filled in."""
        plan = self.plan
        for (with_outputs, _), text in self.texts.items():
            if with_outputs == outputs and all(
                rule is None or rule.fits(flat.steps[0] + 1, group)
                for (group, flat), rule in zip(plan.flats, text.rules, strict=True)
            ):
                return text
        rules: list[Any] = plan.rules() if plan.inline else [None] * len(plan.flats)
        text = self.texts[outputs, len(self.texts)] = Text(plan, rules, outputs)
        for (group, flat), rule in zip(plan.flats, rules, strict=True):
            if rule is not None:
                rule.fits(flat.steps[0] + 1, group)
        return text

    def run(self, x: Any, t: Any, outputs: bool, look: bool) -> tuple[Any, float] | None:
        """The outputs and the loss; None, with nothing done, if the loss is no number or there is an error."""
        plan = self.plan
        text = self.text(outputs)
        before = [bits.state for bits in plan.generators]
        if look or not plan.inline:
            plan.optimizer.zero_grad()  # to make room for the new ones
        keep = [np.empty_like(flat.values) for _, flat in plan.flats] if plan.inline and look else None
        try:
            arguments = [plan.data(a, x, t) for a in plan.calls.arguments]
            values = text.run(*arguments, *map(number_of, text.numbers), *([keep] if plan.inline else []))
            loss = float(values[0])
        except Exception as error:
            self.left(error)
            loss = math.nan
        if not math.isfinite(loss):
            for bits, state in zip(plan.generators, before, strict=True):
                bits.state = state
            return None
        rest = values[2 if outputs else 1 :]
        for value, (_, tensor) in zip(rest, text.late, strict=False):
            write(tensor, value)
        output = np.array(values[1]) if outputs else None
        for p, g in zip(text.gradients, rest[len(text.late) :], strict=True):
            p.gradient = np.array(g) if p.gradient is None else p.gradient + g
        if plan.inline:
            count_steps(plan, text.rules, 1)
            for grads, (_, flat) in zip(keep or (), plan.flats if keep else (), strict=True):
                for i, p in enumerate(flat.params):
                    p.gradient = flat._view(grads, i)
        else:
            if self.clip is not None:
                self.clip(plan.optimizer)
            plan.optimizer.step()
        if plan.writes:
            wrote(plan.writes)
        return output, loss
