"""Schedules: 60 epochs go as PyTorch's (stored in reference/schedules.json), alone and made of each other, also when
they are stopped and gone on with; what they do by hand and in the Trainer."""

import copy
import json
import math
from pathlib import Path

import numpy as np
import pytest

from autograd_core import Tensor, nn, optim
from autograd_core.optim import schedules as schedules_module

STORED = json.loads((Path(__file__).parent / "reference/schedules.json").read_text(encoding="utf-8"))
LAMBDAS = {  # as in reference/make_optimizers.py
    "root": lambda e: (1 + e) ** -0.5, "wave": lambda e: 1 + 0.5 * (e % 3), "near": lambda e: 0.9 + 0.01 * (e % 7),
}  # fmt: skip


def label(case):
    return " ".join([case["optimizer"], *(f"{name}{list(settings.values())}" for name, settings in case["builds"])])


def optimizer(name="SGD", **settings):
    groups = [{"params": [Tensor([1.0], requires_grad=True)], "lr": lr} for lr in (0.1, 0.05)]
    return getattr(optim, name)(groups, **({"momentum": 0.9} if name == "SGD" else {}), **settings)


def one(lr=1.0, **settings):
    return optim.SGD([Tensor([1.0], requires_grad=True)], lr=lr, **settings)


def build(case, opt):
    built = []
    for name, settings in copy.deepcopy(case["builds"]):
        for key in {"lr_lambda", "scale_fn"} & settings.keys():
            given = settings[key]
            settings[key] = [LAMBDAS[g] for g in given] if isinstance(given, list) else LAMBDAS[given]
        if "schedulers" in settings:
            settings["schedulers"] = [built[i] for i in settings["schedulers"]]
        args = () if name == "ChainedScheduler" else (opt,)
        built.append(getattr(optim, name)(*args, **settings))
    return built[-1]


def follow(case, opt, schedule, epochs):
    for epoch in epochs:
        np.testing.assert_allclose(schedule.get_last_lr(), case["rates"][epoch], rtol=1e-10, atol=1e-17)
        if "momenta" in case:
            momenta = [g["momentum"] if "momentum" in g else g["betas"][0] for g in opt.param_groups]
            np.testing.assert_allclose(momenta, case["momenta"][epoch], rtol=1e-12)
        schedule.step()


every_case = pytest.mark.parametrize("case", STORED["cases"], ids=label)
EPOCHS = range(STORED["epochs"])


@every_case
def test_rates_equal_pytorchs(case):
    opt = optimizer(case["optimizer"])
    follow(case, opt, build(case, opt), EPOCHS)


def test_the_reference_covers_the_schedules():
    names = {name for case in STORED["cases"] for name, _ in case["builds"]} | {"ReduceLROnPlateau"}
    ours = {n for n in optim.__all__ if n.endswith(("LR", "WarmRestarts", "Scheduler", "Plateau"))}
    ours.discard("LRScheduler")  # a callback
    assert names == ours
    assert len(ours) == 15


@every_case
@pytest.mark.parametrize("order", ["optimizer first", "schedule first"])
@pytest.mark.parametrize("stop", [4, 23, 45])
def test_a_restored_schedule_goes_on(case, order, stop):
    opt = optimizer(case["optimizer"])
    schedule = build(case, opt)
    follow(case, opt, schedule, EPOCHS[:stop])
    saved = json.loads(json.dumps(schedule.state_dict())), opt.state_dict()
    again = optimizer(case["optimizer"])
    if order == "optimizer first":
        again.load_state_dict(saved[1])
    resumed = build(case, again)
    resumed.load_state_dict(saved[0])
    if order == "schedule first":
        again.load_state_dict(saved[1])
    assert resumed.get_last_lr() == schedule.get_last_lr()
    for epoch in EPOCHS[stop:]:
        follow(case, again, resumed, [epoch])
        schedule.step()
        assert resumed.get_last_lr() == schedule.get_last_lr()
        assert [g.get("momentum", g.get("betas")) for g in again.param_groups] == [
            g.get("momentum", g.get("betas")) for g in opt.param_groups
        ]


@pytest.mark.parametrize("case", STORED["plateaus"], ids=lambda c: str(c["settings"]))
def test_reductions_on_a_plateau_equal_pytorchs(case):
    opt = optimizer()
    schedule = optim.ReduceLROnPlateau(opt, **case["settings"])
    for epoch, (metric, rates) in enumerate(zip(STORED["metrics"], case["rates"], strict=True)):
        if epoch in (7, 20, 33):  # stopped and gone on with
            states = schedule.state_dict(), opt.state_dict()
            opt = optimizer()
            schedule = optim.ReduceLROnPlateau(opt, **case["settings"])
            opt.load_state_dict(states[1])
            schedule.load_state_dict(states[0])
        schedule.step(metric if epoch % 2 else Tensor(metric))
        np.testing.assert_allclose(schedule.get_last_lr(), rates, rtol=1e-12)
    assert rates[0] < 0.1


