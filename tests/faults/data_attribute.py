"""`.data` is read where the tensor itself was meant."""

from autograd_core import Tensor

w = Tensor([1.25, -0.5, 0.75], requires_grad=True, name="w")
gain = Tensor([1.0, 2.0, 3.0], requires_grad=True, name="gain")
penalty = (w.data**2).sum()  # fault
loss = (gain**2).sum() + 0.1 * penalty
loss.backward()
