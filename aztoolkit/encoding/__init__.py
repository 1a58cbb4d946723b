"""Positions as planes and moves as policy indices, in plain Python: the reference of the native code.

An *encoding* turns a position and its history into `[C, 8, 8]` float32 planes; an *action space*
numbers the moves. A model names both in its metadata and is refused where they are unknown.
"""

from collections.abc import Callable
from dataclasses import dataclass

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import az119, az4672, lc0_112, lc0_1858
from aztoolkit.errors import ModelError


@dataclass(frozen=True)
class Encoding:
    """How positions become planes."""

    name: str
    planes: int
    encode: Callable[[chess.Board], NDArray[np.float32]]
    """Returns `[planes, 8, 8]` float32 for a board whose move stack is its history."""


@dataclass(frozen=True)
class ActionSpace:
    """How moves are numbered."""

    name: str
    size: int
    move_to_index: Callable[[chess.Board, chess.Move], int]
    index_to_move: Callable[[chess.Board, int], chess.Move]


_ENCODINGS = {
    module.NAME: Encoding(module.NAME, module.PLANES, module.encode) for module in (az119, lc0_112)
}
_ACTION_SPACES = {
    module.NAME: ActionSpace(module.NAME, module.SIZE, module.move_to_index, module.index_to_move)
    for module in (az4672, lc0_1858)
}


def get_encoding(name: str) -> Encoding:
    """Returns the encoding called `name`; raises ModelError for an unknown one."""
    if name not in _ENCODINGS:
        raise ModelError(f"expected an encoding among {sorted(_ENCODINGS)}, got {name!r}")
    return _ENCODINGS[name]


def get_action_space(name: str) -> ActionSpace:
    """Returns the action space called `name`; raises ModelError for an unknown one."""
    if name not in _ACTION_SPACES:
        raise ModelError(f"expected an action space among {sorted(_ACTION_SPACES)}, got {name!r}")
    return _ACTION_SPACES[name]
