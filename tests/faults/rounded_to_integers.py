"""Prices are rounded to whole numbers on the way."""

from autograd_core import Tensor

w = Tensor([1.7, 2.3], requires_grad=True, name="w")
tax = Tensor(0.2, requires_grad=True, name="tax")
price = (w * 10).astype(int)  # fault
loss = (price * tax).sum()
loss.backward()
