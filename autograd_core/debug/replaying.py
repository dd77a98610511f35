"""A step that a flight recorder has written down, made again: the debugger opens where a training went wrong.

The model is built from the bundle, its numbers and generators are put where they stood before the step, and the step is
made eagerly, with everything recorded. What comes out is compared with what came out then, bit for bit.
"""

from __future__ import annotations

import argparse
import os
import pdb
import sys
from importlib import import_module
from typing import Any

import numpy as np

from ..backward import ancestors
from ..lines import here
from .causes.anomaly import ALL_FINITE
from .places import record
from .session import Session
from .terminal.terminal import Terminal

AGAIN = "raises again what it raised"
EXAMPLES = """examples:
  autograd-core replay runs/houses/flight/step-0001234-nan.npz
  autograd-core replay BUNDLE -x where -x "print value" --batch
"""


class Flight(Session):
    """The session of a step that was made again. facts: of the bundle. same: whether outputs and loss are what they were, to
    the bit. said: that in a sentence."""

    facts: dict[str, Any]
    same: bool
    said: str


def replay(bundle: str | os.PathLike[str], model: Any = None, loss: Any = None) -> Flight:
    """Make the step of a bundle again, and open a session on it; nothing of the training that wrote it is needed.

    model, loss: built as they were, where they have code of your own; the model is filled with the bundle's numbers. A step
    that raised raises again, with a note. ValueError for a file that is no bundle, for a model that is another, and where
    one has to be given. PyTorch has nothing like it.

    >>> import tempfile
    >>> from autograd_core import nn, optim
    >>> model, x = nn.MLP([1, 4, 1], rng=0), np.ones((8, 1), np.float32)
    >>> trainer = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=1e30))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     recorder = optim.FlightRecorder(folder)
    ...     try:
    ...         trainer.fit((x, x), epochs=9, callbacks=[recorder])
    ...     except optim.TrainingDiverged:
    ...         session = replay(recorder.bundles[0])
    >>> print(session.said); session.same, session.first_bad().op
    step 2, batch 1 of epoch 2: the loss was inf, and is inf again, to the same bits
    (True, 'linear')
    """
    package = __package__.rpartition(".")[0]  # what trains stands beside the core, which does not know it
    bundles = import_module(f"{package}.optim.bundles")
    generators = import_module(f"{package}.optim.generators")
    facts = bundles.read(bundle)
    state = facts["state"]
    try:
        model = _built(model, facts, "architecture", "model", state["model"])
        loss = _built(loss, facts, "loss_architecture", "loss", state["loss"])
        generators.restore(state["generators"], model, loss)
        _settle(model, facts)
        x, t = facts["x"], facts["t"]
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"{bundle} does not fit: {type(error).__name__}: {error}") from error
    try:
        with np.errstate(all="ignore"), record():
            outputs, losses = _made(model, loss, x, t, facts["by_samples"])
    except Exception as error:
        then = facts["error"] if facts["loss"] is None else [f"the loss was {facts['loss']}"]
        again = then == [type(error).__name__, str(error)]
        error.add_note(f"{_where(facts)} {AGAIN if again else 'raises what it did not then'}; then: {': '.join(then)}")
        raise
    number = _mean(losses, len(x)) if facts["by_samples"] else losses[0].item()
    found = next((one for one in losses if not np.isfinite(one.value).all()), losses[-1])
    asked = here()
    for node in ancestors([found]):  # what has the line on which this was asked for was made on none of the user's
        if node.site is not None and node.site.line == asked:
            node.site.line = None
    session = Flight(found)
    session.facts = facts
    session.same, session.said = _compared(facts, number, np.concatenate([o.value for o in outputs]))
    return session


