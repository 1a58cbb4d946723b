"""The residual tower, with or without squeeze-excitation: kinds `resnet` and `se_resnet`.

    planes [B, 119, 8, 8]
      stem      3x3 conv, BN, ReLU                             -> [B, F, 8, 8]
      blocks    (3x3 conv, BN, ReLU, 3x3 conv, BN [, SE]) + skip, ReLU
      policy    3x3 conv, BN, ReLU, 1x1 conv to 73, flatten    -> [B, 4672], plane * 64 + square
      wdl       1x1 conv to 32, BN, ReLU, FC 128, ReLU, FC 3   -> [B, 3] logits: win, draw, loss

Each BN follows its convolution directly, so that an exporter can fold it away.

Sources: Silver et al. 2018 (tower, policy planes); lc0 (WDL head, squeeze-excitation with scale and
bias; Hu et al. 2018 for the idea).
"""

import torch
from torch import Tensor, nn

from train.networks.registry import SQUARES, WDL_SIZE, NetworkConfig, expect_unused, register

VALUE_CHANNELS = 32
VALUE_HIDDEN = 128


def _check_plain(config: NetworkConfig) -> None:
    expect_unused(config, "se_ratio", "heads")


def _check_squeeze(config: NetworkConfig) -> None:
    expect_unused(config, "heads")
    if not 1 <= config.se_ratio <= config.filters:
        raise ValueError(
            f"expected se_ratio from 1 to filters ({config.filters}) for kind {config.kind!r}, "
            f"got {config.se_ratio}"
        )


@register("resnet", check=_check_plain)
@register("se_resnet", check=_check_squeeze)
class ResidualNetwork(nn.Module):
    """Stem, tower and the two heads."""

    def __init__(self, config: NetworkConfig, planes: int, policy_planes: int) -> None:
        super().__init__()
        filters = config.filters
        self.stem = conv_bn(planes, filters, kernel_size=3)
        self.tower = nn.Sequential(
            *(ResidualBlock(filters, config.se_ratio) for _ in range(config.blocks))
        )
        self.policy = nn.Sequential(
            conv_bn(filters, filters, kernel_size=3),
            nn.ReLU(),
            nn.Conv2d(filters, policy_planes, kernel_size=1),
            nn.Flatten(),
        )
        self.wdl = nn.Sequential(
            conv_bn(filters, VALUE_CHANNELS, kernel_size=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(VALUE_CHANNELS * SQUARES, VALUE_HIDDEN),
            nn.ReLU(),
            nn.Linear(VALUE_HIDDEN, WDL_SIZE),
        )
        self.apply(_initialise)

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Maps `[B, C, 8, 8]` planes to `[B, A]` policy and `[B, 3]` win/draw/loss logits."""
        features = self.tower(torch.relu(self.stem(planes)))
        policy: Tensor = self.policy(features)
        wdl: Tensor = self.wdl(features)
        return policy, wdl


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a skip connection, optionally with squeeze-excitation."""

    def __init__(self, filters: int, se_ratio: int) -> None:
        super().__init__()
        self.first = conv_bn(filters, filters, kernel_size=3)
        self.second = conv_bn(filters, filters, kernel_size=3)
        self.squeeze = SqueezeExcitation(filters, se_ratio) if se_ratio else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        """Maps `[B, F, 8, 8]` to the same shape."""
        residual = self.second(torch.relu(self.first(features)))
        return torch.relu(features + self.squeeze(residual))


class SqueezeExcitation(nn.Module):
    """Scales and shifts each channel by what the whole board says: `sigmoid(s) * x + b`."""

    def __init__(self, filters: int, ratio: int) -> None:
        super().__init__()
        hidden = filters // ratio
        self.shrink = nn.Linear(filters, hidden)
        self.widen = nn.Linear(hidden, 2 * filters)

    def forward(self, features: Tensor) -> Tensor:
        """Maps `[B, F, 8, 8]` to the same shape."""
        pooled: Tensor = features.mean(dim=(2, 3))
        widened: Tensor = self.widen(torch.relu(self.shrink(pooled)))
        scale, bias = widened[:, :, None, None].chunk(2, dim=1)
        return features * torch.sigmoid(scale) + bias


def conv_bn(inputs: int, outputs: int, *, kernel_size: int) -> nn.Sequential:
    """Returns a size-preserving convolution without bias, and the BN that gives it one."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel_size, padding=kernel_size // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d) and module.bias is None:
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
