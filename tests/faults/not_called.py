"""The step is taken before backward()."""

from autograd_core import Tensor, optim

w = Tensor([1.0, 2.0], requires_grad=True, name="w")
optimizer = optim.SGD([w], lr=0.1)
loss = (w**2).sum()  # fault
optimizer.step()
