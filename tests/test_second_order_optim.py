"""L-BFGS and the natural gradient: trajectories of PyTorch's, Fisher matrices by brute force, and fewer steps."""

import copy
import json
import math
from pathlib import Path

import numpy as np
import pytest

from autograd_core import Tensor, nn, optim, per_sample_grad
from autograd_core.nn.functional import functional_call
from autograd_core.optim.fisher import LIKELIHOODS
from autograd_core.optim.line_search import Point, cubic_minimum, strong_wolfe

STORED = json.loads((Path(__file__).parent / "reference/optimizers.json").read_text(encoding="utf-8"))
X, T = (np.array(STORED["data"][k]) for k in "xt")


# --- L-BFGS --------------------------------------------------------------------------------------------------------


def problem(name):
    if name == "rosenbrock":
        w = Tensor([-1.2, 1.0], requires_grad=True)
        return {"w": w}, lambda: (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
    p = {name: Tensor(np.array(v), requires_grad=True, name=name) for name, v in STORED["start"].items()}
    robust = lambda: np.log(np.cosh(X @ p["w"].T + p["b"] - p["s"] * T)).mean()
    return p, lambda: robust() + 0.05 * np.square(p["w"]).sum() + (p["s"] - 1) ** 2


def closure_of(opt, loss_now):
    def closure():
        opt.zero_grad()
        loss = loss_now()
        loss.backward()
        return loss

    return closure


def label(case):
    return " ".join([case["problem"], *(f"{k}={v}" for k, v in case["settings"].items())])


def advance(case, p, opt, loss_now, steps):
    for step in steps:
        loss = opt.step(closure_of(opt, loss_now)).item()
        assert loss == pytest.approx(case["losses"][step - 1], rel=1e-10, abs=1e-11)
        assert opt.memory["func_evals"] == case["evals"][step - 1]
        for name, stored in case["kept"].get(str(step), {}).items():
            np.testing.assert_allclose(p[name].value, stored, rtol=1e-10, atol=1e-12, err_msg=f"{name}, step {step}")


every_case = pytest.mark.parametrize("case", STORED["lbfgs"], ids=label)


@every_case
def test_lbfgs_goes_where_pytorchs_goes(case):
    p, loss_now = problem(case["problem"])
    advance(case, p, optim.LBFGS(p.values(), **case["settings"]), loss_now, range(1, 51))


@every_case
def test_a_restored_lbfgs_goes_on_bit_for_bit(case):
    p, loss_now = problem(case["problem"])
    opt = optim.LBFGS(p.values(), **case["settings"])
    advance(case, p, opt, loss_now, range(1, 4))
    saved, values = opt.state_dict(), {name: t.value.copy() for name, t in p.items()}
    kept = copy.deepcopy(saved)
    advance(case, p, opt, loss_now, range(4, 10))
    np.testing.assert_equal(saved, kept)  # the state was a copy
    q, loss_now = problem(case["problem"])
    for name, value in values.items():
        q[name].data = value
    again = optim.LBFGS(q.values())
    again.load_state_dict(saved)
    advance(case, q, again, loss_now, range(4, 10))
    for name in p:
        np.testing.assert_array_equal(q[name].value, p[name].value)


def test_the_line_search_finds_the_minimum_of_rosenbrock_in_few_evaluations():
    p, loss_now = problem("rosenbrock")
    opt = optim.LBFGS(p.values(), line_search_fn="strong_wolfe", max_iter=100, tolerance_change=1e-15)
    opt.step(closure_of(opt, loss_now))
    np.testing.assert_allclose(p["w"].value, [1, 1], rtol=1e-6)
    assert opt.memory["func_evals"] < 60


LINES = {
    "parabola": (lambda t: (t - 3) ** 2, lambda t: 2 * (t - 3)),
    "quartic": (lambda t: (t - 1) ** 4 - t, lambda t: 4 * (t - 1) ** 3 - 1),
    "steep, then flat": (lambda t: -t / (t * t + 2), lambda t: (t * t - 2) / (t * t + 2) ** 2),
    "waves": (lambda t: -t + 0.1 * math.sin(8 * t) + t * t / 4, lambda t: -1 + 0.8 * math.cos(8 * t) + t / 2),
    "a wall": (lambda t: -t if t < 0.5 else math.inf, lambda t: -1.0 if t < 0.5 else math.nan),
    "no number": (lambda t: -t if t < 2 else math.nan, lambda t: -1.0 if t < 2 else math.nan),
}


@pytest.mark.parametrize("first", [1e-3, 0.1, 1.0, 30.0])
@pytest.mark.parametrize("line", LINES)
def test_a_line_search_ends_where_the_wolfe_conditions_hold(line, first):
    f, slope = LINES[line]

    def evaluate(t):
        return Point(t, f(t), None, slope(t))

    start = evaluate(0.0)
    found, count = strong_wolfe(evaluate, start, first, 1.0)
    assert 0 < count <= 26
    assert found.f <= start.f + 1e-4 * found.t * start.slope
    if line not in ("a wall", "no number"):  # where it is as steep everywhere, nothing is flatter
        assert abs(found.slope) <= 0.9 * abs(start.slope)


@pytest.mark.parametrize("case", STORED["lines"], ids=str)
def test_line_searches_equal_pytorchs(case):
    """Along waves on a parabola, where brackets are shrunk from both sides."""
    height, pace, phase, bend, first = case["line"]

    def evaluate(t):
        slope = -1 + height * pace * math.cos(pace * t + phase) + 2 * bend * t
        return Point(t, -t + height * math.sin(pace * t + phase) + bend * t * t, None, slope)

    found, count = strong_wolfe(evaluate, evaluate(0.0), first, 1.0)
    assert count == case["count"]
    assert (found.t, found.f) == pytest.approx((case["t"], case["f"]), rel=1e-9)


def test_the_minimum_of_a_cubic():
    f, slope = (lambda t: t**3 - 3 * t), (lambda t: 3 * t * t - 3)
    a, b = (Point(t, f(t), None, slope(t)) for t in (0.0, 2.5))
    assert cubic_minimum(a, b, 0.0, 2.5) == cubic_minimum(b, a, 0.0, 2.5) == pytest.approx(1.0)
    assert cubic_minimum(a, b, 1.5, 2.5) == 1.5
    falling = Point(0.0, 0.0, None, -1.0), Point(1.0, -1.0, None, -1.0)  # a straight line: no minimum
    assert cubic_minimum(*falling, 0.0, 10.0) == 5.0 or cubic_minimum(*falling, 0.0, 10.0) == 10.0


def test_lbfgs_in_the_trainer():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 3))
    t = np.tanh(x @ rng.normal(size=(3, 1)))
    model = nn.MLP([3, 6, 1], activation="tanh", rng=0, dtype=np.float64)
    trainer = optim.Trainer(model, nn.MSELoss(), optim.LBFGS(model.parameters(), line_search_fn="strong_wolfe"))
    history = trainer.fit((x, t), epochs=8, batch_size=None)
    assert history["loss"][0] > 0.1
    assert history["loss"][-1] < 1e-4


