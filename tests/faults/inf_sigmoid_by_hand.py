"""1/(1 + exp(1000)) is 0, and only its logarithm is infinite: the overflow came before."""

import numpy as np

from autograd_core import Tensor

z = Tensor([-1000.0, 1.0], requires_grad=True, name="z")
e = np.exp(-z)  # fault
p = 1 / (1 + e)
loss = -np.log(p).sum()
loss.backward()
