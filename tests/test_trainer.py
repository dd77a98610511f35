"""Training: batches, the Trainer's promises (same seed, same bits; watching changes nothing), early stopping, metrics,
history, and what it says when something is wrong."""

import copy
import csv
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_core import Tensor, datasets, nn, optim
from autograd_core.optim import measuring, metrics

RNG = np.random.default_rng(7)
X = RNG.normal(size=(37, 3)).astype(np.float32)
LABELS = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])  # classes 0, 1, 2
SMOOTH = (X @ [[1.0], [-2.0], [0.5]]).astype(np.float32)
HELD_X = RNG.normal(size=(20, 3)).astype(np.float32)
HELD_LABELS = RNG.integers(0, 3, 20)  # noise: what is learned from X soon does harm here


def classifier(dropout=0.0, lr=0.05, rng=0, **more):
    model = nn.MLP([3, 8, 3], dropout=dropout, rng=rng)
    return optim.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=lr), **more)


def regressor(lr=0.05, dtype=np.float32, **more):
    model = nn.MLP([3, 1], rng=0, dtype=dtype)
    return optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=lr), **more)


def weights(trainer):
    return b"".join(value.tobytes() for value in trainer.model.state_dict().values())


def measured(history):
    """The rows without what the clock says."""
    return [{k: v for k, v in row.items() if k != "seconds"} for row in history.rows]


# --- batches ---------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.integers(1, 60), st.one_of(st.none(), st.integers(1, 70)), st.one_of(st.none(), st.integers(0, 3)))
def test_every_sample_comes_once_an_epoch_with_its_target(n, size, seed):
    x = np.arange(n)
    batches = optim.Minibatches(x, 10 * x, size, None if seed is None else np.random.default_rng(seed))
    orders = []
    for _ in range(2):
        parts = list(batches)
        assert len(parts) == len(batches)
        assert [len(p) for p, _ in parts[:-1]] == [size or n] * (len(parts) - 1)
        order = np.concatenate([p for p, _ in parts])
        np.testing.assert_array_equal(np.concatenate([t for _, t in parts]), 10 * order)
        np.testing.assert_array_equal(np.sort(order), x)
        orders.append(order.tolist())
    if seed is None:
        assert orders[0] == orders[1] == x.tolist()
    elif n > 20:
        assert orders[0] != orders[1]  # a new order every epoch


@pytest.mark.parametrize("size", [None, 1, 5, 37, 1000])
def test_any_batch_size_trains(size):
    trainer = regressor(lr=0.02)
    history = trainer.fit((X, SMOOTH), epochs=3, batch_size=size)
    assert history["loss"][2] < history["loss"][0]


def test_the_loss_of_an_epoch_is_the_mean_over_samples():
    """37 samples in batches of 10: the last batch of 7 must not weigh as much as the others."""
    trainer = regressor(lr=1e-30)
    history = trainer.fit((X, SMOOTH), epochs=1, batch_size=10)
    assert history["loss"][0] == pytest.approx(trainer.evaluate((X, SMOOTH))["loss"], rel=1e-5)


# --- same seed, same bits --------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bits():
    first, second, other = (classifier(dropout=0.3) for _ in range(3))
    first.fit((X, LABELS), epochs=3, batch_size=8, seed=5)
    second.fit((X, LABELS), epochs=3, batch_size=8, seed=np.random.default_rng(5))
    other.fit((X, LABELS), epochs=3, batch_size=8, seed=6)
    assert measured(first.history) == measured(second.history)
    assert weights(first) == weights(second) != weights(other)


def test_nothing_touches_the_global_generator():
    before = np.random.get_state()[1].tolist()
    classifier(dropout=0.3).fit((X, LABELS), epochs=1)
    assert np.random.get_state()[1].tolist() == before


class Watch:
    def __init__(self):
        self.modes = []

    def on_epoch_end(self, trainer, row):
        self.modes.append(trainer.model.training)


