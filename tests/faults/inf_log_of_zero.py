"""Cross-entropy by hand, of a probability that is 0."""

import numpy as np

from autograd_core import Tensor

w = Tensor([0.0, 0.3, 0.7], requires_grad=True, name="w")
t = np.array([1.0, 0.0, 0.0])
logs = np.log(w)  # fault
loss = -(t * logs).sum()
loss.backward()
