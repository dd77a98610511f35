"""The likelihood of many samples as a product, in float32."""

import numpy as np

from autograd_core import Tensor

w = Tensor(np.full(60, 0.1, np.float32), requires_grad=True, name="w")
likelihood = np.prod(w)  # fault
loss = -likelihood
loss.backward()