def test_watching_changes_nothing():
    """Validation, metrics and callbacks change neither parameters nor generators nor the training mode."""
    alone, watched, watch = classifier(dropout=0.3), classifier(dropout=0.3, metrics=["accuracy"]), Watch()
    alone.fit((X, LABELS), epochs=4, batch_size=8)
    watched.fit((X, LABELS), epochs=4, batch_size=8, validation=(HELD_X, HELD_LABELS), callbacks=[watch])
    assert weights(alone) == weights(watched)
    assert alone.history["loss"] == watched.history["loss"]
    assert watch.modes == [True] * 4
    assert alone.model[2].rng.bit_generator.state == watched.model[2].rng.bit_generator.state


@pytest.mark.parametrize(
    "look", [lambda t: t.evaluate((HELD_X, HELD_LABELS)), lambda t: t.predict(HELD_X)], ids=["evaluate", "predict"]
)
@pytest.mark.parametrize("modes", [(True, True), (False, False), (True, False), (False, True)])
def test_looking_at_a_model_leaves_it_as_it_was(look, modes):
    trainer = classifier(dropout=0.5)
    trainer.model.training, trainer.model[2].training = modes
    before, generator = weights(trainer), trainer.model[2].rng.bit_generator.state
    np.testing.assert_equal(look(trainer), look(trainer))  # dropout is off: twice the same
    assert weights(trainer) == before
    assert (trainer.model.training, trainer.model[2].training) == modes
    assert trainer.model[2].rng.bit_generator.state == generator
    assert all(p.grad is None for p in trainer.model.parameters())


def test_looking_is_not_recorded():
    """No graph is built where no gradients are needed: it would take the memory of the whole set."""
    recorded = []

    class Noting(nn.Linear):
        def forward(self, x):
            y = super().forward(x)
            recorded.append(y.requires_grad)
            return y

    model = Noting(3, 1)
    trainer = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.01), compile=False)
    trainer.evaluate((X, SMOOTH))
    trainer.predict(X)
    trainer.fit((X, SMOOTH), epochs=1, batch_size=None, validation=(X, SMOOTH))
    assert recorded == [False, False, True, False]


def test_the_mode_comes_back_after_an_error():
    trainer = classifier()
    with pytest.raises(ValueError, match="must hold 3 features"):
        trainer.predict(np.ones((2, 5)))
    assert trainer.model.training


# --- data of all kinds -----------------------------------------------------------------------------------------


class Batches:
    """Any re-iterable will do."""

    def __init__(self, *batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)


TWO = ((X[:20], LABELS[:20]), (X[20:], LABELS[20:]))


@pytest.mark.parametrize(
    "data",
    [
        (X, LABELS),
        [X, LABELS],
        (X.astype(float), LABELS.astype(np.int8)),
        (Tensor(X), Tensor(LABELS)),
        (X.tolist(), LABELS.tolist()),
        datasets.Dataset(X, LABELS),
        datasets.DataLoader((X, LABELS), batch_size=20),
        Batches(*TWO),
        list(TWO),
        TWO,
        [(Tensor(x), t) for x, t in TWO],
    ],
    ids=[
        "pair", "list of arrays", "other dtypes", "tensors", "lists", "Dataset", "DataLoader", "re-iterable",
        "list of two batches", "tuple of two batches", "batches of tensors",
    ],
)  # fmt: skip
def test_data_of_all_kinds_train_alike(data):
    expected, trainer = classifier(), classifier()
    expected.fit((X, LABELS), epochs=2, batch_size=20, shuffle=False)
    trainer.fit(data, epochs=2, batch_size=20, shuffle=False)
    assert weights(trainer) == weights(expected)
    assert trainer.evaluate(data) == pytest.approx(expected.evaluate((X, LABELS)), rel=1e-6)


def test_a_shuffling_loader_draws_its_own_order():
    first, second = classifier(), classifier()
    for trainer in (first, second):
        trainer.fit(datasets.DataLoader((X, LABELS), batch_size=8, shuffle=True, rng=1), epochs=3)
    assert weights(first) == weights(second)


@pytest.mark.parametrize("x", [X.astype(float), (X > 0), (10 * X).astype(int)], ids=lambda x: str(x.dtype))
def test_inputs_take_the_dtype_of_the_parameters(x):
    trainer = classifier()
    assert trainer.predict(x).dtype == np.float32
    assert trainer.step(x.astype(np.float32), LABELS)[0].dtype == np.float32
    trainer.fit((x, LABELS), epochs=1)
    assert all(p.grad.dtype == np.float32 for p in trainer.model.parameters())
    assert regressor(dtype=np.float64).predict(x).dtype == np.float64


