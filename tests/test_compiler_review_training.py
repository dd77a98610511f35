"""Compiled training where names, optimizers and data are not those of the examples: it trains as eager code does, to the bit."""

import warnings

import numpy as np
import pytest

from autograd_core import Tensor, compile, grad, nn, optim
from autograd_core.__main__ import main

RNG = np.random.default_rng(0)
X = RNG.normal(size=(53, 6)).astype(np.float32)
Y = RNG.normal(size=(53, 3)).astype(np.float32)
CLASSES = RNG.integers(0, 3, 53)


def mlp(**settings):
    return nn.MLP([6, 8, 3], rng=0, **settings)


def sgd(parameters):
    return optim.SGD(parameters, lr=0.1)


def adam(parameters):
    return optim.Adam(parameters, lr=0.01)


def trained(mode, make=mlp, loss=None, optimizer=sgd, x=X, t=Y, fits=1, between=None, callbacks=(), **settings):
    """What training leaves behind: weights, losses, the optimizer's state; and the trainer."""
    model = make()
    trainer = optim.Trainer(model, loss or nn.MSELoss(), optimizer(list(model.parameters())), compile=mode)
    losses = []
    for k in range(fits):
        told = [make_callback() for make_callback in callbacks]
        history = trainer.fit((x, t), epochs=3, batch_size=8, seed=1, progress=False, callbacks=told, **settings)
        losses += history["loss"]
        if between is not None:
            between(trainer, k)
    state = [
        array for group in trainer.optimizer.state_dict()["groups"] for b in group["buffers"] for array in b.values()
    ]
    return [*model.state_dict().values(), *state, losses], trainer


def same_as_eager(mode="auto", **given):
    """Train compiled and eagerly; the compiled trainer."""
    (found, trainer), (expected, _) = trained(mode, **given), trained(False, **given)
    for a, b in zip(found, expected, strict=True):
        if mode == "fast":
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5)
        else:
            np.testing.assert_array_equal(a, b)
    return trainer


def programs(trainer):
    return [
        text for step in trainer._compiled.steps.values() for run in step.runs.values() if run for text in run.texts
    ]


# --- names ---------------------------------------------------------------------------------------------------------


NAMES = ["m", "v", "k0", "k1", "s0", "lr", "momentum", "momentum_buffer", "grads", "values", "values_", "parts", "lambda", "class", "None",
         "float", "abs", "range", "i", "out", "run", "batches", "numbers", "sum", "add", "isfinite", "x", "t", "_"]  # fmt: skip
