"""Positions of a game in which one move stands out, and those that a blunder would have led to.

every position        a glance at all its moves: what would each of them lead to?
what may be of a kind a look with few nodes, then a close look with many

A capture is what every engine looks at first, so that a suite of captures alone would be easy. Where `quiet`
moves are wanted, those that take nothing are examined first, and a game gives few captures of a kind: hanging
pieces aside, which are taken.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

import chess
import chess.engine

from eval.tactics_games import RANDOM_PLIES
from eval.tactics_kinds import (
    HELD_CP,
    MATE_CP,
    MATES,
    SAVES,
    WINS,
    WON_CP,
    Kind,
    Look,
    kind_of,
    look,
    score_cp,
    winning_kind,
)
from eval.tactics_mates import mating_moves

PER_GAME = 3
"""Most positions of a kind from one game."""
CAPTURES_PER_GAME = 1
"""Most of those whose solution takes something, where quiet moves are wanted."""
GLANCE_DEPTH = 4
"""Of the search of all moves; what a mate in two after a blunder takes."""
SCREEN_NODES = 2_000
CHECK_NODES = 60_000
_TRIES = 3
"""Most guesses of a kind that are looked at in a position."""
_LEEWAY_CP = 50
"""A glance may be so wrong."""
_ALL_MOVES = 256


@dataclass(frozen=True)
class _Guess:
    """A position that may be of a kind."""

    kind: Kind
    board: chess.Board
    takes: bool
    """Whether the move that may stand out takes something."""


@dataclass(frozen=True)
class Find:
    """A position in which one move stands out, with the moves that led there."""

    kind: Kind
    board: chess.Board
    look: Look


def find_tactics(
    engine: chess.engine.SimpleEngine,
    game: chess.Board,
    wanted: set[Kind],
    rng: random.Random,
    *,
    quiet: bool = False,
) -> Iterator[Find]:
    """Yields positions of a game that are of a kind wanted, few of each kind and all with other moves.

    Args:
        quiet: whether moves that take nothing are wanted above all.
    """
    quota, best_moves = Quota(wanted, quiet=quiet), set[chess.Move]()
    board = chess.Board()
    for move in game.move_stack:
        if board.ply() >= RANDOM_PLIES:
            guesses = list(_glance(engine, board, quota))
            rng.shuffle(guesses)
            if quiet:
                guesses.sort(key=attrgetter("takes"))
            for guess in _few_of_each(guesses):
                kind, found = _examine(engine, guess.board)
                if not kind or not found or found.best in best_moves:
                    continue
                if quota.take(kind, takes=guess.board.is_capture(found.best)):
                    best_moves.add(found.best)
                    yield Find(kind, guess.board, found)
        board.push(move)


class Quota:
    """How many more positions of each kind one game may give, and how many of them captures."""

    def __init__(self, wanted: Iterable[Kind], *, quiet: bool) -> None:
        self._left = dict.fromkeys(wanted, PER_GAME)
        captures = CAPTURES_PER_GAME if quiet else PER_GAME
        self._captures = dict.fromkeys(wanted, captures) | {"hanging-piece": PER_GAME}

    @property
    def kinds(self) -> set[Kind]:
        """Of which there may be more."""
        return {kind for kind, left in self._left.items() if left}

    def allows(self, kind: Kind, *, takes: bool) -> bool:
        """Returns whether there may be one more."""
        return kind in self.kinds and (not takes or self._captures[kind] > 0)

    def take(self, kind: Kind, *, takes: bool) -> bool:
        """Counts one more, and returns whether there may be."""
        if not self.allows(kind, takes=takes):
            return False
        self._left[kind] -= 1
        self._captures[kind] -= takes
        return True


def _few_of_each(guesses: Iterable[_Guess]) -> Iterator[_Guess]:
    """Yields the first guesses of each kind."""
    count: Counter[Kind] = Counter()
    for guess in guesses:
        count[guess.kind] += 1
        if count[guess.kind] <= _TRIES:
            yield guess


def _glance(
    engine: chess.engine.SimpleEngine, board: chess.Board, quota: Quota
) -> Iterator[_Guess]:
    """Yields positions that may be of a kind wanted: this one, and those after one more move."""
    limit = chess.engine.Limit(depth=GLANCE_DEPTH)
    lines = engine.analyse(board, limit, multipv=_ALL_MOVES, game=object())
    if SAVES & quota.kinds and _may_save(lines):
        yield _Guess("only-move", board.copy(), board.is_capture(lines[0]["pv"][0]))
    for line in lines:
        move, *replies = line["pv"]
        board.push(move)
        kind = _guess(board, line, quota.kinds)
        takes = bool(replies) and board.is_capture(replies[0])
        if kind and quota.allows(kind, takes=takes):
            yield _Guess(kind, board.copy(), takes)
        board.pop()


def _may_save(lines: Sequence[chess.engine.InfoDict]) -> bool:
    """Returns whether the second best move of a position might lose, and the best one not."""
    scores_cp = [score_cp(line) for line in lines[:2]]
    return len(scores_cp) == 2 and scores_cp[0] > HELD_CP - _LEEWAY_CP > scores_cp[1]


def _guess(after: chess.Board, line: chess.engine.InfoDict, wanted: set[Kind]) -> Kind | None:
    """Returns the kind that the position after the first move of a line may be of."""
    best_cp = -score_cp(line)
    for kind, moves in MATES.items():
        if best_cp == MATE_CP - moves:
            return kind
    if best_cp >= WON_CP and len(line["pv"]) > 1:
        return winning_kind(after, line["pv"][1]) if WINS & wanted else None
    return "defence" if "defence" in wanted and _threatens_mate(after) else None


def _threatens_mate(board: chess.Board) -> bool:
    """Returns whether the side that has just moved could mate at once if it were to move again."""
    if board.is_check():
        return False
    passed = board.copy(stack=False)
    passed.push(chess.Move.null())
    return any(mating_moves(passed, 1))


def _examine(
    engine: chess.engine.SimpleEngine, board: chess.Board
) -> tuple[Kind | None, Look | None]:
    """Returns the kind of a position that has one both at a look and at a close look."""
    kind: Kind | None = None
    found: Look | None = None
    for nodes in (SCREEN_NODES, CHECK_NODES):
        found = look(engine, board, nodes)
        kind = kind_of(board, found) if found else None
        if kind is None:
            break
    return kind, found
