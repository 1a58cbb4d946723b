"""Native planes and policy indices: shapes, errors, lc0's own numbers."""

import json
from pathlib import Path

import chess
import numpy as np
import pytest

from aztoolkit._native import Game, encode_batch, move_index, move_indices, move_of_index
from aztoolkit.errors import ModelError, PositionError

LC0_SIZE = 1858


def encode(game: Game, encoding: str) -> np.ndarray:  # type: ignore[type-arg]
    planes = np.full((1, {"az119": 119, "lc0_112": 112}[encoding], 8, 8), np.nan, np.float32)
    encode_batch([game], planes, encoding=encoding)
    return planes[0]


@pytest.mark.parametrize("space", ["az4672", "lc0_1858"])
def test_every_index_leads_back_to_its_move(space: str) -> None:
    game = Game("n1n5/PPPk4/8/8/8/8/4Kppp/5N1N b - - 0 1")
    indices = move_indices(game, action_space=space)
    assert len(set(indices.values())) == len(indices)
    for move, index in indices.items():
        assert move_index(game, move, action_space=space) == index
        assert move_of_index(game, index, action_space=space) == move


def test_lc0_moves_are_numbered_by_from_square_then_to_square_then_promotions() -> None:
    board = chess.Board(None)
    moves = []
    for origin in chess.SQUARES:
        targets = chess.BB_KNIGHT_ATTACKS[origin]
        targets |= chess.BB_RANK_ATTACKS[origin][0] | chess.BB_FILE_ATTACKS[origin][0]
        targets |= chess.BB_DIAG_ATTACKS[origin][0]
        moves += [chess.Move(origin, target) for target in chess.scan_forward(targets)]
    for file in range(8):
        for target in range(max(0, file - 1), min(7, file + 1) + 1):
            for piece in (chess.QUEEN, chess.ROOK, chess.BISHOP):
                square = chess.square(file, 6)
                moves.append(chess.Move(square, chess.square(target, 7), piece))
    assert len(moves) == LC0_SIZE
    for index, move in enumerate(moves):
        board.clear_board()
        game = _game_with(move)
        if game is not None:
            assert move_index(game, move.uci(), action_space="lc0_1858") == index


def _game_with(move: chess.Move) -> Game | None:
    """Returns a position of White's in which `move` is legal, or None if kings are in the way."""
    board = chess.Board(None)
    last_rank = chess.square_rank(move.to_square) == 7
    if move.promotion:
        board.set_piece_at(move.from_square, chess.Piece(chess.PAWN, chess.WHITE))
        if chess.square_file(move.from_square) != chess.square_file(move.to_square):
            board.set_piece_at(move.to_square, chess.Piece(chess.ROOK, chess.BLACK))
    else:
        files, ranks = (abs(step) for step in _step(move))
        piece = chess.KNIGHT if {files, ranks} == {1, 2} else chess.QUEEN
        board.set_piece_at(move.from_square, chess.Piece(piece, chess.WHITE))
    rank = 3 if last_rank else 7
    for white in chess.SQUARES:
        for black in (chess.square(0, rank), chess.square(7, rank), chess.square(4, 4)):
            if len({white, black, move.from_square, move.to_square}) < 4:
                continue
            candidate = board.copy()
            candidate.set_piece_at(white, chess.Piece(chess.KING, chess.WHITE))
            candidate.set_piece_at(black, chess.Piece(chess.KING, chess.BLACK))
            if candidate.is_valid() and candidate.is_legal(move):
                return Game(candidate.fen())
    return None


def _step(move: chess.Move) -> tuple[int, int]:
    files = chess.square_file(move.to_square) - chess.square_file(move.from_square)
    return files, chess.square_rank(move.to_square) - chess.square_rank(move.from_square)


def test_lc0_indices_are_those_that_lc0_prints(shared_data: Path) -> None:
    lines = (shared_data / "golden" / "lc0_maia-1100.jsonl").read_text().splitlines()
    for line in lines:
        record = json.loads(line)
        game = game_of(record["position"])
        printed = {uci: index for uci, (_, index) in record["policy_pct_and_index"].items()}
        assert move_indices(game, action_space="lc0_1858") == printed, record["position"]


def game_of(uci_position: str) -> Game:
    """Returns the game of ``startpos moves ...`` or ``fen ... moves ...``, castling as lc0 writes it."""
    start, _, moves = uci_position.partition(" moves ")
    fen = chess.STARTING_FEN if start == "startpos" else start.removeprefix("fen ")
    return Game(fen, moves.split(), chess960=True)


def test_lc0_history_before_a_fen_repeats_its_position() -> None:
    planes = encode(Game("4k3/8/8/8/8/8/4P3/4K3 w - - 7 9"), "lc0_112")
    frames = planes[:104].reshape(8, 13, 8, 8)
    assert (frames == frames[0]).all()
    assert (planes[109] == 7).all()
    assert (planes[111] == 1).all()


def test_lc0_history_before_the_start_position_is_empty() -> None:
    planes = encode(Game(chess.STARTING_FEN, ["e2e4"]), "lc0_112")
    assert planes[13:26].any()
    assert not planes[26:104].any()
    assert (planes[108] == 1).all()


def test_lc0_history_before_a_double_step_has_the_pawn_at_home() -> None:
    planes = encode(Game("4k3/8/8/8/3pP3/8/8/4K3 b - e3 0 1"), "lc0_112")
    theirs = planes[:104].reshape(8, 13, 8, 8)[:, 6]
    here, home = (4, 4), (6, 4)  # rank and file of e4 and e2, seen by Black
    assert theirs[0][here] == 1
    assert theirs[0].sum() == 1
    assert all(frame[home] == 1 and frame.sum() == 1 for frame in theirs[1:])


@pytest.mark.parametrize("shape", [(1, 118, 8, 8), (2, 119, 8, 8), (1, 119, 8, 7)])
def test_buffer_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="expected an array of shape"):
        encode_batch([Game()], np.zeros(shape, np.float32))


def test_empty_batch_is_fine() -> None:
    encode_batch([], np.zeros((0, 119, 8, 8), np.float32))


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ModelError, match="expected the encoding az119 or lc0_112, got 'x'"):
        encode_batch([], np.zeros((0, 119, 8, 8), np.float32), encoding="x")
    with pytest.raises(ModelError, match="expected the action space"):
        move_index(Game(), "e2e4", action_space="x")


def test_index_of_no_legal_move_is_refused() -> None:
    with pytest.raises(PositionError, match="expected the az4672 index of a legal move"):
        move_of_index(Game(), 0)
