"""A run that is broken off and resumed ends bit for bit where an undisturbed one ends: at any step, with every optimizer and
schedule, compiled and eager, with generators wherever they stand."""

import contextlib
import gc
import itertools
import weakref

import numpy as np
import pytest

from autograd_core import Tensor, datasets, nn, optim
from autograd_core.optim import checkpoint

RNG = np.random.default_rng(3)
X = RNG.normal(size=(70, 6)).astype(np.float32)
CLASSES = RNG.integers(0, 3, 70)
SIZE, STEPS = 16, 5  # batches of an epoch


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Nothing here loses power: the disk need not be waited for (test_checkpoint_files.py sees that it is)."""
    monkeypatch.setattr("os.fsync", lambda handle: None)


class BrokenOff(Exception):
    pass


class BreakOff:
    """Ends a run as an error does, right after a step."""

    told_last = True

    def __init__(self, at):
        self.left = at

    def on_step_end(self, trainer):
        self.left -= 1
        if not self.left:
            raise BrokenOff


def adam(parameters):
    return optim.Adam(parameters, lr=0.01)


def net():
    return nn.MLP([6, 16, 3], dropout=0.3, norm="batch", rng=0)


def train(
    folder=None, at=None, resume=None, compile="auto", make=net, optimizer=adam, schedule=None, schedule_by="epoch",
    every_steps=3, data=None, epochs=4, loss=None, more=(), **settings,
):  # fmt: skip
    """Everything that a run leaves behind but the times, or None if it was broken off."""
    model = make()
    opt = optimizer(model if optimizer in BY_MODEL else list(model.parameters()))
    settings = {"clip": None if hasattr(opt, "collect") else 1.0} | settings
    trainer = optim.Trainer(
        model, loss or nn.CrossEntropyLoss(), opt, metrics=["accuracy"], schedule=schedule and schedule(opt),
        schedule_by=schedule_by, compile=compile, **settings,
    )  # fmt: skip
    callbacks = [make_one(model) for make_one in more]
    if folder is not None:
        callbacks.insert(0, optim.Checkpoint(folder, every_steps=every_steps))
    if at is not None:
        callbacks.append(BreakOff(at))
    batches = (X, CLASSES) if data is None else data()
    try:
        history = trainer.fit(
            batches, epochs, SIZE, validation=(X[:20], CLASSES[:20]), callbacks=callbacks, seed=7, resume=resume
        )
    except BrokenOff:
        return None
    left = {f"model/{n}": v for n, v in model.state_dict().items()}
    for i, row in enumerate(history.rows):
        left |= {f"history/{i}/{n}": v for n, v in row.items() if n != "seconds"}
    for i, callback in enumerate(c for c in callbacks if isinstance(c, (optim.EMA, optim.SWA))):
        left |= {f"average/{i}/{j}": v for j, v in enumerate(callback.values)}
    return left | {"stopped": history.stopped, "best": history.best_epoch, "steps": trainer.place.steps}


UNDISTURBED = {}


def assert_resumes(folder, at, **settings):
    key = repr(settings)
    if key not in UNDISTURBED:
        UNDISTURBED[key] = settings, train(**settings)  # the settings too, that no other function takes their address
    expected = UNDISTURBED[key][1]
    assert train(folder, at, **settings) is None
    found = train(folder, resume=folder, **settings)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


MORE = (lambda m: optim.EarlyStopping(1), lambda m: optim.EMA(m, 0.9), lambda m: optim.SWA(m, 2))


class Lists:
    """A re-iterable that knows nothing of positions, with a generator in an attribute."""

    def __init__(self):
        self.rng = np.random.default_rng(5)

    def __iter__(self):
        order = self.rng.permutation(len(X))
        for i in range(0, len(X), SIZE):
            yield X[order[i : i + SIZE]], CLASSES[order[i : i + SIZE]]


DATA = {
    "arrays": None,
    "loader": lambda: datasets.DataLoader((X, CLASSES), SIZE, shuffle=True, rng=5),
    "blocks": lambda: datasets.DataLoader((X, CLASSES), SIZE, shuffle=True, rng=5, block=SIZE),
    "counted": Lists,
    "list": lambda: [(X[i : i + SIZE], CLASSES[i : i + SIZE]) for i in range(0, 70, SIZE)],
}


@pytest.mark.parametrize(
    ("at", "compile", "data"),
    [
        *itertools.product([1, 3, 4, 5, 6, 9, 10, 13, 15, 19], ["auto", False], ["arrays"]),
        *itertools.product([2, 5, 7, 12], ["auto"], ["loader", "blocks", "counted", "list"]),
    ],
)
def test_a_run_that_was_broken_off_ends_where_it_would_have_ended(at, compile, data, tmp_path):
    """In the middle of an epoch, at its end, before the first checkpoint; with dropout, batch norm, averages, early stopping."""
    assert_resumes(tmp_path, at, compile=compile, data=DATA[data], more=MORE)


@pytest.mark.parametrize("compile", ["auto", False])
@pytest.mark.parametrize("at", [1, 5, 6, 14])
def test_epochs_that_are_one_call_are_resumed_as_well(at, compile, tmp_path):
    """Checkpoints only at the ends of epochs: nobody listens to steps."""

    class Epochs:
        told_last = True

        def on_epoch_end(self, trainer, row):
            if at <= row["epoch"] * STEPS:
                raise BrokenOff

    settings = {"compile": compile, "every_steps": None, "more": (lambda m: optim.EarlyStopping(2),)}
    expected = train(**settings)
    assert train(tmp_path, **(settings | {"more": (*settings["more"], lambda m: Epochs())})) is None
    found = train(tmp_path, resume=tmp_path, **settings)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def private(parameters):
    return optim.PrivateOptimizer(optim.SGD(parameters, lr=0.05), max_norm=1.0, noise_multiplier=0.5, rng=1)


def natural(model):
    return optim.NaturalGradient(model, lr=0.05, rng=1)


def nested(parameters):
    return optim.SGD(
        [{"params": parameters[:2], "lr": 0.1}, {"params": parameters[2:]}], lr=0.03, momentum=0.9, nesterov=True
    )


BY_MODEL = (natural,)
OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.05, momentum=0.9),
    "groups": nested,
    "Rprop": optim.Rprop,
    "Adam": lambda p: optim.Adam(p, amsgrad=True, weight_decay=0.01),
    "AdamW": optim.AdamW,
    "Adamax": optim.Adamax,
    "NAdam": optim.NAdam,
    "RAdam": optim.RAdam,
    "Adagrad": lambda p: optim.Adagrad(p, lr_decay=0.1),
    "Adadelta": optim.Adadelta,
    "RMSprop": lambda p: optim.RMSprop(p, momentum=0.9, centered=True),
    "LBFGS": lambda p: optim.LBFGS(p, max_iter=3, line_search_fn="strong_wolfe"),
    "NaturalGradient": natural,
    "PrivateOptimizer": private,
}


def test_every_optimizer_is_resumed_below():
    kinds = {n for n, k in vars(optim).items() if isinstance(k, type) and hasattr(k, "zero_grad")}
    assert kinds - {"Optimizer"} <= OPTIMIZERS.keys()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_is_resumed(name, tmp_path):
    def make():
        return nn.MLP([6, 8, 3], activation="tanh", rng=0)

    clip = {"clip": None} if name in ("PrivateOptimizer", "LBFGS", "NaturalGradient") else {}
    assert_resumes(tmp_path, 8, make=make, optimizer=OPTIMIZERS[name], epochs=3, **clip)


def cycle(opt):
    return optim.CyclicLR(opt, 0.001, 0.02, step_size_up=3)


SCHEDULES = {
    "StepLR": lambda o: optim.StepLR(o, 2),
    "MultiStepLR": lambda o: optim.MultiStepLR(o, [1, 4, 9]),
    "ConstantLR": lambda o: optim.ConstantLR(o, 0.5, 3),
    "LinearLR": lambda o: optim.LinearLR(o, 0.1, total_iters=7),
    "ExponentialLR": lambda o: optim.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o: optim.PolynomialLR(o, 6, 2.0),
    "CosineAnnealingLR": lambda o: optim.CosineAnnealingLR(o, 3),  # comes up again from 0
    "CosineAnnealingWarmRestarts": lambda o: optim.CosineAnnealingWarmRestarts(o, 2, 2),
    "CyclicLR": cycle,
    "OneCycleLR": lambda o: optim.OneCycleLR(o, 0.05, total_steps=20),
    "LambdaLR": lambda o: optim.LambdaLR(o, lambda e: 1 / (1 + e)),
    "MultiplicativeLR": lambda o: optim.MultiplicativeLR(o, lambda e: 0.9 + 0.01 * e),
    "SequentialLR": lambda o: optim.SequentialLR(o, [optim.ConstantLR(o, 0.5, 2), optim.ExponentialLR(o, 0.9)], [2]),
    "ChainedScheduler": lambda o: optim.ChainedScheduler([optim.LinearLR(o, 0.1), optim.ExponentialLR(o, 0.9)]),
    "ReduceLROnPlateau": lambda o: optim.ReduceLROnPlateau(o, patience=0, cooldown=1),
    "warm_up": lambda o: optim.warm_up(optim.CosineAnnealingLR(o, 10), 3),
}


def test_every_schedule_is_resumed_below():
    kinds = {n for n, k in vars(optim).items() if isinstance(k, type) and issubclass(k, optim.Schedule)}
    assert kinds - {"Schedule"} <= SCHEDULES.keys()


@pytest.mark.parametrize("by", ["epoch", "step"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_is_resumed(name, by, tmp_path):
    if name != "ReduceLROnPlateau" or by == "epoch":
        assert_resumes(tmp_path, 13, make=lambda: nn.MLP([6, 3], rng=0), schedule=SCHEDULES[name], schedule_by=by)


def test_a_schedule_as_a_callback_is_resumed(tmp_path):
    class Plain:
        def __init__(self, f, by):
            self.given = f, by

        def __call__(self, model):
            return optim.LRScheduler(*self.given)

    for i, by in enumerate(["epoch", "step"]):
        assert_resumes(tmp_path / by, 13, more=(Plain(lambda n: 0.01 / (1 + n), by),), every_steps=2 + i)


@pytest.mark.parametrize(("by", "theirs"), [*itertools.product(["epoch", "step"], repeat=2)])
def test_two_schedules_that_set_the_same_rate(by, theirs, tmp_path):
    def callback(model):
        return optim.LRScheduler(rate, by)

    def rate(n):
        return 0.01 / (1 + n)

    for at in (5, 8):
        folder = tmp_path / str(at)
        assert_resumes(
            folder, at, more=(callback,), schedule=lambda o: optim.LinearLR(o, 0.1, 1.0, 9), schedule_by=theirs
        )


@pytest.mark.parametrize("at", [5, 6, 8])
def test_a_flight_recorder_is_resumed(at, tmp_path):
    assert_resumes(tmp_path, at, every_steps=1, more=(lambda model: optim.FlightRecorder(tmp_path / "flight"),))


# --- generators ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_generators_of_all_kinds_come_back(kind, tmp_path):
    def make():
        return nn.Sequential(
            nn.Linear(6, 8, rng=0), nn.Dropout(0.5, rng=np.random.Generator(kind(4))), nn.Linear(8, 3, rng=1)
        )

    assert_resumes(tmp_path, 7, make=make)


@pytest.mark.parametrize("at", [7, 10])
def test_one_generator_for_dropout_and_order(at, tmp_path):
    """The order of a half-trained epoch is drawn anew, and the masks go on where they were."""

    def run(folder=None, at=None, resume=None):
        shared = np.random.default_rng(11)
        model = nn.MLP([6, 8, 3], dropout=0.5, rng=shared)
        trainer = optim.Trainer(model, nn.CrossEntropyLoss(), adam(model.parameters()))
        callbacks = [optim.Checkpoint(folder, every_steps=1)] if folder else []
        callbacks += [BreakOff(at)] if at else []
        with contextlib.suppress(BrokenOff):
            trainer.fit((X, CLASSES), 3, SIZE, callbacks=callbacks, seed=shared, resume=resume)
        return model.state_dict()

    expected = run()
    run(tmp_path, at)
    for name, value in run(tmp_path, resume=tmp_path).items():
        np.testing.assert_array_equal(value, expected[name])


def test_layers_that_drew_from_one_generator_do_so_again():
    """A model that was loaded from a file has generators of its own; going on, they are one again."""

    def trainer(shared):
        rngs = [np.random.default_rng(0)] * 2 if shared else [np.random.default_rng(i) for i in (1, 2)]
        model = nn.Sequential(
            nn.Linear(6, 8, rng=0), nn.Dropout(rng=rngs[0]), nn.Linear(8, 3, rng=1), nn.Dropout(rng=rngs[1])
        )
        return optim.Trainer(model, nn.CrossEntropyLoss(), adam(model.parameters()))

    one, two = trainer(True), trainer(False)
    one.fit((X, CLASSES), 1)
    state = one.state_dict()
    two.load_state_dict(state)
    assert two.model[1].rng is two.model[3].rng
    one.fit((X, CLASSES), 1)
    two.fit((X, CLASSES), 1)
    np.testing.assert_array_equal(two.model[0].weight.value, one.model[0].weight.value)
    with pytest.raises(ValueError, match="share a generator here"):
        one.load_state_dict(trainer(False).state_dict())


def test_models_losses_and_parameters_of_ones_own(tmp_path):
    """A plain function as a model, whose parameters only the optimizer knows."""

    def run(resume=None, epochs=4, folder=None):
        w, b = Tensor(np.zeros((6, 1)), requires_grad=True), Tensor(np.zeros(1), requires_grad=True)
        trainer = optim.Trainer(lambda x: x @ w + b, lambda y, t: ((y - t) ** 2).mean(), optim.Adam([w, b], lr=0.1))
        callbacks = [optim.Checkpoint(folder)] if folder else []
        trainer.fit((X.astype(float), X[:, :1]), epochs, callbacks=callbacks, resume=resume)
        return w.value

    expected = run()
    run(epochs=2, folder=tmp_path)
    np.testing.assert_array_equal(run(resume=tmp_path), expected)


def test_a_loss_with_parameters_is_part_of_the_run():
    class Weighted(nn.Module):
        def __init__(self):
            self.log_scale = nn.Parameter([0.0])

        def forward(self, y, t):
            return ((y - t) ** 2).mean() * np.exp(-self.log_scale).sum() + self.log_scale.sum()

    def trainer():
        model, loss = nn.MLP([6, 1], rng=0), Weighted()
        return optim.Trainer(model, loss, optim.SGD([*model.parameters(), *loss.parameters()], lr=0.05))

    once, twice, third = trainer(), trainer(), trainer()
    once.fit((X, X[:, :1]), 4)
    twice.fit((X, X[:, :1]), 2)
    third.fit((X, X[:, :1]), 4, resume=twice.state_dict())
    assert third.loss.log_scale.item() == once.loss.log_scale.item() != 0


# --- going on --------------------------------------------------------------------------------------------------


def simple(**settings):
    model = nn.MLP([6, 8, 3], rng=0)
    return optim.Trainer(model, nn.CrossEntropyLoss(), adam(model.parameters()), **settings)


def test_a_state_in_memory_and_a_file_resume_alike(tmp_path):
    whole, first = simple(), simple()
    whole.fit((X, CLASSES), 5)
    first.fit((X, CLASSES), 3)
    checkpoint.write(tmp_path / "run.npz", first.state_dict())
    for source in (first.state_dict(), tmp_path / "run.npz", str(tmp_path / "run.npz")):
        other = simple()
        history = other.fit((X, CLASSES), 5, resume=source)
        assert history["loss"] == whole.history["loss"]
        assert history["epoch"] == [1, 2, 3, 4, 5]
        np.testing.assert_array_equal(other.model[0].weight.value, whole.model[0].weight.value)


def test_a_run_that_was_over_stays_over(tmp_path):
    """Resumed, it makes no step and gives the best weights, also where early stopping had ended it."""
    settings = {"more": MORE, "epochs": 30, "every_steps": None}
    expected = train(**settings)
    assert expected["stopped"]
    train(tmp_path, **settings)
    found = train(tmp_path, resume=tmp_path, **settings)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_more_patience_takes_up_a_run_that_had_ended(tmp_path):
    def run(patience, **more):
        return train(more=(lambda m: optim.EarlyStopping(patience),), epochs=40, every_steps=None, **more)

    ended, expected = run(1, folder=tmp_path), run(3)
    assert ended["steps"] < expected["steps"]
    found = run(3, resume=tmp_path, folder=tmp_path)
    np.testing.assert_array_equal(found["model/0.weight"], expected["model/0.weight"])
    assert found["stopped"] == expected["stopped"]


def decaying(lr=0.01, betas=(0.9, 0.999), schedule=lambda o: optim.StepLR(o, 1)):
    model = nn.MLP([6, 3], rng=0)
    optimizer = optim.Adam(model.parameters(), lr=lr, betas=betas)
    return optim.Trainer(model, nn.CrossEntropyLoss(), optimizer, schedule=schedule(optimizer))


def test_other_settings_than_the_checkpoints_are_told_of(tmp_path):
    """Those that a schedule has changed since are no others."""
    decaying().fit((X, CLASSES), 2, callbacks=[optim.Checkpoint(tmp_path)])
    for epochs in (3, 4):  # the second is a resumed run, resumed; no warning
        decaying().fit((X, CLASSES), epochs, resume=tmp_path, callbacks=[optim.Checkpoint(tmp_path)])
    own = decaying(lr=0.5, betas=(0.8, 0.999))
    with pytest.warns(UserWarning, match="the run goes on with") as told:
        own.fit((X, CLASSES), 4, resume=tmp_path)
    assert own.optimizer.param_groups[0]["lr"] == pytest.approx(1e-6)
    assert len(told) == 1
    assert str(told[0].message).startswith(
        "the run goes on with the checkpoint's lr=1.0000000000000002e-06, betas=(0.9, 0.999), initial_lr=0.01, not with the "
        "lr=0.5, betas=(0.8, 0.999), initial_lr=0.5 that this optimizer was built with. To go on with those"
    )
    assert told[0].filename == __file__


def test_the_way_to_go_on_with_another_rate_that_is_told_is_one(tmp_path):
    simple().fit((X, CLASSES), 2, callbacks=[optim.Checkpoint(tmp_path)])
    own = simple()
    own.optimizer.param_groups[0]["lr"] = 0.5
    with pytest.warns(UserWarning, match=r"lr=0\.01, not with the lr=0\.5") as told:
        own.fit((X, CLASSES), 2, resume=tmp_path)
    way = str(told[0].message).partition("change the state first: ")[2].partition("; fit(")[0]
    names = {"optim": optim, "path": tmp_path / "last.npz"}
    exec(way, names)
    own = simple()
    own.optimizer.param_groups[0]["lr"] = 0.5
    history = own.fit((X, CLASSES), 3, resume=names["state"], callbacks=[optim.Checkpoint(tmp_path)])
    assert history["lr"] == [0.01, 0.01, 0.5]


def test_more_epochs_go_on_where_it_ended(tmp_path):
    train(tmp_path, epochs=2)
    found, expected = train(tmp_path, resume=tmp_path, epochs=4), train(epochs=4)
    np.testing.assert_array_equal(found["model/0.weight"], expected["model/0.weight"])


def test_the_history_and_the_clock_go_on(tmp_path):
    first = simple()
    first.fit((X, CLASSES), 2, callbacks=[optim.Checkpoint(tmp_path)])
    second = simple()
    history = second.fit((X, CLASSES), 3, resume=tmp_path)
    assert history.rows[:2] == first.history.rows  # the seconds too
    assert second.history is history


def test_a_state_shares_no_memory_with_the_run():
    trainer = simple()
    trainer.fit((X, CLASSES), 1)
    state = trainer.state_dict()
    text = repr(state)
    trainer.fit((X, CLASSES), 2)
    assert repr(state) == text


def test_going_back_in_one_process():
    """What is compiled wrote into the arrays of before."""
    trainer = simple()
    trainer.fit((X, CLASSES), 2)
    state = trainer.state_dict()
    ends = []
    for _ in range(2):
        trainer.fit((X, CLASSES), 5, resume=state)
        ends.append(trainer.model[0].weight.value.copy())
    np.testing.assert_array_equal(*ends)


def test_a_run_that_is_over_lets_its_data_go():
    trainer = simple()
    batches = datasets.DataLoader((X, CLASSES), SIZE, shuffle=True, rng=1)
    alive = weakref.ref(batches)
    trainer.fit(batches, 1)
    del batches
    gc.collect()
    assert alive() is None
    assert trainer.state_dict()["batches"]["epoch"] == 1


def test_recording_a_program_is_no_step():
    pytest.importorskip("autograd_core.compiler")
    steps = {}
    for compile in ("auto", False):
        trainer = simple(compile=compile)
        trainer.fit((X, CLASSES), 2, SIZE)
        steps[compile] = trainer.state_dict()["optimizer"]["groups"][0]["buffers"][0]["steps"]
        assert trainer.place.steps == 2 * STEPS
    assert steps["auto"] == steps[False] == [2 * STEPS] * 4


def test_idle_momentum_is_flushed_at_the_same_step(tmp_path):
    """Subnormal numbers are set to 0 at every 256th step, counted from the beginning of the run, not from where it went on."""

    def run(epochs, **more):
        model = nn.MLP([6, 3], rng=0)
        trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1, momentum=0.5))
        trainer.optimizer._flats[0][0].state["momentum_buffer"][:] = 1e-3
        x = np.zeros_like(X)  # no gradient for the weights: their momentum halves with every step
        trainer.fit((x, CLASSES), epochs, SIZE, **more)
        return trainer.state_dict()["optimizer"]["groups"][0]["buffers"][0]["momentum_buffer"]

    epochs = 256 // STEPS + 2
    for before in (3, epochs - 1):
        run(before, callbacks=[optim.Checkpoint(tmp_path, overwrite=True)])
        np.testing.assert_array_equal(run(epochs, resume=tmp_path), run(epochs))


# --- what does not fit -----------------------------------------------------------------------------------------


def other(**kinds):
    model = kinds.get("model", nn.MLP([6, 8, 3], rng=1))
    opt = kinds.get("optimizer", optim.Adam)(model.parameters())
    schedule = kinds["schedule"](opt) if "schedule" in kinds else None
    return optim.Trainer(
        model, kinds.get("loss", nn.CrossEntropyLoss()), opt, schedule=schedule, **kinds.get("settings", {})
    )


MISFITS = {
    "width": ({"model": nn.MLP([6, 9, 3])}, r"its model had .*out_features=8.* where there is .*out_features=9"),
    "activation": (
        {"model": nn.MLP([6, 8, 3], activation="tanh")},
        r"had '\(1\): ReLU\(\)' where there is '\(1\): Tanh\(\)'",
    ),
    "depth": ({"model": nn.MLP([6, 8, 8, 3])}, "its model had"),
    "dtype": ({"model": nn.MLP([6, 8, 3], dtype=np.float64)}, r"its arrays had '0.weight: float32 \(8, 6\)' where"),
    "optimizer": ({"optimizer": optim.RMSprop}, "its optimizer had 'Adam' where there is 'RMSprop' here"),
    "schedule": ({"schedule": lambda o: optim.StepLR(o, 1)}, "its schedule had 'none' where there is 'StepLR' here"),
    "loss": ({"loss": nn.FocalLoss()}, "its loss had 'CrossEntropyLoss"),
    "clip": ({"settings": {"clip": 1.0}}, "its clip had 'None' where there is '1.0'"),
    "metrics": ({"settings": {"metrics": ["accuracy"]}}, "its metrics had 'nothing more' where there is 'accuracy'"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_a_checkpoint_of_another_run_is_refused(name, tmp_path):
    kinds, message = MISFITS[name]
    simple().fit((X, CLASSES), 1, callbacks=[optim.Checkpoint(tmp_path)])
    trainer = other(**kinds)
    before = repr(trainer.state_dict())
    with pytest.raises(ValueError, match=message):
        trainer.fit((X, CLASSES), 2, resume=tmp_path)
    with pytest.raises(ValueError, match=message):
        trainer.load_state_dict(checkpoint.read(tmp_path / "last.npz"))
    assert repr(trainer.state_dict()) == before


@pytest.mark.parametrize(
    ("fit", "message"),
    [
        (lambda t, s: t.fit((X[:60], CLASSES[:60]), 2, resume=s), r"its data was inputs \[70, 6\].*here it is inputs \[60, 6\]"),
        (lambda t, s: t.fit((X, CLASSES), 2, 8, resume=s), "batches of 32, shuffled, and here it is .* batches of 8"),
        (lambda t, s: t.fit((X, CLASSES), 2, shuffle=False, resume=s), "batches of 32, in its order"),
        (lambda t, s: t.fit((X, CLASSES), 2, seed=np.random.Generator(np.random.MT19937(0)), resume=s), "its generator is a PCG64"),
        (lambda t, s: t.fit((X, CLASSES), 2, validation=(X, CLASSES), resume=s), "without validation data"),
        (lambda t, s: t.fit((X, CLASSES), 1, resume=s), "has 2 epochs behind it, and fit is to make 1 in all"),
        (lambda t, s: t.fit((X, CLASSES), 2, resume={**s, "callbacks": [{"type": "EMA", "state": {}, "needed": True}]}), "callback EMA.*without"),
        (lambda t, s: t.fit((X, CLASSES), 2, resume={k: v for k, v in s.items() if k != "batches"}), "KeyError: 'batches'"),
        (lambda t, s: t.load_state_dict({**s, "optimizer": {**s["optimizer"], "groups": []}}), "does not fit this trainer"),
        (lambda t, s: t.load_state_dict({**s, "generators": {"states": [], "where": [{"1.rng": 0}, {}]}}), "generators at 1.rng"),
        (lambda t, s: t.load_state_dict(s["model"]), "not what Trainer.state_dict"),
        (lambda t, s: t.fit((X, CLASSES), 2, resume={}), "not what Trainer.state_dict"),
        (lambda t, s: t.fit([(X, CLASSES)], 2, resume=s), "its data were batches of another sort than those here"),
        (lambda t, s: t.fit((X, CLASSES), 2, resume={**s, "batches": {"position": 0, "generators": {}}}), "no pair of arrays, and here"),
    ],
    ids=range(14),
)  # fmt: skip
def test_what_does_not_fit_changes_nothing(fit, message):
    first, trainer = simple(), other()
    first.fit((X, CLASSES), 2)
    before = repr(trainer.state_dict())
    with pytest.raises(ValueError, match=message):
        fit(trainer, first.state_dict())
    assert repr(trainer.state_dict()) == before