def test_lbfgs_leaves_the_parameters_where_the_loss_is_no_number():
    w = Tensor([2.0], requires_grad=True)
    opt = optim.LBFGS([w])
    assert math.isnan(opt.step(lambda: Tensor(math.nan)).item())
    assert w.item() == 2.0


def test_a_parameter_that_takes_no_part_stays():
    w, idle = Tensor([2.0], requires_grad=True), Tensor([5.0], requires_grad=True)
    opt = optim.LBFGS([idle, w], line_search_fn="strong_wolfe", max_iter=1)
    opt.step(closure_of(opt, lambda: ((w - idle) ** 2).sum()))
    before = idle.item()
    assert before != 5.0
    opt.memory["n_iter"] = 0  # forget the direction, in which it took part
    opt.step(closure_of(opt, lambda: (w**2).sum()))
    assert w.item() != 2.0
    assert idle.item() == before


ONE = Tensor([1.0], requires_grad=True)
TWO = [ONE, Tensor(np.float32([1.0]), requires_grad=True)]
LBFGS_ERRORS = [
    (lambda: optim.LBFGS([ONE]).step(), TypeError, r"write opt.step\(closure\) with a function that calls"),
    (lambda: optim.LBFGS([ONE]).step(lambda: (ONE**2).sum()), ValueError, r"it must call backward\(\) on the loss"),
    (lambda: optim.LBFGS(TWO), ValueError, "they must be one group, of one dtype"),
    (lambda: optim.LBFGS([{"params": [p]} for p in TWO]), ValueError, "they must be one group, of one dtype"),
    (lambda: optim.LBFGS([ONE]).load_state_dict(optim.SGD([ONE]).state_dict()), ValueError, "this state is of SGD"),
]


