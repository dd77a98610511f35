"""Two of five units are dead; the others train."""

import numpy as np

from autograd_core import Tensor

x = np.random.default_rng(0).normal(size=(8, 3))
w = Tensor(np.random.default_rng(1).normal(size=(3, 5)), requires_grad=True, name="w")
b = Tensor([0.0, -40.0, 0.0, -40.0, 0.0], requires_grad=True, name="b")
h = (x @ w + b).relu()  # fault
loss = (h @ np.ones(5) - 1.0).mean()
loss.backward()
