"""Networks by kind: `build_network(NetworkConfig(kind="se_resnet", ...))`.

    kind           file             fields beside filters and blocks
    resnet         residual.py
    se_resnet      residual.py      se_ratio
    transformer    transformer.py   heads

A kind of one's own needs no change here: see `register`. Sizes with a name stand in presets.toml.
"""

from train.networks import residual, transformer
from train.networks.batch_norm import fold_batch_norm
from train.networks.registry import (
    NetworkConfig,
    build_network,
    count_parameters,
    kinds,
    register,
)

__all__ = [
    "NetworkConfig",
    "build_network",
    "count_parameters",
    "fold_batch_norm",
    "kinds",
    "register",
    "residual",
    "transformer",
]
