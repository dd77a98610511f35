"""The weights are turned into an array, to use a function of NumPy's."""

import numpy as np

from autograd_core import Tensor

w = Tensor([1.5, -0.5, 2.5], requires_grad=True, name="w")
scale = Tensor(2.0, requires_grad=True, name="scale")
weights = np.sort(w.numpy())  # fault
loss = (scale * weights).sum()
loss.backward()
