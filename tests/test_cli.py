"""The command line: what it writes, what it says, and one sentence with exit status 2 for every wrong call."""

import csv
import importlib.util
import inspect
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd_core import Tensor, datasets, nn, optim
from autograd_core.__main__ import main
from autograd_core.cli import options
from autograd_core.cli.measures import measure
from autograd_core.cli.predicting import Predictor


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)
    if "picture" not in request.keywords and "picture" not in request.node.name:  # it takes longer than the rest
        monkeypatch.setattr("autograd_core.cli.train._picture", lambda *_: None)


def run(*argv):
    try:
        return main([str(a) for a in argv])
    except SystemExit as stop:  # argparse's own errors and --help
        return stop.code


def read_json(path):
    return json.loads(Path(path).read_text())


def write_csv(path, rows, header=("a", "b", "kind")):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def points(n=90):
    rng = np.random.default_rng(0)
    return [[*np.round(rng.normal(3 * (i % 3), 1, 2), 3), "rgb"[i % 3]] for i in range(n)]


def test_a_run_folder_holds_what_is_promised_and_a_picture(capsys):
    assert run("train", "iris", "--epochs", 30, "--hidden", 16, "--lr", 0.01, "--out", "out") == 0
    printed = capsys.readouterr().out
    out = Path("out")
    result = read_json(out / "result.json")
    for part in ("train", "validation", "test"):
        assert 0.8 < result[part]["accuracy"] <= 1
        assert f"{part:<12}{result[part]['loss']:>9.4f}{result[part]['accuracy']:>10.4f}" in printed
    with open(out / "history.csv") as file:
        history = list(csv.DictReader(file))
    assert len(history) == result["epochs"]
    assert min(float(r["val_loss"]) for r in history) == pytest.approx(result["validation"]["loss"])
    config = read_json(out / "config.json")
    assert config["options"]["hidden"] == [16]
    assert config["options"]["loss"] == "cross_entropy"
    assert config["data"]["rows"] == {"train": 105, "validation": 23, "test": 22}
    assert {row["layer"] for row in read_json(out / "health.json")["rows"]} == {"0", "1", "2"}
    assert (out / "learning_curve.png").stat().st_size > 5000


def test_the_saved_model_gives_the_reported_test_accuracy():
    run("train", "wine", "--epochs", 20, "--out", "out", "--quiet", "--seed", 3)
    result, notes = read_json("out/result.json"), nn.serialize.notes("out/model.npz")
    model = nn.load("out/model.npz")
    *_, test = datasets.load_wine().split(0.7, 0.15, 0.15, seed=3)
    x = datasets.Standardizer.from_dict(notes["inputs"]).transform(test.x)
    assert (model(x).value.argmax(axis=1) == test.y).mean() == result["test"]["accuracy"]
    assert nn.CrossEntropyLoss()(model(x), test.y).item() == pytest.approx(result["test"]["loss"])
    assert notes["classes"] == list(test.classes)


def test_a_csv_file_with_a_target_column(capsys):
    write_csv("points.csv", points())
    assert run("train", "points.csv", "--target", "kind", "--epochs", 40, "--lr", 0.01) == 0
    assert "3 classes" in capsys.readouterr().out
    assert read_json("runs/points-1/result.json")["test"]["accuracy"] > 0.8
    assert run("train", "points.csv", "--target", "a", "--epochs", 5, "--quiet") == 0
    assert "r2" in read_json("runs/points-2/result.json")["test"]


def test_the_same_seed_gives_the_same_run():
    for out in ("one", "two"):
        run("train", "moons", "--epochs", 3, "--quiet", "--out", out)
    one, two = read_json("one/result.json"), read_json("two/result.json")
    assert one | {"seconds": 0} == two | {"seconds": 0}
    one, two = nn.load("one/model.npz").state_dict(), nn.load("two/model.npz").state_dict()
    assert all(np.array_equal(one[name], two[name]) for name in one)


