"""Small factors, one after the other, in float32."""

import numpy as np

from autograd_core import Tensor

w = Tensor(np.array([1.0, 2.0], np.float32), requires_grad=True, name="w")
a = w * np.float32(1e-30)  # fault
loss = (a * np.float32(1e-30)).sum()
loss.backward()
