"""The standard library's math does not know tensors."""

import math

from autograd_core import Tensor

w = Tensor(0.3, requires_grad=True, name="w")
b = Tensor(0.5, requires_grad=True, name="b")
wave = math.sin(w)  # fault
loss = (b * wave - 1.0) ** 2
loss.backward()
