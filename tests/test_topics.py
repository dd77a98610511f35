"""One test for each row of the lectures' topics (docs/topics.md), with the figure that the row promises.

The tests are named by the rows. Figures are the lectures' own; formulas are checked against closed forms in plain NumPy.
"""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from autograd_core import (
    Tensor,
    backprop,
    datasets,
    grad,
    hessian,
    jacobian,
    nn,
    no_grad,
    optim,
    per_sample_grad,
)
from autograd_core.backward import ancestors, contributions
from autograd_core.check import gradcheck
from autograd_core.landscape import classify, convex_along, is_positive_semidefinite
from autograd_core.nn import functional as F
from autograd_core.ops import cot, csc, linear, log_base, sec
from autograd_core.optim.fisher import bias_shift_correction, unit_fisher, unit_natural_gradient

RNG = np.random.default_rng(0)
Z = np.linspace(-6, 6, 49)


def leaf(data):
    return Tensor(np.array(data, float), requires_grad=True)


def slope(f, x):
    """f' at every element of x."""
    x = leaf(x)
    return backprop(f(x).sum(), x)[0].value


def logistic(x):
    return 1 / (1 + np.exp(-x))


# --- A: graph and backpropagation ----------------------------------------------------------------------------------


def test_A1_the_example_graph():
    w1, w2 = leaf(2), leaf(3)
    a = w1**3
    b, c = a * w2, 3 * w1
    g = b + c
    assert [t.item() for t in (a, b, c, g)] == [8, 24, 6, 30]
    assert [t.item() for t in backprop(g, [b, c, a, w1, w2], retain_graph=True)] == [1, 1, 3, 39, 8]
    parts = [float(part) for _, _, x, _, part in contributions(ancestors([g]), {g: np.float64(1)}) if x is w1]
    assert sorted(parts) == [3, 36]  # by way of c, and of a


U, V = 1.3, 2.1
TABLE = {  # as the lecture writes it, for u = x, v = x + 0.8, a = 2.5: (function, derivative by hand)
    "a": (lambda x: 2.5 + 0 * x, 0),
    "x": (lambda x: x, 1),
    "a·u": (lambda x: 2.5 * x, 2.5),
    "u + v − w": (lambda x: x + (x + 0.8) - x**2, 2 - 2 * U),
    "u·v": (lambda x: x * (x + 0.8), U + V),
    "u/v": (lambda x: x / (x + 0.8), (V - U) / V**2),
    "uⁿ": (lambda x: x**5, 5 * U**4),
    "√u": (lambda x: np.sqrt(x), 0.5 / math.sqrt(U)),
    "1/u": (lambda x: 1 / x, -1 / U**2),
    "1/uⁿ": (lambda x: 1 / x**3, -3 / U**4),
    "f(u)": (lambda x: np.sin(np.exp(x)), math.cos(math.exp(U)) * math.exp(U)),
    "ln u": (lambda x: np.log(x), 1 / U),
    "log_a u": (lambda x: log_base(x, 2.5), 1 / (U * math.log(2.5))),
    "eᵘ": (lambda x: np.exp(x), math.exp(U)),
    "aᵘ": (lambda x: 2.5**x, 2.5**U * math.log(2.5)),
    "uᵛ": (lambda x: x ** (x + 0.8), U**V * (math.log(U) + V / U)),
    "sin": (np.sin, math.cos(U)),
    "cos": (np.cos, -math.sin(U)),
    "tan": (np.tan, 1 / math.cos(U) ** 2),
    "cot": (cot, -1 / math.sin(U) ** 2),
    "sec": (sec, math.tan(U) / math.cos(U)),
    "csc": (csc, -1 / (math.tan(U) * math.sin(U))),
}


@pytest.mark.parametrize("name", TABLE)
def test_A2_the_derivative_table(name):
    f, expected = TABLE[name]
    assert grad(f)(U).item() == pytest.approx(expected, rel=1e-13)


def test_A3_chain_rule():
    g, h = np.sin, lambda x: x**2
    assert grad(lambda x: g(h(x)))(U).item() == pytest.approx(math.cos(U**2) * 2 * U)
    assert grad(lambda x: np.exp(np.sin(x)))(U).item() == pytest.approx(math.exp(math.sin(U)) * math.cos(U))
    x = leaf(U)
    e = np.exp(-x)
    u = 1 + e
    y = 1 / u  # step by step: −1/u², 1, −e
    du, de, dx = (t.item() for t in backprop(y, [u, e, x]))
    s = logistic(U)
    assert (du, de, dx) == pytest.approx((-(s**2), -(s**2), s * (1 - s)))


