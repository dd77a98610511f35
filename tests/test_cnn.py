"""A small convolutional network reads handwritten digits better than linear layers alone do, in a few seconds."""

import os
import subprocess
import sys

import numpy as np
import pytest

from autograd_core import datasets, nn, optim


def cnn(rng):
    """For rows of 64 pixels, as the data set has them: two convolutions, each followed by pooling."""
    rng = np.random.default_rng(rng)
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 16, 3, padding=1, rng=rng), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1, rng=rng), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.3, rng=rng), nn.Linear(128, 10, rng=rng),
    )  # fmt: skip


def trained(seed, epochs, train, validation=None):
    model = cnn(seed)
    optimizer = optim.Adam(model.parameters(), lr=5e-3)
    schedule = optim.CosineAnnealingLR(optimizer, T_max=epochs)
    trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optimizer, metrics=["accuracy"], schedule=schedule)
    trainer.fit(train, epochs=epochs, batch_size=64, validation=validation, seed=seed)
    return trainer


def split_digits():
    return datasets.load_digits().split(0.7, 0.15, 0.15, seed=0)


def test_it_reads_digits():
    # in a process of one thread: on a busy machine several wait for one another longer than such products take
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, __file__], capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr
    assert float(run.stdout) >= 0.985


def test_it_is_reproducible_and_comes_back_from_a_file(tmp_path):
    train, _, test = split_digits()
    few = train.x[:128], train.y[:128]
    first, second = trained(3, 1, few), trained(3, 1, few)
    for name, value in first.model.state_dict().items():
        np.testing.assert_array_equal(value, second.model.state_dict()[name], err_msg=name)
    nn.save(first.model, tmp_path / "cnn.npz")
    back = nn.load(tmp_path / "cnn.npz").eval()
    x = test.x[:50].astype(np.float32)
    np.testing.assert_array_equal(back(x).value, first.model.eval()(x).value)


@pytest.mark.parametrize("count", [1, 7])
def test_it_takes_rows_and_images_alike(count):
    rows = split_digits()[2].x[:count].astype(np.float32)
    model = cnn(0).eval()
    images = nn.Sequential(*model.layers[1:]).eval()
    np.testing.assert_array_equal(images(rows.reshape(-1, 1, 8, 8)).value, model(rows).value)


if __name__ == "__main__":
    train, validation, test = split_digits()
    print(trained(0, 15, train, validation).evaluate(test)["accuracy"])
