"""A hook that was to clip the gradient from above clips all of it."""

import numpy as np

from autograd_core import Tensor

w = Tensor([1.0, 2.0], requires_grad=True, name="w")
h = w * 3
h.register_hook(lambda g: np.minimum(g, 0.0))  # fault
loss = (h**2).sum()
loss.backward()