# --- what is asked of all -----------------------------------------------------------------------------------------

ALONE = [case for case in STORED["cases"] if len(case["builds"]) == 1]


@pytest.mark.parametrize("case", ALONE, ids=label)
def test_the_rate_of_an_epoch_can_be_asked_for(case):
    schedule = build(case, optimizer(case["optimizer"]))
    first = schedule.optimizer.param_groups[0]["initial_lr"]
    rates = [schedule.lr_at(epoch, first) for epoch in EPOCHS]
    np.testing.assert_allclose(rates, [r[0] for r in case["rates"]], rtol=1e-10, atol=1e-17)


@every_case
def test_a_restart_begins_anew(case):
    opt = optimizer(case["optimizer"])
    schedule = build(case, opt)
    for _ in range(17):
        schedule.step()
    schedule.restart()
    follow(case, opt, schedule, EPOCHS)


class Halving(optim.Schedule):
    def lr_at(self, epoch, lr):
        return lr / 2**epoch


def test_a_schedule_of_ones_own():
    opt = optimizer()
    schedule = Halving(opt)
    assert schedule.get_last_lr() == [0.1, 0.05]
    schedule.step()
    schedule.step()
    assert [g["lr"] for g in opt.param_groups] == [0.025, 0.0125]


def test_schedules_that_multiply_keep_what_was_done_by_hand():
    opt = one()
    schedule = optim.ExponentialLR(opt, gamma=0.5)
    opt.param_groups[0]["lr"] = 8.0
    schedule.step()
    assert schedule.get_last_lr() == [4.0]


def test_two_schedules_may_act_on_one_optimizer():
    opt = one()
    plateau, warm = optim.ReduceLROnPlateau(opt, patience=0, factor=0.5), optim.LinearLR(opt, 0.25, total_iters=3)
    for loss in (1.0, 1.0, 1.0, 1.0):
        plateau.step(loss)
        warm.step()
    assert opt.param_groups[0]["lr"] == pytest.approx(1 / 8)


@pytest.mark.parametrize("start_factor", [0.01, 0.5])
def test_warm_up(start_factor):
    schedule = optim.warm_up(optim.StepLR(one(), step_size=2, gamma=0.1), steps=4, start_factor=start_factor)
    rates = []
    for _ in range(9):
        rates += schedule.get_last_lr()
        schedule.step()
    rising = [start_factor + (1 - start_factor) * k / 4 for k in range(4)]
    np.testing.assert_allclose(rates, [*rising, 1, 1, 0.1, 0.1, 0.01], rtol=1e-12)


def test_composed_schedules_nest():
    opt = one()
    inner = optim.SequentialLR(opt, [optim.ConstantLR(opt, 0.5, 9), optim.ConstantLR(opt, 0.1, 9)], [2])
    both = optim.ChainedScheduler([inner, optim.ExponentialLR(opt, 0.5)])
    outer = optim.SequentialLR(opt, [optim.ConstantLR(opt, 0.3, 9), both], [2])
    rates = []
    for _ in range(6):
        rates += outer.get_last_lr()
        outer.step()
    # the second phase of the inner one begins anew from the first rate, and the halvings before it are forgotten
    np.testing.assert_allclose(rates, [0.3, 0.3, 0.5, 0.25, 0.05, 0.025], rtol=1e-12)


def test_the_one_cycle_ends():
    schedule = optim.OneCycleLR(one(momentum=0.5), max_lr=1.0, total_steps=3)
    for _ in range(3):
        schedule.step()
    with pytest.raises(ValueError, match="the one cycle is over: it was made for 3 steps"):
        schedule.step()


def test_base_classes_say_what_is_to_be_defined():
    with pytest.raises(TypeError, match=r"Schedule does not say lr_at\(epoch, lr\)"):
        optim.Schedule(one())
    with pytest.raises(TypeError, match=r"FactorSchedule does not say factor_at\(epoch\)"):
        schedules_module.FactorSchedule(one())


