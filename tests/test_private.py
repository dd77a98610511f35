"""Differentially private training (C18): what one sample can do to a step is bounded and hidden in noise."""

import math

import numpy as np
import pytest

from autograd_core import Tensor, nn, optim, per_sample_grad
from autograd_core.nn.functional import functional_call

rng = np.random.default_rng(0)
X, T = rng.normal(size=(12, 3)), rng.integers(0, 2, 12)


def model_of(seed=0):
    return nn.MLP([3, 4, 2], activation="tanh", rng=seed, dtype=np.float64)


def private(model, max_norm=0.5, noise_multiplier=0.0, lr=1.0, **more):
    return optim.PrivateOptimizer(optim.SGD(model.parameters(), lr=lr), max_norm, noise_multiplier, **more)


def gradients(model, x=X, t=T):
    """The gradients of single samples, by one pass each."""
    found = []
    for i in range(len(x)):
        model.zero_grad()
        nn.CrossEntropyLoss()(model(x[i : i + 1]), t[i : i + 1]).backward()
        found.append([p.grad.value.copy() for p in model.parameters()])
    model.zero_grad()
    return found


def values(model):
    return [p.value.copy() for p in model.parameters()]


@pytest.mark.parametrize("how", ["one by one", "at once, a dict", "at once, a list"])
@pytest.mark.parametrize("max_norm", [0.05, 0.6, 100.0])
def test_C18_a_step_goes_along_the_mean_of_clipped_gradients(how, max_norm):
    model = model_of()
    before, each = values(model), gradients(model)
    lengths = [math.sqrt(sum((g * g).sum() for g in sample)) for sample in each]
    expected = [
        b - sum(sample[k] * min(1, max_norm / length) for sample, length in zip(each, lengths, strict=True)) / 12
        for k, b in enumerate(before)
    ]
    if max_norm == 0.6:
        assert min(lengths) < max_norm < max(lengths)
    opt = private(model, max_norm)
    if how == "one by one":
        for i in range(12):
            nn.CrossEntropyLoss()(model(X[i : i + 1]), T[i : i + 1]).backward()
            opt.collect()
    else:
        parameters = {n: p.value for n, p in model.named_parameters()}
        found = per_sample_grad(
            lambda p, s: nn.CrossEntropyLoss()(functional_call(model, p, s[0]), s[1]), parameters, (X, T)
        )
        opt.collect(found if how == "at once, a dict" else list(found.values()))
    opt.step()
    for p, value in zip(model.parameters(), expected, strict=True):
        np.testing.assert_allclose(p.value, value, rtol=1e-10, atol=1e-13)


def test_C18_no_sample_moves_a_step_by_more_than_the_bound():
    """The sum changes by at most max_norm when one sample is left out, however wild it is: what the noise is made to hide."""
    wild = np.concatenate([X, 1e6 * rng.normal(size=(1, 3))])
    labels = np.append(T, 1)
    sums = []
    for n in (12, 13):
        model = model_of()
        before = values(model)
        opt = private(model, max_norm=0.5, batch_size=1)
        opt.collect([np.stack(gs) for gs in zip(*gradients(model, wild[:n], labels[:n]), strict=True)])
        opt.step()
        sums.append(np.concatenate([(b - p.value).ravel() for b, p in zip(before, model.parameters(), strict=True)]))
    assert np.linalg.norm(sums[1] - sums[0]) <= 0.5 * (1 + 1e-12)
    assert np.linalg.norm(sums[1] - sums[0]) > 0.01


@pytest.mark.parametrize("count", [1, 4])
def test_C18_the_noise_has_the_stated_spread(count):
    """Normal, of standard deviation noise_multiplier · max_norm on the sum, so lr · 1.5 · 2 / count on the mean."""
    w = Tensor(np.zeros(20000), requires_grad=True)
    opt = optim.PrivateOptimizer(optim.SGD([w], lr=0.1), max_norm=2.0, noise_multiplier=1.5, rng=3)
    opt.collect(np.zeros((count, 20000)))
    opt.step()
    spread = 0.1 * 1.5 * 2.0 / count
    assert w.value.std() == pytest.approx(spread, rel=0.02)
    assert abs(w.value.mean()) < 4 * spread / math.sqrt(20000)
    inside = (np.abs(w.value) < spread).mean()
    assert inside == pytest.approx(math.erf(math.sqrt(0.5)), abs=0.015)


