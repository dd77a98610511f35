"""`autograd-core replay`: a step that a flight recorder wrote down, made again to the same bits, in the debugger."""

import io

import numpy as np
import pytest

from autograd_core import debug, nn, optim
from autograd_core.__main__ import main
from autograd_core.debug import replaying
from autograd_core.optim import bundles, files

RNG = np.random.default_rng(3)
X = RNG.normal(size=(64, 3)).astype(np.float32)
LABELS = (X[:, 0] + X[:, 1] > 0).astype(int)


class Batches:
    """25 new batches an epoch, and in one of them a row too large for float32."""

    def __init__(self, bad):
        self.bad, self.count, self.rng = bad, 0, np.random.default_rng(0)

    def __iter__(self):
        for _ in range(25):
            self.count += 1
            x = self.rng.normal(size=(8, 3)).astype(np.float32)
            t = (x[:, 0] > 0).astype(int)
            if self.count == self.bad:
                x[5] = 3.4e38
            yield x, t


def fail(folder, trainer, data, error=optim.TrainingDiverged, **more):
    recorder = optim.FlightRecorder(folder, spikes=False)
    with pytest.raises(error):
        trainer.fit(data, epochs=60, callbacks=[recorder], seed=1, **more)
    return recorder.bundles[0]


def far_out(x=X):
    x = x.copy()
    x[37] = np.inf
    return x


def trainer_of(model, loss=None, **more):
    return optim.Trainer(model, loss or nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01), **more)


@pytest.mark.parametrize(
    ("compile", "step", "where"), [("auto", 1234, "batch 9 of epoch 50"), (False, 34, "batch 9 of epoch 2")]
)
def test_a_nan_at_step_1234_is_made_again_and_the_op_is_named(tmp_path, compile, step, where, capsys):
    model = nn.MLP([3, 16, 2], dropout=0.2, norm="batch", rng=0)
    model[0].weight.data = np.abs(model[0].weight.value) + 1
    path = fail(tmp_path, trainer_of(model, compile=compile), Batches(step))
    assert path.name == f"step-{step:07d}-nan.npz"
    session = debug.replay(path)
    assert session.same
    assert session.said == f"step {step}, {where}: the loss was nan, and is nan again, to the same bits"
    found = session.first_bad()
    assert (found.op, found.tensor.site.module) == ("linear", "0")
    assert found.index[0] == 5
    assert main(["replay", "--batch", "-x", "where", str(path)]) == 0
    said = capsys.readouterr().out
    assert said.index("to the same bits") < said.index("linear overflows") < said.index("(autograd) where")
    assert "0.weight [16×3]" in said
    assert ".py:" not in said.partition("(autograd)")[0]  # no line of anybody's made this


def test_the_comparison_can_fail(tmp_path, capsys):
    """One bit of one weight, or another draw of dropout, and it is said that the bits are not the same."""
    path = fail(tmp_path, trainer_of(nn.MLP([3, 8, 2], dropout=0.5, rng=0)), (far_out(), LABELS), batch_size=None)
    header, arrays = files.read(path)

    def changed(name, value):
        flat = {**arrays, name: value}
        del header["checksum"]
        files.write(tmp_path / "x.npz", header, flat)
        return debug.replay(tmp_path / "x.npz")

    (weight,) = (name for name in arrays if name.endswith("model/0.weight"))
    assert debug.replay(path).same
    other = changed(weight, np.nextafter(arrays[weight], np.float32(1)))
    assert not other.same
    assert "not to the same bits; it was made with library" in other.said
    assert main(["replay", "--batch", str(tmp_path / "x.npz")]) == 1
    assert "not to the same bits" in capsys.readouterr().out


def test_a_spike_opens_with_its_usual(tmp_path, capsys):
    class Quake:
        def on_epoch_end(self, trainer, row):
            if row["epoch"] == 6:
                trainer.model[0].weight.data = trainer.model[0].weight.value * 50

    recorder = optim.FlightRecorder(tmp_path)
    with pytest.warns(UserWarning, match="the loss of step"):
        trainer_of(nn.MLP([3, 8, 2], dropout=0.2, rng=0)).fit(
            (X, LABELS), epochs=8, batch_size=16, callbacks=[Quake(), recorder]
        )
    assert main(["replay", "--batch", str(recorder.bundles[0])]) == 0
    said = capsys.readouterr().out
    assert "was usual, and is" in said
    assert "every value and every gradient is finite" in said


def test_an_error_is_raised_again(tmp_path, capsys):
    labels = LABELS.copy()
    labels[37] = 2
    path = fail(tmp_path, trainer_of(nn.MLP([3, 8, 2], rng=0)), (X, labels), ValueError)
    with pytest.raises(ValueError, match="labels from 0 to 2") as found:
        debug.replay(path)
    assert "raises again what it raised" in found.value.__notes__[0]
    assert main(["replay", "--batch", str(path)]) == 0
    assert "raises again what it raised; then: ValueError: there are logits" in capsys.readouterr().out


class Own(nn.Module):
    """Code of the user's own, with a line to be named."""

    def __init__(self):
        self.layer = nn.Linear(3, 1, rng=0)

    def forward(self, x):
        return np.log(self.layer(x))


def own_loss(output, target):
    return ((output - target) ** 2).mean()


