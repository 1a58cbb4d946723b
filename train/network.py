"""The networks: a residual tower with a policy head of 73 planes and a win/draw/loss head.

    planes [B, 119, 8, 8]
      stem      3x3 conv, BN, ReLU                             -> [B, F, 8, 8]
      blocks    (3x3 conv, BN, ReLU, 3x3 conv, BN [, SE]) + skip, ReLU
      policy    3x3 conv, BN, ReLU, 1x1 conv to 73, flatten    -> [B, 4672], plane * 64 + square
      wdl       1x1 conv to 32, BN, ReLU, FC 128, ReLU, FC 3   -> [B, 3] logits: win, draw, loss

Each BN follows its convolution directly, so that an exporter can fold it away.

Sources: Silver et al. 2018 (tower, policy planes); lc0 (WDL head, squeeze-excitation with scale and
bias; Hu et al. 2018 for the idea).
"""

import copy
from collections.abc import Callable
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

SQUARES = 64
VALUE_CHANNELS = 32
VALUE_HIDDEN = 128
WDL_SIZE = 3

NetworkKind = Literal["resnet", "se_resnet"]


class NetworkConfig(BaseModel):
    """Kind and size of a network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: NetworkKind = "resnet"
    """`resnet`, or `se_resnet` with squeeze-excitation in every block."""
    filters: int = Field(default=64, ge=1, le=4096)
    """Channels of the tower."""
    blocks: int = Field(default=5, ge=1, le=256)
    """Residual blocks of the tower."""
    se_ratio: int = Field(default=0, ge=0)
    """Filters per hidden unit of squeeze-excitation, such as 8; 0 for `resnet`."""

    @model_validator(mode="after")
    def _check_squeeze(self) -> "NetworkConfig":
        if self.kind == "resnet" and self.se_ratio:
            raise ValueError(f"expected se_ratio 0 for kind 'resnet', got {self.se_ratio}")
        if self.kind == "se_resnet" and not 1 <= self.se_ratio <= self.filters:
            raise ValueError(
                f"expected se_ratio from 1 to filters ({self.filters}) for kind 'se_resnet', "
                f"got {self.se_ratio}"
            )
        return self


def build_network(config: NetworkConfig, *, planes: int = 119, actions: int = 4672) -> nn.Module:
    """Returns a network with fresh weights, drawn from torch's global generator, in training mode.

    Its `forward` takes `[B, planes, 8, 8]` float32 and returns policy logits `[B, actions]` and
    win/draw/loss logits `[B, 3]` for the side to move.

    Args:
        planes: of the encoding.
        actions: size of the action space, a multiple of 64.
    """
    policy_planes, rest = divmod(actions, SQUARES)
    if rest:
        raise ValueError(f"expected a multiple of {SQUARES} actions, got {actions}")
    network = _BUILDERS[config.kind](config, planes, policy_planes)
    network.apply(_initialise)
    return network


def fold_batch_norm(network: nn.Module) -> nn.Module:
    """Returns a copy in evaluation mode whose convolutions have taken up the BN behind them.

    A BN is folded where it follows its convolution in an `nn.Sequential`.
    """
    folded = copy.deepcopy(network).eval()
    for module in folded.modules():
        if isinstance(module, nn.Sequential):
            _fold_pairs(module)
    return folded


def count_parameters(network: nn.Module) -> int:
    """Returns the number of learnt weights."""
    return sum(parameter.numel() for parameter in network.parameters())


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


_BUILDERS: dict[NetworkKind, Callable[[NetworkConfig, int, int], nn.Module]] = {
    "resnet": ResidualNetwork,
    "se_resnet": ResidualNetwork,
}


def _fold_pairs(layers: nn.Sequential) -> None:
    for index in range(len(layers) - 1):
        convolution, norm = layers[index], layers[index + 1]
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            layers[index] = fuse_conv_bn_eval(convolution, norm)
            layers[index + 1] = nn.Identity()
