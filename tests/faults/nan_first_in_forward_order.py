"""pytorch#160016: the first NaN is born in the first root; a look in backward order blames the second."""

import numpy as np

from autograd_core import Tensor

x = Tensor([1.0], requires_grad=True, name="x")
y = np.sqrt(x - 2)  # fault
y = np.sqrt(y)
loss = y.sum()
loss.backward()
