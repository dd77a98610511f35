"""Which op is wrong? A program is taken apart, and every row in it is held against all who know its derivative.

gradcheck says that the gradient of a whole function is wrong. Here each node of the graph is computed by itself, at the
numbers of this run, and what the engine makes of its row's rules is compared, oldest node first: the first op that
differs is the culprit, with its formula, argument and index. If none does and the whole differs, the graph lacks a part.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.util import find_spec
from typing import Any

import numpy as np

from .agreement import WHOLE, Difference, Held, Part
from .backward import ancestors, backprop, contributions
from .check import GradientMismatch, called, evaluated, labelled, leaves_from
from .oracles import EPS, Answer, Local, Moves, complex_step, differences, of_row
from .peers import by_jax, by_sympy, by_torch
from .symbol import Symbol, show
from .tensor import Tensor

ORACLES: dict[str, Callable[[Local], Answer | None]] = {
    "differences": differences, "complex": complex_step, "sympy": by_sympy, "torch": by_torch, "jax": by_jax,
}  # fmt: skip
FEW = 24  # an input of more elements is moved along random directions, not element by element


@dataclass
class Crosscheck:
    """What `crosscheck` found: a line for each node, and in it the largest relative difference from each oracle."""

    oracles: tuple[str, ...]
    lines: list[tuple[str, tuple[int, ...], dict[str, float]]] = field(default_factory=list)
    first: Difference | None = None

    @property
    def ok(self) -> bool:
        """Whether nobody disagrees."""
        return self.first is None

    def table(self) -> list[list[str]]:
        """Formula, shape and a column for each oracle; – where it has nothing to say."""
        cells = [
            [formula, str(shape), *(f"{found[o]:.0e}" if o in found else "–" for o in self.oracles)]
            for formula, shape, found in self.lines
        ]
        return [["node", "shape", *self.oracles], *cells]

    def __str__(self) -> str:
        table = self.table()
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        rows = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in table]
        return "\n".join(rows if self.first is None else [*rows, str(self.first)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head, *rows = [[escape(c) for c in row] for row in self.table()]
        body = "".join(f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in rows)
        note = "" if self.first is None else f"<pre>{escape(str(self.first))}</pre>"
        return f"<table><tr><th>{'</th><th>'.join(head)}</th></tr>{body}</table>{note}"


def crosscheck(
    f: Callable[..., Any],
    *args: Any,
    oracles: Sequence[str] = tuple(ORACLES),
    strict: bool = True,
    rng: Any = 0,
) -> Crosscheck:
    """Compare every op of `f` at `args`, and the whole, with all who know the derivative; GradientMismatch names the first.

    f, args: as for `gradcheck`. oracles: whom to ask of differences, complex (the complex step), sympy, torch, jax; those
    that are not installed or do not know an op are left out (–). strict: raise; otherwise look at the result's `.first`.
    Kinks and ties are passed over by what is measured: what is said there is a choice. ValueError: an unknown oracle.

    >>> report = crosscheck(lambda x, w: np.tanh(x * w) * x.detach(), [0.5, 1.0], 2.0, strict=False)
    >>> for formula, shape, differences in report.lines: print(formula, shape, "differences" in differences)
    v1 = x·w (2,) True
    v2 = tanh(v1) (2,) True
    v3 = v2·[2] (2,) True
    <lambda>(x, w) (2,) True
    >>> report.first.op, report.first.what, report.first.index
    ('the whole', 'gradient towards x', (0,))
    """
    if unknown := set(oracles) - set(ORACLES):
        raise ValueError(f"there is no oracle called {', '.join(sorted(unknown))}; there are {', '.join(ORACLES)}")
    tensors, report = leaves_from(args), Crosscheck(tuple(oracles))
    labels = labelled(tensors, _parameters(f, len(args)))
    output = evaluated(lambda: f(*tensors), labels, called(f))
    rng = np.random.default_rng(rng)
    with np.errstate(all="ignore"):  # what is moved may leave the domain
        for part in _parts(f, tensors, labels, output):
            report.lines.append((part.formula, np.shape(part.value), _held(part, report, rng)))
            if strict and report.first is not None:
                raise GradientMismatch(str(report.first))
    return report


def _parts(f: Callable[..., Any], tensors: list[Any], labels: dict[Tensor, str], output: Tensor) -> Iterator[Part]:
    """Every node from the oldest to the youngest, then the whole."""
    names: dict[Tensor, str] = {}
    count = itertools.count(1)
    nodes = ancestors([output])[::-1]
    for node in nodes:
        # v for a step, p for a parameter that f brings along
        names[node] = labels.get(node) or node.name or f"{'v' if node.op else 'p'}{next(count)}"
        if node.op is not None:
            yield _alone(node, names)

    leaves, call = list(labels), f"{called(f)}({', '.join(labels.values())})"
    at = tuple(leaf.value for leaf in leaves)

    def run(*values: Any) -> Any:
        try:
            for leaf, value in zip(leaves, values, strict=True):
                leaf.value = value
            return f(*tensors).value
        finally:
            for leaf, value in zip(leaves, at, strict=True):
                leaf.value = value

    precision = max((float(np.finfo(node.dtype).eps) for node in nodes if node.op), default=EPS)
    g = np.random.default_rng(0).uniform(0.5, 1.5, output.shape)
    local = Local(run, at, tuple(range(len(at))), g, precision=precision)
    found = backprop(output, leaves, g, retain_graph=True) if output.requires_grad else [Tensor(0 * x) for x in at]
    gradients = {i: gradient.value for i, gradient in enumerate(found)}
    yield Part(WHOLE, call, output.value, dict(enumerate(labels.values())), gradients, local)


def _alone(node: Tensor, names: dict[Tensor, str]) -> Part:
    """A node's row, computed anew from leaves of its own, so that its rules are all that runs."""
    op, inputs = node.op, node.inputs
    assert op is not None
    values = [x.value if isinstance(x, Tensor) else x for x in inputs]
    edges = [i for i, *_ in op.edges_of(len(inputs)) if isinstance(inputs[i], Tensor) and inputs[i].requires_grad]
    if op.name == "checkpoint":  # it stands for a function that only its rule computes again: the whole has to tell
        edges = []
    local = of_row(op, values, node.params, edges)
    y = op(*(_leaf(x) if i in edges else x for i, x in enumerate(values)), **node.params)
    arriving = np.asarray(local.g, y.dtype)[()]
    gradients = {}
    # a rule may refuse some gradients, as those of vectors that are not determined; the run's was none of them
    with contextlib.suppress(np.linalg.LinAlgError):
        gradients = {i: given for _, i, _, _, given in contributions([y], {y: arriving})} if edges else {}
    symbols = [Symbol(names.get(x) or x.name or show(x.value), x.value) if isinstance(x, Tensor) else x for x in inputs]
    formula = f"{names[node]} = {op(*symbols, **node.params).spell()}"
    formula = formula if len(formula) <= 60 else f"{names[node]} = {op.name}(…)"
    return Part(op.name, formula, node.value, {i: names[inputs[i]] for i in edges}, gradients, local)


