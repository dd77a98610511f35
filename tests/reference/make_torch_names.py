"""Store what PyTorch calls its modules, optimizers and schedules: `python tests/reference/make_torch_names.py`."""

import json
from pathlib import Path

import torch
from torch.optim import lr_scheduler, swa_utils

MODULES = {
    "torch.nn": torch.nn, "torch.optim": torch.optim, "torch.optim.lr_scheduler": lr_scheduler,
    "torch.optim.swa_utils": swa_utils,
}  # fmt: skip
names = {
    place: sorted(n for n, v in vars(module).items() if isinstance(v, type) and not n.startswith("_"))
    for place, module in MODULES.items()
}
names["torch"] = ["heaviside"]
assert all(hasattr(torch, name) for name in names["torch"])
path = Path(__file__).parent / "torch_names.json"
path.write_text(json.dumps({"torch": torch.__version__, "names": names}, indent=1) + "\n")