@pytest.mark.parametrize(("call", "error", "fragment"), LBFGS_ERRORS)
def test_lbfgs_says_what_is_wrong(call, error, fragment):
    ONE.grad = None
    with pytest.raises(error, match=fragment):
        call()


# --- Fisher matrices by brute force --------------------------------------------------------------------------------

rng = np.random.default_rng(5)
INPUTS = rng.normal(size=(7, 3))


def net(outputs=4, hidden=5, seed=1):
    return nn.MLP([3, hidden, outputs], activation="tanh", rng=seed, dtype=np.float64)


def log_likelihood(name, z, label):
    """log p of one label under the outputs z of one sample, up to what does not depend on them."""
    if name == "categorical":
        return z[label] - np.log(np.exp(z).sum())
    if name == "bernoulli":
        signs = np.array([2.0 * bool(label >> k & 1) - 1 for k in range(4)])
        return -np.log(1 + np.exp(-signs * z)).sum()
    return None


def unit_blocks(model, name):
    """E[g gᵀ] of each unit, g the gradient of log p(label) towards its weights and bias: over all labels of all samples."""
    parameters = {n: p.value for n, p in model.named_parameters()}
    blocks = {}
    for x in INPUTS:
        z = model(x[None]).value[0]
        labels = range(4 if name == "categorical" else 16)
        for label in labels:
            p = math.exp(log_likelihood(name, z, label))
            g = per_sample_grad(
                lambda q, s, label=label: log_likelihood(name, functional_call(model, q, s[None])[0], label), parameters, x[None]
            )  # fmt: skip
            for layer in (n.removesuffix(".weight") for n in g if n.endswith("weight")):
                rows = np.concatenate([g[f"{layer}.weight"].value[0], g[f"{layer}.bias"].value[0][:, None]], axis=1)
                for unit, row in enumerate(rows):
                    key = layer, unit
                    blocks[key] = blocks.get(key, 0) + p * np.outer(row, row) / len(INPUTS)
    return blocks


@pytest.mark.filterwarnings("ignore::autograd_core.batched.LoopedOverSamples")
@pytest.mark.parametrize("name", ["categorical", "bernoulli"])
def test_B18_fisher_from_backpropagated_delta_is_the_expectation_over_all_labels(name):
    model = net()
    opt = optim.NaturalGradient(model, likelihood=name)
    opt.observe(model(INPUTS))
    expected = unit_blocks(model, name)
    found = {
        (path, unit): block
        for (path, _), F in zip(
            [(n, m) for n, m in model.named_modules() if hasattr(m, "weight")], opt.fisher, strict=True
        )
        for unit, block in enumerate(F[0])
    }
    assert found.keys() == expected.keys()
    for key, block in found.items():
        np.testing.assert_allclose(block, expected[key], rtol=1e-10, atol=1e-14)


