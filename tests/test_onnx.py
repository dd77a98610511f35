"""ONNX files: onnxruntime gives what the model gives, for every layer and activation and any size of batch."""

import json
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from layer_cases import CASES, bare, covered, layers, trained

from autograd_core import nn
from autograd_core.nn import onnx as exporter
from autograd_core.nn.onnx_nodes import NODES


def run(path, x):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(["y"], {"x": x})[0]


def same(found, expected):
    assert found.shape == expected.shape
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_the_runtime_gives_what_the_model_gives(name, tmp_path):
    model, x = trained(name)
    nn.to_onnx(model, tmp_path / "model.onnx", x[:1])  # one row of another batch is enough to know the shape
    onnx.checker.check_model(str(tmp_path / "model.onnx"), full_check=True)
    for batch in (x, np.concatenate([x, x[::-1] / 2, x])):
        same(run(tmp_path / "model.onnx", batch), bare(model(batch)))


def test_every_module_is_known_and_tested():
    assert layers() == covered()
    assert set(NODES) == layers() - {"MLP", "Sequential", "Residual", "Parallel", "BatchNorm2d"}


@pytest.mark.parametrize(
    "name", ["tanh", "sigmoid", "softplus", "mish", "gelu", "logsigmoid", "log_softmax", "elu", "silu"]
)
def test_extreme_numbers(name, tmp_path):
    model = nn.Sequential(CASES[name][0]())
    x = np.float32([[-1e4, -80, -1e-3, 0, 1e-3, 80], [1e4, 90, 20, -20, -90, 1]])
    nn.to_onnx(model, tmp_path / "model.onnx", x)
    same(run(tmp_path / "model.onnx", x), bare(model(x)))


def test_what_the_file_says(tmp_path):
    nn.to_onnx(nn.MLP([3, 4, 2], dropout=0.5, rng=0), tmp_path / "model.onnx", notes={"classes": ["a", "ß"]})
    file = onnx.load(tmp_path / "model.onnx")
    assert [node.op_type for node in file.graph.node] == ["Gemm", "Relu", "Gemm", "Identity"]
    assert [c.name for c in file.graph.initializer] == ["0.weight", "0.bias", "3.weight", "3.bias"]
    shape = [d.dim_param or d.dim_value for d in file.graph.input[0].type.tensor_type.shape.dim]
    assert shape == ["batch", 3]
    assert json.loads(file.metadata_props[0].value) == {"classes": ["a", "ß"]}
    assert file.producer_name == "autograd_core"


def test_a_shared_layer_is_written_once(tmp_path):
    layer = nn.Linear(3, 3, rng=0)
    nn.to_onnx(nn.Sequential(layer, nn.Tanh(), layer), tmp_path / "model.onnx")
    assert len(onnx.load(tmp_path / "model.onnx").graph.initializer) == 2


def test_a_model_in_float64_is_written_in_float32(tmp_path):
    model = nn.MLP([3, 4, 2], rng=0, dtype=np.float64)
    nn.to_onnx(model, tmp_path / "model.onnx")
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    same(run(tmp_path / "model.onnx", x), model(x).value.astype(np.float32))


def test_writing_leaves_the_model_as_it_was(tmp_path):
    model = nn.Sequential(nn.Linear(3, 3, rng=0), nn.BatchNorm1d(3), nn.Dropout(0.5, rng=0), nn.Linear(3, 1, rng=0))
    model[3].eval()
    before, modes, state = model.state_dict(), [m.training for m in model.modules()], model[2].rng.bit_generator.state
    nn.to_onnx(model, tmp_path / "model.onnx")
    assert [m.training for m in model.modules()] == modes
    assert all((before[n] == v).all() for n, v in model.state_dict().items())
    assert model[2].rng.bit_generator.state == state


class Own(nn.Module):
    def forward(self, x):
        return x * 2


class OwnTanh(nn.Tanh):
    def forward(self, x):
        return x * 2


def patched():
    layer = nn.Tanh()
    layer.forward = lambda x: x * 2
    return layer


def kernel(u, v):
    return (u * v).sum(axis=-1)


@pytest.mark.parametrize(
    ("make", "fragment"),
    [
        (lambda: nn.Sequential(nn.Linear(3, 2), Own()), r"layer 1, Own\(\): to_onnx knows the layers and activations of nn"),
        (lambda: nn.Sequential(nn.Linear(3, 2), nn.Sequential(OwnTanh())), r"layer 1.0, OwnTanh\(\): to_onnx knows"),
        (lambda: nn.Sequential(nn.Linear(3, 2), patched()), r"layer 1, Tanh\(\): to_onnx knows"),
        (lambda: nn.Sequential(nn.Linear(3, 2), np.tanh), r"layer 1, <ufunc 'tanh'>.* with nn.Tanh\(\) for np.tanh"),
        (lambda: nn.Sequential(nn.Linear(3, 2), nn.MSELoss()), "layer 1, MSELoss.*or a loss"),
        (lambda: nn.Sequential(nn.Linear(3, 2), nn.KernelLayer(2, 2, kernel)), "layer 1, KernelLayer.* cannot be said in ONNX: its kernel"),
        (lambda: nn.Sequential(nn.Linear(3, 2), nn.Unflatten(0, (-1, 1))), "layer 1, Unflatten.*takes the axis of the batch apart"),
        (lambda: nn.Conv2d(1, 1, 2), r"give an input to try: to_onnx\(model, path, x\)"),
        (lambda: nn.ReLU(), r"give an input to try"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_named(make, fragment, tmp_path):
    with pytest.raises(ValueError, match=fragment):
        nn.to_onnx(make(), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_an_input_that_does_not_fit_is_the_models_own_complaint(tmp_path):
    with pytest.raises(ValueError, match=r"given an input of shape \(2, 4\): its last axis must hold 3 features"):
        nn.to_onnx(nn.Linear(3, 2), tmp_path / "model.onnx", np.zeros((1, 4)))
    with pytest.raises(ValueError, match="x is a batch"):
        nn.to_onnx(nn.ReLU(), tmp_path / "model.onnx", 3.0)


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r'pip install "autograd-core\[onnx\]"'):
        exporter.to_onnx(nn.Linear(3, 2), tmp_path / "model.onnx")


def test_an_estimator_is_told_where_its_network_is(tmp_path):
    class Fitted:
        def fit(self):
            return self

    with pytest.raises(TypeError, match="a model is a Module of nn, not Fitted; its network is its attribute model_"):
        nn.to_onnx(Fitted(), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []
