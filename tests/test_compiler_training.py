"""What goes on around compiled steps is what goes on around eager ones, to the bit; the fast form, to rounding."""

import itertools
import subprocess
import sys

import numpy as np
import pytest

from autograd_core import Tensor, nn, optim
from autograd_core.compiler.training import Training

RNG = np.random.default_rng(0)
X = RNG.normal(size=(70, 6)).astype(np.float32)
CLASSES = RNG.integers(0, 3, 70)
NUMBERS = RNG.normal(size=(70, 3)).astype(np.float32)


def mlp(**settings):
    return lambda: nn.MLP([6, 8, 3], rng=0, **settings)


def sgd(parameters):
    return optim.SGD(parameters, lr=0.05, momentum=0.9)


def trained(make, loss, optimizer, t, compile, schedule=None, callbacks=(), epochs=5, batch_size=16, x=X, **settings):
    """Everything that training leaves behind, by name, and the trainer."""
    model = make()
    optimizer = optimizer(list(model.parameters()))
    if schedule is not None:
        settings["schedule"] = schedule(optimizer)
    trainer = optim.Trainer(model, loss, optimizer, compile=compile, **settings)
    callbacks = [make_callback() for make_callback in callbacks]
    history = trainer.fit((x, t), epochs=epochs, batch_size=batch_size, callbacks=callbacks, seed=1, progress=False)
    left = {f"model/{k}": v for k, v in model.state_dict().items()}
    left |= {f"loss/{i}": v for i, v in enumerate(history["loss"])}
    left |= {f"gradient/{k}": p.grad.value for k, p in model.named_parameters() if p.grad is not None}
    for i, group in enumerate(optimizer.state_dict()["groups"] if hasattr(optimizer, "_flats") else []):
        for j, buffers in enumerate(group["buffers"]):
            left |= {f"state/{i}/{j}/{k}": v for k, v in buffers.items()}
    left |= {f"seen/{i}": c.seen for i, c in enumerate(callbacks)}
    return left, trainer


def assert_equal(make, loss, optimizer, t, program=True, **settings):
    """Compiled and eager training leave the same bits; program: it really was compiled."""
    got, trainer = trained(make, loss, optimizer, t, "auto", **settings)
    expected, _ = trained(make, loss, optimizer, t, False, **settings)
    assert got.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(got[name], value, err_msg=name)
    compiled = trainer._compiled
    assert bool(compiled and compiled.steps and compiled.reason is None) == program
    return trainer


# --- what goes on around the steps -------------------------------------------------------------------------------------


class Watcher:
    """Reads gradients and parameters after each step."""

    def __init__(self):
        self.seen = []

    def on_step_end(self, trainer):
        for p in trainer.model.parameters():
            self.seen.append(float(p.grad.value.sum()))
            self.seen.append(float(p.value.sum()))


class Meddler(Watcher):
    """Changes a parameter after each step."""

    def on_step_end(self, trainer):
        p = next(iter(trainer.model.parameters()))
        p.data = p.value * np.float32(0.99)


class Freezer:
    seen = ()
    """Freezes a layer after the second epoch."""

    def on_epoch_end(self, trainer, row):
        if row["epoch"] == 2:
            next(iter(trainer.model.parameters())).requires_grad_(False)


AROUND = {
    "short last batch": {"batch_size": 16},
    "full batch": {"batch_size": None},
    "one sample at a time": {"batch_size": 1, "epochs": 2},
    "metrics": {"metrics": ["accuracy"]},
    "clipping": {"clip": 0.1},
    "own clipping": {"clip": lambda ps: optim.clip_grad_value_(ps, 0.01)},
    "somebody watches": {"callbacks": [Watcher]},
    "somebody meddles": {"callbacks": [Meddler]},
    "somebody freezes": {"callbacks": [Freezer]},
    **{
        f"{name} by {by}": {"schedule": make, "schedule_by": by}
        for (name, make), by in itertools.product(
            {
                "steps": lambda o: optim.StepLR(o, step_size=2, gamma=0.5),
                "cosine": lambda o: optim.CosineAnnealingLR(o, T_max=20),
                "cycles": lambda o: optim.CyclicLR(o, base_lr=0.01, max_lr=0.1),
            }.items(),
            ("epoch", "step"),
        )
    },
}