def test_A4_logistic_regression_by_hand():
    x, t, w = RNG.normal(size=3), 1.0, leaf([0.3, -0.2, 0.5])
    y = F.sigmoid((w * x).sum())
    loss = F.binary_cross_entropy(y, Tensor(t))
    dy, dw = backprop(loss, [y, w])
    p = y.item()
    assert dy.item() == pytest.approx((p - t) / (p * (1 - p)))
    np.testing.assert_allclose(dw.value, (p - t) * x, rtol=1e-12)


def test_A5_the_bias_gradient_reuses_that_of_z():
    w, b, x = leaf([0.3, -0.2]), leaf(0.1), np.array([2.0, -3.0])
    z = (w * x).sum() + b
    dz, dw, db = backprop(np.tanh(z) ** 2, [z, w, b])
    assert db.item() == dz.item()
    np.testing.assert_allclose(dw.value, dz.item() * x)


def test_A6_a_backward_pass_makes_as_many_products_as_the_forward_pass_and_no_more_than_twice():
    """Counted, not timed: for y = x Wᵀ the forward pass multiplies once, the backward pass once towards W and once to x."""
    model, calls = nn.MLP([8, 16, 16, 4], activation="tanh", rng=0), []
    rules = linear.edges
    try:
        linear.edges = tuple(
            (i, lambda *a, rule=rule, i=i: (calls.append(i), rule(*a))[1], pick) for i, rule, pick in rules
        )
        model(np.ones((5, 8), np.float32)).sum().backward()
    finally:
        linear.edges = rules
    products = [i for i in calls if i in (0, 1)]  # towards x and the weight; the bias is a sum
    assert len(products) == 5  # three layers forward; backward 3 weights, and 2 inputs that are not data


def test_A7_two_linear_layers_are_one():
    first, second = nn.Linear(3, 4, rng=0, dtype=np.float64), nn.Linear(4, 2, rng=1, dtype=np.float64)
    w = second.weight.value @ first.weight.value
    b = second.weight.value @ first.bias.value + second.bias.value
    x = RNG.normal(size=(5, 3))
    np.testing.assert_allclose(second(first(x)).value, x @ w.T + b, rtol=1e-12)
    assert not np.allclose(second(F.tanh(first(x))).value, x @ w.T + b)


def test_A8_matrix_and_vector_derivatives():
    a, x = RNG.normal(size=(3, 3)), RNG.normal(size=3)
    np.testing.assert_allclose(grad(lambda x: x @ a @ x)(x).value, (a + a.T) @ x, rtol=1e-12)
    np.testing.assert_allclose(grad(lambda a: x @ a @ x)(a).value, np.outer(x, x), rtol=1e-12)
    j = jacobian(lambda x: np.stack([x[0] * x[1], np.sin(x[2])]))(x)
    assert j.shape == (2, 3)  # K×D
    np.testing.assert_allclose(j.value, [[x[1], x[0], 0], [0, 0, math.cos(x[2])]], rtol=1e-12)


def test_A9_hessian():
    f = lambda x: x[0] ** 2 + x[0] * x[1] + x[1] ** 2
    h = hessian(f)(np.array([0.5, 2.0])).value
    v = np.array([1, 2])
    assert h.tolist() == [[2, 1], [1, 2]]
    assert v @ h @ v == 14
    assert is_positive_semidefinite(h)
    kinds = [classify(g, np.zeros(2)).kind for g in (f, lambda x: -f(x), lambda x: x[0] * x[1])]
    assert kinds == ["minimum", "maximum", "saddle"]
    assert all(convex_along(f, *RNG.normal(size=(2, 2))) for _ in range(10))
    assert not convex_along(lambda x: x[0] * x[1], [-1.0, 1.0], [1.0, -1.0])


# --- B: activations ------------------------------------------------------------------------------------------------


def test_B1_a_step_cannot_descend_and_a_perceptron_cannot_do_xor():
    assert not slope(F.step, Z).any()
    data = datasets.make_xor(200, rng=0)
    scores = {}
    for name, sizes in {"perceptron": [2, 2], "mlp": [2, 8, 2]}.items():
        model = nn.MLP(sizes, activation="tanh", rng=1)
        trainer = optim.Trainer(
            model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.05), metrics=["accuracy"]
        )
        trainer.fit(data, epochs=60, seed=0, progress=False)
        scores[name] = trainer.evaluate(data)["accuracy"]
    assert scores["perceptron"] < 0.8
    assert scores["mlp"] > 0.97


