"""Planes at rest: a bit a square and a byte a plane, 1.1 kB instead of 30 kB a position.

It holds because in `az119` every plane is one level, a multiple of 1/99, times a mask of squares.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding.az119 import COUNTER_LIMIT

BOARD = (8, 8)


@dataclass(frozen=True)
class PackedPlanes:
    """Positions in little memory; the first axis counts them."""

    masks: NDArray[np.uint8]
    """`[N, C, 8]`: squares where a plane is not zero, a bit each."""
    levels: NDArray[np.uint8]
    """`[N, C]`: the value there, in 1/99."""

    def __len__(self) -> int:
        return len(self.masks)


def pack(planes: NDArray[np.float32]) -> PackedPlanes:
    """Packs `[N, C, 8, 8]` float32 planes without loss."""
    count, channels = planes.shape[:2]
    flat = planes.reshape(count, channels, -1)
    masks = np.packbits(flat != 0, axis=-1)
    levels = np.rint(flat.max(axis=-1) * COUNTER_LIMIT).astype(np.uint8)
    return PackedPlanes(masks, levels)


def unpack(packed: PackedPlanes) -> NDArray[np.float32]:
    """Returns the `[N, C, 8, 8]` float32 planes that were packed."""
    bits = np.unpackbits(packed.masks, axis=-1)
    levels = packed.levels.astype(np.float32) / np.float32(COUNTER_LIMIT)
    planes = bits * levels[:, :, None]
    return planes.reshape(*packed.masks.shape[:2], *BOARD)
