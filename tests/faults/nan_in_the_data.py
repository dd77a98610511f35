"""A missing measurement in the batch."""

import numpy as np

from autograd_core import Tensor

x = Tensor([[1.0, 2.0], [np.nan, 4.0]], name="x")  # fault
w = Tensor([0.5, -0.5], requires_grad=True, name="w")
loss = ((x @ w - 1.0) ** 2).mean()
loss.backward()
