"""Not a test: the program that test_debug_terminal.py steps through; it knows nothing of the debugger."""

import sys

import numpy as np

from autograd_core import Tensor, custom_vjp, nn


@custom_vjp
def damped(x, w):
    return x * w


@damped.backward
def _(g, x, w):
    largest = 1.0
    if "pause" in sys.argv:
        breakpoint()
    if "wait" in sys.argv:
        wait()
    return np.clip(g * w, -largest, largest), g * x


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.Linear(2, 2, rng=0), nn.Linear(2, 1, rng=0)

    def forward(self, x):
        return self.out(np.maximum(self.hidden(x), 0))


visits = []


def wait():
    visits.append(1)
    if len(visits) == 3:  # not where the session learns its steps, nor where it spells the rule, but at the numbers
        print("waiting", flush=True)
        while True:  # until Ctrl-C
            pass


def main():
    w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    a = w1**3
    b = a * w2
    c = 3 * w1
    g = b + c
    g.backward()
    print("w1.grad =", w1.grad.item())

    model = Network()
    for p, numbers in zip(model.parameters(), ([[1, -1], [1, 1]], 0, 1, 0), strict=True):
        p.data = np.broadcast_to(np.float32(numbers), p.shape)
    x = Tensor(np.array([[1, 2], [3, 4]], np.float32), name="x")
    y = model(x)
    loss = (y * y).sum()
    loss.backward()
    print("bias.grad =", list(model.parameters())[-1].grad.value)

    scale = Tensor(5.0, requires_grad=True, name="scale")
    z = damped(w1, scale) * 3
    z.backward()
    print("scale.grad =", scale.grad.item())
    if "fail" in sys.argv:
        raise ValueError("the program's own error")
    sys.exit(3)


if __name__ == "__main__":
    main()
