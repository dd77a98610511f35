"""HIPS/autograd#706: the gradient of an intermediate value is asked for."""

from autograd_core import Tensor

x = Tensor([1.0, 2.0], requires_grad=True, name="x")
w = x * 3  # fault
loss = (w**2).sum()
loss.backward()
