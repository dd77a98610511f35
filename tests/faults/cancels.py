"""A regulariser of the wrong sign takes away what the loss gives."""

from autograd_core import Tensor

w = Tensor(2.0, requires_grad=True, name="w")
fit = 3.0 * w
penalty = -3.0 * w  # fault
loss = fit + penalty
loss.backward()
