"""Compiled steps make their memory once: nothing is allocated in steady state, and no step needs more than an eager one."""

import tracemalloc

import numpy as np
import pytest

from autograd_core import compile, nn, optim

RNG = np.random.default_rng(0)


def network(sizes, batch, mode, optimizer=optim.Adam, batches=4):
    model = nn.MLP(sizes, rng=0)
    data = RNG.normal(size=(batches * batch, sizes[0])).astype(np.float32), RNG.integers(0, sizes[-1], batches * batch)
    return optim.Trainer(model, nn.CrossEntropyLoss(), optimizer(model.parameters()), compile=mode), data


class traced:
    """What memory is there before and after, and the most there was, in bytes."""

    def __enter__(self):
        tracemalloc.start()
        self.before = tracemalloc.get_traced_memory()[0]
        return self

    def __exit__(self, *_):
        now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        self.grown, self.most = now - self.before, most - self.before


def test_a_W5_step_needs_no_more_than_an_eager_one():
    most = {}
    for mode in ("auto", "fast", False):
        trainer, (x, t) = network([784, 512, 512, 10], 256, mode, batches=1)
        with traced() as memory:
            trainer.step(x, t)  # the recording, which is no step
            tracemalloc.reset_peak()
            for _ in range(2):
                trainer.step(x, t)
        most[mode] = memory.most
    assert most["auto"] <= most[False]
    assert most["fast"] <= most[False]
    assert most[False] > 4e6  # it was measured


@pytest.mark.parametrize("optimizer", [optim.SGD, optim.Adam, optim.RMSprop])
@pytest.mark.parametrize("mode", ["auto", "fast"])
def test_nothing_is_allocated_in_steady_state(mode, optimizer):
    trainer, (x, t) = network([64, 32, 10], 32, mode, optimizer, batches=32)
    training = trainer._training()
    batches = optim.Minibatches(x, t, 32, np.random.default_rng(0))

    def epoch():
        losses, _ = training.epoch(batches, None, None, look=False)
        assert len(losses) == 32

    for _ in range(3):
        epoch()
    with traced() as memory:
        for _ in range(3):
            epoch()
    assert memory.grown < 32 * 3 * 10  # bytes a step
    again = 9 * 4 * sum(p.size for p in trainer.model.parameters())  # parameters and state are copied, to be put back
    order = 8 * len(x) * 2
    assert memory.most < again + order + 32 * 1000
    assert memory.most < x.nbytes


def test_a_compiled_function_keeps_nothing_but_its_result():
    compiled = compile(lambda x: np.tanh(x) * np.exp(x) + x)
    x = np.ones((200, 200))
    compiled(x)
    with traced() as memory:
        for _ in range(10):
            compiled(x)
    assert memory.grown < 1000
    assert memory.most < 2.1 * x.nbytes  # the last result, and the next
