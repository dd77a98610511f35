"""Store what PyTorch's twins of our models compute: `PYTHONPATH=. python tests/reference/make_torch_states.py`.

Each case goes both ways, in float64. From PyTorch: a state of formula-made numbers, and what the twin then gives in
evaluation and in training, with its state after that. To PyTorch: what the twin gives with the state of our model.
"""

import json
from pathlib import Path

import numpy as np
import torch
from points import Draw, pack
from twins import drawn, ours

from autograd_core import nn

MLP = [{"type": "Linear", "config": {"in_features": 3, "out_features": 4}}, {"type": "Tanh"},
       {"type": "Linear", "config": {"in_features": 4, "out_features": 2, "bias": False}}]  # fmt: skip
CASES = {
    "linear": ({"type": "Linear", "config": {"in_features": 3, "out_features": 2}}, (4, 3)),
    "mlp": ({"type": "Sequential", "layers": MLP}, (4, 3)),
    "batch norm": (
        {"type": "Sequential", "layers": [MLP[0], {"type": "BatchNorm1d", "config": {"num_features": 4}}, {"type": "ReLU"},
         {"type": "Dropout", "config": {"p": 0.0}}, MLP[2], {"type": "BatchNorm1d", "config": {"num_features": 2, "momentum": None, "affine": False}}]},
        (5, 3),
    ),
    "layer norm": (
        {"type": "Sequential", "layers": [{"type": "LayerNorm", "config": {"normalized_shape": [3]}}, MLP[0],
         {"type": "LayerNorm", "config": {"normalized_shape": [4], "elementwise_affine": False}}, {"type": "PReLU", "config": {"num_parameters": 4}}]},
        (4, 3),
    ),
    "images": (
        {"type": "Sequential", "layers": [
            {"type": "Conv2d", "config": {"in_channels": 2, "out_channels": 3, "kernel_size": [3, 2], "padding": [1, 0]}},
            {"type": "BatchNorm2d", "config": {"num_features": 3}}, {"type": "GELU"}, {"type": "MaxPool2d", "config": {"kernel_size": [2, 2]}},
            {"type": "Conv2d", "config": {"in_channels": 3, "out_channels": 2, "kernel_size": [2, 1], "stride": [1, 2], "bias": False}},
            {"type": "Flatten"}, {"type": "Linear", "config": {"in_features": 4, "out_features": 2}}]},
        (3, 2, 6, 5),
    ),
    "nested": (
        {"type": "Sequential", "layers": [{"type": "Sequential", "layers": MLP}, {"type": "Sequential", "layers": [
            {"type": "Sequential", "layers": [{"type": "Linear", "config": {"in_features": 2, "out_features": 2}}]},
            {"type": "BatchNorm1d", "config": {"num_features": 2, "track_running_stats": False}}]}]},
        (4, 3),
    ),
}  # fmt: skip


def twin(entry):
    """The same of torch.nn."""
    config = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.get("config", {}).items()}
    return getattr(torch.nn, entry["type"])(*map(twin, entry.get("layers", [])), **config).double()


if __name__ == "__main__":
    about, stored = {}, {}
    for name, (entry, shape) in CASES.items():
        theirs, x = twin(entry), torch.tensor(Draw(100)(shape))
        names, shapes = zip(*((n, list(v.shape)) for n, v in theirs.state_dict().items()), strict=True)
        about[name] = {"entry": entry, "shape": shape, "names": names, "shapes": shapes}
        theirs.load_state_dict({n: torch.from_numpy(a) for n, a in drawn(Draw(3000), names, shapes).items()})
        given = [theirs.eval()(x), theirs.train()(x)]
        given += [v.clone() for v in theirs.state_dict().values()]
        theirs.load_state_dict({n: torch.from_numpy(a) for n, a in nn.to_torch(ours(entry)).items()})
        stored[name] = pack([t.numpy(force=True) for t in (*given, theirs.eval()(x))])
    text = json.dumps({"torch": torch.__version__.split("+")[0], "cases": about})
    np.savez_compressed(
        Path(__file__).with_name("torch_states.npz"), about=np.frombuffer(text.encode(), np.uint8), **stored
    )
