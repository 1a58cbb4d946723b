"""A transformer whose tokens are the 64 squares: kind `transformer`.

    planes [B, 119, 8, 8]
      embedding   the planes of a square, FC to W, + learnt position      -> [B, 64, W]
      blocks      x + attention(norm(x));  x + FC(GELU(FC(norm(x))))
      norm
      policy      FC W, GELU, FC to 73, transposed and flattened          -> [B, 4672], plane * 64 + square
      wdl         FC to 32, GELU, flatten, FC 128, GELU, FC 3             -> [B, 3] logits: win, draw, loss

Attention adds to each pair of squares a learnt bias for how many ranks and files lie between them, one
a head: knights' jumps and diagonals need not be discovered from positions.

Sources: Vaswani et al. 2017; Xiong et al. 2020 (norms before the layers); Shaw et al. 2018 and Liu et
al. 2021 (relative bias on a grid).
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from train.networks.registry import SQUARES, WDL_SIZE, NetworkConfig, expect_unused, register

_EDGE = 8
_OFFSETS = 2 * _EDGE - 1
"""From 7 files to the left to 7 to the right; ranks likewise."""
_FEEDFORWARD_RATIO = 4
_VALUE_CHANNELS = 32
_VALUE_HIDDEN = 128
_SPREAD = 0.02
"""Standard deviation of fresh positions."""


def _check(config: NetworkConfig) -> None:
    expect_unused(config, "se_ratio")
    if not config.heads or config.filters % config.heads:
        raise ValueError(
            f"expected heads to divide filters ({config.filters}) for kind {config.kind!r}, "
            f"got {config.heads}"
        )


@register("transformer", check=_check)
class Transformer(nn.Module):
    """Embedding of squares, layers of attention and the two heads."""

    def __init__(self, config: NetworkConfig, planes: int, policy_planes: int) -> None:
        super().__init__()
        width = config.filters
        self.embedding = nn.Linear(planes, width)
        self.positions = nn.Parameter(torch.zeros(SQUARES, width))
        self.layers = nn.Sequential(*(Layer(width, config.heads) for _ in range(config.blocks)))
        self.norm = nn.LayerNorm(width)
        self.policy = nn.Sequential(
            nn.Linear(width, width), nn.GELU(), nn.Linear(width, policy_planes)
        )
        self.wdl = nn.Sequential(
            nn.Linear(width, _VALUE_CHANNELS),
            nn.GELU(),
            nn.Flatten(),
            nn.Linear(_VALUE_CHANNELS * SQUARES, _VALUE_HIDDEN),
            nn.GELU(),
            nn.Linear(_VALUE_HIDDEN, WDL_SIZE),
        )
        self.apply(_initialise)
        nn.init.trunc_normal_(self.positions, std=_SPREAD)

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Maps `[B, C, 8, 8]` planes to `[B, A]` policy and `[B, 3]` win/draw/loss logits."""
        squares = planes.flatten(2).transpose(1, 2)
        features = self.norm(self.layers(self.embedding(squares) + self.positions))
        policy: Tensor = self.policy(features).transpose(1, 2).flatten(1)
        wdl: Tensor = self.wdl(features)
        return policy, wdl


class Layer(nn.Module):
    """Attention between squares, then two matrices for each square."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.feedforward = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, _FEEDFORWARD_RATIO * width),
            nn.GELU(),
            nn.Linear(_FEEDFORWARD_RATIO * width, width),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Maps `[B, 64, W]` to the same shape."""
        features = features + self.attention(self.attention_norm(features))
        mixed: Tensor = features + self.feedforward(features)
        return mixed


class Attention(nn.Module):
    """Attention of every square to every square, with a bias for where they lie to each other."""

    offsets: Tensor

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.enter = nn.Linear(width, 3 * width)
        self.leave = nn.Linear(width, width)
        self.relative = nn.Parameter(torch.zeros(heads, _OFFSETS * _OFFSETS))
        self.register_buffer("offsets", _offsets(), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Maps `[B, 64, W]` to the same shape."""
        parts = self.enter(features).unflatten(
            -1, (3, self._heads, -1)
        )  # [B, 64, 3, heads, W / heads]
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind()
        bias = self.relative[:, self.offsets].to(query.dtype)
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=bias)
        left: Tensor = self.leave(mixed.transpose(1, 2).flatten(2))
        return left


def _offsets() -> Tensor:
    """Returns `[64, 64]`, for each pair of squares the number of the way from one to the other."""
    ranks, files = torch.arange(SQUARES) // _EDGE, torch.arange(SQUARES) % _EDGE
    down = ranks[:, None] - ranks[None, :] + _EDGE - 1
    across = files[:, None] - files[None, :] + _EDGE - 1
    return down * _OFFSETS + across


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)
