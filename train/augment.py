"""Left and right turned over: chess is the same in a mirror, but for castling.

For `az4672`; a position in which anyone may still castle has no mirror image.
"""

import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding.az4672 import (
    KNIGHT_JUMPS,
    KNIGHT_PLANE,
    MAX_DISTANCE,
    MOVE_PLANES,
    QUEEN_DIRECTIONS,
    UNDERPROMOTION_PLANE,
    UNDERPROMOTIONS,
)

_FILE_BITS = 7


def mirror_actions() -> NDArray[np.intp]:
    """Returns for each policy index that of the mirrored move: `[4672]`, its own inverse."""
    planes = np.array([_mirror_plane(plane) for plane in range(MOVE_PLANES)])
    squares = np.arange(64) ^ _FILE_BITS
    return np.asarray((planes[:, None] * 64 + squares).reshape(-1), dtype=np.intp)


def _mirror_plane(plane: int) -> int:
    if plane >= UNDERPROMOTION_PLANE:
        piece, direction = divmod(plane - UNDERPROMOTION_PLANE, 3)
        return UNDERPROMOTION_PLANE + piece * len(UNDERPROMOTIONS) + (2 - direction)
    if plane >= KNIGHT_PLANE:
        files, ranks = KNIGHT_JUMPS[plane - KNIGHT_PLANE]
        return KNIGHT_PLANE + KNIGHT_JUMPS.index((-files, ranks))
    direction, distance = divmod(plane, MAX_DISTANCE)
    files, ranks = QUEEN_DIRECTIONS[direction]
    return QUEEN_DIRECTIONS.index((-files, ranks)) * MAX_DISTANCE + distance
