"""The prediction is clipped to where no sample is."""

import numpy as np

from autograd_core import Tensor

w = Tensor([2.0, 3.0], requires_grad=True, name="w")
y = np.clip(w * 10, -1.0, 1.0)  # fault
loss = ((y - 0.5) ** 2).sum()
loss.backward()