def test_a_model_and_a_loss_of_any_shape_will_do():
    """The Trainer only calls what it is given."""
    w = Tensor(np.zeros((3, 1)), requires_grad=True)
    trainer = optim.Trainer(lambda x: x @ w, lambda y, t: np.square(y - t).mean(), optim.SGD([w], lr=0.2))
    trainer.fit((X.astype(float), SMOOTH), epochs=100, batch_size=None)
    np.testing.assert_allclose(w.value.ravel(), [1, -2, 0.5], atol=1e-3)
    assert trainer.evaluate((X.astype(float), SMOOTH))["loss"] < 1e-5


@pytest.mark.parametrize("chunk", [1, 7, 20, 1000])
def test_large_sets_are_measured_in_pieces(chunk, monkeypatch):
    monkeypatch.setattr(measuring, "CHUNK", chunk)
    trainer = classifier(metrics=["accuracy"])
    output = trainer.model.eval()(HELD_X).value
    np.testing.assert_allclose(trainer.predict(HELD_X), output, rtol=1e-5, atol=1e-6)
    found = trainer.evaluate((HELD_X, HELD_LABELS))
    assert found["loss"] == pytest.approx(nn.CrossEntropyLoss()(output, HELD_LABELS), rel=1e-5)
    assert found["accuracy"] == np.mean(output.argmax(axis=1) == HELD_LABELS)
    assert list(found) == ["loss", "accuracy"]


def test_no_rows_give_no_outputs():
    assert classifier().predict(X[:0]).shape == (0, 3)


# --- descent ---------------------------------------------------------------------------------------------------


