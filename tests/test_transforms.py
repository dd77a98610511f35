"""grad, Jacobians, Hessians and products with them: against formulas, against each other, and nested."""

import math
from itertools import pairwise

import numpy as np
import pytest

from autograd_core import Tensor, no_grad
from autograd_core.transforms import elementwise_grad, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from autograd_core.trees import leaves, mapped

X = np.array([0.5, -1.2, 2.0])
A = np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]])


def plain(t):
    """A result that carries no graph, as an array."""
    assert isinstance(t, Tensor)
    assert not t.requires_grad
    assert t.is_leaf
    return t.value


# --- grad and value_and_grad -----------------------------------------------------------------------------------------

SCALARS = {
    "x**3": (lambda x: x**3, 2.0, 12),
    "a constant term": (lambda x: 3 * x + 7, 2.0, 3),
    "a NumPy function": (lambda x: np.exp(2 * x), 0.5, 2 * math.e),
    "of a vector": (lambda x: (x * x).sum(), [1.0, 2.0], [2, 4]),
    "of a list's elements": (lambda v: v[0] * v[1] ** 2, [3.0, 2.0], [4, 12]),
    "of shape (1,)": (lambda x: x * x, np.array([3.0]), [6]),
    "does not depend": (lambda x: x.detach() * 2, 5.0, 0),
}


@pytest.mark.parametrize(("f", "x", "slope"), SCALARS.values(), ids=SCALARS)
def test_grad(f, x, slope):
    x = np.array(x) if isinstance(x, list) and f is SCALARS["of a vector"][0] else x
    g = grad(f)(x)
    got = [plain(p) for p in g] if isinstance(g, list) else plain(g)
    np.testing.assert_allclose(got, slope)
    value, again = value_and_grad(f)(x)
    plain(value)
    np.testing.assert_array_equal([p.value for p in again] if isinstance(again, list) else again.value, got)


@pytest.mark.parametrize(("argnums", "expected"), [(0, 6), (1, 4), ((0, 1), (6, 4)), ((1, 0), (4, 6)), ((1,), (4,))])
def test_argnums(argnums, expected):
    value, g = value_and_grad(lambda x, y: 2 * x * y, argnums)(2.0, 3.0)
    assert plain(value) == 12
    assert (tuple(map(plain, g)) if isinstance(argnums, tuple) else plain(g)) == expected
    assert isinstance(g, tuple) == isinstance(argnums, tuple)


def test_keywords_are_passed_on_undifferentiated():
    assert plain(grad(lambda x, *, power: x**power)(2.0, power=3)) == 12


def test_has_aux():
    def f(x):
        return x**2, {"seen": "anything", "x": x.item()}

    g, aux = grad(f, has_aux=True)(3.0)
    assert (plain(g), aux) == (6, {"seen": "anything", "x": 3.0})
    (value, aux), g = value_and_grad(f, has_aux=True)(3.0)
    assert (plain(value), aux["x"], plain(g)) == (9, 3.0, 6)


def squares(x):
    return x**2, {"first": x[0], "note": "as it is"}


AUX = {
    "vjp": lambda: (lambda y, pull, aux: (pull(np.ones(3))[0], aux))(*vjp(squares, X, has_aux=True)),
    "jvp": lambda: jvp(squares, (X,), (np.ones(3),), has_aux=True)[1:],
    "jacobian": lambda: (lambda J, aux: (J.sum(0), aux))(*jacobian(squares, has_aux=True)(X)),
    "hessian": lambda: (lambda H, aux: (H.sum(0), aux))(
        *hessian(lambda x: ((x**3).sum() / 3, squares(x)[1]), has_aux=True)(X)
    ),
    "grad": lambda: grad(lambda x: (squares(x)[0].sum(), squares(x)[1]), has_aux=True)(X),
}


@pytest.mark.parametrize("call", AUX.values(), ids=AUX)
def test_what_f_returns_beside_its_value(call):
    slope, aux = call()
    np.testing.assert_allclose(plain(slope), 2 * X, rtol=1e-14)
    assert (plain(aux["first"]), aux["note"]) == (X[0], "as it is")


