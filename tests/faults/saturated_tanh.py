"""The same in float32, where tanh is 1 from 10 on."""

import numpy as np

from autograd_core import Tensor

w = Tensor(np.array([12.0, -15.0], np.float32), requires_grad=True, name="w")
h = np.tanh(w)  # fault
loss = (h * np.array([1.0, 2.0], np.float32)).sum()
loss.backward()
