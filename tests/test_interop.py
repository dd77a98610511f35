"""How a Tensor meets the world outside: NumPy's conversions, DLPack, notebooks."""

import numpy as np
import pytest

from autograd_core import GraphCut, Tensor, from_dlpack
from autograd_core.interop import to_html, to_latex


def test_dlpack_out_shares_memory():
    t = Tensor([1.0, 2.0])
    there = np.from_dlpack(t)
    t.data = [3.0, 4.0]
    assert there.tolist() == [3, 4]
    with pytest.raises(BufferError, match=r"requires grad.*detach\(\)"):
        np.from_dlpack(Tensor([1.0], requires_grad=True))


def test_dlpack_in_shares_memory():
    there = np.zeros(2, np.float32)
    t = from_dlpack(there, requires_grad=True, name="t")
    there[0] = 5
    assert (t.value.tolist(), t.dtype, t.name) == ([5, 0], np.float32, "t")
    (t * t).sum().backward()
    assert t.grad.value.tolist() == [10, 0]
    assert from_dlpack(Tensor([1.0, 2.0])).value.tolist() == [1, 2]


def test_what_does_not_speak_dlpack():
    with pytest.raises(TypeError, match=r"list does not speak DLPack; write Tensor\(array\)"):
        from_dlpack([1.0])
    with pytest.raises(TypeError, match="only floating-point tensors"):
        from_dlpack(np.arange(2), requires_grad=True)


def test_asarray_is_read_only_and_a_copy_is_not():
    t = Tensor([1.0, 2.0])
    seen = np.asarray(t)
    with pytest.raises(ValueError, match="read-only"):
        seen[0] = 5
    t.data = [3.0, 4.0]
    assert seen.tolist() == [3, 4]
    own = np.array(t)
    own[0] = 9
    assert t.value.tolist() == [3, 4]
    assert np.asarray(t, dtype=np.float32).dtype == np.float32
    with pytest.warns(GraphCut, match="has no gradient"):
        np.asarray(Tensor([1.0], requires_grad=True))


LATEX = {
    "0-d": (2.5, "$2.5$"),
    "vector": ([1.0, -0.5], r"$\begin{bmatrix} 1 & -0.5 \end{bmatrix}$"),
    "matrix": ([[1, 2], [3, 4]], r"$\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}$"),
    "powers of ten": ([1e-7, -1e9, 2.5e12], r"$\begin{bmatrix} 10^{-7} & -10^{9} & 2.5 \cdot 10^{12} \end{bmatrix}$"),
    "not finite": ([np.inf, -np.inf, np.nan], r"$\begin{bmatrix} \infty & -\infty & \text{NaN} \end{bmatrix}$"),
    "truth": ([True, False], r"$\begin{bmatrix} 1 & 0 \end{bmatrix}$"),
    "three axes": (np.zeros((1, 1, 1)), None),
    "large": (np.zeros(101), None),
    "empty": ([], r"$\begin{bmatrix}  \end{bmatrix}$"),
}


@pytest.mark.parametrize(("data", "expected"), LATEX.values(), ids=LATEX)
def test_latex_of_small_tensors(data, expected):
    assert to_latex(Tensor(data)) == expected == Tensor(data)._repr_latex_()


def test_html_escapes_and_stays_small():
    assert to_html(Tensor([[1, 2.5]])) == "<table><tr><td>1</td><td>2.5</td></tr></table>"
    assert to_html(Tensor(np.zeros(1000), name="<x>")).startswith("<pre>Tensor(")
    assert "&lt;x&gt;" in to_html(Tensor(np.zeros(1000), name="<x>"))


WRONG_DATA = {
    "text": ("abc", TypeError, "became an array of str"),
    "complex": (1j, TypeError, "complex128"),
    "an object": (None, TypeError, "array of object"),
    "a ragged list": ([[1.0], [1.0, 2.0]], ValueError, "different lengths"),
}


@pytest.mark.parametrize(("data", "error", "message"), WRONG_DATA.values(), ids=WRONG_DATA)
def test_what_a_tensor_is_not_made_of(data, error, message):
    with pytest.raises(error, match=message):
        Tensor(data)
