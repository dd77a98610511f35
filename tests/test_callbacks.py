"""Callbacks: early stopping and its warm-up, loggers, the time limit, schedules as callbacks, the learning-rate finder,
Ctrl-C, and who is told what in which order."""

import csv
import json
import math
import os
import re
import signal
import threading
from pathlib import Path

import numpy as np
import pytest

from autograd_core import datasets, nn, optim
from autograd_core.optim import callbacks
from autograd_core.optim.telling import EVENTS

RNG = np.random.default_rng(7)
X = RNG.normal(size=(40, 3)).astype(np.float32)
Y = (X @ [[1.0], [-2.0], [0.5]]).astype(np.float32)
STEPS = 5


def regressor(lr=0.05, compile="auto", dropout=0.0, **settings):
    model = nn.MLP([3, 8, 1], dropout=dropout, rng=0)
    return optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=lr), compile=compile, **settings)


def fit(trainer, epochs=4, callbacks=(), **settings):
    return trainer.fit((X, Y), epochs, 8, callbacks=callbacks, **settings)


class At:
    """Calls something after a step, or after an epoch."""

    def __init__(self, do, step=None, epoch=None):
        self.do, self.step, self.epoch = do, step, epoch
        if step is not None:
            self.on_step_end = self._on_step_end

    def _on_step_end(self, trainer):
        if trainer.place.steps == self.step:
            self.do(trainer)

    def on_epoch_end(self, trainer, row):
        if row["epoch"] == self.epoch:
            self.do(trainer)


# --- who is told what ------------------------------------------------------------------------------------------


PAGE = Path(__file__).parents[1] / "docs" / "howto" / "watch_a_training.md"


@pytest.mark.parametrize("told", [callbacks.__doc__, PAGE.read_text(encoding="utf-8")], ids=["docstring", "page"])
def test_all_events_are_told_of_as_they_come(told):
    """A callback made of the names and arguments that are promised hears all of them, in this order."""
    promised, heard = dict(re.findall(r"`(on_\w+)\(([\w, ]+)\)`", told)), []
    assert list(promised) == list(EVENTS)
    own = type("Own", (), {})()
    for name, arguments in promised.items():
        setattr(own, name, eval(f"lambda {arguments}: note({name!r})", {"note": heard.append}))
    before = regressor()
    fit(before, 1)
    wrong = X.copy()
    wrong[0, 0] = math.nan
    with pytest.raises(optim.TrainingDiverged):
        regressor(compile=False).fit((wrong, Y), 2, 8, callbacks=[own], resume=before.state_dict())
    assert heard[:3] == ["on_fit_begin", "on_resume", "on_eager_step"]
    assert heard[-2:] == ["on_step_failed", "on_fit_end"]
    fit(regressor(), 1, [own])
    assert heard[-2:] == ["on_epoch_end", "on_fit_end"]
    assert set(heard) == set(EVENTS)


def test_who_is_told_last_is_told_of_the_end_first():
    heard = []

    class Told:
        def __init__(self, name, last=False):
            self.name, self.told_last = name, last

        def on_fit_begin(self, trainer):
            heard.append(("begin", self.name))

        def on_resume(self, trainer):
            heard.append(("resume", self.name))

        def on_step_end(self, trainer):
            heard.append(("step", self.name))

        def on_epoch_end(self, trainer, row):
            heard.append(("epoch", self.name))

        def on_fit_end(self, trainer):
            heard.append(("end", self.name))

    trainer, callbacks = regressor(), [Told("writes", last=True), Told("a"), Told("b")]
    trainer.fit((X, Y), 1, None, callbacks=callbacks)
    order = ["a", "b", "writes"]
    expected = [(event, name) for event in ("begin", "step", "epoch") for name in order]
    assert heard == [*expected, *(("end", name) for name in ("writes", "a", "b"))]
    heard.clear()
    trainer.fit((X, Y), 2, None, callbacks=callbacks, resume=trainer.state_dict())
    assert heard[3:6] == [("resume", name) for name in order]


