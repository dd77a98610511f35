"""Checkpoints as files: what is written comes back, nothing else is believed, and whatever happens while one is written,
the ones before it stay. A process is killed at every stage of the writing, and the run that goes on ends as if it had not."""

import builtins
import contextlib
import errno
import inspect
import io
import json
import math
import os
import pickle
import random
import re
import shutil
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_core import arrayfiles, nn, optim
from autograd_core.optim import checkpoint, files

RNG = np.random.default_rng(3)
X = RNG.normal(size=(40, 4)).astype(np.float32)
CLASSES = RNG.integers(0, 3, 40)


def trainer(hidden=8):
    model = nn.MLP([4, hidden, 3], dropout=0.2, rng=0)
    return optim.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01))


def fit(folder, epochs=3, hidden=8, resume=None, more=(), **settings):
    own = trainer(hidden)
    callbacks = [optim.Checkpoint(folder, **settings), *more]
    own.fit((X, CLASSES), epochs, 8, callbacks=callbacks, validation=(X, CLASSES), resume=resume)
    return own


def names(folder):
    return sorted(p.name for p in Path(folder).iterdir())


def epoch(path):
    place = checkpoint.read(path)["place"]
    return place["epoch"] + place["batch"] / 10


# --- what is written comes back --------------------------------------------------------------------------------

plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
scalars = st.sampled_from([np.float32(0.1), np.float64(0.1), np.int64(-3), np.bool_(True)])
arrays = st.sampled_from(
    [np.zeros((0, 3)), np.arange(6.0).reshape(2, 3).T, np.array(2, np.int8), np.array(["a", "bc"])]
)
keys = st.text(max_size=4) | st.integers() | st.sampled_from(["$array", "$tuple", "a/b", "a"])
trees = st.recursive(
    plain | scalars | arrays,
    lambda t: st.lists(t, max_size=3) | st.lists(t, max_size=3).map(tuple) | st.dictionaries(keys, t, max_size=4),
)