def test_B2_piecewise_linear():
    v = np.array([-2, -0.5, -0.25, 0, 0.25, 0.5, 2])
    assert F.piecewise_linear(v).tolist() == [0, 0, 0.25, 0.5, 0.75, 1, 1]
    assert slope(F.piecewise_linear, [-2, 0, 2]).tolist() == [0, 1, 0]


def test_B3_sigmoid():
    np.testing.assert_allclose(F.sigmoid(-Z), 1 - F.sigmoid(Z), atol=1e-15)
    np.testing.assert_allclose(slope(F.sigmoid, Z), F.sigmoid(Z) * (1 - F.sigmoid(Z)), rtol=1e-12)
    assert slope(F.sigmoid, Z).max() == 0.25 == slope(F.sigmoid, 0)
    assert slope(F.sigmoid, 20) < 1e-8  # saturates
    np.testing.assert_allclose(nn.Sigmoid(slope=3.0)(Z), logistic(3 * Z))


def test_B4_tanh():
    np.testing.assert_allclose(F.tanh(-Z), -F.tanh(Z))
    assert abs(F.tanh(Z).mean()) < 1e-15  # zero-centred
    assert slope(F.tanh, 20) < 1e-8


def test_B5_relu():
    assert F.relu(np.array([-2.0, 0, 3])).tolist() == [0, 0, 3]
    assert slope(F.relu, [-2, 0, 3]).tolist() == [0, 0, 1]
    layer = nn.Linear(4, 100, bias_init=-10.0, rng=0)  # dead: no gradient reaches the weights
    F.relu(layer(RNG.normal(size=(8, 4)).astype(np.float32))).sum().backward()
    assert not layer.weight.grad.value.any()
    assert (nn.Linear(4, 3, bias_init=nn.init.constant(0.01), rng=0).bias.value == np.float32(0.01)).all()


def test_B6_softplus_goes_to_relu():
    gaps = [np.abs(F.softplus(Z, beta=k) - F.relu(Z)).max() for k in (1, 10, 100)]
    np.testing.assert_allclose(gaps, [math.log(2) / k for k in (1, 10, 100)])


def test_B7_leaky_relu():
    assert nn.LeakyReLU()(np.array([-2.0, 3])).tolist() == [-0.02, 3]
    assert nn.LeakyReLU(0.1)(np.array([-2.0, 3])).tolist() == [-0.2, 3]


def test_B8_prelu_learns_its_slope():
    layer = nn.PReLU(num_parameters=2, dtype=np.float64)
    x = np.array([[-2.0, 3], [4, -5]])
    assert layer(x).value.tolist() == [[-0.5, 3], [4, -1.25]]
    layer(x).sum().backward()
    (alpha,) = layer.parameters()
    assert alpha.grad.value.tolist() == [-2, -5]  # one for each channel
    assert [p.size for p in nn.PReLU().parameters()] == [1]


def test_B9_elu():
    np.testing.assert_allclose(F.elu(Z, alpha=1.5), np.where(Z > 0, Z, 1.5 * (np.exp(Z) - 1)))
    np.testing.assert_allclose(slope(lambda x: F.elu(x, alpha=1.5), Z[Z < 0]), 1.5 * np.exp(Z[Z < 0]))


def through_layers(activation, weight_init, depth, width=256, batch=64):
    """Activations layer by layer, and the gradient's norm at each layer's weights."""
    rng = np.random.default_rng(3)
    layers = [nn.Linear(width, width, weight_init=weight_init, bias_init=0.0, rng=rng) for _ in range(depth)]
    x, seen = rng.normal(size=(batch, width)).astype(np.float32), []
    for layer in layers:
        x = activation(layer(x))
        seen.append(x.value)
    (x**2).mean().backward()
    return seen, [float(np.linalg.norm(layer.weight.grad.value)) for layer in layers]


