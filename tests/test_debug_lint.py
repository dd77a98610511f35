"""Lint: every seeded fault is found, by its code and nothing else, with its place; clean trainings give no finding; and
looking changes nothing."""

import copy
import warnings
from pathlib import Path

import numpy as np
import pytest

from autograd_core import Tensor, datasets, debug, nn, no_grad, optim
from autograd_core.debug.linting.lint import lint

F = nn.functional
X = np.random.default_rng(0).normal(size=(64, 5)).astype(np.float32)
LABELS = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)  # classes 0, 1, 2
HOT = np.eye(3, dtype=np.float32)[LABELS]
ROW = X[:, 0] - X[:, 1]  # (n,)
COLUMN = ROW.reshape(-1, 1)
YES = (COLUMN > 0).astype(np.float32)
CE, MSE, BCE = nn.CrossEntropyLoss(), nn.MSELoss(), nn.BCEWithLogitsLoss()


def mlp(*sizes, **settings):
    return nn.MLP(list(sizes), **{"rng": 0, **settings})


def adam(model, lr=1e-3):
    return optim.Adam(model.parameters(), lr=lr)


class Forgetful(nn.Module):
    """It has a layer that it does not use."""

    def __init__(self):
        self.used, self.spare = nn.Linear(5, 3, rng=0), nn.Linear(2, 2, rng=0)

    def forward(self, x):
        return self.used(x)