def test_nested_arguments_come_back_in_their_shape():
    tree = {"w": [np.ones((2, 2)), 2.0], "b": (np.zeros(3), {"c": 1.5})}
    g = grad(lambda t: (t["w"][0] * t["w"][1]).sum() + t["b"][0].sum() * t["b"][1]["c"])(tree)
    assert list(g) == ["w", "b"]
    assert (type(g["w"]), type(g["b"])) == (list, tuple)
    assert plain(g["w"][0]).tolist() == [[2, 2], [2, 2]]
    assert plain(g["w"][1]) == 4
    assert plain(g["b"][0]).tolist() == [1.5] * 3
    assert plain(g["b"][1]["c"]) == 0


def test_arguments_are_left_alone():
    x, t = np.array([1.0, 2.0]), Tensor([1.0, 2.0], requires_grad=True)
    for given in (x, t):
        grad(lambda z: (z**2).sum())(given)
    assert x.tolist() == [1, 2]
    assert t.grad is None


@pytest.mark.parametrize("order", range(1, 6))
def test_grad_of_grad_of_grad(order):
    def h(x):
        return x**4 * np.sin(x)

    for _ in range(order):
        h = grad(h)
    x = 0.7  # d^n (x⁴ sin x) by Leibniz: Σ C(n,k) (x⁴)⁽ᵏ⁾ sin⁽ⁿ⁻ᵏ⁾
    powers = [x**4, 4 * x**3, 12 * x**2, 24 * x, 24, 0]
    exact = sum(math.comb(order, k) * powers[k] * math.sin(x + (order - k) * math.pi / 2) for k in range(order + 1))
    assert plain(h(x)) == pytest.approx(exact, rel=1e-12)


# --- closures: perturbations must not be confused --------------------------------------------------------------------

CLOSURES = {
    "product": (lambda: grad(lambda x: grad(lambda y: x * y)(1.0))(2.0), 1),
    "outer in front": (lambda: grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0), 1),
    "outer inside the slope": (lambda: grad(lambda x: x * grad(lambda y: x * y * y)(3.0))(2.0), 24),
    "inner at the outer": (lambda: grad(lambda x: grad(lambda y: x * y * y)(x))(3.0), 12),
    "value of the inner": (lambda: grad(lambda x: value_and_grad(lambda y: x * y)(5.0)[0])(2.0), 5),
    "three deep": (lambda: grad(lambda x: grad(lambda y: grad(lambda z: x * y * z)(1.0) * y)(2.0))(3.0), 4),
    "jacobian inside": (lambda: grad(lambda x: jacobian(lambda v: v * x)(np.ones(2)).sum())(2.0), 2),
    "vjp inside": (lambda: grad(lambda x: vjp(lambda z: z**3, x)[1](1.0)[0])(2.0), 12),
    "jvp inside": (lambda: grad(lambda x: jvp(lambda z: z**3, (x,), (1.0,))[1])(2.0), 12),
    "jvp over an outer tangent": (lambda: grad(lambda x: jvp(lambda z: z**3, (2.0,), (x,))[1])(1.0), 12),
    "value of jvp inside": (lambda: grad(lambda x: jvp(lambda z: z**3, (x,), (1.0,))[0])(2.0), 12),
    "jvp of jvp": (lambda: jvp(lambda x: jvp(lambda z: z**3, (x,), (1.0,))[1], (2.0,), (1.0,))[1], 12),
    "jvp of grad": (lambda: jvp(grad(lambda z: z**3), (2.0,), (1.0,))[1], 12),
    "hvp inside": (lambda: grad(lambda x: hvp(lambda z: z**3, x, 1.0))(2.0), 6),
}


@pytest.mark.parametrize(("call", "expected"), CLOSURES.values(), ids=CLOSURES)
def test_closures_over_outer_variables(call, expected):
    assert plain(call()) == expected


def test_a_tensor_that_is_closed_over_keeps_its_graph():
    w = Tensor(3.0, requires_grad=True)
    g = grad(lambda x: w * x**2)(2.0)
    assert g.item() == 12
    g.backward()
    assert w.grad.item() == 4


# --- Jacobians and products with them --------------------------------------------------------------------------------

