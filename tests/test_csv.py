"""The CSV reader: what it makes of good files, and what it says of bad ones."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_core import datasets


@pytest.fixture
def write(tmp_path):
    """Write bytes or text to a file and return its path."""

    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write


PLAIN = {
    # Each of these spells the same table: a = 1, 2 and y = 0.5, 1.5.
    "commas": ("a,y\n1,0.5\n2,1.5\n", {}),
    "semicolons": ("a;y\n1;0.5\n2;1.5\n", {}),
    "tabs": ("a\ty\n1\t0.5\n2\t1.5\n", {}),
    "bars": ("a|y\n1|0.5\n2|1.5\n", {}),
    "told delimiter": ("a:y\n1:0.5\n2:1.5\n", {"delimiter": ":"}),
    "target first": ("y,a\n0.5,1\n1.5,2\n", {"target": "y"}),
    "quotes": ('"a";"y"\n"1";"0.5"\n2;1.5\n', {}),
    "byte order mark": (b"\xef\xbb\xbfa,y\n1,0.5\n2,1.5\n", {}),
    "CRLF": ("a,y\r\n1,0.5\r\n2,1.5\r\n", {}),
    "bare CR": ("a,y\r1,0.5\r2,1.5\r", {}),
    "no last line end": ("a,y\n1,0.5\n2,1.5", {}),
    "blank lines": ("\na,y\n\n1,0.5\n  \n2,1.5\n\n", {}),
    "spaces": ('a, y\n 1 , "0.5"\n2,1.5 \n', {}),
    "exponents": ("a,y\n1e0,5E-1\n+2.,1.5\n", {}),
}


@pytest.mark.parametrize("case", PLAIN)
def test_spellings_of_one_table(write, case):
    content, keywords = PLAIN[case]
    data = datasets.load_csv(write(content, "my.table.csv"), **keywords)
    assert data.feature_names == ("a",)
    assert data.x.dtype == data.y.dtype == np.float32
    assert data.x.tolist() == [[1], [2]]
    assert data.y.tolist() == [[0.5], [1.5]]
    assert (data.task, data.name, data.source) == ("regression", "my.table", "my.table.csv")


TARGETS = {
    # name: (the target column, keywords, y, classes)
    "text": ("no yes no", {}, [0, 1, 0], ("no", "yes")),
    "accents": ("hêtre chêne chêne", {}, [1, 0, 0], ("chêne", "hêtre")),
    "floats": ("0.5 1.5 0.5 1.5", {}, [[0.5], [1.5], [0.5], [1.5]], ()),
    "integers by value": ("9 10 10 9", {}, [0, 1, 1, 0], ("9", "10")),
    "1 and 1.0": ("1 1.0 0 -0.0", {}, [1, 1, 0, 0], ("0", "1")),
    "distinct integers": ("7 8 9", {}, [[7], [8], [9]], ()),
    "told classification": ("7 8 9", {"task": "classification"}, [0, 1, 2], ("7", "8", "9")),
    "told classification of floats": ("1.5 0 1.5", {"task": "classification"}, [1, 0, 1], ("0", "1.5")),
    "told classification of a mixture": ("10 9 x", {"task": "classification"}, [1, 0, 2], ("9", "10", "x")),
    "told regression": ("0 1 0 1", {"task": "regression"}, [[0], [1], [0], [1]], ()),
}


@pytest.mark.parametrize("case", TARGETS)
def test_target(write, case):
    cells, keywords, y, classes = TARGETS[case]
    data = datasets.load_csv(write("a,y\n" + "".join(f"0.5,{cell}\n" for cell in cells.split())), **keywords)
    assert data.y.tolist() == y
    assert data.classes == classes


FEATURES = {
    # name: (content, keywords, feature names, x)
    "one-hot": (
        "colour,a,y\nred,1,0.5\nblue,2,1.5\nred,3,2.5\n",
        {},
        ("colour=blue", "colour=red", "a"),
        [[0, 1, 1], [1, 0, 2], [0, 1, 3]],
    ),
    "quoted comma": ('word,y\n"x, z",1.5\nw,2.5\n', {}, ("word=w", "word=x, z"), [[0, 1], [1, 0]]),
    "dates": ("d,y\n1970-01-02,0.5\n1970-01-03T12:00,1.5\n", {}, ("d",), [[1], [2.5]]),
    "the day first": ("d,y\n2/1/1970,0.5\n13/1/1970,1.5\n", {}, ("d",), [[1], [12]]),
    "truth values": ("t,y\nTRUE,0.5\nfalse,1.5\n", {}, ("t=false", "t=true"), [[0, 1], [1, 0]]),
    "constant": ("a,b,y\n1,x,0.5\n1,x,1.5\n", {}, ("a", "b=x"), [[1, 1], [1, 1]]),
    "mostly text": ("a,y\nx,1.5\nx,1.5\n7,2.5\n", {}, ("a=7", "a=x"), [[0, 1], [0, 1], [1, 0]]),
    "no header": ("1,2.5\n3,4.5\n", {}, ("column_1",), [[1], [3]]),
    "one row of numbers": ("1,2.5\n", {}, ("column_1",), [[1]]),
    "no header, text at the end": ("1,2,no\n3,4,yes\n", {}, ("column_1", "column_2"), [[1, 2], [3, 4]]),
    "a year names a column": (
        "city,2020,y\nrome,1,0.5\noslo,2,1.5\n",
        {},
        ("city=oslo", "city=rome", "2020"),
        [[0, 1, 1], [1, 0, 2]],
    ),
    "header told": ("0,1\n5,2.5\n6,3.5\n", {"header": True}, ("0",), [[5], [6]]),
    "no header told": ("a,b\nc,d\n", {"header": False}, ("column_1=a", "column_1=c"), [[1, 0], [0, 1]]),
    "unnamed index column": (",y\n1,0.5\n2,1.5\n", {}, ("Unnamed: 0",), [[1], [2]]),
}


@pytest.mark.parametrize("case", FEATURES)
def test_features(write, case):
    content, keywords, names, x = FEATURES[case]
    data = datasets.load_csv(write(content), **keywords)
    assert data.feature_names == names
    assert data.x.tolist() == x


@pytest.mark.parametrize(("distinct", "task"), [(20, "classification"), (21, "regression")])
def test_up_to_twenty_integers_are_classes(write, distinct, task):
    rows = "".join(f"{i},{i % distinct}\n" for i in range(100))
    assert datasets.load_csv(write("a,y\n" + rows)).task == task


def test_categories_up_to_a_hundred(write):
    rows = [f"word{i % 100},{i}.5\n" for i in range(101)]
    assert datasets.load_csv(write("a,y\n" + "".join(rows))).x.sum(axis=0).tolist() == [2.0] + [1.0] * 99


BAD = {
    # name: (content, keywords, fragments of the message)
    "empty": ("", {}, ["table.csv", "empty", "expected a row of column names"]),
    "only blank lines": ("\n\r\n \n", {}, ["empty"]),
    "header only": ("\na,b\n", {}, ["line 2", "no data follows", "add rows"]),
    "short row": ("a,b\n1,2\n\n3\n", {}, ["line 4", "expected 2 cells", "found 1", "','"]),
    "long row": ("a,b\n1,2\n3,4,5\n", {}, ["line 3", "expected 2 cells", "found 3"]),
    "after a quoted line end": ('a,b\n"x\ny",2\n"z\nz",1\n3\n', {}, ["line 6", "found 1"]),
    "after a CRLF in quotes": ('a,b\r\n"x\r\ny",2\r\n3\r\n', {}, ["line 4", "found 1"]),
    "one column": ("a\n1\n2\n", {}, ["single column 'a'", "delimiter"]),
    "wrong delimiter": ("a,b\n1,2\n", {"delimiter": ";"}, ["single column 'a,b'", "delimiter"]),
    "no such target": (
        "size,kind\n1,a\n2,b\n",
        {"target": "kidn"},
        ["'kidn'", "size, kind", "Did you mean 'kind'?"],
    ),
    "target unlike any": ("size,kind\n1,a\n2,b\n", {"target": "zzz"}, ["'zzz'", "size, kind"]),
    "duplicate names": ("a,b,a\n1,2,3\n", {}, ["line 1", "'a'", "columns 1, 3", "rename"]),
    "missing values": (
        "a,b\n1,x\n,y\nNA,x\nN/A,x\nnan,x\nNULL,x\n7,?\n",
        {},
        [
            "6 missing values",
            "line 3, column 'a' (empty)",
            "line 7, column 'a' (NULL)",
            "1 more",
            "Fill them in",
        ],
    ),
    "a dash is missing": ("a,b\n1,x\n-,y\n", {}, ["1 missing value:", "column 'a' (-)", "encode"]),
    "one missing": ("a,b\n1,x\n-nan,y\n", {}, ["1 missing value:", "line 3, column 'a' (-nan)"]),
    "missing target": ("a,b\n1,\n2,y\n", {}, ["1 missing value:", "line 2, column 'b' (empty)"]),
    "infinite": (
        "a,b\n1,0.5\n-inf,1.5\n1e39,2.5\n",
        {},
        ["2 infinite values", "line 3, column 'a' (-inf)", "(1e39)"],
    ),
    "numbers and text": (
        "a,y\n1,0.5\n2,1.5\nred,2.5\n",
        {},
        ["line 4", "'a'", "'red'", "1 of 3 cells", "correct"],
    ),
    "a cell of a whole page": (
        "a,y\n1,0.5\n2,1.5\n" + "x" * 9999 + ",2.5\n",
        {},
        ["line 4", f"found '{'x' * 60}'... (1 of 3", "among those to drop"],
    ),
    "half dates": ("a,y\n2024-01-31,0.5\nsoon,1.5\n", {}, ["line 3", "dates such as 2024-01-31", "'soon'"]),
    "two orders": ("a,y\n31/1/2024,0.5\n1/31/2024,1.5\n", {}, ["line 3", "dates such as 31.12.2024", "'1/31/2024'"]),
    "half numbers": ("a,y\n1,0.5\nred,2.5\n", {}, ["line 3", "'red'", "1 of 2 cells"]),
    "decimal commas": ("a;y\n1,5;0.5\n2,5;1.5\n", {}, ["line 2", "'1,5'", "decimal points"]),
    "underscores": ("a,y\n1,0.5\n2,1.5\n1_000,1.5\n", {}, ["line 4", "'1_000'"]),
    "numbers and text in the target": ("a,y\n1,1\n2,2\n3,x\n", {}, ["line 4", "'y'", "'x'"]),
    "text for a regression": (
        "a,y\n1,x\n2,z\n",
        {"task": "regression"},
        ["line 2", "'y'", "'x'", "2 of 2 cells"],
    ),
    "one class": ("a,y\n1,x\n2,x\n", {}, ["every row has the class 'x'", "'y'", "choose another target"]),
    "one integer class": ("a,y\n1,3\n2,3\n", {}, ["every row has the class '3'"]),
    "identifier": (
        "id,y\n" + "".join(f"user{i},{i}.5\n" for i in range(101)),
        {},
        ["'id'", "101 distinct values", "at most 100", "identifier"],
    ),
    "too many classes": (
        "a,y\n" + "".join(f"{i},user{i}\n" for i in range(101)),
        {},
        ["'y'", "101 distinct values", "classes"],
    ),
    "not text": (b"PK\x03\x04\x00\x00", {}, ["not a text file", "save the table as CSV"]),
    "zeros among UTF-16": ("a,b\n1,2\n".encode("utf-16-le") + bytes(2), {}, ["not a text file", "UTF-8"]),
    "a title above": ("sales of 2024\na,b\n1,2\n", {}, ["line 2", "expected 1 cell,", "delete what stands above"]),
    "Latin-1": ("a,b\n1,caf\xe9\n".encode("latin-1"), {}, ["line 2", "0xe9", "UTF-8", 'encoding="cp1252"']),
    "open quote": ('a,b\n1,2\n"3,4\n5,6\n', {}, ["line 3", "close every quote"]),
    "text after a quote": ('a,b\n1,"2"x\n', {}, ["line 2", "close every quote"]),
    "long delimiter": ("a,b\n1,2\n", {"delimiter": "::"}, ["one character", "'::'"]),
}


TEXT = "größe;y\n1,5;0\n2;1\n"
ENCODED = {
    # name: (bytes, the encoding that is said)
    "UTF-8": (TEXT.encode(), None),
    "UTF-8 with a mark": (TEXT.encode("utf-8-sig"), None),
    "UTF-8 with a mark, whatever is said": (TEXT.encode("utf-8-sig"), "cp1252"),
    "UTF-16 with a mark": (TEXT.encode("utf-16"), None),
    "UTF-16, large end first, with a mark": (b"\xfe\xff" + TEXT.encode("utf-16-be"), None),
    "UTF-16": (TEXT.encode("utf-16-le"), None),
    "UTF-16, large end first": (TEXT.encode("utf-16-be"), None),
    "Windows": (TEXT.encode("cp1252"), "cp1252"),
    "Japanese": (TEXT.encode("euc_jp"), "euc-jp"),
}


@pytest.mark.parametrize("case", ENCODED)
def test_encodings(write, case):
    content, encoding = ENCODED[case]
    table = datasets.read_table(write(content), decimal=",", encoding=encoding)
    assert (table.names, table.rows) == (("größe", "y"), [["1.5", "0"], ["2", "1"]])


@pytest.mark.parametrize(
    ("encoding", "fragments"),
    [
        ("cp-12", ["no encoding 'cp-12'", "cp1252"]),
        ("ascii", ["line 1", "0xc3", "ASCII"]),
        ("hex", ["no encoding 'hex'"]),
    ],
)
def test_encodings_that_do_not_fit(write, encoding, fragments):
    with pytest.raises(datasets.DataError) as caught:
        datasets.read_table(write(TEXT), encoding=encoding)
    assert [fragment for fragment in fragments if fragment not in str(caught.value)] == []


@pytest.mark.parametrize("case", BAD)
def test_bad_files_say_what_is_wrong(write, case):
    content, keywords, fragments = BAD[case]
    path = write(content)
    with pytest.raises(datasets.DataError) as caught:
        datasets.load_csv(path, **keywords)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert [fragment for fragment in fragments if fragment not in message] == []


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(datasets.DataError, match="no such file; check the path"):
        datasets.load_csv(tmp_path / "none.csv")
    with pytest.raises(datasets.DataError, match="this is a folder"):
        datasets.load_csv(tmp_path)


def test_unreadable_file(write, monkeypatch):
    path = write("a,b\n1,2\n")

    def refused(*args, **kwargs):  # by hand, since the superuser may read whatever the permissions say
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr("builtins.open", refused)
        with pytest.raises(datasets.DataError, match="permissions"):
            datasets.load_csv(path)


def test_unknown_task(write):
    with pytest.raises(ValueError, match="'auto', 'classification' or 'regression'"):
        datasets.load_csv(write("a,b\n1,2\n"), task="cluster")


def test_data_error_is_a_value_error():
    assert issubclass(datasets.DataError, ValueError)


NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)
LABELS = st.sampled_from(["red", "dark green", 'a "b"', "x,y", "two\nlines", "semi;colon", "été"])


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(NUMBERS, LABELS, NUMBERS), min_size=2, max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_round_trip_through_the_csv_module(tmp_path_factory, rows, delimiter, end):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerow(["size", "colour", "price"])
    writer.writerows(rows)
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    path.write_bytes(text.getvalue().encode("utf-8"))
    data = datasets.load_csv(path, task="regression")
    assert data.x[:, 0].tolist() == [size for size, _, _ in rows]
    assert data.y[:, 0].tolist() == [price for _, _, price in rows]
    colours = [name.removeprefix("colour=") for name in data.feature_names[1:]]
    assert colours == sorted({colour for _, colour, _ in rows})
    assert [colours[i] for i in data.x[:, 1:].argmax(axis=1)] == [colour for _, colour, _ in rows]
    assert (data.x[:, 1:].sum(axis=1) == 1).all()
