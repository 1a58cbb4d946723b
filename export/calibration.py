"""Calibration: the positions that fix the ranges of an INT8 model, and what is recorded of them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_encoding
from aztoolkit.errors import DataError
from aztoolkit.model import INPUT, CalibrationSpec
from export.positions import sample_boards

DEFAULT_SIZE = 2000
BATCH = 64
Progress = Callable[[int], None]
"""Called with the number of positions that were just done."""


def ignore_progress(done: int) -> None:
    """Shows nothing."""


@dataclass(frozen=True)
class Calibration:
    """Positions of the calibration part of a source, encoded."""

    planes: NDArray[np.float32]
    """`[N, C, 8, 8]`."""
    spec: CalibrationSpec


def load_calibration(
    source: Path, *, encoding: str, size: int | None = None, seed: int = 0
) -> Calibration:
    """Returns positions of the calibration part of `source`; those held out are never among them.

    Args:
        size: how many; without it `DEFAULT_SIZE`, or all where there are fewer.

    Raises:
        DataError: the source is missing, malformed, or has fewer positions than asked for.
    """
    boards = sample_boards(source, size or DEFAULT_SIZE, part="calibration", seed=seed)
    if size is not None and len(boards) < size:
        raise DataError(
            f"expected {size} calibration positions, got {len(boards)} in {source}; "
            "ask for fewer with --calibration-size, or name more games"
        )
    planes = encode_boards(boards, encoding)
    digest = hashlib.sha256(planes.tobytes()).hexdigest()
    spec = CalibrationSpec(source=str(source), positions=len(planes), sha256=digest, seed=seed)
    return Calibration(planes, spec)


def encode_boards(boards: list[chess.Board], encoding: str) -> NDArray[np.float32]:
    """Returns the planes of some boards: `[N, C, 8, 8]` float32."""
    encode = get_encoding(encoding).encode
    return np.stack([encode(board) for board in boards])


class PlanesReader:
    """Feeds planes to ONNX Runtime's calibrator, a batch at a time."""

    def __init__(self, planes: NDArray[np.float32], progress: Progress) -> None:
        self._batches = iter(range(0, len(planes), BATCH))
        self._planes = planes
        self._progress = progress

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Returns the next `[B, C, 8, 8]` planes by input name; None after the last."""
        start = next(self._batches, None)
        if start is None:
            return None
        batch = self._planes[start : start + BATCH]
        self._progress(len(batch))
        return {INPUT: batch}
