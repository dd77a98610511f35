"""Networks as one file of Python: the same numbers without the library, and predictions from a CSV file."""

import csv
import datetime
import json
import runpy
import subprocess
import sys
import warnings

import numpy as np
import pytest
from layer_cases import CASES, bare, covered, layers, trained

from autograd_core import datasets, nn, optim
from autograd_core.datasets import columns, tables
from autograd_core.nn import portable
from autograd_core.nn.python_export import CONTAINERS, FORMULAS

ALONE = """
import sys, importlib.abc
import numpy as np
class Guard(importlib.abc.MetaPathFinder):  # whatever else is asked for is not there
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {"numpy", *sys.stdlib_module_names}:
            raise ImportError(f"the file imports {name}")
sys.meta_path.insert(0, Guard())
import runpy, warnings
warnings.simplefilter("error")
folder = sys.argv[1]
with np.load(folder + "/inputs.npz") as inputs:
    np.savez(folder + "/outputs.npz", **{
        name: runpy.run_path(f"{folder}/model_{name}.py")["predict"](inputs[name]) for name in inputs.files
    })
"""


def alone(folder, inputs):
    """What the files model_NAME.py of a folder predict, in a process that has NumPy and the standard library."""
    np.savez(folder / "inputs.npz", **inputs)
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, str(folder)], capture_output=True, text=True, cwd=folder, timeout=120
    )
    assert done.returncode == 0, done.stderr
    with np.load(folder / "outputs.npz") as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_layer_and_activation_gives_the_same_without_the_library(dtype, tmp_path):
    expected, inputs = {}, {}
    for i, name in enumerate(CASES):
        model, x = trained(name, dtype)
        for p in (*model.parameters(), *model.buffers()):
            p.value = p.value.astype(dtype) if p.dtype.kind == "f" else p.value
        expected[str(i)], inputs[str(i)] = bare(model(x)), x
        nn.to_python(model, tmp_path / f"model_{i}.py")
    found = alone(tmp_path, inputs)
    for i, name in enumerate(CASES):
        y = expected[str(i)]
        assert (found[str(i)].shape, found[str(i)].dtype) == (y.shape, y.dtype), name
        close = {"rtol": 1e-6, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-11, "atol": 1e-13}
        np.testing.assert_allclose(found[str(i)], y, err_msg=name, **close)


def test_extreme_numbers(tmp_path):
    names = ["tanh", "sigmoid", "softplus", "mish", "gelu", "logsigmoid", "log_softmax", "elu", "silu", "softsign"]
    x = np.float32([[-1e4, -80, -1e-3, 0, 1e-3, 80], [1e4, 90, 20, -20, -90, 1]])
    for name in names:
        nn.to_python(nn.Sequential(CASES[name][0]()), tmp_path / f"model_{name}.py")
    found = alone(tmp_path, dict.fromkeys(names, x))
    for name in names:
        np.testing.assert_allclose(found[name], bare(CASES[name][0]()(x)), rtol=1e-6, atol=1e-6, err_msg=name)


def test_every_module_is_known_and_tested():
    assert layers() == covered()
    assert set(FORMULAS) == layers() - {"MLP", "BatchNorm2d", *CONTAINERS}


def test_the_file_reads_like_the_network(tmp_path):
    layer = nn.Linear(3, 3, rng=0)
    nn.to_python(nn.Sequential(layer, nn.Residual(nn.ReLU(), layer), nn.Dropout(), nn.Softmax()), tmp_path / "net.py")
    text = (tmp_path / "net.py").read_text(encoding="utf-8")
    body = text[text.index("def model") : text.index("def log_softmax")].strip().splitlines()[2:]
    assert body == [
        '    x = np.asarray(x, "float32")',
        '    x = x @ p["0.weight"].T + p["0.bias"]  # 0: Linear',
        "    x1 = x  # 1: Residual",
        "    x = np.maximum(x, 0)  # 1.0: ReLU",
        '    x = x @ p["0.weight"].T + p["0.bias"]  # 1.1: Linear',
        "    x = x1 + x",
        "    x = np.exp(log_softmax(x, -1))  # 3: Softmax",
        "    return x",
    ]
    assert text.count('"0.weight": array') == 1
    assert "def softplus" not in text  # what is not needed is not there
    assert "def encode" not in text


