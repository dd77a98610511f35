"""200 model files that are damaged, forged or no model files at all, the same ones every time.

The tests load each of them; `python tests/fuzz_models.py FOLDER` writes them out for trying other programs on them.
"""

import io
import json
import pickle
import struct
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np

from autograd_core import nn
from autograd_core.nn.serialize import checksum

RAN = []  # what a payload would leave behind if it were run


class Payload:
    """Runs as soon as it is unpickled."""

    def __reduce__(self):
        return RAN.append, ("a file was unpickled",)


def model():
    """The model that all files were once: a shared layer, running statistics, a container in a container."""
    layer = nn.Linear(3, 3, rng=0)
    return nn.Sequential(layer, nn.BatchNorm1d(3), nn.Tanh(), layer, nn.Residual(nn.Linear(3, 3, rng=1), nn.ReLU()))


def content(folder, suffix):
    """Header, arrays and bytes of the sound file."""
    path = Path(folder) / f"sound{suffix}"
    nn.save(model(), path, classes=["a", "b", "c"])
    header, arrays = nn.arrayfiles.read(path)
    return header, arrays, path.read_bytes()


# --- files made by hand, since nn.save writes no such thing --------------------------------------------------------


def npy(array):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array))
    return file.getvalue()


def zipped(members, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two members of one name
        for name, raw in members:
            archive.writestr(zipfile.ZipInfo(name), raw, compression)
    return file.getvalue()


def npz(header, arrays, more=(), **way):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    members = [(f"state/{name}.npy", a if isinstance(a, bytes) else npy(a)) for name, a in arrays.items()]
    return zipped([*members, *more, ("autograd_core.json.npy", npy(np.frombuffer(text, np.uint8)))], **way)


def safetensors(header, arrays, change=lambda said: None):
    """The format in short: eight bytes of length, JSON about the arrays, their bytes."""
    said, data = {"__metadata__": {"autograd_core.json": json.dumps(header)}}, b""
    for name, a in arrays.items():
        raw = np.ascontiguousarray(a).tobytes()
        kind = {"f": "F", "i": "I"}[a.dtype.kind] + str(8 * a.itemsize)
        said[name] = {"dtype": kind, "shape": list(a.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    change(said)
    text = json.dumps(said).encode()
    return struct.pack("<Q", len(text)) + text + data


def sealed(header, arrays, **changes):
    """A header that was changed by somebody who knows how the checksum is made."""
    header = {**header, **changes}
    return {**header, "checksum": checksum(header, arrays)}


def npy_saying(text, raw=b"\0" * 36):
    text = text.encode() + b" " * 8 + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + raw


# --- what is wrong with them ---------------------------------------------------------------------------------------

HUGE = 10**12
LINEAR = {"type": "Linear", "config": {"in_features": 3, "out_features": 3}}


def deep(n, leaf=LINEAR):
    for _ in range(n):
        leaf = {"type": "Sequential", "layers": [leaf]}
    return leaf


ARCHITECTURES = [
    [], {}, 3, "MLP", True, {"type": 3}, {"type": None}, {"type": ["MLP"]}, {"type": "os"}, {"type": "Module"},
    {"type": "__import__('os').abort()"}, {"type": "MLP"}, {"type": "MLP", "config": []}, {"type": "MLP", "config": {"sizes": "abc"}},
    {"type": "MLP", "config": {"sizes": [HUGE, HUGE]}}, {"type": "MLP", "config": {"sizes": [10**6, 10**6, -(10**6)]}},
    {"type": "MLP", "config": {"sizes": [3.0, 3.0]}}, {"type": "MLP", "config": {"sizes": {"a": 1}}}, {"type": "MLP", "config": {"sizes": None}},
    {"type": "MLP", "config": {"sizes": [3, 3, 3], "activation": "exec"}}, {"type": "MLP", "config": {"sizes": [3, 3], "rng": "x"}},
    {"type": "Linear", "config": {"in_features": HUGE, "out_features": HUGE}}, {"type": "Linear", "config": {"in_features": True, "out_features": 1}},
    {"type": "Linear", "config": {"in_features": 3, "out_features": 3, "dtype": "V1000000000"}},
    {"type": "Linear", "config": {"in_features": 3, "out_features": 3, "dtype": "object"}},
    {"type": "Linear", "config": {"in_features": 3, "out_features": 3, "dtype": [["a", "f8", HUGE]]}},
    {"type": "Conv2d", "config": {"in_channels": 10**5, "out_channels": 10**5, "kernel_size": [10**5, 10**5]}},
    {"type": "BatchNorm1d", "config": {"num_features": HUGE}}, {"type": "LayerNorm", "config": {"normalized_shape": [10**6, 10**6]}},
    {"type": "PReLU", "config": {"num_parameters": HUGE}}, {"type": "AdaptiveReLU", "config": {"features": 10**6}},
    {"type": "KernelLayer", "config": {"in_features": 3, "out_features": 3, "kernel": "exec"}},
    {"type": "Sequential", "layers": {"0": LINEAR}}, {"type": "Sequential", "layers": [None]}, {"type": "Sequential", "layers": [[LINEAR]]},
    {"type": "Sequential", "layers": [LINEAR] * 100}, {"type": "Parallel", "layers": [LINEAR], "config": {"combine": "exec"}},
    {"type": "Residual", "layers": [LINEAR], "config": {"f": 1}}, {"type": "CrossEntropyLoss", "config": {"weight": ["x"]}},
    {"type": "Unflatten", "config": {"dim": 1, "unflattened_size": 5}}, {"type": "Dropout", "config": {"p": "x"}}, deep(200), deep(300),
]  # fmt: skip
HEADERS = [
    {"version": 3}, {"version": "2"}, {"version": True}, {"version": [2]}, {"version": None}, {"version": 10**30}, {"version": 2.5},
    {"format": "another"}, {"format": None}, {"notes": []}, {"notes": None}, {"notes": "x"}, {"shared": []}, {"shared": None},
    {"shared": {"3.weight": "nowhere"}}, {"shared": {"3.weight": None}}, {"shared": {"3.weight": ["0.weight"]}}, {"shared": {}},
    {"shared": {"3.weight": "0.bias", "3.bias": "0.bias"}}, {"shared": {"a.b.c": "0.weight"}},
]  # fmt: skip
NPY = [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-3, -3), }", "{'descr': '|O', 'fortran_order': False, 'shape': (9,), }",
    "{'descr': '|V999999999', 'fortran_order': False, 'shape': (9,), }", "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (9,), }",
    "{'descr': '<f4', 'fortran_order': 3, 'shape': (9,), }", "{'descr': '<f4', 'shape': (9,), }", "__import__('os').abort()",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 3, 3), }", "(" * 5000, "",
    f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({'9' * 5000},), }}",
]  # fmt: skip


