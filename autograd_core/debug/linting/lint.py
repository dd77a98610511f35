"""Looking for what usually goes wrong in training, on one batch: a list of findings, each with its place and its remedy.

The pass is made on copies, by the engine's own generator: no gradient is left, no generator drawn from, no running mean
moved, no mode changed. A check speaks only where a clean training never gets to; what it takes for that is a constant with
its reason, in the files of the checks, `batch`, `model`, `loss`, `gradients`.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...backward import ancestors, contributions
from ...lines import here, said
from ...modes import enable_grad, no_grad, observing
from ...tensor import Tensor
from ..causes.missing import Cause, why_none
from ..places import Places

# rows that only lay numbers out differently
LAYOUT = {"reshape", "cast", "transpose", "swapaxes", "moveaxis", "expand_dims", "squeeze", "broadcast_to", "getitem"}


@dataclass(frozen=True)
class Finding:
    """Something that is wrong: a code for programs, a sentence for people, where, this run's numbers, what to do."""

    code: str
    sentence: str
    evidence: str
    remedy: str
    module: str | None = None  # the path of the module or parameter
    line: str | None = None  # of the user's code, as file:number

    @property
    def where(self) -> str:
        """The module and the line, as far as they are known."""
        module = self.module and ("module " if self.module[-1].isdigit() else "") + self.module
        return ", ".join(place for place in (module, self.line) if place)

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.code}{place}: {self.sentence}\n    found: {self.evidence}\n    write: {self.remedy}"


class Report(list[Finding]):
    """Findings, in the order in which they should be looked at; empty where nothing was found."""

    @property
    def codes(self) -> list[str]:
        """The codes of the findings."""
        return [finding.code for finding in self]

    def __str__(self) -> str:
        return "\n".join(map(str, self)) if self else "nothing found"

    __repr__ = __str__


Check = Callable[["Look"], Iterator[Finding]]


class Look:
    """One forward and one backward pass of copies, and what was seen on the way."""

    def __init__(self, model: Any, loss: Any, batch: Any, optimizer: Any):
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.x, self.t = batch
        self.parameters = _named_parameters(model, loss, optimizer)
        self.output: Any = None
        self.result: Any = None  # of the loss
        self.error: Exception | None = None
        self.stage = "copy"
        self.nodes: list[Tensor] = []  # of the result's graph, oldest first
        self.grads: dict[Tensor, Any] = {}
        self._memo: dict[int, Any] = {}
        self._names: dict[Tensor, str] = {}
        self.called = said(here())
        self.places = Places()
        drawn = np.random.get_state()
        try:
            with observing(self.places), enable_grad(), warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                self._pass()
        except Exception as error:  # whatever the user's code raises is what there is to report
            self.error = error
        finally:
            np.random.set_state(drawn)

    def _pass(self) -> None:
        model, loss, x, t = copy.deepcopy((self.model, self.loss, self.x, self.t), self._memo)
        self.stage = "forward"
        self.output = model(x)
        self.stage = "loss"
        self.result = loss(self.output, t)
        self.stage = "backward"
        if not isinstance(self.result, Tensor) or not self.result.requires_grad or self.result.size != 1:
            return
        order = ancestors([self.result])
        self.nodes = order[::-1]
        self.grads[self.result] = np.ones_like(self.result.value)[()]
        with no_grad():
            for _ in contributions(order, self.grads, keep=order):
                pass

    @property
    def stepped(self) -> bool:
        """Whether an optimizer has made a step: it counts them, or else the parameters have been written to."""
        try:
            groups = self.optimizer.state_dict()["groups"]
            return any(t > 0 for group in groups for buffers in group["buffers"] for t in buffers["steps"])
        except (AttributeError, KeyError, TypeError):  # none, or one of another make
            return any(p.written for p in self.parameters.values())

    def twin(self, parameter: Tensor) -> Tensor:
        """The parameter's copy, which the pass went through."""
        twin: Tensor = self._memo.get(id(parameter), parameter)
        return twin

    def gradient(self, parameter: Tensor) -> Any:
        """What arrived at a parameter (or at the original, if the loss holds on to it); None if nothing did."""
        found = [self.grads[p] for p in {self.twin(parameter), parameter} if p in self.grads]
        return sum(found[1:], found[0]) if found else None

    def why_none(self, parameter: Tensor) -> Cause:
        """Why no gradient arrived at a parameter, as far as this pass shows."""
        before, Places.last = Places.last, self.places
        try:
            return why_none(self.result, self.twin(parameter))
        finally:
            Places.last = before

    def name(self, node: Any) -> str | None:
        """The path of a parameter by its copy; None for other nodes."""
        if not self._names:
            self._names = {p: name for name, own in self.parameters.items() for p in (own, self.twin(own))}
        return self._names.get(node)

    def weight_of(self, node: Tensor) -> tuple[str, Tensor] | None:
        """The matrix of parameters that a node multiplies with, as a layer does, and its path; None for other nodes."""
        if node.op is None or node.op.name in LAYOUT or len(node.inputs) < 2:
            return None
        for x in map(source, node.inputs):
            if isinstance(x, Tensor) and x.ndim > 1 and (name := self.name(x)) is not None:
                return name, x
        return None

    def layers(self) -> list[tuple[Tensor, str, Tensor]]:
        """The nodes at which a matrix of parameters comes in, oldest first, each with its path and the matrix."""
        return [(node, *found) for node in self.nodes if (found := self.weight_of(node)) is not None]

    def at(self, node: Any) -> dict[str, str | None]:
        """Where a node was made, for a Finding: the module, and the line unless it is the one that called lint()."""
        site = getattr(node, "site", None)
        if site is None:
            return {}
        return {"module": site.module, "line": self.line(said(site.line))}

    def line(self, line: str | None) -> str | None:
        """A line of the user's, unless it is the one that called lint(), which says nothing about the network."""
        return line if line != self.called else None


