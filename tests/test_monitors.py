"""Monitors and flight recorder in fit: they change nothing, their numbers are right, they speak when there is cause and
never otherwise, and a step that goes wrong is on the disk as it was before it."""

import json
import math

import numpy as np
import pytest

from autograd_core import Tensor, datasets, nn, optim
from autograd_core.optim import flight, health, monitors
from autograd_core.optim.probe import Probe

RNG = np.random.default_rng(3)
X = RNG.normal(size=(96, 3)).astype(np.float32)
LABELS = (X[:, 0] + X[:, 1] > 0).astype(int)
SMOOTH = (X @ [[1.0], [-2.0], [0.5]]).astype(np.float32)


def classifier(compile="auto", norm="batch", dropout=0.3, optimizer=None, **more):
    model = nn.MLP([3, 8, 8, 2], dropout=dropout, norm=norm, rng=0)
    optimizer = (optimizer or (lambda p: optim.Adam(p, lr=0.01)))(model.parameters())
    return optim.Trainer(model, nn.CrossEntropyLoss(), optimizer, compile=compile, **more)


def everything(trainer):
    """What decides how training goes on, and the gradients, as bytes."""
    state = [*trainer.model.state_dict().values()]
    for group in trainer.optimizer.state_dict().get("groups", []):
        state += [b for buffers in group["buffers"] for b in buffers.values() if isinstance(b, np.ndarray)]
    gradients = [None if p.grad is None else p.grad.value.tobytes() for p in trainer.model.parameters()]
    return [a.tobytes() for a in state], gradients, drawn(trainer)


def drawn(trainer):
    """Where the generators stand, each once."""
    found = {id(m.rng): m.rng.bit_generator.state for m in trainer.model.modules() if hasattr(m, "rng")}
    return list(found.values())


def losses(history):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in history.rows]


class Quake:
    """Turns the weights of the last layer up after an epoch."""

    def __init__(self, epoch, factor=50.0):
        self.epoch, self.factor = epoch, factor

    def on_epoch_end(self, trainer, row):
        if row["epoch"] == self.epoch:
            last = trainer.model.layers[-1].weight
            last.data = last.value * self.factor


# --- monitors ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compile", ["auto", False])
@pytest.mark.parametrize(
    "optimizer",
    [None, lambda p: optim.SGD(p, lr=0.1, momentum=0.9), lambda p: optim.LBFGS(p, lr=0.01, max_iter=3)],
    ids=["adam", "sgd", "lbfgs"],
)
def test_looking_on_changes_no_bit(compile, optimizer):
    def run(callbacks):
        trainer = classifier(compile, optimizer=optimizer, clip=1.0)
        trainer.fit((X, LABELS), epochs=4, batch_size=16, callbacks=callbacks, seed=1)
        return trainer

    class Nobody:
        def on_epoch_end(self, trainer, row):
            pass

    alone, watched = run([Nobody()]), run([optim.Monitor(every=1)])
    assert everything(alone) == everything(watched)
    assert losses(alone.history) == losses(watched.history)
    assert {row["epoch"] for row in watched.history.health} == {1, 2, 3, 4}


