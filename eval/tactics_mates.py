"""Forced mates in one or two, proven by trying everything with python-chess."""

from collections.abc import Iterator

import chess

LONGEST = 2
"""Moves of the side that mates; a proof tries all moves and all replies, which three would make slow."""


def mating_moves(board: chess.Board, moves: int) -> Iterator[chess.Move]:
    """Yields the legal moves that force mate in at most so many moves, each in its own right."""
    return (move for move in board.legal_moves if forces_mate(board, move, moves))


def forces_mate(board: chess.Board, move: chess.Move, moves: int) -> bool:
    """Returns whether a legal move mates in at most so many moves (itself counted) against every reply."""
    assert 1 <= moves <= LONGEST, "longer mates are not proven here"
    if moves == 1:
        return _mates_at_once(board, move)
    board.push(move)
    try:
        return _is_lost(board, moves - 1)
    finally:
        board.pop()


def mate_distance(board: chess.Board, move: chess.Move) -> int | None:
    """Returns in how many moves, up to `LONGEST`, a legal move forces mate; None if it does not."""
    lengths = range(1, LONGEST + 1)
    return next((moves for moves in lengths if forces_mate(board, move, moves)), None)


def _is_lost(board: chess.Board, moves: int) -> bool:
    """Returns whether the side to move is mated, now or in at most so many of the opponent's moves."""
    for reply in board.legal_moves:
        board.push(reply)
        mated = any(mating_moves(board, moves))
        board.pop()
        if not mated:
            return False
    return board.is_check() or any(board.legal_moves)


def _mates_at_once(board: chess.Board, move: chess.Move) -> bool:
    if not board.gives_check(move):
        return False
    board.push(move)
    mated = board.is_checkmate()
    board.pop()
    return mated
