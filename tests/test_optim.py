"""Optimizers: 50 steps go where PyTorch's go (stored in reference/optimizers.json), whatever has been done to the
parameters in between; the state that lets a run go on; clipping and averages."""

import copy
import json
import math
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from autograd_core import Tensor, nn, optim

STORED = json.loads((Path(__file__).parent / "reference/optimizers.json").read_text(encoding="utf-8"))
X, T = (np.array(STORED["data"][k]) for k in "xt")


def label(case):
    parts = [
        case["optimizer"],
        *(f"{k}={v}" for k, v in case["settings"].items()),
        *(k for k in case if k in ("groups", "idle")),
    ]
    return " ".join([*parts, *case.get("schedule", [])[:1]])


def start(dtype=np.float64):
    """The parameters of the stored problem; w in the memory order of Linear's weights."""
    p = {name: Tensor(np.array(v, dtype), requires_grad=True, name=name) for name, v in STORED["start"].items()}
    p["w"].value = np.asfortranarray(p["w"].value)
    return p


def backward(p):
    y = p["s"] * np.tanh(X.astype(p["s"].dtype) @ p["w"].T) + p["b"]
    np.square(y - T.astype(p["b"].dtype)).mean().backward()


def build(case, p):
    groups = case.get("groups", {"wbs": {}})
    opt = getattr(optim, case["optimizer"])(
        [{"params": [p[n] for n in names], **own} for names, own in groups.items()], **case["settings"]
    )
    if "schedule" not in case:
        return opt, None
    name, settings = case["schedule"]
    return opt, getattr(optim, name)(opt, **settings)


def advance(case, p, opt, schedule, steps):
    for step in steps:
        opt.zero_grad()
        backward(p)
        for name, idle in case.get("idle", {}).items():
            if step in idle:
                p[name].grad = None
        opt.step()
        if schedule is not None:
            schedule.step()
            np.testing.assert_allclose(schedule.get_last_lr(), case["rates"][step - 1], rtol=1e-10, atol=1e-17)
        if str(step) in case["kept"]:
            for name, stored in case["kept"][str(step)].items():
                np.testing.assert_allclose(
                    p[name].value, stored, rtol=1e-10, atol=1e-12, err_msg=f"{name}, step {step}"
                )


ONE = Tensor([1.0], requires_grad=True, name="one")
RULES = {
    "SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adagrad", "RMSprop", "Adadelta", "Rprop",
}  # fmt: skip
ALL_STEPS = range(1, STORED["steps"] + 1)
every_case = pytest.mark.parametrize("case", STORED["cases"], ids=label)
# one of each rule, with idle parameters, momentum and weight decay
SOME = [c for c in STORED["cases"] if "idle" in c or "schedule" in c]
some_cases = pytest.mark.parametrize("case", SOME, ids=label)


@every_case
def test_trajectories_equal_pytorch(case):
    p = start()
    advance(case, p, *build(case, p), ALL_STEPS)


def test_the_reference_covers_the_optimizers_and_options():
    assert {c["optimizer"] for c in STORED["cases"]} == RULES
    assert {c["optimizer"] for c in STORED["cases"] if "idle" in c} == RULES
    for name in RULES:  # every setting of every rule is other than its default in some case
        settings = {k for c in STORED["cases"] if c["optimizer"] == name for k in c["settings"]}
        assert settings == getattr(optim, name)([ONE]).defaults.keys() - (
            {"decoupled_weight_decay"} if name == "AdamW" else set()
        )
    assert all("50" in c["kept"] for c in STORED["cases"])


@some_cases
def test_reassigned_values_are_adopted(case):
    """Loading weights by hand, or pickling, leaves arrays that are not the optimizer's views: it must see them."""
    p = start()
    opt, schedule = build(case, p)
    for step in ALL_STEPS:
        for tensor in p.values():
            tensor.value = tensor.value.copy()
        advance(case, p, opt, schedule, [step])


@some_cases
def test_values_written_in_between_are_seen(case):
    p = start()
    opt, schedule = build(case, p)
    advance(case, p, opt, schedule, ALL_STEPS[:3])
    kept = {name: np.array(tensor.value) for name, tensor in p.items()}
    for tensor in p.values():
        tensor.data = np.zeros(tensor.shape)
    for name, tensor in p.items():
        tensor.data = kept[name]
    advance(case, p, opt, schedule, ALL_STEPS[3:])