OPT, OTHER = one(momentum=0.5), one()
STEP = {"step_size": 3}
ERRORS = [
    (lambda: optim.StepLR(OPT, 0), "step_size must be a whole number, at least 1, it is 0"),
    (lambda: optim.StepLR(OPT, 3, gamma=-1), "gamma must be above 0 and finite, it is -1"),
    (lambda: optim.MultiStepLR(OPT, [3, 0]), "a milestone must be a whole number, at least 1, it is 0"),
    (lambda: optim.ConstantLR(OPT, factor=2.0), "factor must be between 0 and 1, it is 2.0"),
    (lambda: optim.ConstantLR(OPT, total_iters=0), "total_iters must be a whole number"),
    (lambda: optim.LinearLR(OPT, start_factor=0.0), "start_factor must be above 0 and at most 1, it is 0.0"),
    (lambda: optim.LinearLR(OPT, end_factor=1.5), "end_factor must be between 0 and 1"),
    (lambda: optim.ExponentialLR(OPT, math.nan), "gamma must be above 0 and finite, it is nan"),
    (lambda: optim.PolynomialLR(OPT, power=0.0), "power must be above 0"),
    (lambda: optim.CosineAnnealingLR(OPT, 0), "T_max must be a whole number, at least 1, it is 0"),
    (lambda: optim.CosineAnnealingLR(OPT, 3, eta_min=-1.0), "eta_min must be at least 0"),
    (lambda: optim.CosineAnnealingWarmRestarts(OPT, 2.5), "T_0 must be a whole number, at least 1, it is 2.5"),
    (lambda: optim.CosineAnnealingWarmRestarts(OPT, 2, 0), "T_mult must be a whole number"),
    (lambda: optim.LambdaLR(optimizer(), [LAMBDAS["root"]]), "lr_lambda has 1 entries for 2 groups of parameters"),
    (lambda: optim.CyclicLR(OPT, 0.1, 0.2, mode="square"), "mode must be 'triangular' or 'triangular2' or 'exp_range', it is"),
    (lambda: optim.CyclicLR(OPT, 0.1, 0.2, step_size_up=0), "step_size_up must be a whole number"),
    (lambda: optim.CyclicLR(OPT, 0.1, [0.2, 0.3]), "max_lr has 2 entries for 1 groups"),
    (lambda: optim.CyclicLR(OPT, 0.0, 0.2), "base_lr must be above 0 and finite, it is 0.0"),
    (lambda: optim.CyclicLR(OPT, 0.1, 0.2, max_momentum=1.5), "max_momentum must be between 0 and 1, it is 1.5"),
    (lambda: optim.CyclicLR(optimizer("Adagrad"), 0.1, 0.2), "Adagrad has no momentum to cycle: say cycle_momentum=False"),
    (lambda: optim.OneCycleLR(optimizer("Rprop"), 0.1, 10), "Rprop has no momentum to cycle"),
    (lambda: optim.OneCycleLR(OPT, 0.1), "OneCycleLR must know its length: give total_steps"),
    (lambda: optim.OneCycleLR(OPT, 0.1, 0), "total_steps must be a whole number"),
    (lambda: optim.OneCycleLR(OPT, math.inf, 10), "max_lr must be above 0 and finite, it is inf"),
    (lambda: optim.OneCycleLR(OPT, 0.1, 10, pct_start=1.5), "pct_start must be between 0 and 1"),
    (lambda: optim.OneCycleLR(OPT, 0.1, 10, anneal_strategy="exp"), "anneal_strategy must be 'cos' or 'linear', it is 'exp'"),
    (lambda: optim.SequentialLR(OPT, [], []), "SequentialLR is made of schedules, and none was given"),
    (lambda: optim.SequentialLR(OPT, [Halving(OPT)], [3]), "1 schedules need 0 milestones between them"),
    (lambda: optim.SequentialLR(OPT, [Halving(OPT)] * 3, [5, 3]), r"each later than the one before; there are \[5, 3\]"),
    (lambda: optim.SequentialLR(OPT, [Halving(OPT)] * 2, [0]), "a milestone must be a whole number"),
    (lambda: optim.SequentialLR(OPT, [Halving(OTHER)], []), "must be those of one optimizer"),
    (lambda: optim.ChainedScheduler([]), "ChainedScheduler is made of schedules, and none was given"),
    (lambda: optim.ReduceLROnPlateau(OPT, mode="lowest"), "mode must be 'min' or 'max', it is 'lowest'"),
    (lambda: optim.ReduceLROnPlateau(OPT, factor=1.0), "factor must be at least 0 and below 1, it is 1.0"),
    (lambda: optim.ReduceLROnPlateau(OPT, min_lr=[0.1, 0.1]), "min_lr has 2 entries for 1 groups"),
    (lambda: Halving(OPT).load_state_dict(optim.StepLR(OPT, 3).state_dict()), "this state is of StepLR over 1 groups, not of Halving"),
    (lambda: Halving(OPT).load_state_dict(Halving(optimizer()).state_dict()), "over 2 groups, not of Halving over 1"),
    (lambda: optim.ChainedScheduler([Halving(OPT)]).load_state_dict(optim.ChainedScheduler([Halving(OPT)] * 2).state_dict()), "of 2 schedules, not of 1"),
]  # fmt: skip
MISTAKES = [
    (lambda: optim.LambdaLR(OPT, 0.5), "lr_lambda is a function of the epoch, or one for each group; it is 0.5"),
    (lambda: optim.ChainedScheduler([optim.ReduceLROnPlateau(OPT)]), "ReduceLROnPlateau is none: step it beside"),
    (lambda: optim.SequentialLR(OPT, ["StepLR"], []), "str is none"),
    (lambda: optim.ReduceLROnPlateau(OPT).step(), r"write schedule.step\(validation_loss\)"),
]


