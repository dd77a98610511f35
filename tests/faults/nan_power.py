"""A negative number to a broken power."""

from autograd_core import Tensor

w = Tensor([0.5, -0.5], requires_grad=True, name="w")
loss = (w**1.5).sum()  # fault
loss.backward()
