"""One epoch of digits with this project."""

from autograd_core import datasets, nn, optim

train = datasets.load_digits()
model = nn.MLP([64, 32, 10], activation="relu", rng=0)
trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=1e-3))
trainer.fit(train, epochs=1, batch_size=32, seed=0)