def _built(given: Any, facts: dict[str, Any], key: str, what: str, state: Any) -> Any:
    """The model or the loss as it was before the step; one that was given is filled."""
    built = given
    if built is None:
        if facts[key] is None:
            raise ValueError(
                f"the bundle cannot say how its {what} is built, since that has code of its author's own: build it, and call "
                f"debug.replay(path, {what}={what})"
            )
        nn = import_module(f"{__package__.rpartition('.')[0]}.nn.architecture")
        built = nn.build(facts[key], room=max(sum(np.size(v) for v in (state or {}).values()), 1))
    if state is not None:
        built.load_state_dict(state)
    return built


def _settle(model: Any, facts: dict[str, Any]) -> None:
    """Modes, what is shared and what is frozen, and the parameters called by their paths."""
    if not hasattr(model, "named_modules"):
        return
    modules, tensors = dict(model.named_modules()), dict(model._named_tensors())
    for name, first in facts["shared"].items():
        path, _, attribute = name.rpartition(".")
        setattr(modules[path], attribute, tensors[first])
    for module, mode in zip(modules.values(), facts["training"], strict=True):
        module.training = mode
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name not in facts["frozen"])
        parameter.name = name


def _made(model: Any, loss: Any, x: Any, t: Any, by_samples: bool) -> tuple[list[Any], list[Any]]:
    """Outputs and loss of the batch, or of each of its samples, as the Trainer computes them."""
    parts = [slice(i, i + 1) for i in range(len(x))] if by_samples else [slice(None)]
    outputs, losses = [], []
    for part in parts:
        outputs.append(model(x[part]) if by_samples else model(x))
        losses.append(loss(outputs[-1], t[part] if by_samples else t))
    return outputs, losses


def _mean(losses: list[Any], count: int) -> float:
    return float(sum((one.item() for one in losses), 0.0)) / count


def _compared(facts: dict[str, Any], number: float, output: Any) -> tuple[bool, str]:
    was, place = facts["loss"], _where(facts)
    if was is None:
        said = f"its passes raise nothing here; then it was {': '.join(facts['error'])}"
        return False, f"{place}: {said}. It may have come from the optimizer's step"
    same = np.float64(number).tobytes() == np.float64(was).tobytes()
    same = same and (facts["output"] is None or np.asarray(facts["output"]).tobytes() == output.tobytes())
    usual = f", where {facts['usual']:.4g} was usual" if "usual" in facts else ""
    if same:
        return True, f"{place}: the loss was {was:.6g}{usual}, and is {number:.6g} again, to the same bits"
    made = ", ".join(f"{name} {version}" for name, version in facts["made_with"].items())
    why = (
        ""
        if facts["exact"]
        else " (it was not to the bit even where it was recorded: model or data draw numbers unseen)"
    )
    return (
        False,
        f"{place}: the loss was {was!r}{usual}, and is {number!r} here, not to the same bits{why}; it was made with {made}",
    )


def _where(facts: dict[str, Any]) -> str:
    place = facts["state"]["place"]
    return f"step {facts['step']}, batch {place['batch'] + 1} of epoch {place['epoch'] + 1}"


def add_command(commands: Any) -> None:
    """Add `replay` to the command line's parser."""
    parser = commands.add_parser(
        "replay",
        help="make a step again that went wrong, in the debugger",
        description="Make the step of a flight recorder's bundle again, to the same bits, and open the debugger at it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("-x", "--command", action="append", default=[], metavar="VERB", help="a verb to begin with; may be repeated")
    add("--batch", action="store_true", help="after those verbs end, and ask nobody")
    add("bundle", metavar="BUNDLE", help="a file that optim.FlightRecorder wrote")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make the step again, say what is wrong with it, open the terminal; gives 1 if it is not what it was, to the bit."""
    try:
        session = replay(args.bundle)
    except Exception as error:
        notes = [note for note in getattr(error, "__notes__", []) if AGAIN in note]
        if not notes:
            raise
        print(notes[0])
        if not args.batch and sys.stdin.isatty():
            pdb.post_mortem(error.__traceback__)
        return 0
    print(session.said)
    report = session.first_bad()
    print(ALL_FINITE if report is None else report)
    Terminal(session, [*args.command, *["quit"] * args.batch]).cmdloop()
    return 0 if session.same else 1
