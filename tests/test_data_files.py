"""Arrays and tables that come from elsewhere: IDX, NPZ, memory-mapped files, frames, and damaged versions of them."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_core import datasets
from autograd_core.datasets import DataError

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
CODES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def idx(array):
    """The bytes of an IDX file, by its published layout and the struct module alone."""
    letter = {"uint8": "B", "int8": "b", "int16": "h", "int32": "i", "float32": "f", "float64": "d"}[str(array.dtype)]
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, CODES[str(array.dtype)], array.ndim, *array.shape)
    return header + struct.pack(f">{array.size}{letter}", *array.ravel().tolist())


@pytest.fixture
def write(tmp_path):
    def write(content, name="data.bin"):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write


@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("zipped", [False, True])
def test_idx_of_every_type(write, dtype, zipped):
    array = (np.arange(-6, 6).reshape(3, 4) if dtype != "uint8" else np.arange(12).reshape(3, 4)).astype(dtype)
    found = datasets.read_idx(write(gzip.compress(idx(array)) if zipped else idx(array)))
    assert found.dtype == dtype
    assert found.dtype.isnative
    assert found.tolist() == array.tolist()


def test_a_pair_of_idx_files_is_a_dataset(write):
    images = write(gzip.compress(idx(IMAGES)), "train-images-idx3-ubyte.gz")
    labels = write(idx(np.array([3, 0], dtype=np.uint8)), "train-labels-idx1-ubyte")
    data = datasets.load_idx(images, labels)
    assert data.x.tolist() == IMAGES.reshape(2, 12).tolist()
    assert (data.y.tolist(), data.classes) == ([3, 0], ("0", "1", "2", "3"))
    assert data.feature_names[5] == "pixel_1_1"
    assert data.name == "train-images-idx3-ubyte"
    assert datasets.load_idx(images, labels, name="mnist", classes=list("abcdef")).n_outputs == 6


BAD_IDX = {
    "empty": (b"", "not an IDX file.*begins with nothing"),
    "text": (b"a,b\n1,2\n", "not an IDX file.*61 2c 62 0a"),
    "unknown type": (b"\0\0\x07\x01" + b"\0" * 8, "not an IDX file"),
    "no axes": (b"\0\0\x08\0", "not an IDX file"),
    "header cut": (idx(IMAGES)[:10], "ends within its header"),
    "data cut": (idx(IMAGES)[:-1], "promises 24 bytes of data, found 23"),
    "data too long": (idx(IMAGES) + b"\0", "promises 24 bytes of data, found more"),
    "a promise of terabytes": (struct.pack(">BBBB3I", 0, 0, 8, 3, 2**31, 2**31, 2**31), "more than the 8,589,934,592"),
    "a promise of 255 axes": (struct.pack(">BBBB255I", 0, 0, 14, 255, *[2**32 - 1] * 255), "likely a damaged file"),
    "a promise of a gigabyte": (struct.pack(">BBBB1I", 0, 0, 8, 1, 2**30), "promises 1,073,741,824 bytes of data, found 0"),
    "zipped and cut": (gzip.compress(idx(IMAGES))[:-9], "damaged or cut short"),
    "zipped and damaged": (gzip.compress(idx(IMAGES))[:-8] + b"\xff" * 8, "damaged or cut short.*CRC"),
    "only the mark of gzip": (b"\x1f\x8b", "damaged or cut short"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_IDX)
def test_damaged_idx(write, case):
    content, message = BAD_IDX[case]
    with pytest.raises(DataError, match=message) as caught:
        datasets.read_idx(write(content))
    assert str(caught.value).isprintable()


def test_a_zipped_file_is_read_no_further_than_promised(write):
    bomb = gzip.compress(idx(IMAGES) + b"\0" * 10_000_000)
    with pytest.raises(DataError, match="promises 24 bytes of data, found more"):
        datasets.read_idx(write(bomb))


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES, np.zeros(3, np.uint8), r"shape \(2, 3, 4\).*3 labels"),
        (IMAGES, np.zeros((2, 1), np.uint8), r"one row of whole numbers.*\(2, 1\)"),
        (IMAGES, np.zeros(2, np.float32), "float32"),
        (IMAGES, np.array([-1, 0], np.int8), "from 0"),
        (np.zeros(2, np.uint8), np.zeros(2, np.uint8), r"shape \(2,\)"),
        (IMAGES, np.array([0, 9], np.uint8), "labels up to 9, but 2 names"),
    ],
)
def test_pairs_that_do_not_go_together(write, images, labels, message):
    with pytest.raises(DataError, match=message):
        datasets.load_idx(write(idx(images), "x"), write(idx(labels), "y"), classes=["a", "b"])


def npz(path, **arrays):
    np.savez(path, **arrays)
    return path


def test_npz(tmp_path):
    path = npz(tmp_path / "set.npz", x=IMAGES, y=np.array([1, 0]), inputs=np.eye(2), answers=np.array([0.5, 1.5]))
    data = datasets.load_npz(path)
    assert (data.x.shape, data.y.tolist(), data.name, data.feature_names[-1]) == ((2, 12), [1, 0], "set", "pixel_2_3")
    assert datasets.load_npz(path, classes=["a", "b", "c"]).classes == ("a", "b", "c")
    assert datasets.load_npz(path, x="inputs", y="answers").task == "regression"
    assert datasets.load_npz(npz(tmp_path / "t.npz", x=np.eye(2), y=np.array(["v", "u"]))).classes == ("u", "v")


def damaged(path, change):
    raw = path.read_bytes()
    path.write_bytes(change(raw))
    return path


class Trap:
    def __reduce__(self):
        raise AssertionError("this was unpickled")


BAD_NPZ = {
    "no such array": (lambda p: npz(p, x=np.eye(2), z=np.eye(2)), "no array 'y'; the arrays are x, z"),
    "objects": (lambda p: npz(p, x=np.array([{}, {}]), y=np.zeros(2)), "pickled objects, which are never loaded"),
    "text": (lambda p: npz(p, x=np.array([["a"], ["b"]]), y=np.zeros(2)), "'x' should hold numbers, found <U1"),
    "complex": (lambda p: npz(p, x=np.eye(2), y=np.zeros(2, complex)), "'y' should hold numbers"),
    "NaN": (lambda p: npz(p, x=np.array([[1.0], [np.nan]]), y=np.zeros(2)), "1 of 2 numbers of 'x' are NaN"),
    "infinite": (lambda p: npz(p, x=np.eye(2), y=np.array([1.0, np.inf])), "1 of 2 numbers of 'y'"),
    "one axis": (lambda p: npz(p, x=np.zeros(2), y=np.zeros(2)), r"shape \(rows, features\), found \(2,\)"),
    "lengths": (lambda p: npz(p, x=np.eye(2), y=np.zeros(3)), "got 2 and 3 rows"),
    "one array": (lambda p: (np.save(p.open("wb"), np.eye(2)), p)[1], "single array"),
    "pickle": (lambda p: (p.write_bytes(b"\x80\x04N."), p)[1], "never loaded"),
    "empty": (lambda p: (p.write_bytes(b""), p)[1], "damaged"),
    "cut": (lambda p: damaged(npz(p, x=np.eye(9), y=np.zeros(9)), lambda raw: raw[:-30]), "damaged"),
    "a bit": (lambda p: damaged(npz(p, x=np.eye(9), y=np.zeros(9)), lambda raw: raw[:300] + b"\7" + raw[301:]), "damaged"),
    "a promise": (
        lambda p: damaged(npz(p, x=np.eye(9), y=np.zeros(9)), lambda raw: raw.replace(b"(9, 9)", b"(9e9,)")),
        "damaged",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_NPZ)
@pytest.mark.filterwarnings("ignore:unclosed file")
def test_damaged_npz(tmp_path, case):
    make, message = BAD_NPZ[case]
    with pytest.raises(DataError, match=message) as caught:
        datasets.load_npz(make(tmp_path / "set.npz"))
    assert str(caught.value).isprintable()


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, 700), byte=st.integers(0, 255), keep=st.integers(1, 800))
def test_whatever_byte_is_wrong_npz_loads_or_says_so(tmp_path_factory, at, byte, keep):
    path = npz(tmp_path_factory.getbasetemp() / "fuzz.npz", x=np.eye(3), y=np.arange(3))

    def change(raw):
        return (raw[:at] + bytes([byte]) + raw[at + 1 :])[: keep if keep < 700 else None]

    damaged(path, change)
    said = "a sentence"
    try:
        assert len(datasets.load_npz(path)) == 3
    except DataError as error:
        said = str(error)
    assert said.isprintable()


def test_memory_maps_stay_on_the_disk(tmp_path):
    np.save(tmp_path / "x.npy", np.eye(4))
    np.save(tmp_path / "y.npy", np.arange(4))
    x, y = datasets.memory_map(tmp_path / "x.npy", tmp_path / "y.npy")
    assert isinstance(x, np.memmap)
    assert (x.tolist(), y.tolist()) == (np.eye(4).tolist(), [0, 1, 2, 3])
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 1
    np.save(tmp_path / "z.npy", np.arange(5))
    with pytest.raises(DataError, match="found 4, 5"):
        datasets.memory_map(tmp_path / "x.npy", tmp_path / "z.npy")
    damaged(tmp_path / "x.npy", lambda raw: raw[:-8])
    with pytest.raises(DataError, match="damaged"):
        datasets.memory_map(tmp_path / "x.npy")
    np.save(tmp_path / "o.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(DataError, match=r"pickled|damaged"):
        datasets.memory_map(tmp_path / "o.npy")
    with pytest.raises(DataError, match="archive"):
        datasets.memory_map(npz(tmp_path / "a.npz", x=np.eye(2)))


@pytest.mark.parametrize("read", [datasets.read_idx, datasets.load_npz, datasets.memory_map, datasets.read_table])
@pytest.mark.parametrize(
    ("name", "message"),
    [("none", "there is no such file"), ("", "this is a folder"), ("a\0b", "cannot be read|not the path")],
)
def test_paths_of_no_file(tmp_path, read, name, message):
    with pytest.raises(DataError, match=message):
        read(f"{tmp_path}/{name}")


# Frames


class Frame:
    """What pandas and polars frames have in common."""

    def __init__(self, **data):
        self.data = data

    @property
    def columns(self):
        return list(self.data)

    def __getitem__(self, name):
        return iter(self.data[name])


def test_frames_become_text():
    cells = [
        1,
        2.5,
        True,
        None,
        float("nan"),
        " x ",
        np.float32(0.5),
        np.int64(7),
        np.datetime64("NaT", "s"),
        np.datetime64("2024-01-31"),
    ]
    frame = Frame(a=cells, y=list(range(10)))
    found = datasets.read_table(frame)
    assert found.column("a") == ["1", "2.5", "true", "", "", "x", "0.5", "7", "", "2024-01-31"]
    assert (found.names, found.lines, found.unit) == (("a", "y"), list(range(10)), "row")
    assert datasets.read_table(found) is found


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_real_frames(library):
    frames = pytest.importorskip(library)
    from datetime import datetime

    frame = frames.DataFrame(
        {
            "a": [1, 2, None],
            "b": ["u", None, "v"],
            "d": [datetime(2024, 1, 31), None, datetime(2024, 2, 1)],
            "y": [0.5, 1.5, 2.5],
        }
    )
    (data,), _ = datasets.encode(datasets.read_table(frame))
    assert data.feature_names == ("a", "a=(missing)", "b=u", "b=v", "b=(missing)", "d", "d=(missing)")
    assert data.x[:, :5].tolist() == [[1, 0, 1, 0, 0], [2, 0, 0, 0, 1], [1.5, 1, 0, 1, 0]]
    assert data.x[:, 5].tolist() == [19753, 19753.5, 19754]


class Undecided:
    """As pandas.NA: it does not say whether it differs from itself."""

    def __ne__(self, other):
        return self

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")

    def __repr__(self):
        return "<NA>"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"a": [1], "b": [1, 2]}, "equally long, got 1, 2"),
        ({"a": []}, "no rows"),
        ({}, "no rows"),
        ({"a": [1], " a": [2]}, "'a' is given to columns 1, 2"),
        (np.eye(2), "got ndarray; arrays go into Dataset"),
        (None, "got NoneType"),
    ],
)
def test_frames_that_are_none(source, message):
    with pytest.raises(DataError, match=message):
        datasets.read_table(source)


def test_what_is_not_there_in_a_frame():
    assert datasets.read_table({"a": [Undecided(), None]}).rows == [[""], [""]]


# Writing a table


def test_a_table_survives_its_file(tmp_path):
    table = datasets.make_passengers(60)
    table.to_csv(tmp_path / "p.csv")
    again = datasets.read_table(tmp_path / "p.csv")
    assert (again.names, again.rows, again.lines[0]) == (table.names, table.rows, 2)
    assert [p.name for p in tmp_path.iterdir()] == ["p.csv"]


def test_nothing_is_overwritten(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("precious")
    with pytest.raises(DataError, match="there is a file already"):
        datasets.make_passengers(5).to_csv(path)
    assert path.read_text() == "precious"
    with pytest.raises(DataError, match="cannot be written"):
        datasets.make_passengers(5).to_csv(tmp_path / "none" / "p.csv")


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DataError, match="No space left on device"):
        datasets.make_passengers(5).to_csv(tmp_path / "p.csv")
    assert list(tmp_path.iterdir()) == []