def test_a_model_of_ones_own_has_to_be_given(tmp_path, capsys):
    model = Own()
    model.layer.bias.data = np.array([20], np.float32)
    x = X.copy()
    x[37] = -1e3 * np.sign(model.layer.weight.value[0])
    path = fail(tmp_path, trainer_of(model, own_loss), (x, X[:, :1]), batch_size=8)
    with pytest.raises(ValueError, match=r"how its model is built.*debug\.replay\(path, model=model\)"):
        debug.replay(path)
    with pytest.raises(ValueError, match=r"how its loss is built.*debug\.replay\(path, loss=loss\)"):
        debug.replay(path, Own())
    assert main(["replay", str(path)]) == 2
    assert "how its model is built" in capsys.readouterr().err
    session = debug.replay(path, Own(), own_loss)
    assert session.same
    found = session.first_bad()
    assert found.op == "log"
    assert found.line.startswith("test_debug_replay.py:")
    with pytest.raises(ValueError, match="missing"):
        debug.replay(path, nn.MLP([3, 1], rng=0), own_loss)


def tied():
    layer = nn.Linear(3, 3, rng=0)
    return nn.Sequential(layer, nn.Tanh(), layer, nn.Tanh(), nn.Linear(3, 2, rng=1))


def frozen():
    model = nn.MLP([3, 8, 2], rng=0)
    model[0].requires_grad_(False)
    return model


OTHERS = {
    "tied": (tied, X, {}, "auto"),
    "frozen": (frozen, X, {}, "auto"),
    "columns": (lambda: nn.MLP([3, 8, 2], activation="tanh", rng=0), np.asfortranarray(X), {}, False),
    "smoothed": (lambda: nn.MLP([3, 8, 2], rng=0), X, {"label_smoothing": 0.1}, "auto"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_a_model_is_beside_its_numbers(tmp_path, name):
    make, x, settings, compile = OTHERS[name]
    x = x.copy("K")
    x[37] = np.inf
    path = fail(
        tmp_path,
        trainer_of(make(), nn.CrossEntropyLoss(**settings), compile=compile),
        (x, LABELS),
        shuffle=False,
        batch_size=16,
    )
    session = debug.replay(path)
    assert session.same
    assert session.facts["x"].flags.c_contiguous == (
        name != "columns"
    )  # as its columns lay in memory, they are multiplied
    leaves = {node.name for node in session.nodes if node.op is None}
    assert leaves == {n for n, p in make().named_parameters() if p.requires_grad}


def test_modules_in_a_mode_of_their_own(tmp_path):
    class Rest:
        def on_step_end(self, trainer):
            trainer.model[2].eval()

    model, recorder = nn.MLP([3, 8, 2], dropout=0.5, rng=0), optim.FlightRecorder(tmp_path, spikes=False)
    with pytest.raises(optim.TrainingDiverged):
        trainer_of(model).fit((far_out(), LABELS), shuffle=False, batch_size=16, callbacks=[Rest(), recorder])
    assert not model[2].training
    assert debug.replay(recorder.bundles[0]).same


def test_sample_by_sample(tmp_path):
    """An optimizer that wants each sample's gradient: the session is that of the sample which is no number."""
    model = nn.MLP([3, 4, 2], rng=0)
    optimizer = optim.PrivateOptimizer(optim.SGD(model.parameters(), lr=0.1), max_norm=1.0, noise_multiplier=1.0, rng=0)
    trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optimizer)
    session = debug.replay(fail(tmp_path, trainer, (far_out(), LABELS), batch_size=8))
    assert session.same
    assert not np.isfinite(session.loss.value)


def test_the_terminal_is_the_debugger_s(tmp_path, monkeypatch, capsys):
    path = fail(tmp_path, trainer_of(nn.MLP([3, 8, 2], rng=0)), (far_out(), LABELS))
    monkeypatch.setattr("sys.stdin", io.StringIO("step\nquit\n"))
    assert main(["replay", str(path)]) == 0
    assert "linear" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["none.npz", "checkpoint.npz", "text.npz"])
def test_what_is_no_bundle(tmp_path, name, capsys):
    optim.checkpoint.write(tmp_path / "checkpoint.npz", {"a": 1})
    (tmp_path / "text.npz").write_text("hello")
    assert main(["replay", str(tmp_path / name)]) == 2
    said = capsys.readouterr().err
    assert name in said
    assert "bundle" in said


@pytest.mark.parametrize("key", bundles.KEYS)
def test_a_bundle_that_lacks_something(tmp_path, key, capsys):
    """Well formed and with a right checksum, but not what the recorder writes: a sentence, no traceback."""
    path = fail(tmp_path, trainer_of(nn.MLP([3, 8, 2], rng=0)), (far_out(), LABELS), batch_size=None)
    header, arrays = files.read(path)
    header["state"][key] = {"$pairs": []}
    del header["checksum"]
    files.write(tmp_path / "x.npz", header, arrays)
    try:
        status = main(["replay", "--batch", str(tmp_path / "x.npz")])
    except SystemExit as end:
        status = end.code
    assert status in (0, 1, 2)
    assert main(["replay", "--batch", str(path)]) == 0
    del header["state"][key]
    files.write(tmp_path / "x.npz", header, arrays)
    with pytest.raises(ValueError, match=f"it has no {key}"):
        replaying.replay(tmp_path / "x.npz")
