"""What may be wrong with the gradients: none, not finite, the same for all units, lost on the way, or too long a step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...tensor import Tensor
from ..causes.anomaly import first_bad
from ..causes.missing import Cause
from .lint import Check, Finding, Look, bare, some

SAMPLES = 16  # a unit that is off for fewer may be on for the next ones
DEAD = 0.8  # share of a layer's units that are off for all samples; trained networks have some, never most
# share of a layer's outputs with hardly a slope: at the start, and later, when tanh layers of sound networks reach 0.98
SATURATED = 0.8, 0.995
FLAT = 1e-3  # of the largest slope there is: |tanh| above 0.9995
VANISHING = 1e-5  # of the last layer's: four sigmoid layers leave 10⁻³ to 10⁻⁴, and train
EXPLODING = 1e4
REPLACED = 3.0  # an update three times as long as the weights leaves nothing of them; Adam's first may well reach 1
UNMOVED = 1e-6  # float32 has 7 digits: what is added at 10⁻⁷ is lost
NO_NUMBERS = {"nan-in-inputs", "nan-in-targets", "not-finite", "gradient-not-finite"}
SAME = 1e-6  # relative difference of gradients that are equal up to rounding


def number(look: Look) -> Iterator[Finding]:
    """Whether the loss is one number, and of the model."""
    result = look.result
    if result is None:
        return
    shape = np.shape(bare(result))
    if np.size(bare(result)) != 1:
        yield Finding(
            "not-one-number",
            "the loss is not one number, so there is nothing to minimise",
            f"the loss has shape {shape}",
            'reduction="mean", or loss.mean()',
            **look.at(result),
        )
    elif not any(look.gradient(p) is not None for p in look.parameters.values()) and look.parameters:
        trained = [p for p in look.parameters.values() if p.requires_grad]
        if not trained:
            return  # frozen, which is another finding
        tensor = isinstance(result, Tensor)
        cause = look.why_none(trained[0]) if tensor else Cause("conversion", "the loss is a plain number")
        yield Finding(
            "loss-without-model",
            "the loss does not depend on any parameter of the model: nothing can be learned",
            f"no gradient reaches any of {len(trained)} parameters; {cause.sentence}",
            cause.remedy or "compute the loss from the tensor that model(x) returns, by functions of Tensors",
            None,
            look.line(cause.line),
        )


def no_gradient(look: Look) -> Iterator[Finding]:
    lost = [n for n, p in look.parameters.items() if p.requires_grad and look.gradient(p) is None]
    if lost and look.nodes:
        cause = look.why_none(look.parameters[lost[0]])
        yield Finding(
            "no-gradient",
            "no gradient reaches a parameter: it stays as it is",
            f"{len(lost)} of {len(look.parameters)}: {some(lost)}; {cause.sentence}",
            cause.remedy or "use it in forward(), or take it out of the model",
            lost[0],
            look.line(cause.line),
        )


def not_finite(look: Look) -> Iterator[Finding]:
    """The first number that is not finite, where it was born."""
    found = first_bad(look.result) if look.nodes else None
    if found is not None:
        yield Finding(
            "not-finite" if found.way == "forward" else "gradient-not-finite",
            "a number that is not finite comes up"
            + (" in the backward pass: the loss is fine" if found.way == "backward" else ""),
            "; ".join(
                [f"{found.what}, {found.count} of {int(np.prod(found.shape))} elements", *map(str, found.operands)]
            ),
            found.cure,
            found.tensor.site.module if getattr(found.tensor, "site", None) is not None else None,
            look.line(found.line),
        )


def symmetric(look: Look) -> Iterator[Finding]:
    """Units that have the same weights and get the same gradient: they will always be the same."""
    for name, p in look.parameters.items():
        g, w = look.gradient(p), bare(p)
        if g is None or w.ndim < 2 or len(w) < 2 or not np.all(w == w[:1]):
            continue
        if np.abs(g - g[:1]).max() <= SAME * np.abs(g).max():
            yield Finding(
                "symmetric-weights",
                "the units of a layer have the same weights and get the same gradients: they will never differ",
                f"all {len(w)} rows of {name} are equal, the first number being {w.flat[0]:.3g}",
                "random initial weights (the default, or weight_init=...)",
                name,
            )
            return


def _units(node: Tensor) -> tuple[int, ...]:
    """The axes along which a unit meets samples: all but the channels of images, all but the last elsewhere."""
    channel = 1 if node.ndim == 4 else node.ndim - 1
    return tuple(axis for axis in range(node.ndim) if axis != channel)


def dead(look: Look) -> Iterator[Finding]:
    for node in look.nodes:
        if node.op is None or node.op.name not in ("relu", "maximum") or node.ndim < 2 or len(node.value) < SAMPLES:
            continue
        if node.op.name == "maximum" and not any(np.ndim(bare(x)) == 0 and bare(x) == 0 for x in node.inputs):
            continue
        off = np.all(node.value <= 0, axis=_units(node))
        if np.mean(off) >= DEAD:
            yield Finding(
                "dead-units",
                "most units of a ReLU layer are off for every sample: they get no gradient, and stay off",
                f"{np.count_nonzero(off)} of {off.size} units are off for all {len(node.value)} samples",
                "a smaller learning rate, a bias that starts at 0 or above, He's weights, scaled inputs; or a leaky ReLU",
                **look.at(node),
            )


def saturated(look: Look) -> Iterator[Finding]:
    last = max((node.born for node, *_ in look.layers()), default=0)
    most = SATURATED[look.stepped]
    for node in look.nodes:
        if node.op is None or node.op.name not in ("sigmoid", "tanh") or node.ndim < 2 or node.born > last:
            continue
        y = node.value
        slope = 4 * y * (1 - y) if node.op.name == "sigmoid" else 1 - y * y
        share = float(np.mean(slope < FLAT))
        if share >= most:
            yield Finding(
                "saturated-units",
                f"the outputs of a {node.op.name} layer are at its ends, where the slope is next to nothing",
                f"{share:.0%} of {y.size} outputs have a slope below {FLAT:g} of the largest",
                "smaller initial weights (Glorot's), scaled inputs, normalisation before the activation",
                **look.at(node),
            )


def by_layer(look: Look) -> Iterator[Finding]:
    """What arrives at the first layer, as a part of what arrives at the last."""
    layers = look.layers()
    if len(layers) < 3 or any(not np.any(w.value) for *_, w in layers):  # behind weights of 0 there is nothing yet
        return
    norms = [float(np.linalg.norm(look.grads[node])) if node in look.grads else 0.0 for node, *_ in layers]
    first, last = norms[0], norms[-1]
    if not last or not np.isfinite(first / last):
        return
    found = f"∂loss/∂(output): {first:.2e} at {layers[0][1]}, {last:.2e} at {layers[-1][1]}, ratio {first / last:.1e}"
    if first < VANISHING * last:
        yield Finding(
            "vanishing-gradient",
            "the gradient vanishes on its way back: the first layers stay as they are",
            found + f", {(first / last) ** (1 / (len(layers) - 1)):.2g} per layer",
            "ReLU, SELU or tanh in place of sigmoid, weights made for it (He, LeCun, Glorot), normalisation, residuals",
            layers[0][1],
        )
    elif first > EXPLODING * last:
        yield Finding(
            "exploding-gradient",
            "the gradient grows on its way back: steps that suit the last layer throw the first ones away",
            found + f", {(first / last) ** (1 / (len(layers) - 1)):.2g} per layer",
            "smaller initial weights (He, LeCun, Glorot), normalisation; clipping (optim.clip_grad_norm_) as a stopgap",
            layers[0][1],
        )


def updates(look: Look) -> Iterator[Finding]:
    """How far the next step would move each matrix of weights, tried on copies."""
    found = list(_tried(look))
    if not found:
        return
    ratio, name = max(found)
    rates = ", ".join(sorted({f"{group['lr']:g}" for group in look.optimizer.param_groups if "lr" in group}))
    evidence = f"the step of {name} would be {ratio:.2g} times as long as {name} itself, with lr {rates}"
    if ratio > REPLACED:
        yield Finding(
            "learning-rate-too-large",
            "the next step replaces weights instead of correcting them",
            evidence,
            f"lr / {10 ** round(np.log10(ratio / 0.01))}: steps of a hundredth to a thousandth of the weights are usual",
            name,
        )
    elif 0 < ratio < UNMOVED and not look.stepped:  # at the end steps may be small
        yield Finding(
            "learning-rate-too-small",
            "the first step is lost in the last digits of the weights: nothing would be learned",
            f"at most, {evidence}",
            "a larger lr: steps of a hundredth to a thousandth of the weights are usual",
            name,
        )


def _tried(look: Look) -> Iterator[tuple[float, str]]:
    """The length of the next step over that of the weights, of each matrix; nothing where it cannot be tried on copies."""
    given = look.optimizer
    if (
        given is None
        or any(hasattr(given, special) for special in ("observe", "collect"))
        or getattr(given, "needs_closure", False)
    ):
        return
    twins: dict[Tensor, Tensor] = {}
    try:
        groups = []
        for group in given.param_groups:
            for p in group["params"]:
                twins[p] = Tensor(p.value, requires_grad=True)
                twins[p].grad = look.gradient(p)
            rate = {"lr": max(group["lr"], group.get("initial_lr", 0))}  # a schedule may begin or end at 0
            groups.append({**group, **rate, "params": [twins[p] for p in group["params"]]})
        other = type(given)(groups)
        other.load_state_dict(given.state_dict())
        for group, mine in zip(other.param_groups, groups, strict=True):
            group["lr"] = mine["lr"]
        before = {p: twins[p].value.copy() for p in twins}
        other.step()
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError):  # an optimizer of another make
        return
    for name, p in look.parameters.items():
        if p in twins and p.ndim > 1 and np.any(before[p]):
            step = twins[p].value - before[p]
            yield float(np.linalg.norm(step) / np.linalg.norm(before[p])), name


CHECKS: list[tuple[Check, set[str]]] = [  # each with the findings after which it has nothing to add
    (number, set()),
    (no_gradient, {"loss-without-model"}),
    (not_finite, {"nan-in-inputs", "nan-in-targets"}),
    (symmetric, set()),
    (dead, {"unscaled-inputs"}),
    (saturated, {"unscaled-inputs", "unequal-columns"}),
    (by_layer, {"dead-units", "saturated-units", "unscaled-inputs", "symmetric-weights", *NO_NUMBERS}),
    (updates, {"unscaled-inputs", "unequal-columns", "exploding-gradient", *NO_NUMBERS}),
]
