"""The condition is the wrong way round."""

import numpy as np

from autograd_core import Tensor

x = np.array([1.0, 2.0, 3.0])
w = Tensor([0.5, 0.25, 0.125], requires_grad=True, name="w")
loss = np.where(x > 0, 0.0, w * x).sum()  # fault
loss.backward()
