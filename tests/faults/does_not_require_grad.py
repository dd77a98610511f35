"""pytorch#151783, #82017: nothing requires grad, and backward() says so without a line."""

import numpy as np

from autograd_core import Tensor

x = Tensor(np.random.default_rng(0).normal(size=(5, 10)), name="x")
w = Tensor(np.ones(10), name="w")  # fault
loss = np.tanh(x @ w).mean()
try:
    loss.backward()
except RuntimeError as error:
    print(error)