def test_B10_selu_keeps_mean_and_variance_through_50_layers():
    seen, _ = through_layers(nn.SELU(), "lecun_normal", 50)
    assert all(abs(a.mean()) < 0.1 for a in seen)
    assert all(0.8 < a.var() < 1.2 for a in seen)
    for shape, fan_in in [((300, 200), 200), ((64, 8, 5, 5), 8 * 25)]:  # linear, and convolution: in_channels·k²
        assert nn.init.lecun_normal(shape, RNG).var() == pytest.approx(1 / fan_in, rel=0.05)


def test_B11_swish():
    for beta in (1.0, 2.5):
        np.testing.assert_allclose(F.swish(Z, beta), Z * logistic(beta * Z))
    np.testing.assert_allclose(F.silu(Z), Z * logistic(Z))


def test_B12_gelu():
    phi = np.array([0.5 * math.erfc(-z / math.sqrt(2)) for z in Z])
    np.testing.assert_allclose(F.gelu(Z), Z * phi, rtol=1e-13, atol=1e-15)
    tanh = 0.5 * Z * (1 + np.tanh(math.sqrt(2 / math.pi) * (Z + 0.044715 * Z**3)))
    np.testing.assert_allclose(F.gelu(Z, "tanh"), tanh, rtol=1e-12, atol=1e-15)
    assert np.abs(tanh - F.gelu(Z)).max() < 1e-3


def test_B13_adaptive_relu():
    unit = nn.AdaptiveReLU(dtype=np.float64)
    a, b = (p.value for p in unit.parameters())
    np.testing.assert_allclose(unit(Z).value, np.maximum(logistic(a * Z + b) * Z, Z))
    net = nn.AdaptiveReLU(features=3, dtype=np.float64)
    weight, bias = (p.value for p in net.parameters())
    x = RNG.normal(size=(5, 3))
    np.testing.assert_allclose(net(x).value, np.maximum(logistic(x @ weight.T + bias) * x, x))


def test_B14_softmax():
    for logits in ([1, 10, 100], [1, 2, 3], [100, 200, 300], [1, 10, 1000]):
        p = F.softmax(np.array(logits, float))
        assert np.isfinite(p).all()
        assert p.sum() == pytest.approx(1)
    y = F.softmax(np.array([0.3, -1.0, 2.0]))
    np.testing.assert_allclose(
        jacobian(F.softmax)(np.array([0.3, -1.0, 2.0])).value, np.diag(y) - np.outer(y, y), atol=1e-15
    )


def test_B15_output_activations():
    x = RNG.normal(size=(4, 3))
    assert nn.Identity()(x) is x
    np.testing.assert_allclose(F.sigmoid(x), F.softmax(np.stack([0 * x, x], -1))[..., 1])  # two classes either way


def test_B16_vanishing_gradients():
    x = leaf(0.0)
    y = x
    for _ in range(8):
        y = F.sigmoid(y)
    assert 0 < backprop(y, x)[0].item() <= 0.25**8
    _, sigmoid = through_layers(nn.Sigmoid(), "glorot_uniform", 20)
    _, selu = through_layers(nn.SELU(), "lecun_normal", 20)
    assert sigmoid[0] / sigmoid[-1] < 1e-6
    assert selu[0] / selu[-1] > 1e-2


def test_B17_zig_zag():
    x, signs = RNG.uniform(0.1, 1, (50, 6)), RNG.normal(size=(50, 1))
    w = per_sample_grad(lambda w, s: np.tanh(s["x"] @ w) * s["c"][0], RNG.normal(size=6), {"x": x, "c": signs}).value
    assert (np.abs(np.sign(w).sum(axis=1)) == 6).all()  # inputs all positive: one sign for all weights of a neuron
    w = per_sample_grad(lambda w, s: np.tanh(s["x"] @ w), RNG.normal(size=6), {"x": RNG.normal(size=(50, 6))}).value
    assert (np.abs(np.sign(w).sum(axis=1)) < 6).any()


