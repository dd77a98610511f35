"""Arrays of another library in Tensors: what the rows, being plain NumPy, do with them, and where they stop.

A `Duck` behaves as CuPy's arrays do: it answers for NumPy's functions and ufuncs itself, has an array's methods, stays
an array where NumPy gives scalars, and refuses to become an ndarray, to meet one, and ufunc.reduce and its kin.
"""

import numpy as np
import pytest
from reference.points import Draw, cases, upstream

from autograd_core import Tensor, ops
from autograd_core.backward import backprop
from autograd_core.ops import rows
from autograd_core.trees import mapped

PLAIN = (int, float, np.generic, np.ndarray)  # an ndarray is not left to others: bare() refuses it


class Duck(np.lib.mixins.NDArrayOperatorsMixin):
    def __init__(self, held):
        self.held = np.asarray(held)

    def __array__(self, dtype=None, copy=None):
        raise TypeError("a Duck does not become an ndarray by itself")

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method != "__call__" or not all(isinstance(x, (Duck, *PLAIN)) for x in inputs):
            return NotImplemented
        return ducks(ufunc(*bare(list(inputs)), **bare(kwargs)))

    def __array_function__(self, function, types, args, kwargs):
        if not all(issubclass(t, (Duck, np.ndarray)) for t in types):
            return NotImplemented
        return ducks(function(*bare(list(args)), **bare(kwargs)))

    def __getattr__(self, name):
        if name.startswith("__"):  # __array_interface__ would be a way in
            raise AttributeError(name)
        found = getattr(object.__getattribute__(self, "held"), name)
        return (
            (lambda *args, **kwargs: ducks(found(*bare(list(args)), **bare(kwargs))))
            if callable(found)
            else ducks(found)
        )

    def __getitem__(self, index):
        return ducks(self.held[bare(index)])

    def __setitem__(self, index, values):
        self.held[bare(index)] = bare(values)

    def __len__(self):
        return len(self.held)

    def __bool__(self):
        return bool(self.held)


def bare(tree):
    """The same nest with what the Ducks in it hold."""

    def held(x):
        if isinstance(x, np.ndarray):
            raise TypeError("a Duck does not mix with ndarrays")
        return x.held if isinstance(x, Duck) else x

    return mapped(held, tree)


def ducks(tree):
    return mapped(lambda x: Duck(x) if isinstance(x, (np.ndarray, np.generic)) else x, tree)


def tensor(value, requires_grad=True):
    t = Tensor(0.0, requires_grad=requires_grad)
    t.value = value
    return t


def leaves(inputs, kind):
    """Inputs as leaves that hold arrays of a kind (Duck or np.asarray); integers and truth values as bare arrays."""
    return [tensor(kind(x)) if x.dtype.kind == "f" else kind(x) for x in inputs]


def numbers(t, kind):
    if kind is not Duck:
        return t.value
    assert isinstance(t.value, Duck), f"a {type(t.value).__name__} came out"
    return t.value.held


DIFFERENTIABLE = [op for op in rows() if op.differentiable]
# Rows that stop a Duck forward, by an ndarray they make or by ufunc.at; and those whose rules read one of them
FORWARD = {
    "inv",
    "solve",
    "cholesky",
    "eigh",
    "erf",
    "normal_cdf",
    "scatter",
    "put",
    "linear_recurrence",
    "add_along_axis",
}
GRADIENT = FORWARD | {"getitem", "take_along_axis", "sort", "partition", "cumprod", "trace", "svd", "qr"}
GRAPH = GRADIENT | {"det", "slogdet"}  # of the gradient's own graph


def forward(op, inputs, params, kind):
    y = op(*leaves(inputs, kind), **(ducks(params) if kind is Duck else params))
    return [numbers(y, kind)]


def gradient(op, inputs, params, kind, create_graph=False):
    given = leaves(inputs, kind)
    y = op(*given, **(ducks(params) if kind is Duck else params))
    weighted = y * tensor(kind(upstream(y.shape)), requires_grad=False)
    found = backprop(weighted.sum(), [x for x in given if isinstance(x, Tensor)], create_graph=create_graph)
    return [numbers(x, kind) for x in found]


def graph(*case):
    return gradient(*case, create_graph=True)


@pytest.mark.parametrize(
    ("go", "stopped"), [(forward, FORWARD), (gradient, GRADIENT), (graph, GRAPH)], ids=["forward", "gradient", "graph"]
)
@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=lambda op: op.name)
def test_row(op, go, stopped):
    if op.name in stopped:
        with pytest.raises(TypeError, match=r"Duck|NotImplemented"):
            [go(op, *case, Duck) for case in cases(op)]
        return
    for case in cases(op):
        try:
            found = go(op, *case, Duck)
        except TypeError as error:
            pytest.fail(f"{error}: use NumPy's functions of the inputs alone, or list {op.name} above")
        for x, expected in zip(found, go(op, *case, np.asarray), strict=True):
            np.testing.assert_allclose(x, expected, rtol=1e-13, atol=1e-15)  # sums may be taken in another way


def test_a_network_learns():
    draw = Draw()
    data, target = draw((4, 3)), np.array([1, 0, 1, 1])
    start = [draw(shape) for shape in [(5, 3), (5,), (2, 5), (2,)]]
    found = []
    for kind in (np.asarray, Duck):
        w, b, v, c = parameters = [Tensor(kind(x), requires_grad=True) for x in start]
        for _ in range(3):
            hidden = ops.relu(ops.linear(Tensor(kind(data)), w, b))
            loss = ops.cross_entropy(ops.linear(hidden, v, c), kind(target), reduction="mean")
            loss.backward()
            for p in parameters:
                p.value = p.value - 0.1 * p.grad.value
                p.grad = None
        found.append([numbers(x, kind) for x in [loss, *parameters]])
    for plain, duck in zip(*found, strict=True):
        np.testing.assert_allclose(duck, plain, rtol=1e-12)


def test_a_tensor_keeps_the_kind_of_array_it_is_given_and_copies_it():
    given = Duck([1.0, 2.0])
    t = Tensor(given, requires_grad=True)
    given[0] = 5.0
    assert numbers(t, Duck).tolist() == [1, 2]
    t.sum().backward()
    assert numbers(t.grad, Duck).tolist() == [1, 1]
