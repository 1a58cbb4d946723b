"""A running mean of a network's weights: it plays better than the weights of any one step.

    mean = d * mean + (1 - d) * weights,    d = min(decay, (1 + step) / (10 + step))

The first steps count for less, or a young mean would be mostly fresh weights. Statistics of batch norms
are averaged alike, so that they belong to about the same weights.

Sources: Polyak & Juditsky 1992; the decay of young means is TensorFlow's ExponentialMovingAverage.
"""

import copy

import torch
from torch import Tensor, nn


class MeanNetwork:
    """The mean, as a network of its own in evaluation mode, on the same device."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        """Begins with the weights that `network` has now."""
        self.network = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        self._decay = decay
        self._means = _float_tensors(self.network)
        self._weights = _float_tensors(network)

    @torch.no_grad()
    def update(self, training_step: int) -> None:
        """Takes in the weights of the network after a step, counted from 1."""
        decay = min(self._decay, (1 + training_step) / (10 + training_step))
        torch._foreach_lerp_(self._means, self._weights, 1 - decay)


def _float_tensors(network: nn.Module) -> list[Tensor]:
    """Returns weights and statistics; without the counts of batches, which nothing is computed from."""
    tensors = [*network.parameters(), *network.buffers()]
    return [tensor.detach() for tensor in tensors if tensor.is_floating_point()]