def test_C18_batches_may_be_empty_where_their_size_is_drawn():
    w = Tensor([1.0], requires_grad=True)
    opt = optim.PrivateOptimizer(optim.SGD([w], lr=1.0), noise_multiplier=1.0, batch_size=10, rng=0)
    opt.step()  # noise alone
    assert w.item() == pytest.approx(1 - np.random.default_rng(0).normal() / 10)
    opt.noise_multiplier = 0.0
    before = w.item()
    opt.collect(np.ones((4, 1)))
    opt.step()
    assert w.item() == pytest.approx(before - 4 / 10)  # by the size that is expected, not by the number that came
    with pytest.raises(RuntimeError, match=r"no gradients of single samples were collected: call collect\(\)"):
        optim.PrivateOptimizer(optim.SGD([w])).step()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays_and_no_global_generator_is_touched(dtype):
    before = np.random.get_state()[1].tolist()
    model = nn.MLP([3, 4, 2], rng=0, dtype=dtype)
    opt = optim.PrivateOptimizer(optim.Adam(model.parameters()), rng=1)
    trainer = optim.Trainer(model, nn.CrossEntropyLoss(), opt)
    trainer.step(X.astype(dtype), T)
    assert {p.dtype for p in model.parameters()} == {np.dtype(dtype)}
    assert all(np.isfinite(p.value).all() for p in model.parameters())
    assert np.random.get_state()[1].tolist() == before


def test_the_trainer_passes_samples_one_by_one_and_schedules_set_the_rate():
    model = model_of()
    opt = private(model, max_norm=1.0, noise_multiplier=0.05, lr=0.5, rng=0)
    schedule = optim.ExponentialLR(opt, gamma=0.9)
    trainer = optim.Trainer(model, nn.CrossEntropyLoss(), opt, metrics=["accuracy"], schedule=schedule)
    x = np.random.default_rng(1).normal(size=(60, 3))
    history = trainer.fit((x, (x[:, 0] > 0).astype(int)), epochs=8, batch_size=15)
    assert history["accuracy"][-1] > 0.8
    assert history["lr"] == pytest.approx([0.5 * 0.9**k for k in range(8)])


def test_a_private_step_without_noise_or_clipping_is_an_ordinary_one():
    models = [model_of(), model_of()]
    opts = [optim.SGD(models[0].parameters(), lr=0.3, momentum=0.5), None]
    opts[1] = optim.PrivateOptimizer(optim.SGD(models[1].parameters(), lr=0.3, momentum=0.5), 1e6, 0.0)
    for model, opt in zip(models, opts, strict=True):
        optim.Trainer(model, nn.CrossEntropyLoss(), opt).fit((X, T), epochs=4, batch_size=5)
    for a, b in zip(values(models[0]), values(models[1]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


def test_a_state_goes_on_bit_for_bit():
    runs = []
    for stop in (None, 2):
        model = model_of()
        opt = optim.PrivateOptimizer(optim.Adam(model.parameters(), lr=0.1), rng=5)
        for step in range(4):
            if step == stop:
                state = opt.state_dict()
                opt = optim.PrivateOptimizer(optim.Adam(model.parameters()), rng=6)
                opt.load_state_dict(state)
            optim.Trainer(model, nn.CrossEntropyLoss(), opt).step(X, T)
        runs.append(np.concatenate([v.ravel() for v in values(model)]))
    np.testing.assert_array_equal(*runs)


def test_it_says_that_it_does_no_accounting():
    assert "no accounting" in optim.PrivateOptimizer.__doc__


W = Tensor([1.0, 2.0], requires_grad=True)
SGD = optim.SGD([W])
ERRORS = [
    (lambda: optim.PrivateOptimizer(SGD, batch_size=0), ValueError, "batch_size must be a whole number, at least 1, it is 0"),
    (lambda: optim.PrivateOptimizer(SGD, max_norm=0.0), ValueError, "max_norm must be above 0 and finite, it is 0.0"),
    (lambda: optim.PrivateOptimizer(SGD, noise_multiplier=-1.0), ValueError, "noise_multiplier must be at least 0"),
    (lambda: optim.PrivateOptimizer(optim.LBFGS([W])), TypeError, "LBFGS looks at the data besides the gradients"),
    (lambda: optim.PrivateOptimizer(optim.NaturalGradient(nn.Linear(2, 2))), TypeError, "NaturalGradient looks at the data"),
    (lambda: optim.PrivateOptimizer(SGD).collect(np.ones((4, 3))), ValueError, r"\[\(2,\)\], .* these have shapes \[\(4, 3\)\]"),
    (lambda: optim.PrivateOptimizer(SGD).collect([np.ones((4, 2))] * 2), ValueError, "come with an axis of samples first"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "fragment"), ERRORS)
def test_errors_say_what_is_wrong(call, error, fragment):
    with pytest.raises(error, match=fragment):
        call()