MAPS = {
    "linear": (lambda x: A @ x, A),
    "elementwise": (np.sin, np.diag(np.cos(X))),
    "scalar": (lambda x: (x * x).sum(), 2 * X),
    "matrix valued": (lambda x: np.outer(x, np.array([1.0, 2.0])), np.einsum("ik,j->ijk", np.eye(3), [1, 2])),
    "reads part": (lambda x: x[::2] * 2, np.array([[2.0, 0, 0], [0, 0, 2]])),
    "constant": (lambda x: Tensor(np.ones(2)), np.zeros((2, 3))),
}


@pytest.mark.parametrize(("f", "matrix"), MAPS.values(), ids=MAPS)
def test_jacobian_vjp_and_jvp_agree(f, matrix):
    J = plain(jacobian(f)(X))
    np.testing.assert_allclose(J, matrix, rtol=1e-12)
    y, pull = vjp(f, X)
    v, t = np.arange(1.0, y.size + 1).reshape(y.shape), np.array([1.0, -2.0, 0.5])
    for _ in range(2):  # the function may be called again
        np.testing.assert_allclose(plain(pull(v)[0]), np.tensordot(v, J, v.ndim), rtol=1e-12)
    np.testing.assert_array_equal(plain(y), f(Tensor(X)).value)
    value, tangent = jvp(f, (X,), (t,))
    np.testing.assert_array_equal(plain(value), plain(y))
    np.testing.assert_allclose(plain(tangent), J @ t, rtol=1e-12)


def test_several_arguments():
    def f(x, w):
        return np.tanh(x["a"] * w)

    args, tangents = ({"a": X}, 2.0), ({"a": np.ones(3)}, 0.5)
    y, pull = vjp(f, *args)
    to_x, to_w = pull(np.ones(3))
    slope = 1 - y.value**2
    np.testing.assert_allclose(plain(to_x["a"]), slope * 2, rtol=1e-12)
    np.testing.assert_allclose(plain(to_w), (slope * X).sum(), rtol=1e-12)
    np.testing.assert_allclose(jvp(f, args, tangents)[1].value, slope * (2 + 0.5 * X), rtol=1e-12)
    np.testing.assert_allclose(plain(jacobian(lambda x, w: x * w, argnums=1)(X, 2.0)), X)


def test_jacobian_of_nests():
    def f(p, x, c):
        return {"affine": p["a"] * x + p["b"], "both": (c * p["b"], (x * x).sum())}

    p, x, c = {"a": 2.0, "b": np.array([1.0, 3.0])}, np.array([4.0, 5.0]), [1.0]
    y = f({"a": Tensor(2.0), "b": Tensor(p["b"])}, Tensor(x), 1.0)
    J = jacobian(lambda p, x, c: f(p, x, c[0]), (0, 1, 2))(p, x, c)
    eye, none = np.eye(2), np.zeros
    expected = {
        "affine": ({"a": x, "b": eye}, 2 * eye, [none(2)]),
        "both": (({"a": none(2), "b": eye}, none((2, 2)), [p["b"]]), ({"a": 0, "b": none(2)}, 2 * x, [0])),
    }
    assert mapped(np.shape, J) == mapped(np.shape, expected)
    for got, want in zip(leaves(J), leaves(expected), strict=True):
        np.testing.assert_allclose(plain(got), want)
    # and the products with it, from both sides
    t, v = ({"a": 0.5, "b": np.array([1.0, -1.0])}, np.array([2.0, 0.0]), [3.0]), mapped(np.ones_like, mapped(plain, y))
    value, along = jvp(lambda p, x, c: f(p, x, c[0]), (p, x, c), t)
    assert mapped(np.shape, along) == mapped(np.shape, value) == mapped(np.shape, y)
    np.testing.assert_allclose(plain(along["affine"]), 0.5 * x + 2 * t[1] + t[0]["b"])
    np.testing.assert_allclose(plain(along["both"][0]), t[0]["b"] + 3 * p["b"])
    assert plain(along["both"][1]) == 16
    pulled = vjp(lambda p, x, c: f(p, x, c[0]), p, x, c)[1](v)
    inner = sum(float((plain(a) * b).sum()) for a, b in zip(leaves(pulled), leaves(t), strict=True))
    assert inner == pytest.approx(sum(float(plain(a).sum()) for a in leaves(along)))


