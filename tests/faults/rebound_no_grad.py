"""The same under no_grad(): the new w requires no grad at all."""

from autograd_core import Tensor, no_grad

w = Tensor([3.0, -2.0], requires_grad=True, name="w")
b = Tensor(1.0, requires_grad=True, name="b")
loss = ((w + b) ** 2).sum()
loss.backward()
with no_grad():
    w = w - 0.1 * w.grad  # fault
loss = ((w + b) ** 2).sum()
loss.backward()
