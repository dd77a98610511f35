"""What may be wrong with a network as it stands, and with what the optimizer holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...lines import said
from ...tensor import Tensor
from .lint import LAYOUT, Check, Finding, Look, bare, some

RESTLESS = ("Dropout", "BatchNorm")  # modules that compute something else in evaluation
LINEAR = ("linear", "matmul", "dot")  # the rows of a layer that is a linear map


def modules(look: Look, *kinds: str) -> Iterator[tuple[str, Any]]:
    """The modules of these kinds, by a part of their class's name, with their paths."""
    for path, module in look.model.named_modules() if hasattr(look.model, "named_modules") else ():
        if any(kind in base.__name__ for base in type(module).__mro__ for kind in kinds) and getattr(module, "p", True):
            yield path, module


def evaluation(look: Look) -> Iterator[Finding]:
    resting = [(path, type(m).__name__) for path, m in modules(look, *RESTLESS) if not getattr(m, "training", True)]
    named = ", ".join(f"{path or 'the model'} ({kind})" for path, kind in resting[:3])
    if resting:
        yield Finding(
            "eval-mode",
            "the network is in evaluation mode: dropout drops nothing, batch normalisation takes its running statistics",
            f"{named} with training=False",
            "model.train() before training, and again after each evaluation",
            resting[0][0] or None,
        )


def one_sample(look: Look) -> Iterator[Finding]:
    norms = [path for path, m in modules(look, "BatchNorm") if getattr(m, "training", False)]
    shape = np.shape(bare(look.x))
    if norms and shape[:1] == (1,) and len(shape) < 3:
        yield Finding(
            "batch-of-one",
            "batch normalisation takes mean and spread over the batch, and of one sample there is no spread",
            f"inputs of shape {shape}",
            "larger batches (a loader that leaves no rest of one), or LayerNorm",
            norms[0] or None,
        )


def stale_gradients(look: Look) -> Iterator[Finding]:
    """Gradients to which the next pass would add, though they were used, or are of a pass that nobody stepped by."""
    full = {name: p for name, p in look.parameters.items() if p.gradient is not None}
    fresh = [] if look.stepped else list(full)  # no step yet: whose gradients are these?
    # after a step they may well stay until the next zero_grad(); whether it was missing at a pass, record() remembers
    used = [name for name, p in full.items() if getattr(p.site, "stale", None) is not None]
    for name in [*used, *fresh][:1]:
        stored, new = bare(full[name].gradient), look.gradient(full[name])
        length, size = float(np.linalg.norm(stored)), float(np.linalg.norm(new)) if new is not None else 0.0
        times = f", {length / size:.3g} times that of this batch" if size else ""
        yield Finding(
            "forgotten-zero-grad",
            "gradients are there before the pass: what it computes is added to them",
            f"{len(full)} of {len(look.parameters)} parameters have one; that of {name} has length {length:.3g}{times}",
            "optimizer.zero_grad() before each loss.backward()",
            name,
            said(full[name].site.stale) if used else None,
        )


def optimizer(look: Look) -> Iterator[Finding]:
    """Which parameters are trained, and which should be."""
    held = None if look.optimizer is None else {p for group in look.optimizer.param_groups for p in group["params"]}
    missing = [n for n, p in look.parameters.items() if p.requires_grad and held is not None and p not in held]
    total = len(look.parameters)
    if missing:
        yield Finding(
            "not-in-optimizer",
            "parameters get gradients but are not in the optimizer, and stay as they are",
            f"{len(missing)} of {total}: {some(missing)}",
            "build the optimizer from model.parameters(), after the model is complete; or freeze them: p.requires_grad = False",
            missing[0],
        )
    used = {look.twin(p) for p in held or () if look.gradient(p) is not None}
    own = set(look.parameters.values())
    strangers = [p for p in held or () if p not in own and look.twin(p) not in used]
    if strangers and look.nodes:
        yield Finding(
            "not-in-model",
            "the optimizer holds parameters that are not of this model, and that the loss does not depend on",
            f"{len(strangers)} of {len(held or ())}, the first: {strangers[0].name or 'a tensor'} of shape {strangers[0].shape}",
            "build the optimizer from this model's parameters()",
        )
    frozen = [n for n, p in look.parameters.items() if not p.requires_grad and (held is None or p in held)]
    if frozen:
        yield Finding(
            "frozen",
            "parameters have requires_grad=False and are not trained"
            + (", though they are in the optimizer" if held else ""),
            f"{len(frozen)} of {total}: {some(frozen)}",
            "p.requires_grad = True; or, if they are to stay, give the optimizer the others only",
            frozen[0],
        )


def dtypes(look: Look) -> Iterator[Finding]:
    by_dtype: dict[str, list[str]] = {}
    for name, p in look.parameters.items():
        by_dtype.setdefault(p.dtype.name, []).append(name)
    if len(by_dtype) > 1:
        rare = min(by_dtype.values(), key=len)
        yield Finding(
            "mixed-dtypes",
            "parameters have different types: what meets float64 is computed in float64, at twice the time and memory",
            "; ".join(f"{dtype}: {some(names)}" for dtype, names in by_dtype.items()),
            "the same dtype= in every layer",
            rare[0],
        )


def collapsing(look: Look) -> Iterator[Finding]:
    """Two linear layers with nothing between them, which are one; a narrow middle, or a result used twice, is meant."""
    users = Counter(x for node in look.nodes for x in node.inputs if isinstance(x, Tensor))
    layers = {node: name for node, name, _ in look.layers() if node.op is not None and node.op.name in LINEAR}
    for node, name in layers.items():
        before = _through(node.inputs[0], users)
        if not isinstance(before, Tensor) or before not in layers or users[before] != 1:
            continue
        first = layers[before]
        wide, inner, out = before.inputs[0].shape[-1], before.shape[-1], node.shape[-1]
        if first != name and inner >= min(wide, out):
            yield Finding(
                "linear-after-linear",
                "two linear layers follow one another with no activation between them: together they are one linear map",
                f"{first} ({wide} → {inner}), then {name} ({inner} → {out})",
                f"an activation between them (nn.ReLU()), or one layer of {wide} → {out}",
                **look.at(node),
            )


def _through(x: Any, users: Counter[Any]) -> Any:
    """What x was before it was laid out differently and a bias was added, where nothing else uses it on the way."""
    while isinstance(x, Tensor) and users[x] == 1:
        row = x.op.name if x.op is not None else ""
        if row in LAYOUT:
            x = x.inputs[0]
        elif row == "add" and any(isinstance(b, Tensor) and b.op is None and b.ndim == 1 for b in x.inputs):
            x = next((a for a in x.inputs if bare(a).ndim > 1), None)
        else:
            break
    return x


CHECKS: list[tuple[Check, set[str]]] = [  # each with the findings after which it has nothing to add
    (evaluation, set()),
    (one_sample, set()),
    (stale_gradients, set()),
    (optimizer, set()),
    (dtypes, set()),
    (collapsing, set()),
]
