"""The loss is the share of mistakes, which counts comparisons."""

import numpy as np

from autograd_core import Tensor

x, t = np.array([[1.0, 2.0], [-1.0, 0.5], [0.3, -2.0]]), np.array([1.0, 0.0, 1.0])
w = Tensor([0.5, -0.25], requires_grad=True, name="w")
b = Tensor(0.1, requires_grad=True, name="b")
predicted = x @ w > 0  # fault
loss = ((predicted - t) ** 2).mean() + 0.01 * b**2
loss.backward()
