"""What a program costs: its calls by kind, its buffers and their bytes, and its floating-point operations."""

from __future__ import annotations

from collections import Counter

from .calls import Call, Value


def flops(call: Call) -> int:
    """Floating-point operations of a call: 2·m·n·k for a product, one for each element otherwise."""
    if call.op.name in ("dot", "matmul", "vdot"):
        a = call.inputs[0]
        inner = a.shape[-1] if isinstance(a, Value) and a.shape and call.op.name != "vdot" else getattr(a, "size", 1)
        return 2 * call.out.size * inner
    return max(call.out.size, *(x.size for x in call.values)) if call.values else call.out.size


def explained(title: str, calls: list[Call], buffers: list[tuple[str, int]]) -> str:
    """A table of a few lines."""
    working = [
        c for c in calls if c.op.name not in ("transpose", "reshape", "swapaxes", "expand_dims", "squeeze", "moveaxis")
    ]
    kinds = Counter(c.op.name for c in working)
    work: Counter[str] = Counter()
    for c in working:
        work[c.op.name] += flops(c)
    total = sum(work.values())
    size = sum(size for _, size in buffers)
    lines = [
        f"{title}: {len(working)} kernels, {total:,} floating-point operations",
        f"{len(buffers)} buffers, {size:,} bytes, made once",
    ]
    for name, amount in work.most_common():
        lines.append(f"  {name:<14} {kinds[name]:>4} ×  {amount:>14,}  {100 * amount / (total or 1):5.1f} %")
    return "\n".join(lines)
