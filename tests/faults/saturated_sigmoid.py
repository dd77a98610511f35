"""Inputs of the size of pixel values drive the sigmoid to its ends."""

import numpy as np

from autograd_core import Tensor

x = np.array([[200.0, 120.0, 90.0], [250.0, 30.0, 80.0]])
w = Tensor([1.0, 0.5, 0.25], requires_grad=True, name="w")
y = (x @ w).sigmoid()  # fault
loss = ((y - 0.5) ** 2).mean()
loss.backward()