def test_the_schedule_has_stepped_before_those_who_write_are_told():
    seen = []

    class Rates:
        def __init__(self, last):
            self.told_last = last

        def on_step_end(self, trainer):
            seen.append(trainer.optimizer.param_groups[0]["lr"])

    model = nn.MLP([3, 1], rng=0)
    opt = optim.SGD(model.parameters(), lr=1.0)
    trainer = optim.Trainer(model, nn.MSELoss(), opt, schedule=optim.ExponentialLR(opt, 0.5), schedule_by="step")
    trainer.fit((X, 0 * Y), 1, None, callbacks=[Rates(True), Rates(False)])
    assert seen == [1.0, 0.5]


# --- early stopping --------------------------------------------------------------------------------------------


class Scores:
    """Writes a given number into each row."""

    def __init__(self, values):
        self.values = values

    def on_epoch_end(self, trainer, row):
        row["val_loss"] = self.values[row["epoch"] - 1]


@pytest.mark.parametrize(
    ("values", "given", "epochs", "best"),
    [
        ([1, 2, 3, 4, 5, 6], {"patience": 2}, 3, 1),
        ([1, 2, 3, 4, 5, 6], {"patience": 2, "warm_up": 2}, 5, 3),  # what was better in the warm-up does not count
        ([5, 9, 9, 4, 5, 6], {"patience": 2, "warm_up": 3}, 6, 4),
        ([1, math.nan, math.nan, 0, 0, 0], {"patience": 2}, 3, 1),  # no number is never better
        ([1, 2, 3, 4, 5, 6], {"patience": 2, "warm_up": 9}, 6, None),
    ],
)
def test_early_stopping_after_a_warm_up(values, given, epochs, best):
    history = fit(regressor(), 6, [Scores(values), optim.EarlyStopping(**given)])
    assert (len(history), history.best_epoch) == (epochs, best)


def test_a_warm_up_is_a_number_of_epochs():
    with pytest.raises(ValueError, match="warm_up must be at least 0"):
        optim.EarlyStopping(warm_up=-1)


# --- loggers ---------------------------------------------------------------------------------------------------


def test_a_log_holds_every_epoch_as_soon_as_it_is_over(tmp_path):
    logs = [optim.CSVLogger(tmp_path / "new" / "a.csv"), optim.JSONLogger(tmp_path / "a.jsonl")]
    counted = []

    def count(trainer):
        with open(logs[0].path, newline="") as file:
            rows = list(csv.DictReader(file))
        lines = logs[1].path.read_text().splitlines()
        counted.append((len(rows), len(lines)))
        assert (
            [float(r["loss"]) for r in rows] == [json.loads(line)["loss"] for line in lines] == trainer.history["loss"]
        )

    fit(regressor(), 3, [*logs, *(At(count, epoch=i) for i in (1, 2, 3))])
    assert counted == [(1, 1), (2, 2), (3, 3)]


