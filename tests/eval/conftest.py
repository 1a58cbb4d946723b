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
    """Returns EPD of symmetrical positions where whoever moves first can mate in two with rooks.

    The kings stand before their last rank, the rooks on two files a rank before that: one gives check a
    square ahead, the king goes back, the other mates. A mate in one would be no test of a network: the
    search finds it. Blocked pawns between the rooks, and on other files, make the positions distinct.
    """
    lines = []
    for first, second in combinations(range(5), 2):
        others = [file for file in range(5) if file not in (first, second)]
        for count in range(3):
            for idle in combinations(others, count):
                board = chess.Board("8/7k/8/8/8/8/7K/8 w - - 0 1")
                for file in (first, second):
                    board.set_piece_at(chess.square(file, 5), chess.Piece.from_symbol("R"))
                    board.set_piece_at(chess.square(file, 2), chess.Piece.from_symbol("r"))
                for file in (first, second, *idle):
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


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """A program that takes Stockfish's options and plays badly; what it hears is in the file `heard`."""
    command = [sys.executable, scripted_engine.__file__, "none", "0", str(tmp_path / "heard")]
    script = tmp_path / "fakefish"
    script.write_text(f"#!/bin/sh\nexec {shlex.join(command)}\n")
    script.chmod(0o755)
    return script