@pytest.mark.parametrize(("argnums", "form"), [((0, 1), ((3, 3), (3, 3))), ((1,), ((3,),)), (-1, 3)])
def test_argnums_of_jacobian_and_hessian(argnums, form):
    def f(x, y):
        return (x * x * y).sum()

    y = np.array([3.0, 1.0, 2.0])
    blocks = [[np.diag(2 * y), np.diag(2 * X)], [np.diag(2 * X), np.zeros((3, 3))]]
    H = hessian(f, argnums)(X, y)
    assert mapped(len, H) == form
    chosen = [0, 1] if argnums == (0, 1) else [1]
    for got, want in zip(leaves(H), [blocks[i][j] for i in chosen for j in chosen], strict=True):
        np.testing.assert_allclose(plain(got), want, atol=1e-14)
    J = jacobian(f, argnums)(X, y)
    for got, want in zip(leaves(J), [[2 * X * y, X * X][i] for i in chosen], strict=True):
        np.testing.assert_allclose(plain(got), want)


def test_a_constant_beside_tensors_has_the_slope_0():
    J = jacobian(lambda x: {"x": x, "c": np.ones(2), "one": 1.0})(X)
    assert (plain(J["c"]).shape, plain(J["one"]).tolist()) == ((2, 3), [0, 0, 0])
    value, along = jvp(lambda x: (x, 1.0), (X,), (X,))
    assert (plain(value[1]), plain(along[1])) == (1, 0)


def test_jacobian_of_nothing():
    assert jacobian(lambda x: x[:0])(X).shape == (0, 3)


def test_jacobian_keeps_float32():
    assert jacobian(np.sin)(X.astype(np.float32)).dtype == np.float32


# --- second order ----------------------------------------------------------------------------------------------------


def test_hessian_of_a_quadratic():
    H = hessian(lambda v: v[0] ** 2 + v[0] * v[1] + v[1] ** 2)(np.array([1.0, 2.0]))
    assert plain(H).tolist() == [[2, 1], [1, 2]]


FIELDS = {
    "cubic": (lambda x: (x**3).sum() + x[0] * x[1] * x[2], X),
    "network": (lambda x: np.tanh(A @ np.sin(x)).sum(), X),
    "matrix argument": (lambda m: np.exp(m @ m.T * 0.1).sum(), A),
    "linear": (lambda x: (3 * x).sum(), X),
    "scalar": (lambda x: x**4, 2.0),
}


@pytest.mark.parametrize(("f", "x"), FIELDS.values(), ids=FIELDS)
def test_hessian_is_symmetric_and_hvp_is_its_product(f, x):
    x = np.asarray(x)
    H = plain(hessian(f)(x))
    assert H.shape == x.shape * 2
    flat = H.reshape(x.size, x.size)
    np.testing.assert_allclose(flat, flat.T, rtol=1e-12, atol=1e-14)
    v = np.cos(np.arange(x.size)).reshape(x.shape)
    np.testing.assert_allclose(plain(hvp(f, x, v)).ravel(), flat @ v.ravel(), rtol=1e-10, atol=1e-14)
    g, step = grad(f), 1e-6
    slope = (g(x + step * v).value - g(x - step * v).value) / (2 * step)
    np.testing.assert_allclose((flat @ v.ravel()).reshape(x.shape), slope, rtol=1e-6, atol=1e-7)


def network(sizes=(2, 8, 1), rng=0):
    draw = np.random.default_rng(rng).normal
    return [{"w": draw(size=(m, n)), "b": draw(size=n)} for m, n in pairwise(sizes)]


def squared_loss(layers, inputs=None, targets=None):
    x = np.linspace(-1, 1, 10).reshape(5, 2) if inputs is None else inputs
    for layer in layers[:-1]:
        x = np.tanh(x @ layer["w"] + layer["b"])
    return ((x @ layers[-1]["w"] + layers[-1]["b"] - np.arange(5.0)[:, None]) ** 2).mean()