def test_parameters_may_move_between_optimizers():
    """Two optimizers in turn on the same parameters: each finds the other's result, with its own momentum."""
    p, settings = start(), {"lr": 0.02, "momentum": 0.9}
    q, velocity = {n: np.array(t.value) for n, t in p.items()}, [dict.fromkeys(p, 0.0) for _ in range(2)]
    optimizers = [optim.SGD(p.values(), **settings) for _ in range(2)]
    for step in range(6):
        which = step % 2
        optimizers[which].zero_grad()
        backward(p)
        for name, tensor in p.items():
            velocity[which][name] = 0.9 * velocity[which][name] + tensor.grad.value
            q[name] = q[name] - 0.02 * velocity[which][name]
        optimizers[which].step()
        for name, tensor in p.items():
            np.testing.assert_allclose(tensor.value, q[name], rtol=1e-13)


@every_case
def test_a_restored_optimizer_goes_on_bit_for_bit(case):
    p = start()
    opt, schedule = build(case, p)
    advance(case, p, opt, schedule, ALL_STEPS[:20])
    saved = copy.deepcopy(
        (opt.state_dict(), schedule and schedule.state_dict(), {n: np.array(t.value) for n, t in p.items()})
    )
    state = opt.state_dict()
    advance(case, p, opt, schedule, ALL_STEPS[20:])
    np.testing.assert_equal(state, saved[0])  # the state was a copy

    q = {name: Tensor(value, requires_grad=True) for name, value in saved[2].items()}
    opt, schedule = build(case, q)
    opt.load_state_dict(saved[0])
    if schedule is not None:
        schedule.load_state_dict(saved[1])
    advance(case, q, opt, schedule, ALL_STEPS[20:])
    for name in p:
        np.testing.assert_array_equal(q[name].value, p[name].value)


def test_a_loaded_state_is_not_shared():
    p = start()
    opt = optim.SGD(p.values(), lr=0.1, momentum=0.9)
    backward(p)
    opt.step()
    state = opt.state_dict()
    before = copy.deepcopy(state)
    opt.load_state_dict(state)
    opt.step()
    np.testing.assert_equal(state, before)


def test_a_loaded_state_brings_its_settings_and_a_schedule_its_beginning():
    """A resumed run may be built with other settings: those of the saved one count, also the rate it began with."""
    opt = optim.SGD(start().values(), lr=0.8, momentum=0.5)
    schedule = optim.StepLR(opt, step_size=1, gamma=0.5)
    schedule.step()
    resumed = optim.SGD(start().values(), lr=0.1)
    resumed.load_state_dict(opt.state_dict())
    assert {k: v for k, v in resumed.param_groups[0].items() if k != "params"} == {
        "lr": 0.4, "momentum": 0.5, "dampening": 0, "weight_decay": 0, "nesterov": False, "maximize": False, "initial_lr": 0.8,
    }  # fmt: skip
    again = optim.StepLR(resumed, step_size=1, gamma=0.5)
    again.load_state_dict(schedule.state_dict())
    again.step()
    assert again.get_last_lr() == [0.2]


OTHER_STATES = {
    "another rule": lambda: optim.AdamW(start().values(), lr=0.3),
    "fewer parameters": lambda: optim.Adam(list(start().values())[:2], lr=0.3),
    "more groups": lambda: optim.Adam([{"params": [t]} for t in start().values()], lr=0.3),
    "other dtypes": lambda: optim.Adam([start()["w"], *list(start(np.float32).values())[1:]], lr=0.3),
    "other shapes": lambda: optim.Adam([Tensor(np.ones(n), requires_grad=True) for n in (4, 2, 1)], lr=0.3),
    "single numbers": lambda: optim.Adam([Tensor(1.0, requires_grad=True) for _ in range(3)], lr=0.3),
}


@pytest.mark.parametrize("other", OTHER_STATES.values(), ids=OTHER_STATES)
def test_a_state_that_does_not_fit_changes_nothing(other):
    p = start()
    opt = optim.Adam(p.values(), lr=0.1)
    backward(p)
    opt.step()
    before = opt.state_dict()
    with pytest.raises(ValueError, match="this state is of"):
        opt.load_state_dict(other().state_dict())
    np.testing.assert_equal(opt.state_dict(), before)


