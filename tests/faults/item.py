"""A penalty is added as a number."""

import numpy as np

from autograd_core import Tensor

w = Tensor([1.25, -0.5, 0.75], requires_grad=True, name="w")
b = Tensor(0.5, requires_grad=True, name="b")
penalty = np.abs(w).sum().item()  # fault
loss = (b - 1.0) ** 2 + 0.01 * penalty
loss.backward()
