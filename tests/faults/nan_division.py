"""Rows are divided by their sums, one of which is 0."""

from autograd_core import Tensor

w = Tensor([[1.0, 3.0], [0.0, 0.0]], requires_grad=True, name="w")
shares = w / w.sum(axis=1, keepdims=True)  # fault
loss = (shares**2).sum()
loss.backward()