class Bowl(nn.Module):
    """J = θ1² + θ2², whatever the data."""

    def __init__(self):
        self.theta = nn.Parameter(np.array([3.0, -2.0]))

    def forward(self, x):
        return self.theta


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.9, 1.0])
def test_full_batch_descent_is_the_closed_form(alpha):  # D1: θ ← θ − α·2θ
    model, path = Bowl(), []

    class Note:
        def on_epoch_end(self, trainer, row):
            path.append(model.theta.numpy())

    trainer = optim.Trainer(model, lambda theta, t: (theta**2).sum(), optim.SGD(model.parameters(), lr=alpha))
    history = trainer.fit((np.zeros((4, 1)), np.zeros(4)), epochs=20, batch_size=None, callbacks=[Note()])
    factors = (1 - 2 * alpha) ** np.arange(1, 21)
    np.testing.assert_allclose(path, np.outer(factors, [3.0, -2.0]), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(history["loss"], [13.0, *(13 * factors[:-1] ** 2)], rtol=1e-12, atol=1e-300)


def test_a_step_is_gradient_descent_by_hand():
    trainer = regressor(lr=0.1, dtype=np.float64)
    x, t = X[:5].astype(float), SMOOTH[:5].astype(float)
    w, b = (np.array(p.value) for p in trainer.model.parameters())
    for _ in range(2):  # gradients of the first step must not add to the second's
        output, loss = trainer.step(x, t)
        error = x @ w.T + b - t
        np.testing.assert_allclose(output, error + t)
        assert loss == pytest.approx((error**2).mean())
        w, b = w - 0.1 * 2 / 5 * error.T @ x, b - 0.1 * 2 * error.mean()
        np.testing.assert_allclose(trainer.model[0].weight.value, w)
        np.testing.assert_allclose(trainer.model[0].bias.value, b)


def test_no_step_is_counted_twice_towards_the_compiler():
    trainer = classifier(compile=False)
    for asked, callbacks in [(6, []), (12, [StepEnd()])]:  # epochs as one call, and one by one
        trainer.fit((X, LABELS), epochs=3, batch_size=20, callbacks=callbacks)
        assert trainer.asked == asked
    trainer.step(X[:20], LABELS[:20])
    assert trainer.asked == 13


class StepEnd:
    def on_step_end(self, trainer):
        pass


def test_the_schedule_steps_after_each_epoch():
    model = nn.MLP([3, 1], rng=0)
    opt = optim.SGD(model.parameters(), lr=0.08)
    trainer = optim.Trainer(model, nn.MSELoss(), opt, schedule=optim.StepLR(opt, step_size=2, gamma=0.5))
    assert trainer.fit((X, SMOOTH), epochs=5)["lr"] == [0.08, 0.08, 0.04, 0.04, 0.02]
    assert trainer.fit((X, SMOOTH), epochs=2)["lr"] == [0.02, 0.01]  # a second call goes on


def test_fitting_twice_goes_on_and_keeps_the_history_of_the_call():
    once, twice = classifier(), classifier()
    once.fit((X, LABELS), epochs=4, shuffle=False)
    first = twice.fit((X, LABELS), epochs=2, shuffle=False)
    second = twice.fit((X, LABELS), epochs=2, shuffle=False)
    assert weights(once) == weights(twice)
    assert first["loss"] + second["loss"] == once.history["loss"]
    assert twice.history is second


# --- callbacks and early stopping ------------------------------------------------------------------------------


def test_callbacks_hear_what_they_have_methods_for():
    heard = []

    class Begin:
        def on_fit_begin(self, trainer):
            heard.append("begin")

    class All(Begin):
        def on_epoch_end(self, trainer, row):
            heard.append(row["epoch"])
            assert trainer.history.rows[-1] is row

        def on_fit_end(self, trainer):
            heard.append("end")

    regressor().fit((X, SMOOTH), epochs=2, callbacks=iter([Begin(), All()]))
    assert heard == ["begin", "begin", 1, 2, "end"]


@pytest.mark.parametrize("useless", [object(), 3, lambda trainer, row: None, optim.EarlyStopping])
def test_a_callback_that_would_never_hear_anything_is_refused(useless):
    with pytest.raises(TypeError, match="a callback is an object with on_fit_begin"):
        regressor().fit((X, SMOOTH), epochs=1, callbacks=[useless])


def test_an_optimizer_of_another_model_is_refused():
    with pytest.raises(ValueError, match="no parameter of this model"):
        optim.Trainer(nn.MLP([1, 1]), nn.MSELoss(), optim.SGD(nn.MLP([1, 1]).parameters()))


def test_a_loss_that_is_no_number_changes_no_weight():
    trainer = regressor()
    before = trainer.model.state_dict()
    with pytest.raises(optim.TrainingDiverged):
        trainer.fit((np.full_like(X, np.nan), SMOOTH), epochs=1)
    assert all(np.array_equal(before[k], v) for k, v in trainer.model.state_dict().items())


@pytest.mark.parametrize(
    ("monitor", "mode", "sign"), [("val_rmse", "min", -1), ("val_r2", None, 1), ("loss", None, -1)]
)
def test_early_stopping_knows_or_is_told_the_direction(monitor, mode, sign):
    assert optim.EarlyStopping(monitor=monitor, mode=mode).sign == sign


def test_early_stopping_asks_for_the_direction_of_what_it_does_not_know():
    with pytest.raises(ValueError, match='say mode="min" or mode="max"'):
        optim.EarlyStopping(monitor="val_rmse")


def test_a_callback_stops_training():
    class Stop:
        def on_epoch_end(self, trainer, row):
            if row["epoch"] == 3:
                trainer.stop = "enough"

    trainer = regressor()
    history = trainer.fit((X, SMOOTH), epochs=9, callbacks=[Stop()])
    assert (len(history), history.stopped) == (3, "enough")
    assert len(trainer.fit((X, SMOOTH), epochs=2)) == 2  # the reason of the last call is forgotten


@pytest.mark.parametrize("monitor", ["val_loss", "val_accuracy", "val_mistakes_loss"])
def test_early_stopping_gives_the_weights_of_the_best_epoch(monitor):
    """Bit for bit those of a run that was told to end there."""

    def mistakes_loss(output, target):
        return float((output.argmax(axis=1) != target).mean())

    def fit(epochs, callbacks):
        trainer = classifier(dropout=0.2, metrics=["accuracy", mistakes_loss])
        trainer.fit((X, LABELS), epochs=epochs, batch_size=8, validation=(HELD_X, HELD_LABELS), callbacks=callbacks)
        return trainer

    stopped = fit(60, [optim.EarlyStopping(patience=4, monitor=monitor)])
    history = stopped.history
    column = history[monitor]
    best = column.index(max(column) if monitor == "val_accuracy" else min(column)) + 1
    assert history.best_epoch == best  # the first of equals
    assert len(history) == best + 4 < 60
    assert history.stopped == f"{monitor} has not improved for 4 epochs"
    assert weights(stopped) == weights(fit(best, []))
    kept = fit(60, [optim.EarlyStopping(patience=4, monitor=monitor, restore_best=False)])
    assert weights(kept) == weights(fit(best + 4, []))
    assert kept.history.best_epoch == best


def scripted(values, name="val_loss", **settings):
    """What EarlyStopping does when the monitored column takes these values."""
    model = nn.Linear(1, 1)

    class Trainer:
        stop, history = None, optim.History()

    trainer, stopping = Trainer(), optim.EarlyStopping(monitor=name, **settings)
    trainer.model = model
    stopping.on_fit_begin(trainer)
    for epoch, value in enumerate(values, 1):
        model.bias.data = [epoch]
        stopping.on_epoch_end(trainer, {"epoch": epoch, name: value})
        if trainer.stop:
            break
    stopping.on_fit_end(trainer)
    return epoch, trainer.history.best_epoch, model.bias.item()


@pytest.mark.parametrize(
    ("values", "settings", "expected"),
    [
        ([3, 2, 1], {"patience": 1}, (3, 3, 3)),
        ([3, 2, 2, 1], {"patience": 1}, (3, 2, 2)),  # equal is no better
        ([3, 4, 2, 5, 6, 1], {"patience": 2}, (5, 3, 3)),  # an improvement starts the count anew
        ([3.0, 2.95, 2.91, 2.0], {"patience": 2, "min_delta": 0.1}, (3, 1, 1)),
        ([3.0, 2.95, 2.85], {"patience": 2, "min_delta": 0.1}, (3, 3, 3)),
        ([3.0, math.nan, math.nan], {"patience": 2}, (3, 1, 1)),
        ([0.5, 0.6, 0.55, 0.4], {"patience": 2, "name": "val_accuracy"}, (4, 2, 2)),
        ([0.5, 0.4, 0.45, 0.6], {"patience": 2, "name": "val_mae"}, (4, 2, 2)),
        ([-3.0, -2.0], {"patience": 2, "name": "val_r2"}, (2, 2, 2)),
    ],
)
def test_early_stopping_epoch_by_epoch(values, settings, expected):
    assert scripted(values, **settings) == expected


# --- metrics ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "target", "expected"),
    [
        ([[1, 2, 0], [3, 1, 0], [0, 0, 9]], [1, 1, 2], 2 / 3),
        ([[1, 2, 0], [3, 1, 0], [0, 0, 9]], [[0, 1, 0], [1, 0, 0], [0.4, 0.6, 0]], 2 / 3),
        ([[-1], [2], [0.5], [-3]], [0, 1, 0, 0], 3 / 4),
        ([[-1], [2], [0.5], [-3]], [[0], [1], [0], [1]], 1 / 2),
        ([-1, 2], [0, 1], 1.0),
    ],
)
def test_accuracy(output, target, expected):
    assert metrics.accuracy(np.array(output, float), np.array(target)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("output", "target", "expected"),
    [
        ([1, 2, 4], [1, 2, 3], 1 - 1 / 2),
        ([[1], [2], [4]], [1, 2, 3], 1 - 1 / 2),
        ([[1, 5], [2, 6], [4, 7]], [[1, 5], [2, 6], [3, 7]], 1 - (1 / 2 + 0) / 2),
        ([2, 2], [2, 2], 1.0),
        ([2, 3], [2, 2], 0.0),
        ([3, 1], [1, 3], 1 - 8 / 2),
    ],
)
def test_r2(output, target, expected):
    assert metrics.r2(np.array(output, float), np.array(target)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("output", "target", "expected"),
    [([1, -2], [3, -2], 1.0), ([[1], [2]], [[0], [4]], 1.5), ([[1], [2]], [1, 2], 0.0)],
)
def test_mae(output, target, expected):
    assert metrics.mae(np.array(output, float), np.array(target)) == pytest.approx(expected)


