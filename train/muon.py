"""Muon: matrices step by their momentum made orthogonal, so that every direction is learned at one pace.

    momentum  m = 0.95 m + 0.05 g;   direction  d = 0.05 g + 0.95 m      (Nesterov)
    step      w = w - rate * 0.2 sqrt(larger side) * orthogonal(d)

The factor makes a step as large as AdamW's, so one learning rate fits both. A convolution is a matrix of
output channels against all else. Vectors, and matrices too thin to gain from it, take AdamW's step.

torch.optim.Muon takes neither convolutions nor vectors, and multiplies in bfloat16 on processors that
are slow at it.

Sources: Jordan et al. 2024 (Muon, and the iteration's coefficients); Liu et al. 2025, "Muon is scalable
for LLM training" (the factor).
"""

from collections import defaultdict
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.optim import AdamW

_MOMENTUM = 0.95
_MATCH_ADAMW = 0.2
"""Root mean square of AdamW's steps, in learning rates, about."""
_THINNEST = 16
_ITERATIONS = 5
_A, _B, _C = 3.4445, -4.7750, 2.0315
_TINY = 1e-7


class Muon(AdamW):
    """AdamW, but for the matrices; of its kind because loading and saving states is the same."""

    def __init__(self, groups: list[dict[str, object]], *, lr: float) -> None:
        """Takes groups of weights as AdamW does, with their `weight_decay`."""
        super().__init__(groups, lr=lr, fused=True)
        self._step_supports_amp_scaling = False  # a step that overflowed is not ours to leave out

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Makes a step for all weights that have a gradient."""
        gradients = {
            weight: weight.grad
            for group in self.param_groups
            for weight in group["params"]
            if weight.grad is not None and is_matrix(weight)
        }
        for weight in gradients:
            weight.grad = None  # hidden from AdamW
        super().step(closure)
        for group in self.param_groups:
            found = {weight: gradients[weight] for weight in group["params"] if weight in gradients}
            for weight, direction in self._directions(found):
                rows, columns = direction.shape
                size = group["lr"] * _MATCH_ADAMW * max(rows, columns) ** 0.5
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.add_(direction.view(weight.shape), alpha=-size)
        for weight, gradient in gradients.items():
            weight.grad = gradient

    def _directions(self, gradients: dict[Tensor, Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """Yields each weight with its direction, a matrix; those of one shape are worked out at once."""
        alike: dict[tuple[int, ...], list[tuple[Tensor, Tensor]]] = defaultdict(list)
        for weight, gradient in gradients.items():
            state: dict[str, Tensor] = self.state[weight]
            if not state:
                state["step"] = torch.zeros(())  # AdamW looks for it where a state is loaded
                state["momentum_buffer"] = torch.zeros_like(weight)
            state["step"] += 1
            momentum = state["momentum_buffer"].lerp_(gradient, 1 - _MOMENTUM)
            direction = gradient.lerp(momentum, _MOMENTUM).flatten(1)
            alike[tuple(direction.shape)].append((weight, direction))
        for members in alike.values():
            stacked = orthogonalise(torch.stack([direction for _, direction in members]))
            yield from zip((weight for weight, _ in members), stacked, strict=True)


def is_matrix(weight: Tensor) -> bool:
    """Returns whether a weight takes Muon's step."""
    return weight.ndim > 1 and min(len(weight), weight[0].numel()) >= _THINNEST


def orthogonalise(matrices: Tensor) -> Tensor:
    """Returns `[K, M, N]` matrices with the same singular vectors, and singular values of about 1.

    A Newton-Schulz iteration: singular values come out at 0.7 to 1.2, which is near enough; those below about
    a 500th of the norm grow less.
    """
    is_tall = matrices.shape[1] > matrices.shape[2]
    found = matrices.mT if is_tall else matrices
    found = found / found.norm(dim=(1, 2), keepdim=True).clamp(min=_TINY)
    for _ in range(_ITERATIONS):
        square = found @ found.mT
        growth = torch.baddbmm(square, square, square, beta=_B, alpha=_C)
        found = torch.baddbmm(found, growth, found, beta=_A)
    return found.mT if is_tall else found