# --- from a CSV file -------------------------------------------------------------------------------------------------


def run(path, table, *more):
    done = subprocess.run(
        [sys.executable, "-I", str(path), *map(str, [table, *more])], capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


def titanic(folder):
    """A mixed table: numbers, dates, categories, gaps; the model that was trained on it and what it says of new rows."""
    table = datasets.read_table({
        "age": [30, None, 50, 41, 7, 22, 65, 31], "port": ["C", "S", None, "S", "Q", "C", "S", "Q"],
        "born": [f"19{y}-0{m}-11" for y, m in zip(range(50, 90, 5), range(1, 9), strict=True)],
        "deck": [1, 2, 1, 2, 3, 3, 1, 2], "paid": ["no", "yes", "no", "yes", "no", "yes", "yes", "no"],
    })  # fmt: skip
    encoder = datasets.Encoder(target="paid", categories=["deck"]).fit(table)
    train = encoder.transform(table)
    (train,), scaler = datasets.standardize(train)
    model = nn.MLP([train.n_features, 8, 2], rng=0)
    optim.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.05)).fit(
        train, epochs=20, seed=0, progress=False
    )
    new = folder / "new.csv"
    new.write_text(
        "deck,born,port,age,name\n2,1961-03-05,S,44,x\n1.0,1977-12-31,Q,,y\n3,1950-01-01,?,12.5,z\n9,1990-01-01T12:00,Rome,1e1,w\n",
        encoding="utf-8",
    )
    with pytest.warns(datasets.DataWarning):
        x = encoder.inputs(datasets.read_table(new))
    y = model.eval()(scaler.transform(x)).value
    notes = {
        "encoder": encoder.to_dict(),
        "inputs": scaler.to_dict(),
        "classes": list(train.classes),
        "features": list(train.feature_names),
    }
    return model, json.loads(json.dumps(notes)), new, [train.classes[i] for i in y.argmax(axis=1)], (x, y)


def test_a_mixed_table_is_read_as_in_training(tmp_path):
    model, notes, new, classes, (x, y) = titanic(tmp_path)
    nn.to_python(model, tmp_path / "net.py", notes)
    assert run(tmp_path / "net.py", new) == (0, "".join(f"{c}\n" for c in classes), "")
    assert len(set(classes)) == 2
    file = runpy.run_path(str(tmp_path / "net.py"))
    np.testing.assert_array_equal(file["read"](str(new)), x)
    np.testing.assert_allclose(
        file["model"]((x - notes["inputs"]["mean"]) / notes["inputs"]["scale"]), y, rtol=1e-4, atol=1e-5
    )
    assert file["predict"](x).tolist() == classes


def test_what_counts_as_missing_is_what_training_counts(tmp_path):
    model, notes, *_ = titanic(tmp_path)
    nn.to_python(model, tmp_path / "net.py", notes)
    number = runpy.run_path(str(tmp_path / "net.py"))["number"]
    assert all(np.isnan(number(word)) and np.isnan(number(word.upper())) for word in tables.MISSING)
    assert [number(cell) for cell in ("0", "1e3", "1_000", "none", "x")] == [0.0, 1000.0, None, None, None]


CELLS = [
    "1", "1.0", "-2.5e3", "1_000", "nan", "?", "N/A", "inf", "TRUE", "false", "Rome", "", "1,5", "$1,234.50", "36 %",
    "2024-01-31", "2024-02-30", "2024-01-31T12:00", "2024-01-31 12:00+02:00", "31.12.2024", "31/12/2024", "12/31/2024", "1-2-2024",
    "1/2/2024 06:30", "1.2/2024", "1/2/24", "0/1/2024",
]  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
def test_the_copies_that_exported_files_take_with_them_are_true(cell):
    """nn/portable.py must stand alone, and so says again what datasets says."""
    for kind in columns.DATES:
        assert portable.day(cell, kind) == columns.day(cell, kind)
    for decimal in ".,":
        assert portable.pointed(cell, decimal) == tables.pointed(cell, decimal)
    if tables.is_missing(cell):
        assert np.isnan(portable.number(cell))
    else:
        assert portable.number(cell) == tables.number(cell)
        if np.isfinite(tables.number(cell) or 0):
            assert portable.canonical(cell) == columns.canonical(cell)


