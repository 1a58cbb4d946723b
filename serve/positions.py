"""Chess as the API reads it: FENs, moves and ends of game, refused or named in one line."""

from collections.abc import Iterable

import chess

from aztoolkit.errors import PositionError
from serve.config import MAX_FEN_LENGTH
from serve.schemas import Result

_MAX_MOVE_NUMBER = 9999
_FIFTY_MOVES_PLIES = 100
_LOST: dict[chess.Color, Result] = {chess.WHITE: "0-1", chess.BLACK: "1-0"}

Ending = tuple[Result, str]
"""The result of a game, and why."""


def parse_fen(fen: str) -> chess.Board:
    """Returns the board of a FEN.

    Raises:
        PositionError: the FEN is malformed, or its position impossible.
    """
    if len(fen) > MAX_FEN_LENGTH:
        raise PositionError(
            f"expected a FEN of at most {MAX_FEN_LENGTH} characters, got {len(fen)}"
        )
    try:
        board = chess.Board(fen)
    except ValueError as error:
        raise PositionError(f"expected a FEN, got {fen!r}: {error}") from error
    if not board.is_valid():
        raise PositionError(f"expected a possible position, got {_faults(board)}: {fen!r}")
    if board.fullmove_number > _MAX_MOVE_NUMBER:
        raise PositionError(f"expected a move number up to {_MAX_MOVE_NUMBER} in FEN, got {fen!r}")
    return board


def parse_position(fen: str | None, moves: Iterable[str]) -> chess.Board:
    """Returns the board after moves from a FEN, or from the usual position; they are on its stack.

    Raises:
        PositionError: the FEN is no position, or a move is not legal.
    """
    board = chess.Board() if fen is None else parse_fen(fen)
    for number, uci in enumerate(moves, start=1):
        try:
            board.push(parse_move(board, uci))
        except PositionError as error:
            raise PositionError(f"move {number}: {error}") from error
    return board


def check_open(board: chess.Board) -> None:
    """Raises PositionError if the game is over."""
    if ending := end_of_game(board):
        raise PositionError(
            f"expected a position to play on from, got {ending[1]}: {board.fen()!r}"
        )


def parse_move(board: chess.Board, uci: str) -> chess.Move:
    """Returns the legal move that `uci` stands for.

    Raises:
        PositionError: it is malformed or not legal on `board`; the message says why.
    """
    try:
        move = chess.Move.from_uci(uci)
    except ValueError as error:
        raise PositionError(f"expected a move such as 'e2e4' or 'e7e8q', got {uci!r}") from error
    if not board.is_legal(move):
        raise PositionError(f"expected a legal move, got {uci!r}: {_why_illegal(board, move)}")
    return move


def resignation(loser: chess.Color) -> Ending:
    """Returns how a game ends that a side gives up."""
    return _LOST[loser], "resignation"


def end_of_game(board: chess.Board) -> Ending | None:
    """Returns the result and its reason if the game is over, else None.

    A third occurrence of a position and fifty moves without progress end the game unasked, as they
    do in the search.
    """
    if not any(board.legal_moves):
        if board.is_check():
            return _LOST[board.turn], "checkmate"
        return "1/2-1/2", "stalemate"
    draws = {
        "insufficient material": board.is_insufficient_material(),
        "fifty moves without capture or pawn move": board.halfmove_clock >= _FIFTY_MOVES_PLIES,
        "threefold repetition": board.is_repetition(3),
    }
    reason = next((reason for reason, holds in draws.items() if holds), None)
    return None if reason is None else ("1/2-1/2", reason)


def _faults(board: chess.Board) -> str:
    names = (flag.name or "" for flag in board.status())
    return ", ".join(name.lower().replace("_", " ") for name in names)


def _why_illegal(board: chess.Board, move: chess.Move) -> str:
    origin = chess.square_name(move.from_square)
    piece = board.piece_at(move.from_square)
    if piece is None:
        return f"there is no piece on {origin}"
    if piece.color != board.turn:
        return f"it is {chess.COLOR_NAMES[board.turn]}'s turn"
    queening = chess.Move(move.from_square, move.to_square, chess.QUEEN)
    if move.promotion is None and board.is_legal(queening):
        return "say what the pawn becomes, as in " + repr(queening.uci())
    if board.is_pseudo_legal(move):
        return "it would leave the king in check"
    return f"the {chess.piece_name(piece.piece_type)} cannot go there"
