"""The program in the README is the one that runs; with NumPy alone it trains as eager code does, to the bit."""

import ast
import re
import shlex
from pathlib import Path

import numpy as np

from autograd_core import nn, optim
from autograd_core.__main__ import main

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
PROGRAM = next(b for b in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "def prepare(" in b)


def test_it_is_what_the_command_prints(capsys):
    command = " ".join(re.search(r"`autograd-core (compile [^`]*)`", README)[1].split())
    assert main(shlex.split(command)) == 0
    assert capsys.readouterr().out.startswith(PROGRAM)


def test_a_reader_can_follow_it():
    assert len(PROGRAM.splitlines()) < 40
    imported = {node.module for node in ast.walk(ast.parse(PROGRAM)) if isinstance(node, ast.ImportFrom)}
    assert imported == {"math", "numpy"}
    for name in ("weight_0", "bias_0", "weight_2", "bias_2", "weight_grad_0", "momentum_buffer", "lr", "loss"):
        assert re.search(rf"\b{name}\b", PROGRAM), name
    for row in (
        "linear",
        "relu",
        "cross_entropy",
        "linear, backward",
        "relu, backward",
        "cross_entropy, backward",
        "SGD",
    ):
        assert f"# {row}\n" in PROGRAM
    assert max(map(len, PROGRAM.splitlines())) <= 120


def test_it_trains_by_itself():
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(32, 64)).astype(np.float32), rng.integers(0, 10, 32)
    model = nn.MLP([64, 32, 10], rng=0)
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    values = np.concatenate([(p.value.T if p.ndim == 2 else p.value).ravel() for p in model.parameters()])
    grads, velocity = np.zeros_like(values), np.zeros_like(values)
    momentum, lr = np.array(0.9, np.float32), np.array(0.05, np.float32)
    namespace = {}
    exec(PROGRAM, namespace)
    step = namespace["prepare"](grads=grads, values=values, momentum_buffer=velocity, momentum=momentum, lr=lr)
    hot = np.eye(10, dtype=np.float32)[t]
    for k in range(50):
        lr[()] = optimizer.param_groups[0]["lr"] = 0.05 / (k + 1)  # as a schedule does
        optimizer.zero_grad()
        loss = nn.CrossEntropyLoss()(model(x), t)
        loss.backward()
        optimizer.step()
        assert step(x, hot, None) == (loss.value,)
    trained = [(p.value.T if p.ndim == 2 else p.value).ravel() for p in model.parameters()]
    np.testing.assert_array_equal(values, np.concatenate(trained))


def test_a_loss_that_is_no_number_changes_nothing():
    namespace, values = {}, np.ones(2410, np.float32)
    exec(PROGRAM, namespace)
    rest = {n: np.zeros_like(values) for n in ("grads", "momentum_buffer")}
    step = namespace["prepare"](values=values, **rest, momentum=np.float32(0.9), lr=np.float32(0.1))
    with np.errstate(invalid="ignore"):
        (loss,) = step(np.full((32, 64), np.nan, np.float32), np.zeros((32, 10), np.float32), None)
    assert np.isnan(loss)
    assert (values == 1).all()
