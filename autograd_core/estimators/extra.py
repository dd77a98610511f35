"""The parts of scikit-learn that the estimators stand on; without it, importing this says which extra is missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def _needed(name: str) -> Any:
    try:
        return import_module(f"sklearn.{name}")
    except ImportError as error:
        raise ImportError('the estimators need scikit-learn: pip install "autograd-core[sklearn]"') from error


base, metrics, utils = _needed("base"), _needed("metrics"), _needed("utils")
class_weights, multiclass = _needed("utils.class_weight"), _needed("utils.multiclass")
validation, model_selection = _needed("utils.validation"), _needed("model_selection")
ConvergenceWarning = _needed("exceptions").ConvergenceWarning
