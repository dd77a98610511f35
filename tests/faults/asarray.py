"""The weights are put into an array of arrays."""

import numpy as np

from autograd_core import Tensor

w = Tensor([1.25, -0.5], requires_grad=True, name="w")
gain = Tensor([1.0, 1.0], requires_grad=True, name="gain")
table = np.asarray(w)  # fault
loss = (gain * table).sum() + (gain * table**2).sum()
loss.backward()
