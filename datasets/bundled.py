"""Five classic data sets that travel inside the package, so that examples run without a network.

``data/make_data.py`` wrote the files; ``data/datasets.json`` records where each set comes from and on
what terms it may be used.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .dataset import Dataset

DATA = os.path.join(os.path.dirname(__file__), "data")


def records() -> dict[str, dict[str, Any]]:
    """Return what ``data/datasets.json`` says of each bundled set, by name.

    >>> from autograd_core.datasets.bundled import records
    >>> records()["wine"]["rows"]
    178
    """
    import json  # late: together with zipfile it would double the time to import this folder

    with open(os.path.join(DATA, "datasets.json"), encoding="utf-8") as file:
        loaded: dict[str, dict[str, Any]] = json.load(file)
    return loaded


def load_bundled(name: str) -> Dataset:
    """Read one bundled set by name; prefer ``load``, which also knows the generators.

    >>> from autograd_core.datasets.bundled import load_bundled
    >>> load_bundled("wine")
    <Dataset wine: 178 rows, 13 features, classification, 3 classes>
    """
    record = records()[name]
    with np.load(os.path.join(DATA, f"{name}.npz"), allow_pickle=False) as arrays:
        return Dataset(
            arrays["x"],
            arrays["y"],
            feature_names=record["feature_names"],
            classes=record["classes"],
            name=name,
            source=record["source"],
            licence=record["licence"],
        )


def load_digits() -> Dataset:
    """Handwritten digits, 8 x 8 pixels of ink 0..16: x (1797, 64), 10 classes.

    Source: UCI Optical Recognition of Handwritten Digits, the test set (Alpaydin & Kaynak, 1998).

    >>> from autograd_core import datasets
    >>> digits = datasets.load_digits()
    >>> digits.x[0].reshape(8, 8)[0].tolist(), digits.y[0].item()
    ([0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0], 0)
    """
    return load_bundled("digits")


def load_iris() -> Dataset:
    """Sepals and petals of three species of iris, in cm: x (150, 4), 3 classes.

    Source: R. A. Fisher, The use of multiple measurements in taxonomic problems (1936).

    >>> from autograd_core import datasets
    >>> datasets.load_iris().classes
    ('setosa', 'versicolor', 'virginica')
    """
    return load_bundled("iris")


def load_wine() -> Dataset:
    """Chemical analysis of wines from three growers in one region of Italy: x (178, 13), 3 classes.

    Source: UCI Wine (Forina et al., PARVUS).

    >>> from autograd_core import datasets
    >>> datasets.load_wine().feature_names[:2]
    ('alcohol', 'malic_acid')
    """
    return load_bundled("wine")


def load_breast_cancer() -> Dataset:
    """Cell nuclei in images of breast masses: x (569, 30), 2 classes, malignant and benign.

    Source: UCI Breast Cancer Wisconsin (Diagnostic) (Wolberg, Street & Mangasarian, 1995).

    >>> from autograd_core import datasets
    >>> datasets.load_breast_cancer().classes
    ('malignant', 'benign')
    """
    return load_bundled("breast_cancer")


def load_diabetes() -> Dataset:
    """Progression of diabetes one year after ten measurements, in their own units: x (442, 10), y (442, 1).

    Source: Efron, Hastie, Johnstone & Tibshirani, Least Angle Regression (2004).

    >>> from autograd_core import datasets
    >>> datasets.load_diabetes()
    <Dataset diabetes: 442 rows, 10 features, regression, 1 output>
    """
    return load_bundled("diabetes")
