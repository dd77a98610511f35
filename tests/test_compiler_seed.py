"""What "fast" folds into the seed of the backward pass, and a softmax without its shift: as eager code to rounding, and put
back where numbers are too large for it."""

import numpy as np
import pytest

from autograd_core import nn, optim
from autograd_core.compiler.passes.unshifted import LARGEST

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 6)).astype(np.float32)
CLASSES = RNG.integers(0, 3, 40)
NUMBERS = RNG.normal(size=(40, 3)).astype(np.float32)

FOLDING = {  # whether the learning rate goes into the seed as well
    "SGD": (lambda m: optim.SGD(m.parameters(), lr=0.05), True),
    "momentum": (lambda m: optim.SGD(m.parameters(), lr=0.05, momentum=0.9), True),
    "nesterov": (lambda m: optim.SGD(m.parameters(), lr=0.05, momentum=0.9, nesterov=True), True),
    "dampening": (lambda m: optim.SGD(m.parameters(), lr=0.05, momentum=0.9, dampening=0.3), True),
    "weight decay": (lambda m: optim.SGD(m.parameters(), lr=0.05, momentum=0.9, weight_decay=0.1), False),
    "Adam": (lambda m: optim.Adam(m.parameters(), lr=0.01), False),
}


def trained(optimizer, compile, loss=None, t=CLASSES, scale=1.0, epochs=6, callbacks=(), **settings):
    model = nn.MLP([6, 8, 3], rng=0)
    model.layers[-1].weight.value[...] *= scale
    trainer = optim.Trainer(model, loss or nn.CrossEntropyLoss(), optimizer(model), compile=compile)
    trainer.fit((X, t), epochs=epochs, batch_size=8, progress=False, callbacks=callbacks, **settings)
    return trainer


def left(trainer):
    state = {name: v for flats in trainer.optimizer._flats for flat in flats for name, v in flat.state.items()}
    return {**trainer.model.state_dict(), **state, "losses": np.array(trainer.history["loss"])}


def assert_near(a, b):
    a, b = left(a), left(b)
    for name, value in b.items():
        np.testing.assert_allclose(a[name], value, rtol=2e-5, atol=2e-6, err_msg=name)


def source(trainer):
    return trainer._compiled.epochs.run_of.texts[-1].source


@pytest.mark.parametrize("name", FOLDING)
@pytest.mark.parametrize("targets", ["classes", "numbers"])
def test_the_rate_goes_into_the_seed(name, targets):
    optimizer, folds = FOLDING[name]
    loss, t = (nn.CrossEntropyLoss(), CLASSES) if targets == "classes" else (nn.MSELoss(), NUMBERS)
    fast = trained(optimizer, "fast", loss, t)
    assert fast._compiled.epochs.run_of.seed.rate == folds
    assert ("ones_over_seed" in source(fast)) == (targets == "classes")
    assert ("lr" in source(fast)) == (not folds and name != "Adam")
    assert_near(fast, trained(optimizer, False, loss, t))


class Rates:
    """Another learning rate after each epoch, one of them 0."""

    def on_epoch_end(self, trainer, row):
        trainer.optimizer.param_groups[0]["lr"] = [0.1, 0.0, 0.03, 0.03, 0.3, 0.01][row["epoch"] - 1]


@pytest.mark.parametrize("shuffle", [True, False])
def test_rates_that_change_and_a_rate_of_zero(shuffle):
    optimizer = FOLDING["momentum"][0]
    twins = [trained(optimizer, mode, callbacks=[Rates()], shuffle=shuffle) for mode in ("fast", False)]
    assert_near(*twins)


@pytest.mark.parametrize("name", ["momentum", "Adam"])
@pytest.mark.parametrize("scale", [1.0, 300.0, 1e6])
def test_logits_that_are_too_large_are_shifted(name, scale):
    optimizer, _ = FOLDING[name]
    fast = trained(optimizer, "fast", scale=scale)
    run = fast._compiled.epochs.run_of
    assert ("maximum.reduce" in source(fast)) == (run.logits is None) == (scale > 1)
    a, b = left(fast), left(trained(optimizer, "auto", scale=scale))
    for key, value in b.items():
        assert np.isfinite(a[key]).all()
        np.testing.assert_allclose(a[key], value, rtol=2e-4, atol=1e-4 * np.abs(value).max(), err_msg=key)


def test_the_largest_logits_leave_room_in_float32():
    assert np.exp(np.float32(LARGEST)) * 1e10 < np.finfo(np.float32).max


def test_a_loss_that_is_no_number_is_told_of_as_ever():
    messages = []
    for mode in ("fast", False):
        with pytest.raises(optim.TrainingDiverged) as raised:
            trained(lambda m: optim.SGD(m.parameters(), lr=1e38), mode)
        messages.append(str(raised.value))
    assert messages[0] == messages[1]