@pytest.mark.parametrize("optimizer", [sgd, optim.Adam], ids=["SGD", "Adam"])
@pytest.mark.parametrize("name", AROUND)
def test_around_the_steps(name, optimizer):
    assert_equal(mlp(), nn.CrossEntropyLoss(), optimizer, CLASSES, **AROUND[name])


def test_training_diverges_as_in_eager():
    messages = []
    for compile in ("auto", False):
        with pytest.raises(optim.TrainingDiverged) as raised:
            trained(mlp(), nn.SSELoss(), lambda p: optim.SGD(p, lr=0.2), NUMBERS, compile, epochs=20, batch_size=8)
        messages.append(str(raised.value))
    assert messages[0] == messages[1]
    assert "batch" in messages[0]


def test_the_failing_batch_is_kept():
    model = mlp()()
    trainer = optim.Trainer(model, nn.SSELoss(), optim.SGD(model.parameters(), lr=0.2))
    with pytest.raises(optim.TrainingDiverged):
        trainer.fit((X, NUMBERS), epochs=20, batch_size=8)
    x, t = trainer._compiled.failing
    with np.errstate(all="ignore"):
        assert not np.isfinite(nn.SSELoss()(model(x), t).value)


def test_parameters_after_a_divergence_are_those_of_eager():
    left = []
    for compile in ("auto", False):
        model = mlp(dropout=0.1)()
        trainer = optim.Trainer(
            model, nn.MSELoss(), optim.SGD(model.parameters(), lr=9.0, momentum=0.5), compile=compile
        )
        with pytest.raises(optim.TrainingDiverged):
            trainer.fit((X, NUMBERS), epochs=20, batch_size=8, seed=0)
        left.append([p.value.copy() for p in model.parameters()] + list(model.state_dict().values()))
    for a, b in zip(*left, strict=True):
        np.testing.assert_array_equal(a, b)


def test_states_can_be_loaded_between_fits():
    """A state that was loaded lies elsewhere: the program is made for it anew."""
    left = []
    for compile in ("auto", False):
        model = mlp()()
        optimizer = optim.Adam(model.parameters())
        trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optimizer, compile=compile)
        trainer.fit((X, CLASSES), epochs=2)
        saved, weights = optimizer.state_dict(), model.state_dict()
        trainer.fit((X, CLASSES), epochs=2)
        optimizer.load_state_dict(saved)
        model.load_state_dict(weights)
        trainer.fit((X, CLASSES), epochs=3)
        left.append(model.state_dict())
    for name in left[0]:
        np.testing.assert_array_equal(left[0][name], left[1][name])


def test_the_recording_is_no_step():
    model = nn.MLP([6, 8, 3], norm="batch", dropout=0.5, rng=0)
    optimizer = sgd(list(model.parameters()))
    before, drop = model.state_dict(), next(m for m in model.modules() if isinstance(m, nn.Dropout))
    state = drop.rng.bit_generator.state
    training = Training(model, nn.CrossEntropyLoss(), optimizer)
    assert training.program(X[:16], CLASSES[:16]) is not None
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    assert drop.rng.bit_generator.state == state
    assert all(p.grad is None for p in model.parameters())
    assert optimizer.state_dict()["groups"][0]["buffers"][0]["steps"] == [0] * len(list(model.parameters()))


