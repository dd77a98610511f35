"""float32 ends at 3e38."""

import numpy as np

from autograd_core import Tensor

w = Tensor(np.array([1e30, 1.0], np.float32), requires_grad=True, name="w")
squares = w * w  # fault
loss = squares.mean()
loss.backward()