def test_metrics_and_functions_of_ones_own_become_columns():
    def worst(output, target):
        return float(np.abs(output - target).max())

    trainer = regressor(metrics=["r2", "mae", worst])
    history = trainer.fit((X, SMOOTH), epochs=2, validation=(X, SMOOTH))
    assert history.columns == [
        "epoch", "loss", "r2", "mae", "worst", "lr", "seconds", "val_loss", "val_r2", "val_mae", "val_worst",
    ]  # fmt: skip
    error = trainer.predict(X) - SMOOTH
    assert history["val_worst"][-1] == pytest.approx(np.abs(error).max())
    assert history["val_mae"][-1] == pytest.approx(np.abs(error).mean())
    assert history["val_r2"][-1] == pytest.approx(
        1 - (error**2).sum() / ((SMOOTH - SMOOTH.mean()) ** 2).sum(), rel=1e-4
    )
    assert history["val_loss"][-1] == pytest.approx((error**2).mean(), rel=1e-5)
    assert all(type(v) is float for row in history.rows for k, v in row.items() if k != "epoch")


def test_training_metrics_cover_the_whole_epoch():
    trainer = regressor(lr=1e-30, metrics=["mae"])
    history = trainer.fit((X, SMOOTH), epochs=1, batch_size=10)
    assert history["mae"][0] == pytest.approx(trainer.evaluate((X, SMOOTH))["mae"], rel=1e-5)


