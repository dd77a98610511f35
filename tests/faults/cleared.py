"""zero_grad() stands between backward() and the look at the gradient."""

from autograd_core import Tensor, optim

w = Tensor([1.0, 2.0], requires_grad=True, name="w")
optimizer = optim.SGD([w], lr=0.1)
loss = (w**2).sum()
loss.backward()
optimizer.zero_grad()  # fault
optimizer.step()
