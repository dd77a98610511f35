"""A row of attention scores in which everything is masked."""

import numpy as np

from autograd_core import Tensor, nn

mask = np.array([[0.0, -np.inf], [-np.inf, -np.inf]])
scores = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True, name="scores")
p = nn.functional.softmax(scores + mask)  # fault
loss = (p**2).sum()
loss.backward()
