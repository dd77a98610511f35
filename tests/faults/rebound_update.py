"""An update written as an assignment: from the second step on w is a result, which keeps no gradient."""

from autograd_core import Tensor

w = Tensor([3.0, -2.0], requires_grad=True, name="w")
loss = (w**2).sum()
loss.backward()
w = w - 0.1 * w.grad  # fault
loss = (w**2).sum()
loss.backward()
