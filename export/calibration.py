"""Calibration: the positions that fix the ranges of an INT8 model, and what is recorded of them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_encoding
from aztoolkit.errors import DataError
from aztoolkit.evaluator import Evaluator
from aztoolkit.model import CalibrationSpec
from export.distances import winrate
from export.positions import sample_boards
from export.progress import BATCH
from export.sampling import stratified, stratum

DEFAULT_SIZE = 2000
_CANDIDATES = 3
"""For each position wanted, so that rare strata have some."""


@dataclass(frozen=True)
class Calibration:
    """Positions of the calibration part of a source, encoded."""

    planes: NDArray[np.float32]
    """`[N, C, 8, 8]`."""
    spec: CalibrationSpec
    boards: tuple[chess.Board, ...] = ()
    """The same positions; without them every move counts as legal."""

    def sample(self, count: int) -> "Calibration":
        """Returns up to `count` of the positions, evenly spread; they still speak of all."""
        chosen = np.linspace(0, len(self.planes) - 1, min(count, len(self.planes))).astype(int)
        boards = tuple(self.boards[place] for place in chosen) if self.boards else ()
        return Calibration(self.planes[chosen], self.spec, boards)


def load_calibration(
    source: Path,
    *,
    encoding: str,
    size: int | None = None,
    seed: int = 0,
    evaluator: Evaluator | None = None,
) -> Calibration:
    """Returns positions of the calibration part of `source`, of all strata (see `export.sampling`).

    Positions held out for comparisons are never among them.

    Args:
        size: how many; without it `DEFAULT_SIZE`, or all where there are fewer.
        evaluator: the FP32 model, whose own value then tells the strata too.

    Raises:
        DataError: the source is missing, malformed, or has fewer positions than asked for.
        ModelError: `evaluator` reads another encoding.
    """
    wanted = size or DEFAULT_SIZE
    candidates = sample_boards(source, wanted * _CANDIDATES, part="calibration", seed=seed)
    if size is not None and len(candidates) < size:
        raise DataError(
            f"expected {size} calibration positions, got {len(candidates)} in {source}; "
            "ask for fewer with --calibration-size, or name more games"
        )
    planes = encode_boards(candidates, encoding)
    scores = [None] * len(planes) if evaluator is None else _scores(evaluator, planes)
    strata = [stratum(board, score) for board, score in zip(candidates, scores, strict=True)]
    chosen = stratified(strata, wanted, np.random.default_rng(seed))
    return _describe(source, [candidates[place] for place in chosen], planes[chosen], seed)


def load_lessons(source: Path, *, encoding: str, size: int, seed: int = 0) -> Calibration:
    """Returns up to `size` positions of the calibration part of `source`, as they come in games.

    Raises:
        DataError: the source is missing or malformed.
    """
    boards = sample_boards(source, size, part="calibration", seed=seed)
    return _describe(source, boards, encode_boards(boards, encoding), seed)


def encode_boards(boards: Sequence[chess.Board], encoding: str) -> NDArray[np.float32]:
    """Returns the planes of some boards: `[N, C, 8, 8]` float32."""
    encode = get_encoding(encoding).encode
    return np.stack([encode(board) for board in boards])


def _describe(
    source: Path, boards: Sequence[chess.Board], planes: NDArray[np.float32], seed: int
) -> Calibration:
    digest = hashlib.sha256(planes.tobytes()).hexdigest()
    spec = CalibrationSpec(source=str(source), positions=len(planes), sha256=digest, seed=seed)
    return Calibration(planes, spec, tuple(boards))


def _scores(evaluator: Evaluator, planes: NDArray[np.float32]) -> list[float]:
    """Returns the expected score of each of `[N, C, 8, 8]` planes."""
    parts = [
        winrate(evaluator.evaluate(planes[start : start + BATCH]).wdl)
        for start in range(0, len(planes), BATCH)
    ]
    return [float(score) for part in parts for score in part]