def test_B18_fisher_and_the_natural_gradient():
    layer, x = nn.Linear(3, 1, rng=0, dtype=np.float64), RNG.normal(size=(40, 3)) + 0.5
    w = np.append(layer.weight.value.ravel(), layer.bias.value)
    p = logistic(x @ w[:3] + w[3])
    delta = np.sqrt(p * (1 - p))[:, None]  # E δ² over the labels that the model itself would draw
    a = np.hstack([x, np.ones((40, 1))])
    (f,) = unit_fisher(delta, a)
    brute = np.zeros((4, 4))  # E[∇ ln p ∇ ln pᵀ], sample by sample and label by label
    for label in (0.0, 1.0):
        loss = lambda w, s, t=label: F.binary_cross_entropy_with_logits(s @ w[:3] + w[3], Tensor(t))
        g = per_sample_grad(loss, w, x).value
        brute += (g * np.where(label, p, 1 - p)[:, None]).T @ g / 40
    np.testing.assert_allclose(f, brute, rtol=1e-10)

    g = RNG.normal(size=4)
    dw, dw0 = unit_natural_gradient(f[None], g[None, :3], g[3:])
    np.testing.assert_allclose(np.append(dw, dw0), np.linalg.solve(f, g), rtol=1e-9)

    q = delta**2 / (delta**2).sum()  # q(z) ∝ δ² p(z)
    shifted, plain = (q * x).sum(0), x.mean(0)
    variance = (q * x).T @ x - np.outer(shifted, shifted)
    k = 1 + (shifted - plain) @ np.linalg.solve(variance, shifted)
    np.testing.assert_allclose(bias_shift_correction(delta, x), [k], rtol=1e-9)

    theta, step = w, 1e-3 * np.linalg.solve(f, g)  # KL(p_θ, p_θ+δ) ≈ ½ δᵀFδ
    after = logistic(x @ (theta + step)[:3] + (theta + step)[3])
    kl = (p * np.log(p / after) + (1 - p) * np.log((1 - p) / (1 - after))).mean()
    assert kl == pytest.approx(0.5 * step @ f @ step, rel=0.02)


# --- C: losses -----------------------------------------------------------------------------------------------------

LOGITS, CLASSES = RNG.normal(size=(6, 4)), np.array([0, 3, 1, 1, 2, 0])
ONE_HOT, P = np.eye(4)[CLASSES], F.softmax(LOGITS)


def test_C1_l1():
    assert F.l1_loss(np.array([9.0, 2.0]), np.array([1.0, 5.0]), "sum") == 11
    constant = [
        grad(lambda c, f=f: f(c + np.zeros(5), np.array([0.0, 0, 0, 1, 100])))(0.5).item()
        for f in (F.l1_loss, F.mse_loss)
    ]
    assert abs(constant[0]) < 1 < abs(constant[1])  # an outlier pulls the mean, hardly the median


def test_C2_squared_error():
    assert F.sse_loss(np.array([9.0]), np.array([1.0])) == 32
    y, t = RNG.normal(size=(2, 5, 3))
    assert F.sse_loss(y, t) == pytest.approx(0.5 * ((y - t) ** 2).sum())
    assert F.mse_loss(y, t, "sum") == pytest.approx(((y - t) ** 2).sum())


def test_C3_expectation_loss():
    each = F.expectation_loss(LOGITS, CLASSES, "none")
    np.testing.assert_allclose(each, np.abs(ONE_HOT - P).sum(1))
    np.testing.assert_allclose(each, 2 - 2 * (ONE_HOT * P).sum(1))


def test_C4_regularised_expectation_loss():
    np.testing.assert_allclose(F.regularised_expectation_loss(LOGITS, CLASSES, "none"), ((ONE_HOT - P) ** 2).sum(1))


def test_C5_chebyshev():
    np.testing.assert_allclose(F.chebyshev_loss(LOGITS, CLASSES, "none"), np.abs(ONE_HOT - P).max(1))


@pytest.mark.parametrize("power", [1, 2, 3])
def test_C6_hinge(power):
    expected = (np.maximum(0, 0.5 - (2 * ONE_HOT - 1) * LOGITS) ** power).sum(1)
    np.testing.assert_allclose(F.hinge_loss(LOGITS, CLASSES, "none", margin=0.5, power=power), expected)


def test_C7_log_loss():
    np.testing.assert_allclose(F.log_loss(LOGITS, CLASSES, "none"), -np.log(P[np.arange(6), CLASSES]))


def test_C8_squared_log_loss():
    np.testing.assert_allclose(F.squared_log_loss(LOGITS, CLASSES, "none"), np.log(P[np.arange(6), CLASSES]) ** 2)


def test_C9_tanimoto_and_cauchy_schwarz():
    pt, pp, tt = (ONE_HOT * P).sum(1), (P**2).sum(1), (ONE_HOT**2).sum(1)
    np.testing.assert_allclose(F.tanimoto_loss(LOGITS, CLASSES, "none"), -pt / (pp + tt - pt))
    np.testing.assert_allclose(F.cauchy_schwarz_loss(LOGITS, CLASSES, "none"), -np.log(pt / np.sqrt(pp * tt)))


