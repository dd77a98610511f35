"""Tables with gaps and words, encoded by rules that the training part alone teaches."""

import json
import re
import warnings

import numpy as np
import pytest

from autograd_core import datasets
from autograd_core.datasets import DataError, DataWarning, Encoder, encode, read_table


def table(**columns):
    return read_table(columns)


def told(call, *arguments):
    """What a call gives, and the sentences it warned with."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = call(*arguments)
    assert all(w.category is DataWarning for w in caught)
    return found, [str(w.message) for w in caught]


TRAIN = table(
    age=[30, None, 50, 20, "NA", 30],
    port=["C", "S", "?", "S", "C", "C"],
    fare=[1.5, 2.5, 3.5, 4.5, 5.5, 6.5],
    paid=["yes", "no", "yes", "no", "no", "yes"],
)


def test_the_features_of_a_training_table():
    encoder = Encoder("paid").fit(TRAIN)
    data = encoder.transform(TRAIN)
    assert data.feature_names == ("age", "age=(missing)", "port=C", "port=S", "port=(missing)", "fare")
    assert data.x.tolist() == [
        [30, 0, 1, 0, 0, 1.5],
        [30, 1, 0, 1, 0, 2.5],
        [50, 0, 0, 0, 1, 3.5],
        [20, 0, 0, 1, 0, 4.5],
        [30, 1, 1, 0, 0, 5.5],
        [30, 0, 1, 0, 0, 6.5],
    ]
    assert (data.y.tolist(), data.classes, encoder.counts) == ([1, 0, 1, 0, 0, 1], ("no", "yes"), (3, 3))
    assert encoder.notes == [
        "column 'age': 2 of 6 values missing; filled with the median 30, and marked in a feature of their own",
        "column 'port': 1 of 6 values missing; a category of their own",
        "classes of 'paid': no: 3 (50.0%), yes: 3 (50.0%)",
    ]


def test_as_scikit_learn_imputes_and_encodes():
    """An oracle with its own rules: median and indicator of SimpleImputer, OneHotEncoder with unknowns ignored."""
    impute = pytest.importorskip("sklearn.impute").SimpleImputer
    one_hot = pytest.importorskip("sklearn.preprocessing").OneHotEncoder
    raw = datasets.make_passengers(400, rng=3)
    raw = raw.take(np.flatnonzero([cell != "" for cell in raw.column("survived")]))
    train, test = raw.take(range(250)), raw.take(range(250, len(raw)))
    encoder = Encoder().fit(train)

    def numbers(part, name):
        return np.array([[float(cell) if cell else np.nan] for cell in part.column(name)])

    def words(part, name):
        return [[cell or "(missing)"] for cell in part.column(name)]

    for part in (train, test):
        x, _ = told(encoder.inputs, part)
        for name in ("class", "age", "family", "fare"):
            mine = x[:, [f.split("=")[0] == name for f in encoder.feature_names]]
            oracle = impute(strategy="median", add_indicator=True).fit(numbers(train, name))
            np.testing.assert_array_equal(mine, oracle.transform(numbers(part, name)).astype(np.float32))
        for name in ("sex", "deck", "port"):
            mine = [f for f in encoder.feature_names if f.startswith(f"{name}=")]
            oracle = one_hot(handle_unknown="ignore", sparse_output=False).fit(words(train, name))
            columns = [mine.index(f"{name}={word}") for word in oracle.categories_[0]]
            here = x[:, [encoder.feature_names.index(f) for f in mine]][:, columns]
            np.testing.assert_array_equal(here, oracle.transform(words(part, name)))


def test_nothing_leaks_from_the_other_parts():
    clean = datasets.make_passengers(200, rng=1)
    parts, encoder = told(encode, clean, 0.5, 0.5)[0]
    # All cells that may differ are made absurd in every row that did not teach.
    kept = {tuple(row) for row in clean.rows}
    answered = [i for i, row in enumerate(clean.rows) if row[-1]]
    y = np.array([clean.rows[i][-1] == "yes" for i in answered]).astype(int)
    taught = {answered[i] for i in datasets.splitting.deal(y, ("no", "yes"), (0.5, 0.5), 0, True)[0]}
    rows = [
        row if i in taught else [*row[:4], "99999", row[5], "0.25", "Z", "Atlantis", "2050-01-01", row[10], row[11]]
        for i, row in enumerate(clean.rows)
    ]
    spoilt = datasets.Table(clean.path, clean.names, clean.lines, rows, clean.unit)
    (others, spoilt_encoder), said = told(encode, spoilt, 0.5, 0.5)
    assert {tuple(row) for row in rows} != kept
    assert spoilt_encoder.to_dict() == encoder.to_dict()
    assert (others[0].x == parts[0].x).all()
    assert not (others[1].x == parts[1].x).all()
    assert any("'Atlantis'" in s or "Atlantis (" in s for s in said)


def test_splits_as_the_dataset_of_the_same_rows_would():
    raw = datasets.make_passengers(120, missing=0.0)
    (whole,), _ = encode(raw, drop=["name", "ship", "id"])
    parts, encoder = encode(raw, 0.6, 0.2, 0.2, seed=5, drop=["name", "ship", "id"])
    for mine, other in zip(parts, whole.split(0.6, 0.2, 0.2, seed=5), strict=True):
        assert mine.y.tolist() == other.y.tolist()
        assert (mine.x[:, mine.feature_names.index("fare")] == other.x[:, other.feature_names.index("fare")]).all()
    assert sum(encoder.counts) == len(parts[0])


def test_rows_without_an_answer_are_left_out_and_counted():
    raw = table(a=[1, 2, 3, 4], y=["u", None, "v", "-"])
    ((data,), encoder), said = told(encode, raw)
    assert (data.x.tolist(), data.y.tolist(), said) == ([[1], [3]], [0, 1], [])
    assert encoder.notes[0] == "2 of 4 rows have no value in the target 'y' and are left out"
    again, said = told(encoder.transform, raw)
    assert again.x.tolist() == [[1], [3]]
    assert said == ["frame: 2 of 4 rows have no value in the target 'y' and are left out."]
    assert encoder.inputs(raw).tolist() == [[1], [2], [3], [4]]


@pytest.mark.parametrize("spelling", ["", "NA", "n/a", "NaN", "-nan", "NULL", "?", "-", " ", None, float("nan")])
def test_spellings_of_missing(spelling):
    encoder = Encoder("y").fit(table(a=[1, 3, spelling], b=["u", "v", spelling], y=[0.5, 1.5, 2.5]))
    assert encoder.transform(table(a=[spelling], b=[spelling], y=[1])).x.tolist() == [[2, 1, 0, 0, 1]]


@pytest.mark.parametrize("spelling", ["none", "0", "unknown", "+", "--", "."])
def test_what_is_not_missing(spelling):
    assert Encoder("y").fit(table(b=["u", "v", spelling], y=[0.5, 1.5, 2.5])).feature_names[-1] != "b=(missing)"


SOMETHING = ["u", "v"] * 15
KINDS = {
    # name: (cells of the column, its features, or why it is dropped)
    "numbers": ([0.5, 1.5] * 15, ["c"]),
    "whole numbers": (list(range(30)), ["c"]),
    "truth values": ([True, False] * 15, ["c=false", "c=true"]),
    "truth values in letters": (["TRUE", "false", "True"] * 10, ["c=false", "c=true"]),
    "dates": (["2024-01-31", "2024-02-01"] * 15, ["c"]),
    "dates and times": (["2024-01-31 12:00", "2024-02-01T00:00:00Z"] * 15, ["c"]),
    "the day first": (["31/12/2024", "1/2/2025"] * 15, ["c"]),
    "the day first, with points": (["31.12.2024", "01.02.2025 12:00", "2025-02-01"] * 10, ["c"]),
    "the month first": (["12/31/2024", "1/2/2025"] * 15, ["c"]),
    "either first": (["3/12/2024", "1/2/2025"] * 15, ["c=1/2/2025", "c=3/12/2024"]),
    "years of two figures": (["31/12/24", "1/2/25"] * 15, ["c=1/2/25", "c=31/12/24"]),
    "words": (SOMETHING, ["c=u", "c=v"]),
    "one number and gaps": ([5, None] * 15, ["c=5", "c=(missing)"]),
    "one word and gaps": (["x", ""] * 15, ["c=x", "c=(missing)"]),
    "empty": ([None] * 30, "no cell is filled"),
    "constant": ([7, 7.0, "7"] * 10, "every cell is '7'"),
    "constant words": (["x"] * 30, "every cell is 'x'"),
    "names": ([f"n{i}" for i in range(16)] + ["n1"] * 14, "16 distinct texts in 30 cells name rows rather than group them"),
    "half of them names": ([f"n{i}" for i in range(15)] + ["n1"] * 15, [f"c=n{i}" for i in sorted(range(15), key=str)]),
}  # fmt: skip


@pytest.mark.parametrize("case", KINDS)
def test_kinds_of_columns(case):
    cells, wanted = KINDS[case]
    encoder = Encoder("y").fit(table(c=cells, other=SOMETHING, y=list(range(30))))
    if isinstance(wanted, str):
        assert encoder.dropped == {"c": wanted}
        assert encoder.notes == [f"column 'c': dropped; {wanted}"]
    else:
        assert encoder.feature_names == (*wanted, "other=u", "other=v")


@pytest.mark.parametrize("dropped", [True, False])
@pytest.mark.parametrize(
    "pair", ["id paid", "PassengerId grid", "user_id year", "Unnamed:_0 identity", "index indexes", "PATIENT_ID GRID"]
)
def test_columns_that_number_the_rows(pair, dropped):
    name = pair.split()[not dropped].replace("d:_", "d: ")
    numbers = np.random.default_rng(0).permutation(30).tolist()
    encoder = Encoder("y").fit(read_table({name: numbers, "other": SOMETHING, "y": list(range(30))}))
    assert (name in encoder.dropped) == dropped
    again = Encoder("y").fit(read_table({name: [*numbers[1:], 3], "other": SOMETHING, "y": list(range(30))}))
    assert name not in again.dropped  # a number comes twice


@pytest.mark.parametrize("named", [True, False])
def test_of_many_categories_the_most_frequent_are_kept(named):
    """Of 103 words w50 to w102 come three times, the others four times; by count and then by name w0 to w49, w50, ... are kept."""
    cells = [int(f"9{i % 103:03}") if named else f"w{i % 103:03}" for i in range(359)]
    encoder = Encoder("y", categories=["c"] * named).fit(table(c=cells, y=list(range(359))))
    kept = [f"c={'9' if named else 'w'}{i:03}" for i in range(99)]
    assert encoder.feature_names == (*kept, "c=(other)")
    assert encoder.notes == [
        "column 'c': of 103 distinct texts the 99 most frequent are categories; the others, 12 of 359 values, are one, '(other)', "
        "as are texts that come later"
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        places = encoder.inputs(table(c=[cells[98], cells[99], "new"])).argmax(axis=1)
        assert places.tolist() == [98, 99, 99]
    with pytest.warns(DataWarning, match="all 0"):
        assert not encoder.inputs(table(c=[None])).any()


def test_whole_numbers_that_are_taken_for_classes_are_told_of():
    note = "distinct whole numbers in the target 'y' are taken for classes; say task=\"regression\""
    for stars, task, told in [(5, "auto", True), (5, "classification", False), (2, "auto", False)]:
        raw = table(a=list(range(60)), y=[i % stars for i in range(60)])
        _, encoder = datasets.encode(raw, 0.7, 0.3, task=task)
        assert [said.startswith(f"{stars} {note}") for said in encoder.notes].count(True) == told


def test_overruling():
    raw = table(zip=[10115, 80331, 10115, 80331], ticket=["7", "8", "A5", "9"], y=[1.5, 2.5, 3.5, 4.5])
    with pytest.raises(
        DataError, match=r"row 2: column 'ticket' should hold numbers.*among the categories or among those to drop"
    ):
        Encoder().fit(raw)
    encoder = Encoder(categories=["zip"], drop=["ticket"]).fit(raw)
    assert encoder.feature_names == ("zip=10115", "zip=80331")
    assert encoder.dropped == {"ticket": "as was asked"}
    assert encoder.inputs(table(zip=["10115.0"])).tolist() == [[1, 0]]
    assert Encoder(categories=["ticket"]).fit(raw).feature_names[1:] == (
        "ticket=7",
        "ticket=8",
        "ticket=9",
        "ticket=A5",
    )


def test_dates_are_days_since_1970():
    encoder = Encoder("y").fit(table(d=["1970-01-02", "1970-01-03T12:00+12:00", None], y=[1, 2.5, 3]))
    assert encoder.transform(table(d=["1969-12-31", None], y=[1, 1])).x.tolist() == [[-1, 0], [1.5, 1]]
    assert "the median 1970-01-02," in encoder.notes[0]


@pytest.mark.parametrize(
    ("cells", "kind", "days"),
    [
        (["13.1.1970", "02.01.1970"], "dates, day first", [12, 1]),
        (["1/13/1970", "02/01/1970"], "dates, month first", [12, 31]),
    ],
)
def test_which_number_is_the_day_is_learnt(cells, kind, days):
    encoder = Encoder("y").fit(table(c=cells, y=[1, 2]))
    assert encoder.notes[0] == f"column 'c': {kind}, such as {cells[0]}"
    again = Encoder.from_dict(json.loads(json.dumps(encoder.to_dict())))
    assert again.inputs(table(c=cells)).ravel().tolist() == days
    assert again.inputs(table(c=["1970-01-03"])).ravel().tolist() == [2]  # as a frame spells it
    assert again.rules[0].typical == ("1970-01-07" if "day" in kind else "1970-01-22")
    with pytest.raises(DataError, match=r"row 0: column 'c' should hold dates such as .*found '31/31/1970'"):
        again.inputs(table(c=["31/31/1970"]))
    with pytest.raises(DataError, match=r"row 2: column 'c' should hold dates"):
        Encoder("y").fit(table(c=["31/1/2024", "30/1/2024", "1/31/2024"], y=[1, 2, 3]))


@pytest.mark.parametrize("cells", [["2024-01-31", "2024-02-01"], ["31/1/2024", "1/2/2024"]])
def test_of_dates_that_were_asked_for_as_categories_nothing_is_said(cells):
    encoder = Encoder("y", categories=["c"]).fit(table(c=cells, y=[1, 2]))
    assert (len(encoder.feature_names), encoder.notes) == (2, [])


def test_dates_of_which_either_number_may_be_the_day_are_asked_about():
    encoder = Encoder("y").fit(table(c=["3/12/2024", "1/2/2025"], y=[1, 2]))
    assert encoder.notes[0] == (
        "column 'c': taken for 2 categories; write 3/12/2024, of which either number may be the day, as year-month-day "
        "to have an order among them"
    )


NEW = {
    # name: (the new table, its features, fragments of the sentences)
    "as in training": ({"port": ["S"], "age": [7], "fare": [1]}, [[7, 0, 0, 1, 0, 1]], []),
    "with gaps": ({"port": [None], "age": ["NA"], "fare": [1]}, [[30, 1, 0, 0, 1, 1]], []),
    "with answers": ({"paid": ["yes"], "fare": [1], "port": ["C"], "age": [7]}, [[7, 0, 1, 0, 0, 1]], []),
    "unseen": (
        {"port": ["Q", "Q", "S", "X"], "age": [7] * 4, "fare": [1] * 4},
        [[7, 0, 0, 0, 0, 1], [7, 0, 0, 0, 0, 1], [7, 0, 0, 1, 0, 1], [7, 0, 0, 0, 0, 1]],
        ["column 'port': 3 of 4 values not seen in training, Q (2), X (1): the features of its categories are all 0"],
    ),
    "a new gap": (
        {"port": ["S"], "age": [7], "fare": [None]},
        [[7, 0, 0, 1, 0, 4]],
        ["column 'fare': 1 of 1 missing value, none in training: filled with 4, the training median"],
    ),
    "more columns": (
        {"zip": [1], "port": ["S"], "age": [7], "fare": [1], "mail": [2]},
        [[7, 0, 0, 1, 0, 1]],
        ["ignored 2 columns that training did not have: zip, mail"],
    ),
}


@pytest.mark.parametrize("case", NEW)
def test_new_tables(case):
    columns, wanted, fragments = NEW[case]
    encoder = Encoder.from_dict(json.loads(json.dumps(Encoder("paid").fit(TRAIN).to_dict())))
    x, said = told(encoder.inputs, read_table(columns))
    assert x.tolist() == wanted
    assert x.dtype == np.float32
    assert [fragment in sentence for fragment, sentence in zip(fragments, said, strict=True)] == [True] * len(said)


def test_a_gap_in_categories_that_had_none():
    encoder = Encoder().fit(table(c=["u", "v"], y=[1, 2.5]))
    x, said = told(encoder.inputs, table(c=["", "v"]))
    assert x.tolist() == [[0, 0], [0, 1]]
    assert said == [
        "frame: column 'c': 1 of 2 missing values, none in training: the features of its categories are all 0."
    ]


BAD = {
    # name: (call, fragments)
    "text in numbers": (
        lambda: Encoder("paid").fit(TRAIN).inputs(table(age=[1, "old"], port=["C", "C"], fare=[1, 2])),
        ["row 1", "'age'", "'old'"],
    ),
    "infinite": (
        lambda: Encoder("paid").fit(TRAIN).inputs(table(age=[1, 2], port=["C", "C"], fare=[1, "-inf"])),
        ["1 infinite value", "row 1, column 'fare' (-inf)"],
    ),
    "infinite in training": (lambda: Encoder().fit(table(a=[1, 1e39], y=[1, 2])), ["row 1, column 'a' (1e+39)"]),
    "infinite answers": (lambda: Encoder().fit(table(a=[1, 2], y=[0.5, np.inf])), ["row 1, column 'y' (inf)"]),
    "one column absent": (
        lambda: Encoder("paid").fit(TRAIN).inputs(table(Age=[1], port=["C"], fare=[1])),
        ["no column 'age', which the model was trained with", "Age, port, fare", "Did you mean 'Age'?"],
    ),
    "columns absent": (
        lambda: Encoder("paid").fit(TRAIN).inputs(table(port=["C"], price=[1])),
        ["2 columns that the model was trained with are absent: age, fare", "the columns are port, price"],
    ),
    "no answers to compare with": (
        lambda: Encoder("paid").fit(TRAIN).transform(table(age=[1], port=["C"], fare=[1])),
        ["no column 'paid', which holds the answers"],
    ),
    "answers all missing": (lambda: Encoder().fit(table(a=[1, 2], y=[None, ""])), ["no row has a value", "'y'"]),
    "new answers all missing": (
        lambda: Encoder("paid").fit(TRAIN).transform(table(age=[1], port=["C"], fare=[1], paid=[None])),
        ["no row has a value in the target 'paid'"],
    ),
    "unknown class": (
        lambda: Encoder("paid").fit(TRAIN).transform(table(age=[1], port=["C"], fare=[1], paid=["maybe"])),
        ["row 0", "the class 'maybe'", "'paid'", "the classes are no, yes"],
    ),
    "one class": (lambda: Encoder().fit(table(a=[1, 2], y=["u", "u"])), ["every row has the class 'u'"]),
    "one answer": (
        lambda: Encoder(task="regression").fit(table(a=[1, 2], y=[3, 3])),
        ["every row has the value 3", "nothing to learn"],
    ),
    "no such target": (lambda: Encoder("pad").fit(TRAIN), ["'pad' to predict", "Did you mean 'paid'?"]),
    "nothing to drop": (lambda: Encoder(drop=["x"]).fit(TRAIN), ["no column 'x' to drop"]),
    "nothing left": (
        lambda: Encoder().fit(table(a=[1, 1], b=["", ""], y=[1, 2])),
        ["no column is left to predict 'y' from", "'a': every cell is '1'; 'b': no cell is filled"],
    ),
    "single column": (lambda: Encoder().fit(table(a=[1, 2])), ["the single column 'a'"]),
    "not fitted": (lambda: Encoder("a").inputs(TRAIN), ["call fit(table) with the training rows first"]),
    "task": (lambda: Encoder(task="both"), ["'auto', 'classification' or 'regression'"]),
    "a name instead of a list": (lambda: Encoder(drop="name"), ["lists of column names"]),
    "a rare class": (
        lambda: encode(table(a=[1, 2, 3, 4], y=["u", "u", "u", "v"]), 0.5, 0.5),
        ["class 'v' has 1 row", "stratify=False"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_used_is_said(case):
    call, fragments = BAD[case]
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the fragments are the check
        call()
    assert [fragment for fragment in fragments if fragment not in str(caught.value)] == []


def test_rare_classes_are_told_of():
    encoder = Encoder().fit(table(a=list(range(50)), y=["u"] * 46 + ["v"] * 4))
    assert encoder.counts == (46, 4)
    assert encoder.notes[0] == "classes of 'y': u: 46 (92.0%), v: 4 (8.0%)"
    assert "rare: v. Always answering 'u' is right in 92.0%" in encoder.notes[1]
    assert len(Encoder().fit(table(a=list(range(50)), y=["u"] * 45 + ["v"] * 5)).notes) == 1


def test_the_first_text_of_the_file_is_named_however_the_rows_are_split():
    numbers = ["oops" if i in (40, 90) else i for i in range(100)]
    with pytest.raises(DataError, match=r"row 40: column 'size' should hold numbers, found 'oops' \(2 of 100"):
        Encoder().fit(table(size=numbers, y=[i % 2 for i in range(100)]).take(range(99, -1, -1)))


def test_a_target_is_not_told_to_be_dropped():
    with pytest.raises(
        DataError, match="correct the text, or predict another column, or ask for the task classification"
    ):
        Encoder("port", "regression").fit(TRAIN)


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        ([f"${i}.50" for i in range(200)], 'dropped; 200 distinct texts are too many categories; write $0.50 as a bare number or say decimal="." to keep it'),
        ([f"{i % 28 + 1}/12/24" for i in range(200)], "taken for 28 categories; write 1/12/24 as year-month-day to have an order among them"),
        ([f"{i % 50} %" for i in range(200)], 'taken for 50 categories; write 0 % as a bare number or say decimal="." to have an order among them'),
        ([f"{i % 50}a" for i in range(200)], None),
        ([f"code {i % 50}" for i in range(200)], None),
    ],
)  # fmt: skip
def test_texts_that_look_like_numbers_are_told_of(cells, note):
    encoder = Encoder().fit(table(a=cells, b=range(200), y=[i % 2 for i in range(200)]))
    assert [said for said in encoder.notes if "'a'" in said] == ([f"column 'a': {note}"] if note else [])
    coded = Encoder(categories=["a"]).fit(table(a=[i % 5 for i in range(60)], y=[i % 2 for i in range(60)]))
    assert not any("bare number" in said for said in coded.notes)


def test_classes_that_differ_in_capitals_are_told_of():
    encoder = Encoder().fit(table(a=[1, 2, 3, 4, 5, 6], y=["Yes", "no", "yes", "no", "Yes", "no"]))
    assert encoder.notes[0] == "classes Yes, yes differ in capitals alone; spell them alike if they are one"


def test_cells_are_looked_through_once_for_the_labels():
    """A look through all for each of them took minutes for 100,000 rows."""

    class Counting(list):
        looks = 0

        def __contains__(self, item):
            self.looks += 1
            return super().__contains__(item)

    column = datasets.columns.Column(table(y=[i % 3 for i in range(300)]), 0)
    column.numbers = Counting(column.numbers)
    assert column.labels("classes") == ["0", "1", "2"]
    assert column.numbers.looks <= 2


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1,5", 1.5),
        ("1.234,5", 1234.5),
        ("-12.345.678", -12345678),
        ("+,5e3", 500.0),
        ("12.5", 12.5),
        ("7", 7.0),
        ("", None),
    ],
)
def test_decimal_commas(cell, value, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"a;b\n{cell};x\n2,5;y\n", encoding="utf-8")
    rows = read_table(path, decimal=",").rows
    assert [datasets.columns.number(row[0]) for row in rows] == [value, 2.5]
    with pytest.raises(DataError, match="decimal must be"):
        read_table(path, decimal=";")


WRITTEN = [
    # a cell, and what it is with decimal="." and with decimal=","
    ("$1,234.50", "1234.50", "$1,234.50"),
    ("1.234,50 €", "1.234,50 €", "1234.50"),
    ("-12,345,678", "-12345678", "-12,345,678"),
    ("1,234", "1234", "1.234"),
    ("36 %", "36", "36"),
    ("12.5%", "12.5", "12.5%"),
    ("1 234,5", "1 234,5", "1234.5"),
    ("1'234.5", "1234.5", "1'234.5"),
    ("1\u202f234", "1234", "1234"),
    ("12,34,567", "12,34,567", "12,34,567"),
    ("01.02.2024", "01.02.2024", "01.02.2024"),
    ("Rome", "Rome", "Rome"),
    ("$", "$", "$"),
    ("", "", ""),
]


@pytest.mark.parametrize(("cell", "point", "comma"), WRITTEN)
def test_numbers_as_they_are_written(cell, point, comma):
    from autograd_core.nn import portable

    for read in (datasets.tables.pointed, portable.pointed):
        assert (read(cell, "."), read(cell, ",")) == (point, comma)
    assert datasets.tables.pointed(cell, None) == cell


@pytest.mark.parametrize(
    ("cell", "ways"), [("2,623,620", 'decimal="."'), ("1,5", 'decimal=","'), ("1,500", 'decimal="." or decimal=","')]
)
def test_how_numbers_are_written_is_asked_as_it_may_be(cell, ways):
    with pytest.raises(DataError, match=rf"thousands separators, or say {re.escape(ways)}, or name"):
        Encoder("y").fit(table(a=[cell, "7", cell, cell], y=[1, 2, 1, 2]))


def test_further_spellings_of_missing(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,y\n1,0.5\nNone,1.5\n-999,2.5\n3,-999.5\n")
    assert read_table(path, missing=["None", "-999"]).column("a") == ["1", "", "", "3"]
    with pytest.raises(DataError, match="correct the text, or name 'None' among the missing values, or"):
        Encoder("y").fit(read_table(path))


@pytest.mark.parametrize("target", ["paid", "fare"])
def test_survives_json(target):
    encoder = Encoder(target).fit(TRAIN)
    again = Encoder.from_dict(json.loads(json.dumps(encoder.to_dict())))
    assert again.to_dict() == encoder.to_dict()
    assert repr(again) == repr(encoder)
    assert (again.transform(TRAIN).x == encoder.transform(TRAIN).x).all()
    assert (again.transform(TRAIN).y == encoder.transform(TRAIN).y).all()


def changed(**changes):
    return Encoder("paid").fit(TRAIN).to_dict() | changes


def rule(**changes):
    return changed(rules=[Encoder("paid").fit(TRAIN).to_dict()["rules"][0] | changes])


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ([], "is a dict"),
        ({}, "lacks target, task"),
        (changed(classes="ab"), "classes in the state of an Encoder is a list"),
        (changed(classes=["no", "no"]), "damaged"),
        (changed(classes=["no", 1]), "damaged"),
        (changed(counts=[1]), "damaged"),
        (changed(rules=[]), "damaged"),
        (changed(rules=[None]), "the state of the rule of a column is a dict"),
        (changed(task="regression"), "damaged: regression with 2 classes"),
        (changed(task="both"), "task must be"),
        (rule(kind="code"), "makes? no sense"),
        (rule(fill=float("nan")), "makes? no sense"),
        (rule(fill="1"), "fill in the state"),
        (rule(labels=["a", "a"]), "makes? no sense"),
        (rule(labels=[["a"]]), "makes? no sense"),
        (rule(kind="dates", fill=1e30), "makes? no sense"),
        (rule(fill=10**400), "too large"),
    ],
)
def test_states_are_looked_at_before_they_are_believed(state, message):
    with pytest.raises(ValueError, match=message):
        Encoder.from_dict(state)


def test_describe():
    found = datasets.describe(
        table(
            n=[1, 2, None, 9],
            w=["u", "v", "v", ""],
            d=["1970-01-02"] * 4,
            e=[""] * 4,
            m=[1, 2, 3, "x"],
            i=[1, 2, 3, 1e99],
        )
    )
    assert json.loads(json.dumps(found)) == found
    assert [column["kind"] for column in found] == ["numbers", "categories", "dates", "empty", "mixed", "mixed"]
    numbers, words = found[:2]
    assert [numbers[k] for k in ("missing", "distinct", "min", "median", "mean", "max")] == [1, 3, 1, 2, 4, 9]
    assert (sum(numbers["counts"]), len(numbers["edges"])) == (3, 21)
    assert words["top"] == [["v", 2], ["u", 1]]


def test_passengers():
    raw = datasets.make_passengers(4000, rng=7)
    shares = {name: 1 - np.mean([cell != "" for cell in raw.column(name)]) for name in raw.names}
    for name, share in {"age": 0.2, "deck": 0.75, "fare": 0.01, "port": 0.005, "survived": 0.015, "class": 0.0}.items():
        assert shares[name] == pytest.approx(share, abs=0.02)
    (train, _), encoder = told(encode, raw, 0.7, 0.3)[0]
    assert set(encoder.dropped) == {"id", "name", "ship"}
    assert encoder.counts[1] / sum(encoder.counts) == pytest.approx(0.36, abs=0.03)
    woman = train.x[:, train.feature_names.index("sex=woman")] == 1
    assert train.y[woman].mean() > 2 * train.y[~woman].mean()  # there is something to learn
    assert datasets.make_passengers(5, rng=1).rows != datasets.make_passengers(5, rng=2).rows
    assert all(all(row) for row in datasets.make_passengers(50, missing=0).rows)
    for bad in ({"n": 0}, {"n": 2.5}, {"missing": 1.5}, {"missing": float("nan")}):
        with pytest.raises(ValueError, match=r"must be an integer|is a factor"):
            datasets.make_passengers(**bad)


def test_a_file_in_one_piece_is_told_to_name_its_delimiter():
    with pytest.raises(DataError, match=r"the columns are age~port\. If the file has more, name its delimiter"):
        Encoder("paid").fit(TRAIN).inputs(table(**{"age~port": ["1~C"]}))
