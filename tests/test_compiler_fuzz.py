"""What a differential fuzzer found: programs that did something else than eager code, or broke where it did not."""

import warnings

import numpy as np
import pytest
from compiled_twins import assert_same, left

from autograd_core import Tensor, compile, custom_vjp, grad, nn, optim, vmap

RNG = np.random.default_rng(0)
X = RNG.normal(size=(22, 6)).astype(np.float32)
Y = RNG.normal(size=(22, 3)).astype(np.float32)
MANY = RNG.normal(size=(90, 6)).astype(np.float32)
LABELS = RNG.integers(0, 3, 22)
ROWS, COLUMNS = np.arange(3000) % 3, np.arange(3000) % 4
OTHERS = np.where(ROWS + COLUMNS == 3, 1, COLUMNS)
OTHERS[:9], OTHERS[-9:] = COLUMNS[:9], COLUMNS[-9:]

FUNCTIONS = {
    "numbers that print alike": lambda x: x * np.array(0.123456781) - x * np.array(0.123456782),
    "places that print alike": lambda x: x[(ROWS, COLUMNS)] - x[(ROWS, OTHERS)],
    "rows in another order": lambda x: x[np.arange(len(x))[::-1]] * 2,
    "a gradient that reads a product in two places": lambda x: grad(lambda z: np.prod(1 + z, axis=1).sum())(x),
    "a view that is read and returned": lambda x: (x.T, (x.T * 2).sum()),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    f = FUNCTIONS[name]
    step = compile(f)
    for x in RNG.normal(size=(3, 3, 4)):
        found, expected = step(x), f(Tensor(x))
        for a, b in zip(found, expected, strict=True) if isinstance(found, tuple) else [(found, expected)]:
            np.testing.assert_array_equal(a.value, b.value)


@pytest.mark.parametrize("name", ["sum", "reshape", "positive", "real", "squeeze", "getitem", "masked", "vdot", "own"])
def test_a_function_with_a_gradient_of_its_own_may_be_called_like_a_row(name):
    def doubled(x):
        return np.sin(x) * 2

    doubled.__name__ = name
    op = custom_vjp(doubled)
    op.backward(lambda g, x: g * np.cos(x) * 2)
    f = lambda x: grad(lambda z: (op(z) ** 2).sum())(x)
    np.testing.assert_array_equal(compile(f)(X).value, f(Tensor(X)).value)


class Of(nn.Module):
    """A linear layer, and a function around it."""

    def __init__(self, f):
        self.f, self.layer = f, nn.Linear(6, 3, rng=0)

    def forward(self, x):
        return self.f(self.layer, x)


def ended(compile, make, loss, x=X, t=Y, optimizer=None, fits=1, **more):
    """What is left, after an error too."""
    model = make()
    optimizer = (optimizer or (lambda ps: optim.SGD(ps, lr=0.05, momentum=0.9)))(model.parameters())
    trainer = optim.Trainer(model, loss, optimizer, compile=compile)
    said = []
    for _ in range(fits):
        try:
            trainer.fit((x, t), **{"epochs": 2, "batch_size": 4, "seed": 1, "progress": False, **more})
        except Exception as error:
            said.append(str(error))
        said += [*trainer.losses, trainer.place.batch]
    return left(trainer) | {f"said/{i}": np.array(s) for i, s in enumerate(said)}


ARRAYS = {
    "a number of 64 bits": (lambda layer, x: layer(x * np.float64(1.7)), False),
    "arrays alone": (lambda layer, x: layer(x * 3 if isinstance(x, np.ndarray) else x), True),
    "what Tensors cannot": (lambda layer, x: layer(x if isinstance(x, np.ndarray) else x.no_such_thing()), True),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_a_model_sees_arrays(name):
    f, told = ARRAYS[name]
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert_same(ended("auto", lambda: Of(f), nn.MSELoss()), ended(False, lambda: Of(f), nn.MSELoss()))
    assert told == any("without a compiled program" in str(w.message) for w in seen)


@pytest.mark.parametrize("mode", ["auto", "fast"])
@pytest.mark.parametrize("where", [3, 13, 21])
def test_an_error_in_the_middle_leaves_what_eager_code_leaves(mode, where):
    t = LABELS.copy()
    t[where] = 7
    make = lambda: nn.Sequential(nn.Linear(6, 3, rng=0), nn.Dropout(0.2, rng=1))
    results = [ended(how, make, nn.CrossEntropyLoss(), t=t, shuffle=False, fits=2) for how in (mode, False)]
    assert_same(*results, mode)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize(
    "x", [np.asfortranarray(MANY), np.ascontiguousarray(MANY[::-1])[::-1]], ids=["columns", "backwards"]
)
def test_data_in_another_order(x, shuffle):
    make = lambda: nn.Sequential(nn.BatchNorm1d(6), nn.Tanhshrink(), nn.Linear(6, 3, rng=0))
    t = np.resize(Y, (len(x), 3))
    results = [ended(how, make, nn.L1Loss(), x, t, shuffle=shuffle, batch_size=16) for how in ("auto", False)]
    assert_same(*results)


@pytest.mark.parametrize("rate", [0.01, 0.0123, 0.007])
def test_rates_of_32_bits_are_followed(rate):
    make = lambda: nn.MLP([6, 5, 3], rng=0)
    adam = lambda ps: optim.AdamW(ps, lr=np.float32(rate), weight_decay=0.01)
    results = [ended(how, make, nn.MSELoss(), optimizer=adam, epochs=12) for how in ("auto", False)]
    assert_same(*results)


def test_where_nobody_looks_no_old_gradient_is_left():
    class Ends:
        looks = False

        def on_epoch_end(self, trainer, row):
            trainer.stop = "enough"

    model = nn.MLP([6, 5, 3], rng=0)
    trainer = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.05), compile="fast")
    trainer.fit((X, Y), epochs=1, batch_size=4, progress=False)
    trainer.fit((X[:20], Y[:20]), epochs=3, batch_size=4, callbacks=[Ends()], progress=False)
    assert all(p.grad is None for p in model.parameters())


