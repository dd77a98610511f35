"""A network as one file of Python that needs NumPy only: its formulas line by line, its numbers, a command line.

The formulas stand in formulas.py; the functions that they call are copied from portable_layers.py as they are, and from
portable.py those that read a table.
"""

from __future__ import annotations

import ast
import base64
import inspect
import json
import os
import pprint
from itertools import count
from typing import Any

import numpy as np

from autograd_core import __version__

from . import portable, portable_layers
from .architecture import CONTAINERS, whose_forward
from .arrayfiles import write_bytes
from .formulas import FORMULAS, number
from .module import Module
from .serialize import refuse_others


class _Lines:
    """The body of model(x), and the arrays that it names."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.arrays: dict[str, Any] = {}
        self.names: dict[int, str] = {}
        self.numbers = count(1)

    def write(self, m: Any, path: str) -> None:
        kind = whose_forward(m)
        where = f"layer {path}, " if path else ""
        if kind in CONTAINERS:
            return self.container(m, kind, path)
        if kind not in FORMULAS:
            raise ValueError(
                f"{where}{m!r}: to_python knows the layers and activations of nn; this one's code is its author's own, "
                "or a loss. Build the model of modules of nn, with nn.Tanh() for np.tanh"
            )
        try:
            steps = FORMULAS[kind](m, lambda name: self.array(path, name, getattr(m, name))).split("\n")
        except ValueError as error:
            raise ValueError(f"{where}{m!r} cannot be written as Python: {error}") from error
        for i, step in enumerate(steps):
            self.lines.append(f"x = {step}" + (f"  # {path}: {type(m).__name__}" if path and not i else ""))
        return None

    def array(self, path: str, name: str, tensor: Any) -> str:
        name = self.names.setdefault(id(tensor), f"{path}.{name}" if path else name)
        self.arrays[name] = np.asarray(tensor.value)
        return f"p[{_quoted(name)}]"

    def container(self, m: Any, kind: str, path: str) -> None:
        paths = [f"{path}.{i}" if path else str(i) for i in range(len(m.layers))]
        if kind == "Sequential":
            for layer, inner in zip(m.layers, paths, strict=True):
                self.write(layer, inner)
            return
        kept = f"x{next(self.numbers)}"
        self.lines.append(f"{kept} = x  # {path + ': ' if path else ''}{type(m).__name__}")
        if kind == "Residual":
            for layer, inner in zip(m.layers, paths, strict=True):
                self.write(layer, inner)
            self.lines.append(f"x = {kept} + x")
            return
        ends = [f"{kept}_{i}" for i in range(len(m.layers))]
        for layer, inner, end in zip(m.layers, paths, ends, strict=True):
            self.lines.append(f"x = {kept}")
            self.write(layer, inner)
            self.lines.append(f"{end} = x")
        joined = " + ".join(ends)
        if m.combine == "concatenate":
            joined = f"np.concatenate([{', '.join(ends)}], axis={number(m.dim)})"
        self.lines.append(f"x = {joined}")


def to_python(model: Module, path: str | os.PathLike[str], notes: dict[str, Any] | None = None) -> None:
    """Write a model, as it is in evaluation, into one .py file that needs NumPy and no autograd_core (Python ≥ 3.11).

    The file has `model(x)`, the network on an array (n, ...); `predict(x)`; and a command line, `python model.py data.csv`.
    With notes as the command line's `train` saves them (`nn.notes(path)`), predict(x) takes the path of a CSV file, rows as
    dicts {column: cell}, or an array of features in the units of the training data, and gives class names, or numbers in
    these units; probabilities(x) those of the classes. Of the notes count "inputs" and "targets" (Standardizer.to_dict),
    "classes", "features" (the columns, if all are numbers) or "encoder" (Encoder.to_dict: categories, missing values),
    and how a file is read, "delimiter", "decimal", "encoding" and "missing".
    Without them predict is model. ValueError for a module whose code is not nn's, named in the sentence.

    >>> import pathlib, tempfile
    >>> from autograd_core import nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "net.py")
    ...     nn.to_python(nn.MLP([2, 3, 1], rng=0), path)
    ...     text = path.read_text(encoding="utf-8")
    >>> print(text[text.index("def model"):text.index("    return x")])
    def model(x):
        \"\"\"The network, of an array (n, ...) of numbers as it was trained on.\"\"\"
        x = np.asarray(x, "float32")
        x = x @ p["0.weight"].T + p["0.bias"]  # 0: Linear
        x = np.maximum(x, 0)  # 1: ReLU
        x = x @ p["2.weight"].T + p["2.bias"]  # 2: Linear
    <BLANKLINE>
    """
    refuse_others(model)
    written = _Lines()
    written.write(model, "")
    first = next(model.parameters(), None)
    body = [
        "def model(x):",
        '    """The network, of an array (n, ...) of numbers as it was trained on."""',
        f'    x = np.asarray(x, "{first.dtype.name}")' if first is not None else "    x = np.asarray(x)",
        *(f"    {line}" for line in written.lines if not line.startswith("x = x  #") and line != "x = x"),
        "    return x",
    ]
    known = known_notes(notes or {})
    functions = _needed("\n".join([*body, "main()", "probabilities()" * ("classes" in known)]), known)
    parts = [
        _head(type(model).__name__, os.path.basename(os.fspath(path)), "".join(functions)),
        "\n".join(body),
        *functions,
        f"NOTES = {pprint.pformat(known, width=116, sort_dicts=False)}",
        _ARRAY + "p = {\n" + "".join(_array_text(n, a) for n, a in written.arrays.items()) + "}",
        'if __name__ == "__main__":\n    sys.exit(main(sys.argv[1:]))',
    ]
    write_bytes(path, ("\n\n\n".join(parts) + "\n").encode())


_HEAD = '''"""{kind}: a network written out by autograd-core {version}. It needs NumPy and nothing else.

