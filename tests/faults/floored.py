"""Rounding on the way."""

import numpy as np

from autograd_core import Tensor

w = Tensor([1.7, 2.3], requires_grad=True, name="w")
steps = np.floor(w * 10)  # fault
loss = (steps**2).sum()
loss.backward()
