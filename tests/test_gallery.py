"""The gallery is what its code says now, has everything that is public, and its derivatives are derivatives."""

import inspect
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd_core import nn, optim
from autograd_core.nn.losses import Loss

DOCS = Path(__file__).parents[1] / "docs"
sys.path.insert(0, str(DOCS))
import exhibits  # noqa: E402
import gallery  # noqa: E402
import sketches  # noqa: E402
import slopes  # noqa: E402
from letters import Letter  # noqa: E402

sys.path.remove(str(DOCS))
TEXT = {name: (DOCS / name).read_text(encoding="utf-8") for name in gallery.PAGES}
NAMES = json.loads((Path(__file__).parent / "reference/torch_names.json").read_text())["names"]


def classes(module, *bases):
    found = (getattr(module, name) for name in module.__all__)
    return {c.__name__ for c in found if isinstance(c, type) and issubclass(c, bases) and c not in bases}


def sections(name):
    return re.findall(r"^### (\w+)$", TEXT[name], re.MULTILINE)


@pytest.mark.parametrize("name", gallery.PAGES)
def test_a_page_is_what_would_be_written(name):
    assert TEXT[name] == gallery.PAGES[name](), "run python docs/make.py"


def test_everything_public_has_a_section():
    files = {Path(inspect.getfile(kind)).name for kind in nn.activations.ACTIVATIONS.values()} - {"layers.py"}
    written = {
        n for n in nn.__all__ if isinstance(c := getattr(nn, n), type) and Path(inspect.getfile(c)).name in files
    }
    assert set(sections("activations.md")) == written | {"Identity"}
    assert "AlphaDropout" in written
    assert set(sections("losses.md")) == classes(nn, Loss)
    wanted = classes(optim, optim.Optimizer) | classes(optim, optim.Schedule) | {"PrivateOptimizer", "EMA", "SWA"}
    assert set(sections("optimizers.md")) == wanted
    for name in TEXT:
        assert len(sections(name)) == len(set(sections(name)))


def test_every_link_and_picture_is_there_and_none_is_left_over():
    shown = []
    for name, text in TEXT.items():
        assert re.findall(r"^\| \[(\w+)\]", text, re.MULTILINE) == sections(name)
        for label, anchor in re.findall(r"\[(\w+)\]\(#(\w+)\)", text):
            assert anchor == label.lower()
        for file in re.findall(r"\]\(([^)#]+)\)", text):
            assert (DOCS / file).exists(), file
        shown += re.findall(r"\(pictures/gallery/(\w+\.png)\)", text)
    drawn = {path.name: path.stat().st_size for path in (DOCS / gallery.FOLDER).iterdir()}
    assert sorted(shown) == sorted(drawn)
    assert max(drawn.values()) <= 8192
    assert gallery.missing(DOCS) == []


def test_what_is_missing_or_left_over_is_named(tmp_path):
    shutil.copytree(DOCS / gallery.FOLDER, tmp_path / gallery.FOLDER)
    (tmp_path / gallery.FOLDER / "Tanh.png").rename(tmp_path / gallery.FOLDER / "Old.png")
    assert gallery.missing(tmp_path) == ["pictures/gallery/Old.png", "pictures/gallery/Tanh.png"]


@pytest.mark.parametrize("kind", gallery.KINDS, ids=lambda kind: kind.__name__)
def test_pytorch_has_it_under_the_name_given(kind):
    full, own = exhibits.torch_name(kind), kind.__name__
    if full is None:
        assert own not in {n for names in NAMES.values() for n in names}
    else:
        place, _, name = full.rpartition(".")
        assert name in NAMES[place]


def spelled(kind):
    """Whether its derivative is a formula of one number."""
    return gallery.spelled(kind) is not None and kind not in (*exhibits.OF_ROWS, nn.CrossEntropyLoss)


