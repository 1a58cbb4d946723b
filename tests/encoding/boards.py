"""What tests of encodings share: games played so far, planes read as squares, random games."""

import random
from collections.abc import Iterator

import chess
import numpy as np

SHUFFLE = ("g1f3", "g8f6", "f3g1", "f6g8")
"""Knights out and home again: four plies that lead back to the start position."""


def played(*moves: str, fen: str = chess.STARTING_FEN, chess960: bool = False) -> chess.Board:
    """Returns the board after `moves`, which are its history."""
    board = chess.Board(fen, chess960=chess960)
    for move in moves:
        board.push_uci(move)
    return board


def squares(plane: np.ndarray) -> set[str]:
    """Returns the names of the squares that are not zero, as the side to move sees them."""
    return {chess.square_name(chess.square(file, rank)) for rank, file in np.argwhere(plane)}


def random_positions(rng: random.Random, *, games: int, chess960: bool) -> Iterator[chess.Board]:
    """Yields every position of random games of at most 150 plies."""
    for _ in range(games):
        board = chess.Board.from_chess960_pos(rng.randrange(960)) if chess960 else chess.Board()
        while not board.is_game_over() and board.ply() < 150:
            yield board
            board.push(rng.choice(list(board.legal_moves)))