def test_a_state_of_one_number_is_not_spread_over_many():
    opts = [optim.Adam([Tensor(np.ones(n), requires_grad=True)], lr=0.1) for n in (1, 5)]
    with pytest.raises(ValueError, match="this state is of"):
        opts[1].load_state_dict(opts[0].state_dict())


# --- parameters of all kinds -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(RULES))
def test_mixed_dtypes_keep_theirs_and_step_as_if_apart(name):
    more = {} if name == "Rprop" else {"weight_decay": 0.1}

    def made():
        return (
            Tensor(np.float32([1, 2]), requires_grad=True),
            Tensor([3.0, 4.0], requires_grad=True),
            Tensor(np.float32(5), requires_grad=True),
        )

    together, apart = made(), made()
    optimizers = [
        getattr(optim, name)(together, lr=0.1, **more),
        *(getattr(optim, name)([t], lr=0.1, **more) for t in apart),
    ]
    for _ in range(5):
        for opt in optimizers:
            opt.zero_grad()
        for tensor in (*together, *apart):
            (tensor**3).sum().backward()
        for opt in optimizers:
            opt.step()
    assert [t.dtype for t in together] == [np.float32, np.float64, np.float32]
    for a, b in zip(together, apart, strict=True):
        np.testing.assert_array_equal(a.value, b.value)
        assert a.grad.dtype == a.dtype


@pytest.mark.parametrize("layout", [lambda a: a, np.asfortranarray, lambda a: a.swapaxes(0, 1).copy().swapaxes(0, 1)])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (1, 3), (3, 1), (2, 3, 4)])
def test_updates_land_where_the_gradient_is(shape, layout):
    """Every number has its own gradient, so an update in the wrong place shows, in any memory order."""
    array = np.arange(np.prod(shape, dtype=int), dtype=float).reshape(shape)
    w = nn.Parameter(layout(array) if len(shape) > 1 else array)
    other = Tensor([10.0], requires_grad=True)
    opt = optim.SGD([other, w], lr=0.5)
    for k in range(2):
        opt.zero_grad()
        (np.square(w).sum() + other.sum()).backward()
        opt.step()
        np.testing.assert_array_equal(w.value, array * 0 if k else array - 0.5 * 2 * array)
        assert w.shape == shape
        assert other.item() == 10 - 0.5 * (k + 1)


def test_linear_weights_stay_laid_out_for_the_product():
    layer = nn.Linear(4, 3, rng=0)
    before = np.array(layer.weight.value)
    opt = optim.SGD(layer.parameters(), lr=0.5)
    layer(np.arange(8, dtype=np.float32).reshape(2, 4)).sum().backward()
    opt.step()
    np.testing.assert_allclose(layer.weight.value, before - 0.5 * np.array([4, 6, 8, 10]), rtol=1e-6)
    assert layer.weight.value.T.flags.c_contiguous


def test_a_parameter_without_gradient_is_left_alone():
    used, idle = Tensor([1.0], requires_grad=True), Tensor([2.0], requires_grad=True)
    opt = optim.AdamW([used, idle], lr=0.1, weight_decay=0.5)
    for _ in range(3):
        opt.zero_grad()
        (used**2).sum().backward()
        opt.step()
    assert idle.item() == 2.0
    assert used.item() < 0.9
    assert opt.state_dict()["groups"][0]["buffers"][0]["steps"] == [3, 0]
    optim.SGD([idle], lr=0.1).step()  # no gradient anywhere: nothing happens
    assert idle.item() == 2.0


def test_a_skipped_parameter_does_not_count_as_changed():
    """Two heads trained in turn: stepping the one must not make the other's graph out of date."""
    a, b = Tensor([1.0], requires_grad=True), Tensor([2.0], requires_grad=True)
    opt = optim.SGD([a, b], lr=0.1)
    first, second = (a**2).sum(), (b**2).sum()
    first.backward()
    opt.step()
    second.backward()
    assert b.grad.item() == 4.0