@pytest.mark.parametrize(
    ("call", "error", "fragment"), [(c, ValueError, f) for c, f in ERRORS] + [(c, TypeError, f) for c, f in MISTAKES]
)
def test_errors_say_what_is_wrong(call, error, fragment):
    with pytest.raises(error, match=fragment):
        call()


# --- in the Trainer ------------------------------------------------------------------------------------------------

RNG = np.random.default_rng(3)
X = RNG.normal(size=(32, 2)).astype(np.float32)
T = (X @ [[1.0], [-2.0]]).astype(np.float32)


def trainer(make, lr=0.1, **more):
    model = nn.Linear(2, 1, rng=0)
    opt = optim.SGD(model.parameters(), lr=lr, momentum=0.5)
    return optim.Trainer(model, nn.MSELoss(), opt, schedule=make(opt), **more)


def test_a_schedule_goes_by_epochs_or_by_batches():
    by_epoch = trainer(lambda opt: optim.ExponentialLR(opt, 0.5)).fit((X, T), epochs=3, batch_size=8)
    assert by_epoch["lr"] == pytest.approx([0.1, 0.05, 0.025])
    by_step = trainer(lambda opt: optim.ExponentialLR(opt, 0.5), schedule_by="step").fit((X, T), epochs=3, batch_size=8)
    assert by_step["lr"] == pytest.approx([0.1 * 0.5**4, 0.1 * 0.5**8, 0.1 * 0.5**12])
    one_cycle = trainer(lambda opt: optim.OneCycleLR(opt, 0.05, epochs=3, steps_per_epoch=4), schedule_by="step")
    rates = one_cycle.fit((X, T), epochs=3, batch_size=8)["lr"]
    assert rates == pytest.approx([one_cycle.schedule.lr_at(step, 0.002) for step in (4, 8, 12)])


def test_a_plateau_is_watched_in_the_history():
    fitted = trainer(lambda opt: optim.ReduceLROnPlateau(opt, patience=0, factor=0.5, threshold=0.9))
    history = fitted.fit((X, T), epochs=6, batch_size=8, validation=(X, T))
    expected, best, rate = [], math.inf, 0.1
    for loss in history["val_loss"]:
        expected.append(rate)
        if loss < best * 0.1:
            best = loss
        else:
            rate /= 2
    assert history["lr"] == pytest.approx(expected)
    assert rate < 0.1
    on_training = trainer(lambda opt: optim.ReduceLROnPlateau(opt, patience=0, threshold=0.999))
    assert on_training.fit((X, T), epochs=2)["lr"] == pytest.approx([0.1, 0.1])
    assert on_training.optimizer.param_groups[0]["lr"] == pytest.approx(0.01)
    with pytest.raises(ValueError, match="monitors 'val_r2', which is not measured; there is epoch, loss"):
        trainer(lambda opt: optim.ReduceLROnPlateau(opt, monitor="val_r2")).fit((X, T), epochs=1)


@pytest.mark.parametrize("by", ["batch", None])
def test_the_trainer_says_what_a_schedule_goes_by(by):
    with pytest.raises(ValueError, match=f'schedule_by is "epoch" or "step".*it is {by!r}'):
        trainer(lambda opt: optim.StepLR(opt, 3), schedule_by=by)
    with pytest.raises(ValueError, match="for a schedule that watches"):
        trainer(optim.ReduceLROnPlateau, schedule_by="step")


@pytest.mark.parametrize("clip", [0.5, lambda params: optim.clip_grad_norm_(params, 0.5)])
def test_the_trainer_clips(clip):
    clipped = trainer(lambda opt: None, lr=1.0, clip=clip)
    before = [p.value.copy() for p in clipped.model.parameters()]
    clipped.step(X, 100 * T)
    moved = math.sqrt(
        sum(np.square(p.value - b).sum() for p, b in zip(clipped.model.parameters(), before, strict=True))
    )
    assert moved == pytest.approx(0.5, rel=1e-4)
