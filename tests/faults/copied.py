"""A result is deep-copied, to keep it safe; the copy is a leaf without a past."""

from autograd_core import Tensor

w = Tensor([1.5, 2.5], requires_grad=True, name="w")
b = Tensor([0.0, 1.0], requires_grad=True, name="b")
h = Tensor(w * 2)  # fault
loss = ((h + b) ** 2).sum()
loss.backward()
