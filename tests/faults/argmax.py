"""The most likely class is taken by argmax, and compared as a number."""

import numpy as np

from autograd_core import Tensor

x, t = np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 2, 1, 1])
w = Tensor(np.random.default_rng(1).normal(size=(3, 3)), requires_grad=True, name="w")
b = Tensor(0.1, requires_grad=True, name="b")
label = np.argmax(x @ w, axis=1)  # fault
loss = np.abs(label - t + b).mean()
loss.backward()
