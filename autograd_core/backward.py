r"""The backward pass: from the result towards the leaves, multiply by the local derivative, add up what meets.

Why an order is needed: a node may hand its gradient on only when all that used it have handed theirs to it. Take
a = 1, b = a + a, c = b + b: whoever follows each path by itself visits b twice and adds into a what was already added.
A node is always younger than its inputs, so going from the youngest to the oldest meets every user of a node
before the node itself: sorting by birth is a topological order, and needs no recursion.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from .assignment import versions
from .hooks import in_use, retains, seen
from .memory import clock, describe, owner, same_memory
from .modes import collecting, followed, mode, observer, observers
from .op import JUST_G, Op, foreign
from .ops.shapes import cast, unbroadcast
from .tensor import Tensor, filled, new

float64 = np.float64
_birth = attrgetter("born")
FREED: tuple[Any, ...] = (object(),)  # in place of a node's inputs, once a pass has freed them
Grads = dict[Tensor, Any]
Contribution = tuple[Tensor, int, Tensor, Any, Any]


def ancestors(outputs: Iterable[Tensor]) -> list[Tensor]:
    """All that the outputs were computed from and that requires grad, themselves included, youngest first.

    >>> a = Tensor(1.0, requires_grad=True, name="a"); b = a + a; c = b + b
    >>> [node.op.name if node.op else node.name for node in ancestors([c])]
    ['add', 'add', 'a']
    """
    rebound = clock.last_rebound
    seen = set(outputs)
    waiting, order = list(seen), []
    while waiting:  # depth first, which leaves the list nearly sorted
        node = waiting.pop()
        order.append(node)
        if node.born < rebound and node.inputs is not FREED:  # elements were assigned to since
            node.inputs = versions(node)
        for x in node.inputs:
            if isinstance(x, Tensor) and x.tracked and x not in seen:
                seen.add(x)
                waiting.append(x)
    order.sort(key=_birth, reverse=True)
    return order


def contributions(
    order: Sequence[Tensor], grads: Grads, create_graph: bool = False, keep: Iterable[Tensor] = (), only: Any = None
) -> Iterator[Contribution]:
    """Walk the graph backward and yield `(node, i, x, upstream, contribution)` for every edge.

    `x` is the i-th input of `node`; `upstream` the gradient that has arrived at `node`; `contribution` what this
    edge adds to the gradient of `x`, added as soon as the walk goes on. order: as from `ancestors`. grads: gradients
    so far, the seeds to begin with; in the end those of leaves and of `keep`. only: the nodes worth visiting.

    >>> w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    >>> g = w1**3 * w2 + 3 * w1
    >>> for node, i, x, upstream, contribution in contributions(ancestors([g]), {g: np.float64(1)}):
    ...     print(f"{node.op.name:8} {upstream:2} -> {x.name or x.op.name:8} {contribution}")
    add      1.0 -> multiply 1.0
    add      1.0 -> multiply 1.0
    multiply 1.0 -> w1       3.0
    multiply 1.0 -> power    3.0
    multiply 1.0 -> w2       8.0
    power    3.0 -> w1       36.0
    """
    keep = frozenset(keep)
    hooked = in_use.anywhere
    sum_to, to_dtype = (_sum_to, _to_dtype) if create_graph else (unbroadcast.kernel, cast.kernel)
    for node in order:
        if hooked and node in grads and getattr(node, "hooks", None) is not None:
            grads[node] = seen(node, grads[node])
        op = node.op
        if op is None:
            continue
        g = grads.get(node) if keep and node in keep else grads.pop(node, None)
        if g is None:
            continue
        inputs = node.inputs
        if inputs is FREED:
            raise RuntimeError(
                f"backward a second time through {describe(node)}: the first pass freed what its rules need. "
                f"Write backward(retain_graph=True) the first time, or compute the result anew."
            )
        if clock.last_write > node.born:
            _refuse_if_stale(node)
        # what the rules may read: bare arrays, or Tensors, and then what they compute is a graph in its turn
        if create_graph:
            frame = _graph_frame(node, g)
        elif op.alone:
            frame = (g, node.value)
        elif op.plain_pair:
            a, b = inputs
            frame = (g, node.value, a.value if isinstance(a, Tensor) else a, b.value if isinstance(b, Tensor) else b)
        else:
            frame = (g, node.value, *_bare(op, inputs), *node.saved, *node.params.values())
        for i, rule, pick in op.edges_of(len(inputs)) if op.variadic else op.edges:
            x = inputs[i]
            if not isinstance(x, Tensor) or not x.tracked or (only is not None and x not in only):
                continue
            contribution = rule(g) if pick is JUST_G else rule(*pick(frame))
            like = x.value
            if type(contribution) is not float64 or type(like) is not float64:  # most numbers need no second look
                if contribution.shape != like.shape:  # broadcasting is undone here, once, for every rule
                    contribution = sum_to(contribution, like.shape)
                if contribution.dtype is not like.dtype:
                    contribution = to_dtype(contribution, like.dtype)
            yield node, i, x, g, contribution
            before = grads.get(x)
            grads[x] = contribution if before is None else before + contribution


def _sum_to(g: Tensor, shape: tuple[int, ...]) -> Tensor:
    return unbroadcast(g, shape=shape)


def _to_dtype(g: Tensor, dtype: Any) -> Tensor:
    return cast(g, dtype=dtype)


def _bare(op: Op, inputs: tuple[Any, ...]) -> list[Any]:
    """What a row was fed, as bare arrays; one list for a row of any number of inputs."""
    values = [x.value if isinstance(x, Tensor) else x for x in inputs]
    return [values] if op.variadic else values


def _graph_frame(node: Tensor, g: Any) -> tuple[Any, ...]:
    """g, the output, inputs, saved values and parameters, in the order in which rules pick from them."""
    op = node.op
    assert op is not None
    # arrays as Tensors too: array.dot(tensor), of all NumPy, would turn the Tensor into an array
    inputs = tuple(filled(new(Tensor), x) if isinstance(x, np.ndarray) else x for x in node.inputs)
    if op.variadic:
        inputs = (inputs,)
    # a graph of the saved values is made anew; a recorded program has noted those that there are
    saved = op.recompute(inputs, node.params) if mode.recording else node.saved
    return (g, node, *inputs, *saved, *node.params.values())


def _refuse_if_stale(node: Tensor) -> None:
    """RuntimeError if numbers that the node's rules read were written to since the node was computed."""
    op = node.op
    assert op is not None
    roles = ["inputs"] * len(node.inputs) if op.variadic else op.inputs
    for role, x in [*zip(roles, node.inputs, strict=True), ("y", node)]:
        if role not in op.reads or not isinstance(x, Tensor):
            continue
        for changed in same_memory(x):
            if changed.written <= node.born:
                continue
            what = f"input {role!r}" if x is not node else "the output"
            used = f" at {node.site.made}" if node.site is not None and node.site.made else ""
            where = f" at {changed.site.wrote}" if changed.site is not None and changed.site.wrote else ""
            raise RuntimeError(
                f"{describe(changed)}, {what} of {op.name}, was written to{where} after {op.name}{used} had used it: the gradient "
                f"would be computed from the new numbers. Call backward() before changing it (optimizer.step(), "
                f"t.data = ...), or compute with a copy."
            )


