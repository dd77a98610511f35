"""The start is a stationary point."""

import numpy as np

from autograd_core import Tensor

w = Tensor(np.zeros(3), requires_grad=True, name="w")
loss = (w**2).sum()  # fault
loss.backward()