def test_the_numbers_are_those_of_the_fixed_batch():
    """Gradient norm, coming step, dead and saturated shares, mean and variance, each computed here by hand."""
    model = nn.Sequential(nn.Linear(3, 6, rng=0), nn.ReLU(), nn.Linear(6, 4, rng=1), nn.Tanh(), nn.Linear(4, 1, rng=2))
    model[0].bias.data = np.array([-50, -50, 0, 0, 0, 0], np.float32)
    model[2].weight.data = model[2].weight.value * 20
    trainer = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=1e-3))
    monitor = optim.Monitor(every=1)
    trainer.fit((X, SMOOTH), epochs=1, batch_size=32, callbacks=[monitor])
    rows = {row["layer"]: row for row in monitor.rows}
    assert list(rows) == ["0", "1", "2", "3", "4"]
    h = model[0](X)
    a = model[1](h)
    z = model[2](a)
    y = model[3](z)
    model.zero_grad()
    nn.MSELoss()(model[4](y), SMOOTH).backward()
    for i in (0, 2, 4):
        parts = [model[i].weight, model[i].bias]
        gradient = math.sqrt(sum((p.grad.value**2).sum() for p in parts))
        size = math.sqrt(sum((p.value**2).sum() for p in parts))
        assert rows[str(i)]["gradient"] == pytest.approx(gradient, rel=1e-4)
        assert rows[str(i)]["update"] == pytest.approx(1e-3 * gradient / size, rel=1e-3)
        assert rows[str(i)]["dead"] is rows[str(i)]["saturated"] is None
        assert rows[str(i)]["parameters"] == sum(p.size for p in parts)
    assert rows["1"]["gradient"] is rows["1"]["update"] is rows["1"]["saturated"] is None
    assert rows["1"]["dead"] == np.mean((a.value == 0).all(axis=0)) >= 2 / 6
    assert rows["3"]["saturated"] == pytest.approx(np.mean(1 - y.value**2 < 0.05 * (np.tanh(0.6) - np.tanh(0.5)) / 0.1))
    assert 0.2 < rows["3"]["saturated"] < 0.95
    for row, values in zip(rows.values(), (h, a, z, y), strict=False):
        assert row["mean"] == pytest.approx(values.value.mean(), rel=1e-4)
        assert row["variance"] == pytest.approx(values.value.var(), rel=1e-4)
    json.dumps(monitor.rows, allow_nan=False)


def test_the_coming_step_is_the_one_that_adam_makes():
    trainer = classifier(norm=None, dropout=0.0, clip=0.1)
    monitor = optim.Monitor(every=1)
    trainer.fit((X, LABELS), epochs=2, batch_size=None, shuffle=False, callbacks=[monitor])
    told = {row["layer"]: row["update"] for row in monitor.rows if row["epoch"] == 2}
    for layer in ("0", "2", "4"):
        parts = [trainer.model[int(layer)].weight, trainer.model[int(layer)].bias]
        vars(trainer)[layer] = [(p, p.value.copy()) for p in parts]
    trainer.step(X, LABELS)
    for layer, update in told.items():
        if update is not None:
            pairs = vars(trainer)[layer]
            change = math.sqrt(sum(((p.value - before) ** 2).sum() for p, before in pairs))
            assert update == pytest.approx(change / math.sqrt(sum((b**2).sum() for _, b in pairs)), rel=1e-4)


CLEAN = {
    "relu": lambda: (nn.MLP([64, 32, 10], rng=0), nn.CrossEntropyLoss(), lambda p: optim.Adam(p), "digits"),
    "tanh": lambda: (nn.MLP([64, 32, 10], activation="tanh", rng=0), nn.CrossEntropyLoss(), lambda p: optim.Adam(p, lr=3e-3), "digits"),
    "momentum": lambda: (nn.MLP([64, 32, 10], rng=1), nn.CrossEntropyLoss(), lambda p: optim.SGD(p, lr=0.05, momentum=0.9), "digits"),
    "norm": lambda: (nn.MLP([64, 32, 10], dropout=0.3, norm="batch", rng=0), nn.CrossEntropyLoss(), lambda p: optim.Adam(p), "digits"),
    "sigmoid": lambda: (nn.MLP([64, 32, 10], activation="sigmoid", rng=0), nn.CrossEntropyLoss(), lambda p: optim.Adam(p, lr=1e-2), "digits"),
    "deep": lambda: (nn.MLP([64, *[32] * 6, 10], rng=0), nn.CrossEntropyLoss(), lambda p: optim.Adam(p), "digits"),
    "gelu": lambda: (nn.MLP([64, 32, 10], activation="gelu", rng=0), nn.CrossEntropyLoss(), lambda p: optim.AdamW(p, lr=3e-3), "digits"),
    "iris": lambda: (nn.MLP([4, 16, 3], rng=0), nn.CrossEntropyLoss(), lambda p: optim.Adam(p, lr=1e-2), "iris"),
    "elu": lambda: (nn.MLP([4, 16, 8, 3], activation="elu", rng=0), nn.CrossEntropyLoss(), lambda p: optim.Adam(p, lr=5e-2), "iris"),
    "wine": lambda: (nn.MLP([13, 8, 3], rng=0), nn.CrossEntropyLoss(), lambda p: optim.RMSprop(p, lr=5e-3), "wine"),
}  # fmt: skip


