"""HIPS/autograd#587: tanh as its formula has it, far to the left."""

import numpy as np

from autograd_core import Tensor

x = Tensor([0.5, -400.0], requires_grad=True, name="x")
y = np.exp(-2.0 * x)  # fault
tanh = (1.0 - y) / (1.0 + y)
loss = tanh.sum()
loss.backward()