# --- history ---------------------------------------------------------------------------------------------------


def history_of(rows):
    history = optim.History()
    for row in rows:
        history.append(row)
    return history


ROWS = [{"epoch": 1, "loss": 1 / 3, "lr": 0.1}, {"epoch": 2, "loss": 0.25, "lr": 0.1, "val_loss": 1e-17}]


def test_history_as_csv(tmp_path):
    history_of(ROWS).to_csv(tmp_path / "history.csv")
    with open(tmp_path / "history.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["epoch", "loss", "lr", "val_loss"],
        ["1", "0.3333333333333333", "0.1", ""],
        ["2", "0.25", "0.1", "1e-17"],
    ]


def test_history_as_json(tmp_path):
    history_of(ROWS).to_json(tmp_path / "history.json")
    assert json.loads((tmp_path / "history.json").read_text(encoding="utf-8")) == ROWS


def test_history_of_a_run_is_saved_in_full(tmp_path):
    history = classifier(metrics=["accuracy"]).fit((X, LABELS), epochs=2, validation=(HELD_X, HELD_LABELS))
    history.to_json(tmp_path / "history.json")
    assert json.loads((tmp_path / "history.json").read_text(encoding="utf-8")) == history.rows
    history.to_csv(tmp_path / "history.csv")
    with open(tmp_path / "history.csv", newline="", encoding="utf-8") as file:
        assert [float(row["val_accuracy"]) for row in csv.DictReader(file)] == history["val_accuracy"]


def test_history_as_a_table():
    history = history_of(ROWS)
    assert len(history) == 2
    assert history["val_loss"] == [None, 1e-17]
    assert repr(history).splitlines() == [
        " epoch      loss        lr  val_loss",
        "     1    0.3333       0.1          ",
        "     2      0.25       0.1     1e-17",
    ]
    with pytest.raises(KeyError, match="no column 'val_los'; it has epoch, loss, lr, val_loss"):
        history["val_los"]
    with pytest.raises(KeyError, match="no rows yet"):
        optim.History()["loss"]


def test_a_long_history_shows_its_ends():
    lines = repr(history_of({"epoch": i, "loss": 1.0} for i in range(1, 101))).splitlines()
    assert [line.split()[0] for line in lines] == ["epoch", "1", "2", "3", "4", "5", "…", "96", "97", "98", "99", "100"]


# --- what is shown ---------------------------------------------------------------------------------------------


def test_training_is_quiet_where_there_is_no_terminal(capfd):
    regressor().fit((X, SMOOTH), epochs=3, validation=(X, SMOOTH))
    assert capfd.readouterr() == ("", "")