def flat(nest):
    return np.concatenate([np.ravel(leaf.value if isinstance(leaf, Tensor) else leaf) for leaf in leaves(nest)])


def moved(nest, step):
    ends = iter(np.split(step, np.cumsum([x.size for x in leaves(nest)])[:-1]))
    return mapped(lambda x: x + next(ends).reshape(x.shape), nest)


def test_hessian_of_a_network():
    """Of all 33 numbers of a 2-8-1 network, against differences of its gradient; hvp is its product with a vector."""
    layers = network()
    blocks = hessian(squared_loss)(layers)
    assert blocks[0]["w"][1]["b"].shape == (2, 8, 1)
    sizes = [x.size for x in leaves(layers)]
    rows = [leaves(block) for block in _per_leaf(layers, blocks)]
    H = np.block(
        [[plain(b).reshape(m, n) for b, n in zip(row, sizes, strict=True)] for row, m in zip(rows, sizes, strict=True)]
    )
    assert H.shape == (33, 33)
    gradient, step = grad(squared_loss), 1e-5
    differences = [
        (flat(gradient(moved(layers, d))) - flat(gradient(moved(layers, -d)))) / (2 * step) for d in step * np.eye(33)
    ]
    np.testing.assert_allclose(H, differences, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(H, H.T, rtol=1e-10, atol=1e-12)
    v = network(rng=1)
    np.testing.assert_allclose(flat(hvp(squared_loss, layers, v)), H @ flat(v), rtol=1e-10, atol=1e-12)


def _per_leaf(tree, blocks):
    """For each leaf of a nest, what stands in its place in a nest of nests."""
    if isinstance(tree, dict):
        return [b for k in tree for b in _per_leaf(tree[k], blocks[k])]
    if isinstance(tree, list):
        return [b for t, b in zip(tree, blocks, strict=True) for b in _per_leaf(t, b)]
    return [blocks]


def test_hvp_finds_what_belongs_together_by_key():
    got = hvp(lambda d: d["a"] ** 2 * d["b"], {"a": 1.0, "b": 2.0}, {"b": 0.0, "a": 1.0})
    assert {k: plain(v).item() for k, v in got.items()} == {"a": 4, "b": 2}


WAVES = [np.sin, np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x), np.sin]


@pytest.mark.parametrize("order", range(1, 5))
def test_elementwise_grad(order):
    f, x = np.sin, np.linspace(-3, 3, 7).reshape(7, 1)
    for _ in range(order):
        f = elementwise_grad(f)
    np.testing.assert_allclose(plain(f(x)), WAVES[order](x), rtol=1e-12, atol=1e-15)


def test_elementwise_grad_by_another_argument():
    y = np.array([2.0, 3.0, 0.5])
    np.testing.assert_allclose(plain(elementwise_grad(lambda x, y: x * y**2, 1)(X, y)), 2 * X * y)


def test_hvp_of_nested_arguments():
    got = hvp(lambda d: d["a"] ** 2 * d["b"], {"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 0.0})
    assert {k: plain(v).item() for k, v in got.items()} == {"a": 4, "b": 2}


# --- the surroundings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda: grad(lambda x: x**2)(3.0),
        lambda: grad(grad(lambda x: x**3))(1.0),
        lambda: jacobian(lambda x: x**2)(3.0),
        lambda: hessian(lambda x: x**3)(1.0),
        lambda: vjp(lambda x: x**2, 3.0)[1](1.0)[0],
        lambda: jvp(lambda x: x**2, (3.0,), (1.0,))[1],
    ],
)
def test_transforms_record_even_under_no_grad(call):
    with no_grad():
        assert plain(call()) == 6
        assert not (Tensor(1.0, requires_grad=True) * 2).requires_grad, "no_grad was switched off for good"


