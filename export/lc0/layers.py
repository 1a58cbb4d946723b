"""What a residual tower of lc0 is made of, its batch norms folded away.

planes [B, 112, 8, 8]
  stem      3x3 conv, activation                                          -> [B, F, 8, 8]
  blocks    (3x3 conv, activation, 3x3 conv [, squeeze]) + skip, activation
  policy    convolution: 3x3 conv, activation, 3x3 conv to 80 planes, the 1,858 moves among them
            classical:   1x1 conv, activation, dense to 1,858
  value     1x1 conv, activation, dense, activation, dense to 3 logits (or to 1, its tanh the value)

squeeze     mean over squares -> dense S, activation -> dense 2F = (s, b) -> sigmoid(s) * x + b
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.lc0.format import Activation, ValueKind

Weights = NDArray[np.float32]
SQUARES = 64
POLICY_PLANES = 80
"""73 of which hold moves; the rest pad."""


@dataclass(frozen=True)
class Convolution:
    """A size-preserving convolution."""

    weights: Weights
    """`[F, C, K, K]`."""
    bias: Weights
    """`[F]`."""


@dataclass(frozen=True)
class Dense:
    """A fully connected layer."""

    weights: Weights
    """`[outputs, inputs]`."""
    bias: Weights
    """`[outputs]`."""


@dataclass(frozen=True)
class Squeeze:
    """Squeeze-excitation with scale and bias."""

    shrink: Dense
    """`[S, F]`."""
    widen: Dense
    """`[2F, S]`: the scales, then the biases."""


@dataclass(frozen=True)
class Block:
    """A residual block."""

    first: Convolution
    second: Convolution
    squeeze: Squeeze | None


@dataclass(frozen=True)
class ConvolutionPolicy:
    """A policy of planes."""

    first: Convolution
    second: Convolution


@dataclass(frozen=True)
class ClassicalPolicy:
    """A fully connected policy."""

    convolution: Convolution
    dense: Dense


@dataclass(frozen=True)
class Value:
    """A value head."""

    kind: ValueKind
    convolution: Convolution
    hidden: Dense
    output: Dense


@dataclass(frozen=True)
class Network:
    """A whole network."""

    stem: Convolution
    blocks: tuple[Block, ...]
    policy: ConvolutionPolicy | ClassicalPolicy
    value: Value
    activation: Activation

    @property
    def filters(self) -> int:
        """Channels of the tower."""
        return len(self.stem.bias)

    @property
    def squeeze_channels(self) -> int:
        """Hidden units of squeeze-excitation, or 0."""
        squeezes = [block.squeeze for block in self.blocks if block.squeeze]
        return len(squeezes[0].shrink.bias) if squeezes else 0

    def layers(self) -> Iterator[Convolution | Dense]:
        """Yields everything that has weights."""
        yield self.stem
        for block in self.blocks:
            yield from (block.first, block.second)
            if block.squeeze:
                yield from (block.squeeze.shrink, block.squeeze.widen)
        policy = self.policy
        if isinstance(policy, ConvolutionPolicy):
            yield from (policy.first, policy.second)
        else:
            yield from (policy.convolution, policy.dense)
        yield from (self.value.convolution, self.value.hidden, self.value.output)
