"""pytorch#143658: a dummy of one element, never filled; shapes tell it at once."""

import numpy as np

from autograd_core import Tensor

w = Tensor(np.ones((4, 3)), requires_grad=True, name="w")
dummy = Tensor(np.full(1, np.nan), name="dummy")  # fault
loss = (w * 2 + dummy).mean()
loss.backward()
