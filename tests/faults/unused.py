"""The second layer's weights are never used: the first is called twice."""

import numpy as np

from autograd_core import Tensor, nn

x = Tensor(np.random.default_rng(0).normal(size=(6, 3)))
first, second = nn.Linear(3, 3, rng=0), nn.Linear(3, 3, rng=1)  # fault
w = second.weight
h = first(x).tanh()
h = first(h).tanh()
loss = (h**2).mean()
loss.backward()
