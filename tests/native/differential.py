"""Holds the native rules and encodings against python-chess and the Python reference.

    python -m tests.native.differential --positions 1000000

Three kinds of game, all from one seed: from the usual start, from one of the 960 starts, and from
boards thrown together at random. Each is played by random moves (with a liking for captures, pawn moves
and shuffling to and fro, so that promotions, en passant, castling and repetitions all come up).
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import chess
import numpy as np

from aztoolkit._native import Game, encode_batch, move_indices
from aztoolkit.encoding import get_action_space, get_encoding

ENCODINGS = ("az119", "lc0_112")
ACTION_SPACES = ("az4672", "lc0_1858")
MAX_PLIES = 250
RANDOM_BOARD_PLIES = 25
"""Random boards lose their strangeness soon, so they are played for a short time only."""
SHUFFLE_SHARE = 0.15
"""How often a player who can takes back its own last move, to make repetitions."""
FORCING_SHARE = 0.4
"""How often a capture, a pawn move or castling is preferred."""
ENCODE_SHARE = 0.05
"""Share of the positions whose planes are compared: the reference is slow."""


@dataclass
class Tally:
    """What has been compared."""

    positions: int = 0
    encoded: int = 0
    endings: dict[str, int] = field(default_factory=dict)
    repetitions: int = 0
    en_passant: int = 0
    castling: int = 0


def compare(positions: int, seed: int) -> Tally:
    """Plays until `positions` positions have been compared; an AssertionError names a difference."""
    rng = random.Random(seed)
    tally = Tally()
    sources: tuple[Callable[[random.Random], chess.Board], ...] = (
        lambda _: chess.Board(),
        lambda rng: chess.Board.from_chess960_pos(rng.randrange(960)),
        random_board,
    )
    while tally.positions < positions:
        source = rng.choices(sources, weights=(1, 1, 8))[0]
        play(source(rng), rng, tally, RANDOM_BOARD_PLIES if source is random_board else MAX_PLIES)
    return tally


def play(board: chess.Board, rng: random.Random, tally: Tally, max_plies: int) -> None:
    """Plays one random game on both boards, comparing after every move."""
    game = Game(board.fen(en_passant="fen"), chess960=board.chess960)
    for _ in range(max_plies):
        moves = list(board.legal_moves)
        compare_position(game, board, moves)
        if rng.random() < ENCODE_SHARE:
            compare_encoding(game, board, moves)
            tally.encoded += 1
        count(tally, game, board, moves)
        if not moves or board.is_insufficient_material():
            return
        move = choose(board, moves, rng)
        game.push_uci(board.uci(move))
        board.push(move)


def compare_position(game: Game, board: chess.Board, moves: list[chess.Move]) -> None:
    """Compares everything but the encodings."""
    fen = board.fen()
    assert game.fen() == fen, f"FEN: expected {fen}, got {game.fen()}"
    assert Game(fen, chess960=board.chess960).fen() == fen, f"FEN round trip: {fen}"
    ours, theirs = sorted(game.legal_moves()), sorted(board.uci(move) for move in moves)
    assert ours == theirs, f"legal moves of {fen}: {set(ours) ^ set(theirs)}"
    assert game.is_check() == board.is_check(), f"check in {fen}"
    assert game.has_legal_en_passant() == board.has_legal_en_passant(), f"en passant in {fen}"
    drawn = board.is_insufficient_material()
    assert game.is_insufficient_material() == drawn, f"material in {fen}"
    for times in (2, 3, 4, 5):
        repeated = game.repetitions() >= times - 1
        assert repeated == board.is_repetition(times), f"{times}-fold repetition in {fen}"
    assert ending(game) == reference_ending(board, moves), f"outcome in {fen}"


def ending(game: Game) -> tuple[str, bool | None] | None:
    """Returns how the native game has ended, draws claimed."""
    outcome = game.outcome(claim_draw=True)
    return outcome and (outcome.termination, outcome.winner)


def reference_ending(board: chess.Board, moves: list[chess.Move]) -> tuple[str, bool | None] | None:
    """Returns how python-chess sees the end; claims count when they stand on the board."""
    outcome = board.outcome()
    if outcome:
        return outcome.termination.name.lower(), outcome.winner
    if board.halfmove_clock >= 100 and moves:
        return "fifty_moves", None
    if board.is_repetition(3):
        return "threefold_repetition", None
    return None


def compare_encoding(game: Game, board: chess.Board, moves: list[chess.Move]) -> None:
    """Compares planes bit for bit, and every move's index, in each encoding."""
    for name in ENCODINGS:
        encoding = get_encoding(name)
        planes = np.full((1, encoding.planes, 8, 8), np.nan, dtype=np.float32)
        encode_batch([game], planes, encoding=name)
        expected = encoding.encode(board)
        same = np.array_equal(planes[0].view(np.uint32), expected.view(np.uint32))
        assert same, f"{name} planes of {board.fen()} after {board.move_stack}"
    for name in ACTION_SPACES:
        space = get_action_space(name)
        indices = {board.uci(move): space.move_to_index(board, move) for move in moves}
        assert move_indices(game, action_space=name) == indices, f"{name} of {board.fen()}"