def faults():
    """Code -> model, loss, batch, optimizer."""
    m = nn.Sequential(mlp(5, 8, 3), nn.Softmax())
    yield "softmax-twice", m, CE, (X, LABELS), adam(m)
    m = nn.Sequential(mlp(5, 8, 3), nn.Softmax())
    yield "softmax-twice", m, nn.CrossEntropyLoss(label_smoothing=0.1), (X, HOT), adam(m)
    m = mlp(5, 8, 3)
    by_hand = lambda y, t: CE(np.exp(y) / np.exp(y).sum(axis=1, keepdims=True), t)
    yield "softmax-twice", m, by_hand, (X, LABELS), adam(m)
    m = nn.Sequential(mlp(5, 8, 3), nn.LogSoftmax())
    yield "log-softmax-twice", m, CE, (X, LABELS), adam(m)
    m = nn.Sequential(mlp(5, 8, 1), nn.Sigmoid())
    yield "sigmoid-twice", m, BCE, (X, YES), adam(m)
    m = nn.Sequential(mlp(5, 8, 1), nn.Sigmoid())
    yield "sigmoid-twice", m, nn.BCEWithLogitsLoss(pos_weight=2.0), (X, YES), adam(m)
    m = nn.Sequential(mlp(5, 8, 3), nn.Sigmoid())
    yield "sigmoid-before-softmax", m, CE, (X, LABELS), adam(m)
    m = nn.Sequential(mlp(5, 8, 3), nn.ReLU())
    yield "relu-before-loss", m, CE, (X, LABELS), adam(m)
    m = mlp(5, 8, 3)
    yield "nll-of-no-logarithms", m, nn.NLLLoss(), (X, LABELS), adam(m)
    m = mlp(5, 8, 1)
    yield "column-against-row", m, MSE, (X, ROW), adam(m)
    yield "column-against-row", m, lambda y, t: ((y - t) ** 2).mean(), (X, ROW), adam(m)
    yield "column-against-row", m, BCE, (X, YES[:, 0]), adam(m)
    m = mlp(5, 8, 3)
    yield "float-labels", m, CE, (X, LABELS.astype(float)), adam(m)
    yield "labels-out-of-range", m, CE, (X, LABELS + 1), adam(m)
    yield "one-hot-integers", m, CE, (X, HOT.astype(int)), adam(m)
    yield "one-hot-classes", m, CE, (X, np.eye(4, dtype=np.float32)[LABELS]), adam(m)
    yield "targets-not-probabilities", m, CE, (X, np.ones_like(HOT)), adam(m)
    m = mlp(5, 8, 1)
    yield "one-logit", m, CE, (X, np.zeros(64, int)), adam(m)
    m = mlp(5, 8, 1)
    MSE(m(X), COLUMN).backward()
    yield "forgotten-zero-grad", m, MSE, (X, COLUMN), adam(m)
    m = mlp(5, 8, 3)
    yield "not-in-optimizer", m, CE, (X, LABELS), optim.SGD(m[0].parameters(), lr=0.1)
    old, m = mlp(5, 8, 3), mlp(5, 8, 3)
    yield ["not-in-optimizer", "not-in-model"], m, CE, (X, LABELS), adam(old)
    m, extra = mlp(5, 8, 3), Tensor(1.0, requires_grad=True)
    yield "not-in-model", m, CE, (X, LABELS), optim.Adam([*m.parameters(), extra])
    m = mlp(5, 8, 3)
    m[0].requires_grad_(False)
    yield "frozen", m, CE, (X, LABELS), adam(m)
    m = Forgetful()
    yield "no-gradient", m, CE, (X, LABELS), adam(m)
    m = mlp(5, 8, 3)
    yield "loss-without-model", m, lambda y, t: CE(y.detach(), t), (X, LABELS), adam(m)
    yield "loss-without-model", m, lambda y, t: float(CE(y.numpy(), t)), (X, LABELS), adam(m)
    yield "not-one-number", m, nn.CrossEntropyLoss(reduction="none"), (X, LABELS), adam(m)
    m = mlp(5, 8, 3, dropout=0.5).eval()
    yield "eval-mode", m, CE, (X, LABELS), adam(m)
    m = mlp(5, 8, 3, norm="batch").eval()
    yield "eval-mode", m, CE, (X, LABELS), adam(m)
    m = mlp(5, 8, 3, norm="batch")
    yield "batch-of-one", m, CE, (X[:1], LABELS[:1]), adam(m)
    m = mlp(5, 8, 3)
    yield "unscaled-inputs", m, CE, (X * 1000, LABELS), adam(m)
    yield "unscaled-inputs", m, CE, (X + 300, LABELS), adam(m)
    yield "unscaled-inputs", m, CE, (X / 1e6, LABELS), adam(m)
    yield "unequal-columns", m, CE, (X * np.float32([1, 1, 100, 1, 0.1]), LABELS), adam(m)
    yield "constant-columns", m, CE, (np.where(np.arange(5) == 3, np.float32(7), X), LABELS), adam(m)
    holed = X.copy()
    holed[4, 2] = np.nan
    yield "nan-in-inputs", m, CE, (holed, LABELS), adam(m)
    m = mlp(5, 8, 1)
    yield "nan-in-targets", m, MSE, (X, np.where(np.arange(64)[:, None] == 3, np.inf, COLUMN)), adam(m)
    m = mlp(5, 32, 3, bias_init=-50.0)
    yield "dead-units", m, CE, (X, LABELS), adam(m)
    for activation in ("tanh", "sigmoid"):
        m = mlp(5, 32, 3, activation=activation)
        m[0].weight.data = m[0].weight.data * 100
        yield "saturated-units", m, CE, (X, LABELS), adam(m)
    m = mlp(5, *[16] * 10, 3, activation="sigmoid")
    yield "vanishing-gradient", m, CE, (X, LABELS), adam(m)
    m = mlp(5, *[16] * 12, 3, weight_init=lambda shape, rng: rng.normal(size=shape) * 2)
    yield "exploding-gradient", m, CE, (X, LABELS), optim.SGD(m.parameters(), lr=1e-9)
    m = mlp(5, 8, 3, weight_init="zeros", bias_init=0.5)
    yield "symmetric-weights", m, CE, (X, LABELS), adam(m)
    m = mlp(5, 8, 3)
    yield "learning-rate-too-large", m, CE, (X, LABELS), optim.SGD(m.parameters(), lr=1e3)
    yield "learning-rate-too-large", m, CE, (X, LABELS), adam(m, lr=10.0)
    yield "learning-rate-too-small", m, CE, (X, LABELS), adam(m, lr=1e-9)
    m = nn.Sequential(mlp(5, 8, 1), nn.ReLU())
    yield "targets-out-of-reach", m, MSE, (X, COLUMN), adam(m)
    m = nn.Sequential(mlp(5, 8, 1), nn.Sigmoid())
    yield "targets-out-of-reach", m, MSE, (X, 20 * COLUMN), adam(m)
    m = nn.Sequential(nn.Linear(5, 8, rng=0), nn.Tanh(), nn.Linear(8, 3, rng=0, dtype=np.float64))
    yield "mixed-dtypes", m, CE, (X, LABELS), adam(m)
    m = mlp(5, 8, 1)
    yield "not-finite", m, lambda y, t: np.log(y - y).mean(), (X, COLUMN), adam(m)
    yield (
        "gradient-not-finite",
        m,
        lambda y, t: np.where(y > 0, np.sqrt(y - y), 0.0).sum() + y.mean(),
        (X, COLUMN),
        adam(m),
    )
    m = mlp(4, 8, 1)
    yield "raises", m, MSE, (X, COLUMN), adam(m)
    m = nn.Sequential(nn.Linear(5, 8, rng=0), nn.Linear(8, 1, rng=1))
    yield "linear-after-linear", m, MSE, (X, COLUMN), adam(m)
    m = nn.Sequential(
        nn.Linear(5, 8, bias=False, rng=0), nn.Identity(), nn.Linear(8, 4, rng=1), nn.ReLU(), nn.Linear(4, 1, rng=2)
    )
    yield "linear-after-linear", m, MSE, (X, COLUMN), adam(m)


