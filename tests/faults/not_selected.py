"""The embedding of a word that does not occur."""

import numpy as np

from autograd_core import Tensor

words = np.array([0, 2, 2, 0])
w = Tensor(np.random.default_rng(0).normal(size=(4, 3)), requires_grad=True, name="w")
vectors = w[words]  # fault
loss = (vectors**2).sum()
loss.backward()
