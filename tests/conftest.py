"""What holds for every test: it finds the same, whichever tests ran before it in this process."""

import importlib
import importlib.util

import numpy as np
import pytest

if importlib.util.find_spec("autograd_core.compiler"):  # which compiles a few steps only once somebody has loaded it
    importlib.import_module("autograd_core.compiler")


@pytest.fixture(autouse=True)
def no_test_draws_for_the_next(request):
    """The generators of its file go on after a test from where they stood before it."""
    generators = [x for x in vars(request.module).values() if isinstance(x, np.random.Generator)]
    states = [generator.bit_generator.state for generator in generators]
    yield
    for generator, state in zip(generators, states, strict=True):
        generator.bit_generator.state = state
