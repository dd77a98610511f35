"""A mask that is 0 for every sample."""

import numpy as np

from autograd_core import Tensor

lengths = np.array([0, 0, 0])
w = Tensor([0.5, 0.25, 0.125], requires_grad=True, name="w")
mask = (lengths > 0).astype(float)
loss = (w * mask).sum()  # fault
loss.backward()