@pytest.mark.parametrize(
    "use", [lambda w: w * w, lambda w: w.T * w.T, lambda w: w.reshape(-1) ** 2, lambda w: w[:, :1] ** 2]
)
def test_a_graph_from_before_a_step_refuses(use):
    w = Tensor([[3.0, 5.0]], requires_grad=True)
    opt = optim.SGD([w], lr=0.1)
    w.grad = Tensor([[1.0, 1.0]])
    opt.step()
    loss = use(w).sum()
    opt.step()
    with pytest.raises(RuntimeError, match="was written to after"):
        loss.backward()


def test_zero_grad_forgets():
    p = start()
    opt = optim.SGD(p.values(), lr=0.1)
    backward(p)
    assert all(t.grad is not None for t in p.values())
    opt.zero_grad()
    assert all(t.grad is None for t in p.values())


def test_the_gradient_itself_is_not_used_as_scratch():
    p = start()
    opt = optim.Adam(p.values(), lr=0.1, weight_decay=0.1)
    backward(p)
    before = {n: np.array(t.grad.value) for n, t in p.items()}
    opt.step()
    for name, tensor in p.items():
        np.testing.assert_array_equal(tensor.grad.value, before[name])


def test_idle_momentum_is_flushed_before_it_becomes_subnormal():
    w = Tensor(np.float32([1.0]), requires_grad=True)
    opt = optim.SGD([w], lr=0.1, momentum=0.75)
    momentum = []
    for step in range(256):
        w.grad = Tensor(np.float32([step == 0]))
        opt.step()
        momentum.append(opt.state_dict()["groups"][0]["buffers"][0]["momentum_buffer"].item())
    assert momentum[-2] == pytest.approx(0.75**254, rel=1e-4)
    assert momentum[-1] == 0


# --- groups and settings -------------------------------------------------------------------------------


