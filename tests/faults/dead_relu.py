"""A bias far below zero: no unit of the layer is ever on."""

import numpy as np

from autograd_core import Tensor

x = np.random.default_rng(0).normal(size=(8, 3))
w = Tensor(np.random.default_rng(1).normal(size=(3, 4)), requires_grad=True, name="w")
b = Tensor(np.full(4, -50.0), requires_grad=True, name="b")
h = (x @ w + b).relu()  # fault
loss = (h @ np.ones(4) - 1.0).mean()
loss.backward()