FAULTS = list(faults())


@pytest.mark.parametrize(
    ("code", "model", "loss", "batch", "optimizer"), FAULTS, ids=[f"{i}-{fault[0]}" for i, fault in enumerate(FAULTS)]
)
def test_a_fault_is_found_by_its_code_alone(code, model, loss, batch, optimizer):
    report = lint(model, loss, batch, optimizer)
    assert report.codes == ([code] if isinstance(code, str) else code), str(report)
    for finding in report:
        assert any(c.isdigit() for c in finding.evidence)  # this run's numbers
        assert f"write: {finding.remedy}" in str(finding)


# --- places ----------------------------------------------------------------------------------------------------------


class Net(nn.Module):
    def __init__(self, forward):
        self.inner, self.outer, self.of = nn.Linear(5, 8, rng=0), nn.Linear(8, 3, rng=1), forward

    def forward(self, x):
        return self.of(self, x)


def marked(mark):
    """The line of this file that ends with a mark."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return f"{Path(__file__).name}:{next(i for i, line in enumerate(lines, 1) if line.endswith(f'# {mark}'))}"


def gives_probabilities(net, x):
    h = F.relu(net.inner(x))
    return F.softmax(net.outer(h))  # the softmax


def detaches(net, x):
    h = F.relu(net.inner(x))
    return net.outer(h.detach())  # the cut


def dies(net, x):
    h = F.relu(net.inner(x) - 100)  # the death
    return net.outer(h)


def squares(y, t):
    d = y - t  # the square
    return (d * d).mean()


def logarithm(y, t):
    return np.log(np.minimum(y, 0) ** 2).mean()  # the logarithm


@pytest.mark.parametrize(
    ("mark", "code", "model", "loss", "batch"),
    [
        ("the softmax", "softmax-twice", Net(gives_probabilities), CE, (X, LABELS)),
        ("the cut", "no-gradient", Net(detaches), CE, (X, LABELS)),
        ("the death", "dead-units", Net(dies), CE, (X, LABELS)),
        ("the square", "column-against-row", mlp(5, 8, 1), squares, (X, ROW)),
        ("the logarithm", "not-finite", mlp(5, 8, 1), logarithm, (X, COLUMN)),
    ],
)
def test_the_line_is_named(mark, code, model, loss, batch):
    (finding,) = lint(model, loss, batch)
    assert (finding.code, finding.line) == (code, marked(mark))
    assert f"{marked(mark)}" in str(finding)


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("softmax-twice", "1"),
        ("not-in-optimizer", "2.weight"),
        ("frozen", "0.weight"),
        ("no-gradient", "spare.weight"),
        ("dead-units", "1"),
        ("symmetric-weights", "0.weight"),
        ("mixed-dtypes", "0.weight"),
        ("vanishing-gradient", "0.weight"),
    ],
)
def test_the_module_is_named_and_no_line_that_only_calls(code, place):
    _, model, loss, batch, optimizer = next(fault for fault in FAULTS if fault[0] == code)
    finding = lint(model, loss, batch, optimizer)[0]
    assert (finding.module, finding.line) == (place, None)
    assert finding.where.removeprefix("module ") == place


def test_an_error_of_the_user_is_reported_with_its_line():
    def loss(y, t):
        raise KeyError("weights")  # the error

    (finding,) = lint(mlp(5, 8, 1), loss, (X, COLUMN))
    assert finding.code == "raises"
    assert finding.line == marked("the error")
    assert "KeyError: 'weights'" in finding.evidence


def test_a_report_prints_and_is_empty_where_there_is_nothing():
    report = lint(mlp(5, 8, 3), CE, (X, LABELS))
    assert not report
    assert repr(report) == str(report) == "nothing found"
    report = lint(nn.Sequential(mlp(5, 8, 3), nn.Softmax()), CE, (X, LABELS))
    assert str(report).startswith("softmax-twice (module 1): the outputs are probabilities already")
    assert "0.576" in str(report)  # e / (e + 2)
    with pytest.raises(ValueError, match=r"write lint\(model, loss, \(x, t\)\)"):
        lint(mlp(5, 8, 3), CE, X)


def test_a_plain_function_is_linted_by_the_parameters_of_its_optimizer():
    w, b = Tensor(np.zeros((5, 1)), requires_grad=True, name="w"), Tensor(np.zeros(1), requires_grad=True, name="b")
    sgd = optim.SGD([w, b], lr=0.1)
    assert lint(lambda x: x @ w + b, MSE, (X, COLUMN), sgd).codes == []
    report = lint(lambda x: x @ w, MSE, (X, COLUMN), sgd)
    assert [(f.code, f.module) for f in report] == [("no-gradient", "b")]


def loop(model, optimizer, forgets, passes=1):
    for _ in range(4):
        if not forgets:
            optimizer.zero_grad()
        for _ in range(passes):
            CE(model(X), LABELS).backward()  # the pass
        optimizer.step()


@pytest.mark.skipif(not hasattr(debug.Place, "stale"), reason="record() does not look at gradients before a pass")
@pytest.mark.parametrize("forgets", [True, False])
@pytest.mark.parametrize("passes", [1, 3])  # a batch may come in parts, whose gradients are meant to add up
def test_a_loop_without_zero_grad_is_found_by_its_line_where_it_was_recorded(forgets, passes):
    model = mlp(5, 8, 3)
    optimizer = adam(model)
    with debug.record():
        loop(model, optimizer, forgets, passes)
    report = lint(model, CE, (X, LABELS), optimizer)
    assert [(f.code, f.line) for f in report] == ([("forgotten-zero-grad", marked("the pass"))] if forgets else [])


# --- clean trainings -------------------------------------------------------------------------------------------------

DIGITS = datasets.load_digits()
INK = (DIGITS.x[:320] / 16).astype(np.float32)
FIGURES = DIGITS.y[:320]
MOONS = datasets.make_moons(n=200, noise=0.1, rng=0)
SINE = np.sin(3 * X[:, :1])
XOR = np.float32([[0, 0], [0, 1], [1, 0], [1, 1]])


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, rng=0), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(54, 10, rng=1)
    )  # fmt: skip


def autoencoder():
    return nn.Sequential(nn.Linear(64, 8, rng=0), nn.ReLU(), nn.Linear(8, 64, rng=1), nn.Sigmoid())


CLEAN = {  # model, loss, rate of Adam, data, batch size
    "relu": (lambda: mlp(64, 32, 10), CE, 1e-3, (DIGITS.x[:320], FIGURES), 32),
    "tanh": (lambda: mlp(2, 16, 16, 2, activation="tanh"), CE, 1e-2, (MOONS.x, MOONS.y), 20),
    "sigmoid": (lambda: mlp(64, 32, 32, 10, activation="sigmoid"), CE, 1e-2, (INK, FIGURES), 32),
    "selu": (
        lambda: mlp(64, *[24] * 8, 10, activation="selu", weight_init="lecun_normal"),
        CE,
        1e-3,
        (INK, FIGURES),
        32,
    ),
    "cnn": (cnn, CE, 3e-3, (INK.reshape(-1, 1, 8, 8), FIGURES), 32),
    "regression": (lambda: mlp(1, 16, 1, activation="tanh"), MSE, 1e-2, (X[:, :1], SINE), 16),
    "binary": (lambda: mlp(5, 8, 1), BCE, 1e-2, (X, YES), 16),
    "norm and dropout": (lambda: mlp(64, 32, 32, 10, norm="batch", dropout=0.3), CE, 1e-2, (INK, FIGURES), 32),
    "label smoothing": (lambda: mlp(64, 32, 10), nn.CrossEntropyLoss(label_smoothing=0.1), 1e-3, (INK, FIGURES), 32),
    "autoencoder": (autoencoder, MSE, 1e-2, (INK, INK), 64),
    "tiny": (lambda: mlp(2, 2, 1, activation="tanh", rng=3), BCE, 0.1, (XOR, np.float32([[0], [1], [1], [0]])), 4),
    "hinge": (lambda: mlp(64, 32, 10), nn.HingeLoss(), 1e-3, (INK, FIGURES), 32),
    "float64": (lambda: mlp(5, 8, 1), nn.HuberLoss(), 1e-2, (X.astype(float), COLUMN.astype(float)), 16),
}


def step(model, loss, optimizer, x, t):
    optimizer.zero_grad()
    loss(model(x), t).backward()
    optimizer.step()


@pytest.mark.parametrize("name", CLEAN)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_clean_training_gives_no_finding_at_any_time(name, optimizer):
    make, loss, rate, (x, t), size = CLEAN[name]
    model = make()
    steps = adam(model, rate) if optimizer == "adam" else optim.SGD(model.parameters(), lr=5 * rate, momentum=0.9)
    for epochs in (0, 1, 5, 20):
        for _ in range(epochs):
            for start in range(0, len(x), size):
                step(model, loss, steps, x[start : start + size], t[start : start + size])
        for batch in ((x[:size], t[:size]), (x, t)):
            assert lint(model, loss, batch, steps).codes == []
            assert lint(model, loss, batch).codes == []


def test_a_loop_by_hand_with_warm_up_and_decay_to_nothing_is_clean():
    model = mlp(5, 8, 3, dropout=0.2)
    sgd = optim.SGD(model.parameters(), lr=0.1)
    schedule = optim.LambdaLR(sgd, lambda epoch: np.sin(np.pi * epoch / 10) + 1e-12)
    for _ in range(10):
        assert lint(model, CE, (X, LABELS), sgd).codes == []
        sgd.zero_grad()
        CE(model(X), LABELS).backward()
        if schedule.epoch:  # between the first pass and the first step, gradients would be somebody else's
            assert lint(model, CE, (X, LABELS), sgd).codes == []
        sgd.step()
        schedule.step()
    assert lint(model, CE, (X, LABELS), sgd).codes == []


def test_layers_frozen_on_purpose_and_a_last_layer_that_starts_at_0_are_clean():
    model = mlp(5, 8, 8, 3)
    model[0].requires_grad_(False)
    assert lint(model, CE, (X, LABELS), optim.Adam([p for p in model.parameters() if p.requires_grad])).codes == []
    model = mlp(5, 8, 8, 3)
    with no_grad():
        model[-1].weight *= 0
    assert lint(model, CE, (X, LABELS), adam(model)).codes == []


# --- looking changes nothing -----------------------------------------------------------------------------------------


class Heads(nn.Module):
    """An embedding of numbers that several linear maps read, as attention does: no two of them are one."""

    def __init__(self):
        self.embed, self.keys, self.values = (nn.Linear(n, 8, rng=i) for i, n in enumerate((5, 8, 8)))

    def forward(self, x):
        h = self.embed(x)
        return (nn.functional.softmax(self.keys(h)) * self.values(h)).sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    "model",
    [Heads(), nn.Sequential(nn.Linear(5, 2, rng=0), nn.Linear(2, 5, rng=1)), nn.Sequential(nn.Linear(5, 8, rng=0), nn.LayerNorm(8), nn.Linear(8, 1, rng=1))],
    ids=["heads", "a narrow middle", "a norm between"],
)  # fmt: skip
def test_linear_layers_that_are_meant_to_meet_are_clean(model):
    target = COLUMN if np.shape(model(X).value)[1] == 1 else X
    assert lint(model, MSE, (X, target), adam(model)).codes == []


def test_looking_changes_nothing():
    model = mlp(64, 32, 10, norm="batch", dropout=0.5)
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    step(model, CE, optimizer, INK, FIGURES)
    seen = []
    model[0].weight.register_hook(seen.append)
    twin = copy.deepcopy(model)
    gradients = {name: p.grad.numpy() for name, p in model.named_parameters()}
    drop = next(m for m in model.modules() if isinstance(m, nn.Dropout))
    before = drop.rng.bit_generator.state, np.random.get_state()[1].tolist(), optimizer.state_dict()
    homes = {p: p.value for p in model.parameters()}
    assert lint(model, CE, (INK, FIGURES), optimizer).codes == []
    assert drop.rng.bit_generator.state == before[0]
    assert np.random.get_state()[1].tolist() == before[1]
    np.testing.assert_equal(optimizer.state_dict(), before[2])
    for name, value in twin.state_dict().items():
        np.testing.assert_array_equal(model.state_dict()[name], value)
    for name, p in model.named_parameters():
        assert p.value is homes[p]
        np.testing.assert_array_equal(p.grad.value, gradients[name])
    assert all(m.training for m in model.modules())
    assert not any("forward" in vars(m) for m in model.modules())
    assert seen == []


def test_numpys_global_generator_is_put_back():
    noisy = Net(lambda net, x: net.outer(F.relu(net.inner(x))) + 0.01 * np.random.normal(size=(len(x), 3)))
    before = np.random.get_state()[1].tolist(), np.random.get_state()[2]
    assert lint(noisy, CE, (X, LABELS)).codes == []
    assert (np.random.get_state()[1].tolist(), np.random.get_state()[2]) == before


def test_a_training_that_is_looked_at_ends_bit_for_bit_like_one_that_is_not():
    ends = []
    for looked_at in (False, True):
        model = mlp(64, 16, 10, norm="batch", dropout=0.5)
        optimizer = adam(model, 1e-2)
        for start in range(0, 320, 64):
            batch = INK[start : start + 64], FIGURES[start : start + 64]
            if looked_at:
                assert lint(model, CE, batch, optimizer).codes == []
            step(model, CE, optimizer, *batch)
        ends.append(b"".join(value.tobytes() for value in model.state_dict().values()))
    assert ends[0] == ends[1]


def test_looking_is_silent_and_works_without_recording():
    with warnings.catch_warnings(), no_grad():
        warnings.simplefilter("error")
        assert lint(mlp(5, 8, 3), CE, (X, LABELS)).codes == []
        assert lint(mlp(5, 8, 1), lambda y, t: np.log(y - y).mean(), (X, COLUMN)).codes == ["not-finite"]


def test_batches_that_are_no_arrays_are_handed_to_the_model_as_they_are():
    w = Tensor(np.ones((5, 1)), requires_grad=True, name="w")
    sgd = optim.SGD([w], lr=0.01)
    assert lint(lambda d: d["x"] @ w, lambda y, t: (y**2).mean(), ({"x": X}, None), sgd).codes == []
    assert lint(lambda d: X[d[0]] @ w, lambda y, t: (y**2).mean(), ([[1, 2], [3]], ["a"]), sgd).codes == []
