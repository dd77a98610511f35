"""A tensor was detached to print it, and the detached one went into the loss."""

import numpy as np

from autograd_core import Tensor

x = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
w = Tensor([0.5, -0.25], requires_grad=True, name="w")
bias = Tensor(0.0, requires_grad=True, name="bias")
scores = (x @ w).detach()  # fault
print("scores:", scores)
loss = ((scores + bias - 1.0) ** 2).mean()
loss.backward()