def test_a_seed_that_is_a_single_number():
    loss = lambda y, t: np.log(((y - t) ** 2).mean())
    results = [ended(how, lambda: nn.MLP([6, 5, 3], rng=0), loss) for how in ("fast", False)]
    assert_same(*results, "fast")


def trained_by_hand(compiled, batches):
    """A step of one's own on each batch; what it gives and what is left, after an error too."""
    model = nn.Sequential(nn.Linear(6, 4, rng=0), nn.BatchNorm1d(4), nn.Dropout(0.2, rng=1), nn.Linear(4, 3, rng=1))
    optimizer = optim.Adam(model.parameters(), lr=0.01)

    def step(x, t):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), t)
        loss.backward()
        optimizer.step()
        return loss

    f = compile(step) if compiled else step
    found = {}
    for i, t in enumerate(batches):
        try:
            found[f"loss {i}"] = f(Tensor(X), Tensor(t)).value
        except (IndexError, ValueError) as error:
            found[f"loss {i}"] = str(error)
        found |= {f"{k} {i}": np.array(v) for k, v in model.state_dict().items()}
        found |= {f"gradient of {k} {i}": np.array(p.grad is None) for k, p in model.named_parameters()}
        found[f"generator {i}"] = str(model[2].rng.bit_generator.state)
    return found


def test_an_error_in_a_step_of_ones_own_leaves_what_eager_code_leaves():
    wrong = LABELS.copy()
    wrong[13] = 7
    assert_same(*[trained_by_hand(how, [LABELS, wrong, LABELS, wrong]) for how in (True, False)])


def test_the_call_that_finds_a_difference_gives_what_the_function_gives():
    c, rng = Tensor(np.float64(0)), np.random.default_rng(3)
    noise = nn.Dropout(0.5, rng=rng)
    step = compile(lambda x: noise(x) * float(c.value), verify_every=2)
    same = nn.Dropout(0.5, rng=3)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for k in range(4):
            c.value = np.float64(1 + k // 3)
            np.testing.assert_array_equal(step(X).value, same(X) * (1 + k // 3))
    assert ["something else" in str(w.message) for w in seen] == [True]


def test_a_call_that_is_verified_uses_no_gradient_of_others():
    one, other = (Tensor(np.ones(3), requires_grad=True) for _ in range(2))
    optimizer = optim.SGD([one, other], lr=0.1)

    def step(x):
        one.grad = None
        loss = (one * x).sum()
        loss.backward()
        optimizer.step()
        return loss

    checked = compile(step, verify_every=1)
    checked(np.ones(3))
    other.grad = np.ones(3)
    checked(np.ones(3))
    np.testing.assert_array_equal(other.value, np.full(3, 0.9))


def test_under_vmap_it_runs_as_it_is_without_a_warning():
    f = lambda row: np.tanh(row).sum()
    np.testing.assert_array_equal(vmap(compile(f))(X).value, vmap(f)(X).value)