def test_dates_with_the_day_first_are_read_as_in_training(tmp_path):
    encoder = datasets.Encoder("y").fit(datasets.read_table({"when": ["13.01.1970", "02.01.1970"], "y": [1.5, 2.5]}))
    nn.to_python(nn.Linear(1, 1, weight_init=1.0, bias_init=0.0), tmp_path / "net.py", {"encoder": encoder.to_dict()})
    predict = runpy.run_path(str(tmp_path / "net.py"))["predict"]
    rows = [{"when": "03.01.1970"}, {"when": datetime.date(1970, 1, 5)}]
    assert predict(rows).tolist() == [[2.0], [4.0]]
    with pytest.raises(ValueError, match=r"column 'when' should hold dates, day first; found '01/31/1970'"):
        predict([{"when": "01/31/1970"}])


def test_a_regression_is_in_the_units_of_the_data(tmp_path):
    data = datasets.load("diabetes")
    (train,), inputs, targets = datasets.standardize(data, target=True)
    model = nn.MLP([data.n_features, 4, 1], rng=0)
    notes = {
        "features": list(data.feature_names),
        "classes": [],
        "inputs": inputs.to_dict(),
        "targets": targets.to_dict(),
    }
    nn.to_python(model, tmp_path / "net.py", notes)
    expected = targets.inverse(model(train.x[:3]).value.astype(float))
    np.testing.assert_allclose(runpy.run_path(str(tmp_path / "net.py"))["predict"](data.x[:3]), expected, rtol=1e-5)
    order = list(range(data.n_features))[::-1]  # the columns by name, in any order, ; as well as , between them
    lines = [
        ";".join(data.feature_names[i] for i in order),
        *(";".join(repr(float(row[i])) for i in order) for row in data.x[:3]),
    ]
    (tmp_path / "new.csv").write_text("\n".join(lines))
    status, out, _ = run(tmp_path / "net.py", tmp_path / "new.csv")
    assert status == 0
    np.testing.assert_allclose([float(line) for line in out.split()], expected[:, 0], rtol=1e-5)


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("", "has no rows"),
        ("a,b\n", "has no rows"),
        ("a\n1\n", "there is no column 'b'; the columns are a"),
        ("a,b\n1\n", r"a row has 1 cells, and there are 2 columns: ['1']"),
        ("a,b\n1,x\n", "this model takes numbers only; found the row ['1', 'x']"),
        ("a,b\n1,\n", "this model takes numbers only"),
        ("a,b\n1,inf\n", "this model takes numbers only"),
        (None, "No such file"),
    ],
)
def test_a_bad_table_is_a_sentence(text, fragment, tmp_path):
    nn.to_python(nn.Linear(2, 1, rng=0), tmp_path / "net.py", {"features": ["a", "b"]})
    if text is not None:
        (tmp_path / "new.csv").write_text(text)
    status, out, error = run(tmp_path / "net.py", tmp_path / "new.csv")
    assert (status, out) == (2, "")
    assert error.startswith("error: ")
    assert fragment in error
    assert error.count("\n") == 1


def test_a_file_without_names_and_help(tmp_path):
    nn.to_python(nn.Linear(2, 1, weight_init=1.0, bias_init=0.0), tmp_path / "net.py")
    (tmp_path / "new.csv").write_text("1,2\n3,4\n")
    assert run(tmp_path / "net.py", tmp_path / "new.csv") == (0, "3.0\n7.0\n", "")
    status, out, _ = run(tmp_path / "net.py", "--help")
    assert status == 0
    assert out.startswith("Linear: a network written out by autograd-core")


# --- what is refused -------------------------------------------------------------------------------------------------

CODE = "__import__('os').abort()"


class Own(nn.Module):
    def forward(self, x):
        return x * 2


