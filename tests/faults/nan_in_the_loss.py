"""pytorch#160016: the loss itself is NaN, and nothing is said."""

import numpy as np

from autograd_core import Tensor

inp = Tensor([1.0], requires_grad=True, name="inp")
loss = np.log(-inp).sum()  # fault
loss.backward()
