"""Our side of the twins whose states make_torch_states.py exchanges with PyTorch; the tests make them as well."""

import numpy as np

from autograd_core.nn.architecture import build


def ours(entry):
    """Our model of a case, from a seed, in float64."""
    rng, learned = np.random.default_rng(8), {"Linear", "Conv2d", "PReLU", "BatchNorm1d", "BatchNorm2d", "LayerNorm"}

    def typed(e):
        config = e.get("config", {}) | ({"dtype": "float64"} if e["type"] in learned else {})
        return {**e, "config": config, "layers": list(map(typed, e.get("layers", [])))}

    model = build(typed(entry))
    state = model.state_dict().items()
    model.load_state_dict({n: v if v.dtype.kind == "i" else rng.uniform(0.5, 1.5, v.shape) for n, v in state})
    return model


def drawn(draw, names, shapes):
    """The numbers of a state from PyTorch; variances are positive, counts are whole."""
    return {
        n: np.array(7) if n.endswith("tracked") else draw(tuple(s), 0.25, 2.0)
        for n, s in zip(names, shapes, strict=True)
    }