def test_a_group_added_later_trains_with_its_own_settings():
    a, b = Tensor([1.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    opt = optim.SGD([a], lr=0.1)
    opt.add_param_group({"params": [b], "lr": 0.2})
    ((a + b) ** 2).sum().backward()
    opt.step()
    assert (a.item(), b.item()) == pytest.approx((1 - 0.1 * 4, 1 - 0.2 * 4))
    assert repr(opt).startswith("SGD(lr=0.1, ")
    assert "; lr=0.2" in repr(opt)


def test_a_setting_changed_by_hand_counts_from_the_next_step():
    w = Tensor([1.0], requires_grad=True)
    opt = optim.SGD([w], lr=0.1)
    opt.param_groups[0]["lr"] = 0.5
    w.grad = Tensor([1.0])
    opt.step()
    assert w.item() == 0.5


def test_base_classes_say_what_is_to_be_defined():
    w = Tensor(1.0, requires_grad=True)
    w.grad = Tensor(1.0)
    with pytest.raises(TypeError, match="Optimizer does not say its coefficients"):
        optim.Optimizer([w], lr=0.1).step()


EMPTY = "an optimizer without parameters has nothing to do"


@pytest.mark.parametrize(
    ("call", "error", "fragment"),
    [
        (lambda: optim.SGD([ONE, ONE]), ValueError, r"tensor 'one' of shape \(1,\) is listed twice"),
        (lambda: optim.SGD([{"params": [ONE]}, {"params": [ONE]}]), ValueError, "listed twice"),
        (lambda: optim.SGD([]), ValueError, EMPTY),
        (lambda: optim.SGD(iter(())), ValueError, EMPTY),
        (lambda: optim.SGD([{"params": []}]), ValueError, EMPTY),
        (lambda: optim.SGD(nn.ReLU().parameters()), ValueError, EMPTY),
        (lambda: optim.SGD([{"params": [ONE], "lr": -1}]), ValueError, "it is -1"),
        (lambda: optim.SGD([ONE], lr=0), ValueError, "the learning rate must be above 0 and finite, it is 0"),
        (lambda: optim.SGD(ONE), TypeError, r"like model.parameters\(\); it got tensor 'one'"),
        (lambda: optim.SGD([np.ones(2)]), TypeError, "floating-point leaf Tensors; it got array"),
        (lambda: optim.SGD([Tensor([1])]), TypeError, "floating-point leaf Tensors"),
        (lambda: optim.SGD([ONE * 2]), TypeError, "floating-point leaf Tensors"),
        (
            lambda: optim.SGD([{"params": [ONE], "momentun": 0.9}]),
            ValueError,
            r"SGD has no setting \['momentun'\]; it has lr, momentum",
        ),
        (lambda: optim.SGD([ONE], nesterov=True), ValueError, "needs a momentum above 0 and no dampening"),
        (lambda: optim.SGD([ONE], momentum=0.9, dampening=0.1, nesterov=True), ValueError, "no dampening"),
    ],
)
def test_errors_say_what_is_wrong(call, error, fragment):
    with pytest.raises(error, match=fragment):
        call()


@pytest.mark.parametrize(
    "group",
    [
        {"params": [ONE]},
        {"params": []},
        {"params": [np.ones(1)]},
        {"params": [Tensor(2.0, requires_grad=True)], "lr": 0},
    ],
)
def test_a_refused_group_leaves_the_optimizer_as_it_was(group):
    opt = optim.SGD([ONE], lr=0.1)
    with pytest.raises((TypeError, ValueError)):
        opt.add_param_group(group)
    assert len(opt.param_groups) == len(opt.state_dict()["groups"]) == 1


SENSELESS = [
    *((name, "lr", lr) for name in [*sorted(RULES), "LBFGS"] for lr in (0, -0.1, math.inf, math.nan, "0.1", None)),
    *((name, "betas", b) for name in sorted(RULES) if "dam" in name for b in [(0.9, 1.0), (-0.1, 0.9), (0.9,), 0.9, (0.9, math.nan)]),
    *((name, "eps", e) for name in sorted(RULES - {"SGD", "Rprop"}) for e in (0, -1e-8, math.inf, math.nan)),
    *((name, "weight_decay", w) for name in sorted(RULES - {"Rprop"}) for w in (-0.1, math.inf, math.nan)),
    *((name, "momentum", m) for name in ("SGD", "RMSprop") for m in (-0.1, 1, math.inf, math.nan)),
    ("SGD", "dampening", -0.1), ("SGD", "dampening", 1.1), ("RMSprop", "alpha", 1.0), ("RMSprop", "alpha", -0.1),
    ("Adadelta", "rho", 1.0), ("Adadelta", "rho", -0.1), ("Adagrad", "lr_decay", -0.1), ("Adagrad", "initial_accumulator_value", -1),
    ("NAdam", "momentum_decay", -0.1), ("Rprop", "etas", (0.5, 1.0)), ("Rprop", "etas", (1.1, 1.2)), ("Rprop", "etas", (0.5, math.inf)),
    ("Rprop", "step_sizes", (0, 1)), ("Rprop", "step_sizes", (2, 1)), ("LBFGS", "max_iter", 0), ("LBFGS", "max_iter", 1.5),
    ("LBFGS", "max_iter", math.inf), ("LBFGS", "max_eval", 0), ("LBFGS", "tolerance_grad", -1), ("LBFGS", "tolerance_change", math.nan),
    ("LBFGS", "history_size", 0), ("LBFGS", "line_search_fn", "armijo"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "setting", "value"), SENSELESS)
def test_settings_that_make_no_sense_are_refused(name, setting, value):
    spoken = "the learning rate" if setting == "lr" else setting
    pattern = f"^{spoken} must be .*, it is {re.escape(repr(value))}$"
    more = {"max_eval": 5} if setting == "max_iter" else {}  # else it would be made of max_iter
    with pytest.raises(ValueError, match=pattern):
        getattr(optim, name)([ONE], **{setting: value}, **more)
    if name != "LBFGS":
        with pytest.raises(ValueError, match=pattern):  # those of a single group, too
            getattr(optim, name)([{"params": [ONE], setting: value}])


DEFAULTS = {
    "SGD": {"lr": 1e-3, "momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False},
    "Adam": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "amsgrad": False, "decoupled_weight_decay": False},
    "AdamW": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 1e-2, "amsgrad": False, "decoupled_weight_decay": True},
    "Adamax": {"lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0},
    "NAdam": {"lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "momentum_decay": 4e-3, "decoupled_weight_decay": False},
    "RAdam": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "decoupled_weight_decay": False},
    "Adagrad": {"lr": 1e-2, "lr_decay": 0, "weight_decay": 0, "initial_accumulator_value": 0, "eps": 1e-10},
    "RMSprop": {"lr": 1e-2, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0, "momentum": 0, "centered": False},
    "Adadelta": {"lr": 1.0, "rho": 0.9, "eps": 1e-6, "weight_decay": 0},
    "Rprop": {"lr": 1e-2, "etas": (0.5, 1.2), "step_sizes": (1e-6, 50)},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(RULES))
def test_defaults_are_pytorchs(name):
    assert getattr(optim, name)([ONE]).defaults == DEFAULTS[name] | {"maximize": False}


def test_a_closure_computes_the_gradients_first():
    w = Tensor([1.0], requires_grad=True)
    opt = optim.SGD([w], lr=0.1)

    def closure():
        opt.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        return loss

    assert [opt.step(closure).item(), opt.step(closure).item()] == pytest.approx([1.0, 0.64])


@pytest.mark.parametrize(
    ("name", "setting", "state"), [("Adam", "amsgrad", "v_max"), ("RMSprop", "centered", "grad_avg")]
)
def test_state_is_kept_where_a_setting_asks_for_it(name, setting, state):
    """… and a state that has it brings it along to an optimizer that was built without."""
    p = start()
    opts = [getattr(optim, name)(p.values(), **{setting: on}) for on in (True, False)]
    assert [state in opt.state_dict()["groups"][0]["buffers"][0] for opt in opts] == [True, False]
    opts[1].load_state_dict(opts[0].state_dict())
    backward(p)
    opts[1].step()
    assert opts[1].state_dict()["groups"][0]["buffers"][0][state].any()


def test_rmsprop_of_a_constant_gradient_takes_no_root_of_less_than_nothing():
    w = Tensor([1.0], requires_grad=True)
    opt = optim.RMSprop([w], lr=1e-12, alpha=0.5, centered=True)
    for _ in range(100):
        w.grad = Tensor([0.7])
        opt.step()
    assert np.isfinite(w.item())


# --- clipping ----------------------------------------------------------------------------------------------------


def with_gradients(dtype=np.float64):
    params = [Tensor(np.zeros(np.shape(g), dtype), requires_grad=True) for g in STORED["clipped"]["grads"]]
    for p, g in zip(params, STORED["clipped"]["grads"], strict=True):
        (p * np.array(g, dtype)).sum().backward()
    return params


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "case", STORED["clipped"]["cases"], ids=lambda c: " ".join(f"{k}={v}" for k, v in list(c.items())[:2])
)
def test_clipping_equals_pytorchs(case, dtype):
    params, rtol = with_gradients(dtype), 1e-13 if dtype == np.float64 else 1e-6
    idle = Tensor(np.ones(2), requires_grad=True)
    before = [p.grad for p in params]
    values = [g.value.copy() for g in before]
    if "clip_value" in case:
        optim.clip_grad_value_([idle, *params], case["clip_value"])
    else:
        total = optim.clip_grad_norm_(iter([*params, idle]), case["max_norm"], float(case["norm_type"]))
        assert total == pytest.approx(case["total"], rel=rtol)
    for p, stored, kept, value in zip(params, case["clipped"], before, values, strict=True):
        np.testing.assert_allclose(p.grad.value, stored, rtol=rtol)
        assert p.grad.dtype == dtype
        np.testing.assert_array_equal(kept.value, value)  # who has looked at a gradient keeps what he saw
    assert idle.grad is None


def test_clipping_a_single_parameter_and_none():
    w = Tensor([3.0, 4.0], requires_grad=True)
    assert optim.clip_grad_norm_(w, 1.0) == 0
    (w * w).sum().backward(create_graph=True)
    assert optim.clip_grad_norm_(w, 1.0) == pytest.approx(10)
    np.testing.assert_allclose(w.grad.value, [0.6, 0.8], rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "fragment"),
    [
        (lambda: optim.clip_grad_norm_([ONE], -1.0), "max_norm must be at least 0 and finite, it is -1.0"),
        (lambda: optim.clip_grad_norm_([ONE], 1.0, 0.0), "norm_type must be above 0, it is 0.0"),
        (lambda: optim.clip_grad_value_([ONE], math.nan), "clip_value must be at least 0 and finite, it is nan"),
        (lambda: optim.clip_grad_norm_([wild()], 1.0, error_if_nonfinite=True), "the gradients are nan long and cannot be clipped"),
    ],
)  # fmt: skip
def test_clipping_says_what_is_wrong(call, fragment):
    with pytest.raises(ValueError, match=fragment):
        call()