def test_C10_zero_one_loss_has_no_slope():
    z = leaf(LOGITS)
    loss = F.zero_one_loss(z, CLASSES)
    assert loss.item() == pytest.approx((LOGITS.argmax(1) != CLASSES).mean())
    assert not loss.requires_grad or not backprop(loss, z)[0].value.any()


def test_C11_l1_and_l2_through_a_sigmoid():
    l1, l2 = (lambda z: abs(1 - F.sigmoid(z))), (lambda z: (1 - F.sigmoid(z)) ** 2)
    assert slope(l1, 0.0) == -0.25
    for f in (l1, l2):
        s = slope(f, np.linspace(-20, 20, 201))
        assert max(abs(s[0]), abs(s[-1])) < 1e-8  # flat at both ends, also where it is all wrong
        assert 0 < np.argmin(s) < 200  # so the slope is not monotone


def test_C12_squared_error_through_a_sigmoid():
    z = leaf(-5.0)
    y = F.sigmoid(z)
    (dz,) = backprop((y - 1.0) ** 2 / 2, z)
    assert (round(y.item(), 4), round(dz.item(), 4)) == (0.0067, -0.0066)
    assert dz.item() == pytest.approx((y.item() - 1) * y.item() * (1 - y.item()))


def test_C13_binary_cross_entropy():
    ce = lambda p: F.binary_cross_entropy(np.array(p), np.array(1.0))
    assert (round(float(ce(0.01)), 1), round(float(ce(0.00001)), 1)) == (4.6, 11.5)
    for y, t in [(0.3, 1.0), (0.3, 0.0), (0.9, 0.5)]:
        got = slope(lambda p, t=t: F.binary_cross_entropy(p, Tensor(t)), y)
        assert got == pytest.approx(-t / y + (1 - t) / (1 - y))


def test_C14_bce_with_logits():
    z = np.array([-1e4, -3.0, 0.0, 5.0, 1e4])
    for t in (0.0, 0.4, 1.0):
        assert np.isfinite(F.binary_cross_entropy_with_logits(z, np.full(5, t), "none")).all()
        s = slope(lambda z, t=t: F.binary_cross_entropy_with_logits(z, Tensor(np.full(5, t)), "none"), z)
        np.testing.assert_allclose(s, F.sigmoid(z) - t, atol=1e-15)


def test_C15_softmax_cross_entropy():
    for target in (CLASSES, ONE_HOT, 0.5 * ONE_HOT + 0.125):
        t = target if target.ndim == 2 else ONE_HOT
        s = slope(lambda z, target=target: F.cross_entropy(z, Tensor(target), "none"), LOGITS)
        np.testing.assert_allclose(s, P - t, atol=1e-14)
    assert F.cross_entropy(LOGITS, CLASSES) == pytest.approx(-np.log(P[np.arange(6), CLASSES]).mean())


def test_C16_alpha_loss():
    p = np.linspace(0.05, 1, 20)
    np.testing.assert_allclose(F.alpha_loss(p, 3.0), 1.5 * (1 - p ** (1 - 1 / 3)))
    np.testing.assert_allclose(F.alpha_loss(p, 1.0), -np.log(p), atol=1e-15)
    np.testing.assert_allclose(F.alpha_loss(p, math.inf), 1 - p)
    truth = np.array([0.6, 0.3, 0.1])
    for alpha in (0.5, 1.0, 2.0, 8.0):
        q = truth**alpha / (truth**alpha).sum()
        np.testing.assert_allclose(F.alpha_tilted_posterior(truth, alpha), q)
        risk = (truth * F.alpha_loss(q, alpha)).sum()
        assert F.minimal_alpha_risk(truth, alpha) == pytest.approx(risk)
        for _ in range(20):  # nobody does better
            other = RNG.dirichlet(np.ones(3))
            assert (truth * F.alpha_loss(other, alpha)).sum() >= risk - 1e-12


def test_C17_smoothed_zero_one_loss():
    t, o = np.ones(5), np.array([-2.0, -1, 0, 1, 2])
    each = F.smooth_zero_one_loss(o, t, "none")
    assert each.tolist() == [1, 1, 0.5, 0, 0]
    assert not convex_along(lambda o: F.smooth_zero_one_loss(o, Tensor([1.0])), [-1.0], [1.0])