@pytest.mark.parametrize("name", CLEAN)
def test_no_false_alarm(name):
    model, loss, optimizer, data = CLEAN[name]()
    (train, *_), *_ = datasets.standardize(*datasets.load(data).split(0.8, 0.1, 0.1, seed=0))
    trainer, monitor = optim.Trainer(model, loss, optimizer(model.parameters())), optim.Monitor(every=1)
    recorder_free = trainer.fit(train, epochs=25, callbacks=[monitor], seed=0)
    assert recorder_free["loss"][-1] < 0.5 * recorder_free["loss"][0]
    assert monitor.alarms == []


class Cut(nn.Module):
    def __init__(self):
        self.first, self.last = nn.Linear(3, 8, rng=0), nn.Linear(8, 2, rng=1)

    def forward(self, x):
        return self.last(self.first(x).detach() if isinstance(self.first(x), Tensor) else x)


def scaled(model, factor):
    for layer in model.layers[::2]:
        layer.weight.data = layer.weight.value * factor
    return model


def born_dead():
    model = nn.MLP([3, 8, 2], rng=0)
    model[0].bias.data = np.full(8, -20, np.float32)
    return model


ILL = {
    "dead": (born_dead, lambda p: optim.SGD(p, lr=0.1), 1.0, "layer 1: 100 % of ReLU units are dead since epoch 1 — lower the"),
    "saturated": (lambda: scaled(nn.MLP([3, 8, 2], activation="tanh", rng=0), 100), lambda p: optim.SGD(p, lr=1e-3), 1.0, "Tanh outputs are saturated since"),
    "vanishing": (lambda: nn.MLP([3, *[8] * 8, 2], activation="sigmoid", rng=0), lambda p: optim.Adam(p), 1.0, "layer 0: its gradients are, per parameter, "),
    "silent": (Cut, lambda p: optim.Adam(p), 1.0, "layer first: it gets no gradient since epoch 1"),
    "fast": (lambda: nn.MLP([3, 8, 2], rng=0), lambda p: optim.SGD(p, lr=50.0), 1.0, "lower the learning rate"),
    "slow": (lambda: nn.MLP([3, 8, 2], rng=0), lambda p: optim.SGD(p, lr=1e-9), 1.0, "raise the learning rate"),
    "large": (lambda: nn.MLP([3, 8, 2], rng=0), lambda p: optim.Adam(p), 1e4, "scale the inputs"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ILL)
def test_each_illness_is_told_once(kind):
    make, optimizer, scale, words = ILL[kind]
    model, said = make(), []
    trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optimizer(model.parameters()))
    monitor = optim.Monitor(every=1, tell=said.append)
    trainer.fit((X * np.float32(scale), LABELS), epochs=4, batch_size=16, callbacks=[monitor])
    assert [alarm["kind"] for alarm in monitor.alarms].count(kind) == 1
    (alarm,) = (alarm for alarm in monitor.alarms if alarm["kind"] == kind)
    assert words in alarm["sentence"]
    assert said == [alarm["sentence"] for alarm in monitor.alarms]
    assert alarm["epoch"] - alarm["since"] == 1
    json.dumps(monitor.alarms)


def row(layer="0", **known):
    usual = {
        "epoch": 1,
        "kind": "ReLU",
        "parameters": None,
        "gradient": None,
        "update": None,
        "dead": None,
        "saturated": None,
    }
    return usual | {"layer": layer, "mean": 0.0, "variance": 1.0, **known}


def test_one_measurement_is_no_alarm_and_since_is_where_it_began():
    epochs = [[row(dead=d, epoch=e), row("1")] for e, d in [(1, 0.9), (2, 0.1), (3, 0.7), (5, 0.87)]]
    assert [list(health.alarms(epochs[:n])) for n in (1, 2, 3)] == [[], [], []]
    (alarm,) = health.alarms(epochs)
    assert alarm.sentence == (
        "layer 0: 87 % of ReLU units are dead since epoch 3 — lower the learning rate or use a positive initial bias"
    )
    (alarm,) = health.alarms([*epochs[:1], *epochs[2:]])  # nobody looked at 2
    assert "of ReLU units are dead since epoch 1 — " in alarm.sentence
    (alarm,) = health.alarms([[row(dead=d, epoch=e)] for e, d in [(1, 0.1), (9, 0.7), (17, 0.87)]])
    assert "of ReLU units are dead since epoch 9 at the latest — " in alarm.sentence
    both = [[row(dead=0.9, epoch=e), row("4", dead=0.8, epoch=e)] for e in (1, 2)]
    (alarm,) = health.alarms(both)
    assert alarm.layers == ["0", "4"]
    assert alarm.sentence.startswith("layer 0 (layer 4 as well): 90 % of ReLU")


