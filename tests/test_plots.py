"""Pictures of networks: each draws what the numbers say."""

import re
import sys

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the pictures need the extra viz: pip install matplotlib")
import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt

from autograd_core import Tensor, datasets, nn, optim, plots
from autograd_core.plots import live


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.mark.parametrize(
    ("epochs", "best", "marker", "side"), [(1, 1, "o", "right"), (9, 2, "None", "left"), (9, 9, "None", "right")]
)
def test_learning_curves_leave_room_for_what_is_said_of_them(epochs, best, marker, side):
    history = optim.History()
    for epoch in range(1, epochs + 1):
        history.append({"epoch": epoch, "loss": 1 / epoch, "val_loss": 2 / epoch, "val_accuracy": 0.5})
    history.best_epoch = best
    ax = history.plot()
    ax.figure.draw_without_rendering()
    assert {line.get_marker() for line in ax.get_lines()[:2]} == {marker}  # one point alone is no line
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["loss", "val_loss", "val_accuracy"]
    assert ax.get_legend().get_window_extent().y0 >= ax.get_window_extent().y1 - 1  # above the curves
    assert ax.texts[0].get_ha() == side
    assert ax.get_window_extent().x0 <= ax.texts[0].get_window_extent().x0
    assert ax.texts[0].get_window_extent().x1 <= ax.get_window_extent().x1
    assert optim.History().plot().get_legend() is None


def test_the_boundary_stands_where_the_model_changes_its_mind():
    x = np.array([[0.0, 0.0], [2.0, 2.0]])
    ax = plots.decision_boundary(lambda p: (p[:, :1] - 0.5) * 100, x, [0, 1], resolution=101)
    pixels, (low, high, _, _) = ax.images[0].get_array(), ax.images[0].get_extent()
    xs = np.linspace(low, high, 101)
    blue = pixels[50, :, 2] > pixels[50, :, 0]  # the colour of class 0
    assert blue[xs < 0.45].all()
    assert not blue[xs > 0.55].any()
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["class 0", "class 1"]


def test_the_boundary_is_pale_where_nothing_is_sure():
    ax = plots.decision_boundary(lambda p: np.zeros((len(p), 3)), np.eye(2), [0, 1], resolution=5)
    assert ax.images[0].get_array().min() > 0.89


def test_a_model_is_looked_at_in_evaluation_and_left_as_it_was():
    model = nn.MLP([2, 8, 2], dropout=0.5, rng=0)
    model[0].eval()
    modes = [m.training for m in model.modules()]
    a, b = (plots.decision_boundary(model, np.eye(2), [0, 1], resolution=9).images[0].get_array() for _ in range(2))
    assert np.array_equal(a, b)  # no dropout
    plots.activation_histograms(model, np.eye(2, dtype=np.float32))
    assert [m.training for m in model.modules()] == modes
    assert not any("forward" in vars(m) for m in model.modules())


@pytest.fixture
def film():
    data, model = datasets.make_moons(40), nn.MLP([2, 8, 2], rng=0)
    movie = plots.BoundaryMovie(*data, every=2, resolution=10)
    optim.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.1)).fit(
        data, epochs=5, callbacks=[movie]
    )
    return movie


def test_a_film_has_a_frame_for_each_epoch_that_was_asked_for(film, tmp_path):
    assert film.epochs == [0, 2, 4]
    assert not np.allclose(film.frames[0], film.frames[-1])
    film.save(tmp_path / "film.gif")
    from PIL import Image

    with Image.open(tmp_path / "film.gif") as gif:
        assert gif.n_frames == 3
    film.save(tmp_path / "film.html")
    page = (tmp_path / "film.html").read_bytes().decode("ascii")
    assert page.count("data:image/png;base64") == 3
    assert not re.search(r"<link|https?:|fa-play", page)
    assert plt.get_fignums() == []
    with pytest.raises(ValueError, match=r"saved as .gif or .html"):
        film.save(tmp_path / "film.mp4")