RULES = {
    "Adam": adam, "SGD": lambda ps: optim.SGD(ps, lr=0.01, momentum=0.9, weight_decay=0.1),
    "two groups": lambda ps: optim.Adam([{"params": ps[:1]}, {"params": ps[1:], "lr": 0.02}], lr=0.01),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_may_have_any_name(name, rule):
    class Named(nn.Module):
        def __init__(self):
            setattr(self, name, nn.Parameter(np.full(6, 2, np.float32)))
            self.w2 = nn.Parameter(np.eye(6, 3, dtype=np.float32))

        def forward(self, x):
            return np.tanh(x * getattr(self, name)) @ self.w2

    assert programs(same_as_eager(make=Named, optimizer=RULES[rule]))


def test_large_buffers_in_parts_take_names_of_their_own():
    class Parts(nn.Module):
        def __init__(self):
            self.parts, self.m_, self.i = (nn.Parameter(np.full(6, 2, np.float32)) for _ in range(3))
            self.large = nn.Sequential(nn.Linear(6, 23000, rng=0), nn.Linear(23000, 3, rng=1))

        def forward(self, x):
            return self.large(x * self.parts * self.m_ * self.i)

    trainer = same_as_eager(make=Parts, optimizer=lambda ps: optim.Adam(ps, lr=1e-5), x=X[:8], t=Y[:8])
    assert "in parts2:" in trainer._compiled.program(X[:8], Y[:8]).text(False).source


FUNCTIONS = {
    "an array": (lambda x, w: (x * w).sum(), (3,)),
    "a number": (lambda x, w: np.exp(x[0] * w) * abs(x[1]) / w + w**2, ()),
}


@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize("name", [*NAMES, "v1", "v2", "step", "divide", "numbers"])
def test_a_tensor_may_have_any_name(name, kind):
    f, shape = FUNCTIONS[kind]
    w, x = Tensor(np.full(shape, 2.0), requires_grad=True, name=name), np.arange(3.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(compile(lambda x: f(x, w))(x).value, f(Tensor(x), w).value)


def test_an_argument_may_be_called_like_what_the_text_says():
    def many(numbers, float):
        total = 0.0
        for i in range(40):
            total = total + (numbers[i % 3] * float[i % 2]).tanh()
        return total

    a, b = np.arange(3.0), np.arange(2.0) + 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(compile(many)(a, b).value, many(Tensor(a), Tensor(b)).value, rtol=1e-12)


def test_the_same_training_is_the_same_text():
    """The order of what is named is no matter of where it happens to lie in memory."""
    junk = []
    texts = set()
    for _ in range(6):
        junk.append([object() for _ in range(len(junk) * 37)])
        trainer = trained("fast", loss=nn.CrossEntropyLoss(), t=CLASSES)[1]
        texts.add(programs(trainer)[0].source)
    assert len(texts) == 1


# --- optimizers ----------------------------------------------------------------------------------------------------


class Scaled(optim.Optimizer):
    """θ ← θ − lr·k·g, with a k that is no setting."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, lr=lr)
        self.k = 1.0

    def coefficients(self, t, group):
        return (group["lr"] * self.k,)

    def update(self, p, g, state, rate):
        p -= rate * g


class Counting(Scaled):
    def coefficients(self, t, group):
        self.k += 1
        return (group["lr"] / self.k,)


class Warm(optim.SGD):
    """Whose rate depends on what its rule calls."""

    factor = 1.0

    def coefficients(self, t, group):
        first, *rest = super().coefficients(t, group)
        return first * self.factor, *rest


@pytest.mark.parametrize("rule", [Scaled, Counting, Warm], ids=lambda rule: rule.__name__)
def test_a_rule_of_the_users_own_may_read_what_it_likes(rule):
    def between(trainer, k):
        trainer.optimizer.k = trainer.optimizer.factor = 0.1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trainer = same_as_eager(optimizer=lambda ps: rule(ps, lr=0.1), fits=2, between=between)
    assert trainer._compiled.steps, "forward and backward are compiled all the same"


def test_a_rule_that_is_put_in_place_of_the_librarys():
    class Signs:
        def __init__(self):
            self.rate = 0.01

        def __call__(self, p, g, state, *coefficients):
            p -= self.rate * np.sign(g)

    def patched(parameters):
        optimizer = sgd(parameters)
        optimizer.update = Signs()
        return optimizer

    def between(trainer, k):
        trainer.optimizer.update.rate = 0.1

    same_as_eager(optimizer=patched, fits=2, between=between)


@pytest.mark.filterwarnings("ignore:training runs without a compiled program")
def test_gradients_that_nobody_forgets_add_up():
    class NeverForgets(optim.SGD):
        def zero_grad(self):
            pass

    trainer = same_as_eager(optimizer=lambda ps: NeverForgets(ps, lr=0.01))
    assert trainer._compiled.reason == "NeverForgets forgets gradients in its own way"


class Betas:
    """Other betas in each epoch."""

    def __init__(self, kind):
        self.kind = kind

    def on_epoch_end(self, trainer, row):
        trainer.optimizer.param_groups[0].update(
            betas=self.kind([(0.5, 0.9), (0, 0.99), (0.2, 0.99)][row["epoch"] % 3])
        )


@pytest.mark.parametrize("kind", [list, tuple])
def test_settings_may_be_lists_and_whole_numbers(kind):
    same_as_eager(optimizer=adam, fits=2, callbacks=[lambda: Betas(kind)])


RATES = {
    "a number of NumPy's": [np.float64(0.3)],
    "of 32 bits": [np.float32(0.3)],
    "at times": [0.1, np.float64(0.3), 0.2],
    "a whole number": [1, 0.1],
}


@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("callback", [True, False])
def test_rates_of_any_kind_of_number(rates, callback):
    """NumPy computes in float64 where a float64 number of its own meets float32 weights."""
    rates = RATES[rates]

    def between(trainer, k):
        trainer.optimizer.param_groups[0]["lr"] = rates[(k + 1) % len(rates)]

    class Between:
        def on_epoch_end(self, trainer, row):
            between(trainer, row["epoch"])

    same_as_eager(
        optimizer=lambda ps: optim.SGD(ps, lr=rates[0]),
        fits=3,
        between=between,
        callbacks=[Between] if callback else [],
    )


def test_the_librarys_rules_are_part_of_the_program():
    """Against the tests above: they are right where all is called as it is, too."""
    assert all(rule is not None for text in programs(same_as_eager(optimizer=adam)) for rule in text.rules)


# --- models, losses, data ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["auto", "fast"])
def test_layers_that_share_a_gradient(mode):
    """a(x) + z(x): one product is the gradient of both weights. And the short last batch leaves z alone."""

    class Both(nn.Module):
        def __init__(self):
            self.a, self.z = nn.Linear(6, 3, rng=0), nn.Linear(6, 3, rng=1)

        def forward(self, x):
            return self.a(x) + self.z(x) if len(x) == 8 else self.a(x)

    for optimizer in (lambda ps: optim.AdamW(ps, lr=0.01), sgd):
        same_as_eager(mode, make=Both, optimizer=optimizer)


@pytest.mark.parametrize("mode", ["auto", "fast"])
@pytest.mark.parametrize("shape", [(1,), (1, 1)])
def test_a_loss_of_one_number_may_have_axes(mode, shape):
    same_as_eager(mode, loss=lambda y, t: ((y - t) ** 2).mean().reshape(shape))


@pytest.mark.parametrize("samples", [5, 8])
@pytest.mark.parametrize("mode", ["auto", "fast"])
def test_a_gradient_penalty(mode, samples):
    at, models = Tensor(X[:samples]), []

    def make():
        models.append(nn.Sequential(nn.Linear(6, 8, rng=0), nn.Tanh(), nn.Linear(8, 3, rng=1)))
        return models[-1]

    def loss(y, t):
        return ((y - t) ** 2).mean() + (grad(lambda z: models[-1](z).sum())(at) ** 2).mean()

    same_as_eager(mode, make=make, loss=loss)


@pytest.mark.parametrize("mode", ["auto", "fast"])
@pytest.mark.parametrize("shuffle", [True, False])
def test_data_that_is_read_only(mode, shuffle):
    x = X.copy()
    x.flags.writeable = False
    same_as_eager(mode, x=x, shuffle=shuffle)


@pytest.mark.parametrize("mode", ["auto", "fast"])
@pytest.mark.parametrize("who", ["metric", "schedule"])
def test_who_is_called_between_epochs_may_change_the_data_and_look_at_gradients(mode, who):
    results = []
    for how in (mode, False):
        x, model, seen = X.copy(), mlp(), []

        def look(*_, x=x, model=model, seen=seen):
            seen.append(next(model.parameters()).grad.value.copy())
            x *= 0.9
            return 0.0

        class Schedule:
            step = staticmethod(look)

        more = {"metrics": [look]} if who == "metric" else {"schedule": Schedule()}
        trainer = optim.Trainer(model, nn.MSELoss(), sgd(model.parameters()), compile=how, **more)
        trainer.fit((x, Y), epochs=4, batch_size=8, seed=1, progress=False)
        results.append([*model.state_dict().values(), *seen])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=2e-5 if mode == "fast" else 0)


# --- what convolutions are made of ---------------------------------------------------------------------------------


@pytest.mark.parametrize("padding", [0, 1])
def test_windows_are_views_as_they_are_in_eager_code(padding):
    x = RNG.normal(size=(20, 1, 10, 10)).astype(np.float32)
    x[:4] = np.round(x[:4])  # ties

    def network():
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=padding, rng=0), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(4, 3, 3, padding=padding, rng=1), nn.AvgPool2d(2, padding=padding), nn.Flatten(), nn.Linear(27 if padding else 3, 3, rng=2),
        )  # fmt: skip

    trainer = same_as_eager(make=network, x=x, t=CLASSES[:20], loss=nn.CrossEntropyLoss())
    texts = [step.text(False).source for step in trainer._compiled.steps.values()]
    assert not any("getitem_kernel" in text for text in texts), "a gather by a table of places"


SPECIAL = [np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0, -2.0, 1e-45]
CHOICES = {
    "or nothing": lambda c, a, b: np.where(c, a, 0),
    "one of two": lambda c, a, b: np.where(c, a, b),
    "of itself, turned": lambda c, a, b: np.where(c, a, a.T),
    "turned, of itself": lambda c, a, b: np.where(c, a.T, a),
    "or itself": lambda c, a, b: np.where(c, a, a),
    "of a row": lambda c, a, b: np.where(c, a[0], b),
    "by a column": lambda c, a, b: np.where(c[:, :1], a, b[:1]),
    "or less than nothing": lambda c, a, b: np.where(c, a, -0.0),
    "or a number": lambda c, a, b: np.where(c, a, 3.0),
    "nothing or": lambda c, a, b: np.where(c, 0, b),
    "one or nothing": lambda c, a, b: np.where(c, np.ones_like(a), 0),
    "of what is used up": lambda c, a, b: np.where(c, a * 1.5, b * 0.5),
    "or what is used up": lambda c, a, b: np.where(c, a, b * 0.5),
    "of what is used up, or": lambda c, a, b: np.where(c, a * 1.5, b),
    "of a view of what is used up": lambda c, a, b: np.where(c, (d := a * 1.5), d.T),
    "turned, of what is used up": lambda c, a, b: np.where(c, (d := a * 1.5).T, d),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("choice", CHOICES)
def test_choices_are_made_bit_by_bit(choice, dtype):
    rng = np.random.default_rng(1)
    a, b = rng.choice(SPECIAL, (2, 8, 8)).astype(dtype)
    c = rng.normal(size=(8, 8)).astype(dtype)

    def f(c, a, b):
        return CHOICES[choice](c > 0, a, b) * 1.0

    step = compile(f)
    with np.errstate(all="ignore"):
        for turn in (c, -c):
            found, expected = step(turn, a, b).value, f(Tensor(turn), Tensor(a), Tensor(b)).value
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found.tobytes(), expected.tobytes())


# --- the command line ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["4,3", "--batch", "0"], "a batch has at least 1 sample; '0' is no such number"),
        (["4,3", "--batch", "-3"], "a batch has at least 1 sample; '-3' is no such number"),
        (["4,3", "--batch", "x"], "a batch has at least 1 sample; 'x' is no such number"),
        (["64,x"], "layers are like 64,32,10; '64,x' is not"),
        (["64"], "layers are like 64,32,10; '64' is not"),
    ],
)
def test_what_the_command_line_refuses(given, said, capsys):
    with pytest.raises(SystemExit) as left:
        main(["compile", *given])
    assert left.value.code == 2
    assert said in capsys.readouterr().err
