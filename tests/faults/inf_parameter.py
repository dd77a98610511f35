"""A learning rate so large that the weights overflow, some steps before the loss shows it."""

import numpy as np

from autograd_core import Tensor, no_grad

w = Tensor(np.array([1.0, 2.0]), requires_grad=True, name="w")
for _ in range(2):
    loss = (w**2).sum()
    loss.backward()
    with no_grad():
        w -= 1e308 * w.grad  # fault
    w.grad = None