def test_C18_private_training():
    model = nn.Linear(2, 1, rng=0, dtype=np.float64)
    start = [p.value.copy() for p in model.parameters()]
    private = optim.PrivateOptimizer(optim.SGD(model.parameters(), lr=1.0), max_norm=0.5, noise_multiplier=0.0)
    g = RNG.normal(size=(10, 3)) * 5
    private.collect([Tensor(g[:, :2].reshape(10, 1, 2)), Tensor(g[:, 2:])])
    private.step()
    clipped = g * np.minimum(1, 0.5 / np.linalg.norm(g, axis=1, keepdims=True))
    moved = np.concatenate([(a - p.value).ravel() for a, p in zip(start, model.parameters(), strict=True)])
    np.testing.assert_allclose(moved, clipped.mean(0), rtol=1e-10)


@pytest.mark.parametrize(
    ("kernel", "k"),
    [
        ("linear", lambda u, v: u * v),
        ("polynomial", lambda u, v: (u * v + 1) ** 2),
        ("gaussian", lambda u, v: np.exp(-((u - v) ** 2))),
    ],
)
def test_C19_kernel_layer(kernel, k):
    x, layer = RNG.normal(size=(5, 4)), nn.KernelLayer(4, 3, kernel=kernel, rng=0, dtype=np.float64)
    expected = [
        [b + sum(map(k, row, sample)) for row, b in zip(layer.weight.value, layer.bias.value, strict=True)]
        for sample in x
    ]
    np.testing.assert_allclose(layer(x).value, expected, rtol=1e-10)


def test_C19_convolution_is_the_linear_kernel():
    x = RNG.normal(size=(2, 3, 5, 5))
    layer = nn.KernelLayer(3, 4, kernel="linear", kernel_size=3, rng=0, dtype=np.float64)
    convolution = nn.Conv2d(3, 4, 3, rng=0, dtype=np.float64)
    convolution.weight.data, convolution.bias.data = layer.weight.value, layer.bias.value
    np.testing.assert_allclose(layer(x).value, convolution(x).value, rtol=1e-10)


# --- D: optimisation and training ------------------------------------------------------------------------------------


def test_D1_gradient_descent():
    theta = leaf([4.0, -2.0])
    opt = optim.SGD([theta], lr=0.1)
    for _ in range(5):
        opt.zero_grad()
        (theta**2).sum().backward()
        opt.step()
    np.testing.assert_allclose(theta.value, np.array([4.0, -2.0]) * (1 - 2 * 0.1) ** 5)


def test_D2_minibatch_gradients_estimate_the_whole_one():
    x, t, w = RNG.normal(size=(512, 3)), RNG.normal(size=512), RNG.normal(size=3)
    g = lambda i: grad(lambda w: ((x[i] @ w - t[i]) ** 2).mean())(w).value
    whole = g(slice(None))
    spread = {m: np.mean([np.sum((g(RNG.integers(0, 512, m)) - whole) ** 2) for _ in range(300)]) for m in (4, 64)}
    assert spread[4] / spread[64] == pytest.approx(16, rel=0.5)  # variance falls as 1/m
    schedule = optim.ExponentialLR(optim.SGD([leaf(1.0)], lr=1.0), gamma=0.5)
    rates = []
    for _ in range(3):
        rates += schedule.get_last_lr()
        schedule.step()
    assert rates == [1, 0.5, 0.25]


def test_D3_small_batches_regularise():
    """Trained to the end on few noisy labels, small batches leave smaller errors on held-out data, over five seeds."""
    gaps = []
    for seed in range(5):
        data = datasets.make_moons(400, noise=0.35, rng=seed)
        train, test = data.split(0.25, 0.75, seed=0)
        scores = []
        for batch in (4, None):
            model = nn.MLP([2, 64, 64, 2], activation="relu", rng=seed)
            trainer = optim.Trainer(
                model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), metrics=["accuracy"]
            )
            trainer.fit(train, epochs=60, batch_size=batch, seed=seed, progress=False)
            scores.append(trainer.evaluate(test)["accuracy"])
        gaps.append(scores[0] - scores[1])
    assert np.mean(gaps) > 0


