"""The optimizer still holds the tensor that the model had before its weights were loaded."""

import numpy as np

from autograd_core import Tensor, optim

w = Tensor([1.0, 2.0], requires_grad=True, name="w")
optimizer = optim.SGD([w], lr=0.1)
loaded = Tensor(np.array([0.5, 0.25]), requires_grad=True, name="w")  # fault
loss = (loaded**2).sum()
loss.backward()
optimizer.step()