def test_exploding_gradients():
    measured = [[row(gradient=1e6, parameters=4, epoch=e), row("1", gradient=1.0, parameters=4)] for e in (1, 2)]
    assert [alarm.kind for alarm in health.alarms(measured)] == ["exploding"]


class Clock:
    """Says what time it is where an epoch takes fifty milliseconds and a look five, the very first thirty."""

    def __init__(self, trainer, monkeypatch):
        self.now, self.looked = 0.0, 0.0
        monkeypatch.setattr("autograd_core.optim.monitors.time.perf_counter", lambda: self.now)
        step, look = trainer._epoch, Probe.look

        def epoch(*given, **more):
            self.now += 0.05
            return step(*given, **more)

        def looking(*given):
            took = 0.005 if self.looked else 0.03
            self.now, self.looked = self.now + took, self.looked + took
            return look(*given)

        monkeypatch.setattr(trainer, "_epoch", epoch)
        monkeypatch.setattr(Probe, "look", looking)


@pytest.mark.parametrize("epochs", [1, 2, 20, 400])
def test_by_itself_it_looks_first_and_last_and_keeps_to_its_share(monkeypatch, epochs):
    trainer, monitor = classifier(), optim.Monitor()
    clock = Clock(trainer, monkeypatch)
    trainer.fit((X, LABELS), epochs=epochs, batch_size=None, callbacks=[monitor])
    assert monitor.epochs[0] == 1
    assert monitor.epochs[-1] == epochs
    assert clock.looked == pytest.approx(0.03 + 0.005 * (len(monitor.epochs) - 1))
    if epochs <= 20:
        assert len(monitor.epochs) == min(epochs, 2)
    else:
        assert len(monitor.epochs) > 8
        assert clock.looked <= monitors.SHARE * clock.now


def test_which_epochs_it_looks_at_changes_no_bit(monkeypatch):
    """By itself it goes by the clock, and training does not."""
    often, seldom = classifier(), classifier()
    often.fit((X, LABELS), epochs=6, batch_size=16, callbacks=[optim.Monitor(every=1)])
    Clock(seldom, monkeypatch)
    monitor = optim.GradientMonitor()
    seldom.fit((X, LABELS), epochs=6, batch_size=16, callbacks=[monitor])
    assert monitor.epochs == [1, 6]
    assert everything(often) == everything(seldom)


def test_alarms_are_warnings_unless_told_otherwise():
    model = born_dead()
    trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1))
    with pytest.warns(UserWarning, match="layer 1: 100 % of ReLU units are dead") as found:
        trainer.fit((X, LABELS), epochs=5, callbacks=[optim.Monitor(every=1)])
    assert next(w for w in found if "dead" in str(w.message)).filename == __file__
    with pytest.raises(ValueError, match="every must be a whole number"):
        optim.Monitor(every=0)


def test_models_that_cannot_be_looked_into_are_left_alone():
    w = nn.Parameter([[0.5], [0.5], [0.5]])
    trainer = optim.Trainer(lambda x: x @ w, nn.MSELoss(), optim.SGD([w], lr=0.1))
    monitor = optim.Monitor(every=1)
    trainer.fit((X, SMOOTH), epochs=2, callbacks=[monitor])
    assert monitor.rows == []


def test_a_resumed_run_goes_on_with_its_rows(tmp_path):
    classifier().fit((X, LABELS), epochs=2, callbacks=[optim.Monitor(every=1), optim.Checkpoint(tmp_path)])
    monitor = optim.Monitor(every=1)
    classifier().fit((X, LABELS), epochs=4, callbacks=[monitor, optim.Checkpoint(tmp_path)], resume=tmp_path)
    whole = optim.Monitor(every=1)
    classifier().fit((X, LABELS), epochs=4, callbacks=[whole])
    layers = len({row["layer"] for row in whole.rows})
    assert [row["epoch"] for row in monitor.rows] == sorted([1, 2, 3, 4] * layers)
    assert monitor.rows == whole.rows


