"""200 malformed CSV files and 200 corrupted models on the command line: a result or a sentence, never a traceback."""

import shutil

import fuzz_csv
import fuzz_models
import numpy as np
import pytest
from test_cli import points, run, write_csv


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("autograd_core.cli.train._picture", lambda *_: None)


def said(capsys, name):
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err, name
    lines = [line for line in err.splitlines() if line.startswith("autograd-core: error: ")]
    return lines[-1] if lines else ""


def test_malformed_tables(tmp_path, capsys):
    statuses, path = [], tmp_path / "table.csv"
    for name, data in fuzz_csv.cases(200, seed=3):
        path.write_bytes(data)
        statuses.append(
            run("train", "table.csv", "--epochs", 1, "--hidden", 2, "--batch-size", 0, "--out", "out", "--quiet")
        )
        sentence = said(capsys, name)
        assert statuses[-1] == (2 if sentence else 0), (name, sentence)
        assert not sentence or (len(sentence) > 40 and sentence.isprintable()), (name, sentence)
        assert path.read_bytes() == data
        assert (tmp_path / "out").exists() == (statuses[-1] == 0), (name, sentence)
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
    assert len(statuses) == 200
    assert 5 < statuses.count(0) < 150


def test_corrupted_models(tmp_path, capsys):
    write_csv("points.csv", points())
    run("train", "points.csv", "--target", "kind", "--epochs", 1, "--out", "out", "--quiet")
    sound = (tmp_path / "out/model.npz").read_bytes()
    rng, refused = np.random.default_rng(0), 0
    forged = [raw for _, suffix, raw in fuzz_models.corrupted(tmp_path, 200) if suffix == ".npz"]
    cases = [*forged, *(fuzz_models.damaged(sound, rng) for _ in range(200 - len(forged)))]
    assert len(cases) == 200
    for i, raw in enumerate(cases):
        (tmp_path / "out/model.npz").write_bytes(raw)
        status = run("predict", "out", "points.csv")
        sentence = said(capsys, i)
        assert status == (2 if sentence else 0), (i, sentence)
        assert raw == sound or status == 2, i
        refused += status == 2
    assert refused > 190
    assert not fuzz_models.RAN