def test_hooks_are_the_business_of_eager_code():
    make = mlp()
    seen = []

    def hooked():
        model = make()
        next(iter(model.parameters())).register_hook(lambda g: seen.append(1))
        return model

    with pytest.warns(UserWarning, match="has a hook"):
        trained(hooked, nn.CrossEntropyLoss(), sgd, CLASSES, "auto", epochs=1)
    assert len(seen) == 5


def test_the_program_runs_by_itself():
    """The printed text, with NumPy alone, is one training step."""
    model = nn.MLP([6, 8, 3], rng=0)
    twin = nn.MLP([6, 8, 3], rng=0)
    training = Training(model, nn.CrossEntropyLoss(), sgd(list(model.parameters())))
    text = training.program(X[:16], CLASSES[:16]).text(False)
    namespace = {}
    exec(text.source, namespace)
    hot = np.eye(3, dtype=np.float32)[CLASSES[:16]]
    (loss,) = namespace["prepare"](**text.environment)(X[:16], hot, None)
    optimizer = sgd(list(twin.parameters()))
    expected = nn.CrossEntropyLoss()(twin(X[:16]), CLASSES[:16])
    expected.backward()
    optimizer.step()
    assert loss == expected.value
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        np.testing.assert_array_equal(p.value, q.value)
    assert "autograd" not in text.source
    assert len(text.source.splitlines()) < 60


def test_nothing_is_allocated_in_steady_state():
    import tracemalloc

    model = nn.MLP([6, 8, 3], rng=0)
    training = Training(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()))
    text = training.program(X[:16], CLASSES[:16]).text(False)
    hot = np.eye(3, dtype=np.float32)[CLASSES[:16]]
    for _ in range(3):
        text.run(X[:16], hot, None)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    for _ in range(100):
        text.run(X[:16], hot, None)
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert now - before < 1000
    assert peak - before < 3000  # views and numbers, no arrays


def test_a_model_compiles_for_predictions():
    model = nn.MLP([6, 8, 3], norm="batch", dropout=0.5, rng=0).eval()
    predict = model.compile()
    for x in (X, X[:5], X + 1):
        np.testing.assert_array_equal(predict(x).value, model(x).value)
    model.train()
    assert not np.array_equal(predict(X).value, predict(X).value)  # another mode is another program
    assert isinstance(predict(X), Tensor)


# --- the fast form: equal to rounding ------------------------------------------------------------------------------------

NETWORKS = {
    "relu": mlp(),
    "tanh, three layers": lambda: nn.MLP([6, 8, 5, 3], activation="tanh", rng=0),
    "sigmoid, float64": mlp(activation="sigmoid", dtype=np.float64),
    "linear": lambda: nn.MLP([6, 3], rng=0),
    "normalised, which is left as it is": mlp(norm="layer"),
    "without biases, which is left as it is": lambda: nn.Sequential(nn.Linear(6, 3, bias=False, rng=0)),
}


@pytest.mark.parametrize("optimizer", [sgd, optim.Adam], ids=["SGD", "Adam"])
@pytest.mark.parametrize(
    ("loss", "t"), [(nn.CrossEntropyLoss(), CLASSES), (nn.MSELoss(), NUMBERS)], ids=["classes", "numbers"]
)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_fast_form_equals_to_rounding(name, loss, t, optimizer):
    settings = {"epochs": 3, "batch_size": 8}
    got, trainer = trained(NETWORKS[name], loss, optimizer, t, "fast", **settings)
    expected, _ = trained(NETWORKS[name], loss, optimizer, t, False, **settings)
    plan = trainer._compiled.epochs.run_of.plan
    assert bool(plan.with_ones) == ("left as it is" not in name)
    for key, value in expected.items():
        small = 1e-12 if "float64" in name else 2e-6
        np.testing.assert_allclose(got[key], value, rtol=10 * small, atol=small, err_msg=key)


def test_the_fast_form_packs_weights_with_biases():
    _, trainer = trained(mlp(), nn.CrossEntropyLoss(), sgd, CLASSES, "fast", batch_size=8)
    (text,) = trainer._compiled.epochs.run_of.texts
    assert "add(linear" not in text.source
    assert len(text.source.splitlines()) < 45


