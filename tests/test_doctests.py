"""Every example in a docstring runs and gives what it says: the documentation cannot drift from the code."""

import doctest
import importlib
import importlib.util
import pkgutil

import pytest

import autograd_core

CORE = ["", ".ops", ".derived", ".nn", ".nn.functional", ".optim", ".datasets"]
EXTRA = [
    ".compiler",
    ".debug",
    ".estimators",
]  # rooms that the core does without: the deletion test runs these tests in their absence
ROOMS = CORE + [room for room in EXTRA if importlib.util.find_spec(f"autograd_core{room}")]


def modules():
    for room in ROOMS:
        package = importlib.import_module(f"autograd_core{room}")
        yield package.__name__
        # only the first place: in a checkout the package's path also leads to the folders beside it
        inside = pkgutil.walk_packages if room in EXTRA else pkgutil.iter_modules
        for module in inside(list(package.__path__)[:1], package.__name__ + "."):
            if room in EXTRA or not module.ispkg:
                yield module.name


@pytest.mark.parametrize("name", list(modules()))
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0


def test_the_examples_are_found():
    assert (
        sum(
            doctest.testmod(importlib.import_module(n)).attempted
            for n in ("autograd_core.tensor", "autograd_core.backward")
        )
        > 10
    )
    assert autograd_core.__version__
