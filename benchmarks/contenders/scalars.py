"""micrograd's moons demo, where every number is a node: W6 for micrograd and for this project's 0-d Tensors.

Both run the very same Python expressions, in the order in which micrograd's own MLP evaluates them.
"""

from collections.abc import Callable
from typing import Any

from benchmarks.data import batches, by_steps, initial_values
from benchmarks.workloads import Train, Workload


def _loss(work: Workload, layers: list[list[tuple[list[Any], Any]]], rows: list[list[Any]], t: list[float]) -> Any:
    losses = []
    for row, label in zip(rows, t, strict=True):
        for i, layer in enumerate(layers):
            row = [sum((w * x for w, x in zip(weights, row, strict=True)), bias) for weights, bias in layer]
            if i < len(layers) - 1:
                row = [z.relu() for z in row]
        losses.append((1 + -label * row[0]).relu())
    squares = sum(p * p for layer in layers for weights, bias in layer for p in (*weights, bias))
    return sum(losses) * (1 / len(losses)) + work.l2 * squares


def _training(
    work: Workload,
    parameter: Callable[[float], Any],
    constant: Callable[[float], Any],
    apply: Callable[[Any], None],
) -> Train:
    """`apply(p)` makes the update of one parameter and clears its gradient."""
    values = [v.tolist() for v in initial_values(work).values()]
    layers = [
        [([parameter(w) for w in row], parameter(b)) for row, b in zip(weights, biases, strict=True)]
        for weights, biases in zip(values[::2], values[1::2], strict=True)
    ]
    parameters = [p for layer in layers for weights, bias in layer for p in (*weights, bias)]

    def step(x: list[list[float]], t: list[float]) -> float:
        loss = _loss(work, layers, [list(map(constant, row)) for row in x], t)
        loss.backward()
        for p in parameters:
            apply(p)
        return float(loss.data)

    return by_steps(step, ((x.tolist(), t.ravel().tolist()) for x, t in batches(work)))


def ours(work: Workload) -> Train:
    from autograd_core import Tensor

    def apply(p: Tensor) -> None:
        p.data = p.item() - work.lr * p.grad.item()
        p.grad = None

    return _training(work, lambda value: Tensor(value, requires_grad=True), Tensor, apply)


def compiled(work: Workload) -> Train:
    """The same nodes, with the update as a part of the function that is recorded."""
    from autograd_core import Tensor, compile

    values = [v.tolist() for v in initial_values(work).values()]
    layers = [
        [
            ([Tensor(w, requires_grad=True) for w in row], Tensor(b, requires_grad=True))
            for row, b in zip(weights, biases, strict=True)
        ]
        for weights, biases in zip(values[::2], values[1::2], strict=True)
    ]
    parameters = [p for layer in layers for weights, bias in layer for p in (*weights, bias)]

    @compile
    def step(x: Tensor, t: Tensor) -> Tensor:
        loss = _loss(work, layers, [[*row] for row in x], [*t])
        loss.backward()
        for p in parameters:
            p.data = p - work.lr * p.grad
            p.grad = None
        return loss

    return by_steps(
        lambda x, t: step(x, t).item(), ((x.astype(float), t.ravel().astype(float)) for x, t in batches(work))
    )


def micrograd(work: Workload) -> Train:
    from micrograd.engine import Value

    def apply(p: Value) -> None:
        p.data -= work.lr * p.grad
        p.grad = 0

    return _training(work, Value, Value, apply)