def source(x: Any) -> Any:
    """What a tensor was before it was only laid out differently."""
    while isinstance(x, Tensor) and x.op is not None and x.op.name in LAYOUT:
        x = x.inputs[0]
    return x


def bare(x: Any) -> Any:
    """The numbers of a Tensor, an array or a list; none of what holds no array of numbers."""
    try:
        array = np.asarray(x.value if isinstance(x, Tensor) else x)
    except ValueError:  # lists of several lengths
        return np.empty(0)
    return array if array.dtype.kind in "fiub" else np.empty(0)


def some(names: list[str]) -> str:
    """Names, the first three of many."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _named_parameters(model: Any, loss: Any, optimizer: Any) -> dict[str, Tensor]:
    """The parameters by path: of the model, of the loss if it has some; of a plain function those in the optimizer."""
    found = dict(model.named_parameters()) if hasattr(model, "named_parameters") else {}
    if hasattr(loss, "named_parameters"):
        found |= {f"loss.{name}": p for name, p in loss.named_parameters() if all(p is not q for q in found.values())}
    if not hasattr(model, "named_parameters") and optimizer is not None:
        held = [p for group in optimizer.param_groups for p in group["params"]]
        found |= {p.name or f"parameter {i}": p for i, p in enumerate(held)}
    return found


def lint(model: Any, loss: Any, batch: Any, optimizer: Any = None) -> Report:
    """What is wrong with a training, as far as one batch shows it: a list of findings, empty if nothing was found.

    model: called with the inputs. loss: called with outputs and targets. batch: the pair of them. optimizer: what trains.
    Call it where the next `loss.backward()` would stand. Nothing changes: neither gradients nor generators, running
    means or modes. Lines are known of what your own code computes, in a forward() or in a loss. A forgotten zero_grad() shows
    before the first step; later, where the training ran under debug.record().

    >>> from autograd_core import nn
    >>> model = nn.Sequential(nn.Linear(3, 2, rng=0), nn.Softmax())
    >>> x, t = np.random.default_rng(0).normal(size=(8, 3)), np.array([0, 1] * 4)
    >>> lint(model, nn.CrossEntropyLoss(), (x, t)).codes
    ['softmax-twice']
    >>> lint(model[0], nn.CrossEntropyLoss(), (x, t))
    nothing found
    """
    from . import batch as of_batch
    from . import gradients as of_gradients
    from . import loss as of_loss
    from . import model as of_model

    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        raise ValueError(f"batch is a pair, inputs and targets; it is {batch!r:.60}: write lint(model, loss, (x, t))")
    look, report = Look(model, loss, batch, optimizer), Report()
    for check, causes in [*of_batch.CHECKS, *of_model.CHECKS, *of_loss.CHECKS, *of_gradients.CHECKS]:
        if not any(finding.code in causes for finding in report):  # what follows from what was found is not said
            report.extend(check(look))
    return report
