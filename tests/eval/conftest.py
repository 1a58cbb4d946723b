"""Engines and openings for matches that take moments."""

import shlex
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import chess
import pytest

from aztoolkit.model import ModelSpec
from tests.eval import scripted_engine
from tests.eval.networks import write_network


def back_rank_lines() -> list[str]:
    """Returns EPD of symmetrical positions where whoever moves first can mate with a rook.

    The kings sit behind three pawns, the rooks stand on one file before the last rank, with blocked
    pawns between them; blocked pawns on up to two other files make the positions distinct.
    """
    lines = []
    for rooks in range(5):
        others = [file for file in range(5) if file != rooks]
        for count in range(3):
            for idle in combinations(others, count):
                board = chess.Board("6k1/5ppp/8/8/8/8/5PPP/6K1 w - - 0 1")
                board.set_piece_at(chess.square(rooks, 6), chess.Piece.from_symbol("R"))
                board.set_piece_at(chess.square(rooks, 1), chess.Piece.from_symbol("r"))
                for file in (rooks, *idle):
                    board.set_piece_at(chess.square(file, 3), chess.Piece.from_symbol("P"))
                    board.set_piece_at(chess.square(file, 4), chess.Piece.from_symbol("p"))
                lines.append(board.epd())
    return lines


@pytest.fixture(scope="session")
def back_rank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book in which the first move decides between engines that know the mate and others."""
    lines = back_rank_lines()
    assert len(set(lines)) == len(lines) >= 50
    book = tmp_path_factory.mktemp("openings") / "back_rank.epd"
    book.write_text("".join(f"{line}\n" for line in lines))
    return book


@pytest.fixture
def good(tmp_path: Path, az_spec: ModelSpec) -> Path:
    """A model that mates."""
    return write_network(tmp_path / "good.onnx", az_spec)


@pytest.fixture
def bad(tmp_path: Path, az_spec: ModelSpec) -> Path:
    """The same model with the sign of its one idea lost."""
    return write_network(tmp_path / "bad.onnx", az_spec, drive=-12.0)


@pytest.fixture
def clueless(tmp_path: Path, az_spec: ModelSpec) -> Path:
    """A model without that idea."""
    return write_network(tmp_path / "clueless.onnx", az_spec, drive=0.0, seed=7)


@pytest.fixture
def broken(tmp_path: Path, az_spec: ModelSpec) -> Path:
    """A model that answers NaN."""
    return write_network(tmp_path / "broken.onnx", az_spec, wdl_bias=float("nan"))


@pytest.fixture
def scripted() -> Callable[..., str]:
    """Returns what gives the name of a UCI engine with a fault (see `tests.eval.scripted_engine`)."""

    def name(fault: str = "none", move: int = 0, log: str = "") -> str:
        command = [sys.executable, scripted_engine.__file__, fault, str(move), log]
        return f"uci:{shlex.join(command)}"

    return name
