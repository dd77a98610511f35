"""One epoch with PyTorch; it brings no digits, so it is given random numbers of their shape for nothing."""

import torch

x, t = torch.rand(1797, 64), torch.randint(10, (1797,))
model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
loss_fn = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for indices in torch.randperm(len(x)).split(32):
    optimizer.zero_grad()
    loss = loss_fn(model(x[indices]), t[indices])
    loss.backward()
    optimizer.step()
