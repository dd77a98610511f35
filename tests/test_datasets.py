"""Data sets, splits, standardising, batches, generators and the bundled tables."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_core import datasets

GENERATORS = {
    name: getattr(datasets, name)
    for name in (
        "make_xor",
        "make_moons",
        "make_circles",
        "make_spirals",
        "make_blobs",
        "make_gaussian_quantiles",
    )
}


def regression(n, d=2):
    """Rows that carry their own number, to follow them through a split or a shuffle."""
    return datasets.Dataset(np.arange(n * d).reshape(n, d), np.arange(n, dtype=float))


# Dataset


def test_classification_fields():
    data = datasets.Dataset([[1, 2], [3, 4]], [0, 2], classes=["a", "b", "c"], feature_names=["u", "v"], name="n")
    assert (data.x.dtype, data.y.dtype) == (np.float32, np.int64)
    assert (data.task, data.n_features, data.n_outputs, len(data)) == ("classification", 2, 3, 2)
    assert repr(data) == "<Dataset n: 2 rows, 2 features, classification, 3 classes>"
    assert data.feature_names == ("u", "v")


def test_regression_fields():
    data = datasets.Dataset([[1.0], [2.0], [3.0]], np.ones((3, 2)))
    assert (data.y.dtype, data.task, data.n_outputs, data.classes) == (np.float32, "regression", 2, ())
    assert repr(data) == "<Dataset data: 3 rows, 1 feature, regression, 2 outputs>"
    x, y = data
    assert x is data.x
    assert y is data.y


@pytest.mark.parametrize(
    ("y", "stored", "classes"),
    [
        (["b", "a", "b"], [1, 0, 1], ("a", "b")),
        ([2, 0, 0], [2, 0, 0], ("0", "1", "2")),
        ([True, False, True], [1, 0, 1], ("0", "1")),
        ([1.5, 2.0, 0.0], [[1.5], [2.0], [0.0]], ()),
    ],
)
def test_the_type_of_y_decides_the_task(y, stored, classes):
    data = datasets.Dataset(np.zeros((3, 1)), y)
    assert data.y.tolist() == stored
    assert data.classes == classes


def test_no_rows_at_all_are_still_a_classification():
    empty = datasets.Dataset(np.zeros((0, 2)), np.zeros(0, dtype=int))
    assert (len(empty), empty.task) == (0, "classification")
    assert len(datasets.load_iris()[:0].classes) == 3


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        (([1.0, 2.0], [0, 1]), {}, r"shape \(rows, features\), got shape \(2,\).*reshape"),
        ((np.zeros((2, 0)), [0, 1]), {}, "shape"),
        (([[1.0], [2.0]], [0, 1, 0]), {}, "got 2 and 3 rows"),
        (([[1.0], [2.0]], [0, 2]), {"classes": ["a", "b"]}, r"0\.\.1 \(2 classes\), got 0\.\.2"),
        (([[1.0], [2.0]], [-1, 1]), {}, r"got -1\.\.1"),
        (([[1.0], [2.0]], [0.0, 1.0]), {"classes": ["a", "b"]}, "integer class indices.*float64"),
        (([[1.0], [2.0]], [[0], [1]]), {}, r"1-d array.*ravel"),
        (([[1.0], [2.0]], np.zeros((2, 1, 1))), {}, "regression y must have shape"),
        (([[1.0], [2.0]], [0, 1]), {"feature_names": ["a", "b"]}, "1 columns but 2 feature names"),
    ],
)
def test_bad_datasets(arguments, keywords, message):
    with pytest.raises(ValueError, match=message):
        datasets.Dataset(*arguments, **keywords)


@pytest.mark.parametrize(
    ("index", "rows"),
    [
        (slice(1, 3), [1, 2]),
        (np.array([3, 0]), [3, 0]),
        ([2], [2]),
        (np.array([True, False, False, True]), [0, 3]),
    ],
)
def test_indexing(index, rows):
    data = datasets.Dataset(np.arange(4)[:, None], [0, 1, 0, 1], classes=["a", "b"], name="n", source="s", licence="l")
    part = data[index]
    assert part.x[:, 0].tolist() == rows
    assert part.y.tolist() == [row % 2 for row in rows]
    assert (part.classes, part.name, part.source, part.licence) == (("a", "b"), "n", "s", "l")


@pytest.mark.parametrize("index", [1, "a", 1.5, [[0, 1]]])
def test_bad_index(index):
    with pytest.raises(TypeError, match="slice, a 1-d integer array or a boolean mask"):
        regression(4)[index]


# split

FRACTIONS = st.lists(st.integers(1, 20), min_size=2, max_size=5).map(lambda p: [v / sum(p) for v in p])


@settings(max_examples=80, deadline=None)
@given(
    counts=st.lists(st.integers(60, 130), min_size=1, max_size=4),
    fractions=FRACTIONS,
    seed=st.integers(0, 99),
)
def test_split_deals_every_row_once_and_each_class_by_its_share(counts, fractions, seed):
    y = np.repeat(np.arange(len(counts)), counts)
    data = datasets.Dataset(np.arange(len(y))[:, None], y)
    shares = np.outer(fractions, counts)
    if shares.min() < 1:
        fractions, shares = [0.5, 0.5], np.outer([0.5, 0.5], counts)
    parts = data.split(*fractions, seed=seed)
    rows = np.concatenate([part.x[:, 0] for part in parts])
    assert sorted(rows.tolist()) == list(range(len(y)))
    assert all((y[part.x[:, 0].astype(int)] == part.y).all() for part in parts)
    found = np.array([np.bincount(part.y, minlength=len(counts)) for part in parts])
    assert np.abs(found - shares).max() < 1
    totals = [len(part) for part in parts]
    assert np.abs(totals - shares.sum(axis=1)).max() < len(counts)


@pytest.mark.parametrize(
    ("n", "fractions", "sizes"),
    [
        (10, (0.7, 0.3), [7, 3]),
        (10, (0.33, 0.33, 0.34), [3, 3, 4]),
        (100, (0.29, 0.71), [29, 71]),
        (7, (1 / 3, 1 / 3, 1 / 3), [3, 2, 2]),
    ],
)
def test_sizes_of_a_regression_split(n, fractions, sizes):
    assert [len(part) for part in regression(n).split(*fractions)] == sizes


def test_ties_do_not_add_up_in_one_part():
    """30 classes of 5 rows in halves of 2.5: the odd rows go to either part in turn."""
    y = np.repeat(np.arange(30), 5)
    first, second = datasets.Dataset(np.zeros((150, 1)), y).split(0.5, 0.5)
    assert (len(first), len(second)) == (75, 75)


def test_split_is_shuffled_and_follows_its_seed():
    data = regression(100)
    first, again, other = (data.split(0.5, 0.5, seed=seed)[0].x.tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert first != sorted(first)
    assert sorted(first) != sorted(other)
    generator = np.random.default_rng(1)
    assert data.split(0.5, 0.5, seed=generator)[0].x.tolist() == first
    assert data.split(0.5, 0.5, seed=generator)[0].x.tolist() != first


def test_split_mixes_the_classes_within_a_part():
    first, _ = datasets.load_iris().split(0.5, 0.5)
    assert len(set(first.y[:20].tolist())) == 3


@pytest.mark.parametrize(
    ("data", "fractions", "message"),
    [
        (regression(9), (1.0,), "at least two positive fractions"),
        (regression(9), (), "at least two"),
        (regression(9), (0.7, 0.299), r"\(0.7, 0.299\) with sum 0.999"),
        (regression(9), (1.2, -0.2), "positive"),
        (regression(9), (1.0, 0.0), "positive"),
        (regression(9), (float("nan"), 1.0), "positive"),
        (
            regression(2),
            (0.6, 0.2, 0.2),
            "the data set has 2 rows, too few for each of the parts 0.6, 0.2, 0.2",
        ),
        (regression(2)[:0], (0.5, 0.5), "has 0 rows"),
        (
            datasets.Dataset(np.zeros((9, 1)), ["a"] * 8 + ["b"]),
            (0.5, 0.5),
            "class 'b' has 1 row, .*stratify=False",
        ),
    ],
)
def test_bad_splits(data, fractions, message):
    with pytest.raises(ValueError, match=message):
        data.split(*fractions)


@pytest.mark.parametrize("rare", [3, 4, 5, 6])
def test_a_rare_class_is_in_every_part_if_it_has_rows_enough(rare):
    data = datasets.Dataset(np.zeros((90 + rare, 1)), ["a"] * 90 + ["b"] * rare)
    parts = data.split(0.7, 0.15, 0.15)
    assert [min(np.bincount(part.y, minlength=2)) > 0 for part in parts] == [True] * 3
    assert sum(map(len, parts)) == 90 + rare
    assert (parts[0].y == 1).sum() >= rare - 3


def test_split_around_rare_and_absent_classes():
    rare = datasets.Dataset(np.zeros((9, 1)), ["a"] * 8 + ["b"])
    assert [len(part) for part in rare.split(2 / 3, 1 / 3, stratify=False)] == [6, 3]
    absent = rare[rare.y == 0]
    assert [len(part) for part in absent.split(0.5, 0.5)] == [4, 4]


# Standardizer


def test_standardizer_against_hand_made_statistics():
    x = np.array([[1, 10, 7], [3, 10, 9], [5, 10, 14]], dtype=np.float32)
    scaler = datasets.Standardizer().fit(x)
    assert scaler.mean.tolist() == [3, 10, 10]
    np.testing.assert_allclose(scaler.scale, [np.sqrt(8 / 3), 1, np.sqrt(26 / 3)])
    result = scaler.transform(x)
    assert result.dtype == np.float32
    assert result[:, 1].tolist() == [0, 0, 0]
    np.testing.assert_allclose(scaler.inverse(result), x, rtol=1e-6)
    assert scaler.transform(x.astype(np.float64)).dtype == np.float64


def test_statistics_are_taken_in_double_precision():
    """Near ten million, float32 can hold the values but not the mean that lies between them."""
    scaler = datasets.Standardizer().fit(np.array([[1e7], [1e7 + 1]], dtype=np.float32))
    assert scaler.mean.tolist() == [1e7 + 0.5]
    assert scaler.scale.tolist() == [0.5]


@pytest.mark.parametrize("value", [0.0, 0.1, 1e-30, 1e30])
def test_a_constant_column_is_only_centred(value):
    scaler = datasets.Standardizer().fit(np.full((7, 1), value))
    assert scaler.scale.tolist() == [1]
    np.testing.assert_allclose(scaler.transform([[value]]), 0, atol=abs(value) * 1e-15)


def test_a_deviation_too_small_to_square_is_left_alone():
    assert datasets.Standardizer().fit([[1e-200], [3e-200]]).transform([[5e-200]]).tolist() == [[3e-200]]


def test_standardizer_survives_json():
    scaler = datasets.Standardizer().fit([[1.1, 2.0], [3.7, 2.0]], names=["a", "b"])
    copy = datasets.Standardizer.from_dict(json.loads(json.dumps(scaler.to_dict())))
    assert copy.to_dict() == scaler.to_dict()
    assert copy.transform([[5.0, 6.0]]).tolist() == scaler.transform([[5.0, 6.0]]).tolist()


FITTED = {"names": ["a"], "mean": [0.0], "scale": [1.0]}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: datasets.Standardizer().transform([[1.0]]), "call fit"),
        (lambda: datasets.Standardizer().fit([1.0, 2.0]), "table"),
        (lambda: datasets.Standardizer().fit(np.zeros((0, 2))), "rows"),
        (
            lambda: datasets.Standardizer().fit([[1, np.nan], [np.inf, 2]], ["a", "b"]),
            "2 of 4 cells.*row 0 of 'b'.*column 1",
        ),
        (
            lambda: datasets.Standardizer().fit([[1], [2]]).transform([[1, 2]]),
            r"1 columns, got shape \(1, 2\)",
        ),
        (lambda: datasets.Standardizer().fit([[1], [2]]).transform([[0], [-np.inf]]), "row 1 of 'column 0'"),
        (lambda: datasets.Standardizer().fit([[1], [2]]).inverse([1.0]), "1 columns"),
        (lambda: datasets.Standardizer.from_dict({"mean": [0.0]}), "lacks names, scale"),
        (lambda: datasets.Standardizer.from_dict({**FITTED, "mean": [0.0, 1.0]}), "one entry per column"),
        (lambda: datasets.Standardizer.from_dict({**FITTED, "scale": [0.0]}), "positive"),
        (lambda: datasets.Standardizer.from_dict({**FITTED, "mean": [np.nan]}), "finite"),
        (lambda: datasets.standardize(datasets.load_iris(), target=True), "'iris' is a classification"),
    ],
)
def test_bad_standardizing(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_standardize_uses_the_first_part_alone():
    train, test = datasets.load_diabetes().split(0.8, 0.2)
    (scaled, other), scaler, outputs = datasets.standardize(train, test, target=True)
    np.testing.assert_allclose(scaled.x.mean(axis=0, dtype=float), 0, atol=1e-6)
    np.testing.assert_allclose(scaled.y.std(axis=0, dtype=float), 1, atol=1e-6)
    np.testing.assert_allclose(other.x, (test.x - train.x.mean(0)) / train.x.std(0), atol=1e-4)
    np.testing.assert_allclose(outputs.inverse(other.y), test.y, rtol=1e-5)
    assert scaler.names == other.feature_names == train.feature_names
    (unscaled,), _ = datasets.standardize(train)
    assert unscaled.y is train.y


# DataLoader


@pytest.mark.parametrize(
    ("rows", "batch_size", "drop_last", "sizes"),
    [
        (10, 4, False, [4, 4, 2]),
        (10, 4, True, [4, 4]),
        (8, 4, True, [4, 4]),
        (3, 32, False, [3]),
        (3, 1, False, [1, 1, 1]),
    ],
)
@pytest.mark.parametrize("shuffle", [False, True])
def test_batches(rows, batch_size, drop_last, sizes, shuffle):
    loader = datasets.DataLoader(regression(rows), batch_size, shuffle, drop_last, rng=0)
    assert len(loader) == len(sizes)
    for _ in range(2):
        batches = list(loader)
        assert [len(x) for x, _ in batches] == sizes
        assert all((x[:, 0] == 2 * y[:, 0]).all() for x, y in batches)
        seen = np.concatenate([y[:, 0] for _, y in batches])
        assert len(set(seen.tolist())) == sum(sizes)


def test_order_and_views_without_shuffle():
    data = regression(10)
    batches = list(datasets.DataLoader(data, 4))
    assert np.concatenate([x for x, _ in batches]).tolist() == data.x.tolist()
    assert all(np.shares_memory(x, data.x) and np.shares_memory(y, data.y) for x, y in batches)


def test_a_new_permutation_each_epoch_from_the_seed():
    def epochs(rng):
        loader = datasets.DataLoader((np.arange(50),), 8, shuffle=True, rng=rng)
        return [np.concatenate([a for (a,) in loader]).tolist() for _ in range(2)]

    first, second = epochs(3)
    assert sorted(first) == sorted(second) == list(range(50))
    assert len({tuple(order) for order in (first, second, range(50))}) == 3
    assert epochs(3) == epochs(np.random.default_rng(3)) == [first, second]
    assert epochs(4) != [first, second]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: datasets.DataLoader(regression(3), 0),
            ValueError,
            "batch_size must be an integer of at least 1, got 0",
        ),
        (lambda: datasets.DataLoader(regression(3), -2), ValueError, "-2"),
        (lambda: datasets.DataLoader(regression(3), 1.5), ValueError, "1.5"),
        (lambda: datasets.DataLoader((np.zeros(3), np.zeros(4))), ValueError, r"\[3, 4\]"),
        (lambda: datasets.DataLoader((np.zeros(0), np.zeros(0))), ValueError, "no rows"),
        (lambda: datasets.DataLoader(()), ValueError, "no rows"),
        (lambda: datasets.DataLoader(regression(3), 4, drop_last=True), ValueError, "drop all 3 rows"),
        (lambda: datasets.DataLoader(np.zeros((3, 2))), TypeError, r"\(x,\)"),
    ],
)
def test_bad_loaders(call, error, message):
    with pytest.raises(error, match=message):
        call()


# Generators


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("n", [3, 60, 101])
def test_generators_are_balanced_seeded_and_noisy(name, n):
    make = GENERATORS[name]
    data = make(n=n)
    assert len(data) == n
    counts = np.bincount(data.y, minlength=data.n_outputs)
    assert counts.max() - counts.min() <= 1
    assert make(n=n).x.tolist() == data.x.tolist() == make(n=n, rng=np.random.default_rng(0)).x.tolist()
    assert (make(n=n, noise=0.1).x != make(n=n, noise=0.1, rng=1).x).any()


@pytest.mark.parametrize("name", GENERATORS)
def test_noise_is_a_standard_deviation(name):
    clean, noisy = (GENERATORS[name](n=4000, noise=noise).x for noise in (0, 0.25))
    assert (noisy - clean).std() == pytest.approx(0.25, rel=0.05)


def test_shapes_of_the_clean_generators():
    x, y = datasets.make_xor(n=40, noise=0)
    assert ((x[:, 0] != x[:, 1]) == y).all()
    x, y = datasets.make_circles(n=40, noise=0, ratio=0.3)
    np.testing.assert_allclose(np.hypot(*x.T), np.where(y == 0, 1, 0.3), rtol=1e-6)
    x, y = datasets.make_moons(n=40, noise=0)
    np.testing.assert_allclose(np.hypot(*(x - np.where(y[:, None] == 0, [0, 0], [1, 0.5])).T), 1, rtol=1e-6)
    assert (x[y == 0, 1] >= 0).all()
    assert (x[y == 1, 1] <= 0.5).all()
    x, y = datasets.make_spirals(n=60, noise=0, classes=3, turns=2)
    arm = np.exp(1j * (2 * np.pi * (2 * np.hypot(*x.T) + y / 3))) * np.hypot(*x.T)
    np.testing.assert_allclose(arm, x[:, 0] + 1j * x[:, 1], atol=1e-5)
    x, _ = datasets.make_spirals(n=4000, noise=0)
    assert (x**2).sum(axis=1).mean() == pytest.approx(0.5, abs=0.02)  # as for a disc evenly filled
    x, y = datasets.make_gaussian_quantiles(n=90)
    edges = [np.sort(np.hypot(*x[y == k].T)) for k in range(3)]
    assert edges[0][-1] < edges[1][0] < edges[1][-1] < edges[2][0]
    x, y = datasets.make_blobs(n=60, noise=0, classes=4, features=3)
    assert len(np.unique(x, axis=0)) == 4


@pytest.mark.parametrize(
    ("function", "at_one"),
    [
        ("sine", 0.9092974),
        ("step", 1.0),
        ("polynomial", -0.8333333),
        ("sinc", 0.0),
        ("bump", 0.3678794),
        ("absolute", 1.0),
        (lambda x: 5 * x, 5.0),
    ],
)
def test_functions(function, at_one):
    x, y = datasets.make_function(function, n=20, noise=0, low=1.0, high=1.0 + 1e-9)
    assert x.shape == y.shape == (20, 1)
    np.testing.assert_allclose(y, at_one, atol=1e-6)
    _, noisy = datasets.make_function(function, n=4000, noise=0.5)
    _, clean = datasets.make_function(function, n=4000, noise=0)
    assert (noisy - clean).std() == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: datasets.make_moons(n=-1), "n must be an integer of at least 2, got -1"),
        (lambda: datasets.make_moons(n=10.0), "got 10.0"),
        (lambda: datasets.make_moons(noise=-0.1), "noise is a standard deviation.*-0.1"),
        (lambda: datasets.make_moons(noise=float("nan")), "nan"),
        (lambda: datasets.make_circles(ratio=1.0), "ratio must lie between 0 and 1"),
        (lambda: datasets.make_spirals(turns=0), "turns must be positive"),
        (lambda: datasets.make_spirals(classes=1), "classes must be an integer of at least 2"),
        (lambda: datasets.make_blobs(n=2, classes=3), "n must be an integer of at least 3"),
        (lambda: datasets.make_blobs(features=0), "features must be an integer of at least 1"),
        (lambda: datasets.make_gaussian_quantiles(classes=0), "classes"),
        (lambda: datasets.make_function("sinus"), "sine, step, polynomial.*Did you mean 'sine'"),
        (lambda: datasets.make_function(n=0), "n must be an integer of at least 1"),
        (lambda: datasets.make_function(low=1, high=1), "low must be below high"),
        (lambda: datasets.make_function(np.sum), "'sum' must turn 200 numbers into 200 finite numbers"),
        (lambda: datasets.make_function(lambda x: x * np.nan), "finite"),
    ],
)
def test_bad_generator_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# Bundled data and the catalogue

# Figures published with the data: rows, columns, rows per class, {column: (least, greatest, mean)}.
PUBLISHED = {
    "digits": (1797, 64, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180], {0: (0, 0, 0.0)}),
    "iris": (
        150,
        4,
        [50, 50, 50],
        {0: (4.3, 7.9, 5.84), 1: (2.0, 4.4, 3.05), 2: (1.0, 6.9, 3.76), 3: (0.1, 2.5, 1.20)},
    ),
    "wine": (178, 13, [59, 71, 48], {0: (11.03, 14.83, 13.0), 4: (70, 162, 99.7), 12: (278, 1680, 746)}),
    "breast_cancer": (
        569,
        30,
        [212, 357],
        {0: (6.981, 28.11, 14.13), 3: (143.5, 2501, 654.9), 23: (185.2, 4254, 880.6)},
    ),
    "diabetes": (442, 10, None, {0: (19, 79, 48.5), 2: (18, 42.2, 26.4), 6: (22, 99, 49.8)}),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_bundled_data_against_published_figures(name):
    rows, columns, counts, figures = PUBLISHED[name]
    data = datasets.load(name)
    assert data.x.shape == (rows, columns)
    assert data.name == name
    assert data.source
    assert data.licence
    assert np.isfinite(data.x).all()
    if counts:
        assert np.bincount(data.y).tolist() == counts
    for column, (least, greatest, mean) in figures.items():
        values = data.x[:, column].astype(float)
        np.testing.assert_allclose([values.min(), values.max()], [least, greatest], rtol=1e-6)
        assert values.mean() == pytest.approx(mean, rel=0.0025)


def test_the_target_of_diabetes():
    y = datasets.load_diabetes().y
    assert (y.shape, y.min(), y.max()) == ((442, 1), 25, 346)
    assert y.mean() == pytest.approx(152.1, abs=0.05)


def test_digits_are_drawn_in_ink_from_0_to_16():
    digits = datasets.load_digits()
    assert (digits.x.min(), digits.x.max()) == (0, 16)
    assert (digits.x == digits.x.round()).all()
    assert digits.feature_names[9] == "pixel_1_1"


def test_loads_are_independent():
    datasets.load_iris().x[:] = 0
    assert datasets.load_iris().x.min() > 0


@pytest.mark.parametrize("name", PUBLISHED)
def test_bundled_data_is_that_of_scikit_learn(name):
    sklearn = pytest.importorskip("sklearn.datasets")
    bunch = getattr(sklearn, f"load_{name}")(**({"scaled": False} if name == "diabetes" else {}))
    data = getattr(datasets, f"load_{name}")()
    assert (data.x == bunch.data.astype(np.float32)).all()
    assert (data.y.ravel() == bunch.target).all()
    assert list(data.feature_names) == list(bunch.feature_names)


def test_catalogue_tells_what_load_returns():
    entries = {entry.name: entry for entry in datasets.available()}
    assert tuple(entries) == datasets.names()
    assert set(PUBLISHED) | {"xor", "moons", "circles", "spirals", "blobs", "sine", "sinc"} < set(entries)
    iris, sine = entries["iris"], entries["sine"]
    assert (iris.rows, iris.features, iris.task, iris.classes) == (150, 4, "classification", 3)
    assert (sine.rows, sine.features, sine.task, sine.classes) == (200, 1, "regression", 0)
    assert all(str(entry).startswith(name) and "\n" not in str(entry) for name, entry in entries.items())


@pytest.mark.parametrize(
    ("name", "fragments"),
    [
        ("irsi", ["'irsi'", "digits, iris, wine", "Did you mean 'iris'?", "load_csv"]),
        ("zzz", ["'zzz'", "moons"]),
    ],
)
def test_unknown_name(name, fragments):
    with pytest.raises(ValueError, match="no data set") as caught:
        datasets.load(name)
    assert [fragment for fragment in fragments if fragment not in str(caught.value)] == []


# The folder as a whole


def test_nothing_touches_the_global_random_state():
    state = np.random.get_state()[1].tolist()
    for name in datasets.names():
        first, _ = datasets.load(name).split(0.5, 0.5)
        list(datasets.DataLoader(first, shuffle=True))
    assert np.random.get_state()[1].tolist() == state


def test_imports_nothing_but_numpy_and_the_standard_library():
    for path in Path(datasets.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level <= 1, f"{path.name} reaches outside the folder"
                modules = [] if node.level else [node.module]
            else:
                continue
            roots = {module.split(".")[0] for module in modules}
            assert roots <= {"numpy"} | sys.stdlib_module_names, path.name


def test_import_stays_light():
    """Importing the folder loads none of the modules that only some calls need."""
    code = (
        "import sys, autograd_core; before = set(sys.modules)\n"
        "from autograd_core import datasets; print(*(set(sys.modules) - before))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    loaded = set(run.stdout.split())
    assert "autograd_core.datasets" in loaded
    assert not {"csv", "json", "difflib", "zipfile", "numpy.random"} & loaded


def test_public_names():
    assert sorted(datasets.__all__) == datasets.__all__
    assert all(getattr(datasets, name).__doc__ for name in datasets.__all__)
