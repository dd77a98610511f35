"""Epochs as one call: with metrics, whose outputs are gathered, and with running statistics, which go from batch to batch."""

import numpy as np
import pytest

from autograd_core import nn, optim

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 6)).astype(np.float32)
CLASSES = RNG.integers(0, 3, 150)
NUMBERS = RNG.normal(size=(150, 3)).astype(np.float32)

NETWORKS = {
    "plain": lambda: nn.MLP([6, 8, 3], rng=0),
    "BatchNorm": lambda: nn.Sequential(nn.Linear(6, 8, rng=0), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3, rng=1)),
    "BatchNorm, mean of all": lambda: nn.Sequential(nn.Linear(6, 8, rng=0), nn.BatchNorm1d(8, momentum=None), nn.Linear(8, 3, rng=1)),
    "two BatchNorms": lambda: nn.Sequential(nn.BatchNorm1d(6), nn.Linear(6, 8, rng=0), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 3, rng=1)),
    "dropout": lambda: nn.MLP([6, 8, 3], rng=0, dropout=0.3),
}  # fmt: skip
LOSSES = {"classes": (nn.CrossEntropyLoss, CLASSES, "accuracy"), "numbers": (nn.MSELoss, NUMBERS, "r2")}


def trained(make, loss, t, compile, metrics=(), x=X, lr=0.05):
    model = make()
    trainer = optim.Trainer(
        model, loss(), optim.SGD(model.parameters(), lr=lr, momentum=0.9), metrics=metrics, compile=compile
    )
    history = trainer.fit((x, t), epochs=4, batch_size=16, seed=1, progress=False)
    left = dict(model.state_dict())
    left |= {f"loss {i}": v for i, v in enumerate(history["loss"])}
    for name in metrics:
        left |= {f"{name} {i}": v for i, v in enumerate(history[name])}
    return left, trainer


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("measured", [False, True], ids=["losses only", "metrics"])
@pytest.mark.parametrize("network", NETWORKS)
def test_epochs_leave_the_bits_of_eager_ones(network, measured, kind):
    loss, t, metric = LOSSES[kind]
    metrics = [metric] if measured else []
    got, trainer = trained(NETWORKS[network], loss, t, "auto", metrics)
    expected, _ = trained(NETWORKS[network], loss, t, False, metrics)
    assert trainer._compiled.epochs.run_of is not None  # not step by step
    assert got.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(got[name], value, err_msg=name)


@pytest.mark.parametrize("kind", LOSSES)
def test_the_fast_form_measures_too(kind):
    loss, t, metric = LOSSES[kind]
    got, trainer = trained(NETWORKS["plain"], loss, t, "fast", [metric])
    expected, _ = trained(NETWORKS["plain"], loss, t, False, [metric])
    assert trainer._compiled.epochs.run_of.plan.turned
    for name, value in expected.items():
        np.testing.assert_allclose(got[name], value, rtol=1e-5, atol=1e-6, err_msg=name)


def test_a_loss_that_is_no_number_puts_statistics_back():
    x = X.copy()
    x[100] = np.inf
    ends = []
    for compile in ("auto", False):
        model = NETWORKS["two BatchNorms"]()
        trainer = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.05), compile=compile)
        with np.errstate(invalid="ignore"), pytest.raises(optim.TrainingDiverged) as raised:
            trainer.fit((x, NUMBERS), epochs=2, batch_size=16, seed=1, progress=False)
        ends.append((str(raised.value), model.state_dict()))
    assert ends[0][0] == ends[1][0]
    for name, value in ends[1][1].items():
        np.testing.assert_array_equal(ends[0][1][name], value, err_msg=name)
