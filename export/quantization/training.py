"""Settings of quantization-aware training, apart from torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Training:
    """How long and how boldly to train."""

    positions: int = 40_000
    """Seen in all; each of the distinct ones as often as it takes."""
    batch: int = 64
    place_rate: float = 0.03
    """Learning rate of the places of weights, in codes."""
    sharpness: tuple[float, float] = (4.0, 30.0)
    """Of the staircases, at the beginning and at the end; it grows by the same share in every update."""
    float_rate: float = 1e-4
    """Learning rate of float parameters, as a share of the root mean square of each."""
    scale_rate: float = 5e-4
    """Of the logarithms of activation scales."""
    value_weight: float = 10.0
    """Of the value's KL divergence beside the policy's; it is much the smaller of the two."""
    seed: int = 0

    @property
    def updates(self) -> int:
        """Steps of the optimizer: each takes a batch."""
        return max(1, self.positions // self.batch)