def test_a_column_that_comes_up_later(tmp_path):
    class Adds:
        def on_epoch_end(self, trainer, row):
            if row["epoch"] > 1:
                row["extra"] = np.float32(row["epoch"]) if row["epoch"] < 3 else math.inf

    history = fit(regressor(), 3, [Adds(), optim.CSVLogger(tmp_path / "a.csv"), optim.JSONLogger(tmp_path / "a.jsonl")])
    with open(tmp_path / "a.csv", newline="") as file:
        assert [row["extra"] for row in csv.DictReader(file)] == ["", "2.0", "inf"]
    lines = [json.loads(line, parse_constant=pytest.fail) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [line.get("extra", "-") for line in lines] == ["-", 2.0, None]
    assert lines[0] == history.rows[0]


def test_a_resumed_log_has_every_epoch_once(tmp_path):
    """The process that was killed had logged more than the checkpoint knows."""

    def logs():
        return [optim.CSVLogger(tmp_path / "a.csv"), optim.JSONLogger(tmp_path / "a.jsonl")]

    trainer = regressor()
    fit(trainer, 2)
    state = trainer.state_dict()
    fit(regressor(), 3, logs())
    with open(tmp_path / "a.jsonl", "a") as file:
        file.write('{"epoch": 4, "lo')
    fit(regressor(), 5, logs(), resume=state)
    with open(tmp_path / "a.csv", newline="") as file:
        assert [int(row["epoch"]) for row in csv.DictReader(file)] == [1, 2, 3, 4, 5]
    assert [json.loads(line)["epoch"] for line in (tmp_path / "a.jsonl").read_text().splitlines()] == [1, 2, 3, 4, 5]


def test_a_log_that_cannot_be_written_is_told_of_before_training(tmp_path):
    trainer = regressor()
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(OSError, match=r"a.csv could not be written"):
        fit(trainer, callbacks=[optim.CSVLogger(tmp_path / "a.csv")])
    assert trainer.place.steps == 0


# --- time limit, schedules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("within", "steps"), [(False, STEPS), (True, 3)])
def test_the_time_limit_pauses_a_run_that_can_go_on(within, steps, monkeypatch, tmp_path):
    clock = iter([0.0, *([4.0, 8.0] if within else []), *[12.0] * 9])
    monkeypatch.setattr("autograd_core.optim.callbacks.time.monotonic", lambda: next(clock))
    trainer = regressor()
    history = fit(trainer, 4, [optim.TimeLimit(10.0, within_epochs=within), optim.Checkpoint(tmp_path)])
    assert trainer.stop == history.stopped == "the time limit of 10 s is reached"
    assert trainer.place.steps == steps
    expected, resumed = regressor(), regressor()
    fit(expected, 4)
    fit(resumed, 4, resume=tmp_path)
    np.testing.assert_array_equal(resumed.model[0].weight.value, expected.model[0].weight.value)
    assert resumed.history.stopped == ""


def test_a_schedule_as_a_callback_does_what_it_does_in_the_trainer():
    def rates(by, make, callback):
        model = nn.MLP([3, 1], rng=0)
        opt = optim.SGD(model.parameters(), lr=0.1)
        own = {} if callback else {"schedule": make(opt), "schedule_by": by}
        trainer = optim.Trainer(model, nn.MSELoss(), opt, **own)
        return fit(trainer, 4, [optim.LRScheduler(make(opt), by)] if callback else [])["lr"]

    for by, make in [
        ("epoch", lambda o: optim.StepLR(o, 1, 0.5)),
        ("step", lambda o: optim.CosineAnnealingLR(o, 30)),
        ("epoch", lambda o: optim.ReduceLROnPlateau(o, patience=0, threshold=0.9)),
    ]:
        assert rates(by, make, True) == rates(by, make, False)
    assert fit(regressor(), 3, [optim.LRScheduler(lambda n: 0.1 / (n + 1), "step")])["lr"] == pytest.approx(
        [0.1 / 6, 0.1 / 11, 0.1 / 16]
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: optim.LRScheduler(3), TypeError, "takes a schedule or a function that gives the rate; it got 3"),
        (lambda: optim.LRScheduler(lambda e: 0.1, "batch"), ValueError, 'by is "epoch" or "step"'),
        (lambda: optim.TimeLimit(0), ValueError, "seconds must be above 0"),
        (
            lambda: fit(regressor(), 1, [optim.LRScheduler(optim.StepLR(regressor().optimizer, 1))]),
            ValueError,
            "rates of another optimizer",
        ),
    ],
)
def test_errors_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- the learning-rate finder ----------------------------------------------------------------------------------


def test_the_finder_leaves_no_trace():
    trainer, loader = regressor(dropout=0.5), datasets.DataLoader((X, Y), 8, shuffle=True, rng=3)
    fit(trainer, 2)
    trainer.model.eval()
    before, order = repr(trainer.state_dict()), repr(loader.state_dict())
    gradients = [p.grad.value.copy() for p in trainer.model.parameters()]
    for data in (loader, (X, Y)):
        optim.lr_find(trainer, data, batch_size=8)
        assert repr(trainer.state_dict()) == before
        assert repr(loader.state_dict()) == order
        assert not any(m.training for m in trainer.model.modules())
        for p, g in zip(trainer.model.parameters(), gradients, strict=True):
            np.testing.assert_array_equal(p.grad.value, g)


def test_a_run_after_the_finder_is_the_run_without_it():
    one, two = regressor(dropout=0.5), regressor(dropout=0.5)
    optim.lr_find(two, (X, Y))
    assert fit(one)["loss"] == fit(two)["loss"]


