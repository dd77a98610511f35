"""Weights written without a decimal point are integers."""

import numpy as np

from autograd_core import Tensor

w = Tensor([1, -2, 3], name="w")  # fault
b = Tensor(0.5, requires_grad=True, name="b")
x = np.array([[1.0, 0.0, 2.0], [0.5, 1.0, 1.0]])
loss = ((x @ w + b) ** 2).mean()
loss.backward()