@pytest.mark.parametrize("kind", list(filter(spelled, gallery.KINDS)), ids=lambda kind: kind.__name__)
def test_a_derivative_in_letters_has_the_value_of_the_derivative(kind):
    of_loss = issubclass(kind, Loss)
    settings = exhibits.SETTINGS.get(kind, {}) | ({"reduction": "none"} if of_loss else {})
    at = np.array([0.15, 0.4, 0.85] if kind is nn.BCELoss else [-3.7, -1.3, -0.2, 0.3, 0.7, 1.6, 3.3])
    told = (np.ones_like(at),) if of_loss else ()

    def f(x):
        y = kind(**settings)(x, *told)
        return np.asarray(getattr(y, "value", y), float)

    module = kind(**settings)
    letters, x = slopes.lettered(module), Letter("x", at)
    found = slopes.backward(module.forward(x, *(Letter("t", t) for t in told)), x, letters)
    h = 1e-6
    np.testing.assert_allclose(
        found.value if hasattr(found, "value") else found, (f(at + h) - f(at - h)) / (2 * h), atol=1e-7
    )


FORMULAS = [
    (nn.Tanh, r"g \cdot \left(1 - y \cdot y\right)"),
    (nn.Sigmoid, r"g \cdot y \cdot \left(1 - y\right) \cdot \mathit{slope}"),
    (nn.ReLU6, r"\operatorname{where}(x \ge 0 \wedge x \le 6, g, 0)"),
    (nn.Step, "0"),
    (nn.L1Loss, r"g \cdot \operatorname{sign}(o - t)"),
    (nn.BCEWithLogitsLoss, r"\left(\sigma(z) - t\right) \cdot g"),
    (nn.CrossEntropyLoss, r"\left(p - t\right) \cdot g"),
    (nn.ChebyshevLoss, None),
]


@pytest.mark.parametrize(("kind", "formula"), FORMULAS, ids=[kind.__name__ for kind, _ in FORMULAS])
def test_the_derivative_is_spelled(kind, formula):
    assert gallery.spelled(kind) == formula


def test_most_activations_have_a_derivative_on_the_page():
    without = [kind.__name__ for kind in exhibits.ACTIVATION_KINDS if gallery.spelled(kind) is None]
    assert without == ["AlphaDropout"]


def test_sources_and_topics_are_those_of_the_docstring():
    assert gallery.source(nn.ReLU) == "Nair & Hinton 2010"
    assert gallery.source(optim.RMSprop) == "Hinton 2012; Graves 2013"
    assert gallery.topics(nn.RegularisedExpectationLoss) == "C4, C11, C12"
    named = {word for text in TEXT.values() for word in re.findall(r"\b[A-D]\d{1,2}\b", text)}
    known = re.findall(r"^\| ([A-D]\d+) \|", (DOCS / "topics.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert named <= set(known)


def test_formulas_hold_nothing_that_markdown_would_take_for_its_own():
    for text in TEXT.values():
        for formula in re.findall(r"(?<!`)\$([^$`]+)\$", re.sub(r"`[^`]*`", "", text)):
            assert not re.search(r"[|<>*×]", formula), formula
            assert formula.count("{") == formula.count("}"), formula


def test_pictures_show_what_they_say():
    lines, dots = sketches.with_slope(nn.ReLU(), -1, 1)
    assert [d[0].tolist() for d in dots] == [[], [0.0]]
    assert dots[1][1].tolist() == [0.0]
    np.testing.assert_array_equal(lines[0][1], np.maximum(lines[0][0], 0))
    assert np.isnan(lines[1][1]).sum() == 1
    lines, _ = sketches.with_slope(exhibits.loss_of(nn.CrossEntropyLoss), -1, 1)
    np.testing.assert_allclose(lines[0][1], np.log1p(np.exp(-lines[0][0])))
    np.testing.assert_allclose(sketches.way(lambda p: optim.SGD(p, lr=0.1), sketches.bowl)[1], [-1.8, 0.0], atol=1e-12)
    np.testing.assert_allclose(sketches.natural_way({"lr": 0.5})[1], [-1.0, 0.5], rtol=1e-3)
    np.testing.assert_allclose(
        sketches.private_way({"max_norm": 1e3, "noise_multiplier": 0.0}),
        sketches.way(lambda p: optim.SGD(p, lr=0.15), sketches.bowl), atol=1e-12,
    )  # fmt: skip
    halves = sketches.rates(lambda opt: optim.StepLR(opt, 30, gamma=0.5))
    assert halves.tolist() == [0.1] * 30 + [0.05] * 30


def test_only_drawing_needs_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert gallery.activations_page()
    assert gallery.missing(DOCS) == []
    with pytest.raises(ImportError, match=r"autograd-core\[viz\]"):
        exhibits.picture(nn.Tanh)
