"""The probabilities are summed over the classes: always 1."""

import numpy as np

from autograd_core import Tensor, nn

x = np.random.default_rng(0).normal(size=(4, 3))
w = Tensor(np.random.default_rng(1).normal(size=(3, 5)), requires_grad=True, name="w")
p = nn.functional.softmax(x @ w)  # fault
loss = p.sum()
loss.backward()
