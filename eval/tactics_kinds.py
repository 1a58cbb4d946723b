"""Which kind of tactics a position is, if one move of it stands out.

mate-in-1      one move mates, and the next best does not even win a queen
mate-in-2      likewise one that mates in two
hanging-piece  one move wins: it takes a piece that is not protected, or with a lesser one
fork           one move wins: the piece attacks two that are worth more than itself or not protected
combination    one move wins otherwise: sacrifices, pins, discoveries, traps
defence        mate is threatened, in one move or two, and one move does not lose
only-move      one move does not lose otherwise
"""

from dataclasses import dataclass
from typing import Literal, get_args

import chess
import chess.engine

from eval.tactics_mates import LONGEST, mating_moves

Kind = Literal[
    "mate-in-1", "mate-in-2", "hanging-piece", "fork", "combination", "defence", "only-move"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
WINS: frozenset[Kind] = frozenset({"hanging-piece", "fork", "combination"})
SAVES: frozenset[Kind] = frozenset({"defence", "only-move"})
MATES: dict[Kind, int] = {"mate-in-1": 1, "mate-in-2": 2}
"""Moves to mate."""

WON_CP = 200
"""The least score of a move that wins, in hundredths of a pawn for the side to move."""
LEVEL_CP = 100
"""The best score that the second move of such a position may have."""
MATE_MARGIN_CP = 1200
"""The best score that the second move may have where the first one mates."""
HELD_CP = -75
"""The least score of a move that saves the game."""
LOST_CP = -200
"""The best score that the second move of such a position may have."""
MIN_MOVES = 4
"""Legal moves of a position that has something to choose from."""
MATE_CP = 100_000
"""Stands for a mate; one in n moves is n less."""

_VALUES = {chess.PAWN: 1, chess.KNIGHT: 3, chess.BISHOP: 3, chess.ROOK: 5, chess.QUEEN: 9}
_KING_VALUE = 100
_MINOR_PIECE = 3


@dataclass(frozen=True)
class Look:
    """The two best moves of a position, as an engine sees it."""

    best: chess.Move
    best_cp: int
    """For the side to move."""
    second_cp: int

    @property
    def mates_soon(self) -> bool:
        """Whether the best move forces mate in so few moves that it can be proven."""
        return self.best_cp >= MATE_CP - LONGEST

    @property
    def is_mated_else(self) -> bool:
        """Whether every move but the best is mated."""
        return self.second_cp < -MATE_CP // 2

    @property
    def wins(self) -> bool:
        """Whether the best move wins and the second does not."""
        return self.best_cp >= WON_CP and self.second_cp <= LEVEL_CP

    @property
    def saves(self) -> bool:
        """Whether the best move holds and the second loses."""
        return self.best_cp >= HELD_CP and self.second_cp <= LOST_CP


def look(engine: chess.engine.SimpleEngine, board: chess.Board, nodes: int) -> Look | None:
    """Returns the two best moves by so many nodes with an empty hash table; None if there are not two."""
    lines = engine.analyse(board, chess.engine.Limit(nodes=nodes), multipv=2, game=object())
    if len(lines) < 2:
        return None
    best_cp, second_cp = (score_cp(line) for line in lines)
    return Look(lines[0]["pv"][0], best_cp, second_cp)


def score_cp(line: chess.engine.InfoDict) -> int:
    """Returns the score of a line for the side to move, in hundredths of a pawn."""
    return line["score"].relative.score(mate_score=MATE_CP)


def kind_of(board: chess.Board, found: Look) -> Kind | None:
    """Returns the kind of a position by its two best moves; None if none stands out.

    A recapture is of none: nobody misses it. Nor is a position with hardly a choice.
    """
    if board.legal_moves.count() < MIN_MOVES:
        return None
    if found.mates_soon:
        return _mate_kind(board, found)
    if found.saves and (found.is_mated_else or _is_mate_threatened(board)):
        return "defence"
    if _is_recapture(board, found.best):
        return None
    if found.wins:
        return winning_kind(board, found.best)
    return "only-move" if found.saves else None


def winning_kind(board: chess.Board, move: chess.Move) -> Kind:
    """Returns the kind of a position that a move wins without mate."""
    if _takes_for_nothing(board, move):
        return "hanging-piece"
    return "fork" if _forks(board, move) else "combination"


def _mate_kind(board: chess.Board, found: Look) -> Kind | None:
    """Returns the kind of the shortest mate, if no other move is as good."""
    if found.second_cp > MATE_MARGIN_CP:
        return None
    kind: Kind = "mate-in-1" if found.best_cp == MATE_CP - 1 else "mate-in-2"
    return kind if list(mating_moves(board, MATES[kind])) == [found.best] else None


def _is_mate_threatened(board: chess.Board) -> bool:
    """Returns whether the other side could force mate if it were to move."""
    if board.is_check():
        return False
    passed = board.copy(stack=False)
    passed.push(chess.Move.null())
    return any(mating_moves(passed, LONGEST))


def _is_recapture(board: chess.Board, move: chess.Move) -> bool:
    if not board.move_stack or board.peek().to_square != move.to_square:
        return False
    before = board.copy(stack=1)
    last = before.pop()
    return before.is_capture(last)


def _takes_for_nothing(board: chess.Board, move: chess.Move) -> bool:
    """Returns whether a move takes a piece that is not protected, or with one worth two pawns less."""
    victim = board.piece_type_at(move.to_square)
    if victim is None or _VALUES[victim] < _MINOR_PIECE:
        return False
    taker = board.piece_type_at(move.from_square)
    assert taker is not None, "a legal move is of a piece"
    after = board.copy(stack=False)
    after.push(move)
    protected = any(reply.to_square == move.to_square for reply in after.legal_moves)
    return not protected or _VALUES[victim] - _worth(taker) >= 2


def _forks(board: chess.Board, move: chess.Move) -> bool:
    """Returns whether the piece that moved attacks two pieces it could gain by taking."""
    after = board.copy(stack=False)
    after.push(move)
    forker = after.piece_type_at(move.to_square)
    assert forker is not None, "it has just moved there"
    targets = after.attacks(move.to_square) & after.occupied_co[after.turn]
    return sum(_is_target(after, square, forker) for square in targets) >= 2


def _is_target(board: chess.Board, square: chess.Square, forker: chess.PieceType) -> bool:
    """Returns whether a piece of the side to move is in danger from a `forker` that attacks it."""
    piece = board.piece_type_at(square)
    assert piece is not None, "an occupied square"
    if _worth(piece) < _MINOR_PIECE:
        return False
    return _worth(piece) > _worth(forker) or not board.attackers(board.turn, square)


def _worth(piece: chess.PieceType) -> int:
    return _VALUES.get(piece, _KING_VALUE)
