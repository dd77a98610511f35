"""Optimizers and schedules: 50 steps go where PyTorch's go (stored in reference/optimizers.json), whatever has been
done to the parameters in between; and the state that lets a run go on."""

import copy
import json
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
                np.testing.assert_allclose(p[name].value, stored, rtol=1e-10, err_msg=f"{name}, step {step}")


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
    assert {c["optimizer"] for c in STORED["cases"]} == {"SGD", "Adam", "AdamW"}
    assert {c["schedule"][0] for c in STORED["cases"] if "schedule" in c} == {"StepLR", "CosineAnnealingLR"}
    assert all("50" in c["kept"] for c in STORED["cases"])
    assert len(SOME) >= 7


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
        "lr": 0.4, "momentum": 0.5, "dampening": 0, "weight_decay": 0, "nesterov": False, "initial_lr": 0.8,
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


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_mixed_dtypes_keep_theirs_and_step_as_if_apart(name):
    def made():
        return (
            Tensor(np.float32([1, 2]), requires_grad=True),
            Tensor([3.0, 4.0], requires_grad=True),
            Tensor(np.float32(5), requires_grad=True),
        )

    together, apart = made(), made()
    optimizers = [
        getattr(optim, name)(together, lr=0.1, weight_decay=0.1),
        *(getattr(optim, name)([t], lr=0.1, weight_decay=0.1) for t in apart),
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


# --- groups, settings, schedules -------------------------------------------------------------------------------


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


class Halving(optim.Schedule):
    def lr_at(self, epoch, lr):
        return lr / 2**epoch


def test_a_schedule_of_ones_own():
    opt = optim.SGD(
        [{"params": [Tensor(1.0, requires_grad=True)]}, {"params": [Tensor(1.0, requires_grad=True)], "lr": 4.0}],
        lr=1.0,
    )
    schedule = Halving(opt)
    assert schedule.get_last_lr() == [1.0, 4.0]
    schedule.step()
    schedule.step()
    assert [g["lr"] for g in opt.param_groups] == [0.25, 1.0]


def test_base_classes_say_what_is_to_be_defined():
    w = Tensor(1.0, requires_grad=True)
    w.grad = Tensor(1.0)
    with pytest.raises(TypeError, match="Optimizer does not say its coefficients"):
        optim.Optimizer([w], lr=0.1).step()
    with pytest.raises(TypeError, match=r"Schedule does not say lr_at\(epoch, lr\)"):
        optim.Schedule(optim.SGD([w]))


ONE = Tensor([1.0], requires_grad=True, name="one")
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
        (lambda: optim.SGD([ONE], lr=0), ValueError, "the learning rate must be above 0, it is 0"),
        (lambda: optim.Adam([ONE], lr=-0.1), ValueError, "it is -0.1"),
        (lambda: optim.Adam([ONE], lr=float("nan")), ValueError, "it is nan"),
        (lambda: optim.SGD([{"params": [ONE], "lr": -1}]), ValueError, "it is -1"),
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
        (lambda: optim.Adam([ONE], betas=(0.9, 1.0)), ValueError, "below 1; they are"),
        (lambda: optim.AdamW([ONE], betas=(-0.1, 0.9)), ValueError, "betas are between 0 and 1"),
        (lambda: optim.StepLR(optim.SGD([ONE]), 0), ValueError, "step_size counts epochs, at least 1; it is 0"),
        (lambda: optim.CosineAnnealingLR(optim.SGD([ONE]), 0), ValueError, "T_max counts epochs"),
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


@pytest.mark.parametrize(
    ("make", "defaults"),
    [
        (optim.SGD, {"lr": 1e-3, "momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False}),
        (optim.Adam, {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0}),
        (optim.AdamW, {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 1e-2}),
    ],
)
def test_defaults_are_pytorchs(make, defaults):
    assert make([ONE]).defaults == defaults
