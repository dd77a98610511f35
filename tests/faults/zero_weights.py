"""The second layer begins at zero, and passes nothing back."""

import numpy as np

from autograd_core import Tensor

x = np.random.default_rng(0).normal(size=(5, 3))
w = Tensor(np.random.default_rng(1).normal(size=(3, 4)), requires_grad=True, name="w")
v = Tensor(np.zeros((4, 1)), requires_grad=True, name="v")
h = np.tanh(x @ w)
y = h @ v  # fault
loss = ((y - 1.0) ** 2).mean()
loss.backward()