def test_B18_fisher_of_normal_outputs_is_that_of_least_squares():
    """For outputs with normal noise F is JᵀJ/n, J being how the outputs change with a unit's weights."""
    model = net(outputs=2)
    opt = optim.NaturalGradient(model, likelihood="gaussian")
    opt.observe(model(INPUTS))
    first = model[0]
    for unit in range(len(first.weight)):
        J = []
        for k in range(first.weight.shape[1] + 1):
            weight, step = (first.weight, (unit, k)) if k < first.weight.shape[1] else (first.bias, (unit,))
            moved = []
            for h in (1e-6, -1e-6):
                before = weight.value.copy()
                weight.value[step] += h
                moved.append(model(INPUTS).value)
                weight.value[...] = before
            J.append((moved[0] - moved[1]).ravel() / 2e-6)
        np.testing.assert_allclose(opt.fisher[0][0][unit], np.array(J) @ np.array(J).T / len(INPUTS), rtol=1e-7)


def test_B18_the_layers_block_of_one_sample_is_a_kronecker_product():
    model, x = net(), INPUTS[:1]
    opt = optim.NaturalGradient(model, likelihood="categorical", blocks="layers")
    opt.observe(model(x))
    units = optim.NaturalGradient(model, likelihood="categorical")
    units.observe(model(x))
    for (S, A), (blocks,) in zip(opt.fisher, units.fisher, strict=True):
        for unit, block in enumerate(blocks):
            np.testing.assert_allclose(S[unit, unit] * A, block, rtol=1e-12, atol=1e-18)
    # the output layer's S is the Fisher matrix of the logits
    z = model(x).value[0]
    p = np.exp(z) / np.exp(z).sum()
    np.testing.assert_allclose(opt.fisher[1][0], np.diag(p) - np.outer(p, p), rtol=1e-10)


@pytest.mark.parametrize("blocks", ["units", "layers"])
def test_the_sampled_matrix_has_the_exact_one_as_its_mean(blocks):
    model = net()
    exact = optim.NaturalGradient(model, blocks=blocks)
    exact.observe(model(INPUTS))
    sampled = optim.NaturalGradient(model, blocks=blocks, labels="sampled", rng=0)
    mean = 0.0
    for _ in range(500):
        sampled.observe(model(INPUTS))
        mean = mean + sampled.fisher[0][0] / 500
    np.testing.assert_allclose(mean, exact.fisher[0][0], atol=0.06 * np.abs(exact.fisher[0][0]).max())


def test_the_matrix_is_a_running_mean():
    model = net()
    opts = [optim.NaturalGradient(model, decay=decay) for decay in (0.0, 0.0, 0.75)]
    for opt, batches in zip(opts, [(INPUTS[:4],), (INPUTS[4:],), (INPUTS[:4], INPUTS[4:])], strict=True):
        for x in batches:
            opt.observe(model(x))
    first, second, both = (opt.fisher[0][0] for opt in opts)
    np.testing.assert_allclose(both, 0.75 * first + 0.25 * second, rtol=1e-12)


def test_B18_the_unit_natural_gradient_is_the_solution_with_the_whole_matrix():
    delta, a = rng.normal(size=(20, 3)), rng.normal(size=(20, 4)) + 1
    F = optim.unit_fisher(delta, np.concatenate([a, np.ones((20, 1))], axis=1))
    for unit in range(3):
        by_hand = sum(delta[n, unit] ** 2 * np.outer([*a[n], 1], [*a[n], 1]) for n in range(20)) / 20
        np.testing.assert_allclose(F[unit], by_hand, rtol=1e-12)
    g = rng.normal(size=(3, 5))
    step, step0 = optim.unit_natural_gradient(F, g[:, :-1], g[:, -1])
    expected = np.linalg.solve(F, g[..., None])[..., 0]
    np.testing.assert_allclose(np.concatenate([step, step0[:, None]], axis=1), expected, rtol=1e-9)