# --- flight recorder ---------------------------------------------------------------------------------------------


def diverging(compile="auto", optimizer=None, callbacks=(), where=53):
    """A training in which one sample is so far out that its batch overflows in some epoch's step."""
    trainer = classifier(compile, optimizer=optimizer)
    x = X.copy()
    x[where] = np.inf
    return trainer, lambda: trainer.fit((x, LABELS), epochs=3, batch_size=16, callbacks=callbacks, seed=1)


@pytest.mark.parametrize("compile", ["auto", False])
@pytest.mark.parametrize("optimizer", [None, lambda p: optim.LBFGS(p, max_iter=2)], ids=["adam", "lbfgs"])
def test_the_state_before_a_loss_that_is_no_number(tmp_path, compile, optimizer):
    """As it is in a twin that is trained by hand up to the step."""
    recorder = optim.FlightRecorder(tmp_path / "flights")
    trainer, fit = diverging(compile, optimizer, [recorder])
    with pytest.raises(optim.TrainingDiverged) as found:
        fit()
    (path,) = recorder.bundles
    assert f"autograd-core replay {path}" in found.value.__notes__[0]
    bundle = flight.read(path)
    twin = classifier(False, optimizer=optimizer)
    order = np.random.default_rng(1).permutation(len(X))
    batches = [order[i : i + 16] for i in range(0, len(X), 16)]
    at = next(i for i, batch in enumerate(batches) if 53 in batch)
    assert at > 0
    for batch in batches[:at]:
        twin.step(X[batch], LABELS[batch])
    assert bundle["why"] == "nan"
    assert (bundle["step"], bundle["exact"]) == (at + 1, True)
    assert bundle["t"].tolist() == LABELS[batches[at]].tolist()
    assert {n: a.tobytes() for n, a in bundle["state"]["model"].items()} == {
        n: a.tobytes() for n, a in twin.model.state_dict().items()
    }
    assert bundle["state"]["generators"]["states"] == drawn(twin)
    assert everything(trainer)[0] == everything(twin)[0]


@pytest.mark.parametrize("compile", ["auto", False])
def test_a_spike_is_written_as_it_was_and_training_goes_on_to_the_same_bits(tmp_path, compile):
    def run(*callbacks):
        trainer = classifier(compile)
        trainer.fit(
            (X, LABELS), epochs=9, batch_size=16, callbacks=[Quake(6), *callbacks], seed=1, validation=(X, LABELS)
        )
        return trainer

    recorder = optim.FlightRecorder(tmp_path)
    with pytest.warns(UserWarning, match="the loss of step") as found:
        watched = run(recorder)
    assert next(w for w in found if "the loss of step" in str(w.message)).filename == __file__
    alone = run()
    assert everything(alone) == everything(watched)
    assert losses(alone.history) == losses(watched.history)
    bundle = flight.read(recorder.bundles[0])
    assert bundle["why"] == "spike"
    assert bundle["exact"]
    assert 36 < bundle["step"] <= 42
    assert bundle["loss"] > 3 * bundle["usual"]


def test_what_is_no_spike():
    falling = [2.0 / (1 + i) for i in range(50)]
    assert flight.spike(falling, falling[-5:], 2.0) is None
    assert flight.spike([], [1.0, 30.0], 1.0) is None  # nobody knows yet what is usual
    noise = np.exp(np.random.default_rng(0).normal(size=4000)).tolist()
    assert flight.spike(noise[:2000], noise[2000:], 1.0) is None
    assert flight.spike([1e-9] * 50, [1e-7], 1.0) is None
    assert flight.spike([1e-9] * 50, [0.1, 2.4], 2.3) == 1
    assert flight.spike([-5.0, -5.1] * 20, [-5.0, 3.0], -1.0) == 1


class Batches:
    """The digits by 32; the batch of one step is wrong by a factor."""

    def __init__(self, x, t, step, factor):
        self.x, self.t, self.step, self.factor, self.place = x, t, step, factor, 0

    def __iter__(self):
        for i in range(0, len(self.x), 32):
            self.place += 1
            yield self.x[i : i + 32] * np.float32(self.factor if self.place == self.step else 1), self.t[i : i + 32]

    def state_dict(self):
        return {"place": self.place}

    def load_state_dict(self, state):
        self.place = state["place"]