python {name} data.csv      prints a prediction for each row of a CSV file (- for standard input)
from {module} import predict    predict(x) for the path of a CSV file, for rows as dicts
                            {{column: cell}}, or for an array of shape (n, features)
"""

import base64
import csv
import io
import math
import os
import re
import sys
from collections.abc import Iterator
{datetime}
import numpy as np
{windows}
Array = np.ndarray'''
_ARRAY = """def array(dtype, shape, text):
    return np.frombuffer(base64.b64decode(text), dtype).reshape(shape)


"""


def _head(kind: str, name: str, text: str) -> str:
    return _HEAD.format(
        kind=kind, version=__version__, name=name, module=name.removesuffix(".py"),
        datetime="from datetime import UTC, datetime, timedelta\n" if "datetime(" in text else "",
        windows="from numpy.lib.stride_tricks import sliding_window_view\n" if "sliding_window" in text else "",
    )  # fmt: skip


def _array_text(name: str, array: Any) -> str:
    array = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
    text = base64.encodebytes(array.tobytes()).decode()
    return f'    {_quoted(name)}: array("{array.dtype.str}", {array.shape}, """\n{text}"""),\n'


def _quoted(name: str) -> str:
    return json.dumps(name)  # as Python writes it, but always in double quotes


def _needed(text: str, notes: dict[str, Any]) -> list[str]:
    """The source of the portable functions that a text calls, and of those that these call, in their order there."""
    functions = {**vars(portable_layers), **vars(portable)}.items()
    ours = {name: inspect.getsource(function) for name, function in functions if inspect.isfunction(function)}
    del ours["model"]  # which stands for the network
    if "encoder" not in notes:
        ours["encode"] = ""
    found: set[str] = set()
    waiting = [text]
    while waiting:
        names = {node.id for node in ast.walk(ast.parse(waiting.pop())) if isinstance(node, ast.Name)}
        new = (names & ours.keys()) - found
        found |= new
        waiting += [ours[name] for name in new]
    return [source.rstrip() for name, source in ours.items() if name in found and source]


def known_notes(notes: dict[str, Any]) -> dict[str, Any]:
    """Of the notes what the file can use, checked, with nothing in it but texts, numbers and lists."""
    known: dict[str, Any] = {}
    encoder = notes.get("encoder") or {}
    try:
        if rules := encoder.get("rules"):
            known["encoder"] = {"rules": [_rule(rule) for rule in rules]}
        if features := notes.get("features"):
            known["features"] = [str(name) for name in features]
        if classes := notes.get("classes") or encoder.get("classes"):
            known["classes"] = [str(name) for name in classes]
        for name in ("inputs", "targets"):
            if notes.get(name):
                known[name] = {part: [float(v) for v in notes[name][part]] for part in ("mean", "scale")}
        for name in ("delimiter", "decimal", "encoding"):
            if notes.get(name):
                known[name] = str(notes[name])
        if missing := notes.get("missing"):
            known["missing"] = [str(word) for word in missing]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the notes are not as `autograd-core train` writes them: {error!r}") from error
    return known


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    if rule["kind"] not in ("numbers", "dates", "dates, day first", "dates, month first", "categories"):
        raise ValueError(f"the kind of a column is {rule['kind']!r}")
    plain = {"name": str(rule["name"]), "kind": str(rule["kind"]), "fill": float(rule["fill"])}
    return {**plain, "gaps": bool(rule["gaps"]), "labels": [str(label) for label in rule["labels"]]}
