"""A layer was frozen for a first phase, and never set free again."""

import numpy as np

from autograd_core import Tensor

x = np.array([[1.0, 0.0], [0.5, 1.0]])
w = Tensor([1.0, -2.0], name="w")  # fault
b = Tensor(0.5, requires_grad=True, name="b")
loss = ((x @ w + b) ** 2).mean()
loss.backward()
