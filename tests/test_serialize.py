"""Model files: what is saved comes back, shared parameters stay shared, and no bad file does more than make a sentence."""

import os
import pickle
import sys
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import fuzz_models
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_core import Tensor, nn
from autograd_core.nn import architecture, arrayfiles

SUFFIXES = [".npz", ".safetensors"]


class Scaled(nn.Module):
    """A module of a user's own: a parameter, a list of layers, state that is not trained, a layer used twice."""

    def __init__(self, rng=0):
        rng = np.random.default_rng(rng)
        self.scale = nn.Parameter(1.5)
        self.blocks = [nn.Linear(3, 3, rng=rng), nn.Linear(3, 3, rng=rng)]
        self.head = self.blocks[0]
        self.count = Tensor(np.zeros(2, np.float32))

    def forward(self, x):
        for block in (*self.blocks, self.head):
            x = block(x)
        return x * self.scale


def same_state(a, b):
    a, b = a.state_dict(), b.state_dict()
    assert a.keys() == b.keys()
    for name, value in a.items():
        assert value.dtype == b[name].dtype, name
        np.testing.assert_array_equal(value, b[name], err_msg=name)


# --- what comes back -----------------------------------------------------------------------------------------------

MODELS = {
    "mlp": lambda: nn.MLP([3, 4, 2], activation="tanh", dropout=0.25, rng=1),
    "no hidden layer": lambda: nn.MLP([3, 2], rng=1),
    "module as activation": lambda: nn.MLP([3, 4, 2], activation=nn.LeakyReLU(0.3), rng=1),
    "class as activation": lambda: nn.MLP([3, 4, 2], activation=nn.Sigmoid, rng=1),
    "float64": lambda: nn.MLP([3, 4, 2], rng=1, dtype=np.float64),
    "sequential": lambda: nn.Sequential(
        nn.Linear(3, 4, bias=False, rng=1),
        nn.Sigmoid(2.0),
        nn.Sequential(nn.Linear(4, 2, rng=2), nn.LeakyReLU(0.2)),
        nn.Softmax(-1),
    ),
    "sequential of float64": lambda: nn.Sequential(nn.Linear(3, 2, rng=1, dtype=np.float64), nn.Tanh()),
    "one layer": lambda: nn.Linear(3, 2, rng=1),
    "a branch without layers": lambda: nn.Parallel(nn.Sequential(), nn.Linear(3, 3, rng=1)),
}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_model_comes_back_bit_for_bit(make, suffix, tmp_path):
    model, x = make().eval(), np.linspace(-1, 1, 12).reshape(4, 3)
    nn.save(model, tmp_path / f"model{suffix}")
    back = nn.load(tmp_path / f"model{suffix}").eval()
    same_state(back, model)
    assert back(x).dtype == model(x).dtype
    np.testing.assert_array_equal(back(x).value, model(x).value)
    assert [n for n, _ in back.named_parameters()] == [n for n, _ in model.named_parameters()]


def test_an_mlp_comes_back_as_an_mlp(tmp_path):
    nn.save(MODELS["mlp"](), tmp_path / "model.npz")
    back = nn.load(str(tmp_path / "model.npz"))
    assert repr(back) == repr(MODELS["mlp"]())
    assert (type(back), back.sizes, back.activation, back.dropout) == (nn.MLP, [3, 4, 2], "tanh", 0.25)


def test_a_layer_put_in_later_is_not_forgotten(tmp_path):
    model = MODELS["mlp"]()
    model.layers[1] = nn.LeakyReLU(0.5)
    nn.save(model, tmp_path / "model.npz")
    assert repr(nn.load(tmp_path / "model.npz")[1]) == "LeakyReLU(negative_slope=0.5)"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_notes_travel_with_the_model(suffix, tmp_path):
    nn.save(
        MODELS["mlp"](), tmp_path / f"model{suffix}", classes=["a", "ß"], epochs=3, pair=(1, 2), by={1: float("inf")}
    )
    assert nn.notes(tmp_path / f"model{suffix}") == {
        "classes": ["a", "ß"], "epochs": 3, "pair": [1, 2], "by": {"1": float("inf")},
    }  # fmt: skip


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_shared_parameters_stay_shared(suffix, tmp_path):
    layer, norm = nn.Linear(3, 3, rng=0), nn.BatchNorm1d(3)
    model = nn.Sequential(layer, norm, nn.Residual(nn.ReLU(), layer), norm)
    path = tmp_path / f"model{suffix}"
    nn.save(model, path)
    assert len(arrayfiles.read(path)[1]) == 7  # each tensor once
    back = nn.load(path)
    same_state(back, model)
    assert len(list(back.parameters())) == len(list(model.parameters())) == 4
    assert back[0].weight is back[2][1].weight
    assert back[1].running_mean is back[3].running_mean
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    np.testing.assert_array_equal(back(x).value, model(x).value)  # in training: the statistics move twice
    same_state(back, model)
    back(x).sum().backward()
    model(x).sum().backward()
    np.testing.assert_array_equal(back[0].weight.grad.value, model[0].weight.grad.value)