def damaged(raw, rng):
    """A random accident to a file's bytes."""
    raw = bytearray(raw)
    kind = int(rng.integers(6))
    at, to = sorted(int(i) for i in rng.integers(0, len(raw), 2))
    if kind < 2:
        for place in rng.integers(0, len(raw), 1 + 3 * kind):
            raw[place] ^= 1 << int(rng.integers(8))
    elif kind == 2:
        del raw[to:]
    elif kind == 3:
        del raw[at:to]
    elif kind == 4:
        raw[at:to] = bytes(to - at)
    else:
        raw[at:at] = rng.bytes(20)
    return bytes(raw)


def forged(header, arrays):
    """Files that are sound but for one thing, as (name, suffix, bytes)."""
    for changes in [*({"architecture": a} for a in ARCHITECTURES), *HEADERS]:
        yield f"header {changes}", ".npz", npz(sealed(header, arrays, **changes), arrays)
    unsealed = {k: v for k, v in header.items() if k not in ("checksum", "shared")} | {"version": 1}
    for architecture in ARCHITECTURES[14:16]:
        yield "version 1", ".npz", npz({**unsealed, "architecture": architecture}, arrays)
    for change in [{"notes": {}}, {"architecture": LINEAR}, {"checksum": "0" * 64}, {"checksum": None}]:
        yield f"not sealed {change}", ".npz", npz({**header, **change}, arrays)
        yield f"not sealed {change}", ".safetensors", safetensors({**header, **change}, arrays)
    for text in [b"", b"[1]", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"version": NaN}', b"9" * 5000]:
        yield f"header {text[:20]!r}", ".npz", npz(text, arrays)
    for text in NPY:
        yield f"npy {text[:40]}", ".npz", npz(header, {**arrays, "0.weight": npy_saying(text)})
    swapped = {**arrays, "0.weight": arrays["4.0.weight"], "4.0.weight": arrays["0.weight"]}
    yield "swapped", ".npz", npz(header, swapped)
    yield "swapped", ".safetensors", safetensors(header, swapped)
    for changed in [
        {**arrays, "0.weight": arrays["0.weight"].T},
        {**arrays, "0.bias": arrays["0.bias"].astype(float)},
        {},
    ]:
        yield "other arrays", ".npz", npz(header, changed)
    yield "sealed, too few", ".npz", npz(sealed(header, {}), {})
    yield "bomb", ".npz", npz(header, {**arrays, "0.bias": np.zeros(1_000_000)}, compression=zipfile.ZIP_DEFLATED)
    yield "twice", ".npz", npz(header, arrays, more=[("state/0.bias.npy", npy(np.zeros(3, np.float32)))])
    yield "way out", ".npz", npz(header, arrays, more=[("../../evil.py", b"raise SystemExit")])
    sound = npz(header, arrays)
    at = sound.rindex(b"PK\x01\x02")
    for offset, raw in [(24, b"\0\0\0\x80"), (20, b"\0\0\0\x80"), (42, b"\0\0\0\x80"), (8, b"\1\0"), (10, b"c\0")]:
        start = at + offset  # of the size, the size in the file, the place, a flag for encryption, a method
        yield f"directory {offset}", ".npz", sound[:start] + raw + sound[start + len(raw) :]
    yield "pickle", ".npz", pickle.dumps(Payload())
    yield "pickle", ".pkl", pickle.dumps(Payload(), 0)
    yield "pickle", ".safetensors", pickle.dumps(Payload(), 4)
    yield "as torch.save", ".pt", zipped([("archive/data.pkl", pickle.dumps(Payload())), ("archive/version", b"3")])
    yield "pickled array", ".npz", npz(header, {**arrays, "0.bias": npy_saying(NPY[2], pickle.dumps([Payload()]))})
    for length in (0, 1, 2**20, 2**40, 2**63, 2**64 - 1):
        yield f"length {length}", ".safetensors", struct.pack("<Q", length) + safetensors(header, arrays)[8:]
    for change in [
        lambda s: s["0.bias"].update(shape=[HUGE]), lambda s: s["0.bias"].update(data_offsets=[0, 2**60]),
        lambda s: s["0.bias"].update(data_offsets=[-1, 11]), lambda s: s["0.bias"].update(dtype="PICKLE"),
        lambda s: s["0.bias"].update(data_offsets=s["0.weight"]["data_offsets"]), lambda s: s.update(__metadata__={}),
        lambda s: s.update(__metadata__={"autograd_core.json": 3}), lambda s: s.pop("__metadata__"), lambda s: s.pop("0.bias"),
    ]:  # fmt: skip
        yield "safetensors", ".safetensors", safetensors(header, arrays, change)
    for text in (b"", b"\x93NUMPY", b"weights", b"PK", b"PK\x05\x06" + b"\0" * 18):
        yield f"text {text!r}", ".npz", text


def corrupted(folder, n=200, seed=0):
    """(name, suffix, bytes) of n files: all that are forged, the rest damaged at random, half in each format."""
    rng = np.random.default_rng(seed)
    header, arrays, raw = content(folder, ".npz")
    raws = {".npz": raw, ".safetensors": content(folder, ".safetensors")[2]}
    files = list(forged(header, arrays))
    for i in range(n - len(files)):
        suffix = (".npz", ".safetensors")[i % 2]
        files.append((f"accident {i}", suffix, damaged(raws[suffix], rng)))
    return files


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for i, (_, suffix, raw) in enumerate(corrupted(target)):
        (target / f"{i:03d}{suffix}").write_bytes(raw)
