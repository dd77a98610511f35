"""The table of contenders: one row and one small function each, which turns a Workload into a training loop.

To add one, write `build(work) -> Train` in a module of this folder and give it a row; the row holds only
names, so that listing the contenders imports none of them.
"""

import importlib
import importlib.util
from dataclasses import dataclass

from benchmarks.workloads import Train, Workload

NETWORKS = ("W1", "W2", "W3", "W4", "W5")


@dataclass(frozen=True)
class Contender:
    label: str
    build: str  # "module.function" in this folder
    needs: str  # what must be importable; --peers selects by it
    workloads: tuple[str, ...] = NETWORKS
    note: str = ""

    @property
    def ours(self) -> bool:
        return self.needs == "autograd_core"

    @property
    def installed(self) -> bool:
        return importlib.util.find_spec(self.needs) is not None

    def prepare(self, work: Workload) -> Train:
        module, function = self.build.split(".")
        return getattr(importlib.import_module(f"{__name__}.{module}"), function)(work)


_SKLEARN = (
    "one `fit` over the round's epochs, divided by its steps, which spreads its checks of the input thin; "
    "its squared error is half of ours, hence twice the learning rate in W1; "
    "it computes its L2 penalty even where that is 0"
)

CONTENDERS = {
    "eager": Contender("autograd-core, eager", "ours.eager", "autograd_core"),
    "compiled": Contender("autograd-core, compiled", "ours.compiled", "autograd_core"),
    "compiled-fast": Contender(
        "autograd-core, compiled fast",
        "ours.fast",
        "autograd_core",
        note='Trainer(compile="fast"): equal to rounding, not to the bit',
    ),
    "scalars": Contender("autograd-core, scalar nodes", "scalars.ours", "autograd_core", ("W6",)),
    "compiled-scalars": Contender("autograd-core, scalar nodes compiled", "scalars.compiled", "autograd_core", ("W6",)),
    "torch": Contender("PyTorch, eager", "pytorch.eager", "torch"),
    "torch-fused": Contender("PyTorch, fused optimizer", "pytorch.fused", "torch"),
    "jax-jit": Contender("JAX, jit of the whole step", "jax_numpy.jit", "jax"),
    "jax-scan": Contender("JAX, scan over an epoch", "jax_numpy.scan", "jax"),
    "sklearn": Contender("scikit-learn MLP", "scikit_learn.fit", "sklearn", note=_SKLEARN),
    "hips": Contender("HIPS autograd", "hips.autograd", "autograd"),
    "micrograd": Contender("micrograd", "scalars.micrograd", "micrograd", ("W6",)),
    "numpy": Contender("NumPy by hand, buffers", "reference.by_hand", "numpy"),
    "floor": Contender(
        "the matrix products alone",
        "reference.floor",
        "numpy",
        note="trains nothing, so there is no loss to compare",
    ),
}

# What everybody's loss is compared with: the same formulas as `numpy` in float64, neither timed nor listed.
ORACLE = Contender("NumPy by hand, float64", "reference.oracle", "numpy", (*NETWORKS, "W6"))
