"""Batches from arrays larger than memory, and orders that are stopped and taken up again."""

import json
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_core import datasets
from autograd_core.datasets import DataLoader, Stream


def rows_of(batches):
    return [batch[0].tolist() for batch in batches]


SHAPES = st.tuples(st.integers(1, 400), st.integers(1, 12), st.integers(1, 30))


@settings(max_examples=80, deadline=None)
@given(shape=SHAPES, drop_last=st.booleans(), seed=st.integers(0, 9))
def test_blocks_deal_out_every_row_once(shape, drop_last, seed):
    rows, batch_size, block = shape
    drop_last = drop_last and rows >= batch_size
    data = (np.arange(rows), np.arange(rows) * 2)
    loader = DataLoader(data, batch_size, shuffle=True, drop_last=drop_last, rng=seed, block=block)
    first, second = ([(x.tolist(), y.tolist()) for x, y in loader] for _ in range(2))
    sizes = [len(x) for x, _ in DataLoader(data, batch_size, drop_last=drop_last)]
    for epoch in (first, second):
        assert [len(x) for x, _ in epoch] == sizes
        seen = [row for x, _ in epoch for row in x]
        assert len(set(seen)) == len(seen) == sum(sizes)
        assert all([2 * row for row in x] == y for x, y in epoch)


