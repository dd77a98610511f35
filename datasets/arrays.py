"""Arrays from files: IDX, in which MNIST comes, NPZ and memory-mapped NPY. A header is a claim: it is checked against the
file before memory is taken for it, and nothing is ever unpickled.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from .dataset import Dataset
from .tables import DataError
from .wording import listed, quoted, suggest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Path = str | os.PathLike[str]

IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
IDX_MOST = 8 * 2**30  # bytes: ten times MNIST's largest relatives
PIECE = 2**24


def read_idx(path: Path) -> NDArray[Any]:
    """Read an IDX file, gzipped or not, into an array of its own shape and dtype.

    Raises:
        DataError: no such file, not IDX, shorter or longer than its header says, or of more than 8 GiB.

    >>> import os, tempfile
    >>> from autograd_core import datasets
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "labels-idx1-ubyte")
    ...     with open(path, "wb") as file:
    ...         _ = file.write(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    ...     datasets.read_idx(path)
    array([7, 2, 1], dtype=uint8)
    """
    import gzip  # late: only a zipped file pays for it

    place = os.fspath(path)
    with _opened(place) as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        with cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if zipped else raw as file:
            magic = file.read(4)
            if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in IDX_TYPES or not magic[3]:
                raise DataError(
                    f"{place}: this is not an IDX file (it begins with {magic.hex(' ') or 'nothing'}); check the path."
                )
            header = file.read(4 * magic[3])
            if len(header) < 4 * magic[3]:
                raise DataError(f"{place}: the file ends within its header; download it again.")
            shape = tuple(int(n) for n in np.frombuffer(header, dtype=">u4"))
            dtype = np.dtype(IDX_TYPES[magic[2]])
            size = math.prod(shape) * dtype.itemsize
            if size > IDX_MOST:
                raise DataError(
                    f"{place}: the header promises {' x '.join(map(str, shape))} entries, {size:,} bytes; that is more than "
                    f"the {IDX_MOST:,} that are read at once, and likely a damaged file."
                )
            data = b"".join(_pieces(file, size + 1))  # one byte more tells a file that goes on
    if len(data) != size:
        found = "more" if len(data) > size else f"{len(data):,}"
        raise DataError(f"{place}: the header promises {size:,} bytes of data, found {found}; download it again.")
    return np.frombuffer(data, dtype=dtype).reshape(shape).astype(dtype.newbyteorder("="))


def load_idx(images: Path, labels: Path, name: str = "", classes: Sequence[str] = ()) -> Dataset:
    """Read a pair of IDX files such as train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz into a Dataset.

    Returns x (n, pixels), the ink as it stands in the file (MNIST: 0 to 255), and y, (n,). DataError as in ``read_idx``,
    for labels that are not whole numbers, or for another number of labels than of images.
    """
    x, y = read_idx(images), read_idx(labels)
    place = os.fspath(labels)
    if y.ndim != 1 or y.dtype.kind not in "iu" or (len(y) and y.min() < 0):
        raise DataError(
            f"{place}: labels are one row of whole numbers from 0, found shape {y.shape} of {y.dtype}; swap the files?"
        )
    if x.ndim < 2 or len(x) != len(y) or not x.size:
        raise DataError(
            f"{os.fspath(images)}: found shape {x.shape}, which does not go with {len(y)} labels; give the pair of one set."
        )
    most = int(y.max()) + 1
    if classes and len(classes) < most:
        raise DataError(
            f"{place}: found labels up to {most - 1}, but {len(classes)} names of classes; name all of them."
        )
    title = name or os.path.basename(os.fspath(images)).split(".")[0]
    return Dataset(
        _rows(x), y, classes=classes, feature_names=_pixels(x.shape[1:]), name=title, source=os.path.basename(place)
    )


def load_npz(path: Path, x: str = "x", y: str = "y", classes: Sequence[str] = ()) -> Dataset:
    """Read a Dataset from two arrays of an .npz file (``np.savez(path, x=..., y=...)``), by their names.

    An x of more than two axes, such as images, becomes one row for each sample. Integers, truth values and text make y a
    classification. DataError: a file or array that is absent or damaged, pickled objects, NaN or infinite numbers.

    >>> import os, tempfile
    >>> from autograd_core import datasets
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "points.npz")
    ...     np.savez(path, x=np.eye(3), y=[0, 1, 1])
    ...     datasets.load_npz(path)
    <Dataset points: 3 rows, 3 features, classification, 2 classes>
    """
    place = os.fspath(path)
    found = _from_npz(place, (x, y))
    features, answers = found[x], found[y]
    for key, array in found.items():
        if array.dtype.kind not in "biuf" + "U" * (key == y):
            raise DataError(f"{place}: {key!r} should hold numbers, found {array.dtype}; save it as float32 or int64.")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            bad = int((~np.isfinite(array)).sum())
            raise DataError(
                f"{place}: {bad} of {array.size} numbers of {key!r} are NaN or infinite; fill them in or leave those rows out."
            )
    if features.ndim < 2 or not features.size:
        raise DataError(
            f"{place}: {x!r} should have shape (rows, features), found {features.shape}; reshape it before saving."
        )
    name = os.path.basename(place)
    try:
        return Dataset(
            _rows(features), answers, classes=classes, feature_names=_pixels(features.shape[1:]),
            name=os.path.splitext(name)[0], source=name,
        )  # fmt: skip
    except ValueError as error:
        raise DataError(f"{place}: {error}.") from None


def memory_map(*paths: Path) -> tuple[NDArray[Any], ...]:
    """Open .npy files as arrays that stay on the disk, read-only, for a ``DataLoader`` to read piece by piece.

    NumPy calls it ``np.load(path, mmap_mode="r")``. DataError: a file that is absent, damaged or holds pickled objects, or
    files of unequal length.

    >>> import os, tempfile
    >>> from autograd_core import datasets
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "x.npy")
    ...     np.save(path, np.eye(3))
    ...     (x,) = datasets.memory_map(path)
    ...     x.shape
    (3, 3)
    """
    arrays = []
    for place in [os.fspath(path) for path in paths]:
        with _opened(place):
            pass  # says what is wrong with a path
        with _damage(place):
            array = np.load(place, mmap_mode="r", allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise DataError(f"{place}: this is an archive, which cannot be mapped; save each array by np.save.")
        arrays.append(array)
    lengths = [array.shape[0] if array.ndim else 0 for array in arrays]
    if len(set(lengths)) > 1:
        raise DataError(f"all arrays must have the same number of rows, found {listed([str(n) for n in lengths])}.")
    return tuple(arrays)


def _from_npz(place: str, keys: Sequence[str]) -> dict[str, NDArray[Any]]:
    with _opened(place) as file, _damage(place):
        archive = np.load(file, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise DataError(
                f"{place}: this is a single array, not an .npz archive; save with np.savez(path, x=..., y=...)."
            )
        for key in keys:
            if key not in archive.files:
                raise DataError(
                    f"{place}: there is no array {quoted(key)}; the arrays are {listed(archive.files)}.{suggest(key, archive.files)}"
                )
        return {key: archive[key] for key in keys}


@contextmanager
def _opened(place: str) -> Iterator[BinaryIO]:
    import zlib

    try:
        file = open(place, "rb")  # noqa: SIM115 - closed below, outside of the errors of opening
    except FileNotFoundError:
        raise DataError(f"{place}: there is no such file; check the path and the folder you are in.") from None
    except (OSError, ValueError) as error:  # a path with a zero byte in it is a ValueError
        what = "this is a folder" if os.path.isdir(place) else f"the file cannot be read ({error})"
        raise DataError(f"{place}: {what}; check the path and its permissions.") from None
    with file:
        try:
            yield file
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(f"{place}: the file is damaged or cut short ({error}); get it again.") from None


@contextmanager
def _damage(place: str) -> Iterator[None]:
    import zipfile  # late: only reading an archive pays for it
    import zlib

    try:
        yield
    except DataError:
        raise
    except (ValueError, OSError, EOFError, KeyError, TypeError, SyntaxError, OverflowError, MemoryError) as error:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        what = (
            "it holds pickled objects, which are never loaded"
            if "pickle" in str(error)
            else f"it is damaged ({quoted(text)[1:-1]})"
        )
        raise DataError(f"{place}: no arrays can be read from this file: {what}; save it again from numbers.") from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise DataError(
            f"{place}: no arrays can be read from this file: the archive is damaged ({error}); save it again."
        ) from None


def _pieces(file: BinaryIO, most: int) -> Iterator[bytes]:
    while most and (piece := file.read(min(PIECE, most))):
        most -= len(piece)
        yield piece


def _rows(x: NDArray[Any]) -> NDArray[Any]:
    return x.reshape(len(x), -1)


def _pixels(shape: tuple[int, ...]) -> tuple[str, ...]:
    if len(shape) != 2:
        return ()
    return tuple(f"pixel_{row}_{column}" for row in range(shape[0]) for column in range(shape[1]))
