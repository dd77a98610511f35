"""The sign as an activation."""

import numpy as np

from autograd_core import Tensor

x = np.array([[1.0, 2.0], [-1.0, 0.5]])
w = Tensor([0.5, -0.75], requires_grad=True, name="w")
y = np.sign(x @ w)  # fault
loss = ((y - 1.0) ** 2).sum()
loss.backward()
