"""Real networks as models, and positions to ask them about."""

import random
from pathlib import Path

import chess
import numpy as np
import pytest

from aztoolkit.encoding import get_encoding
from export.lc0.importer import import_network, read_source


@pytest.fixture(scope="session")
def maia(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Path:
    """A folder with maia-1100.onnx and maia-1500.onnx; read only."""
    folder = tmp_path_factory.mktemp("maia")
    for strength in (1100, 1500):
        source = read_source(shared_data / "nets" / f"maia-{strength}.pb.gz")
        import_network(source, folder / f"maia-{strength}.onnx")
    return folder


@pytest.fixture(scope="session")
def positions() -> np.ndarray:
    """Planes of positions of random games: `[40, 112, 8, 8]`."""
    rng, boards = random.Random(5), []
    for _ in range(4):
        board = chess.Board()
        for ply in range(60):
            moves = list(board.legal_moves)
            if not moves:
                break
            board.push(rng.choice(moves))
            if ply % 6 == 5:
                boards.append(board.copy())
    return np.stack([get_encoding("lc0_112").encode(board) for board in boards[:40]])
