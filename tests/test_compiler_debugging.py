"""A step that goes wrong in a compiled epoch: it is told with epoch and batch, its batch is kept, and its op can be found."""

import re
import warnings

import numpy as np
import pytest

from autograd_core import Tensor, debug, nn, optim

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)).astype(np.float32)
T = RNG.normal(size=(40, 1)).astype(np.float32)
X[29, 1] = -9.0  # in the order as it is, the third batch of 10


class Rooted(nn.Module):
    """Takes a square root of what may be negative."""

    def __init__(self):
        self.shift = nn.Parameter(np.full(3, 4.0, np.float32))
        self.linear = nn.Linear(3, 1, rng=0)

    def forward(self, x):
        return self.linear(np.sqrt(x + self.shift))


def trainer(mode="auto", **settings):
    model = Rooted()
    return optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.01), compile=mode, **settings)


def diverged(training, x=X, **settings):
    settings = {"epochs": 3, "batch_size": 10, "shuffle": False, "progress": False, **settings}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(optim.TrainingDiverged) as raised:
            training.fit((x, T), **settings)
    return str(raised.value)


@pytest.mark.parametrize("mode", ["auto", "fast", False])
def test_epoch_and_batch_are_told_and_how_to_find_the_op(mode):
    message = diverged(trainer(mode))
    assert "the loss became nan in epoch 1, batch 3" in message
    assert "with debug.detect_anomaly():" in message


class Spoils:
    def on_epoch_end(self, trainer, row):
        if row["epoch"] == 2:
            trainer.model.linear.bias.data = np.array([np.inf], np.float32)


def test_a_later_epoch():
    clean = np.abs(X)
    messages = [diverged(trainer(mode), clean, epochs=9, callbacks=[Spoils()]) for mode in ("auto", "fast", False)]
    assert "the loss became inf in epoch 3, batch 1" in messages[0]
    assert len(set(messages)) == 1


def test_the_eager_twin_of_the_failing_step_names_the_op():
    training = trainer()
    diverged(training)
    assert training._compiled.steps
    x, t = training._compiled.failing
    np.testing.assert_array_equal(x, X[20:30])
    with np.errstate(all="ignore"), debug.record():
        report = debug.first_bad(training.loss(training.model(Tensor(x, name="x")), t))
    assert report.op == "sqrt"
    assert "first not finite (forward)" in str(report)
    assert "at index [9, 1]" in str(report)
    assert "test_compiler_debugging.py" in str(report)


@pytest.mark.parametrize("mode", ["auto", "fast", False])
def test_detect_anomaly_around_a_fit_names_the_op(mode):
    training = trainer(mode)
    with pytest.raises(debug.NotFinite) as raised, debug.detect_anomaly():
        training.fit((X, T), epochs=3, batch_size=10, shuffle=False, progress=False)
    report = raised.value.report
    assert report.op == "sqrt"
    assert re.search(r"test_compiler_debugging\.py:\d+", str(report))


def test_detect_anomaly_finds_a_gradient_that_is_not_finite_behind_a_finite_loss():
    class Norms(nn.Module):
        def __init__(self):
            self.linear = nn.Linear(3, 1, rng=0)

        def forward(self, x):
            y = self.linear(x)
            return np.sqrt(y * y - y * y)  # 0, whose root has no slope

    model = Norms()
    training = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.01))
    with pytest.raises(debug.NotFinite, match="sqrt"), debug.detect_anomaly():
        training.fit((np.abs(X), T), epochs=1, batch_size=10, progress=False)


def test_afterwards_training_is_compiled_again():
    training = trainer()
    with debug.detect_anomaly():
        training.fit((np.abs(X), T), epochs=1, batch_size=10, progress=False)
    assert not training._compiled.steps
    training.fit((np.abs(X), T), epochs=1, batch_size=10, progress=False)
    assert training._compiled.steps
