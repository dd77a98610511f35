"""Make the stored trajectories and rates of torch.optim: `python tests/reference/make_optimizers.py`.

Made with torch 2.13.0 in float64: 50 steps of every optimizer, L-BFGS on Rosenbrock's function and on a small
regression, 60 epochs of every schedule, clipped gradients, averaged weights.
"""

import copy
import json
import math
import warnings
from pathlib import Path

import numpy as np
import torch
from torch.optim import lr_scheduler, swa_utils
from torch.optim.lbfgs import _strong_wolfe

HERE = Path(__file__).parent
rng = np.random.default_rng(21)
torch.set_default_dtype(torch.float64)  # NAdam keeps a product in the default dtype, whatever its parameters are
warnings.filterwarnings("ignore", category=UserWarning)  # on schedules that are stepped without an optimizer's step

# --- optimizers: 50 steps on one small smooth problem, w (2, 3), b (2,), s a single number ----------------------

STEPS, KEPT = 50, (1, 2, 3, 10, 25, 50)
START = {"w": [[0.5, -1.0, 0.25], [1.5, 0.75, -0.5]], "b": [0.13, -0.2], "s": 1.25}
DATA = {"x": rng.normal(0, 1, (8, 3)).tolist(), "t": rng.normal(0, 1, (8, 2)).tolist()}
MOMENTUM, STRICT = {"lr": 0.02, "momentum": 0.9}, {"weight_decay": 0.1, "maximize": True}
SETTINGS = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "weight_decay": 0.1}),
    ("SGD", MOMENTUM),
    ("SGD", MOMENTUM | {"dampening": 0.5}),
    ("SGD", MOMENTUM | {"nesterov": True}),
    ("SGD", {"lr": 0.02, "momentum": 0.8, "nesterov": True, "weight_decay": 0.05}),
    ("SGD", {"lr": 0.02, "momentum": 0.8, "dampening": 0.25, "weight_decay": 0.05}),
    ("SGD", {"lr": 0.005, "momentum": 0.5} | STRICT),
    ("Adam", {"lr": 0.05}),
    ("Adam", {"lr": 0.02, "betas": [0.5, 0.9]}),
    ("Adam", {"lr": 0.02, "betas": [0.0, 0.99], "eps": 1e-3}),
    ("Adam", {"lr": 0.05, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05, "amsgrad": True, "betas": [0.9, 0.5]}),
    ("Adam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True, "amsgrad": True}),
    ("Adam", {"lr": 0.01} | STRICT),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.02, "betas": [0.8, 0.95], "eps": 1e-4, "weight_decay": 0.2}),
    ("AdamW", {"lr": 0.05, "amsgrad": True, "betas": [0.7, 0.4]}),
    ("AdamW", {"lr": 0.01} | STRICT),
    ("Adamax", {"lr": 0.05}),
    ("Adamax", {"lr": 0.05, "betas": [0.6, 0.8], "eps": 1e-2, "weight_decay": 0.1}),
    ("Adamax", {"lr": 0.01} | STRICT),
    ("NAdam", {"lr": 0.05}),
    ("NAdam", {"lr": 0.01, "betas": [0.7, 0.9], "eps": 1e-3, "weight_decay": 0.1, "momentum_decay": 0.05}),
    ("NAdam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("NAdam", {"lr": 0.01} | STRICT),
    ("RAdam", {"lr": 0.05}),
    ("RAdam", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.1}),
    ("RAdam", {"lr": 0.05, "betas": [0.9, 0.5]}),
    ("RAdam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("RAdam", {"lr": 0.01} | STRICT),
    ("Adagrad", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.05, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3}),
    ("Adagrad", {"lr": 0.01} | STRICT),
    ("RMSprop", {"lr": 0.01}),
    ("RMSprop", {"lr": 0.002, "alpha": 0.8, "eps": 1e-3, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.01, "momentum": 0.8}),
    ("RMSprop", {"lr": 0.002, "centered": True, "alpha": 0.9}),
    ("RMSprop", {"lr": 0.002, "centered": True, "momentum": 0.5, "weight_decay": 0.05}),
    ("RMSprop", {"lr": 0.005} | STRICT),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 2.0, "rho": 0.7, "eps": 1e-4, "weight_decay": 0.1}),
    ("Adadelta", {"lr": 0.5} | STRICT),
    ("Rprop", {}),
    ("Rprop", {"lr": 0.05, "etas": [0.3, 1.5], "step_sizes": [1e-3, 0.1]}),
    ("Rprop", {"lr": 1e-3, "maximize": True}),
]
IDLE = {"idle": {"b": [1, 2, 3, 10, 11], "s": [2, 30]}}
ONE_CYCLE = ["OneCycleLR", {"max_lr": 0.1, "total_steps": 50}]
OPTIMIZER_CASES = [
    *({"optimizer": name, "settings": settings} for name, settings in SETTINGS),
    *(
        {"optimizer": name, "settings": settings} | more
        for name, settings, more in [
            ("SGD", {"lr": 0.05, "momentum": 0.5}, {"schedule": ["StepLR", {"step_size": 7, "gamma": 0.7}]}),
            ("Adam", {"lr": 0.05}, {"schedule": ["StepLR", {"step_size": 10}]}),
            ("AdamW", {"lr": 0.05}, {"schedule": ["CosineAnnealingLR", {"T_max": 30, "eta_min": 0.001}]}),
            ("SGD", {"lr": 0.05}, {"schedule": ["CosineAnnealingLR", {"T_max": 50}]}),
            # schedules that move the momentum, too
            *((name, {}, {"schedule": ONE_CYCLE}) for name in ("SGD", "Adam", "AdamW", "NAdam", "RAdam", "Adamax")),
            ("Adam", {"amsgrad": True}, {"schedule": ["CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 6}]}),
            ("RMSprop", {}, {"schedule": ["CyclicLR", {"base_lr": 1e-3, "max_lr": 0.01, "step_size_up": 6}]}),
            ("SGD", {"lr": 0.02, "momentum": 0.9}, {"groups": {"w": {}, "bs": {"lr": 0.01, "momentum": 0.0, "weight_decay": 0.3}}}),
            ("Adam", {"lr": 0.05}, {"groups": {"ws": {"betas": [0.7, 0.9]}, "b": {"lr": 0.1, "amsgrad": True}}}),
            ("RMSprop", {"lr": 0.01}, {"groups": {"ws": {"centered": True}, "b": {"momentum": 0.5}}}),
            (
                "AdamW", {"lr": 0.05}, {
                    "groups": {"w": {}, "bs": {"lr": 0.02, "weight_decay": 0.0}},
                    "schedule": ["CosineAnnealingLR", {"T_max": 40, "eta_min": 0.002}],
                },
            ),
            ("SGD", MOMENTUM | {"dampening": 0.5}, IDLE), ("Adam", {"lr": 0.05}, IDLE), ("Adam", {"amsgrad": True}, IDLE),
            ("AdamW", {"lr": 0.05, "weight_decay": 0.1}, IDLE), ("Adamax", {}, IDLE), ("NAdam", {}, IDLE), ("RAdam", {}, IDLE),
            ("Adagrad", {"initial_accumulator_value": 0.1}, IDLE), ("RMSprop", {"lr": 0.01, "centered": True, "momentum": 0.5}, IDLE),
            ("Adadelta", {}, IDLE), ("Rprop", {}, IDLE),
        ]
    ),
]  # fmt: skip


def start():
    return {name: torch.tensor(v, requires_grad=True) for name, v in START.items()}


def loss_of(p):
    x, t = (torch.tensor(DATA[k]) for k in "xt")
    return ((p["s"] * torch.tanh(x @ p["w"].T) + p["b"] - t) ** 2).mean()


def trajectory(case):
    p = start()
    groups = case.get("groups", {"wbs": {}})
    opt = getattr(torch.optim, case["optimizer"])(
        [{"params": [p[n] for n in names], **own} for names, own in groups.items()], **case["settings"]
    )
    schedule = None
    if "schedule" in case:
        name, settings = case["schedule"]
        schedule = getattr(lr_scheduler, name)(opt, **settings)
    kept, rates = {}, []
    for step in range(1, STEPS + 1):
        opt.zero_grad()
        loss_of(p).backward()
        for name, steps in case.get("idle", {}).items():
            if step in steps:
                p[name].grad = None
        opt.step()
        if schedule is not None:
            schedule.step()
            rates.append([g["lr"] for g in opt.param_groups])
        if step in KEPT:
            kept[str(step)] = {name: v.tolist() for name, v in p.items()}
    return case | {"kept": kept} | ({"rates": rates} if rates else {})


# --- L-BFGS ------------------------------------------------------------------------------------------------------

WOLFE = {"line_search_fn": "strong_wolfe"}
LBFGS_CASES = [
    *({"problem": "rosenbrock", "settings": WOLFE | more} for more in [
        {"max_iter": 1}, {"max_iter": 3}, {}, {"lr": 0.5, "history_size": 2, "max_iter": 4}, {"max_iter": 10, "max_eval": 4},
        {"lr": 30.0, "max_iter": 2},
    ]),
    *({"problem": "regression", "settings": more} for more in [
        WOLFE, WOLFE | {"max_iter": 2, "history_size": 1}, WOLFE | {"max_iter": 1, "lr": 100.0}, {"lr": 0.2},
        {"lr": 0.5, "max_iter": 2, "history_size": 3}, {"lr": 0.1, "max_iter": 5, "tolerance_change": 1e-3},
    ]),
]  # fmt: skip


def lbfgs(case):
    if case["problem"] == "rosenbrock":
        w = torch.tensor([-1.2, 1.0], requires_grad=True)
        p, loss_now = {"w": w}, lambda: (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
    else:
        p, (x, t) = start(), (torch.tensor(DATA[k]) for k in "xt")
        robust = lambda: torch.log(torch.cosh(x @ p["w"].T + p["b"] - p["s"] * t)).mean()
        loss_now = lambda: robust() + 0.05 * (p["w"] ** 2).sum() + (p["s"] - 1) ** 2
    opt = torch.optim.LBFGS(p.values(), **case["settings"])

    def closure():
        opt.zero_grad()
        loss = loss_now()
        loss.backward()
        return loss

    losses, evals, kept = [], [], {}
    for step in range(1, STEPS + 1):
        losses.append(opt.step(closure).item())
        evals.append(opt.state[next(iter(p.values()))]["func_evals"])
        if step in KEPT:
            kept[str(step)] = {name: v.tolist() for name, v in p.items()}
    return case | {"losses": losses, "evals": evals, "kept": kept}


def line_search(height, pace, phase, bend, first):
    """Along waves on a parabola, −t + height·sin(pace·t + phase) + bend·t²."""

    def evaluate(x, t, d):
        t = float(t)
        slope = -1 + height * pace * math.cos(pace * t + phase) + 2 * bend * t
        return -t + height * math.sin(pace * t + phase) + bend * t * t, torch.tensor([slope])

    f, g = evaluate(None, 0.0, None)
    loss, _, t, count = _strong_wolfe(evaluate, None, first, torch.ones(1), f, g, g[0])
    return {"line": [height, pace, phase, bend, first], "t": float(t), "f": loss, "count": count}


DECIDED = [  # where the rarer conditions decide: a rise behind two steps forward, and the edge of a bracket met twice
    [0.019, 17.211, 4.443, 0.003, 9.465], [0.022, 17.189, -0.552, 0.17, 0.177], [0.032, 14.766, 0.0, 0.006, 2.755],
    [0.039, 14.488, 1.215, 1.702, 0.012], [0.015, 15.597, 0.0, 0.132, 1.378], [0.019, 15.871, 1.45, 0.035, 4.895],
    [0.026, 12.206, -0.501, 0.073, 1.262], [0.034, 8.979, 0.0, 0.534, 0.312], [0.028, 16.446, 0.0, 2.628, 8.382],
    [0.048, 17.825, 0.0, 1.919, 2.229], [0.05, 15.902, 0.0, 0.769, 0.45], [0.051, 16.953, -0.329, 1.654, 2.349],
]  # fmt: skip


def lines():
    found = [line_search(*line) for line in DECIDED]
    while len(found) < 60:
        pace, bend, first = rng.uniform(1, 20), 10.0 ** rng.uniform(-3, 1), 10.0 ** rng.uniform(-3, 1)
        height, phase = 10.0 ** rng.uniform(-2, 0.5), rng.uniform(0.5, 1.5) * np.pi  # the slope at 0 is below 0
        case, nearly = (line_search(h, pace, phase, bend, first) for h in (height, height * (1 + 1e-14)))
        if case["count"] == nearly["count"] and abs(case["t"] - nearly["t"]) < 1e-11 * case["t"]:
            found.append(case)  # those that rounding decides are no reference
    return found


# --- clipping and averages ---------------------------------------------------------------------------------------


def clipped():
    grads = [rng.normal(0, 2, shape).tolist() for shape in ((2, 3), (4,), ())]
    cases = [{"max_norm": m, "norm_type": k} for m in (0.5, 3.0, 100.0) for k in (2.0, 1.0, 3.5, "inf")] + [
        {"clip_value": v} for v in (0.5, 2.0, 100.0)
    ]
    for case in cases:
        params = [torch.zeros_like(torch.tensor(g), requires_grad=True) for g in grads]
        for p, g in zip(params, grads, strict=True):
            p.grad = torch.tensor(g)
        if "clip_value" in case:
            torch.nn.utils.clip_grad_value_(params, case["clip_value"])
        else:
            case["total"] = torch.nn.utils.clip_grad_norm_(params, case["max_norm"], float(case["norm_type"])).item()
        case["clipped"] = [p.grad.tolist() for p in params]
    return {"grads": grads, "cases": cases}


def averaged():
    points = rng.normal(0, 1, (6, 4)).tolist()
    found = {}
    for name, function in [("EMA", swa_utils.get_ema_multi_avg_fn(0.8)), ("SWA", None)]:
        model = torch.nn.Linear(4, 1, bias=False)
        average = swa_utils.AveragedModel(model, multi_avg_fn=function)
        found[name] = []
        for point in points:
            model.weight.data[0] = torch.tensor(point)
            average.update_parameters(model)
            found[name].append(average.module.weight[0].tolist())
    return {"points": points, "decay": 0.8} | found


# --- schedules: 60 epochs ----------------------------------------------------------------------------------------

EPOCHS = 60
LAMBDAS = {
    "root": lambda e: (1 + e) ** -0.5,
    "wave": lambda e: 1 + 0.5 * (e % 3),
    "near": lambda e: 0.9 + 0.01 * (e % 7),
}
# each: the optimizer; what is built in this order, as name, settings; where a setting names others, their places
SCHEDULES = [
    [["StepLR", {"step_size": 7, "gamma": 0.7}]],
    [["MultiStepLR", {"milestones": [3, 10, 10, 40], "gamma": 0.5}]],
    [["ConstantLR", {}]],
    [["ConstantLR", {"factor": 0.25, "total_iters": 12}]],
    [["LinearLR", {}]],
    [["LinearLR", {"start_factor": 0.1, "end_factor": 0.5, "total_iters": 20}]],
    [["ExponentialLR", {"gamma": 0.93}]],
    [["PolynomialLR", {}]],
    [["PolynomialLR", {"total_iters": 30, "power": 2.5}]],
    [["CosineAnnealingLR", {"T_max": 12}]],
    [["CosineAnnealingLR", {"T_max": 7, "eta_min": 0.02}]],
    [["CosineAnnealingLR", {"T_max": 100, "eta_min": 0.01}]],
    [["CosineAnnealingWarmRestarts", {"T_0": 9}]],
    [["CosineAnnealingWarmRestarts", {"T_0": 4, "T_mult": 2, "eta_min": 0.01}]],
    [["CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 3}]],
    [["LambdaLR", {"lr_lambda": "root"}]],
    [["LambdaLR", {"lr_lambda": ["root", "wave"]}]],
    [["MultiplicativeLR", {"lr_lambda": "near"}]],
    [["MultiplicativeLR", {"lr_lambda": ["near", "wave"]}]],
    [["CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 5}]],
    [["CyclicLR", {"base_lr": [0.01, 0.02], "max_lr": [0.2, 0.1], "step_size_up": 4, "step_size_down": 9, "mode": "triangular2"}]],
    [["CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 6, "mode": "exp_range", "gamma": 0.97, "base_momentum": 0.7, "max_momentum": 0.95}]],
    [["CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 6, "scale_fn": "root", "scale_mode": "cycle"}]],
    [["CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 6, "scale_fn": "root", "scale_mode": "iterations", "cycle_momentum": False}]],
    [["OneCycleLR", {"max_lr": 0.5, "total_steps": 60}]],
    [["OneCycleLR", {"max_lr": [0.5, 0.2], "epochs": 12, "steps_per_epoch": 5, "anneal_strategy": "linear", "pct_start": 0.25}]],
    [["OneCycleLR", {"max_lr": 0.5, "total_steps": 61, "three_phase": True, "pct_start": 0.4, "div_factor": 10.0, "final_div_factor": 50.0}]],
    [["OneCycleLR", {"max_lr": 0.5, "total_steps": 60, "cycle_momentum": False}]],
    [["OneCycleLR", {"max_lr": 0.5, "total_steps": 60, "base_momentum": 0.7, "max_momentum": 0.8}]],
    # made of others
    [["LinearLR", {"start_factor": 0.1, "total_iters": 10}], ["CosineAnnealingLR", {"T_max": 50, "eta_min": 0.001}], ["SequentialLR", {"schedulers": [0, 1], "milestones": [10]}]],
    [["ConstantLR", {"factor": 0.1, "total_iters": 20}], ["ExponentialLR", {"gamma": 0.9}], ["SequentialLR", {"schedulers": [0, 1], "milestones": [20]}]],
    [
        ["LinearLR", {"total_iters": 5}], ["StepLR", {"step_size": 4, "gamma": 0.5}], ["LambdaLR", {"lr_lambda": "root"}], ["CosineAnnealingWarmRestarts", {"T_0": 8}],
        ["PolynomialLR", {"total_iters": 20}], ["SequentialLR", {"schedulers": [0, 1, 2, 3, 4], "milestones": [5, 15, 22, 41]}],
    ],
    [["ConstantLR", {"factor": 0.1, "total_iters": 20}], ["ExponentialLR", {"gamma": 0.9}], ["ChainedScheduler", {"schedulers": [0, 1]}]],
    [["LinearLR", {"total_iters": 9}], ["CosineAnnealingLR", {"T_max": 11, "eta_min": 0.01}], ["MultiStepLR", {"milestones": [20, 30]}], ["ChainedScheduler", {"schedulers": [0, 1, 2]}]],
    [["CosineAnnealingLR", {"T_max": 8, "eta_min": 0.01}], ["ExponentialLR", {"gamma": 0.97}], ["ChainedScheduler", {"schedulers": [0, 1]}]],
    [["LambdaLR", {"lr_lambda": "root"}], ["StepLR", {"step_size": 9, "gamma": 0.5}], ["ChainedScheduler", {"schedulers": [0, 1]}]],
    [["MultiplicativeLR", {"lr_lambda": "near"}], ["PolynomialLR", {"total_iters": 40}], ["ChainedScheduler", {"schedulers": [0, 1]}]],
]  # fmt: skip
PLATEAUS = [
    {"patience": 2}, {"patience": 0, "factor": 0.5}, {"patience": 3, "factor": 0.5, "cooldown": 4, "min_lr": [0.01, 0.02]},
    {"patience": 2, "mode": "max", "factor": 0.7}, {"patience": 2, "threshold": 0.2, "threshold_mode": "abs", "factor": 0.6},
    {"patience": 1, "mode": "max", "threshold": 0.1, "threshold_mode": "abs", "factor": 0.9, "eps": 1e-3},
]  # fmt: skip
METRICS = [round(float(v), 4) for v in 2 * np.exp(-np.arange(EPOCHS) / 12) + rng.normal(0, 0.15, EPOCHS)]


def rates(builds, optimizer="SGD"):
    groups = [{"params": [torch.zeros(2, requires_grad=True)], "lr": lr} for lr in (0.1, 0.05)]
    opt = getattr(torch.optim, optimizer)(groups, **({"momentum": 0.9} if optimizer == "SGD" else {}))
    built = []
    for name, settings in copy.deepcopy(builds):
        for key in ("lr_lambda", "scale_fn"):
            if key in settings:
                given = settings[key]
                settings[key] = [LAMBDAS[g] for g in given] if isinstance(given, list) else LAMBDAS[given]
        if "schedulers" in settings:
            settings["schedulers"] = [built[i] for i in settings["schedulers"]]
        args = () if name == "ChainedScheduler" else (opt,)
        built.append(getattr(lr_scheduler, name)(*args, **settings))
    found, momenta = [], []
    for _ in range(EPOCHS):
        found.append([g["lr"] for g in opt.param_groups])
        momenta.append([g["momentum"] if "momentum" in g else g["betas"][0] for g in opt.param_groups])
        built[-1].step()
    cycled = any("CycleLR" in name or "CyclicLR" in name for name, _ in builds)
    return {"optimizer": optimizer, "builds": builds, "rates": found} | ({"momenta": momenta} if cycled else {})


def plateau(settings):
    groups = [{"params": [torch.zeros(2, requires_grad=True)], "lr": lr} for lr in (0.1, 0.05)]
    opt = torch.optim.SGD(groups)
    schedule = lr_scheduler.ReduceLROnPlateau(opt, **settings)
    found = []
    for metric in METRICS:
        schedule.step(metric)
        found.append([g["lr"] for g in opt.param_groups])
    return {"settings": settings, "rates": found}


def optimizers():
    return {
        "start": START, "data": DATA, "steps": STEPS, "cases": [trajectory(case) for case in OPTIMIZER_CASES],
        "lbfgs": [lbfgs(case) for case in LBFGS_CASES], "lines": lines(), "clipped": clipped(), "averaged": averaged(),
    }  # fmt: skip


def schedules():
    cycles = [b for b in SCHEDULES if b[0][0] in ("CyclicLR", "OneCycleLR")]
    return {
        "epochs": EPOCHS, "cases": [*map(rates, SCHEDULES), *(rates(b, "Adam") for b in cycles[::4])],
        "metrics": METRICS, "plateaus": [plateau(settings) for settings in PLATEAUS],
    }  # fmt: skip


if __name__ == "__main__":
    for make in (optimizers, schedules):
        text = json.dumps({"torch": torch.__version__.split("+")[0], **make()})
        # one case a line: a change shows as the case it is
        text = text.replace('}, {"', '},\n{"').replace('": [{"', '": [\n{"')
        (HERE / f"{make.__name__}.json").write_text(text + "\n", encoding="utf-8")