@pytest.mark.parametrize(
    ("make", "fragment"),
    [
        (lambda: nn.Sequential(nn.Linear(3, 2), Own()), r"layer 1, Own\(\): to_python knows the layers and activations of nn"),
        (lambda: nn.Sequential(nn.Linear(3, 2), np.tanh), r"layer 1, <ufunc 'tanh'>.* with nn.Tanh\(\) for np.tanh"),
        (lambda: nn.Sequential(nn.MSELoss()), "or a loss"),
        (lambda: nn.KernelLayer(2, 2, lambda u, v: u), "cannot be written as Python: its kernel"),
        # what stands in a model file may be anybody's; what stands in the .py file will run
        (lambda: nn.Sequential(nn.LeakyReLU(CODE)), "which is not a number"),
        (lambda: nn.Sequential(nn.Softmax(CODE)), "which is not a number"),
        (lambda: nn.Flatten(CODE), "which is not a number"),
        (lambda: nn.Unflatten(1, [CODE, 1]), "which is not a number"),
        (lambda: nn.Hardtanh(0.0, float("nan")), "which is not a number"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_named(make, fragment, tmp_path):
    with pytest.raises(ValueError, match=fragment):
        nn.to_python(make(), tmp_path / "net.py")
    assert list(tmp_path.iterdir()) == []


NASTY = 'a"""\n\\' + "'" + "ß{x}"


def test_texts_are_only_texts(tmp_path):
    class Named(nn.Sequential):
        pass

    notes = {"classes": [NASTY, CODE], "features": [NASTY, "b"]}
    nn.to_python(
        Named(nn.Linear(2, 2, weight_init=0.0, bias_init=lambda shape, rng: np.array([1.0, 0.0]))),
        tmp_path / "net.py",
        notes,
    )
    file = runpy.run_path(str(tmp_path / "net.py"))
    assert file["NOTES"] == notes
    assert file["predict"](np.zeros((1, 2))).tolist() == [NASTY]


@pytest.mark.parametrize(
    "notes",
    [{"inputs": {"mean": [CODE], "scale": [1]}}, {"inputs": [1]}, {"encoder": [1]}, {"encoder": {"rules": [{"name": "a"}]}},
     {"encoder": {"rules": [{"name": "a", "kind": CODE, "fill": 0, "gaps": False, "labels": []}]}}, {"classes": 3}],
)  # fmt: skip
def test_notes_of_another_kind_are_refused(notes, tmp_path):
    with pytest.raises(ValueError, match="the notes are not as `autograd-core train` writes them"):
        nn.to_python(nn.Linear(1, 1), tmp_path / "net.py", notes)


def test_a_file_is_read_as_the_library_reads_it(tmp_path):
    """Separators, quotes, line ends, gaps, dates and names that are odd: the same features, or no features at all."""
    model, notes, *_ = titanic(tmp_path)
    nn.to_python(model, tmp_path / "net.py", notes)
    read, encoder = runpy.run_path(str(tmp_path / "net.py"))["read"], datasets.Encoder.from_dict(notes["encoder"])
    head = "age,port,born,deck"
    good = ["7,C,1950-01-11,1", "8;C;1950-01-11;1", '8, "C", 1950-01-11, "1"', ",,,", "7,C\u2028,1950-01-11T10:00Z,1.0", '7,"C\nS",1950-01-11,3',
            "\u0663,C,1950-01-11 23:59,1", "7\tC\t1950-01-11\t1", "7,C,0001-01-01T00:00+23:59,1"]  # fmt: skip
    bad = ["7,C,19500111,1", "7,C,1950-W01-1,1", "1e300,C,1950-01-11,1", "1_0,C,1950-01-11,1", '7,"C,1950-01-11,1',
           "7,C,1950-01-11", "inf,C,1950-01-11,1"]  # fmt: skip
    path = tmp_path / "odd.csv"
    for row in good:
        mark = next((mark for mark in ";\t" if mark in row), ",")
        path.write_text("\n".join([head.replace(",", mark), row, "", row]) + "\r\n", encoding="utf-8-sig", newline="")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", datasets.DataWarning)
            expected = encoder.inputs(datasets.read_table(path))
        assert len(expected) == 2
        np.testing.assert_array_equal(read(path), expected, err_msg=row)
    for text in [*(f"{head}\n{row}\n" for row in bad), f"{head},age\n7,C,1950-01-11,1,8\n", "7,C,1950-01-11,1\n" * 2]:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(datasets.DataError):
            encoder.inputs(datasets.read_table(path))
        with pytest.raises((ValueError, csv.Error)):
            read(path)
