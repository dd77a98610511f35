"""The pages that docs/make.py writes are those of this table, and complete. Pictures are asked only whether they are there."""

import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd_core.op import TABLE

DOCS = Path(__file__).parents[1] / "docs"
sys.path.insert(0, str(DOCS))
import curves  # noqa: E402
import letters  # noqa: E402
import make  # noqa: E402

sys.path.remove(str(DOCS))
NOW = make.rows_page()
ROWS, NUMPY = ((DOCS / name).read_text(encoding="utf-8") for name in ("rows.md", "numpy.md"))
same_numpy = pytest.mark.skipif(make.MADE not in ROWS, reason="the pages were made with another version of NumPy")


@same_numpy
@pytest.mark.parametrize("name", make.PAGES)
def test_a_page_is_what_would_be_written(name):
    assert make.MADE in NUMPY
    assert (DOCS / name).read_text(encoding="utf-8") == make.PAGES[name](), "run python docs/make.py"


@pytest.mark.parametrize("text", [pytest.param(ROWS, marks=same_numpy, id="written"), pytest.param(NOW, id="now")])
def test_every_row_stands_on_the_page_once(text):
    assert sorted(re.findall(r'<a name="row-(\w+)">', text)) == sorted(TABLE)
    assert f"{len(TABLE)} rows" in text
    assert sum(map(int, re.findall(r"^- .*: (\d+) rows$", text, re.MULTILINE))) == len(TABLE)


def test_every_link_leads_somewhere():
    anchors = {f"row-{name}" for name in re.findall(r'<a name="row-(\w+)">', ROWS)}
    anchors |= {title.lower().replace(" ", "-") for title in re.findall(r"^## (.*)$", ROWS, re.MULTILINE)}
    assert set(re.findall(r"(?:\(|rows\.md)#([\w-]+)\)", ROWS + NUMPY)) <= anchors
    for file in set(re.findall(r"\]\(([^)#]+)(?:#[\w-]+)?\)", ROWS + NUMPY)):
        assert (DOCS / file).exists(), file


def test_the_pictures_on_the_page_are_those_in_the_folder():
    drawn = list((DOCS / "pictures").glob("*.png"))
    assert sorted(re.findall(r"\(pictures/([\w.]+)\)", ROWS)) == sorted(path.name for path in drawn)
    assert len(drawn) > 40
    assert max(path.stat().st_size for path in drawn) < 10_000


def test_every_function_of_numpy_is_counted_once():
    found = make.answered()
    counts = [len(found["row"]) + len(found["derived"]), len(found["passed"]), len(found["refused"])]
    page = make.numpy_page()
    assert (
        list(map(int, re.search(r"\*\*(\d+) supported, (\d+) passed through, (\d+) refused", page).groups())) == counts
    )
    assert sum(counts) == len(make.functions())
    for names in make.functions().values():
        for name in names:
            assert len(re.findall(rf"`{re.escape(name)}`", page)) == 1, name


def test_as_many_functions_are_supported_as_are_promised():
    assert int(re.search(r"\*\*(\d+) supported", NUMPY)[1]) >= 190


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (np.tanh, "row"), (np.sum, "row"), (np.linalg.inv, "row"), (np.vstack, "derived"), (np.argmax, "passed"),
        (np.shape, "passed"), (np.greater, "passed"), (np.putmask, "refused"), (np.place, "refused"),
    ],
)  # fmt: skip
def test_what_becomes_of_a_function(function, kind):
    assert [k for k, found in make.answered().items() if function in found] == [kind]


