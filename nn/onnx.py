"""A network as an ONNX file, of any batch size, in float32 as runtimes compute.

What a module is in ONNX stands in onnx_nodes.py, what stands around the network in onnx_table.py. The model is run once
beside the writing, two samples of zeros, so that each module is written for the shapes that it will see.
"""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

import numpy as np

from autograd_core import __version__

from . import onnx_table
from .architecture import whose_forward
from .arrayfiles import write_bytes
from .module import Module
from .onnx_nodes import NODES
from .python_export import known_notes
from .serialize import refuse_others
from .summary import evaluating, example

OPSET, OPSET_ML, IR_VERSION = 20, 3, 9  # the first with Gelu and Mish


class Wire(NamedTuple):
    """A value between two nodes: its name, and what two samples give there."""

    name: str
    sample: Any


class Graph:
    """The nodes and the constants so far; calling it adds a node and gives the name of its output."""

    def __init__(self, onnx: Any):
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}
        self.paths: dict[int, str] = {}
        self.columns: set[str] = set()

    def __call__(self, op: str, *inputs: Any, **attributes: Any) -> str:
        names = [x if isinstance(x, str) else self.constant(x) for x in inputs]
        output = self.apart(f"{op}_{len(self.nodes)}")
        self.nodes.append(self.onnx.helper.make_node(op, names, [output], name=output, **attributes))
        return output

    def constant(self, value: Any, dtype: Any = None) -> str:
        """A parameter by its path, else a number or array; integers stay int64, as ONNX wants its shapes."""
        array = np.asarray(getattr(value, "value", value), order="C")
        array = array.astype(dtype or (np.int64 if array.dtype.kind in "iu" else np.float32))
        name = self.apart(self.paths.get(id(value)) or f"constant_{len(self.constants)}")
        self.constants[name] = self.onnx.numpy_helper.from_array(array, name)
        return name

    def apart(self, name: str) -> str:
        """A name that no column of the table has."""
        while name in self.columns:
            name += "_"
        return name


def _write(g: Graph, m: Any, x: Wire, path: str) -> Wire:
    """Add a module's nodes; gives the wire that leaves it."""
    kind = whose_forward(m)
    inside = [(layer, f"{path}.{i}" if path else str(i)) for i, layer in enumerate(getattr(m, "layers", []))]
    if kind in ("Sequential", "Residual"):
        y = x
        for layer, where in inside:
            y = _write(g, layer, y, where)
        return y if kind == "Sequential" else Wire(g("Add", x.name, y.name), y.sample)
    if kind == "Parallel":
        ends = [_write(g, layer, x, where).name for layer, where in inside]
        joined = g("Sum", *ends) if m.combine == "sum" else g("Concat", *ends, axis=m.dim)
        return Wire(joined, _bare(m(x.sample)))
    where = f"layer {path}, " if path else ""
    if kind not in NODES:
        raise ValueError(
            f"{where}{m!r}: to_onnx knows the layers and activations of nn; this one's code is its author's own, or a "
            "loss. Build the model of modules of nn, with nn.Tanh() for np.tanh"
        )
    try:
        return Wire(NODES[kind](g, m, x), _bare(m(x.sample)))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where}{m!r} cannot be said in ONNX: {error}") from error


def _bare(x: Any) -> Any:
    return getattr(x, "value", x)


def to_onnx(model: Module, path: str | os.PathLike[str], x: Any = None, notes: dict[str, Any] | None = None) -> None:
    """Write a model, as it is in evaluation, to an .onnx file that takes batches of any size in float32.

    The input is called "x", the output "y". With notes as the command line's `train` saves them (`nn.notes(path)`) the
    file takes rows in the units of the training data: each column of the table is an input, (n, 1), by its name: numbers
    with NaN where one is missing, dates as days since 1970, texts with "" where one is missing; all in one array "x" where
    there is no "encoder". It then gives "label" and "probabilities", or "y" in the units of the data.

    x: an input to try, of which only the shape counts, one row is enough; without it one is made if the first layer
    with parameters states its `in_features`. Images must be given: np.zeros((1, 3, 8, 8)). notes: anything JSON can say,
    kept in the file's metadata under "autograd_core". Extra: onnx; onnxruntime runs the file. ValueError for a module
    whose code is not nn's, named in the sentence. PyTorch: torch.onnx.export.

    >>> import tempfile, onnxruntime
    >>> from autograd_core import nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nn.to_onnx(nn.Linear(2, 1, weight_init=1.0, bias_init=0.5), f"{folder}/model.onnx")
    ...     session = onnxruntime.InferenceSession(f"{folder}/model.onnx")
    >>> session.run(["y"], {"x": np.float32([[1, 2], [3, 4]])})[0].tolist()
    [[3.5], [7.5]]
    """
    refuse_others(model)
    try:
        import onnx
    except ImportError as error:
        raise ImportError('ONNX files need the extra: pip install "autograd-core[onnx]"') from error
    known = known_notes(notes or {})
    known = known if "inputs" in known else {}
    graph = Graph(onnx)
    graph.columns = {rule["name"] for rule in known.get("encoder", {}).get("rules", [])}
    graph.paths = {id(tensor): name for name, tensor in reversed(list(model._named_tensors()))}
    fed, start = onnx_table.features(graph, known) if known else ({"x": onnx_table.FLOAT}, "x")
    sample = _sample(model, x)
    with evaluating(model):
        end = _write(graph, model, Wire(start, sample), "")
    given = onnx_table.answers(graph, known, end.name, end.sample.shape[-1])
    for name, (made, _) in given.items():
        graph.nodes.append(onnx.helper.make_node("Identity", [made], [graph.apart(name)], name=f"give_{name}"))
    info = onnx.helper.make_tensor_value_info
    shape: list[Any] = ["batch", 1] if graph.columns else ["batch", *sample.shape[1:]]
    inputs = [info(name, kind, shape) for name, kind in fed.items()]
    widths: dict[str, Any] = {"label": (), "probabilities": (len(known.get("classes", [])),)}
    outputs = [
        info(graph.apart(name), kind, ["batch", *widths.get(name, end.sample.shape[1:])])
        for name, (_, kind) in given.items()
    ]
    made = onnx.helper.make_graph(graph.nodes, type(model).__name__, inputs, outputs, list(graph.constants.values()))
    opsets = [onnx.helper.make_opsetid("", OPSET), onnx.helper.make_opsetid(onnx_table.ML, OPSET_ML)]
    file = onnx.helper.make_model(
        made, producer_name="autograd_core", producer_version=__version__, ir_version=IR_VERSION,
        opset_imports=opsets if known else opsets[:1],
    )  # fmt: skip
    onnx.helper.set_model_props(file, {"autograd_core": json.dumps(notes or {})})
    onnx.checker.check_model(file, full_check=True)
    write_bytes(path, file.SerializeToString())


def _sample(model: Module, x: Any) -> Any:
    """Two samples of zeros of the shape that x has, or that the first layer asks for."""
    if x is None:
        x = example(model)
        if x is None:
            raise ValueError("the model does not say what it takes; give an input to try: to_onnx(model, path, x)")
    shape = np.shape(_bare(x))
    if not shape:
        raise ValueError("x is a batch, (n, ...); a single number was given")
    return np.zeros((2, *shape[1:]), next((p.dtype for p in model.parameters()), np.float32))