def learn_digits(folder, epochs, optimizer, callbacks=(), rng=0, factor=1.0, scale=1.0, **more):
    """What a recorder finds in a training of the digits in whose step 200 something may be wrong."""
    digits, model = datasets.load_digits(), nn.MLP([64, 32, 10], rng=rng)
    x = digits.x * np.float32(scale)
    data = (x, digits.y) if factor == 1 else Batches(x, digits.y, 200, factor)
    trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optimizer(model.parameters()))
    recorder = optim.FlightRecorder(folder)
    return trainer.fit(data, epochs=epochs, callbacks=[*callbacks, recorder], seed=rng, **more), recorder


@pytest.mark.parametrize("optimizer", [optim.Adam, lambda p, lr: optim.SGD(p, lr, momentum=0.9)], ids=["adam", "sgd"])
@pytest.mark.parametrize(("factor", "rate"), [(1e3, 1), (1, 100)], ids=["batch", "rate"])
def test_a_wrong_batch_and_a_wrong_rate_are_spikes(tmp_path, optimizer, factor, rate):
    """Inputs a thousand times too large, and one step at a hundred times the rate: the loss of the next one shoots up."""
    rates = optim.LRScheduler(lambda steps: 0.01 * (rate if steps == 199 else 1), by="step")
    with pytest.warns(UserWarning, match="the loss of step"):
        _, recorder = learn_digits(tmp_path, 5, lambda p: optimizer(p, lr=0.01), [rates], factor=factor)
    bundle = flight.read(recorder.bundles[0])
    assert (bundle["why"], bundle["step"], bundle["exact"]) == ("spike", 200 if factor != 1 else 201, True)


@pytest.mark.parametrize(("rng", "scale", "optimizer"), [
    (1, 1, lambda p: optim.Adam(p, lr=1e-2)), (2, 1 / 16, lambda p: optim.Adam(p, lr=1e-2)),
    (1, 1 / 16, lambda p: optim.SGD(p, lr=0.1, momentum=0.9)),
])  # fmt: skip
def test_a_hard_sample_of_a_network_that_knows_all_others_is_no_spike(tmp_path, rng, scale, optimizer):
    history, recorder = learn_digits(tmp_path, 200, optimizer, rng=rng, scale=scale)
    assert min(history["loss"]) < 1e-3
    assert recorder.bundles == []


def test_a_resumed_run_measures_by_the_losses_of_its_beginning(tmp_path):
    """Or the first losses after it would be those of a network that knows nothing."""
    run, whole = tmp_path / "run", optim.FlightRecorder(tmp_path / "whole")
    for epochs in (3, 5):
        recorder = optim.FlightRecorder(tmp_path / "flights")
        history = classifier().fit(
            (X, LABELS), epochs=epochs, batch_size=16, callbacks=[recorder, optim.Checkpoint(run)], resume=run
        )
    assert losses(history) == losses(classifier().fit((X, LABELS), epochs=5, batch_size=16, callbacks=[whole]))
    states = recorder.state_dict(), whole.state_dict()
    for name, size in [("first", 16), ("recent", 30)]:
        assert len(states[0][name]) == size
        assert states[0][name].tolist() == states[1][name].tolist()


@pytest.mark.parametrize("compile", ["auto", False])
def test_an_error_in_the_step(tmp_path, compile):
    """A label that there is not, which a compiled epoch may find anywhere."""
    recorder, trainer, labels = optim.FlightRecorder(tmp_path), classifier(compile), LABELS.copy()
    labels[53] = 2
    with pytest.raises(ValueError, match="labels from 0 to 2") as found:
        trainer.fit((X, labels), epochs=2, batch_size=16, callbacks=[recorder], seed=1)
    assert "autograd-core replay" in found.value.__notes__[0]
    bundle = flight.read(recorder.bundles[0])
    assert bundle["error"] == ["ValueError", str(found.value)]
    assert 2 in bundle["t"]
    order = np.random.default_rng(1).permutation(len(X)).tolist()
    assert bundle["step"] == order.index(53) // 16 + 1 > 1
    twin = classifier(False)
    for i in range(bundle["step"] - 1):
        twin.step(X[order[16 * i : 16 * i + 16]], LABELS[order[16 * i : 16 * i + 16]])
    assert everything(trainer)[0] == everything(twin)[0]
    assert bundle["state"]["generators"]["states"] == drawn(twin)