def test_a_model_that_is_given_keeps_its_own_sharing(tmp_path):
    nn.save(Scaled(rng=1), tmp_path / "own.npz")
    apart = Scaled(rng=2)
    apart.head = nn.Linear(3, 3)
    nn.load(tmp_path / "own.npz", apart)
    same_state(apart, Scaled(rng=1))
    assert apart.head.weight is not apart.blocks[0].weight


def test_version_1_is_still_read():
    path = Path(__file__).parent / "reference" / "model_version_1.npz"  # with its output, by the library of that time
    model, notes = nn.load(path).eval(), nn.notes(path)
    assert notes["classes"] == ["a", "ß"]
    assert [type(m).__name__ for m in model] == ["MLP", "Residual"]
    np.testing.assert_allclose(model(np.float32(notes["x"])).value, notes["output"], rtol=1e-6)


def test_other_programs_read_the_arrays(tmp_path):
    import safetensors.numpy

    model = nn.Linear(3, 2, rng=0)  # whose weight lies transposed in memory
    nn.save(model, tmp_path / "model.safetensors")
    nn.save(model, tmp_path / "model.npz")
    np.testing.assert_array_equal(
        safetensors.numpy.load_file(tmp_path / "model.safetensors")["weight"], model.weight.value
    )
    with np.load(tmp_path / "model.npz", allow_pickle=False) as file:
        np.testing.assert_array_equal(file["state/weight"], model.weight.value)


def test_a_file_is_the_same_whenever_it_is_written(tmp_path):
    for suffix in SUFFIXES:
        nn.save(MODELS["mlp"](), tmp_path / f"a{suffix}")
        nn.save(MODELS["mlp"](), tmp_path / f"b{suffix}")
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_mixed_types_are_not_forgotten(tmp_path):
    model = nn.MLP([3, 4, 2], rng=0)
    model.layers[2] = nn.Linear(4, 2, rng=0, dtype=np.float64)
    nn.save(model, tmp_path / "model.npz")
    same_state(nn.load(tmp_path / "model.npz"), model)


@pytest.mark.parametrize("make", [Scaled, lambda: nn.Sequential(nn.Linear(3, 3), np.tanh)], ids=["module", "function"])
def test_a_model_of_ones_own_is_filled_in(make, tmp_path):
    model = make()
    nn.save(model, tmp_path / "own.npz")
    with pytest.raises(ValueError, match=r"build it and pass it: nn.load\(path, model\)"):
        nn.load(tmp_path / "own.npz")
    blank = make()
    for p in blank.parameters():
        p.data = np.zeros(p.shape)
    assert nn.load(tmp_path / "own.npz", blank) is blank
    same_state(blank, model)
    with pytest.raises(ValueError, match="this state does not fit MLP"):
        nn.load(tmp_path / "own.npz", nn.MLP([3, 3, 3]))


@pytest.mark.parametrize("name", ["file", "args", "allow_pickle", "arr_0"])
def test_a_parameter_may_have_any_name(name, tmp_path):
    class Own(nn.Module):
        def __init__(self, value):
            setattr(self, name, nn.Parameter([value]))

    nn.save(Own(3.0), tmp_path / "own.npz")
    assert getattr(nn.load(tmp_path / "own.npz", Own(0.0)), name).item() == 3


def test_a_class_of_ones_own_is_not_taken_for_a_namesake(tmp_path):
    class Sigmoid(nn.Module):
        def forward(self, x):
            return x * 100

    Sigmoid.__module__ = "my_activations"  # a user's file may end like one of ours
    assert architecture.describe(nn.Sequential(nn.Linear(2, 2), Sigmoid())) is None