def test_blocks_are_mixed():
    loader = DataLoader((np.arange(64_000),), 10, shuffle=True, rng=0, block=100)
    epochs = [np.concatenate([x for (x,) in loader]) for _ in range(2)]
    assert (epochs[0] != epochs[1]).mean() > 0.99
    for order in epochs:
        window = order[:1600]
        assert len(set((window // 100).tolist())) == 16  # whole blocks, 16 of them
        assert len(set((window[:100] // 100).tolist())) > 10  # well mixed
        assert np.ptp(window) > 32_000  # from all over the data
        assert abs(np.corrcoef(order, np.arange(len(order)))[0, 1]) < 0.3


class Watched(np.ndarray):
    """Remembers the slices that were read of it."""

    def __getitem__(self, index):
        if isinstance(index, slice):
            READ.append(index)
        return super().__getitem__(index).view(np.ndarray)


READ: list[slice] = []


def test_only_a_window_is_ever_read(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(10_000))
    (x,) = datasets.memory_map(tmp_path / "x.npy")
    loader = DataLoader((x,), 10, shuffle=True, rng=0, block=50)
    assert len(loader._maps) == 1  # what was read is given back to the system
    loader.arrays = (loader.arrays[0].view(Watched),)
    READ.clear()
    batches = iter(loader)
    for _ in range(16 * 50 // 10):
        next(batches)
        assert len(READ) == 16
    next(batches)
    assert len(READ) == 32
    assert all(piece.stop - piece.start == 50 for piece in READ)
    state, again = loader.state_dict(), DataLoader((x,), 10, shuffle=True, block=50)
    again.load_state_dict(state)
    again.arrays = loader.arrays
    READ.clear()
    next(iter(again))
    assert len(READ) == 16  # nothing of the window before


@pytest.mark.parametrize("kind", ["r", "r+", "c", "array", "view", "Dataset"])
def test_only_maps_that_can_be_read_again_are_given_back(tmp_path, kind):
    np.save(tmp_path / "x.npy", np.zeros((64, 2), dtype=np.float32))
    x = np.load(tmp_path / "x.npy", mmap_mode=kind if kind in ("r", "r+", "c") else "r")
    data = {"array": (np.array(x),), "view": (x[3:].reshape(-1),), "Dataset": datasets.Dataset(x, np.arange(64))}
    loader = DataLoader(data.get(kind, (x,)), 4, shuffle=kind != "view", rng=0)
    assert len(loader._maps) == (kind in ("r", "view", "Dataset"))
    if kind in ("r+", "c"):
        x[:] = 7
    values = np.unique(np.concatenate([batch[0].ravel() for _ in range(2) for batch in loader]))
    assert values.tolist() == [7.0 if kind in ("r+", "c") else 0.0]


# Stopped and taken up


@settings(max_examples=60, deadline=None)
@given(
    shape=SHAPES, stop=st.integers(0, 120), kind=st.sampled_from(["rows", "blocks", "in order"]), seed=st.integers(0, 9)
)
def test_an_order_is_taken_up_to_the_bit(shape, stop, kind, seed):
    rows, batch_size, block = shape
    settings_ = {"batch_size": batch_size, "shuffle": kind != "in order", "block": block if kind == "blocks" else None}
    data = (np.arange(rows),)

    def endless(loader):
        while True:
            yield from loader

    undisturbed = DataLoader(data, rng=seed, **settings_)
    stop = min(stop, 3 * len(undisturbed))
    whole = rows_of(islice(endless(undisturbed), stop + 2 * len(undisturbed)))
    stopped = DataLoader(data, rng=seed, **settings_)
    handed_out = rows_of(islice(endless(stopped), stop))
    state = json.loads(json.dumps(stopped.state_dict()))
    resumed = DataLoader(data, rng=seed + 1, **settings_)
    resumed.load_state_dict(state)
    assert json.loads(json.dumps(resumed.state_dict())) == state
    rest = rows_of(islice(endless(resumed), 2 * len(undisturbed)))
    assert handed_out + rest == whole
    passes, position = divmod(stop, len(undisturbed))
    assert (state["epoch"], state["position"]) in ((passes, position), (passes - 1, len(undisturbed)))


def test_a_state_after_the_last_batch_has_an_empty_rest():
    loader = DataLoader((np.arange(6),), 3, shuffle=True, rng=0)
    batches = iter(loader)
    list(islice(batches, 2))
    again = DataLoader((np.arange(6),), 3, shuffle=True)
    again.load_state_dict(loader.state_dict())
    assert list(again) == []
    assert (again.epoch, again.position) == (1, 0)
    list(batches)
    assert rows_of(again) == rows_of(loader)


def test_a_pass_that_was_left_starts_anew():
    loader = DataLoader((np.arange(60),), 3, shuffle=True, rng=0)
    next(iter(loader))
    assert loader.state_dict()["position"] == 1
    assert sorted(row for batch in rows_of(loader) for row in batch) == list(range(60))
    assert loader.state_dict()["position"] == 0


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_every_generator_survives_json(kind):
    def loader(seed):
        return DataLoader((np.arange(50),), 4, shuffle=True, rng=np.random.Generator(getattr(np.random, kind)(seed)))

    first, second = loader(1), loader(2)
    list(first)
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert rows_of(second) == rows_of(first)


def state(**changes):
    return DataLoader((np.arange(9),), 2, shuffle=True, rng=0).state_dict() | changes


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "is a dict with epoch, position"),
        ({"epoch": 1}, "lacks position, generator"),
        (state(epoch="1"), "epoch in the state of a DataLoader is a int"),
        (state(position=6), "stands at batch 6 of 5"),
        (state(position=-1), "stands at batch -1"),
        (state(epoch=-1), "damaged"),
        (state(rows=10), "rows=10, but this one has 9"),
        (state(batch_size=3), "batch_size=3, but this one has 2"),
        (state(shuffle=False), "shuffle=False"),
        (state(block=4), "block=4, but this one has 0"),
        (state(generator={}), "does not fit PCG64"),
        (state(generator=np.random.MT19937(0).state | {"state": {}}), "does not fit PCG64"),
        (state(generator={"bit_generator": "PCG64"}), "does not fit PCG64"),
        (state(generator=state()["generator"] | {"state": {"state": -1, "inc": 10**60}}), "does not fit PCG64"),
    ],
)
def test_states_of_others_are_refused(given, message):
    loader = DataLoader((np.arange(9),), 2, shuffle=True, rng=5)
    before = loader.state_dict()
    with pytest.raises(ValueError, match=message):
        loader.load_state_dict(given)
    assert loader.state_dict() == before


def test_map_changes_what_is_handed_out():
    loader = DataLoader((np.arange(4), np.arange(4)), 2, map=lambda x, y: (x / 2, y))
    assert [(x.tolist(), y.tolist()) for x, y in loader] == [([0, 0.5], [0, 1]), ([1, 1.5], [2, 3])]


@pytest.mark.parametrize("block", [0, -1, 2.5])
def test_bad_blocks(block):
    with pytest.raises(ValueError, match="block must be an integer of at least 1"):
        DataLoader((np.arange(4),), 2, block=block)


# Streams


def numbers(epoch):
    for i in range(3):
        yield np.full((2, 1), i), np.full((2, 1), 10 * epoch)


def test_a_stream_is_made_anew_each_epoch():
    stream = Stream(numbers, length=3)
    assert len(stream) == 3
    for epoch in range(2):
        found = list(stream)
        assert [x[0, 0] for x, _ in found] == [0, 1, 2]
        assert {y[0, 0] for _, y in found} == {10 * epoch}


def test_a_stream_is_taken_up_where_it_stopped():
    stream, again = Stream(numbers), Stream(numbers)
    list(stream)
    batches = iter(stream)
    next(batches)
    again.load_state_dict(json.loads(json.dumps(stream.state_dict())))
    assert [[int(v[0, 0]) for v in batch] for batch in again] == [[1, 10], [2, 10]]
    assert again.state_dict() == {"epoch": 2, "position": 0}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda epoch: [], "no batches in epoch 0"),
        (lambda epoch: [np.zeros(3)], "batch 1 of epoch 0 should be a pair"),
        (lambda epoch: [(np.zeros(3), np.zeros(3), 1)], "should be a pair"),
        (lambda epoch: [(np.zeros(3), np.zeros(2))], "3 inputs and 2 targets"),
        (lambda epoch: [(np.zeros(0), np.zeros(0))], "0 inputs and 0 targets"),
        (lambda epoch: [(1.0, 2.0)], "single numbers"),
    ],
)
def test_bad_streams(make, message):
    with pytest.raises(datasets.DataError, match=message):
        list(Stream(make))


def test_a_stream_needs_a_function():
    with pytest.raises(TypeError, match="got generator; a generator can be read once only"):
        Stream(numbers(0))
    with pytest.raises(TypeError, match="length="):
        len(Stream(numbers))
    for bad in ({}, {"epoch": 0, "position": -1}, {"epoch": 0, "position": True}):
        with pytest.raises(ValueError, match=r"lacks|count from 0|is a int"):
            Stream(numbers).load_state_dict(bad)