def test_an_assertion_of_ones_own(tmp_path):
    class Checked(nn.MSELoss):
        def forward(self, output, target, sample_weight=None):
            if np.any(np.asarray(target) > 100):
                raise AssertionError("a target of 100")
            return super().forward(output, target)

    model, recorder, wrong = nn.MLP([3, 4, 1], rng=0), optim.FlightRecorder(tmp_path), SMOOTH.copy()
    wrong[40] = 200
    trainer = optim.Trainer(model, Checked(), optim.Adam(model.parameters()), compile=False)
    with pytest.raises(AssertionError):
        trainer.fit((X, wrong), epochs=2, batch_size=8, callbacks=[recorder], seed=0)
    bundle = flight.read(recorder.bundles[0])
    assert bundle["error"] == ["AssertionError", "a target of 100"]
    assert 200 in bundle["t"]
    assert bundle["loss_architecture"] is None  # which only its author can build


def test_an_error_within_a_step_of_many_evaluations(tmp_path):
    """L-BFGS has moved the weights when its loss raises; the bundle has them as they were before the step."""
    calls = []

    class Failing(nn.CrossEntropyLoss):
        def forward(self, output, target, sample_weight=None):
            calls.append(len(calls))
            if len(calls) == 6:
                raise AssertionError("enough")
            return super().forward(output, target)

    def trainer(loss):
        model = nn.MLP([3, 4, 2], rng=0)
        return optim.Trainer(model, loss, optim.LBFGS(model.parameters(), lr=0.1, max_iter=4))

    recorder, whole, twin = optim.FlightRecorder(tmp_path), trainer(Failing()), trainer(nn.CrossEntropyLoss())
    with pytest.raises(AssertionError):
        whole.fit((X, LABELS), epochs=3, batch_size=None, shuffle=False, callbacks=[recorder])
    twin.step(X, LABELS)
    bundle = flight.read(recorder.bundles[0])
    assert bundle["step"] == 2
    assert [a.tobytes() for a in bundle["state"]["model"].values()] == [
        a.tobytes() for a in twin.model.state_dict().values()
    ]


def test_batches_of_ones_own_are_gone_through_once(tmp_path):
    """A spike in them is not looked for, since to find its state the recorder would have to go through them again."""
    passes = []

    class Batches:
        def __iter__(self):
            passes.append(len(passes))
            return iter([(X[i : i + 16], LABELS[i : i + 16]) for i in range(0, 96, 16)])

    recorder = optim.FlightRecorder(tmp_path)
    classifier().fit(Batches(), epochs=9, callbacks=[Quake(6), recorder])
    assert (len(passes), recorder.bundles) == (9, [])


@pytest.mark.parametrize("damage", ["short", "flip", "other", "pickle"])
def test_bundles_that_are_none(tmp_path, damage):
    recorder = optim.FlightRecorder(tmp_path)
    _, fit = diverging(callbacks=[recorder])
    with pytest.raises(optim.TrainingDiverged):
        fit()
    content, path = recorder.bundles[0].read_bytes(), tmp_path / "x.npz"
    at = content.index(flight.read(recorder.bundles[0])["state"]["model"]["0.bias"].tobytes())
    path.write_bytes(
        {
            "short": content[:at],
            "flip": content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :],
            "pickle": b"\x80\x04K\x01.",
        }.get(damage, b"")
    )
    if damage == "other":
        optim.checkpoint.write(path, {"a": 1})
    with pytest.raises(ValueError, match=r"x\.npz|bundle"):
        flight.read(path)
    with pytest.raises(FileNotFoundError, match="there is no bundle"):
        flight.read(tmp_path / "none.npz")


def test_a_folder_that_cannot_be_written_to_is_told_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    trainer, fit = diverging(callbacks=[optim.FlightRecorder(tmp_path / "file" / "flights")])
    before = everything(trainer)
    with pytest.raises(OSError, match="cannot write to"):
        fit()
    assert everything(trainer) == before
    with pytest.raises(ValueError, match="most must be a whole number"):
        optim.FlightRecorder(tmp_path, most=0)
