"""Twins: the same training twice, compiled and eager, and everything that it leaves behind, by name."""

import numpy as np

from autograd_core import Tensor, optim
from autograd_core.trees import mapped

CLOSE = {np.dtype(np.float32): 2e-6, np.dtype(np.float64): 1e-12}


def left(trainer):
    """What is left of a training run: parameters, gradients, the optimizer's state, generators."""
    model, optimizer = trainer.model, trainer.optimizer
    found = {}
    if hasattr(model, "state_dict"):
        found |= {f"model/{k}": v for k, v in model.state_dict().items()}
        found |= {f"gradient/{k}": p.grad.value for k, p in model.named_parameters() if p.grad is not None}
        found |= {f"generator/{k}": str(g.bit_generator.state) for k, g in generators(model)}
    for i, group in enumerate(optimizer.state_dict().get("groups", ())):
        for j, buffers in enumerate(group["buffers"]):
            found |= {f"state/{i}/{j}/{k}": np.asarray(v) for k, v in buffers.items()}
    return found


def generators(model):
    for path, module in model.named_modules():
        for name, value in vars(module).items():
            if isinstance(value, np.random.Generator):
                yield f"{path}.{name}", value


def trained(
    make, loss, optimizer, data, compile, schedule=None, callbacks=(), epochs=5, batch_size=16, clip=None, **more
):
    """Train; what is left, with the losses and what callbacks have seen, and the trainer."""
    model = make()
    optimizer = optimizer(model)
    schedule = None if schedule is None else schedule(optimizer)
    trainer = optim.Trainer(model, loss() if isinstance(loss, type) else loss, optimizer, schedule=schedule, clip=clip, compile=compile,
                            **{k: more.pop(k) for k in ("metrics", "schedule_by") if k in more})  # fmt: skip
    callbacks = [c(model) for c in callbacks]
    more = {"seed": 1, "progress": False, **more}
    history = trainer.fit(data, epochs=epochs, batch_size=batch_size, callbacks=callbacks, **more)
    found = {f"history/{k}": np.array(history[k], float) for k in history.rows[0] if k != "seconds"}
    found |= {f"seen/{i}": np.array(c.seen) for i, c in enumerate(callbacks) if hasattr(c, "seen")}
    return found | left(trainer), trainer


def assert_same(got, expected, compile="auto"):
    """The same bits; for "fast", parameters and losses within CLOSE of an array's largest number, and five times that for
    gradients and what is made of them, which are differences of larger numbers."""
    assert got.keys() == expected.keys()
    single = any(v.dtype == np.float32 for k, v in got.items() if k.startswith("model"))
    for name, want in expected.items():
        if compile == "fast" and getattr(want, "dtype", None) in CLOSE:
            small = CLOSE[np.dtype(np.float32 if single else np.float64)] * np.abs(want).max(initial=0)
            small *= 1 if name.startswith(("model", "history")) else 5
            np.testing.assert_allclose(got[name], want, rtol=0, atol=small, err_msg=name)
        else:
            np.testing.assert_array_equal(got[name], want, err_msg=name)


def assert_twins(*parts, compiled=True, modes=("auto", "fast"), **settings):
    """Compiled and eager training are one, in each mode. compiled: whether it really was. The compiled trainers, by mode."""
    expected, _ = trained(*parts, False, **settings)
    trainers = {}
    for mode in modes:
        got, trainers[mode] = trained(*parts, mode, **settings)
        assert_same(got, expected, mode)
        training = trainers[mode]._compiled
        assert bool(training and training.steps and training.reason is None) == compiled, training and training.reason
    return trainers


def plain(tree):
    """The same nest with arrays of their own in place of Tensors."""
    return mapped(lambda x: np.array(x.value) if isinstance(x, Tensor) else x, tree)
