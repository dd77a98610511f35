"""Data to learn from: bundled and generated sets, a CSV reader, splits, standardising and batches.

Everything here needs NumPy alone and knows nothing of gradients: a ``Dataset`` is two arrays and their
names, whether it comes from ``load("iris")``, ``make_moons()`` or ``load_csv("my.csv")``.
"""

from .arrays import load_idx, load_npz, memory_map, read_idx
from .bundled import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from .catalogue import Entry, available, load, names
from .dataset import Dataset
from .encoder import Encoder
from .generators import (
    make_blobs,
    make_circles,
    make_function,
    make_gaussian_quantiles,
    make_moons,
    make_spirals,
    make_xor,
)
from .loader import DataLoader
from .passengers import make_passengers
from .preprocessing import Standardizer, standardize
from .readers import encode, load_csv
from .streams import Stream
from .summaries import describe
from .tables import DataError, DataWarning, Table
from .textfile import read_table

__all__ = [
    "DataError",
    "DataLoader",
    "DataWarning",
    "Dataset",
    "Encoder",
    "Entry",
    "Standardizer",
    "Stream",
    "Table",
    "available",
    "describe",
    "encode",
    "load",
    "load_breast_cancer",
    "load_csv",
    "load_diabetes",
    "load_digits",
    "load_idx",
    "load_iris",
    "load_npz",
    "load_wine",
    "make_blobs",
    "make_circles",
    "make_function",
    "make_gaussian_quantiles",
    "make_moons",
    "make_passengers",
    "make_spirals",
    "make_xor",
    "memory_map",
    "names",
    "read_idx",
    "read_table",
    "standardize",
]