def test_the_finder_finds_where_a_bowl_is_descended_fastest():
    """Least squares in one variable, full batch: after k rates the distance is the product of |1 − 2·rate|; past rate 1 it grows."""
    model = nn.Linear(1, 1, bias=False, rng=0, dtype=np.float64)
    trainer = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.5))
    x = np.array([[1.0], [-1.0]])
    found = optim.lr_find(trainer, (x, 3 * x), batch_size=None, start=1e-4, end=10, steps=60, smoothing=0.0)
    distance = (model.weight.item() - 3) * np.cumprod([1.0, *(1 - 2 * np.array(found.rates[:-1]))])
    np.testing.assert_allclose(found.losses, distance**2, rtol=1e-6)
    assert found.smoothed == found.losses
    assert found.rates == pytest.approx(np.geomspace(1e-4, 10, 60)[: len(found.rates)])
    assert 1e-3 < found.suggestion < 1


@pytest.mark.parametrize(
    ("losses", "place"),
    [
        ([5, 1, *[1] * 20, 0.9, 0.5, 0.4, 0.4, 0.9], 23),  # the first batch was a hard one
        ([*[1] * 20, 0.9, 0.8, 9, 5, 1, 0.9], 20),  # it ran away, and came back
    ],
)
def test_a_fall_that_the_rate_did_not_make_is_not_taken_for_one(losses, place, monkeypatch):
    rates = np.geomspace(1e-6, 1, len(losses)).tolist()
    monkeypatch.setattr("autograd_core.optim.lr_finder._trial", lambda *_: (rates, losses, losses))
    found = optim.lr_find(regressor(), (X, Y))
    assert abs(rates.index(found.suggestion) - place) <= 1


def test_smoothing_is_a_mean_of_the_past():
    found = optim.lr_find(regressor(), (X, Y), smoothing=0.5, steps=20, end=0.1)
    weights = [[0.5 ** (i - j) for j in range(i + 1)] for i in range(len(found.losses))]
    expected = [np.average(found.losses[: i + 1], weights=w) for i, w in enumerate(weights)]
    np.testing.assert_allclose(found.smoothed, expected)


def test_the_search_is_drawn():
    pytest.importorskip("matplotlib").use("agg")
    found = optim.lr_find(regressor(), (X, Y))
    ax = found.plot()
    assert ax.get_xscale() == "log"
    assert list(ax.get_lines()[1].get_ydata()) == found.smoothed
    assert f"{found.suggestion:.2g}" in ax.get_legend_handles_labels()[1][2]
    ax.figure.clear()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"start": 0}, "start must be above 0"),
        ({"start": 1.0, "end": 0.1}, "end must be finite and above start=1.0"),
        ({"steps": 0}, "steps must be a whole number"),
        ({"smoothing": 1}, "smoothing must be at least 0 and below 1"),
        ({"data": (X * np.nan, Y)}, "the loss ran away within 1 steps"),
        ({"data": []}, "the loss ran away within 1 steps"),
    ],
)
def test_a_search_that_makes_no_sense(settings, message):
    with pytest.raises(ValueError, match=message):
        optim.lr_find(regressor(), **{"data": (X, Y)} | settings)


# --- Ctrl-C ----------------------------------------------------------------------------------------------------


def interrupt(trainer=None):
    signal.raise_signal(signal.SIGINT)


def twice(trainer):
    interrupt()
    interrupt()


@pytest.mark.parametrize("compile", ["auto", False])
@pytest.mark.parametrize("at", [{"step": 8}, {"epoch": 1}])
def test_ctrl_c_ends_training_after_the_step_and_keeps_everything(at, compile, tmp_path):
    trainer, stopping = regressor(compile=compile), optim.EarlyStopping(5, monitor="loss")
    history = fit(trainer, 4, [At(interrupt, **at), stopping, optim.Checkpoint(tmp_path)])
    assert trainer.stop == history.stopped == "stopped by Ctrl-C"
    assert history["epoch"] == [1]  # the epoch that was broken off is none
    assert history.best_epoch == 1
    assert trainer.place.steps == at.get("step", STEPS)
    np.testing.assert_array_equal(trainer.model[0].weight.value, stopping.weights["0.weight"])  # the best ones
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    resumed, expected = regressor(), regressor()
    callbacks = [optim.EarlyStopping(5, monitor="loss"), optim.Checkpoint(tmp_path)]
    assert fit(resumed, 4, callbacks, resume=tmp_path)["loss"] == fit(expected, 4)["loss"]
    np.testing.assert_array_equal(resumed.model[0].weight.value, expected.model[0].weight.value)
    assert resumed.stop is None


