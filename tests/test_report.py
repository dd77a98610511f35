"""The report's numbers, and its page as text: safe, whole, by itself."""

import html.parser
import json
import re
from pathlib import Path

import numpy as np
import pytest
from test_cli import points, run, write_csv

from autograd_core import datasets, nn
from autograd_core.cli import files
from autograd_core.cli.report import charts, facts
from autograd_core.cli.report.markup import Markup, table

EVIL = "</style><script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("autograd_core.cli.train._picture", lambda *_: None)


def page(*argv):
    """A run with a report: the page."""
    assert run("train", *argv, "--out", "out", "--report", "--quiet") == 0
    return Path("out/report.html").read_text(encoding="utf-8")


class Balanced(html.parser.HTMLParser):
    """Checks that what is opened is closed, and gathers tags, texts, links and ids."""

    VOID = {"meta", "br", "link", "img"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.links = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            assert not name.startswith("on")
            assert name not in ("style", "src")  # which the page's own rule would forbid
            self.ids += [value] * (name == "id")
            self.links += [value] * (name == "href")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("data", ["iris", "diabetes", "sine", "passengers.csv"])
def test_a_page_is_whole_and_by_itself(data):
    datasets.make_passengers(150).to_csv("passengers.csv")
    found = page(data, "--epochs", 4, "--hidden", 8)
    tree = Balanced(found)
    assert not {"script", "link", "img", "iframe", "object"} & set(tree.tags)
    assert {link[1:] for link in tree.links if link.startswith("#")} <= set(tree.ids)
    assert not re.search(r"https?:|//\w|url\(|@import", found)
    assert "default-src 'none'" in found
    assert tree.tags.count("h1") == tree.tags.count("main") == 1
    assert "nan" not in re.sub(r"<[^>]*>", " ", found).lower().split()
    parts = ["Data", "Learning", "What matters", "Layers", "Model", "Do it again"]
    classes = data in ("iris", "passengers.csv")
    parts += ["Mistakes", "Calibration"] if classes else ["Residuals"]
    for title in parts:
        assert f"<h2>{title}</h2>" in found


def test_names_from_a_file_cannot_become_markup():
    write_csv("evil.csv", [[a, EVIL if k == "r" else "<b>", k] for a, b, k in points()], ('a"<i>', EVIL, 'y"&'))
    found = page("evil.csv", "--epochs", 2)
    assert EVIL not in found
    assert "<b>" not in found
    assert "<i>" not in found
    assert "&lt;script&gt;" in found
    Balanced(found)


def test_the_command_does_it_again():
    found = page(
        "moons", "--epochs", 3, "--hidden", "6,5", "--lr", 0.02, "--seed", 7, "--schedule", "cosine", "--patience", 0
    )
    line = re.search(r"autograd-core train [^<]*", found)[0]
    assert run(*line.split()[1:], "--out", "again", "--quiet") == 0
    first, again = (json.loads(Path(name, "result.json").read_text()) for name in ("out", "again"))
    assert first | {"seconds": 0} == again | {"seconds": 0}


def test_the_numbers_are_those_of_the_run():
    found = page("iris", "--epochs", 20, "--lr", 0.02)
    result = json.loads(Path("out/result.json").read_text())
    run_ = files.Run("out")
    gathered = facts.gather(run_, prepared(run_))
    for part in ("train", "validation", "test"):
        assert gathered["measured"][part]["accuracy"] == pytest.approx(result[part]["accuracy"])
        assert gathered["measured"][part]["cross_entropy"] == pytest.approx(result[part]["loss"], rel=1e-4)
        assert sum(map(sum, gathered["measured"][part]["confusion"])) == sum(gathered["counts"][part])
    assert f"<dd>{result['test']['accuracy']:.1%}</dd>" in found
    confusion = np.array(gathered["measured"]["test"]["confusion"])
    balanced = (confusion.diagonal() / confusion.sum(axis=1)).mean()
    assert f"<dt>balanced accuracy</dt><dd>{balanced:.1%}</dd>" in found


def prepared(run_):
    from autograd_core.cli.data import prepare
    from autograd_core.cli.resume import as_trained

    return prepare(as_trained(run_))


def test_importance_finds_the_column_that_was_made_to_matter():
    rng = np.random.default_rng(0)
    rows = [
        [rng.choice(["x", "y", "z"]), a := round(rng.normal(), 3), round(rng.normal(), 3), "yes" if a > 0 else "no"]
        for _ in range(300)
    ]
    write_csv("one.csv", rows, ("word", "it", "noise", "answer"))
    page("one.csv", "--epochs", 30, "--lr", 0.02)
    run_ = files.Run("out")
    found = facts.gather(run_, prepared(run_))["importance"]
    drops = {c["column"]: c["drop"] for c in found["columns"]}
    assert next(iter(drops)) == "it"
    assert drops["it"] > 0.3
    assert abs(drops["noise"]) < 0.1
    assert abs(drops["word"]) < 0.1


def test_layers_are_measured_as_they_are():
    data = datasets.load_iris()
    model = nn.MLP([4, 6, 3], rng=0)
    rows = facts.layers(model, data)
    h = data.x @ model[0].weight.value.T + model[0].bias.value
    assert [r["kind"] for r in rows] == ["Linear", "ReLU", "Linear"]
    assert rows[0]["mean"] == pytest.approx(h.mean(), rel=1e-5)
    assert rows[1]["deviation"] == pytest.approx(np.maximum(h, 0).std(), rel=1e-5)
    z = np.maximum(h, 0) @ model[2].weight.value.T + model[2].bias.value
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    error = (p - np.eye(3)[data.y]) / len(data)
    gradient = np.sqrt(((error.T @ np.maximum(h, 0)) ** 2).sum() + (error.sum(axis=0) ** 2).sum())
    assert rows[2]["gradient"] == pytest.approx(gradient, rel=1e-4)
    assert model[0].weight.grad is None


def test_alarms_come_to_the_page():
    page("iris", "--epochs", 3)
    health = {"rows": [], "alarms": [{"sentence": "layer 1: 87 % of ReLU units are dead"}]}
    Path("out/health.json").write_text(json.dumps(health))
    assert run("report", "out", "--out", "page.html") == 0
    assert "layer 1: 87 % of ReLU units are dead" in Path("page.html").read_text()
    assert run("report", "out", "--out", "page.html") == 2  # never over what is there
    assert run("report", "out") == 0  # its own page is made anew


# --- drawings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ends", [(0, 1), (-3, 17), (1e-9, 3e-9), (1e6, 1.00001e6), (5, 5), (0, 1e30)])
def test_ticks_are_round_and_inside(ends):
    found = charts.ticks(*ends)
    assert 1 <= len(found) <= 7
    assert all(ends[0] - 1e-12 <= t <= ends[1] * (1 + 1e-12) for t in found)
    if len(found) > 2:
        np.testing.assert_allclose(np.diff(found), found[1] - found[0], rtol=1e-6)


def test_a_line_stands_where_its_numbers_say():
    drawn = charts.lines({"a": [(1, 0.0), (2, 1.0), (3, 0.5)]}, "epoch", "loss", "Loss")
    points_ = [tuple(map(float, p.split(","))) for p in re.search(r'points="([^"]+)"', drawn)[1].split()]
    xs, ys = zip(*points_, strict=True)
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.2)
    assert ys[0] - ys[2] == pytest.approx(ys[2] - ys[1], abs=0.2)
    assert all(charts.LEFT <= x <= charts.WIDE and 0 <= y <= charts.HIGH - charts.BELOW for x, y in points_)


def test_strange_numbers_are_left_out():
    drawn = charts.lines({"a": [(1, float("nan")), (2, 1.0), (3, float("inf"))]}, "epoch", "loss", "Loss")
    assert "nan" not in drawn
    assert "inf" not in drawn
    assert charts.lines({"a": [(1, float("nan"))]}, "epoch", "loss", "Loss") == ""


def test_cells_are_escaped_unless_they_are_markup():
    drawn = table(["<a>", "n"], [["<b>", 0.12345], [Markup("<i>x</i>"), None]], "a < b")
    assert "&lt;b&gt;" in drawn
    assert "<i>x</i>" in drawn
    assert "0.123" in drawn
    assert "<caption>a &lt; b</caption>" in drawn