FORMULAS = [
    ("multiply", 0, r"g \cdot b"),
    ("power", 0, r"g \cdot b \cdot a^{b - 1}"),
    ("exp2", 0, r"g \cdot y \cdot \ln 2"),
    ("maximum", 1, r"\operatorname{where}(a < b, g, \operatorname{where}(a = b, \frac{g}{2}, 0))"),
    ("leaky_relu", 0, r"\operatorname{where}(a > 0, g, g \cdot \mathit{slope})"),
    ("clip", 0, r"\operatorname{where}(a \ge a_{\mathit{min}} \wedge a \le a_{\mathit{max}}, g, 0)"),
    ("mean", 0, r"g \cdot \frac{n_{y}}{n_{a}}"),
    ("matmul", 0, r"g b^\top"),
    ("scatter", 0, r"g_{\mathit{index}}"),
    ("concatenate", 0, "g_{s_0:s_1}"),
    ("cross_entropy", 0, r"\left(p - t\right) \cdot g"),
    ("floor", 0, "0"),
]


@pytest.mark.parametrize(("name", "i", "formula"), FORMULAS, ids=[f[0] for f in FORMULAS])
def test_a_rule_in_letters_holds_no_number_of_a_run(name, i, formula):
    assert letters.rule_in_letters(TABLE[name], i) == formula


def test_a_rule_that_is_no_formula_is_told_by_its_source():
    assert make.source(TABLE["outer"].rules["b"]) != make.source(TABLE["outer"].rules["a"])
    assert make.source(TABLE["divide"].rules["b"]) == "`-g * y / b`"
    assert make.source(TABLE["matmul"].rules["b"]) == r"`_right(g, a, b)`: The gradient of \`a @ b\` towards b."


def test_formulas_hold_nothing_that_markdown_would_take_for_its_own():
    for formula in re.findall(r"(?<!`)\$([^$`]+)\$", re.sub(r"`[^`]*`", "", NOW)):
        assert not re.search(r"[|<>*×]|\\[^A-Za-z]|\^\\top\^", formula), formula
        assert not re.search(r"[^\w\s]_|_[^\w\s]", formula), formula  # these may open or close an emphasis
        assert formula.count("{") == formula.count("}"), formula
    for table in re.findall(r"(?:^\|.*\n)+", NOW + NUMPY, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table


def test_a_picture_shows_the_function_its_slope_and_its_kinks():
    shown = curves.curve(TABLE["tanh"])
    (x, y), (_, slope) = shown["lines"]
    np.testing.assert_allclose(y, np.tanh(x))
    np.testing.assert_allclose(slope, 1 - np.tanh(x) ** 2)
    assert shown["x"] == (-3, 3)
    shown = curves.curve(TABLE["absolute"])
    assert [dots.tolist() for dots in shown["dots"][1]] == [[0.0], [0.0]]  # the slope at the kink
    assert curves.curve(TABLE["sqrt"])["x"][0] == 0
    (x, y), _ = curves.curve(TABLE["tan"])["lines"]
    assert not np.any(np.diff(y) < 0)  # broken at its poles


def test_what_is_out_of_date_is_named(tmp_path, monkeypatch, capsys):
    shutil.copytree(DOCS / "pictures", tmp_path / "pictures")
    monkeypatch.setattr(make, "HERE", tmp_path)
    monkeypatch.setattr(sys, "argv", ["make.py", "--check"])
    for name, page in make.PAGES.items():
        (tmp_path / name).write_text(page(), encoding="utf-8")
    if make.outdated() == []:  # which it is not with a NumPy whose table has fewer rows
        assert make.main() == 0
        (tmp_path / "pictures/tanh.png").rename(tmp_path / "pictures/thtan.png")
        assert make.outdated() == ["pictures/tanh.png", "pictures/thtan.png"]
    (tmp_path / "rows.md").write_text("another text")
    (tmp_path / "numpy.md").unlink()
    assert make.outdated()[:2] == ["rows.md", "numpy.md"]
    assert make.main() == 1
    assert "docs/rows.md is out of date; run python docs/make.py" in capsys.readouterr().out


def test_only_drawing_needs_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert make.rows_page()
    with pytest.raises(ImportError, match=r"autograd-core\[viz\]"):
        curves.draw_picture(TABLE["tanh"], tmp_path / "tanh.png")
    assert list(tmp_path.glob("*.png")) == []
