"""`--config FILE`: a file whose keys are the options, and a sentence for all that it may have wrong."""

import json
from pathlib import Path

import pytest
from test_cli import read_json, run

from autograd_core.cli import options


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("autograd_core.cli.train._picture", lambda *_: None)


def write(text, name="run.toml"):
    Path(name).write_text(text)


GOOD = """data = "iris"
hidden = [8, 4]
activation = "tanh"
batch_size = 16
weight-decay = 0.001
epochs = 2
quiet = true
report = false
"""


def test_keys_are_options_and_what_is_typed_wins():
    write(GOOD)
    assert run("train", "--config", "run.toml", "--out", "out", "--epochs", 3) == 0
    chosen = read_json("out/config.json")["options"]
    assert (chosen["hidden"], chosen["activation"], chosen["batch_size"], chosen["weight_decay"]) == (
        [8, 4],
        "tanh",
        16,
        0.001,
    )
    assert (chosen["data"], chosen["epochs"], read_json("out/result.json")["epochs"]) == ("iris", 3, 3)
    assert not Path("out/report.html").exists()


def test_the_data_that_is_typed_wins():
    write(GOOD)
    run("train", "wine", "--config=run.toml", "--out", "out")
    assert read_json("out/result.json")["data"] == "wine"


def test_an_empty_list_is_no_layer():
    write('data = "iris"\nhidden = []\nepochs = 1')
    run("train", "--config", "run.toml", "--out", "out")
    assert read_json("out/config.json")["options"]["hidden"] == []


def test_the_config_of_a_run_does_it_again():
    run("train", "moons", "--epochs", 3, "--lr", 0.01, "--hidden", "5", "--seed", 4, "--out", "a", "--quiet")
    run("train", "--config", "a/config.json", "--out", "b", "--quiet")
    a, b = read_json("a/result.json"), read_json("b/result.json")
    assert a | {"seconds": 0} == b | {"seconds": 0}


def test_lr_find_takes_the_same_file(capsys):
    write('data = "iris"\nhidden = [8]\nsteps = 40')
    assert run("lr-find", "--config", "run.toml", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["rates"]) <= 40


WRONG = [
    ("lr = ", ["run.toml is not TOML", "lr = 0.01"]),
    ("[model]\nhidden = 3", ["no option 'model'", "hidden"]),
    ("hiden = 3", ["run.toml: there is no option 'hiden'", "hidden"]),
    ('config = "other.toml"', ["no option 'config'"]),
    ('hidden = "many"', ["run.toml: hidden: 'many' is not a list of sizes"]),
    ("lr = [1, 2]", ["run.toml: lr: [1, 2] is not a number"]),
    ("lr = true", ["lr is a text, a number or a list"]),
    ('lr = "fast"', ["'fast' is not a number"]),
    ("epochs = 0", ["epochs: training takes at least 1 epoch, not 0"]),
    ("epochs = 2.5", ["'2.5' is not a whole number"]),
    ('optimizer = "magic"', ["optimizer is one of adam, adamw", "'magic'"]),
    ("quiet = 3", ["quiet is true or false, not 3"]),
    ("data = 3", ["no data set '3'"]),
]


@pytest.mark.parametrize(("text", "fragments"), WRONG, ids=[text for text, _ in WRONG])
def test_what_is_wrong_with_a_file_is_said_with_its_name(text, fragments, capsys, tmp_path):
    write(text)
    assert run("train", "--config", "run.toml") == 2
    err = capsys.readouterr().err
    for fragment in fragments:
        assert fragment in err
    assert [p.name for p in tmp_path.iterdir()] == ["run.toml"]


@pytest.mark.parametrize(
    ("name", "content", "fragment"),
    [
        ("absent.toml", None, "absent.toml: the file cannot be read"),
        ("bytes.toml", b"\xff\xfe", "bytes.toml is not TOML"),
        ("run.json", b"[1]", "run.json is not the config.json of a run"),
        ("run.json", b'{"options": 3}', "run.json is not the config.json of a run"),
        ("deep.json", b"[" * 100_000, "deep.json is not the config.json of a run"),
    ],
)
def test_files_that_are_no_config(name, content, fragment, capsys):
    if content is not None:
        Path(name).write_bytes(content)
    assert run("train", "iris", "--config", name) == 2
    assert fragment in capsys.readouterr().err


def test_every_option_of_train_can_stand_in_a_file():
    """Each default, as a run's config.json has it, is read back."""
    run("train", "iris", "--epochs", 1, "--quiet", "--out", "out")
    kept = read_json("out/config.json")["options"]
    assert set(kept) >= {
        "data",
        "target",
        "hidden",
        "lr",
        "schedule",
        "patience",
        "class_weight",
        "delimiter",
        "time_limit",
    }
    assert not options.NOT_IN_FILES & set(kept)
