"""`autograd-core export`: what the files give for rows as they stand in a table is what `predict` says of them."""

import csv
import json
import runpy
import warnings

import numpy as np
import pytest
from test_cli import points, run, write_csv

from autograd_core import datasets, nn
from autograd_core.cli.predicting import Predictor, probabilities
from autograd_core.datasets.columns import OTHER
from autograd_core.datasets.tables import MISSING
from autograd_core.nn import onnx_table

GAPS = ["", "NA", "n/A", "NaN", "nUlL", "?", "-"]
ROWS = [
    {"age": age, "born": born, "port": port, "paid": paid, "deck": deck}
    for age, born, port, paid, deck in [
        ("31", "1990-02-28", "Köln", "TRUE", "1"), ("", "31.12.2001 06:30", "Bern", "false", "2"), ("1e3", "", "Wien", "True", "3"),
        ("-2.5", "31.12.1969", "nowhere", "", "9"), ("NaN", "1900-01-01", "Köln ", "FALSE", ""), ("40000000", "2024-02-29", "bern", "?", "1"),
        *(("7", "1980-01-01", gap, "tRuE", gap) for gap in GAPS),
    ]
]  # fmt: skip


def passengers(n=120):
    """Numbers with gaps, dates with the day first and gaps, words with gaps, truth values, numbers that are words: a mixed table."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(n):
        age, day, port = rng.integers(1, 90), rng.integers(0, 20_000), rng.choice(["Köln", "Bern", "Wien"])
        born, paid, deck = np.datetime64(0, "D") + day, rng.choice(["true", "false"]), rng.integers(1, 4)
        cells = [
            "" if i % 7 == 0 else age,
            "NA" if i % 11 == 0 else f"{born.item():%d.%m.%Y}",
            "" if i % 5 == 0 else port,
            paid,
            deck,
        ]
        rows.append([*cells, round(float(age * 10 + deck * 40 + day / 100), 2), "old" if age > 44 else "young"])
    return rows


@pytest.fixture(scope="module", params=["kind of", "price"])
def trained(request, tmp_path_factory):
    """A run of either task on the mixed table, its Predictor and the files that it was exported to."""
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("run")
    write_csv(folder / "rows.csv", passengers(), [*ROWS[0], "price", "kind of"])
    drop = "price" if request.param == "kind of" else "kind of"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autograd_core.cli.train._picture", lambda *_: None)
        options = [
            "--drop",
            drop,
            "--categories",
            "deck",
            "--epochs",
            15,
            "--lr",
            0.02,
            "--out",
            folder / "run",
            "--quiet",
        ]
        assert run("train", folder / "rows.csv", "--target", request.param, *options) == 0
    assert run("export", folder / "run", "--onnx", folder / "net.onnx", "--python", folder / "net.py") == 0
    write_csv(folder / "new.csv", [row.values() for row in ROWS], list(ROWS[0]))
    return Predictor(folder / "run" / "model.npz"), folder


def said(model, path):
    """The answers of a run, and the shares of its classes, as the command line has them."""
    with pytest.warns(datasets.DataWarning):
        outputs = model.outputs(model.encoder.inputs(model.read(path)))
    return model.answers(outputs), probabilities(outputs) if model.classes else None


def fed(encoder, rows):
    """Rows of text as the ONNX file takes them."""
    table = datasets.read_table({name: [row[name] for row in rows] for name in rows[0]})
    inputs = {}
    for rule in encoder.rules:
        cells, column = table.column(rule.name), datasets.columns.Column(table, table.index(rule.name))
        array = np.array(cells, object) if rule.kind == "categories" else np.float32(column.values(rule.kind))
        inputs[rule.name] = array[:, None]
    return inputs


def test_the_onnx_file_takes_the_columns_of_the_table(trained):
    import onnxruntime

    model, folder = trained
    answers, shares = said(model, folder / "new.csv")
    session = onnxruntime.InferenceSession(folder / "net.onnx")
    found = dict(zip([o.name for o in session.get_outputs()], session.run(None, fed(model.encoder, ROWS)), strict=True))
    if shares is None:
        np.testing.assert_allclose(found["y"][:, 0], answers, rtol=1e-6)
    else:
        assert found["label"].tolist() == answers
        np.testing.assert_allclose(found["probabilities"], shares, atol=1e-6)
    notes = json.loads(session.get_modelmeta().custom_metadata_map["autograd_core"])
    assert notes["encoder"]["target"] == model.encoder.target


def test_the_python_file_takes_a_path_or_rows(trained):
    model, folder = trained
    answers, shares = said(model, folder / "new.csv")
    file = runpy.run_path(str(folder / "net.py"))
    with open(folder / "new.csv", newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    for given in (folder / "new.csv", rows, [{**row, "age": datasets.columns.number(row["age"])} for row in rows]):
        found = file["predict"](given)
        if shares is None:
            np.testing.assert_allclose(found[:, 0], answers, rtol=1e-6)
            assert "probabilities" not in file
        else:
            assert found.tolist() == answers
            np.testing.assert_allclose(file["probabilities"](given), shares, atol=1e-6)
    with pytest.raises(ValueError, match=r"there is no column 'born'; the columns are age, port"):
        file["predict"]([{"age": 1, "port": "Bern"}])


def test_rows_of_python_values(trained):
    from datetime import date

    model, folder = trained
    file = runpy.run_path(str(folder / "net.py"))
    plain = {"age": 31, "born": date(1990, 2, 28), "port": None, "paid": True, "deck": np.int64(2)}
    spelled = {"age": "31.0", "born": "1990-02-28", "port": "", "paid": "true", "deck": "2"}
    np.testing.assert_array_equal(file["features"]([plain]), file["features"]([spelled]))
    np.testing.assert_array_equal(
        file["features"]([plain]), model.encoder.inputs(datasets.read_table({k: [v] for k, v in plain.items()}))
    )


def test_numbers_alone_are_one_array(tmp_path, monkeypatch, capsys):
    onnxruntime = pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("autograd_core.cli.train._picture", lambda *_: None)
    assert run("train", "diabetes", "--epochs", 3, "--out", "out", "--quiet") == 0
    assert run("export", "out", "--onnx", "net.onnx") == 0
    assert "takes x, (n, 10) float32 in the units of the data" in capsys.readouterr().out
    assert run("export", "out", "--onnx", "net.onnx") == 2
    assert "is there already" in capsys.readouterr().err
    x = datasets.load("diabetes").x.astype(np.float32)
    model = Predictor(tmp_path / "out" / "model.npz")
    expected = model.numbers(model.outputs(x))
    session = onnxruntime.InferenceSession("net.onnx")
    np.testing.assert_allclose(session.run(["y"], {"x": x})[0], expected, rtol=1e-6)
    gap = x[:1].copy()
    gap[0, 2] = np.nan  # which `predict` fills with the mean
    filled = np.where(np.isnan(gap), np.float32(model.scaler.mean), gap)
    np.testing.assert_allclose(session.run(["y"], {"x": gap})[0], session.run(["y"], {"x": filled})[0], rtol=1e-6)


def test_a_model_that_train_did_not_write_is_told_of(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("autograd_core.cli.train._picture", lambda *_: None)
    assert run("train", "iris", "--epochs", 1, "--out", "out", "--quiet") == 0
    nn.save(nn.MLP([4, 3]), "out/model.npz")
    assert run("export", "out", "--python", "net.py") == 2
    assert "lacks what `autograd-core train` notes beside a model" in capsys.readouterr().err


def test_columns_may_have_any_name(tmp_path):
    """Even those that the graph would give its own values."""
    onnxruntime = pytest.importorskip("onnxruntime")
    names = ["label", "probabilities", "IsNaN_0", "constant_0", "0.weight", "a b"]
    table = datasets.read_table({**{name: [1, 2, 3] for name in names}, "y": ["u", "v", "u"]})
    encoder = datasets.Encoder().fit(table)
    (train,), scaler = datasets.standardize(encoder.transform(table))
    model = nn.MLP([6, 4, 2], rng=0)
    notes = {"encoder": encoder.to_dict(), "inputs": scaler.to_dict(), "classes": ["u", "v"]}
    nn.to_onnx(model, tmp_path / "net.onnx", notes=notes)
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    label, shares = session.run(None, {name: np.float32([[1], [2], [3]]) for name in names})
    np.testing.assert_allclose(shares, probabilities(model(train.x).value), atol=1e-6)
    assert label.tolist() == [("u", "v")[k] for k in shares.argmax(axis=1)]


def test_what_counts_as_missing_is_what_training_counts():
    assert set(onnx_table.MISSING) == MISSING
    assert onnx_table.OTHER == OTHER
    assert set(onnx_table._spellings("na")) == {"na", "nA", "Na", "NA"}


@pytest.mark.parametrize("gaps", [True, False])
def test_rare_and_unseen_words_are_the_others(gaps, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    words = [f"w{i % 120:03}" for i in range(300)] + [""] * gaps
    table = datasets.read_table({"word": words, "y": list(range(len(words)))})
    (train,), encoder = datasets.encode(table)
    assert "word=(other)" in train.feature_names
    (train,), scaler, targets = datasets.standardize(train, target=True)
    notes = {"encoder": encoder.to_dict(), "inputs": scaler.to_dict(), "targets": targets.to_dict()}
    model = nn.MLP([train.n_features, 4, 1], rng=0)
    nn.to_onnx(model, tmp_path / "net.onnx", notes=notes)
    nn.to_python(model, tmp_path / "net.py", notes)
    cells = ["w000", "w098", "w099", "w119", "new", "", "NA"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", datasets.DataWarning)
        x = scaler.transform(encoder.inputs(datasets.read_table({"word": cells})))
    expected = targets.inverse(model(x).value)
    (y,) = onnxruntime.InferenceSession(tmp_path / "net.onnx").run(
        ["y"], {"word": np.array(cells, object)[:, np.newaxis]}
    )
    np.testing.assert_allclose(y, expected, rtol=1e-5)
    said = runpy.run_path(str(tmp_path / "net.py"))["predict"]([{"word": cell} for cell in cells])
    np.testing.assert_allclose(said, expected, rtol=1e-5)


def test_a_single_output_is_the_log_odds_of_the_second_class(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    notes = {"inputs": {"mean": [1.0], "scale": [2.0]}, "classes": ["no", "yes"]}
    nn.to_onnx(nn.Linear(1, 1, weight_init=1.0, bias_init=0.0), tmp_path / "net.onnx", notes=notes)
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    label, shares = session.run(["label", "probabilities"], {"x": np.float32([[5], [-1]])})
    assert label.tolist() == ["yes", "no"]
    np.testing.assert_allclose(shares[:, 1], [1 / (1 + np.exp(-2)), 1 / (1 + np.exp(1))], rtol=1e-6)


@pytest.mark.parametrize("decimal", [".", ","])
def test_a_file_is_read_as_that_of_training_was(decimal, tmp_path, monkeypatch, capsys):
    """A separator that had to be named, and decimal commas, are asked for once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("autograd_core.cli.train._picture", lambda *_: None)
    lines = ["x1~x2~kind", *(f"{a}~{1000 * b:.1f}~{kind}" for a, b, kind in points())]
    text = "\n".join(lines)
    (tmp_path / "points.csv").write_text(text if decimal == "." else text.replace(".", ","))
    options = ["--delimiter", "~", "--decimal", decimal, "--epochs", 5, "--lr", 0.05, "--out", "out", "--quiet"]
    assert run("train", "points.csv", *options) == 0
    assert run("evaluate", "out", "points.csv", "--json") == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] > 0.8
    assert run("predict", "out", "points.csv") == 0
    answers = [row["kind"] for row in csv.DictReader(capsys.readouterr().out.splitlines())]
    assert run("export", "out", "--python", "net.py") == 0
    assert runpy.run_path("net.py")["predict"]("points.csv").tolist() == answers
    (tmp_path / "other.csv").write_text("x1;x2\n1.5;1000.0\n-1.5;-1000.0\n")
    assert run("predict", "out", "other.csv", "--delimiter", ";", "--decimal", ".") == 0