def rates(*args):
    assert run("train", "blobs", *args, "--quiet", "--out", "out") == 0
    with open("out/history.csv") as file:
        return [float(row["lr"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize("schedule", options.SCHEDULES)
def test_every_schedule_changes_the_rate(schedule):
    found = rates("--schedule", schedule, "--epochs", 9, "--lr", 0.01, "--patience", 2 if schedule == "plateau" else 0)
    steady = ("none", "plateau")  # plateau: only when nothing gets better
    assert max(found) == pytest.approx(0.01, rel=0.3)
    assert (min(found) < 0.009) == (schedule not in steady)


@pytest.mark.parametrize("optimizer", options.OPTIMIZERS)
def test_every_optimizer_begins_at_its_own_rate_and_learns(optimizer):
    kind = next(getattr(optim, name) for name in optim.__all__ if name.lower() == optimizer)
    assert rates("--optimizer", optimizer, "--epochs", 6)[0] == inspect.signature(kind).parameters["lr"].default
    with open("out/history.csv") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert losses[-1] < losses[0]


def test_no_optimizer_that_a_command_could_use_is_left_out():
    left_out = {"LBFGS", "NaturalGradient", "Optimizer"}  # they need a closure, a model, or are the base
    kinds = {
        n.lower() for n in optim.__all__ if inspect.isclass(k := getattr(optim, n)) and issubclass(k, optim.Optimizer)
    }
    assert kinds - {n.lower() for n in left_out} == set(options.OPTIMIZERS)


@pytest.mark.parametrize(("data", "losses"), [("iris", options.CLASS_LOSSES), ("diabetes", options.NUMBER_LOSSES)])
def test_every_loss_trains(data, losses):
    for loss in losses:
        assert run("train", data, "--loss", loss, "--epochs", 3, "--lr", 0.01, "--quiet", "--out", loss) == 0
        with open(f"{loss}/history.csv") as file:
            found = [float(row["loss"]) for row in csv.DictReader(file)]
        assert found[-1] < found[0], loss


@pytest.mark.parametrize("activation", sorted(set(nn.activations.ACTIVATIONS) - {"step", "softmax", "log_softmax"}))
def test_every_activation_trains(activation):
    assert (
        run("train", "iris", "--activation", activation, "--epochs", 2, "--hidden", "8,8", "--quiet", "--out", "o") == 0
    )


def test_quiet_and_pipes_are_quiet(capsys):
    run("train", "iris", "--epochs", 2, "--quiet", "--out", "a")
    assert capsys.readouterr() == ("", "")
    run("train", "iris", "--epochs", 2, "--out", "b")
    assert capsys.readouterr().err == ""  # no progress bar: this is not a terminal


def test_datasets_lists_all(capsys):
    assert run("datasets") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(datasets.names())


@pytest.mark.parametrize("argv", [["--help"], ["train", "--help"]])
def test_help_has_examples(argv, capsys):
    assert run(*argv) == 0
    assert "autograd-core train houses.csv --target price" in capsys.readouterr().out


WRONG_CALLS = [
    (["train", "digitz"], ["no data set 'digitz'", "digits"]),
    (["train", "missing.csv"], ["missing.csv", "no such file"]),
    (["train", "ragged.csv"], ["ragged.csv", "line 4", "2"]),
    (["train", "empty.csv"], ["empty.csv", "empty"]),
    (["train", "points.csv", "--target", "knd"], ["knd", "a, b, kind"]),
    (["train", "one_class.csv"], ["every row has the class 'r'"]),
    (["train", "few.csv"], ["few.csv", "class 'b' has 1 row", "add rows, or join it with another class"]),
    (["train", "mixed.csv"], ["mixed.csv, line ", "column 'a'", "--drop", "--categories"]),
    (["train", "infinite.csv"], ["infinite value", "column 'a' (inf)"]),
    (["train", "latin.csv"], ["latin.csv, line 2", "--encoding cp1252"]),
    (["train", "latin.csv", "--encoding", "cp-12"], ["no encoding 'cp-12'"]),
    (["train", "thousands.csv"], ["'2,345,678'", "or say --decimal ., or name the column in --categories"]),
    (["train", "mixed.csv"], ["'three'", "name 'three' in --missing"]),
    (["train", "mixed.csv", "--decimal", ";"], ["invalid choice: ';'"]),
    (
        ["train", "points.csv", "--task", "regression"],
        ["column 'kind' should hold numbers", "predict another column, or say --task classification"],
    ),
    (["train", "points"], ["no data set 'points'", "A file of your own is named with its ending, such as points.csv"]),
    (["train", "iris", "--out", "points.csv"], ["points.csv is a file; name a folder for the results with --out"]),
    (["train", "iris", "--time-limit", "0"], ["--time-limit: '0' is not a number of seconds above 0"]),
    (["train", "iris", "--time-limit", "soon"], ["'soon' is not a number of seconds above 0"]),
    (["train", "iris", "--decimal", ","], ["bundled", "--decimal is for CSV files"]),
    (["train", "iris", "--encoding", "utf-8"], ["bundled", "--encoding is for CSV files"]),
    (["train"], ["which data?"]),
    (["train", "iris", "--drop", "a"], ["bundled", "--drop is for CSV files"]),
    (
        ["train", "iris", "--weight-decay", "0.1", "--optimizer", "rprop"],
        ["--weight-decay does not go with --optimizer rprop"],
    ),
    (["train", "iris", "--loss", "hinge", "--class-weight", "balanced"], ["--class-weight goes with"]),
    (["train", "iris", "--out", "points.csv/x"], ["points.csv/x cannot be written to", "--out"]),
    (["train", "iris", "--hidden", "16,0"], ["at least 1", "out_features is 0"]),
    (["train", "iris", "--hidden", "many"], ["not a list of sizes"]),
    (["train", "iris", "--lr", "0"], ["learning rate must be above 0", "0.0"]),
    (["train", "iris", "--lr", "-1"], ["learning rate must be above 0"]),
    (["train", "iris", "--loss", "mse"], ["--loss mse does not go with a classification"]),
    (["train", "diabetes", "--loss", "cross_entropy"], ["does not go with a regression"]),
    (["train", "iris", "--activation", "rlu"], ["no activation 'rlu'", "relu"]),
    (["train", "iris", "--epochs", "0"], ["at least 1 epoch"]),
    (["train", "iris", "--batch-size", "-3"], ["at least 1 sample", "-3"]),
    (["train", "iris", "--out", "full"], ["full holds the results of another run"]),
    (["train", "iris", "--optimizer", "magic"], ["invalid choice: 'magic'"]),
    (["walk"], ["invalid choice: 'walk'"]),
]


@pytest.mark.parametrize(("argv", "fragments"), WRONG_CALLS, ids=lambda x: " ".join(x) if isinstance(x, list) else "")
def test_a_wrong_call_ends_in_one_sentence(argv, fragments, capsys, tmp_path):
    write_csv("points.csv", points())
    write_csv("one_class.csv", [[1, 2, "r"], [3, 4, "r"], [5, 6, "r"]])
    write_csv("few.csv", [*points(), [1, 2, "b"]][1:5] + [[i, i + 1, "r"] for i in range(9)])
    write_csv("mixed.csv", [[1, 2, "r"], [2, 2, "g"], [3, 4, "r"], ["three", 6, "g"]] * 4)
    write_csv("infinite.csv", [["inf", 2, "r"], [2, 2, "g"], [3, 4, "r"], [5, 6, "g"]] * 4)
    (tmp_path / "ragged.csv").write_text("a,b,kind\n1,2,r\n3,4,g\n5,6\n")
    (tmp_path / "latin.csv").write_bytes("a,b,kind\n1,2,größer\n3,4,g\n".encode("latin-1"))
    (tmp_path / "thousands.csv").write_text("a,kind\n" + '"2,345,678",r\n"3,456,789",g\n' * 3)
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/result.json").write_text("{}")
    before = sorted(tmp_path.rglob("*"))
    assert run(*argv) == 2
    err = capsys.readouterr().err
    for fragment in fragments:
        assert fragment in err
    assert "Traceback" not in err
    assert sorted(tmp_path.rglob("*")) == before  # nothing was written, nothing was lost


def test_a_run_that_diverges_keeps_what_there_is(capsys):
    assert run("train", "iris", "--lr", "1e30", "--optimizer", "sgd", "--out", "out") == 2
    err = capsys.readouterr().err
    for fragment in ("loss became", "lower learning rate", "autograd-core replay out/flight/step-0000002"):
        assert fragment in err
    assert Path("out/config.json").exists()
    assert not Path("out/model.npz").exists()


def test_missing_values_and_words_are_said_and_kept_with_the_model(capsys):
    datasets.make_passengers(200).to_csv("ship.csv")
    assert run("train", "ship.csv", "--target", "survived", "--epochs", 3, "--drop", "booked,deck", "--out", "out") == 0
    printed, err = capsys.readouterr()
    assert "column 'age'" in printed
    assert "filled with the median" in printed
    assert "column 'booked': dropped; as was asked" in printed
    assert "classes of 'survived': no" in printed
    assert "autograd-core: note: ship.csv: column 'fare': 1 of 29 missing values, none in training" in err
    encoder = datasets.Encoder.from_dict(nn.notes("out/model.npz")["encoder"])
    assert "port=Cherbourg" in encoder.feature_names
    assert read_json("out/config.json")["data"]["notes"] == encoder.notes


def test_balanced_weights_find_more_of_a_rare_class():
    rng = np.random.default_rng(0)
    write_csv(
        "rare.csv", [[*np.round(rng.normal(i % 12 == 0, 0.7, 2), 3), "no" if i % 12 else "yes"] for i in range(600)]
    )
    found = {}
    for weight in ("none", "balanced"):
        run("train", "rare.csv", "--class-weight", weight, "--epochs", 20, "--lr", 0.01, "--quiet", "--out", weight)
        found[weight] = evaluated(weight, "rare.csv")["classes"][1]["recall"]
    assert found["balanced"] > found["none"] + 0.2


def evaluated(folder, path):
    model = Predictor(Path(folder) / "model.npz")
    data = model.encoder.transform(datasets.read_table(path))
    return measure(model, data.x, data.y)


def test_one_json_object_for_programs(capsys):
    assert run("train", "iris", "--epochs", 2, "--json", "--out", "out") == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {"run": "out", **read_json("out/result.json")}
    run("datasets", "--json")
    assert json.loads(capsys.readouterr().out)[1]["name"] == "iris"


@pytest.mark.parametrize(("header", "said"), [("2019,2020,2021", True), ("y2019,y2020,y2021", False)])
def test_names_that_are_taken_for_data_are_told_of(header, said, capsys):
    Path("years.csv").write_text("\n".join([header, *(f"{a},{b},{2 * a}" for a, b, _ in points())]))
    assert run("train", "years.csv", "--epochs", 1, "--out", "out") == 0
    assert ("its first row, 2019, 2020, 2021, is taken for data" in capsys.readouterr().out) == said


def test_what_makes_a_measure_doubtful_is_told_of(capsys):
    write_csv("few.csv", points(30))
    write_csv("copies.csv", points(90) * 2)
    write_csv("index.csv", [[i, *row] for i, row in enumerate(points())], ["", "a", "b", "kind"])
    for name in ("few", "copies", "index"):
        assert run("train", f"{name}.csv", "--epochs", 1, "--out", name) == 0
        out = capsys.readouterr().out
        assert ("test rows: only" in out) == (name != "copies")
        assert ("90 of 180 rows repeat another" in out) == (name == "copies")
        assert ("column 'Unnamed: 0': dropped; whole numbers, all different" in out) == (name == "index")


def test_a_tab_may_be_typed_as_a_shell_passes_it_on(capsys):
    Path("tabs.csv").write_text("\n".join("\t".join(map(str, row)) for row in [("a,b", "c", "kind"), *points()]))
    assert run("train", "tabs.csv", "--delimiter", r"\t", "--epochs", 1, "--out", "out") == 0
    assert run("runs", "out", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])[0]["options"]["delimiter"] == "\t"


def test_huge_numbers_are_short(capsys):
    assert run("train", "iris", "--epochs", 1, "--lr", 1e9, "--out", "runs/a") == 0
    assert run("runs") == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) < 200


def test_ctrl_c_keeps_everything(monkeypatch, capsys):
    class Interrupting(optim.CSVLogger):
        def on_epoch_end(self, trainer, row):
            super().on_epoch_end(trainer, row)
            if row["epoch"] == 3:
                trainer.pause("stopped by Ctrl-C")

    with monkeypatch.context() as patched:
        patched.setattr("autograd_core.optim.CSVLogger", Interrupting)
        assert run("train", "iris", "--epochs", 9, "--out", "out") == 130
    assert "`autograd-core resume out` goes on" in capsys.readouterr().out
    assert read_json("out/result.json")["epochs"] == 3
    assert run("resume", "out", "--quiet") == 0
    assert read_json("out/result.json")["epochs"] == 9


def test_ctrl_c_is_no_traceback(monkeypatch, capsys):
    def interrupted(self, *args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("autograd_core.optim.Trainer.fit", interrupted)
    assert run("train", "iris") == 130
    assert "Ctrl-C" in capsys.readouterr().err


def test_without_matplotlib_there_is_just_no_picture(monkeypatch, tmp_path):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "matplotlib" else real(name, *a))
    assert run("train", "iris", "--epochs", 1, "--out", "out", "--quiet") == 0
    assert not (tmp_path / "out/learning_curve.png").exists()
    assert (tmp_path / "out/model.npz").exists()


MISUSES = [
    (lambda: Tensor([1, 2], requires_grad=True), TypeError, "only floating-point tensors have gradients"),
    (lambda: Tensor([1.0, 2.0], requires_grad=True).backward(), ValueError, "needs to know what to minimise"),
    (lambda: nn.MLP([2, 0, 1]), ValueError, "out_features is 0"),
    (lambda: nn.CrossEntropyLoss()(Tensor(np.zeros((2, 3))), np.array([0, 3])), ValueError, "labels"),
    (lambda: nn.CrossEntropyLoss()(Tensor(np.zeros((2, 3))), np.array([0, -1])), ValueError, "labels"),
    (lambda: nn.MSELoss()(Tensor(np.zeros((4, 1))), np.zeros(4)), ValueError, r"target.reshape\(-1, 1\)"),
]


@pytest.mark.parametrize(("call", "kind", "sentence"), MISUSES)
def test_the_same_in_python_is_a_typed_exception(call, kind, sentence):
    with pytest.raises(kind, match=sentence):
        call()


def test_the_module_runs_as_a_program():
    checkout = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "autograd_core", "--version"], capture_output=True, text=True, cwd=checkout
    )
    assert done.returncode == 0
    assert done.stdout.startswith("autograd-core 0.")
