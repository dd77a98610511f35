"""What the gallery shows: which classes, what PyTorch calls them, with which settings each stands in its picture."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import sketches
from markup import code_of
from sketches import Sketch, bowl, rosenbrock

from autograd_core import nn, optim
from autograd_core.nn.activations import ACTIVATIONS
from autograd_core.nn.losses import Loss

# --- which, and what PyTorch calls them ------------------------------------------------------------------------------


FIRST = (optim.SGD.__module__, optim.Schedule.__module__)  # what the others build on


def sorted_by_file(kinds: Iterable[Any]) -> list[Any]:
    """Classes by the file in which they are written, and there in its order."""
    return sorted(kinds, key=lambda k: (k.__module__ not in FIRST, k.__module__, inspect.getsourcelines(k)[1]))


def public(module: Any, base: Any) -> list[Any]:
    found = (getattr(module, name) for name in module.__all__)
    return sorted_by_file(k for k in found if isinstance(k, type) and issubclass(k, base) and k is not base)


OF_ROWS = [nn.Softmax, nn.LogSoftmax]
ACTIVATION_KINDS = list(dict.fromkeys([*ACTIVATIONS.values(), *OF_ROWS, nn.AlphaDropout]))
LOSS_KINDS = public(nn, Loss)
OPTIMIZER_KINDS = public(optim, optim.Optimizer)
WRAPPER_KINDS = [optim.PrivateOptimizer, optim.EMA, optim.SWA]
SCHEDULE_KINDS = public(optim, optim.Schedule)
KINDS = [*ACTIVATION_KINDS, *LOSS_KINDS, *OPTIMIZER_KINDS, *WRAPPER_KINDS, *SCHEDULE_KINDS]

TORCH: dict[str, str | None] = {  # where it is another name, None where there is none
    "AdaptiveReLU": None, "Swish": "torch.nn.SiLU", "Step": "torch.heaviside", "PiecewiseLinear": "torch.nn.Hardtanh",
    "SSELoss": "torch.nn.MSELoss", "LogLoss": "torch.nn.CrossEntropyLoss", "SquaredLogLoss": None, "FocalLoss": None,
    "SigmoidFocalLoss": None, "HingeLoss": None, "ExpectationLoss": None, "RegularisedExpectationLoss": None,
    "ChebyshevLoss": None, "TanimotoLoss": None, "CauchySchwarzLoss": None, "ZeroOneLoss": None,
    "SmoothZeroOneLoss": None, "AlphaLoss": None, "NaturalGradient": None, "PrivateOptimizer": None,
    "EMA": "torch.optim.swa_utils.AveragedModel", "SWA": "torch.optim.swa_utils.AveragedModel",
}  # fmt: skip


def torch_name(kind: Any) -> str | None:
    module = "torch.nn" if issubclass(kind, nn.Module) else "torch.optim"
    if issubclass(kind, optim.Schedule):
        module = "torch.optim.lr_scheduler"
    return TORCH.get(kind.__name__, f"{module}.{kind.__name__}")


# --- how they are shown ----------------------------------------------------------------------------------------------

SETTINGS: dict[Any, dict[str, Any]] = {
    nn.Sigmoid: {"slope": 2.0}, nn.LeakyReLU: {"negative_slope": 0.1}, nn.CELU: {"alpha": 0.5}, nn.Softplus: {"beta": 2.0},
    nn.Swish: {"beta": 2.0}, nn.SmoothL1Loss: {"beta": 0.5}, nn.AlphaLoss: {"alpha": 2.0},
}  # fmt: skip
RANGES = {nn.ReLU6: (-4, 8), nn.Hardswish: (-5, 5), nn.Hardsigmoid: (-5, 5), nn.PiecewiseLinear: (-2, 2)}
NUMBERS = {nn.BCELoss: ("p", 0.02, 0.98), nn.BCEWithLogitsLoss: ("z", -4, 4), nn.SigmoidFocalLoss: ("z", -4, 4),
           nn.HingeLoss: ("o", -2, 3), nn.SmoothZeroOneLoss: ("o", -2, 2)}  # fmt: skip
LOGARITHMS = (nn.NLLLoss, nn.KLDivLoss)
WAYS: dict[Any, list[dict[str, Any]]] = {
    optim.SGD: [{"lr": 0.15}, {"lr": 0.05, "momentum": 0.8}],
    optim.Rprop: [{"lr": 0.1}], optim.Adagrad: [{"lr": 0.8}], optim.RMSprop: [{"lr": 0.1, "alpha": 0.9}],
    optim.Adadelta: [{"rho": 0.9, "eps": 0.01}], optim.Adam: [{"lr": 0.2}], optim.AdamW: [{"lr": 0.2, "weight_decay": 0.5}],
    optim.Adamax: [{"lr": 0.3}], optim.NAdam: [{"lr": 0.2}], optim.RAdam: [{"lr": 0.15, "betas": (0.9, 0.9)}],
    optim.LBFGS: [{"max_iter": 1, "max_eval": 20, "line_search_fn": "strong_wolfe"}], optim.NaturalGradient: [{"lr": 0.15}],
    optim.PrivateOptimizer: [{"max_norm": 2.0, "noise_multiplier": 0.5}], optim.EMA: [{"decay": 0.8}], optim.SWA: [{}],
}  # fmt: skip
VALLEY = (optim.LBFGS,)
RATES: dict[Any, dict[str, Any]] = {
    optim.StepLR: {"step_size": 20, "gamma": 0.5}, optim.MultiStepLR: {"milestones": [15, 40], "gamma": 0.5},
    optim.ConstantLR: {"factor": 0.5, "total_iters": 10}, optim.LinearLR: {"start_factor": 0.1, "total_iters": 15},
    optim.ExponentialLR: {"gamma": 0.95}, optim.PolynomialLR: {"total_iters": 50, "power": 2.0},
    optim.CosineAnnealingLR: {"T_max": 60}, optim.CosineAnnealingWarmRestarts: {"T_0": 10, "T_mult": 2},
    optim.CyclicLR: {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 10, "mode": "triangular2", "cycle_momentum": False},
    optim.OneCycleLR: {"max_lr": 0.1, "total_steps": 60, "cycle_momentum": False},
    optim.ReduceLROnPlateau: {"factor": 0.5, "patience": 9},
}  # fmt: skip
COMPOSED: dict[Any, tuple[str, Callable[[Any], Any]]] = {
    optim.LambdaLR: ("lr_lambda=lambda e: 1 / (1 + e / 10)", lambda o: optim.LambdaLR(o, lambda e: 1 / (1 + e / 10))),
    optim.MultiplicativeLR: ("lr_lambda=lambda e: 0.95", lambda o: optim.MultiplicativeLR(o, lambda e: 0.95)),
    optim.ChainedScheduler: (
        "[LinearLR(opt, 0.1, total_iters=10), ExponentialLR(opt, 0.95)]",
        lambda o: optim.ChainedScheduler([optim.LinearLR(o, 0.1, total_iters=10), optim.ExponentialLR(o, 0.95)]),
    ),
    optim.SequentialLR: (
        "[LinearLR(opt, 0.1, total_iters=10), CosineAnnealingLR(opt, 50)], milestones=[10]",
        lambda o: optim.SequentialLR(
            o, [optim.LinearLR(o, 0.1, total_iters=10), optim.CosineAnnealingLR(o, 50)], milestones=[10]
        ),
    ),
}


def told(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in settings.items())


def made(kind: Any) -> Any:
    return kind(**SETTINGS.get(kind, {}))


def input_of(loss: Any) -> tuple[str, float, float]:
    """What a loss is a function of in its picture: its letter, and from where to where."""
    if loss in LOGARITHMS:
        return "ln p", -4, -0.02
    if loss.__module__.endswith(".losses"):
        return "o", -2, 4
    return NUMBERS.get(loss, ("z", -5, 5))


def loss_of(loss: Any) -> Callable[[Any], Any]:
    how = loss(**SETTINGS.get(loss, {}), reduction="none")
    if loss in LOGARITHMS:
        return sketches.of_log(how)
    return sketches.of_number(how) if loss in NUMBERS or input_of(loss)[0] == "o" else sketches.of_class(how)


def caption(kind: Any) -> str:
    """What is in the picture."""
    settings = f", {code_of(told(SETTINGS[kind]))}" if kind in SETTINGS else ""
    if kind is nn.AlphaDropout:
        return "In training, with `p=0.5`: what x becomes, and the slope."
    if kind in ACTIVATION_KINDS:
        return f"The function and its slope{settings}" + (", of x beside a 0." if kind in OF_ROWS else ".")
    if issubclass(kind, Loss):
        letter = input_of(kind)[0]
        what = {"o": "output o", "p": "probability p", "z": "logit z", "ln p": "log-probability ln p"}[letter]
        two = ", two classes with logits 0 and z" if letter == "z" and kind not in NUMBERS else ""
        return f"The loss and its slope for target 1, by the {what}{two}{settings}."
    if kind in COMPOSED:
        return f"From lr = 0.1: {code_of(COMPOSED[kind][0])}."
    if kind in RATES:
        watched = ", watching a loss that falls until epoch 15" if kind is optim.ReduceLROnPlateau else ""
        return f"From lr = 0.1: {code_of(told(RATES[kind]))}{watched}."
    hill = "the valley (1 − x)² + 10(y − x²)²" if kind in VALLEY else "the bowl (x² + 10y²)/2"
    ways = " and ".join(code_of(told(way)) if way else "as it is" for way in WAYS[kind])
    inside = {
        optim.PrivateOptimizer: ", `SGD(lr=0.15)` inside, each direction being a sample's",
        optim.EMA: ", of noisy `SGD(lr=0.15)`", optim.SWA: ", of noisy `SGD(lr=0.15)`",
    }.get(kind, "")  # fmt: skip
    return f"{sketches.STEPS} steps down {hill} from (−2, 1), {ways}{inside}."


def picture(kind: Any) -> Sketch:
    sketch = Sketch()
    if kind is nn.AlphaDropout:
        sketch.scatter(*sketches.dropped(kind(p=0.5, rng=0)), ("y", "slope"))
    elif kind in ACTIVATION_KINDS:
        module = sketches.first_of(made(kind)) if kind in OF_ROWS else made(kind)
        sketch.curves(*sketches.with_slope(module, *RANGES.get(kind, (-4, 4))), ("$f$", "$f'$"), "x")
    elif issubclass(kind, Loss):
        letter, low, high = input_of(kind)
        sketch.curves(*sketches.with_slope(loss_of(kind), low, high), ("loss", "slope"), letter)
    elif kind in COMPOSED or kind in RATES:
        sketch.steps(sketches.rates(COMPOSED[kind][1] if kind in COMPOSED else lambda o: kind(o, **RATES[kind])))
    elif kind in (optim.EMA, optim.SWA):
        walk, average = sketches.averaged_way(kind, WAYS[kind][0])
        sketch.hill(bowl, [(walk, "SGD"), (average, kind.__name__)])
    elif kind is optim.PrivateOptimizer:
        sketch.hill(bowl, [(sketches.private_way(WAYS[kind][0]), "")])
    elif kind is optim.NaturalGradient:
        sketch.hill(bowl, [(sketches.natural_way(WAYS[kind][0]), "")])
    else:
        f = rosenbrock if kind in VALLEY else bowl
        sketch.hill(f, [(sketches.way(lambda p, w=way: kind(p, **w), f), told(way)) for way in WAYS[kind]])
    return sketch
