"""A hinge whose margin all samples keep."""

import numpy as np

from autograd_core import Tensor

x, t = np.array([[3.0, 1.0], [-2.0, -4.0]]), np.array([1.0, -1.0])
w = Tensor([2.0, 1.0], requires_grad=True, name="w")
loss = np.maximum(1 - t * (x @ w), 0).mean()  # fault
loss.backward()