def count(tally: Tally, game: Game, board: chess.Board, moves: list[chess.Move]) -> None:
    """Adds one position to the tally."""
    tally.positions += 1
    tally.repetitions += game.repetitions() > 0
    tally.en_passant += game.has_legal_en_passant()
    tally.castling += any(board.is_castling(move) for move in moves)
    if outcome := game.outcome(claim_draw=True):
        tally.endings[outcome.termination] = tally.endings.get(outcome.termination, 0) + 1


def choose(board: chess.Board, moves: list[chess.Move], rng: random.Random) -> chess.Move:
    """Returns a random move, more often one that changes something or takes the last one back."""
    if len(board.move_stack) >= 2 and rng.random() < SHUFFLE_SHARE:
        last = board.move_stack[-2]
        back = chess.Move(last.to_square, last.from_square)
        if back in moves and not board.is_castling(back):
            return back
    if rng.random() < FORCING_SHARE:
        forcing = [move for move in moves if board.is_zeroing(move) or board.is_castling(move)]
        return rng.choice(forcing or moves)
    return rng.choice(moves)


def random_board(rng: random.Random) -> chess.Board:
    """Returns a board of random pieces that breaks no rule a move generator may rely on."""
    while True:
        board = chess.Board(None, chess960=rng.random() < 0.5)
        squares = rng.sample(chess.SQUARES, rng.randint(2, 24))
        for square, piece in zip(squares, _random_pieces(rng), strict=False):
            board.set_piece_at(square, piece)
        board.turn = rng.random() < 0.5
        board.halfmove_clock = rng.choice((0, rng.randint(0, 160)))
        board.fullmove_number = rng.randint(1, 200)
        board.castling_rights = board.rooks & (chess.BB_RANK_1 | chess.BB_RANK_8)
        board.castling_rights = board.clean_castling_rights()
        possible = list(_possible_en_passant(board))
        board.ep_square = rng.choice(possible) if possible and rng.random() < 0.7 else None
        if _is_playable(board):
            return board


def _random_pieces(rng: random.Random) -> Iterator[chess.Piece]:
    yield chess.Piece(chess.KING, chess.WHITE)
    yield chess.Piece(chess.KING, chess.BLACK)
    while True:
        piece = rng.choices(chess.PIECE_TYPES[:5], weights=(8, 2, 2, 3, 1))[0]
        yield chess.Piece(piece, rng.random() < 0.5)


def _possible_en_passant(board: chess.Board) -> Iterator[chess.Square]:
    for square in chess.scan_forward(chess.BB_RANK_6 if board.turn else chess.BB_RANK_3):
        board.ep_square = square
        if board._valid_ep_square() is not None:
            yield square


def _is_playable(board: chess.Board) -> bool:
    too_many = any(chess.popcount(side) > 16 for side in board.occupied_co)
    stray = board.pawns & (chess.BB_RANK_1 | chess.BB_RANK_8)
    return not too_many and not stray and not board.was_into_check()


def main() -> int:
    """Runs the comparison and prints what it covered."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--positions", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    started = time.perf_counter()
    tally = compare(arguments.positions, arguments.seed)
    elapsed_s = time.perf_counter() - started
    print(f"no difference with seed {arguments.seed} in {elapsed_s:.0f} s: {tally}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