def resaved(path, **changes):
    """The model file with its header changed by somebody who knows the checksum."""
    header, arrays = arrayfiles.read(path)
    arrayfiles.write(path, fuzz_models.sealed(header, arrays, **changes), arrays)


def header_as(text):
    return lambda path: np.savez(path, **{"autograd_core.json": np.frombuffer(text, np.uint8)})


def save_array(path):
    with open(path, "wb") as file:
        np.save(file, np.ones(3))


class Bomb:
    def __reduce__(self):
        return pytest.fail, ("a file was unpickled",)


DAMAGE = {
    "empty": (lambda path: path.write_bytes(b""), "not a model file of autograd_core, or it is damaged"),
    "text": (lambda path: path.write_text("weights"), "not a model file"),
    "half": (lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]), "damaged"),
    "pickle": (lambda path: path.write_bytes(pickle.dumps(Bomb())), "is a pickle, which may run any code"),
    "pickle in npz": (
        lambda path: np.savez(path, **{"autograd_core.json": np.array([Bomb()], object)}),
        "is a pickle, which may run any code",
    ),
    "npy": (save_array, "not a model file"),
    "another npz": (lambda path: np.savez(path, x=np.ones(3)), "not a model file"),
    "header cut": (header_as(b'{"version": 1'), "not a model file"),
    "header a list": (header_as(b"[1]"), "not a model file"),
    "header without architecture": (header_as(b'{"format": "autograd_core model", "version": 1}'), "not a model file"),
    "version": (
        lambda path: resaved(path, version=3),
        "has version 3 of the file format; this library reads versions 1 and 2",
    ),
    "unknown module": (
        lambda path: resaved(path, architecture={"type": "Attention", "config": {}}),
        "a module 'Attention'",
    ),
    "unknown setting": (lambda path: resaved(path, architecture={"type": "MLP", "config": {"depth": 3}}), "depth"),
    "other sizes": (
        lambda path: resaved(path, architecture={"type": "MLP", "config": {"sizes": [3, 5, 2], "dropout": 0.25}}),
        "the layers differ",
    ),
    "architecture without reseal": (
        lambda path: arrayfiles.write(
            path, {**arrayfiles.read(path)[0], "architecture": None}, arrayfiles.read(path)[1]
        ),
        "was changed or damaged after it was written",
    ),
    "arrays alone": (
        lambda path: path.write_bytes(fuzz_models.safetensors({}, {}, lambda said: said.pop("__metadata__"))),
        "arrays without an architecture, as PyTorch writes them",
    ),
    "from torch.save": (
        lambda path: path.write_bytes(fuzz_models.zipped([("archive/data.pkl", pickle.dumps(Bomb()))])),
        r"is a pickle, .* safetensors.torch.save_file\(model.state_dict\(\), path\); nn.from_torch puts them",
    ),
    "size": (
        lambda path: resaved(path, architecture={"type": "MLP", "config": {"sizes": [10**7, 10**7]}}),
        "declares 100,000,000,000,000 numbers, and the file holds 26",
    ),
}