def _leaf(value: Any) -> Tensor:
    leaf = Tensor(0.0, requires_grad=True)
    leaf.value = value  # in the dtype and the memory that the run had
    return leaf


def _held(part: Part, report: Crosscheck, rng: np.random.Generator) -> dict[str, float]:
    """The part held against every oracle: the largest relative differences; the first of all goes into the report."""
    local, worst = part.local, dict[str, float]()
    measured = differences(local)  # asked for or not: it knows where the kinks are
    answers = {name: measured if name == "differences" else _ask(name, local) for name in report.oracles}
    moves = {i: _moves(part, given, rng) for i, given in part.gradients.items()}
    slopes = {i: measured.slopes(i, moves[i]) for i in moves}
    for name, answer in answers.items():
        if answer is None:
            continue
        held = [] if answer.value is None else [Held(part, answer, None, None, part.value, answer.value, 0.0)]
        for i, given in part.gradients.items():
            along = None if answer.whole else moves[i]
            expected, doubt = slopes[i] if answer is measured else answer.slopes(i, along)
            if along is moves[i]:
                expected = np.where(np.isnan(slopes[i][0]) & (slopes[i][1] == 0), np.nan, expected)
            held.append(Held(part, answer, i, along, given, expected, doubt))
        for one in held:
            relative = one.relative()
            if not np.all(np.isnan(relative)):
                worst[name] = max(worst.get(name, 0.0), float(np.nanmax(relative)))
            if report.first is None and np.any(relative > one.rtol):
                report.first = one.difference(name, int(np.nanargmax(relative)))
    return worst


def _moves(part: Part, given: Any, rng: np.random.Generator) -> Moves:
    """Three random directions where single elements would take too many evaluations."""
    if part.local.elementwise or (np.size(given) <= FEW and part.op != WHOLE):
        return None
    return [rng.normal(size=np.shape(given)) for _ in range(3)]


def _ask(name: str, local: Local) -> Answer | None:
    """What an oracle says of a row; None if it is not installed, does not know the row or cannot take its inputs."""
    if local.op is None or (name not in ("differences", "complex") and find_spec(name) is None):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ORACLES[name](local)
        except Exception:  # whatever another library has against these inputs is no news of the row
            return None


def _parameters(f: Callable[..., Any], count: int) -> list[str]:
    """What f calls its arguments."""
    try:
        given = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        given = {}.values()
    names = [p.name for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [names[i] if i < len(names) else f"x{i + 1}" for i in range(count)]
