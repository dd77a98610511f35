"""The features are computed under no_grad(), as was right while they were frozen."""

import numpy as np

from autograd_core import Tensor, nn, no_grad

x = Tensor(np.random.default_rng(0).normal(size=(6, 4)))
encoder, head = nn.Linear(4, 3, rng=0), nn.Linear(3, 2, rng=1)
w = encoder.weight
with no_grad():
    features = encoder(x).tanh()  # fault
loss = nn.CrossEntropyLoss()(head(features), np.array([0, 1, 0, 1, 0, 1]))
loss.backward()
