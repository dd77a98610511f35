"""One training step as calls: forward, backward, what is written to, and where each gradient has to go."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..hooks import in_use
from ..memory import describe
from ..tensor import Tensor
from ..trees import equal
from .calls import Call, Calls, Value
from .comparing import same
from .followed import CannotWrite
from .lowering import from_record
from .passes import hoist
from .program import optimise
from .recording import CannotRecord, record
from .updates import Rule

ROOMS = {"autograd_core", "nn", "optim"}  # of the library


class NotAStep(Exception):
    """What the model and the loss return cannot be trained."""


class Plan:
    """The calls of a step for batches of one shape. gradients: by parameter; writes: tensors that are written to.

    inline: whether the whole update is part of the program, as it is for every optimizer that has but a rule.
    """

    def __init__(self, training: Any, x: Any, t: Any):
        self.optimizer = optimizer = training.optimizer
        if not of_the_library(optimizer, "zero_grad"):
            raise CannotRecord(f"{type(optimizer).__name__} forgets gradients in its own way")
        trained = {p for group in optimizer.param_groups for p in group["params"]}
        for p in (*trained, *training.parameters) if in_use.anywhere else ():
            if hooked(p):
                raise CannotRecord(f"{describe(p)} has a hook, which is a function of Python's")

        def forward_backward(x: Any, t: Any) -> Any:
            optimizer.zero_grad()
            output = training.model(x)
            loss = training.loss(output, t)
            if not isinstance(loss, Tensor) or not isinstance(output, Tensor) or loss.size != 1 or not loss.tracked:
                raise NotAStep  # eager code will say what is wrong with it
            loss.backward()
            return output, loss.reshape(()) if loss.shape else loss

        others = [(p, p.gradient) for p in training.parameters if p not in trained]
        for p, _ in others:
            p.gradient = None
        try:
            watched = None if training.trusted else training.watched
            found = record(forward_backward, (x, t), lines=not training.trusted, watched=watched)
            if not training.trusted:
                again = record(forward_backward, (x, t), lines=False, watched=watched)
                if different := same(found, again):
                    raise CannotRecord(f"the step does not do the same twice: {different}")
                as_it_is = record(lambda: forward_backward(x, t), (), lines=False, watched=watched)
                if not all(map(equal, bare(found.result), bare(as_it_is.result))):
                    raise CannotRecord("the model or the loss does something else to Tensors than to arrays")
        finally:
            for p, g in others:
                p.gradient = g
        if found.adds():
            raise CannotRecord("it adds to gradients that no optimizer forgets")
        names = {**training.names, id(found.arguments[0]): "x", id(found.arguments[1]): "t"}
        self.calls, known = from_record(found, names)
        for _, value in found.writes:
            if id(value) not in known:
                raise CannotRecord("what is written to a tensor was not computed by rows of the table")
        self.output, self.loss = (known[id(r)] for r in found.result)
        self.gradients = {
            p: known[id(g)] for p, g in found.gradients.items() if isinstance(g, Tensor) and id(p) in self.calls.outside
        }
        self.others = [p for p in self.gradients if p not in trained]  # whose gradients add up, for nobody forgets them
        self.writes = [w for w, _ in found.writes]
        self.generators = [generator.bit_generator for generator, _ in found.states]
        everything: dict[Any, Value] = {"output": self.output, "loss": self.loss, **self.gradients}
        self.calls.results = {**everything, **{("write", i): known[id(x)] for i, (_, x) in enumerate(found.writes)}}
        optimise(self.calls)
        hoist(self.calls)
        self.calls.kept = []
        results = self.calls.results
        self.output, self.loss = results["output"], results["loss"]
        self.loss.name = self.loss.name or "loss"
        self.gradients = {p: results[p] for p in self.gradients}
        self.written = [results["write", i] for i in range(len(self.writes))]
        self.adopt()
        every = all(p in self.gradients for _, flat in self.flats for p in flat.params)
        even = all(len(set(flat.steps)) == 1 for _, flat in self.flats)
        plain = type(optimizer).step.__qualname__ == "Optimizer.step" and of_the_library(optimizer, "step")
        self.inline = every and even and plain and training.clip is None
        self.turned = False  # whether the output has a column for each sample
        self.with_ones: set[Value] = set()  # arguments whose rows end with a 1
        self.lying: list[tuple[Value, Any]] = []  # values that are to lie in given arrays
        self.destinations: list[tuple[Value, Any, str]] = []  # gradients, where they go, and the names of these places
        for _, flat in self.flats:
            for p, _, view in flat.homes:
                if p in self.gradients:
                    self.destinations.append((self.gradients[p], view, f"{self.name(p)}_grad"))

    def name(self, tensor: Any) -> str:
        """What the program calls a Tensor."""
        value = self.calls.outside.get(id(tensor))
        return (value.name if value is not None else "") or tensor.name or "p"

    def adopt(self) -> None:
        """Parameters move into the optimizer's flat buffers, if they are not there yet."""
        groups = zip(self.optimizer.param_groups, self.optimizer._flats, strict=True)
        self.flats = [(group, flat) for group, flats in groups for flat in flats]
        for _, flat in self.flats:
            for p, view, _ in flat.homes:
                if p.value is not view:
                    view[...] = p.value
                    p.value = view
        self.bound = [(p, p.value) for _, flat in self.flats for p in flat.params]
        self.states = [flat.state for _, flat in self.flats]
        read = [v.source for v in self.calls.outside.values() if v.kind == "outside"]
        self.bound += [(t, t.value) for t in read if isinstance(t.value, np.ndarray)]

    def holds(self) -> bool:
        """Whether all that the program reads still lies where it lay."""
        same_states = all(flat.state is s for (_, flat), s in zip(self.flats, self.states, strict=True))
        same_flats = len(self.flats) == sum(map(len, self.optimizer._flats))
        even = not self.inline or all(flat.steps.count(flat.steps[0]) == len(flat.steps) for _, flat in self.flats)
        return same_states and same_flats and even and all(p.value is array for p, array in self.bound)

    def rules(self) -> list[Rule | None]:
        """The optimizer's rule for each flat buffer as it stands now; None for one that is called as it is."""
        found: list[Rule | None] = []
        for i, (group, flat) in enumerate(self.flats):
            if not of_the_library(self.optimizer):
                found.append(None)  # a rule of the user's own may look at what it likes
                continue
            try:
                found.append(Rule(self.optimizer, group, flat, flat.steps[0] + 1, f"_{i}" if i else ""))
            except (CannotWrite, TypeError, AttributeError):
                found.append(None)
        return found

    def data(self, argument: Value, x: Any, t: Any) -> Any:
        """An argument of the program for samples x and their targets t."""
        if isinstance(argument.source, Value):  # the same, laid out in another way
            argument = argument.source
        if isinstance(argument.source, int):
            return (x, t)[argument.source]
        call: Call = argument.source
        first = (x, t)[call.inputs[0].source]
        others = [np.empty((len(x), *y.shape[1:]), y.dtype) if isinstance(y, Value) else y for y in call.inputs[1:]]
        return call.op.kernel(first, *others, **call.params)


