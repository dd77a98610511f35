"""A Gaussian so narrow that it is 0 in float32 wherever the samples are."""

import numpy as np

from autograd_core import Tensor

x = np.array([20.0, 30.0], np.float32)
w = Tensor(np.float32(1.0), requires_grad=True, name="w")
density = np.exp(-((x - w) ** 2))  # fault
loss = -density.sum()
loss.backward()
