"""The registry: what a network is built from, and who builds which kind."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import nn

SQUARES = 64
WDL_SIZE = 3
ENTRY_POINTS = "aztoolkit.networks"
"""Group of entry points: modules of other packages that register kinds."""


class NetworkConfig(BaseModel):
    """Kind and size of a network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = "resnet"
    """A name in the registry."""
    filters: int = Field(default=64, ge=1, le=4096)
    """Channels of the tower; the transformer's width."""
    blocks: int = Field(default=5, ge=1, le=256)
    """Residual blocks; the transformer's layers."""
    se_ratio: int = Field(default=0, ge=0)
    """Filters per hidden unit of squeeze-excitation, such as 8; 0 but for `se_resnet`."""
    heads: int = Field(default=0, ge=0)
    """Attention heads, a divisor of `filters`; 0 but for `transformer`."""

    @model_validator(mode="after")
    def _check_kind(self) -> "NetworkConfig":
        _find(self.kind).check(self)
        return self


Builder = Callable[[NetworkConfig, int, int], nn.Module]
"""Takes the sizes, the planes of the encoding and the planes of the policy (64 actions each)."""
Check = Callable[[NetworkConfig], None]
"""Raises ValueError ("expected ..., got ...") where the sizes make no sense for the kind."""

_AnyBuilder = TypeVar("_AnyBuilder", bound=Builder)


@dataclass(frozen=True)
class _Kind:
    build: Builder
    check: Check


_KINDS: dict[str, _Kind] = {}


def register(kind: str, *, check: Check = lambda _: None) -> Callable[[_AnyBuilder], _AnyBuilder]:
    """Returns a decorator that makes a module class, or a function that builds one, a kind.

        @register("mine")
        class Mine(nn.Module):
            def __init__(self, config: NetworkConfig, planes: int, policy_planes: int) -> None: ...
            def forward(self, planes):  # [B, planes, 8, 8]
                return policy, wdl      # [B, policy_planes * 64] and [B, 3] logits

    The module that does so is found if its package declares it:

        [project.entry-points."aztoolkit.networks"]
        mine = "my_package.mine"
    """

    def keep(build: _AnyBuilder) -> _AnyBuilder:
        _KINDS[kind] = _Kind(build, check)
        return build

    return keep


def kinds() -> list[str]:
    """Returns the names of all kinds, those of other packages included."""
    for entry in entry_points(group=ENTRY_POINTS):
        if entry.name not in _KINDS:
            entry.load()
    return sorted(_KINDS)


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
    return _find(config.kind).build(config, planes, policy_planes)


def count_parameters(network: nn.Module) -> int:
    """Returns the number of learnt weights."""
    return sum(parameter.numel() for parameter in network.parameters())


def expect_unused(config: NetworkConfig, *fields: str) -> None:
    """Raises ValueError if a field that the kind has no use for is not 0."""
    for field in fields:
        if value := getattr(config, field):
            raise ValueError(f"expected {field} 0 for kind {config.kind!r}, got {value}")


def _find(kind: str) -> _Kind:
    if kind not in _KINDS and kind not in kinds():
        raise ValueError(f"expected a kind among {', '.join(kinds())}, got {kind!r}")
    return _KINDS[kind]
