"""α-loss with α > 1 is robust where labels are flipped (topic C16); notebook 11 draws the same experiment."""

import numpy as np

from autograd_core import datasets, nn, optim


def flipped(labels, share, rng):
    """Labels of which exactly that share are replaced by another class."""
    labels = np.array(labels)
    who = rng.permutation(len(labels))[: round(share * len(labels))]
    labels[who] = (labels[who] + rng.integers(1, 10, len(who))) % 10
    return labels


def accuracy(loss, seed):
    """On digits, 40 % of them to learn from, 30 % of whose labels are flipped; the labels of the test are true."""
    (train, test), _ = datasets.standardize(*datasets.load_digits().split(0.4, 0.6, seed=seed))
    noisy = flipped(train.y, 0.3, np.random.default_rng(seed))
    model = nn.MLP([64, 64, 10], rng=seed)
    trainer = optim.Trainer(model, loss, optim.Adam(model.parameters(), lr=0.01))
    trainer.fit((train.x, noisy), epochs=25, batch_size=60, seed=seed, progress=False)
    return float((model(test.x).numpy().argmax(1) == test.y).mean())


def test_alpha_loss_withstands_flipped_labels():
    seeds = range(5)
    cross_entropy = np.array([accuracy(nn.CrossEntropyLoss(), seed) for seed in seeds])
    alpha = np.array([accuracy(nn.AlphaLoss(4.0), seed) for seed in seeds])
    assert (alpha - cross_entropy > 0.05).all()  # 0.73 ± 0.02 against 0.90 ± 0.01
    assert np.mean(alpha - cross_entropy) > 0.1
    assert max(cross_entropy.std(), alpha.std()) < 0.05