def test_a_bar_on_demand(capfd):
    regressor().fit((X, SMOOTH), epochs=3, progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "0/3" in err
    assert "loss=" in err


# --- what goes wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["inf", "nan"])
def test_divergence_says_when_and_keeps_the_history(loss):
    trainer = regressor(lr=0.01)
    if loss == "nan":

        class Poison:
            def on_epoch_end(self, trainer, row):
                if row["epoch"] == 2:
                    trainer.model[0].bias.data = [np.nan]

        callbacks, lr, epoch = [Poison()], 0.01, 3
    else:
        trainer.optimizer.param_groups[0]["lr"] = lr = 1e18
        callbacks, epoch = [], 1
    with pytest.raises(
        optim.TrainingDiverged,
        match=rf"loss became {loss} in epoch {epoch}, batch \d.*\(now {lr:g}\)".replace("+", r"\+"),
    ):
        trainer.fit((X, SMOOTH), epochs=9, batch_size=5, callbacks=callbacks)
    assert len(trainer.history) == epoch - 1
    assert issubclass(optim.TrainingDiverged, ArithmeticError)


def one_pass():
    return (batch for batch in TWO)


@pytest.mark.parametrize(
    ("call", "error", "fragment"),
    [
        (lambda t: t.fit((X, LABELS), epochs=0), ValueError, "at least 1 epoch, not 0"),
        (lambda t: t.fit((X, LABELS[:-1])), ValueError, "37 inputs and 36 targets: they must go in pairs"),
        (lambda t: t.fit((X[:0], LABELS[:0])), ValueError, "no data to train on: 0 samples"),
        (lambda t: t.fit((X, LABELS), batch_size=0), ValueError, "a batch has at least 1 sample, not 0"),
        (lambda t: t.fit((X, LABELS), batch_size=-3), ValueError, "not -3; None takes all at once"),
        (lambda t: t.fit(one_pass(), epochs=2), ValueError, "iterated anew each epoch"),
        (lambda t: t.fit(Batches()), ValueError, "the batches ended before the first"),
        (lambda t: t.fit((X, LABELS), epochs=2, validation=one_pass()), ValueError, "anew"),
        (lambda t: t.evaluate(Batches()), ValueError, "no data|batches ended"),
        (lambda t: t.evaluate((X[:0], LABELS[:0])), ValueError, "0 samples"),
        (lambda t: t.fit((X[:, :2], LABELS)), ValueError, "its last axis must hold 3 features"),
        (lambda t: t.fit((X, LABELS + 1)), ValueError, "labels from 1 to 3; they must be 0 to 2"),
        (lambda t: t.fit((X, SMOOTH)), ValueError, r"an output of shape \(32, 3\) and a target of shape \(32, 1\)"),
        (
            lambda t: t.fit((X, LABELS), callbacks=[optim.EarlyStopping()]),
            ValueError,
            "monitors 'val_loss', which is not measured; there is epoch, loss, lr, seconds. Give fit a validation set",
        ),
        (
            lambda t: t.fit((X, LABELS), callbacks=optim.TimeLimit(1)),
            TypeError,
            r"callbacks are given as a list, callbacks=\[\.\.\.\]",
        ),
        (lambda t: optim.EarlyStopping(patience=0), ValueError, "patience counts epochs, at least 1; it is 0"),
        (lambda t: classifier(metrics=["acuracy"]), ValueError, "no metric 'acuracy'; there are accuracy, r2, mae"),
        (
            lambda t: optim.Trainer(t.model, nn.CrossEntropyLoss(reduction="none"), t.optimizer).fit((X, LABELS)),
            ValueError,
            "needs to know what to minimise",
        ),
    ],
)
def test_errors_say_what_is_wrong(call, error, fragment):
    with pytest.raises(error, match=fragment):
        call(classifier())


def test_an_error_before_training_changes_nothing():
    trainer = classifier()
    before, state = weights(trainer), copy.deepcopy(trainer.optimizer.state_dict())
    with pytest.raises(ValueError, match="labels from"):
        trainer.fit((X, LABELS + 1))
    assert weights(trainer) == before
    np.testing.assert_equal(trainer.optimizer.state_dict(), state)
