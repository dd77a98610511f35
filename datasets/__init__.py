"""Data to learn from: bundled and generated sets, a CSV reader, splits, standardising and batches.

Everything here needs NumPy alone and knows nothing of gradients: a ``Dataset`` is two arrays and their
names, whether it comes from ``load("iris")``, ``make_moons()`` or ``load_csv("my.csv")``.
"""

from .bundled import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from .catalogue import Entry, available, load, names
from .dataset import Dataset
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
from .preprocessing import Standardizer, standardize
from .readers import load_csv
from .tables import DataError

__all__ = [
    "DataError",
    "DataLoader",
    "Dataset",
    "Entry",
    "Standardizer",
    "available",
    "load",
    "load_breast_cancer",
    "load_csv",
    "load_diabetes",
    "load_digits",
    "load_iris",
    "load_wine",
    "make_blobs",
    "make_circles",
    "make_function",
    "make_gaussian_quantiles",
    "make_moons",
    "make_spirals",
    "make_xor",
    "names",
    "standardize",
]