def alike(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(alike(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, (np.ndarray, np.generic)):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


@settings(max_examples=50, deadline=None)
@given(trees)
def test_any_tree_of_plain_values_and_arrays_comes_back(tree):
    found = {}
    text = json.dumps(files.flatten({"a": tree, "b": {"a": tree}}, found))
    assert alike(files.unflatten(json.loads(text), found), {"a": tree, "b": {"a": tree}})


@pytest.mark.parametrize("strange", [object(), {1, 2}, lambda: 0, 1j, np.array([None]), np.datetime64("2020-01-01")])
def test_what_no_file_can_hold_is_named(strange):
    with pytest.raises(TypeError, match=r"callbacks/0/x is .*which a checkpoint cannot hold"):
        files.flatten({"callbacks": [{"x": strange}]}, {})


def test_the_arrays_can_be_read_by_numpy_alone(tmp_path):
    own = fit(tmp_path)
    with np.load(tmp_path / "last.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["state/model/0.weight"], own.model[0].weight.value)


def test_the_same_run_writes_the_same_bytes_but_for_the_clock(tmp_path):
    state = trainer().state_dict()
    for name in "ab":
        checkpoint.write(tmp_path / f"{name}.npz", state)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


# --- nothing else is believed ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "run.npz"
    checkpoint.write(path, trainer(2).state_dict())
    return path.read_bytes()


@pytest.mark.parametrize("way", ["cut", "changed"])
def test_a_file_that_is_cut_short_or_changed_is_refused(way, sound, tmp_path):
    path, chosen, refused = tmp_path / "damaged.npz", random.Random(0), 0
    path.write_bytes(sound)
    expected = repr(checkpoint.read(path))
    for _ in range(100):
        place = chosen.randrange(len(sound))
        damaged = bytearray(sound)
        damaged[place] ^= chosen.randrange(1, 256)
        path.write_bytes(sound[:place] if way == "cut" else damaged)
        try:
            found = checkpoint.read(path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
            refused += 1
        else:
            assert repr(found) == expected  # a zip has bytes that say nothing, a date for one
    assert refused == 100 if way == "cut" else refused > 80


class Bomb:
    """What a pickle may do to who opens it."""

    def __reduce__(self):
        return (os.mkdir, ("exploded",))


def torch_zip(path):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps(Bomb()))


def object_array(path):
    bomb = np.empty(1, object)
    bomb[0] = Bomb()
    np.savez(path, **{arrayfiles.HEADER: bomb})


def changed(**entries):
    def write(path):
        arrays = {}
        tree = files.flatten(trainer(2).state_dict(), arrays)
        header = {"format": checkpoint.FORMAT, "version": checkpoint.VERSION, "state": tree}
        files.write(path, header | entries, arrays)

    return write


def edited(path):
    """By somebody who opened it, changed a number and packed it again."""
    changed()(path)
    with np.load(path) as found:
        content = dict(found)
    content["state/model/0.weight"] = content["state/model/0.weight"] + 1
    np.savez(path, **content)


BAD = {
    "pickle": (lambda p: p.write_bytes(pickle.dumps(Bomb())), "is a pickle, which may run any code"),
    "old pickle": (lambda p: p.with_suffix(".pkl").write_bytes(pickle.dumps(Bomb(), 0)), "is a pickle"),
    "torch": (torch_zip, "is a pickle"),
    "objects": (object_array, "is a pickle"),
    "text": (lambda p: p.write_text("epoch,loss\n1,0.5\n"), "is no checkpoint, or it is damaged"),
    "empty": (lambda p: p.write_bytes(b""), "is no checkpoint"),
    "npz": (lambda p: np.savez(p, a=np.zeros(2)), "it has no autograd_core.json"),
    "compressed": (lambda p: np.savez_compressed(p, a=np.zeros(2)), "compressed"),
    "model": (lambda p: nn.save(nn.MLP([1, 1]), p), "'autograd_core model'; a model is loaded by nn.load"),
    "version": (changed(version=2), "has version 2 of the checkpoint format, and this library reads version 1"),
    "no version": (changed(version="1"), "has version '1'"),
    "no state": (changed(state=[]), "it holds no state"),
    "no array": (changed(state={"a": {"$array": "b"}}), "damaged: 'b'"),
    "edited": (edited, "another checksum"),
    "missing": (lambda p: None, "there is no checkpoint"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_sound_checkpoint_is_told_apart(name, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    write, message = BAD[name]
    path = tmp_path / "x.npz"
    write(path)
    path = next((p for p in tmp_path.iterdir() if p.is_file()), path)
    with pytest.raises(FileNotFoundError if name == "missing" else ValueError, match=message) as caught:
        trainer(2).fit((X, CLASSES), 1, resume=path)
    assert str(path) in str(caught.value)
    assert not Path("exploded").exists()


# --- a folder of checkpoints -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({}, ["epoch-00002.npz", "last.npz"]),
        ({"keep": 0}, ["last.npz"]),
        ({"keep": None}, ["epoch-00001.npz", "epoch-00002.npz", "last.npz"]),
        ({"every": 2, "keep": None}, ["epoch-00002.npz", "last.npz"]),  # the last at the end
        ({"every": None}, ["last.npz"]),
        ({"every_steps": 4}, ["epoch-00003-batch-0000002.npz", "last.npz"]),
        ({"every": None, "every_steps": 8, "keep": None}, ["epoch-00002-batch-0000003.npz", "last.npz"]),
    ],
)
def test_what_is_kept(given, left, tmp_path):
    fit(tmp_path, **given)
    assert names(tmp_path) == left
    assert epoch(tmp_path / "last.npz") == 3


@pytest.mark.parametrize("given", [{"keep": 0}, {"keep": 1}, {"every_steps": 2, "keep": 0, "best": "loss"}])
def test_files_of_other_names_and_later_epochs_stay(given, tmp_path):
    """What keep removes is its own earlier checkpoints, by their names."""
    others = [
        "notes.txt",
        "arrays.npz",
        "model.npz",
        "epoch-00001.npz.bak",
        "epoch-notes.npz",
        "epoch-00001-copy.npz",
        "my-epoch-00001.npz",
    ]
    fit(tmp_path, epochs=1)
    for name in [*others, "epoch-00009.npz"]:
        (tmp_path / name).write_text(name)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "epoch-00001.npz").write_text("old")
    fit(tmp_path, epochs=4, resume=tmp_path, **given)
    left = {"last.npz", "epoch-00009.npz", *others, "old"} | ({"best.npz"} if "best" in given else set())
    assert set(names(tmp_path)) - left == ({"epoch-00003.npz"} if given["keep"] else set())
    assert left <= set(names(tmp_path))
    assert all((tmp_path / name).read_text() == name for name in [*others, "epoch-00009.npz"])
    assert names(tmp_path / "old") == ["epoch-00001.npz"]


def test_the_best_is_kept_as_it_was_at_its_epoch(tmp_path):
    own = fit(tmp_path, epochs=6, best="val_loss", keep=None)
    losses = own.history["val_loss"]
    best = losses.index(min(losses)) + 1
    assert epoch(tmp_path / "best.npz") == best
    again = trainer()
    again.load_state_dict(checkpoint.read(tmp_path / "best.npz"))
    assert again.evaluate((X, CLASSES))["loss"] == min(losses)


def test_the_best_of_a_run_is_that_of_all_its_parts(tmp_path):
    class Scores:
        def __init__(self):
            self.left = {1: 0.5, 2: 0.9, 3: 0.7, 4: 0.8}

        def on_epoch_end(self, trainer, row):
            row["score"] = self.left[row["epoch"]]

    asked = {"best": "score", "mode": "max", "more": [Scores()]}
    fit(tmp_path, epochs=2, **asked)
    fit(tmp_path, epochs=4, resume=tmp_path, **asked)
    assert epoch(tmp_path / "best.npz") == 2


def test_another_runs_checkpoints_are_not_overwritten(tmp_path):
    fit(tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=r"holds the checkpoints of another run .*resume='.*overwrite=True"):
        fit(tmp_path)
    with pytest.raises(ValueError, match="another run"):  # from elsewhere
        fit(tmp_path, resume=fit(tmp_path / "other").state_dict(), epochs=4)
    assert {p: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == before
    shutil.rmtree(tmp_path / "other")
    fit(tmp_path, epochs=1, overwrite=True)
    assert names(tmp_path) == ["last.npz"]


@pytest.mark.parametrize("source", ["a", "b"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_run_that_writes_to_two_folders_goes_on_in_both(source, overwrite, tmp_path):
    def run(epochs, resume=None):
        best = optim.Checkpoint(tmp_path / "b", every=2, best="val_loss", overwrite=overwrite)
        return fit(tmp_path / "a", epochs, resume=resume, more=[best], overwrite=overwrite)

    run(3)
    best = (tmp_path / "b" / "best.npz").read_bytes()
    losses = run(3, resume=tmp_path / source).history["val_loss"]
    assert (tmp_path / "b" / "best.npz").read_bytes() == best
    run(6, resume=tmp_path / source)
    assert [epoch(tmp_path / folder / "last.npz") for folder in "ab"] == [6, 6]
    assert epoch(tmp_path / "b" / "best.npz") >= losses.index(min(losses)) + 1
    with pytest.raises(ValueError, match="another run"):  # its folder is nobody else's
        fit(tmp_path / "b", resume=fit(tmp_path / "c", 6).state_dict(), epochs=7)


def test_what_another_run_made_of_the_same_beginning_is_not_overwritten(tmp_path):
    fit(tmp_path / "base", 2)
    fit(tmp_path / "one", 4, resume=tmp_path / "base")
    fit(tmp_path / "two", 3, resume=tmp_path / "base")
    with pytest.raises(ValueError, match=r"one holds the checkpoints of another run .*resume='.*one'"):
        fit(tmp_path / "one", 5, resume=tmp_path / "base")
    with pytest.raises(ValueError, match="another run"):
        fit(tmp_path / "one", 5, resume=tmp_path / "two")
    assert [epoch(tmp_path / name / "last.npz") for name in ("base", "one", "two")] == [2, 4, 3]


class Another:
    """Another run that writes to the folder, after the second epoch."""

    def __init__(self, folder):
        self.folder = folder

    def on_epoch_end(self, trainer, row):
        if row["epoch"] == 2:
            fit(self.folder, 4, resume=self.folder, best="val_loss")


def test_two_runs_in_one_folder_lose_neither(tmp_path):
    folder = tmp_path / "a"
    with pytest.warns(UserWarning, match="another run") as told:
        fit(folder, 8, more=[Another(folder)], best="val_loss")
    assert [str(w.message) for w in told] == [
        f"another run writes its checkpoints to {folder}, too: it is left to that one, and this run goes on writing to "
        f"{folder}-2, from which to resume it. Name a folder for each run"
    ]
    assert epoch(folder / "last.npz") == 4
    assert epoch(tmp_path / "a-2" / "last.npz") == 8
    assert names(tmp_path / "a-2") == ["best.npz", "epoch-00007.npz", "last.npz"]


def test_two_runs_that_begin_together_lose_neither(tmp_path):
    class Begins:
        def on_epoch_end(self, trainer, row):
            if row["epoch"] == 1:
                fit(tmp_path / "a", 5)

    with pytest.warns(UserWarning, match="another run writes its checkpoints to") as told:
        fit(tmp_path / "a", 3, more=[Begins()])
    assert len(told) == 1
    assert [epoch(tmp_path / name / "last.npz") for name in ("a", "a-2")] == [5, 3]


def test_the_best_comes_along_to_the_folder_beside(tmp_path):
    class Wins:
        def on_epoch_end(self, trainer, row):
            row["score"] = row["epoch"] == 1
            if row["epoch"] == 2:
                checkpoint.write(tmp_path / "a" / "last.npz", trainer.state_dict())

    with pytest.warns(UserWarning, match="another run"):
        fit(tmp_path / "a", 3, more=[Wins()], best="score", mode="max")
    assert epoch(tmp_path / "a-2" / "best.npz") == 1


def test_two_that_write_for_one_run_to_one_folder(tmp_path):
    best = optim.Checkpoint(tmp_path, every=None, best="val_loss")
    fit(tmp_path, 3, more=[best], every_steps=2)
    fit(tmp_path, 5, resume=tmp_path, more=[best], every_steps=2)
    assert epoch(tmp_path / "last.npz") == 5


def test_what_somebody_else_wrote_since_is_not_ones_own(tmp_path):
    own, callback = trainer(), optim.Checkpoint(tmp_path)
    own.fit((X, CLASSES), 2, callbacks=[callback])
    fit(tmp_path, 5, overwrite=True)
    with pytest.raises(ValueError, match="another run"):
        own.fit((X, CLASSES), 2, callbacks=[callback])
    assert epoch(tmp_path / "last.npz") == 5


def test_one_callback_may_go_on_writing(tmp_path):
    own, callback = trainer(), optim.Checkpoint(tmp_path)
    for _ in range(2):
        own.fit((X, CLASSES), 2, callbacks=[callback])
    assert epoch(tmp_path / "last.npz") == 2


def test_another_run_that_begins_in_the_folder_at_the_same_moment(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "whole", lambda path: contextlib.nullcontext())  # its probe is gone before it is removed
    optim.Checkpoint(tmp_path).on_fit_begin(trainer())


def test_a_folder_is_where_it_was_when_it_was_named(tmp_path, monkeypatch):
    class Elsewhere:
        def on_epoch_end(self, trainer, row):
            monkeypatch.chdir(elsewhere)

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(tmp_path)
    loggers = [optim.CSVLogger("run/log.csv"), optim.JSONLogger("run/log.jsonl"), optim.FlightRecorder("flight")]
    own = fit("run", more=[*loggers, Elsewhere()])
    assert names(elsewhere) == []
    assert names(tmp_path / "run") == ["epoch-00002.npz", "last.npz", "log.csv", "log.jsonl"]
    assert epoch(tmp_path / "run" / "last.npz") == len(own.history) == 3
    assert len((tmp_path / "run" / "log.csv").read_text().splitlines()) == 4
    own.optimizer.param_groups[0]["lr"] = 1e30
    with pytest.raises(optim.TrainingDiverged):
        own.fit((X, CLASSES), 9, callbacks=loggers[2:])
    assert len(names(tmp_path / "flight")) == 1


@pytest.mark.parametrize("resume", [True, 3, b"run"])
def test_what_nothing_can_be_resumed_from(resume):
    with pytest.raises(TypeError, match=f"resume is the folder that Checkpoint writes to, .*; it is {resume!r}"):
        trainer().fit((X, CLASSES), 1, resume=resume)


def test_a_folder_without_a_checkpoint_is_begun_in_or_is_a_mistake(tmp_path):
    expected = fit(tmp_path / "a").history["loss"]
    assert fit(tmp_path / "b", resume=tmp_path / "b").history["loss"] == expected
    with pytest.raises(FileNotFoundError, match=r"c is no folder and no file: name the folder"):
        fit(tmp_path / "d", resume=tmp_path / "c")
    (tmp_path / "c").mkdir()
    with pytest.raises(FileNotFoundError, match="c holds no checkpoint"):
        trainer().fit((X, CLASSES), 1, resume=str(tmp_path / "c"))


def test_a_damaged_last_one_is_passed_over_for_the_one_before(tmp_path):
    expected = fit(tmp_path / "whole", epochs=5).history["loss"]
    fit(tmp_path / "a", keep=2)
    last = tmp_path / "a" / "last.npz"
    last.write_bytes(last.read_bytes()[:-100])
    with pytest.warns(
        UserWarning, match=r"last.npz is no checkpoint, or .*; going on from epoch-00002.npz, which is older"
    ):
        own = fit(tmp_path / "a", epochs=5, resume=tmp_path / "a", keep=None)
    assert own.history["loss"] == expected
    for path in (tmp_path / "a").iterdir():
        checkpoint.read(path)  # the damaged one is not among them
    for path in (tmp_path / "a").iterdir():
        path.write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"no checkpoint in .* can be read: .*last.npz .*; .*epoch-00004.npz"):
        fit(tmp_path / "a", resume=tmp_path / "a")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"every": 0}, "every is a whole number, at least 1, or None; it is 0"),
        ({"every_steps": 1.5}, "every_steps is a whole number"),
        ({"keep": -1}, "keep is a whole number, at least 0"),
        ({"best": "mistakes"}, 'say mode="min" or mode="max"'),
    ],
)
def test_settings_that_make_no_sense(given, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        optim.Checkpoint(tmp_path, **given)


def test_the_best_of_what_is_not_measured(tmp_path):
    with pytest.raises(ValueError, match="best='val_accuracy' is not measured; there is epoch, loss"):
        fit(tmp_path, best="val_accuracy")


# --- when writing fails ----------------------------------------------------------------------------------------


class Full(io.FileIO):
    """A file on a disk with little room: what it fails with, and when, is the system's."""

    room = 0

    def write(self, data):
        data = memoryview(data).cast("B")[: max(Full.room, 0)]
        if not data:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        Full.room -= len(data)
        return super().write(data)


@pytest.fixture
def disk(monkeypatch):
    def opened(path, mode="r", *more, **settings):
        if mode == "wb" and str(path).endswith(".tmp"):
            return io.BufferedWriter(Full(path, "w"))
        return builtins.open(path, mode, *more, **settings)

    monkeypatch.setattr(arrayfiles, "open", opened, raising=False)
    return Full


def gone_on(folder, full):
    """Train with room for a checkpoint and a half; then the disk has room again."""

    class Room:
        def on_epoch_end(self, trainer, row):
            full(row["epoch"])

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        own = fit(folder, epochs=6, keep=0, best="loss", more=[Room()])
    return own, [str(w.message) for w in said]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_full_disk_leaves_what_was_there_and_training_goes_on(share, disk, tmp_path):
    disk.room = 10**9
    fit(tmp_path / "whole", epochs=6)
    size = (tmp_path / "whole" / "last.npz").stat().st_size
    kept = {}

    def full(epoch):
        disk.room = 10**9 if epoch in (1, 6) else int(share * size)
        if epoch == 3:
            kept.update({p.name: checkpoint.read(p)["place"]["epoch"] for p in (tmp_path / "a").iterdir()})

    own, said = gone_on(tmp_path / "a", full)
    assert kept == {"best.npz": 1, "last.npz": 1}  # whole, and no half-written one beside them
    assert len(said) == 1
    assert re.search(
        r"could not be written \(No space left on device\); the file that was there is as it was. Training goes on",
        said[0],
    )
    assert len(own.history) == 6
    assert epoch(tmp_path / "a" / "last.npz") == 6
    assert names(tmp_path / "a") == ["best.npz", "last.npz"]


@contextlib.contextmanager
def mounted(folder, options):
    """A file system of its own, where one may be mounted."""
    folder.mkdir()
    if (
        not shutil.which("mount")
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_disk_that_is_really_full(tmp_path):
    with mounted(tmp_path / "small", "size=256k") as folder:
        filler = folder / "filler"

        def full(epoch):
            if epoch == 2:
                with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
                    while file.write(b"x" * 512):
                        pass
            elif epoch == 5:
                assert checkpoint.read(folder / "a" / "last.npz")["place"]["epoch"] == 1
                filler.unlink()

        _, said = gone_on(folder / "a", full)
        assert "No space left on device" in said[0]
        assert len(said) == 1
        assert epoch(folder / "a" / "last.npz") == 6
        shutil.copytree(folder / "a", tmp_path / "b")
        assert (
            fit(tmp_path / "b", epochs=7, resume=tmp_path / "b").history["loss"]
            == fit(tmp_path / "c", epochs=7).history["loss"]
        )


REFUSED = r"checkpoints cannot be written to .*a \(.*{}.*\): name a folder where you may write"


def test_a_folder_without_write_permission_is_told_of_before_training(tmp_path, monkeypatch):
    folder = tmp_path / "a"
    folder.mkdir()
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):  # the superuser may write anywhere: as it would be for others
        refused = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        monkeypatch.setattr(arrayfiles, "open", lambda *a, **k: (_ for _ in ()).throw(refused), raising=False)
    own = trainer()
    with pytest.raises(OSError, match=REFUSED.format("Permission denied")):
        own.fit((X, CLASSES), 1, callbacks=[optim.Checkpoint(folder)])
    assert not len(own.history)
    folder.chmod(0o700)


def test_a_read_only_file_system_and_a_file_in_the_way(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(OSError, match=REFUSED.format("File exists")):
        fit(tmp_path / "a")
    with (
        mounted(tmp_path / "ro", "ro") as folder,
        pytest.raises(OSError, match=REFUSED.format("Read-only file system")),
    ):
        fit(folder / "a")


def test_what_is_written_is_on_the_disk_before_it_takes_the_name(tmp_path, monkeypatch):
    calls = []

    def noting(name, call):
        def noted(*args):
            what = Path(os.readlink(f"/proc/self/fd/{args[0]}")) if isinstance(args[0], int) else Path(args[1])
            calls.append((name, re.sub(r"^\..*", "new", what.name)))
            return call(*args)

        return noted

    monkeypatch.setattr("os.fsync", noting("sync", os.fsync))
    monkeypatch.setattr("os.replace", noting("name", os.replace))
    if not Path("/proc/self/fd").exists():
        pytest.skip("here nobody can tell which file a handle belongs to")
    for i in range(2):
        checkpoint.write(tmp_path / "x.npz", {"i": i}, tmp_path / "old.npz")
    write = [("sync", "new"), ("name", "x.npz"), ("sync", tmp_path.name)]
    assert calls == [*write, write[0], ("name", "old.npz"), *write[1:]]


# --- kill -9 ---------------------------------------------------------------------------------------------------

CHILD = """
import os, signal, sys
import numpy as np
from autograd_core import nn, optim
from autograd_core.optim import files

RNG = np.random.default_rng(3)
X = RNG.normal(size=(40, 4)).astype(np.float32)
CLASSES = RNG.integers(0, 3, 40)

{functions}

def dying(place, name, calls):
    call, left = getattr(place, name), [calls]
    def counted(*args, **settings):
        left[0] -= 1
        if not left[0]:
            if name == "write_array":  # half of an array
                args[0].write(b"x" * 40)
                args[0]._fileobj.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **settings)
    setattr(place, name, counted)

class Listen:
    def on_step_end(self, trainer):
        pass

dying({place}, {name!r}, {calls})
fit(sys.argv[1], epochs=4, every_steps=2, more=[Listen()])
"""
STAGES = {  # a checkpoint is 7 arrays, one sync of the file and one of the folder, two names; the probe is a file as well
    "before the first": ("files", "write", 1),
    "in the middle of an array": ("np.lib.format", "write_array", 7 * 4 + 3),
    "written, not synced": ("os", "fsync", 2 + 2 * 5 + 1),
    "between the two names": ("os", "replace", 1 + 1 + 2 * 4 + 2),
    "named, not synced": ("os", "fsync", 2 + 2 * 5 + 2),
    "between two checkpoints": ("Listen", "on_step_end", random.Random(1).randrange(4, 18)),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_run_killed_at_any_stage_goes_on_as_if_it_had_not_been(stage, tmp_path):
    place, name, calls = STAGES[stage]
    functions = inspect.getsource(trainer) + inspect.getsource(fit)
    script = CHILD.format(functions=functions, place=place, name=name, calls=calls)
    folder = tmp_path / "a"
    child = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, timeout=120, check=False
    )
    assert child.returncode == -9, child.stderr
    if stage not in ("before the first", "between two checkpoints", "named, not synced"):
        assert list(folder.glob(".*.tmp"))
    found = fit(folder, epochs=4, every_steps=2, resume=folder)
    expected = fit(tmp_path / "b", epochs=4, every_steps=2)
    assert found.history["loss"] == expected.history["loss"]
    for p, q in zip(found.model.parameters(), expected.model.parameters(), strict=True):
        np.testing.assert_array_equal(p.value, q.value)
    assert not list(folder.glob(".*.tmp"))