def of_the_library(thing: Any, *methods: str) -> bool:
    """Whether a module, loss or optimizer is the library's own as it was written, so that it does the same each time.

    methods: whether these are, whatever else its class may say.
    """
    made = [getattr(type(thing), m, None) for m in methods] or [type(thing)]
    rooms = {getattr(x, "__module__", "").split(".")[0] for x in made}
    replaced = methods or ("forward", "apply", "update", "coefficients")
    return (
        rooms <= ROOMS and isinstance(own := getattr(thing, "__dict__", None), dict) and own.keys().isdisjoint(replaced)
    )


def bare(results: Iterable[Tensor]) -> list[Any]:
    return [x.value for x in results]


def hooked(p: Tensor) -> bool:
    """Whether functions of the user's see a parameter's gradient."""
    return getattr(p, "hooks", None) is not None and bool(p.hooks.functions)


def copied(plan: Plan) -> Plan:
    """The plan with calls of its own, which a pass may change."""
    twins: dict[Any, Value] = {}
    calls = []
    for call in plan.calls.calls:
        outs = [copy.copy(v) for v in call.outs]
        calls.append(
            Call(
                call.op,
                [twins.get(x, x) if isinstance(x, Value) else x for x in call.inputs],
                dict(call.params),
                outs,
                call.note,
            )
        )
        for v, twin in zip(call.outs, outs, strict=True):
            twins[v], twin.made = twin, calls[-1]
    new = copy.copy(plan)
    new.calls = Calls(plan.calls.arguments, calls, plan.calls.outside)
    new.loss, new.output = (twins.get(v, v) for v in (plan.loss, plan.output))
    new.gradients = {p: twins.get(g, g) for p, g in plan.gradients.items()}
    new.destinations = [(twins.get(g, g), view, name) for g, view, name in plan.destinations]
    new.written = [twins.get(v, v) for v in plan.written]
    return new


def turned(plan: Plan, batch: int) -> Plan | None:
    """The plan with feature-major buffers, or None if there is none."""
    from .passes.feature_major import CannotTurn, Turned

    try:
        other = Turned(plan, batch)
    except CannotTurn:
        return None
    new = copy.copy(plan)
    new.calls = Calls(other.arguments, other.calls, plan.calls.outside)
    new.destinations, new.lying, new.with_ones = other.destinations, other.placed, other.with_ones
    new.loss = other.same[plan.loss]
    new.turned = plan.output in other.turned
    new.output = other.turned[plan.output] if new.turned else other.same.get(plan.output, plan.output)
    new.written = []
    return None if plan.written else new
