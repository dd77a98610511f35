"""Write the .npz files and datasets.json in this folder from the copies that scikit-learn ships.

Run it with scikit-learn installed, ``python datasets/data/make_data.py``; the package itself never
needs scikit-learn, and running it again writes the same bytes.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
UCI = "CC BY 4.0, as stated by the UCI Machine Learning Repository"

# name: (source in a line, licence, address, arguments of scikit-learn's loader)
SETS: dict[str, tuple[str, str, str, dict[str, bool]]] = {
    "digits": (
        "UCI Optical Recognition of Handwritten Digits, test set (Alpaydin & Kaynak, 1998)",
        UCI,
        "https://doi.org/10.24432/C50P49",
        {},
    ),
    "iris": (
        "Fisher (1936)",
        "values printed in Fisher (1936); the UCI copy, which differs in two rows, is CC BY 4.0",
        "https://doi.org/10.24432/C56C76",
        {},
    ),
    "wine": ("UCI Wine (Forina et al., PARVUS)", UCI, "https://doi.org/10.24432/C5PC7J", {}),
    "breast_cancer": (
        "UCI Breast Cancer Wisconsin (Diagnostic) (Wolberg, Street & Mangasarian, 1995)",
        UCI,
        "https://doi.org/10.24432/C5DW2B",
        {},
    ),
    "diabetes": (
        "Efron, Hastie, Johnstone & Tibshirani, Least Angle Regression (2004)",
        "published with the paper; its authors state no licence that is known to us",
        "https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html",
        {"scaled": False},
    ),
}


def main() -> None:
    """Write one compressed file per set, and one record of what they all are."""
    loaders = importlib.import_module("sklearn.datasets")
    records = {}
    for name, (source, licence, url, arguments) in SETS.items():
        bunch = getattr(loaders, f"load_{name}")(**arguments)
        regression = name == "diabetes"
        x = bunch.data.astype(np.uint8 if name == "digits" else np.float32)
        y = bunch.target.astype(np.float32 if regression else np.uint8)
        np.savez_compressed(HERE / f"{name}.npz", x=x, y=y)
        records[name] = {
            "source": source,
            "licence": licence,
            "url": url,
            "rows": x.shape[0],
            "columns": x.shape[1],
            "classes": [] if regression else [str(label) for label in bunch.target_names],
            "feature_names": [str(feature) for feature in bunch.feature_names],
        }
    text = json.dumps(records, indent=1, ensure_ascii=False)
    (HERE / "datasets.json").write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