def backprop(
    outputs: Any, inputs: Any, seeds: Any = None, *, create_graph: bool = False, retain_graph: bool | None = None
) -> list[Tensor]:
    """Gradients of `outputs` towards `inputs`, without touching any `.grad` (torch.autograd.grad).

    outputs, inputs: a Tensor or several. seeds: gradients at the outputs, needed unless each has one element.
    Returns one Tensor for each input, zeros where no path leads to it. create_graph: make them a graph themselves,
    for higher order. retain_graph: keep the graph for another pass (default: as create_graph).

    >>> x = Tensor(3.0, requires_grad=True)
    >>> (slope,) = backprop(x**3, x, create_graph=True)
    >>> slope.item(), backprop(slope, x)[0].item()
    (27.0, 18.0)
    """
    outputs = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    if seeds is None:
        seeds = [None] * len(outputs)
    elif isinstance(seeds, (Tensor, np.ndarray, np.generic, float, int)):
        seeds = [seeds]
    for x in inputs:
        if not x.tracked:
            raise ValueError(
                f"{describe(x)} does not require grad: write Tensor(..., requires_grad=True) before using it"
            )
    if outputs and not any(output.tracked for output in outputs):
        raise RuntimeError(
            f"backprop from {describe(outputs[0])}, which does not require grad: it was not computed from the inputs, or "
            "under no_grad(), detached, or by way of plain numbers"
        )
    grads: Grads = {}
    taken: set[int] = set()
    for output, seed in zip(outputs, seeds, strict=True):
        s = _seed(output, seed, create_graph or followed())
        taken.add(id(owner(s)))
        grads[output] = grads[output] + s if output in grads else s
    order = ancestors(outputs)
    only = set(inputs)
    for node in reversed(order):  # from the oldest: worth visiting is what leads to an input
        if any(isinstance(x, Tensor) and x in only for x in node.inputs):
            only.add(node)
    _drain(outputs, order, grads, create_graph, keep=inputs, only=only)
    if not (create_graph if retain_graph is None else retain_graph):
        _free(order)
    return [_as_tensor(grads.get(x), x, taken) for x in inputs]


