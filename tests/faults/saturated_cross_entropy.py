"""Logits so large that the probability of the true class is exactly 1."""

import numpy as np

from autograd_core import Tensor, nn

w = Tensor([[1.0, -1.0], [-1.0, 1.0]], requires_grad=True, name="w")
logits = 1000.0 * w
loss = nn.CrossEntropyLoss()(logits, np.array([0, 1]))  # fault
loss.backward()