def test_the_fast_form_diverges_as_eager_does():
    messages = []
    for compile in ("fast", False):
        with pytest.raises(optim.TrainingDiverged) as raised:
            trained(mlp(), nn.SSELoss(), lambda p: optim.SGD(p, lr=0.2), NUMBERS, compile, epochs=20, batch_size=8)
        messages.append(str(raised.value))
    assert messages[0] == messages[1]


def test_long_runs_flush_subnormals_at_the_same_steps():
    assert_equal(mlp(), nn.CrossEntropyLoss(), sgd, CLASSES, batch_size=4, epochs=40)


def test_convolutions():
    make = lambda: nn.Sequential(
        nn.Conv2d(1, 2, 3, rng=0), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3, rng=1)
    )
    x = RNG.normal(size=(20, 1, 6, 6)).astype(np.float32)
    assert_equal(make, nn.CrossEntropyLoss(), sgd, CLASSES[:20], x=x, batch_size=8, epochs=2)


class Turns(nn.Module):
    """Looks at its input in another order, of which a flat form has to be a copy."""

    def __init__(self):
        self.linear = nn.Linear(36, 3, rng=0)

    def forward(self, x):
        return self.linear(np.moveaxis(x, 1, 2).reshape(len(x), 36))


FIRST = {  # what is made of the data itself, each batch of each pass anew
    "convolution": lambda: nn.Sequential(nn.Conv2d(1, 2, 3, rng=0), nn.Flatten(), nn.Linear(32, 3, rng=1)),
    "pool": lambda: nn.Sequential(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(9, 3, rng=1)),
    "mean pool": lambda: nn.Sequential(nn.AvgPool2d(3, stride=1), nn.Flatten(), nn.Linear(16, 3, rng=1)),
    "kernel": lambda: nn.Sequential(nn.KernelLayer(1, 2, "gaussian", kernel_size=3, rng=0), nn.Flatten(), nn.Linear(32, 3, rng=1)),
    "turned": lambda: nn.Sequential(nn.Flatten(1, 2), Turns()),
}  # fmt: skip


@pytest.mark.parametrize("mode", ["auto", "fast"])
@pytest.mark.parametrize("name", FIRST)
def test_what_is_made_of_the_data_is_made_in_every_pass(name, mode):
    x = RNG.normal(size=(70, 1, 6, 6)).astype(np.float32)
    settings = {"x": x, "batch_size": 8, "epochs": 4}
    got, trainer = trained(FIRST[name], nn.CrossEntropyLoss(), sgd, CLASSES, mode, **settings)
    expected, _ = trained(FIRST[name], nn.CrossEntropyLoss(), sgd, CLASSES, False, **settings)
    assert trainer._compiled.epochs.run_of is not None
    for key, value in expected.items():
        small = 2e-6 if mode == "fast" else 0
        np.testing.assert_allclose(got[key], value, rtol=10 * small, atol=small, err_msg=key)


FRESH = """
import sys
import numpy as np
from autograd_core import nn, optim

def trained(epochs, compile, fits=1):
    model = nn.MLP([2, 3], rng=0)
    trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), compile=compile)
    for _ in range(fits):
        trainer.fit((np.ones((8, 2), np.float32), np.arange(8) % 3), epochs=epochs, batch_size=2, progress=False)
    return "autograd_core.compiler" in sys.modules, [v.tolist() for v in model.state_dict().values()]

short = trained(3, "auto")
assert not short[0] and trained(15, "auto", fits=6)[0]
assert short[1] == trained(3, "auto")[1]
print("ok")
"""


def test_the_compiler_is_not_loaded_for_a_few_steps():
    """In a fresh process, where loading it would take longer than the steps; the bits are the same."""
    done = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "ok", done.stderr
