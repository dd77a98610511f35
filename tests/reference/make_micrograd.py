"""micrograd's two engine tests and its README's example, and what PyTorch gives: `python tests/reference/make_micrograd.py`.

The expressions are those of karpathy/micrograd (test/test_engine.py, README.md), letter by letter; whatever `Value` is
they are written with, they give the result and the leaves.
"""


def sanity_check(Value):
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    return y, x


def more_ops(Value):
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return g, a, b


EXPRESSIONS = [sanity_check, more_ops]  # the README's example is the second

if __name__ == "__main__":
    import torch
    from micrograd.engine import Value

    for expression in EXPRESSIONS:
        result, *leaves = expression(lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True))
        result.backward()
        numbers = [result.item(), *(x.grad.item() for x in leaves)]
        theirs, *roots = expression(Value)
        theirs.backward()
        print(f'"{expression.__name__}": {numbers},', "micrograd:", [theirs.data, *(x.grad for x in roots)])