def test_confusion_rows_are_what_is_true():
    ax = plots.confusion_matrix([0, 0, 0, 2], [0, 1, 1, 2], classes=["a", "b", "c"])
    texts = np.array([int(t.get_text()) for t in ax.texts]).reshape(3, 3)
    assert texts.tolist() == [[1, 2, 0], [0, 0, 0], [0, 0, 1]]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("said", "true")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("labels", "classes", "names"),
    [
        (["no", "yes"], (), ["no", "yes"]),
        (["no", "yes"], ["yes", "no"], ["yes", "no"]),
        ([-1, 1], (), ["-1", "1"]),
        ([0.0, 1.0], (), ["0", "1"]),
        ([False, True], ["low", "high"], ["low", "high"]),
    ],
)
def test_classes_go_by_labels_of_any_kind(labels, classes, names):
    a, b = labels
    ax = plots.confusion_matrix([a, a, a, b], [a, b, b, b], classes)
    assert [t.get_text() for t in ax.get_yticklabels()] == names
    table = np.array([int(t.get_text()) for t in ax.texts]).reshape(2, 2)
    assert table.tolist() == ([[1, 2], [0, 1]] if classes != ["yes", "no"] else [[1, 0], [2, 1]])
    ax = plots.decision_boundary(lambda p: p[:, :1], np.eye(2), [a, b], classes, resolution=5)
    shown = [t.get_text() for t in ax.get_legend().get_texts()]
    assert shown == [f"class {name}" if labels == [0.0, 1.0] and not classes else name for name in names]


@pytest.mark.parametrize("probability", [True, False])
@pytest.mark.parametrize("labels", [["no", "yes"], [1, 2], [-1, 1]])
def test_a_boundary_is_a_fitted_classifiers_too(labels, probability):
    class Right:  # of x₁ = 1/2 is the second class
        classes_ = np.array(labels)

        def predict(self, points):
            return self.classes_[(points[:, 0] > 0.5).astype(int)]

    def predict_proba(self, points):
        return np.eye(2)[(points[:, 0] > 0.5).astype(int)]

    if probability:
        Right.predict_proba = predict_proba
    x = np.array([[0.0, 0.0], [1.0, 1.0]])
    twin = plots.decision_boundary(lambda p: np.where(p[:, :1] > 0.5, 1e4, -1e4), x, [0, 1], resolution=11)
    ax = plots.decision_boundary(Right(), x, labels, resolution=11)
    np.testing.assert_array_equal(ax.images[0].get_array(), twin.images[0].get_array())
    assert [t.get_text() for t in ax.get_legend().get_texts()] == list(map(str, labels))
    assert ax.collections[1].get_offsets().tolist() == [[1.0, 1.0]]
    ax = plots.decision_boundary(Right(), x, labels, classes=["left", "right"], resolution=11)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["left", "right"]


def test_weights_are_images_on_one_scale():
    weight = np.arange(24.0).reshape(4, 6) - 12
    axes = plots.weight_images(weight, shape=(2, 3), most=3)
    shown = [ax.images[0] for ax in axes.flat if ax.images]
    assert len(shown) == 3
    assert all(image.get_clim() == (-12, 12) for image in shown)
    assert np.array_equal(shown[1].get_array(), weight[1].reshape(2, 3))
    kernels = plots.weight_images(nn.Conv2d(1, 5, 3, rng=0).weight)
    assert kernels.flat[0].images[0].get_array().shape == (3, 3)


def test_histograms_hold_every_number():
    model, x = nn.MLP([3, 7, 2], rng=0), np.random.default_rng(0).normal(size=(11, 3)).astype(np.float32)
    axes = plots.activation_histograms(model, x)
    assert [ax.get_title() for ax in axes] == ["0: Linear", "1: ReLU", "2: Linear"]
    assert [sum(bar.get_height() for bar in ax.patches) for ax in axes] == [77, 77, 22]
    t = np.array([0, 1] * 5 + [0])
    axes = plots.gradient_histograms(model, nn.CrossEntropyLoss(), x, t)
    assert [sum(bar.get_height() for bar in ax.patches) for ax in axes] == [21, 7, 14, 2]
    assert model[0].weight.grad is None