def wild():
    w = Tensor([1.0], requires_grad=True)
    w.grad = Tensor([math.nan])
    return w


# --- averages ----------------------------------------------------------------------------------------------------

AVERAGES = {"EMA": lambda model: optim.EMA(model, decay=STORED["averaged"]["decay"]), "SWA": optim.SWA}


@pytest.mark.parametrize("name", AVERAGES)
def test_averages_equal_pytorchs(name):
    model = nn.Linear(4, 1, bias=False, rng=0, dtype=np.float64)
    average = AVERAGES[name](model)
    for point, expected in zip(STORED["averaged"]["points"], STORED["averaged"][name], strict=True):
        model.weight.data = np.array([point])
        average.update()
        with average:
            np.testing.assert_allclose(model.weight.value, [expected], rtol=1e-13)
        np.testing.assert_array_equal(model.weight.value, [point])
    resumed = AVERAGES[name](model)
    resumed.load_state_dict(average.state_dict())
    for a in (average, resumed):
        model.weight.data = np.ones((1, 4))
        a.update()
    average.swap()
    there = model.weight.value.copy()
    average.restore()
    resumed.swap()
    np.testing.assert_array_equal(model.weight.value, there)
    assert resumed.count == len(STORED["averaged"]["points"]) + 1


def test_an_average_swaps_once_and_a_graph_from_before_is_out_of_date():
    w = Tensor([3.0], requires_grad=True)
    ema = optim.EMA([w], decay=0.5)
    ema.update()
    loss = (w * w).sum()
    with pytest.raises(RuntimeError, match="nothing was swapped"):
        ema.restore()
    ema.swap()
    for call in (ema.swap, ema.update):
        with pytest.raises(RuntimeError, match=r"while the model holds the averages: call restore\(\) first"):
            call()
    with pytest.raises(RuntimeError, match="was written to after"):
        loss.backward()
    with pytest.raises(ValueError, match="they are of another model"):
        ema.load_state_dict(optim.SWA([Tensor([1.0, 2.0])]).state_dict())


