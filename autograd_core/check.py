"""Does a gradient tell the truth? Compare it with the slope that finite differences measure.

The one test of the whole table walks its rows through these two functions, at order 1 and order 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .backward import backprop
from .modes import set_grad_enabled
from .ops.shapes import concatenate
from .tensor import Tensor
from .trees import leaves as leaves_of
from .trees import mapped


class GradientMismatch(AssertionError):
    """A gradient differs from what finite differences measure; the message says of what, where and by how much."""


def gradcheck(
    f: Callable[..., Any],
    *inputs: Any,
    fast: bool = False,
    directions: int = 2,
    step: float = 1e-5,
    rtol: float = 1e-6,
    atol: float = 1e-8,
    rng: Any = 0,
    name: str | None = None,
) -> None:
    """Compare the gradient of `f` at `inputs` with central differences; GradientMismatch where they differ.

    f: Tensors to a Tensor of any shape; the outputs are weighted by random numbers, so that one pass checks all.
    inputs: arrays, numbers, Tensors or nests of them (a list of numbers is an array); floating-point ones are
    checked, in float64, the others passed on. step, rtol, atol: the width of the differences, times |x| above 1, and
    what counts as equal. rng: seed or Generator of what is random. fast: not element by element but along random
    `directions` through all inputs at once, two evaluations of f for each; the elements are searched only where one
    of them differs. TypeError, ValueError: nothing to differentiate, f is random, or not finite.

    >>> gradcheck(lambda a, b: a * np.tanh(b), [1.0, 2.0], 0.5)
    >>> gradcheck(lambda w: np.tanh(w["x"] @ w["y"]), {"x": np.ones((50, 80)), "y": np.ones(80) / 80}, fast=True)
    >>> try: gradcheck(lambda a: a.detach() * a, [3.0, 0.5])
    ... except GradientMismatch as error: print(error)
    <lambda>: wrong gradient towards input 0 at index (0,)
      inputs     [3.  0.5]
      got        3.41089
      expected   6.82177 (central difference, step 3e-05)
    """
    tensors = leaves_from(inputs)
    check = _Check(lambda: f(*tensors), labelled(tensors), name or called(f), step, rtol, atol, rng)
    check.along(directions) if fast else check.elements()


def gradgradcheck(
    f: Callable[..., Any],
    *inputs: Any,
    fast: bool = False,
    directions: int = 2,
    step: float = 1e-5,
    rtol: float = 1e-6,
    atol: float = 1e-8,
    rng: Any = 0,
    name: str | None = None,
) -> None:
    """The same one order up: check the gradient's own gradient, towards the inputs and towards what arrives.

    Arguments and errors as for `gradcheck`.

    >>> gradgradcheck(lambda a, b: a**2 * np.sin(b), 1.5, [0.5, 2.0])
    """
    tensors, name = leaves_from(inputs), name or called(f)
    leaves = labelled(tensors)
    output = evaluated(lambda: f(*tensors), leaves, name)
    if not output.requires_grad:
        return
    arriving = _leaf(np.random.default_rng(rng).uniform(0.5, 1.5, output.shape))

    def gradient() -> Tensor:
        grads = backprop(f(*tensors), leaves, [arriving], create_graph=True)
        return concatenate(*(g.reshape(-1) for g in grads))

    labels = {arriving: "the gradient that arrives", **leaves}
    check = _Check(gradient, labels, f"gradient of {name}", step, rtol, atol, rng)
    check.along(directions) if fast else check.elements()


class _Check:
    """The gradient of what f computes from leaves, and what moving the leaves says of it."""

    def __init__(
        self, f: Callable[[], Tensor], labels: dict[Tensor, str], name: str, step: float, rtol: float, atol: float, rng: Any
    ):  # fmt: skip
        self.f, self.labels, self.name, self.step, self.rtol, self.atol = f, labels, name, step, rtol, atol
        self.rng = np.random.default_rng(rng)
        output = evaluated(f, labels, name)
        self.weights = self.rng.uniform(0.5, 1.5, output.shape)
        found = (
            backprop(output, labels, self.weights, retain_graph=True)
            if output.requires_grad
            else [Tensor(0 * x.value) for x in labels]
        )
        self.gradients = {leaf: np.asarray(g.value) for leaf, g in zip(labels, found, strict=True)}
        self.scales = {leaf: np.maximum(1, abs(leaf.value)) for leaf in labels}  # what a step is relative to

    def elements(self) -> None:
        """Move one element after the other."""
        for leaf, label in self.labels.items():
            for index in np.ndindex(leaf.shape):
                move = np.zeros(leaf.shape)
                move[index] = 1
                self.compare({leaf: move}, self.step * self.scales[leaf][index], f"towards {label} at index {index}")

    def along(self, directions: int) -> None:
        """Move all at once; only where that shows a difference, look for the element."""
        for _ in range(directions):
            moves = {leaf: self.rng.normal(size=leaf.shape) for leaf in self.labels}
            length = np.sqrt(sum(np.sum(move**2) for move in moves.values()))
            moves = {leaf: move * self.scales[leaf] / length for leaf, move in moves.items()}
            try:
                self.compare(moves, self.step, "along a random direction")
            except GradientMismatch:
                self.elements()
                raise

    def compare(self, moves: dict[Tensor, Any], step: float, where: str) -> None:
        """Hold the slope along `moves` against the one that two evaluations measure."""
        before = {leaf: leaf.value for leaf in moves}
        sides = []
        try:
            for side in (step, -step):
                for leaf, move in moves.items():
                    leaf.value = before[leaf] + side * move
                with np.errstate(all="ignore"):
                    sides.append(self.f().value)  # recorded: f may itself take gradients
        finally:
            for leaf in moves:
                leaf.value = before[leaf]
        expected = (
            float(np.sum((sides[0] - sides[1]) * self.weights)) / (2 * step) if np.all(np.isfinite(sides)) else np.nan
        )
        got = float(sum(np.sum(self.gradients[leaf] * move) for leaf, move in moves.items()))
        if not np.isfinite(expected):
            raise ValueError(
                f"{self.name} is not finite {step:.3g} beside its inputs, {where}: no slope can be measured there; "
                "give a smaller step=, or inputs further inside"
            )
        if not abs(got - expected) <= self.atol + self.rtol * max(abs(got), abs(expected)):
            inputs = ", ".join(np.array2string(leaf.value, precision=4, threshold=20) for leaf in self.labels)
            raise GradientMismatch(
                f"{self.name}: wrong gradient {where}\n  inputs     {inputs}\n  got        {got:.6g}\n"
                f"  expected   {expected:.6g} (central difference, step {step:.3g})"
            )


def called(f: Any) -> str:
    """What a function is called in messages."""
    return getattr(f, "name", None) or getattr(f, "__name__", None) or type(f).__name__


def leaves_from(inputs: tuple[Any, ...]) -> list[Any]:
    """The inputs with float64 leaves in place of floating-point arrays and numbers, also inside dicts and lists."""

    def is_array(x: Any) -> bool:
        return isinstance(x, (list, tuple)) and all(isinstance(v, (int, float, np.number)) for v in leaves_of(x))

    return [_leaf(x) if is_array(x) else mapped(_leaf, x) for x in inputs]


def labelled(tensors: list[Any], names: Sequence[str] = ()) -> dict[Tensor, str]:
    """The leaves and what messages call them: input 0, input 1['w'], or by `names`; TypeError if there is none."""

    def walk(tree: Any, label: str) -> Iterator[tuple[Tensor, str]]:
        if isinstance(tree, Tensor) and tree.requires_grad:
            yield tree, label
        elif isinstance(tree, (dict, list, tuple)):
            for key, item in tree.items() if isinstance(tree, dict) else enumerate(tree):
                yield from walk(item, f"{label}[{key!r}]")

    names = names or [f"input {i}" for i in range(len(tensors))]
    labels = {leaf: label for name, tree in zip(names, tensors, strict=True) for leaf, label in walk(tree, name)}
    if not labels:
        kinds = ", ".join(str(getattr(x, "dtype", type(x).__name__)) for x in leaves_of(tensors)) or "nothing"
        raise TypeError(f"only floating-point inputs have a gradient to check; given was {kinds}: write 2.0, not 2")
    return labels


def evaluated(f: Callable[[], Any], leaves: dict[Tensor, str], name: str) -> Tensor:
    """What f gives; TypeError, ValueError where it gives nothing that differences could be taken of."""
    with set_grad_enabled(True), np.errstate(all="ignore"):
        output, again = f(), f()
    if not isinstance(output, Tensor):
        hint = "; the graph was left on the way (.numpy(), .item(), float()?)" if isinstance(output, np.ndarray) else ""
        raise TypeError(f"{name} must return one Tensor; it returned {type(output).__name__}{hint}")
    if output.dtype.kind == "f" and output.dtype != np.float64:
        raise TypeError(
            f"{name} made {output.dtype} of float64: differences would measure rounding; leave the cast out"
        )
    if not np.all(np.isfinite(output.value)):
        raise ValueError(f"{name} is not finite at these inputs: {output!r:.200}; give inputs where it is")
    if not (output.shape == again.shape and np.allclose(output.value, again.value, rtol=1e-10, atol=1e-12)):
        raise ValueError(f"{name} does not do the same twice: seed its generator inside, at its beginning")
    return output


def _leaf(x: Any) -> Any:
    """A float64 leaf of an array's own memory, even of one number; what is not floating point stays as it is."""
    value = np.asarray(x.value if isinstance(x, Tensor) else x)
    if value.dtype.kind != "f":
        return x
    leaf = Tensor(0.0, requires_grad=True, name=x.name if isinstance(x, Tensor) else None)
    leaf.value = value.astype(np.float64)
    return leaf
