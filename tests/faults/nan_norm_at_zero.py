"""HIPS/autograd#617: the distance of two equal points."""

import numpy as np

from autograd_core import Tensor

a, b = Tensor([1.0, 2.0], requires_grad=True, name="a"), np.array([1.0, 2.0])
squared = ((a - b) ** 2).sum()
loss = np.sqrt(squared)  # fault
loss.backward()