def test_D4_universal_approximation():
    """One hidden layer on a continuous function: more units, smaller error (means of three seeds)."""
    x = np.linspace(-3, 3, 128, dtype=np.float32)[:, None]
    t, errors = Tensor(np.sin(2 * x) + 0.3 * x), []
    for width in (1, 3, 24):
        finals = []
        for seed in range(3):
            model = nn.MLP([1, width, 1], activation="tanh", rng=seed)
            opt = optim.Adam(model.parameters(), lr=0.02)
            for _ in range(600):
                opt.zero_grad()
                loss = F.mse_loss(model(x), t)
                loss.backward()
                opt.step()
            finals.append(loss.item())
        errors.append(np.mean(finals))
    assert errors[0] > 3 * errors[1] > 9 * errors[2]
    assert errors[2] < 0.005


def test_D5_early_stopping_keeps_the_best_weights():
    train, val, _ = datasets.make_moons(200, noise=0.4, rng=0).split(0.3, 0.5, 0.2, seed=0)
    model = nn.MLP([2, 64, 64, 2], activation="relu", rng=0)
    trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.02), metrics=["accuracy"])
    history = trainer.fit(
        train, epochs=200, validation=val, callbacks=[optim.EarlyStopping(patience=10)], seed=0, progress=False
    )
    losses = history["val_loss"]
    assert len(losses) < 200
    assert trainer.evaluate(val)["loss"] == pytest.approx(min(losses), rel=1e-4)


def test_D6_logistic_regression_is_an_mlp_without_hidden_layers():
    from sklearn.linear_model import LogisticRegression

    data = datasets.load_iris()
    x, y = (data.x - data.x.mean(0)) / data.x.std(0), np.asarray(data.y)
    model = nn.MLP([4, 3], rng=0, dtype=np.float64)
    parameters = list(model.parameters())
    opt = optim.LBFGS(parameters, max_iter=200)

    def closure():
        opt.zero_grad()
        penalty = sum((p**2).sum() for p in parameters if p.ndim == 2) / (2 * len(x))
        loss = F.cross_entropy(model(x), Tensor(y)) + penalty
        loss.backward()
        return loss

    opt.step(closure)
    reference = LogisticRegression(C=1.0, tol=1e-10, max_iter=5000).fit(x, y)
    with no_grad():
        np.testing.assert_allclose(F.softmax(model(x)).value, reference.predict_proba(x), atol=1e-4)


def test_D7_initial_values():
    shape = (400, 300)
    expected = {
        "lecun_normal": 1 / 300,
        "glorot_uniform": 2 / 700,
        "glorot_normal": 2 / 700,
        "he_uniform": 2 / 300,
        "he_normal": 2 / 300,
    }
    for name, variance in expected.items():
        assert nn.init.get(name)(shape, RNG).var() == pytest.approx(variance, rel=0.03)
    assert nn.init.constant(0.01)((2,), RNG).tolist() == [0.01, 0.01]


def test_D8_elu_and_selu_against_relu():
    """ELU's and SELU's curves lie below ReLU's on a deep narrow MLP: training loss after ten epochs, over three seeds."""
    train, _ = datasets.load_digits().split(0.7, 0.3, seed=0)
    losses = {}
    for name, init in {"relu": "he_normal", "elu": "he_normal", "selu": "lecun_normal"}.items():
        finals = []
        for seed in range(3):
            model = nn.MLP([64, *[32] * 6, 10], activation=name, weight_init=init, bias_init=0.0, rng=seed)
            trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.01, momentum=0.9))
            finals.append(trainer.fit(train, epochs=10, seed=seed, progress=False)["loss"][-1])
        losses[name] = np.mean(finals)
    assert losses["selu"] < losses["relu"]
    assert losses["elu"] < losses["relu"]


# --- the page --------------------------------------------------------------------------------------------------------


def test_every_row_has_a_test_and_a_line():
    rows = (
        [f"A{i}" for i in range(1, 10)]
        + [f"B{i}" for i in range(1, 19)]
        + [f"C{i}" for i in range(1, 20)]
        + [f"D{i}" for i in range(1, 9)]
    )
    tests = {name.split("_")[1] for name in globals() if re.match(r"test_[A-D]\d+_", name)}
    assert tests == set(rows)
    page = (Path(__file__).resolve().parent.parent / "docs" / "topics.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| ([A-D]\d+) \|", page, re.M) == rows


def test_gradcheck_of_what_the_lectures_name():
    for loss in (F.expectation_loss, F.squared_log_loss, F.tanimoto_loss, F.cauchy_schwarz_loss):
        gradcheck(lambda z, loss=loss: loss(z, CLASSES), LOGITS, fast=True)
