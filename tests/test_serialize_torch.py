"""States to and from PyTorch: what its twins gave is stored in reference/torch_states.npz."""

import json
from pathlib import Path

import numpy as np
import pytest
from reference.points import Draw, unpack
from reference.twins import drawn, ours

from autograd_core import nn

with np.load(Path(__file__).parent / "reference" / "torch_states.npz") as file:
    CASES = json.loads(bytes(file["about"]))["cases"]
    STORED = {name: unpack(file[name]) for name in CASES}


@pytest.mark.parametrize("name", CASES)
def test_a_twins_state_gives_its_outputs(name):
    case, (evaluated, trained, *after) = CASES[name], STORED[name][:-1]
    model, x = ours(case["entry"]), Draw(100)(tuple(case["shape"]))
    assert nn.from_torch(model, drawn(Draw(3000), case["names"], case["shapes"])) is model
    np.testing.assert_allclose(model.eval()(x).value, evaluated, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(model.train()(x).value, trained, rtol=1e-11, atol=1e-13)
    for key, value in zip(case["names"], after, strict=True):  # the running statistics have moved as PyTorch's do
        np.testing.assert_allclose(nn.to_torch(model)[key], value, rtol=1e-12, err_msg=key)


@pytest.mark.parametrize("name", CASES)
def test_a_twin_gives_our_outputs_with_our_state(name):
    case, there = CASES[name], STORED[name][-1]
    model = ours(case["entry"]).eval()
    np.testing.assert_allclose(model(Draw(100)(tuple(case["shape"]))).value, there, rtol=1e-12, atol=1e-14)
    state = nn.to_torch(model)
    assert [(n, list(a.shape)) for n, a in state.items()] == list(zip(case["names"], case["shapes"], strict=True))
    assert all(a.flags.c_contiguous for a in state.values())


def test_names_of_the_twins_own_are_taken_in_their_order():
    model, names = nn.MLP([3, 4, 2], rng=0), ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]
    state = nn.to_torch(model, names)
    assert list(state) == names
    back = nn.from_torch(nn.MLP([3, 4, 2], rng=1), state, by_order=True)
    np.testing.assert_array_equal(back(np.ones((1, 3))).value, model(np.ones((1, 3))).value)


@pytest.mark.parametrize("wrapper", ["module.", "_orig_mod.", "_orig_mod.module.", "module._orig_mod."])
def test_names_of_wrappers_are_taken_off(wrapper):
    state = {wrapper + name: array for name, array in nn.to_torch(nn.Linear(2, 1, rng=0)).items()}
    model = nn.from_torch(nn.Linear(2, 1, rng=1), state)
    np.testing.assert_array_equal(model.weight.value, nn.Linear(2, 1, rng=0).weight.value)


def test_an_old_state_without_counts_leaves_ours():
    model = nn.Sequential(nn.Linear(2, 2, rng=0), nn.BatchNorm1d(2))
    model(np.float32([[1, 2], [3, 5]]))
    state = {name: array + 1 for name, array in nn.to_torch(model).items() if not name.endswith("tracked")}
    nn.from_torch(model, state)
    assert model[1].num_batches_tracked.item() == 1
    np.testing.assert_array_equal(model[1].running_mean.value, state["1.running_mean"])


class OnAGraphicsCard:
    def __array__(self, dtype=None, copy=None):
        raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu()")


@pytest.mark.parametrize(
    ("change", "way", "error", "fragment"),
    [
        (lambda s: s.pop("2.bias"), {}, ValueError, "not those of MLP: it lacks 2.bias, and has none besides$"),
        (lambda s: s.update(extra=1.0), {}, ValueError, "extra"),
        (lambda s: s.update({"b": s.pop("2.bias")}), {}, ValueError, "where their order is the same, pass by_order=True"),
        (lambda s: s.update({"0.weight": s["0.weight"].T}), {}, ValueError, r"0.weight has shape \(4, 3\) in MLP and \(3, 4\)"),
        (lambda s: s.pop("2.bias"), {"by_order": True}, ValueError, "4 names cannot be matched with 3 by their order"),
        (lambda s: s.update({"0.bias": OnAGraphicsCard()}), {}, TypeError, "0.bias cannot be read as an array: can't convert cuda"),
        (lambda s: s.update({"0.bias": "text"}), {}, TypeError, "0.bias is str, not an array of numbers"),
    ],
)  # fmt: skip
def test_a_state_that_does_not_fit_changes_nothing(change, way, error, fragment):
    model = nn.MLP([3, 4, 2], rng=0)
    before, state = nn.to_torch(model), nn.to_torch(nn.MLP([3, 4, 2], rng=1))
    change(state)
    with pytest.raises(error, match=fragment):
        nn.from_torch(model, state, **way)
    assert all((before[name] == array).all() for name, array in nn.to_torch(model).items())


def test_a_list_of_arrays_is_no_state():
    with pytest.raises(TypeError, match=r"twin.state_dict\(\) gives, or arrays by name, not list"):
        nn.from_torch(nn.Linear(2, 1), [np.ones((1, 2)), np.zeros(1)])


def test_a_twin_with_fewer_names_is_refused():
    with pytest.raises(ValueError, match="1 names cannot be matched with 2"):
        nn.to_torch(nn.Linear(2, 1), ["weight"])