def test_under_no_grad_a_result_is_plain_numbers():
    w, x = Tensor(3.0, requires_grad=True), Tensor(2.0, requires_grad=True)
    calls = [
        lambda: grad(lambda x: w * x**2)(x),
        lambda: value_and_grad(lambda x: w * x**2)(x)[0],
        lambda: jacobian(lambda x: w * x**2)(x),
        lambda: hvp(lambda x: w * x**3, x, 1.0),
        lambda: vjp(lambda x: w * x**2, x)[0],
        lambda: vjp(lambda x: w * x**2, x)[1](1.0)[0],
        *(lambda i=i: jvp(lambda x: w * x**2, (x,), (1.0,))[i] for i in (0, 1)),
    ]
    for call in calls:
        assert call().requires_grad
        with no_grad():
            plain(call())


def test_a_product_is_differentiable_by_the_vector_too():
    got = grad(lambda v: (vjp(np.sin, X)[1](v)[0] ** 2).sum())(np.ones(3))
    np.testing.assert_allclose(plain(got), 2 * np.cos(X) ** 2)
    got = grad(lambda v: (hvp(lambda x: (x**3).sum(), X, v) ** 2).sum())(np.ones(3))
    np.testing.assert_allclose(plain(got), 2 * (6 * X) ** 2)


REFUSED = {
    "a number returned": (lambda: jacobian(lambda x: 3.0)(X), TypeError, "jacobian needs .* returned float.*graph"),
    "nothing": (lambda: jacobian(lambda x: [])(X), TypeError, "returned list"),
    "a list with None": (lambda: vjp(lambda x: [x, None], X), TypeError, "returned NoneType"),
    "integers in a nest": (lambda: hvp(lambda d: d["n"] ** 2, {"n": 3}, {"n": 1}), TypeError, "int64: write 3.0 for 3"),
    "no such argument": (lambda: grad(lambda x: x, 1)(1.0), TypeError, "argument 1 .*1 were given"),
    "aux forgotten": (lambda: grad(lambda x: x, has_aux=True)(1.0), TypeError, "pair"),
    "tangent of another shape": (lambda: jvp(np.sin, (X,), (np.ones(2),)), ValueError, r"\(3,\) is needed.*\(2,\)"),
    "tangent with other keys": (
        lambda: hvp(lambda d: d["a"], {"a": 1.0}, {"b": 1.0}),
        ValueError,
        r"keys \['a'\] is needed.*\['b'\]",
    ),
    "a list for an array": (lambda: hvp(lambda x: (x**2).sum(), X, [1.0, 2.0, 3.0]), ValueError, "list of 3 was given"),
    "a nest for a vector": (lambda: vjp(lambda x: [x, x], X)[1](X), ValueError, "list of 2 is needed"),
    "primal without tuple": (lambda: jvp(np.sin, X, X), TypeError, "tuple"),
    "not elementwise": (
        lambda: elementwise_grad(lambda x: x.sum())(X),
        ValueError,
        r"\(\) of an array of shape \(3,\)",
    ),
    "a list of numbers": (lambda: elementwise_grad(lambda x: x[0])([1.0]), ValueError, "list of 1"),
    "vector": (lambda: grad(lambda x: x * 2)(X), ValueError, r"shape \(3,\).*jacobian"),
    "not a Tensor": (lambda: grad(lambda x: 3.0)(1.0), ValueError, "returned float"),
    "forgotten return": (lambda: grad(lambda x: None)(1.0), ValueError, "returned NoneType"),
    "integer argument": (lambda: grad(lambda x: x * 2)(3), TypeError, "floating-point"),
    "seed of another shape": (lambda: vjp(np.sin, X)[1](np.ones(2)), ValueError, r"\(3,\) is needed.*shape \(2,\)"),
    "tangents of another number": (lambda: jvp(np.sin, (X,), (X, X)), ValueError, "tuple of 1 is needed"),
}


@pytest.mark.parametrize(("call", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("make", [grad, jacobian, value_and_grad])
def test_the_function_keeps_its_name(make):
    def loss(x):
        return x * x

    assert make(loss).__name__ == "loss"
    if make is not jacobian:
        with pytest.raises(ValueError, match="loss"):
            make(loss)(X)


def test_an_exception_in_f_leaves_recording_as_it_was():
    def fails(x):
        raise KeyError

    with no_grad():
        with pytest.raises(KeyError):
            grad(fails)(1.0)
        assert not (Tensor(1.0, requires_grad=True) * 2).requires_grad