def test_a_compiled_epoch_is_finished_before_ctrl_c_is_heard():
    trainer = regressor()
    fit(trainer, 1)  # its program is made

    class Poke:
        def on_fit_begin(self, trainer):
            compiled = trainer._compiled
            if compiled is not None:
                epoch = compiled.epoch
                compiled.epoch = lambda *args: (interrupt(), epoch(*args))[1]

    history = fit(trainer, 3, [Poke()] if trainer._compiled is not None else [At(interrupt, epoch=1)])
    assert history["epoch"] == [1]
    assert trainer.stop == "stopped by Ctrl-C"


@pytest.mark.parametrize("at", [{"step": 8}, {"epoch": 2}])
def test_a_second_ctrl_c_is_an_exception_at_once(at, tmp_path):
    trainer = regressor()
    stopping = optim.EarlyStopping(5, monitor="loss")
    with pytest.raises(KeyboardInterrupt):
        fit(trainer, 4, [At(twice, **at), stopping, optim.Checkpoint(tmp_path, keep=0)])
    assert trainer.stop == trainer.history.stopped == "stopped by Ctrl-C"
    assert trainer.torn
    np.testing.assert_array_equal(trainer.model[0].weight.value, stopping.weights["0.weight"])
    assert optim.checkpoint.read(tmp_path / "last.npz")["place"]["epoch"] == 1  # not where it may be half a step
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_ctrl_c_that_somebody_else_hears_is_theirs(tmp_path):
    """A handler of one's own stays; a KeyboardInterrupt that it raises ends training as the first Ctrl-C does."""
    heard = []

    def handler(number, frame):
        heard.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, handler)
    try:
        history = fit(regressor(), 4, [At(interrupt, step=8), optim.Checkpoint(tmp_path, keep=0)])
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]
    assert (history["epoch"], history.stopped) == ([1], "stopped by Ctrl-C")
    assert optim.checkpoint.read(tmp_path / "last.npz")["place"]["epoch"] == 1


def test_training_in_another_thread_leaves_ctrl_c_alone():
    found = []
    thread = threading.Thread(
        target=lambda: found.append(
            fit(regressor(), 2, [At(lambda t: found.append(signal.getsignal(signal.SIGINT)), epoch=1)])
        )
    )
    thread.start()
    thread.join()
    assert found[0] is signal.default_int_handler
    assert len(found[1]) == 2


def test_ctrl_c_is_answered_where_there_is_a_terminal(monkeypatch):
    said = []
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr(os, "write", lambda handle, text: said.append(text))
    fit(regressor(), 3, [At(interrupt, epoch=1)], progress=False)
    assert b"Ctrl-C again to stop at once" in said[0]


def test_training_can_go_on_after_ctrl_c():
    trainer = regressor()
    fit(trainer, 3, [At(interrupt, step=7)])
    assert len(fit(trainer, 2)) == 2
    assert trainer.stop is None


# --- progress --------------------------------------------------------------------------------------------------


def test_the_bar_tells_epochs_batches_losses_and_the_time_left(capfd, monkeypatch):
    ticks = iter(range(10**6))
    monkeypatch.setattr(
        "autograd_core.optim.plumbing.time.perf_counter", lambda: float(next(ticks))
    )  # no refresh is too soon
    fit(regressor(compile=False), 2, validation=(X, Y), progress=True)
    _, err = capfd.readouterr()
    assert "epoch 1/2, batch 3/5" in err
    assert "epoch 2/2:" in err
    assert "100%" in err
    assert ", val_loss=" in err
    assert "<" in err  # elapsed<remaining