@pytest.mark.parametrize(("damage", "fragment"), DAMAGE.values(), ids=DAMAGE)
def test_a_file_that_is_no_model_says_so(damage, fragment, tmp_path):
    path = tmp_path / "model.npz"
    nn.save(MODELS["mlp"](), path)
    damage(path)
    with pytest.raises(ValueError, match=fragment):
        nn.load(path)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        nn.load(tmp_path / "none.npz")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_changed_byte_is_noticed_or_harmless(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / f"byte{data.draw(st.sampled_from(SUFFIXES))}"
    model = nn.MLP([2, 2], rng=0)
    nn.save(model, path, classes=["a", "b"])
    raw = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    try:
        back = nn.load(path)
    except ValueError:
        return
    same_state(back, model)
    assert nn.notes(path) == {"classes": ["a", "b"]}


def test_200_bad_files_make_sentences_and_nothing_else(tmp_path):
    files = fuzz_models.corrupted(tmp_path)
    assert len(files) == 200
    target, others = fuzz_models.model(), [p.read_bytes() for p in sorted(tmp_path.iterdir())]
    before, kept = target.state_dict(), sorted(tmp_path.iterdir())
    tracemalloc.start()
    try:
        for name, suffix, raw in files:
            path = tmp_path / f"bad{suffix}"
            path.write_bytes(raw)
            tracemalloc.reset_peak()
            for act in (nn.load, nn.notes, lambda path: nn.load(path, target)):
                found = complaint(act, path)
                assert found is not None or is_sound(act, path), name
                assert found is None or (str(path) in found and len(found) > len(str(path)) + 20), (name, found)
            assert tracemalloc.get_traced_memory()[1] < 3e6, name  # what a file claims is not what it gets
            assert path.read_bytes() == raw, name
            path.unlink()
    finally:
        tracemalloc.stop()
    assert fuzz_models.RAN == []
    assert sorted(tmp_path.iterdir()) == kept
    assert [p.read_bytes() for p in kept] == others
    assert all((before[n] == v).all() for n, v in target.state_dict().items())


def complaint(act, path):
    """What is said of a file; None where it is taken. Anything but the two kinds of error, or a warning, comes through."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            act(path)
        except (ValueError, OSError) as error:
            return str(error)
    return None


def is_sound(act, path):
    """A file that is taken may be wrong in nothing but what the act does not look at."""
    if act is nn.load:
        same_state(nn.load(path), fuzz_models.model())
    elif act is not nn.notes:  # a model that is given needs no architecture
        same_state(act(path), fuzz_models.model())
    return True


@pytest.mark.parametrize("failing", ["fsync", "replace", "savez", "notes"])
def test_a_failed_save_leaves_the_old_file(failing, tmp_path, monkeypatch):
    path, old = tmp_path / "model.npz", MODELS["mlp"]()
    nn.save(old, path)

    def broken(*args, **kwargs):
        raise OSError("the disk is full")

    notes = {}
    if failing == "savez":
        monkeypatch.setattr(zipfile.ZipFile, "open", broken)
    elif failing == "notes":
        notes = {"when": object()}  # JSON cannot say it
    else:
        monkeypatch.setattr(os, failing, broken)
    with pytest.raises((OSError, TypeError)):
        nn.save(nn.MLP([9, 9], rng=2), path, **notes)
    monkeypatch.undo()
    same_state(nn.load(path), old)
    assert os.listdir(tmp_path) == ["model.npz"]


def test_a_failed_save_says_that_the_old_file_stands(tmp_path, monkeypatch):
    nn.save(MODELS["mlp"](), tmp_path / "model.npz")
    monkeypatch.setattr(os, "fsync", lambda number: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(
        OSError, match=r"could not be written \(No space left on device\); the file that was there is as it was"
    ):
        nn.save(MODELS["mlp"](), tmp_path / "model.npz")
    with pytest.raises(OSError, match=r"new.npz could not be written \(No space left on device\)$"):
        nn.save(MODELS["mlp"](), tmp_path / "new.npz")
    monkeypatch.undo()
    with pytest.raises(FileNotFoundError, match="could not be written"):
        nn.save(MODELS["mlp"](), tmp_path / "none" / "model.npz")
    assert os.listdir(tmp_path) == ["model.npz"]


@pytest.mark.parametrize("name", ["model", "model.pt", "model.pkl", "model.npz.bak"])
def test_other_suffixes_are_not_written(name, tmp_path):
    with pytest.raises(ValueError, match=r"saved as .npz or .safetensors"):
        nn.save(MODELS["mlp"](), tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_the_suffix_does_not_matter_when_reading(tmp_path):
    nn.save(MODELS["mlp"](), tmp_path / "model.npz")
    os.rename(tmp_path / "model.npz", tmp_path / "model.pt")
    same_state(nn.load(tmp_path / "model.pt"), MODELS["mlp"]())


@pytest.mark.parametrize("act", [nn.load, lambda path: nn.save(MODELS["mlp"](), path)], ids=["load", "save"])
def test_a_missing_extra_is_named(act, tmp_path, monkeypatch):
    nn.save(MODELS["mlp"](), tmp_path / "model.safetensors")
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(ImportError, match=r'pip install "autograd-core\[safetensors\]"'):
        act(tmp_path / "model.safetensors")


@pytest.mark.parametrize("write", [nn.save, nn.to_python])
def test_an_estimator_is_told_where_its_network_is(write, tmp_path):
    class Fitted:
        def fit(self):
            return self

    with pytest.raises(
        TypeError, match="a model is a Module of nn, not Fitted; its network is its attribute model_, once"
    ):
        write(Fitted(), tmp_path / "model.npz")
    with pytest.raises(TypeError, match=r"not dict$"):
        write({}, tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == []
