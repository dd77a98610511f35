"""Hooks, retained gradients, assignment to elements, gradients written by hand, and checkpoints."""

import gc
import weakref

import numpy as np
import pytest

from autograd_core import Tensor, backprop, checkpoint, custom_vjp, grad, hessian, no_grad, set_grad_enabled
from autograd_core.check import GradientMismatch, gradcheck, gradgradcheck
from autograd_core.custom import _AllAtOnce


def leaf(data, **options):
    return Tensor(np.array(data, float), requires_grad=True, **options)


# --- hooks -----------------------------------------------------------------------------------------------------


def test_a_hook_sees_the_whole_gradient_once_and_may_replace_it():
    w, seen = leaf(2), []
    a = w * 3
    a.register_hook(lambda g: seen.append(g.item()))
    a.register_hook(lambda g: g * 10)
    (a * a + a).backward()  # ∂/∂a = 2a + 1 = 13 by two ways
    assert seen == [13]
    assert w.grad.item() == 13 * 10 * 3


def test_hooks_run_in_their_order_and_a_removed_one_no_more():
    w, order = leaf(1), []
    handles = [w.register_hook(lambda g, i=i: order.append(i)) for i in range(3)]
    handles[1].remove()
    handles[1].remove()
    (w * 2).backward()
    assert order == [0, 2]


@pytest.mark.parametrize("other", [5.0, np.float32(5), np.array(5.0), Tensor(5.0)], ids=lambda x: type(x).__name__)
def test_what_a_hook_may_return(other):
    w = leaf(1)
    w.register_hook(lambda g: other)
    (w * 2).backward()
    assert w.grad.item() == 5
    assert w.grad.dtype == np.float64


def test_hooks_of_a_graph_of_gradients_are_part_of_it():
    w = leaf(2)
    h = w**2
    h.register_hook(lambda g: g * h)  # ∂h³/∂h·h = 3h³
    (slope,) = backprop(h**3, w, create_graph=True)
    assert slope.item() == 3 * 4**3 * 2 * 2
    (curvature,) = backprop(slope, w)  # of 3h²·h·2w = 6w⁷; the hook sees this pass too, and 36w⁸ + 6w⁶ comes out
    assert curvature.item() == 36 * 2**8 + 6 * 2**6


def test_a_hook_that_raises_or_returns_another_shape_leaves_nothing_behind():
    w = leaf([1, 2])
    for bad, error in [(lambda g: 1 / 0, ZeroDivisionError), (lambda g: g.sum(), ValueError)]:
        handle = w.register_hook(bad)
        with pytest.raises(error):
            (w * 2).sum().backward()
        assert w.grad is None
        handle.remove()
    (w * 2).sum().backward()
    assert w.grad.value.tolist() == [2, 2]


def test_hooks_die_with_their_tensor():
    gc.disable()
    try:
        h = leaf(1) * 2
        h.register_hook(lambda g: None)
        dead = weakref.ref(h)
        del h
        assert dead() is None
    finally:
        gc.enable()


def test_a_hook_needs_a_gradient_to_see():
    with pytest.raises(RuntimeError, match="no gradient will arrive"):
        Tensor(1.0).register_hook(print)
    with pytest.raises(RuntimeError, match="no gradient to retain"):
        Tensor(1.0).retain_grad()


def test_retained_gradients():
    w = leaf(2, name="w")
    h = w * 3
    with pytest.raises(AttributeError, match=r"the result of multiply of shape .* is no leaf.*retain_grad"):
        _ = h.grad
    assert getattr(h, "grad", None) is None
    h.retain_grad()
    assert h.grad is None
    (h * h).backward()
    assert (h.grad.item(), w.grad.item()) == (12, 36)
    w.retain_grad()  # a leaf keeps its own anyway
    (w * 1).backward()
    assert w.grad.item() == 37


def test_the_retained_gradient_of_the_result_itself_and_accumulation():
    y = leaf(2) ** 2
    y.retain_grad()
    y.backward(retain_graph=True)
    y.backward()
    assert y.grad.item() == 2


# --- assignment ------------------------------------------------------------------------------------------------


def assigned(x):
    h = x * 3
    y = h[0] * h[1]  # reads the first version
    h[0] = x[1] * x[1]
    z = h[0] * y
    h[[1, 1]] = np.stack([x[0], x[1]])  # of two values for one place the last one stays
    h[x.value > 1.5] = x[0]
    h[..., 2:] = 2.0
    return z + h.sum() * y + h[0]


def test_assignment_to_order_two():
    gradcheck(assigned, [1.3, 0.7, 2.0])
    gradgradcheck(assigned, [1.3, 0.7, 2.0])
    with pytest.raises(GradientMismatch):
        gradcheck(lambda x: assigned(x) + x.detach().sum(), [1.3, 0.7, 2.0])


def test_assignment_means_what_it_means_to_numpy():
    def program(a):
        a = a * 2
        a[1] = 5.0
        a[:, 0] = a[:, 1] + 1
        a[a > 4] = 0.5
        a[np.array([0, 1]), np.array([2, 2])] = np.array([7.0, 8.0])
        a[None, ..., -1:] = 9.0
        return a

    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(program(leaf(x)).value, program(x.copy()))


def test_filling_a_constant_makes_it_part_of_the_graph():
    x, z = leaf([1, 2]), Tensor(np.zeros(3))
    z[1] = x[0]
    z[2] = z[1] * x[1]
    z.sum().backward()
    assert (z.value.tolist(), x.grad.value.tolist()) == ([0, 1, 2], [3, 1])


def test_a_leaf_is_written_to_under_no_grad_and_that_is_noted():
    w = leaf([1, 2], name="w")
    memory, y = w.value, w * w
    with no_grad():
        w[1] = 7.0
    assert memory.tolist() == [1, 7]
    assert w.value is memory
    with pytest.raises(RuntimeError, match=r"'w' of shape .2,., input 'a' of multiply, was written to"):
        y.sum().backward()


@pytest.mark.parametrize("recording", [True, False])
def test_assignment_means_the_same_with_and_without_a_graph(recording):
    with set_grad_enabled(recording):
        h = leaf([1, 2, 3]) * 1
        part, y = h[1:], h * 2
        h[1] = 100.0
        assert (part.value.tolist(), y.value.tolist(), h.value.tolist()) == ([2, 3], [2, 4, 6], [1, 100, 3])
        c = Tensor([1.0, 2.0])
        y = c * 2
        c[0] = 5.0
        assert (y.value.tolist(), c.value.tolist()) == ([2, 4], [5, 2])
        for view in (h[1:], h.T, h.reshape(3, 1), c[None], c.detach()):
            with pytest.raises(RuntimeError, match=r"shows a part of .* write one index"):
                view[0] = 1.0
        free = h[1:].copy()
        free[0] = 0.0
        assert h.value.tolist() == [1, 100, 3]


def test_writes_through_views_and_detached_tensors_are_noted():
    x = leaf([1, 2])
    h = x * 2
    y = h * h
    h.detach().data = [9.0, 9.0]
    with pytest.raises(RuntimeError, match=r"the result of multiply .*was written to"):
        y.sum().backward()
    w = leaf([[1, 2], [3, 4]], name="w")
    y = w * w
    with no_grad():
        w.T[0].data = [0.0, 0.0]
    with pytest.raises(RuntimeError, match=r"'w'.* was written to"):
        y.sum().backward()


def test_an_old_version_whose_graph_is_gone():
    h = leaf([1, 2]) * 2
    y = h.sum()
    h[0] = 0.0
    h.sum().backward()
    with pytest.raises(RuntimeError, match=r"was assigned to after .* had used it.*retain_graph"):
        y.backward()


WRONG_ASSIGNMENTS = {
    "a leaf": (lambda: leaf([1, 2]).__setitem__(0, 1.0), RuntimeError, r"leaf that requires grad.*no_grad\(\)"),
    "a leaf, by its gradient": (lambda: leaf([1, 2]).__setitem__(0, leaf(1)), RuntimeError, "leaf that requires grad"),
    "float into int": (lambda: Tensor([1, 2]).__setitem__(0, 1.5), TypeError, "int64 and cannot take floats"),
    "a gradient into int": (lambda: Tensor([1, 2]).__setitem__(0, leaf(1)), TypeError, r"astype\(float\)"),
    "another shape": (
        lambda: (leaf([1, 2]) * 2).__setitem__(0, [1.0, 2.0]),
        ValueError,
        r"could not broadcast|shape|sequence",
    ),
}


@pytest.mark.parametrize(("wrong", "error", "message"), WRONG_ASSIGNMENTS.values(), ids=WRONG_ASSIGNMENTS)
def test_what_cannot_be_assigned(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong()


def test_assigning_many_times_keeps_memory_in_bounds_and_no_cycles():
    gc.disable()
    try:
        h = leaf(np.zeros(4)) * 2
        dead = weakref.ref(h.inputs[0])
        for i in range(100):
            h[i % 4] = h[(i + 1) % 4] + 1
        del h
        assert dead() is None
    finally:
        gc.enable()


# --- gradients written by hand -----------------------------------------------------------------------------------


@custom_vjp
def blend(a, b, *, share=0.5):
    """A weighted mean."""
    return share * a * a + (1 - share) * b


@blend.backward
def _(g, a, share):
    return 2 * g * share * a, g * (1 - share)


def test_a_decorated_pair():
    assert blend(2.0, 4.0) == 4
    assert blend.__doc__ == "A weighted mean."
    for share in (0.5, 0.1):
        gradcheck(lambda a, b, share=share: blend(a, b, share=share), [1.0, 2.0], 3.0)
        gradgradcheck(lambda a, b, share=share: blend(a, b, share=share), [1.0, 2.0], 3.0)


def test_the_gradients_of_a_pair_are_computed_once_a_visit():
    calls = []

    @custom_vjp
    def product(a, b, c):
        return a * b * c

    @product.backward
    def _(g, y, a, b, c):
        calls.append(float(y))
        return g * b * c, None, g * a * b

    a, b, c = leaf(2), leaf(3), leaf(4)
    product(a, b, c).backward()
    assert calls == [24]
    assert (a.grad.item(), b.grad.item(), c.grad.item()) == (12, 0, 6)
    product(a, Tensor(3.0), 4.0).backward()
    assert a.grad.item() == 24


def test_any_order_of_a_pair():
    cube = custom_vjp(lambda x: x**3)
    cube.backward(lambda g, x: 3 * g * x**2)
    assert [f(2.0).item() for f in (grad(cube), grad(grad(cube)), grad(grad(grad(cube))))] == [12, 12, 6]


def test_mistakes_in_a_pair_are_said():
    @custom_vjp
    def f(a, b):
        return a * b

    x = leaf(2)
    with pytest.raises(RuntimeError, match=r"write @f\.backward"):
        f(x, x).backward()
    with pytest.raises(TypeError, match=r"reads \['c'\]; it may read g, y, a, b"):
        f.backward(lambda g, c: g)
    with pytest.raises(TypeError, match=r"f takes 2 inputs \(a, b\), 1 were given"):
        f(x)
    f.backward(lambda g, a, b: g * b)
    with pytest.raises(ValueError, match=r"returned 1 gradients for 2 inputs \(a, b\)"):
        f(x, x).backward()
    assert x.grad is None


# --- checkpoints -------------------------------------------------------------------------------------------------


def deep(w, h):
    for _ in range(4):
        h = np.tanh(h * w) + h
    return h


def test_a_checkpoint_changes_no_gradient():
    def gradients(wrap):
        w, x = leaf([2, 3]), leaf([0.3, 0.4])
        segment = wrap(lambda h: deep(w, h))
        segment(segment(x * 2)).sum().backward()  # w is read from outside, x * 2 is no leaf
        return w.grad.value, x.grad.value

    np.testing.assert_array_equal(gradients(checkpoint), gradients(lambda f: f))
    gradcheck(lambda w, x: checkpoint(deep)(w, x * x), [1.0, 0.5], [0.3, 0.4])
    gradgradcheck(lambda w, x: checkpoint(deep)(w, x * x), [1.0, 0.5], [0.3, 0.4])
    assert hessian(lambda z: checkpoint(lambda h: (h**3).sum())(z))(np.array([1.0, 2.0])).value.tolist() == [
        [6, 0],
        [0, 12],
    ]


def test_a_checkpoint_keeps_one_node_and_computes_twice():
    calls = []

    def f(h):
        calls.append(1)
        return np.exp(np.sin(h)) * h

    x = leaf(1)
    y = checkpoint(f)(x)
    assert isinstance(y.op, _AllAtOnce)
    assert y.inputs == (x,)
    y.backward()
    assert len(calls) == 2
    assert checkpoint(f)(Tensor(1.0)).is_leaf


def test_what_cannot_be_computed_again():
    rng, w = np.random.default_rng(0), leaf([1, 2])
    y = checkpoint(lambda h: h * rng.random())(w)
    with pytest.raises(RuntimeError, match=r"same numbers the second time.*dropout"):
        y.sum().backward()
    assert w.grad is None
    with pytest.raises(TypeError, match="one Tensor, not tuple"):
        checkpoint(lambda h: (h, h))(w)
