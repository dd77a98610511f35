"""From a CSV to predictions elsewhere: train, predict, evaluate, export, runs, resume, lr-find, and what may be wrong with each."""

import csv
import io
import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from test_cli import points, read_json, run, write_csv

from autograd_core import datasets, nn


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with three runs, made once; nobody changes what is in it."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("autograd_core.cli.train._picture", lambda *_: None)
        datasets.make_passengers(300).to_csv("ship.csv")
        write_csv("points.csv", points())
        assert (
            run("train", "ship.csv", "--target", "survived", "--epochs", 8, "--lr", 0.01, "--out", "ship", "--quiet")
            == 0
        )
        assert run("train", "points.csv", "--target", "a", "--epochs", 8, "--out", "points", "--quiet") == 0
        assert run("train", "iris", "--epochs", 8, "--lr", 0.02, "--out", "iris", "--quiet") == 0
    return folder


@pytest.fixture(autouse=True)
def _in_a_copy(trained, tmp_path, monkeypatch):
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    for config in tmp_path.glob("*/config.json"):
        config.write_text(config.read_text().replace(str(trained), str(tmp_path)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("autograd_core.cli.train._picture", lambda *_: None)


def sheet(text):
    return list(csv.DictReader(io.StringIO(text)))


NEW = [
    ["woman", "33", "1", "0", "40", "C", "Cherbourg", "1912-03-01", "first", "1"],
    ["man", "", "3", "5", "", "Z", "Hamburg", "1912-03-01", "second", "2"],
]
COLUMNS = ["sex", "age", "class", "family", "fare", "deck", "port", "booked", "name", "cabin"]


def test_rows_with_new_words_gaps_and_other_columns_are_predicted_and_it_is_said(capsys):
    write_csv("new.csv", NEW, COLUMNS)
    assert run("predict", "ship", "new.csv") == 0
    out, err = capsys.readouterr()
    rows = sheet(out)
    assert list(rows[0]) == ["survived", "p(no)", "p(yes)"]
    assert [r["survived"] for r in rows] == [("no", "yes")[float(r["p(yes)"]) > 0.5] for r in rows]
    assert float(rows[0]["p(no)"]) + float(rows[0]["p(yes)"]) == pytest.approx(1, abs=1e-5)
    assert "column 'deck': 1 of 2 values not seen in training, Z (1)" in err
    assert "column 'port': 1 of 2 values not seen in training, Hamburg (1)" in err
    assert "ignored 1 column that training did not have: cabin" in err


@pytest.mark.filterwarnings("ignore::autograd_core.datasets.DataWarning")
def test_predictions_are_the_models_own():
    """Against the arithmetic by hand: encoder, standardising, network, softmax."""
    run("predict", "ship", "ship.csv", "--out", "said.csv")
    model, notes = nn.load("ship/model.npz").eval(), nn.notes("ship/model.npz")
    table = datasets.read_table("ship.csv")
    x = datasets.Encoder.from_dict(notes["encoder"]).inputs(table)
    z = model(((x - notes["inputs"]["mean"]) / notes["inputs"]["scale"]).astype("f4")).value
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    rows = sheet(Path("said.csv").read_text())
    assert len(rows) == 300
    np.testing.assert_allclose([float(r["p(yes)"]) for r in rows], p[:, 1], atol=2e-5)


def test_the_file_of_training_is_no_test(capsys):
    assert run("evaluate", "points", "points.csv") == 0
    assert "points.csv is the file of training: points has learnt from most of its rows" in capsys.readouterr().err
    Path("points.csv").write_text(Path("points.csv").read_text() + "0.5,0.5,r\n")
    assert run("evaluate", "points", "points.csv") == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_a_file_in_one_piece_is_told_to_name_its_delimiter(command, capsys):
    Path("odd.csv").write_text("a~b~kind\n1~2~r\n")
    assert run(command, "points", "odd.csv") == 2
    assert "--delimiter" in capsys.readouterr().err


def test_a_file_is_read_as_the_one_of_training(capsys):
    """Its encoding, its spellings of numbers and of gaps are said once; the exported program knows them as well."""
    rows = [
        f"{'None' if i % 9 == 0 else f'{i}.{i:03},50 €'};{'Köln' if i % 2 else 'Bern'};{i % 2}" for i in range(1, 80)
    ]
    Path("old.csv").write_bytes("\n".join(["preis;ort;y", *rows]).encode("cp1252"))
    said = ["--encoding", "cp1252", "--decimal", ",", "--missing", "None"]
    assert run("train", "old.csv", *said, "--epochs", 3, "--out", "old", "--quiet") == 0
    assert nn.notes("old/model.npz")["features"] == ["preis", "preis=(missing)", "ort=Bern", "ort=Köln"]
    assert run("predict", "old", "old.csv") == 0
    answers = [row["y"] for row in sheet(capsys.readouterr().out)]
    assert run("export", "old", "--python", "old.py") == 0
    Path("marked.csv").write_bytes(Path("old.csv").read_bytes().decode("cp1252").encode("utf-16"))
    for name in ("old.csv", "marked.csv"):
        assert runpy.run_path("old.py")["predict"](name).tolist() == answers
    Path("new.csv").write_text("preis;ort\n1.000,50 €;Köln\n", encoding="utf-8")
    capsys.readouterr()
    assert run("predict", "old", "new.csv", "--encoding", "utf-8") == 0
    assert capsys.readouterr().err == ""
    assert run("resume", "old", "--epochs", 4, "--quiet") == 0
    assert read_json("old/result.json")["epochs"] == 4


def test_numbers_are_predicted_in_their_own_units(capsys):
    run("predict", "points", "points.csv", "--json")
    said = json.loads(capsys.readouterr().out)
    true = [row[0] for row in points()]
    assert said["rows"] == 90
    assert np.corrcoef(said["predictions"]["a"], true)[0, 1] > 0.8
    assert run("evaluate", "points", "points.csv", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    off = np.array(said["predictions"]["a"]) - true
    assert found["mae"] == pytest.approx(np.abs(off).mean(), rel=1e-4)
    assert found["r2"] == pytest.approx(1 - (off**2).sum() / np.var(true) / 90, rel=1e-4)


def test_r2_is_not_defined_for_a_single_row(capsys):
    write_csv("few.csv", [[i, i * 1.5] for i in range(7)], ["a", "y"])
    assert run("train", "few.csv", "--epochs", 2, "--out", "few", "--report") == 0
    said = capsys.readouterr().out
    assert "test rows: only 1; how well it does on them hangs on chance, and R² is not defined for a single row" in said
    assert next(line for line in said.splitlines() if line.startswith("test  ")).split()[2] == "-"
    assert read_json("few/result.json")["test"]["r2"] is None
    assert "<dt>R²</dt><dd>-</dd>" in Path("few/report.html").read_text(encoding="utf-8")
    Path("one.csv").write_text("a,y\n1,2.5\n")
    assert run("evaluate", "few", "one.csv") == 0
    assert capsys.readouterr().out.startswith("one.csv: 1 row\n\nR²    not defined for a single row\nmae ")
    assert run("runs", "few") == 0
    assert capsys.readouterr().out.splitlines()[1].split()[4:6] == ["-", "R²"]


def test_evaluate_counts_as_scikit_learn_does(capsys):
    sklearn = pytest.importorskip("sklearn.metrics")
    run("predict", "ship", "ship.csv", "--json")
    said = json.loads(capsys.readouterr().out)["predictions"]["survived"]
    true = datasets.read_table("ship.csv").column("survived")
    said, true = zip(*[(s, t) for s, t in zip(said, true, strict=True) if t], strict=True)
    assert run("evaluate", "ship", "ship.csv", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["confusion"] == sklearn.confusion_matrix(true, said).tolist()
    assert found["balanced_accuracy"] == pytest.approx(sklearn.balanced_accuracy_score(true, said))
    expected = sklearn.precision_recall_fscore_support(true, said)
    for i, row in enumerate(found["classes"]):
        assert (row["precision"], row["recall"], row["f1"], row["rows"]) == pytest.approx(tuple(e[i] for e in expected))
    assert run("evaluate", "ship", "ship.csv") == 0
    assert f"accuracy           {found['accuracy']:.4f}" in capsys.readouterr().out


def test_a_bundled_set_is_predicted_by_the_names_of_its_features(capsys):
    data = datasets.load_iris()
    write_csv(
        "flowers.csv",
        [[*row, data.classes[k]] for row, k in zip(data.x.tolist(), data.y, strict=True)],
        [*data.feature_names, "kind"],
    )
    assert run("evaluate", "iris", "flowers.csv", "--target", "kind", "--json") == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] > 0.9
    assert run("evaluate", "iris", "flowers.csv") == 2
    assert "no column 'target'" in capsys.readouterr().err


def test_the_exported_program_predicts_the_same_without_the_library(capsys, tmp_path):
    write_csv("new.csv", NEW, COLUMNS)
    assert run("export", "ship", "--python", "ship.py") == 0
    capsys.readouterr()
    run("predict", "ship", "new.csv")
    said = [row["survived"] for row in sheet(capsys.readouterr().out)]
    (tmp_path / "alone").mkdir()
    shutil.move("ship.py", "alone/ship.py")
    done = subprocess.run(
        [sys.executable, "-I", "ship.py", "../new.csv"], capture_output=True, text=True, cwd=tmp_path / "alone"
    )
    assert done.stdout.split() == said, done.stderr


# --- runs ----------------------------------------------------------------------------------------------------------


def test_runs_are_compared_by_the_options_in_which_they_differ(capsys):
    assert run("runs", ".") == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["run", "data", "epochs", "val", "loss", "test", "seconds", "--target", "--loss", "--lr"]
    assert [row.split()[0] for row in rows] == ["iris", "points", "ship"]
    assert "mse" in rows[1]
    run("runs", "ship", "iris", "--sort", "score", "--json")
    found = json.loads(capsys.readouterr().out)
    assert [row["run"] for row in found] == ["iris", "ship"]
    assert found[0]["score"] == read_json("iris/result.json")["test"]["accuracy"]


def test_a_run_that_was_broken_off_is_listed_and_resumed(capsys):
    for name in ("result.json", "model.npz"):
        Path("iris", name).unlink()
    run("runs", "iris")
    assert "broken off" in capsys.readouterr().out
    assert run("predict", "iris", "points.csv") == 2
    assert "`autograd-core resume iris` ends it" in capsys.readouterr().err
    assert run("resume", "iris", "--quiet") == 0
    assert Path("iris/model.npz").exists()


def test_no_runs_is_no_error(tmp_path, monkeypatch, capsys):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert run("runs") == 0
    assert "no runs in runs" in capsys.readouterr().out


# --- resume --------------------------------------------------------------------------------------------------------


def arrays(folder):
    return nn.load(f"{folder}/model.npz").state_dict()


@pytest.mark.parametrize(
    "more",
    [[], ["--schedule", "cosine"], ["--dropout", "0.3"], ["--optimizer", "sgd", "--norm", "batch"], ["--schedule", "cyclic"]],
    ids=" ".join,
)  # fmt: skip
def test_a_run_that_goes_on_ends_in_the_same_bits(more):
    run("train", "points.csv", "--epochs", 6, "--out", "whole", "--quiet", *more)
    run("train", "points.csv", "--epochs", 6, "--out", "parts", "--quiet", "--time-limit", "1e-9", *more)
    assert read_json("parts/result.json")["epochs"] == 1
    assert run("resume", "parts", "--quiet") == 0
    assert read_json("parts/result.json")["epochs"] == 6
    whole, parts = arrays("whole"), arrays("parts")
    assert all(np.array_equal(whole[name], parts[name]) for name in whole)
    with open("whole/history.csv") as a, open("parts/history.csv") as b:
        for one, two in zip(csv.DictReader(a), csv.DictReader(b), strict=True):
            assert one | {"seconds": ""} == two | {"seconds": ""}


def test_longer_training_is_longer_training():
    run("train", "points.csv", "--epochs", 4, "--out", "short", "--quiet")
    assert run("resume", "short", "--epochs", 7, "--quiet") == 0
    run("train", "points.csv", "--epochs", 7, "--out", "long", "--quiet")
    short, long = arrays("short"), arrays("long")
    assert all(np.array_equal(short[name], long[name]) for name in short)
    assert read_json("short/config.json")["options"]["epochs"] == 7
    assert run("resume", "short", "--epochs", 9, "--quiet") == 0


def test_lr_find_suggests_a_rate_that_trains(capsys):
    assert run("lr-find", "points.csv", "--target", "kind", "--json") == 0
    rate = json.loads(capsys.readouterr().out)["suggestion"]
    assert (
        run("train", "points.csv", "--target", "kind", "--lr", rate, "--epochs", 15, "--out", "found", "--quiet") == 0
    )
    assert read_json("found/result.json")["test"]["accuracy"] > 0.8
    assert run("lr-find", "points.csv", "--target", "kind") == 0
    assert f"suggested: --lr {rate:.2g}" in capsys.readouterr().out
    assert not Path("runs").exists()


# --- what may be wrong ---------------------------------------------------------------------------------------------


def damage(name, content):
    Path(name).write_bytes(content)


def truncate(name):
    damage(name, Path(name).read_bytes()[:200])


WRONG = [
    (["predict", "nowhere", "ship.csv"], [], ["there is no folder nowhere", "autograd-core runs"]),
    (["predict", "ship.csv", "ship.csv"], [], ["ship.csv is a file", "folder of a run"]),
    (["predict", ".", "ship.csv"], [], ["not the folder of a run", "there are runs in it: iris, points, ship"]),
    (["predict", "ship", "absent.csv"], [], ["absent.csv", "no such file"]),
    (["predict", "ship", "points.csv"], [], ["columns that the model was trained with are absent", "the columns are a, b, kind"]),
    (["predict", "ship", "ship.csv", "--out", "points.csv"], [], ["points.csv is there already"]),
    (["predict", "ship", "ship.csv", "--out", "none/said.csv"], [], ["there is no folder none"]),
    (["predict", "ship", "ship.csv"], [lambda: truncate("ship/model.npz")], ["ship/model.npz"]),
    (["predict", "ship", "ship.csv"], [lambda: damage("ship/model.npz", b"\x80\x04\x95pickle")], ["pickle"]),
    (["predict", "ship", "ship.csv"], [lambda: nn.save(nn.MLP([2, 2]), "ship/model.npz")], ["lacks what", "train anew"]),
    (["predict", "ship", "ship.csv"], [lambda: nn.save(nn.MLP([2, 2]), "ship/model.npz", inputs=3)], ["lacks what"]),
    (["evaluate", "ship", "other.csv"], [], ["class 'perhaps'", "no, yes"]),
    (["evaluate", "ship", "ship.csv", "--target", "sunk"], [], ["no column 'sunk'"]),
    (["export", "ship"], [], ["export to what?", "--python"]),
    (["export", "ship", "--python", "ship.csv"], [], ["should end in .py"]),
    (["export", "ship", "--python", "old.py"], [], ["old.py is there already"]),
    (["runs", "nowhere"], [], ["there is no folder nowhere"]),
    (["runs", "ship"], [lambda: damage("ship/config.json", b"{")], ["ship/config.json is damaged"]),
    (["runs", "ship"], [lambda: damage("ship/config.json", b"[1]")], ["not what `autograd-core train` writes"]),
    (["runs", "ship"], [lambda: damage("ship/history.csv", b"epoch,loss\n1,low\n")], ["ship/history.csv is damaged"]),
    (["resume", "iris"], [], ["has made all its 8 epochs", "--epochs 16"]),
    (["resume", "iris", "--epochs", "3"], [], ["has made 8 epochs", "ask for more"]),
    (["resume", "ship", "--epochs", "20"], [lambda: damage("ship.csv", b"a,b\n1,2\n")], ["ship.csv was changed since"]),
    (["resume", "ship", "--epochs", "20"], [lambda: Path("ship.csv").unlink()], ["no longer there; put it back"]),
    (["resume", "ship", "--epochs", "20"], [lambda: truncate("ship/checkpoints/last.npz")], ["ship/checkpoints"]),
    (["report", "ship"], [lambda: Path("ship/model.npz").unlink()], ["ship has no model.npz"]),
    (["lr-find", "iris", "--start", "1", "--end", "0.1"], [], ["end", "start"]),
    (["lr-find", "iris", "--steps", "2"], [], ["at least 3 steps"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("argv", "before", "fragments"), WRONG, ids=[f"{i}-{' '.join(w[0])}" for i, w in enumerate(WRONG)]
)
def test_what_is_wrong_is_one_sentence_and_nothing_is_written(argv, before, fragments, capsys, tmp_path):
    Path("old.py").write_text("precious = 1\n")
    shutil.copy("ship.csv", "other.csv")
    with open("other.csv", "a") as file:
        file.write("400,1,x,man,3,0,4,C,Cherbourg,1912-03-01,Gigantic,perhaps\n")
    for change in before:
        change()
    traces = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert run(*argv) == 2
    out, err = capsys.readouterr()
    for fragment in fragments:
        assert fragment in err
    assert "Traceback" not in err + out
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == traces


def test_an_early_end_is_gone_beyond_only_if_asked(capsys):
    run("train", "points.csv", "--lr", 0.1, "--patience", 1, "--epochs", 50, "--out", "early", "--quiet")
    assert "has not improved" in read_json("early/result.json")["stopped"]
    assert run("resume", "early") == 2
    assert "say --patience 3" in capsys.readouterr().err
    done = read_json("early/result.json")["epochs"]
    assert run("resume", "early", "--patience", 9, "--quiet") == 0
    assert read_json("early/result.json")["epochs"] > done


def test_the_one_cycle_has_an_end(capsys):
    run("train", "points.csv", "--schedule", "one_cycle", "--epochs", 3, "--out", "one", "--quiet")
    assert run("resume", "one", "--epochs", 5) == 2
    assert "laid out over 3 epochs" in capsys.readouterr().err
