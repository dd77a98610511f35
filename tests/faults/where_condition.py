"""The weights decide only which branch is taken, which has no derivative."""

import numpy as np

from autograd_core import Tensor

w = Tensor([0.5, -0.25, 1.0], requires_grad=True, name="w")
low, high = Tensor(1.0, requires_grad=True, name="low"), Tensor(2.0, requires_grad=True, name="high")
loss = np.where(w > 0, high, low).sum()  # fault
loss.backward()