def test_averages_are_callbacks_of_the_trainer():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 2)).astype(np.float32)
    t = (x @ [[1.0], [2.0]]).astype(np.float32)
    model = nn.Linear(2, 1, rng=0)
    trainer = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    ema, swa = optim.EMA(model, decay=0.9), optim.SWA(model, start=3)
    seen = []

    class Watch:
        def on_step_end(self, trainer):
            seen.append(trainer.model.weight.value.copy())

    trainer.fit((x, t), epochs=4, batch_size=10, callbacks=[ema, swa, Watch()])
    assert (ema.count, swa.count, len(seen)) == (16, 2, 16)
    expected = seen[0]
    for value in seen[1:]:
        expected = 0.9 * expected + 0.1 * value
    np.testing.assert_allclose(ema.values[0], expected, rtol=1e-5)
    np.testing.assert_allclose(swa.values[0], (seen[11] + seen[15]) / 2, rtol=1e-5)


@pytest.mark.parametrize("make", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_a_copy_of_a_model_and_its_optimizer_trains_on(make):
    model = nn.MLP([3, 4, 2], rng=0)
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    x, t = np.ones((2, 3), np.float32), np.array([0, 1])

    def step(model, optimizer):
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(model(x), t).backward()
        optimizer.step()
        return model.state_dict()

    step(model, optimizer)
    twin, its_optimizer = make((model, optimizer))
    before = model.state_dict()
    after = step(twin, its_optimizer)
    assert all(np.array_equal(before[n], p) for n, p in model.state_dict().items())  # the first is left alone
    assert all(np.array_equal(after[n], p) for n, p in step(model, optimizer).items())
    assert not np.array_equal(before["0.weight"], after["0.weight"])