def backward(
    tensor: Tensor, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False
) -> None:
    """Add the gradient of `tensor` to the `.grad` of every leaf that requires it (torch.Tensor.backward).

    gradient: that of what is minimised by `tensor`, of its shape; not needed if it has one element. retain_graph:
    keep the graph for another pass (default: as create_graph). The leaves receive theirs at the very end: if a rule
    raises, no `.grad` has changed. RuntimeError, ValueError: nothing to differentiate, freed, changed, no seed.
    """
    if not tensor.tracked:
        raise RuntimeError(
            f"backward() from {describe(tensor)}, which does not require grad: nothing it was computed from has "
            "requires_grad=True, or it was computed under no_grad() or detached"
        )
    as_graph = create_graph or followed()  # where a program is recorded, gradients are Tensors as well
    order, seed = ancestors([tensor]), _seed(tensor, gradient, as_graph)
    grads = {tensor: seed}
    _drain([tensor], order, grads, create_graph, keep=[x for x in order if retains(x)] if in_use.anywhere else ())
    with collecting:
        _deposit(grads, as_graph, seed)
    if not (create_graph if retain_graph is None else retain_graph):
        _free(order)


def _drain(outputs: list[Tensor], order: list[Tensor], grads: Grads, create_graph: bool, **which: Any) -> None:
    before, mode.recording = mode.recording, create_graph
    try:
        # while a program is recorded, rules are fed with Tensors, so that what they compute is recorded too
        edges = contributions(order, grads, create_graph or followed(), **which)
        if observers:  # somebody wants to look at the pass
            edges = observer().passing(outputs, order, edges, grads)
        deque(edges, maxlen=0)
    finally:
        mode.recording = before


def _seed(output: Tensor, gradient: Any, create_graph: bool) -> Any:
    """The gradient at an output: the one that was passed, or 1 if the output is one number."""
    value = output.value
    if gradient is None:
        if value.ndim and value.size != 1:
            raise ValueError(
                f"backward from {describe(output)} needs to know what to minimise: reduce it to one number first "
                f"(.sum(), .mean()), or pass the gradient of your loss by it, of shape {output.shape}"
            )
        seed = value.dtype.type(1) if isinstance(value, np.generic) else np.ones_like(value)
    elif create_graph and isinstance(gradient, Tensor):
        seed = gradient
    else:
        bare = getattr(gradient, "value", gradient)
        seed = bare.astype(value.dtype, copy=False) if foreign(bare) else np.asarray(bare, value.dtype)
    if seed.shape != value.shape:
        raise ValueError(
            f"the gradient passed to backward has shape {seed.shape}, {describe(output)} needs its own shape"
        )
    return Tensor(seed) if create_graph and not isinstance(seed, Tensor) else seed


def _deposit(grads: Grads, create_graph: bool, seed: Any) -> None:
    """Give the leaves, and results that retain theirs, their gradients."""
    taken = {id(owner(seed))}
    for leaf, g in grads.items():
        before = leaf.gradient
        if before is None:
            leaf.gradient = _own(g, taken)
        else:
            leaf.gradient = g + (before.value if isinstance(before, Tensor) and not create_graph else before)


def _own(g: Any, taken: set[int]) -> Any:
    """A gradient in memory of its own: a rule may have handed one array to several nodes, which then get copies."""
    memory = owner(g)
    if id(memory) in taken or memory.size != g.size:
        g = +g if isinstance(g, Tensor) else g.copy("K")
        memory = owner(g)
    taken.add(id(memory))
    return g


def _as_tensor(g: Any, x: Tensor, taken: set[int]) -> Tensor:
    if g is None:
        return Tensor(np.zeros_like(x.value))
    return g if isinstance(g, Tensor) else filled(new(Tensor), _own(g, taken))


def _free(order: Iterable[Tensor]) -> None:
    keeps = bool(observers) and observer().keeps  # a debugger will want to look at it later
    for node in order:
        if node.op is not None:
            if keeps and node.site is not None and node.inputs is not FREED:
                node.site.inputs, node.site.saved = node.inputs, node.saved
            node.inputs, node.saved = FREED, ()