def test_B18_the_natural_gradient_corrects_the_bias_shift_by_k():
    delta, a = rng.normal(size=(30, 2)), rng.normal(size=(30, 4)) + 1
    F = optim.unit_fisher(delta, np.concatenate([a, np.ones((30, 1))], axis=1))
    g, g0 = rng.normal(size=(2, 4)), rng.normal(size=2)
    step, step0 = optim.unit_natural_gradient(F, g, g0)
    shift = (a.mean(axis=0) * step).sum(axis=1) + step0
    A, b, c = F[:, :-1, :-1], F[:, :-1, -1], F[:, -1, -1]
    along = np.linalg.solve(A, g[..., None])[..., 0]
    k = optim.bias_shift_correction(delta, a)
    np.testing.assert_allclose(
        shift, (a.mean(axis=0) * along).sum(axis=1) + k * (g0 - (b * along).sum(axis=1)) / c, rtol=1e-9
    )
    # centred inputs (under p and under q, here δ² that is the same for all) need no correction
    np.testing.assert_allclose(optim.bias_shift_correction(np.ones((30, 2)), a - a.mean(axis=0)), 1, rtol=1e-12)


def test_B18_the_divergence_of_a_small_step_is_half_its_square_under_fisher():
    model = net()
    opt = optim.NaturalGradient(model)
    before = model(INPUTS)
    opt.observe(before)
    step, unit = 1e-4 * rng.normal(size=6), 2
    model[2].weight.value[unit] += step[:-1]
    model[2].bias.value[unit] += step[-1]
    log_p, log_q = (z - np.log(np.exp(z).sum(axis=1, keepdims=True)) for z in (before.value, model(INPUTS).value))
    divergence = (np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean()
    assert divergence == pytest.approx(step @ opt.fisher[1][0][unit] @ step / 2, rel=1e-3)


@pytest.mark.parametrize("blocks", ["units", "layers"])
def test_the_direction_solves_the_damped_system(blocks):
    model = net()
    opt = optim.NaturalGradient(model, blocks=blocks, damping=0.01)
    opt.observe(model(INPUTS))
    g = rng.normal(size=(5, 4))
    found = opt.direction(0, g)
    if blocks == "units":
        for unit in range(5):
            np.testing.assert_allclose((opt.fisher[0][0][unit] + 0.01 * np.eye(4)) @ found[unit], g[unit], rtol=1e-9)
        return
    S, A = opt.fisher[0]
    pi = math.sqrt(np.trace(A) / 4 / (np.trace(S) / 5))
    product = np.kron(S + 0.1 / pi * np.eye(5), A + 0.1 * pi * np.eye(4))
    np.testing.assert_allclose(product @ found.ravel(), g.ravel(), rtol=1e-9)


def test_a_model_without_biases():
    model = nn.Sequential(
        nn.Linear(3, 4, bias=False, rng=0, dtype=np.float64),
        nn.Tanh(),
        nn.Linear(4, 2, bias=False, rng=1, dtype=np.float64),
    )
    opt = optim.NaturalGradient(model)
    y = model(INPUTS)
    opt.observe(y)
    assert [F[0].shape for F in opt.fisher] == [(4, 3, 3), (2, 4, 4)]
    nn.CrossEntropyLoss()(y, np.array([0, 1, 0, 1, 1, 0, 0])).backward()
    opt.step()
    assert nn.CrossEntropyLoss()(model(INPUTS), np.array([0, 1, 0, 1, 1, 0, 0])).item() < 0.6


# --- what it is good for --------------------------------------------------------------------------------------------


def spirals():
    r = np.random.default_rng(0)
    angle, label = r.uniform(0.5, 6.5, 150), np.arange(150) % 2
    x = np.stack([angle * np.cos(angle + math.pi * label), angle * np.sin(angle + math.pi * label)], axis=1)
    return x / 4 + r.normal(0, 0.02, x.shape), label


def steps_to(loss, make, limit=100):
    """How many full-batch steps a small net takes on two spirals until the training loss is below a number."""
    x, t = spirals()
    model = nn.MLP([2, 12, 12, 2], activation="tanh", rng=0, dtype=np.float64)
    trainer = optim.Trainer(model, nn.CrossEntropyLoss(), make(model))
    return next((step for step in range(limit) if trainer.step(x, t)[1] < loss), limit)


def test_B18_the_natural_gradient_takes_fewer_steps_than_sgd_and_adam():
    """To a loss of 0.1: about 10 with its defaults, against about 30 with the best of the rates for each of the others."""
    natural = [steps_to(0.1, lambda model, b=b: optim.NaturalGradient(model, blocks=b)) for b in ("units", "layers")]
    adam = [steps_to(0.1, lambda model, lr=lr: optim.Adam(model.parameters(), lr)) for lr in (0.01, 0.03, 0.1, 0.3)]
    sgd = [steps_to(0.1, lambda model, lr=lr: optim.SGD(model.parameters(), lr, 0.9)) for lr in (0.1, 0.3, 1.0, 3.0)]
    assert 2 * max(natural) < min(adam)
    assert 2 * max(natural) < min(sgd)
    assert min(adam + sgd) < 100  # they do get there


@pytest.mark.parametrize("max_kl", [None, 1e-3, 1e-6, 100.0])
def test_a_step_is_no_longer_than_max_kl(max_kl):
    model, damping = net(), 1e-3
    opt = optim.NaturalGradient(model, damping=damping, max_kl=max_kl)
    before = [p.value.copy() for p in model.parameters()]
    y = model(INPUTS)
    opt.observe(y)
    nn.CrossEntropyLoss()(y, np.arange(7) % 4).backward()
    plain = [
        opt.direction(i, np.column_stack([m.weight.grad.value, m.bias.grad.value])) for i, m in enumerate(opt.layers)
    ]
    opt.step()
    moved = [b - p.value for p, b in zip(model.parameters(), before, strict=True)]
    moved = [np.column_stack(moved[k : k + 2]) for k in (0, 2)]
    divergence = sum(
        step @ (F + damping * np.eye(len(F))) @ step / 2
        for steps, (blocks,) in zip(moved, opt.fisher, strict=True) for step, F in zip(steps, blocks, strict=True)
    )  # fmt: skip
    if max_kl in (None, 100.0):
        for found, expected in zip(moved, plain, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    else:
        assert divergence == pytest.approx(max_kl, rel=1e-9)


@pytest.mark.parametrize("blocks", ["units", "layers"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_network_that_is_sure_takes_finite_steps(blocks, dtype):
    """Its Fisher matrix is 0, or nearly, which no scale of the damping may be divided by."""
    model = nn.MLP([3, 4, 2], rng=0, dtype=dtype)
    model[2].weight.value *= 1000
    opt = optim.NaturalGradient(model, blocks=blocks)
    for _ in range(3):
        opt.zero_grad()
        y = model((INPUTS * 10).astype(dtype))
        opt.observe(y)
        nn.CrossEntropyLoss()(y, np.arange(7) % 2).backward()
        opt.step()
    assert all(np.isfinite(p.value).all() and p.dtype == dtype for p in model.parameters())


def test_a_state_goes_on_bit_for_bit():
    t = np.array([0, 1, 2, 3, 0, 1, 2])
    runs = []
    for stop in (None, 3):
        model = net()
        opt = optim.NaturalGradient(model, decay=0.5, labels="sampled", rng=7)
        for step in range(6):
            if step == stop:
                state = opt.state_dict()
                opt = optim.NaturalGradient(model)
                opt.load_state_dict(state)
            opt.zero_grad()
            y = model(INPUTS)
            opt.observe(y)
            nn.CrossEntropyLoss()(y, t).backward()
            opt.step()
        runs.append(np.concatenate([p.value.ravel() for p in model.parameters()]))
    np.testing.assert_array_equal(*runs)


def test_some_layers_may_be_left_to_another_optimizer():
    model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.PReLU(), nn.Linear(4, 2, rng=1))
    with pytest.raises(ValueError, match="and the rest to another optimizer"):
        optim.NaturalGradient(model)
    opt = optim.NaturalGradient([model[0]])
    y = model(INPUTS.astype(np.float32))
    opt.observe(y)
    before = [p.value.copy() for p in model.parameters()]
    (y * y).mean().backward()
    opt.step()
    assert [bool((p.value != b).any()) for p, b in zip(model.parameters(), before, strict=True)] == [
        True,
        True,
        *[False] * 3,
    ]
    assert model[0].weight.dtype == np.float32


def test_products_with_other_things_are_passed_over():
    """A constant, or a Tensor made of one, may stand to the right of a product, too."""
    layer, scales = nn.Linear(3, 2, bias=False, rng=0, dtype=np.float64), Tensor(np.ones(2), requires_grad=True)
    opt = optim.NaturalGradient([layer])
    opt.observe(layer(INPUTS) @ np.eye(2) @ (np.eye(2) * scales))
    plain = optim.NaturalGradient([layer])
    plain.observe(layer(INPUTS))
    np.testing.assert_allclose(opt.fisher[0][0], plain.fisher[0][0], rtol=1e-12)


class Twice(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(3, 3, rng=0)

    def forward(self, x):
        return self.layer(self.layer(x))


F32 = INPUTS.astype(np.float32)


def unobserved():
    layer = nn.Linear(3, 2, rng=0)
    opt = optim.NaturalGradient(layer)
    layer(F32).sum().backward()
    opt.step()


def observed(model, x):
    optim.NaturalGradient(model).observe(model(x))


NATURAL_ERRORS = [
    (unobserved, RuntimeError, r"call optimizer.observe\(output\) between the forward pass and backward\(\)"),
    (lambda: observed(Twice(), F32), ValueError, "is used 2 times on the way to this output"),
    (lambda: observed(nn.Linear(3, 2), F32[None]), ValueError, r"must have a row for each sample; they have shape \(1, 7, 2\)"),
    (lambda: optim.NaturalGradient(nn.Linear(3, 2)).observe(nn.Linear(3, 2)(F32)), ValueError, "is used 0 times"),
    (lambda: optim.NaturalGradient(nn.Linear(3, 2), likelihood="poisson"), ValueError, "no likelihood 'poisson'; there are categorical, gaussian, bernoulli"),
    (lambda: optim.NaturalGradient(nn.Linear(3, 2), damping=0.0), ValueError, "damping must be above 0 and finite, it is 0.0"),
    (lambda: optim.NaturalGradient(nn.Linear(3, 2), blocks="net"), ValueError, "blocks must be 'units' or 'layers', it is 'net'"),
    (lambda: optim.NaturalGradient(nn.Linear(3, 2), labels="data"), ValueError, "labels must be 'exact' or 'sampled'"),
    (lambda: optim.NaturalGradient(nn.Linear(3, 2), decay=1.0), ValueError, "decay must be at least 0 and below 1"),
    (lambda: optim.NaturalGradient([nn.ReLU()]), ValueError, "is not of one: give it a list of the linear layers"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "fragment"), NATURAL_ERRORS)
def test_the_natural_gradient_says_what_is_wrong(call, error, fragment):
    with pytest.raises(error, match=fragment):
        call()


@pytest.mark.parametrize("name", LIKELIHOODS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_likelihoods_stay_finite_and_keep_the_dtype(name, dtype):
    z = np.array([[1e4, -1e4, 0.0], [0.0, 0.0, 0.0]], dtype)
    seeds = LIKELIHOODS[name](z)
    assert seeds.shape[1:] == z.shape
    assert seeds.dtype == dtype
    assert np.isfinite(seeds).all()


def test_a_likelihood_of_ones_own():
    layer = nn.Linear(3, 2, rng=0, dtype=np.float64)
    own = optim.NaturalGradient(layer, likelihood=lambda y: 2 * LIKELIHOODS["gaussian"](y))
    stored = optim.NaturalGradient(layer, likelihood="gaussian")
    for opt in (own, stored):
        opt.observe(layer(INPUTS))
    np.testing.assert_allclose(own.fisher[0][0], 4 * stored.fisher[0][0])
