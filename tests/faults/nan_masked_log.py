"""jax#347: log(0) behind a where: the loss is right, the gradient NaN."""

import numpy as np

from autograd_core import Tensor

p = Tensor([0.5, 0.0, 0.25], requires_grad=True, name="p")
logs = np.log(p)  # fault
loss = -np.where(p.value > 0, p * np.where(p.value > 0, logs, 0.0), 0.0).sum()
loss.backward()
