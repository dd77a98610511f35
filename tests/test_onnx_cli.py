"""`autograd-core export --onnx`: what a runtime gives is what `predict` says."""

import csv
import json

import numpy as np
import pytest
from test_cli import points, run, write_csv


def test_the_file_predicts_as_the_command_does(tmp_path, monkeypatch, capsys):
    onnxruntime = pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("autograd_core.cli.train._picture", lambda *_: None)
    write_csv("points.csv", points())
    assert run("train", "points.csv", "--target", "kind", "--epochs", 10, "--lr", 0.02, "--out", "out", "--quiet") == 0
    assert run("export", "out", "--onnx", "points.onnx") == 0
    assert run("export", "out", "--onnx", "points.onnx") == 2
    assert "is there already" in capsys.readouterr().err
    run("predict", "out", "points.csv")
    said = [row["kind"] for row in csv.DictReader(capsys.readouterr().out.splitlines())]
    session = onnxruntime.InferenceSession("points.onnx")
    notes = json.loads(session.get_modelmeta().custom_metadata_map["autograd_core"])
    x = np.array([row[:2] for row in points()], float)
    x = ((x - notes["inputs"]["mean"]) / notes["inputs"]["scale"]).astype(np.float32)
    (z,) = session.run(["y"], {"x": x})
    assert [notes["classes"][k] for k in z.argmax(axis=1)] == said