def test_numbers_that_are_none_are_counted():
    model = nn.Sequential(nn.Identity())
    (ax,) = plots.activation_histograms(model, np.array([[1.0, np.nan, np.inf]]))
    assert "2 no number" in ax.get_xlabel()


def test_a_path_begins_and_ends_where_it_did():
    paths = [[[0.0, 0.0], [1.0, 2.0]], [[3.0, 3.0], [2.0, 1.0], [0.5, 0.5]]]
    ax = plots.optimizer_path(lambda p: Tensor(p[0] ** 2 + p[1] ** 2), paths, ["a", "b"])
    lines = [line.get_xydata().tolist() for line in ax.lines]
    assert lines[0] == paths[0]
    assert lines[4:6] == [[paths[1][0]], [paths[1][-1]]]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a", "b"]


def fit(curve, epochs=4):
    model, x = nn.MLP([1, 1], rng=0), np.ones((8, 1), np.float32)
    return optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1)).fit(
        (x, x), epochs=epochs, callbacks=[curve]
    )


def test_the_live_curve_shows_one_picture_and_changes_it(monkeypatch):
    shown, updated = [], []

    class Handle:
        def update(self, figure):
            updated.append(len(figure.axes[0].lines[0].get_xdata()))

    def display(figure, display_id):
        shown.append(len(figure.axes[0].lines[0].get_xdata()))
        return Handle()

    monkeypatch.setattr(live, "_display", lambda: display)
    fit(plots.LiveCurve(every=2), 6)
    assert (shown, updated) == ([2], [4, 6])
    assert plt.get_fignums() == []


def test_outside_a_notebook_nothing_is_shown(capsys):
    curve = plots.LiveCurve()
    fit(curve)
    assert curve.drawn == 4
    assert capsys.readouterr().out == ""


WRONG = [
    (
        lambda: plots.decision_boundary(len, np.ones((3, 4)), [0, 1, 0]),
        r"over two features: x is \(n, 2\), and it is \(3, 4\)",
    ),
    (lambda: plots.decision_boundary(len, np.ones((3, 2)), [0.5, 1, 0]), "integers"),
    (lambda: plots.BoundaryMovie(np.ones((3, 2)), [0, 1, 0], every=0), "at least 1"),
    (lambda: plots.BoundaryMovie(np.ones((3, 2)), [0, 1, 0]).animate(), "nothing was filmed"),
    (lambda: plots.confusion_matrix([0, 1], [0]), "labels of the same samples"),
    (lambda: plots.confusion_matrix([0, 1], ["no", "yes"]), "of one kind; got int64 .* and <U3"),
    (lambda: plots.confusion_matrix(["a"], ["b"], classes=["b", "c"]), r"\['a'\] are none of the classes \['b', 'c'\]"),
    (
        lambda: plots.decision_boundary(len, np.ones((3, 2)), [0, 1]),
        "classes of the 3 samples, one for each; there are 2",
    ),
    (lambda: plots.confusion_matrix([0, 1], [0.2, 0.8]), "integers"),
    (lambda: plots.weight_images(np.ones((2, 7))), r"7 weights a unit are no image of 3 × 3: pass shape"),
    (lambda: plots.optimizer_path(len, [[1.0, 2.0, 3.0]]), r"points \(n, 2\)"),
    (lambda: plots.LiveCurve(every=0), "at least 1"),
]


@pytest.mark.parametrize(("call", "sentence"), WRONG, ids=[s for _, s in WRONG])
def test_what_cannot_be_drawn_is_said(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"autograd-core\[viz\]"):
        plots.confusion_matrix([0], [0])
