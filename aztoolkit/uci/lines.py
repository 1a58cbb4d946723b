"""What the engine says of a search: `info` and `bestmove` lines."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import chess
import numpy as np

from aztoolkit.mcts import Search, SearchResult, best_backend
from aztoolkit.mcts.node import find_mate

_TAN_SCALE, _TAN_SLOPE = 90.0, 1.5637541897
"""Centipawns of a value q: 90 tan(1.5637541897 q), lc0's formula; 1 makes 12,800."""
_LARGEST_TREE = 200_000
"""Nodes beyond which second and further lines are cut to a move: reading the tree would take too long."""

Line = tuple[chess.Move, ...]


@dataclass(frozen=True)
class Progress:
    """Figures of a search that are no part of its result."""

    depth: int
    """Length of the longest principal variation so far."""
    elapsed_s: float
    table_hits: int
    hash_permille: int
    table_values: Mapping[chess.Move, int] = field(default_factory=dict)
    """By move: 1, 0 or -1 where tablebases know how it ends."""


def info_lines(
    board: chess.Board,
    result: SearchResult,
    lines: Sequence[Line],
    progress: Progress,
    *,
    show_wdl: bool,
) -> list[str]:
    """Returns an `info` line for each of `lines`, the best first."""
    elapsed_s = max(progress.elapsed_s, 1e-3)
    figures = (
        f"nodes {result.simulations} nps {round(result.simulations / elapsed_s)} "
        f"hashfull {progress.hash_permille} tbhits {progress.table_hits} "
        f"time {round(progress.elapsed_s * 1000)}"
    )
    said = []
    for number, line in enumerate(lines, start=1):
        value, draw = _value(result, line[0]), result.wdl[1]
        if line[0] in progress.table_values:
            known = progress.table_values[line[0]]
            value, draw = float(known), 1.0 - abs(known)
        score = f"score {_score(board, result, line, value)}"
        if show_wdl:
            score += f" wdl {_wdl(value, draw)}"
        pv = _notation(board, line)
        said.append(
            f"info depth {progress.depth} seldepth {progress.depth} multipv {number} "
            f"{score} {figures} pv {pv}"
        )
    return said


def bestmove_line(board: chess.Board, line: Line) -> str:
    """Returns `bestmove ... ponder ...`, with the answer that is expected, if there is one."""
    moves = _notation(board, line[:2]).split()
    return "bestmove " + " ponder ".join(moves)


def best_lines(
    search: Search,
    result: SearchResult,
    count: int,
    *,
    ranks: Mapping[chess.Move, int] | None = None,
) -> list[Line]:
    """Returns the best moves, at most `count`, each with what is expected to follow.

    Args:
        ranks: how good each move is by tablebases, which go before what the search found.
    """
    best = _best_move(result, ranks or {})
    leads = result.pv[:1] == (best,)
    if count == 1 and (leads or not ranks):
        return [result.pv if leads else (best,)]
    follow = _followings(search, result)
    first = result.pv if leads else follow.get(best, (best,))
    worth = {move: _worth(result, i) for i, move in enumerate(result.moves)}
    by_rank = ranks or dict.fromkeys(worth, 0)
    order = sorted(worth, key=lambda move: (by_rank[move], worth[move]), reverse=True)
    others = [move for move in order if move != best]
    return [first, *(follow.get(move, (move,)) for move in others[: count - 1])]


def only(result: SearchResult, moves: Sequence[chess.Move]) -> SearchResult:
    """Returns the part of a result that is about some of the moves."""
    kept = [i for i, move in enumerate(result.moves) if move in moves]
    part = replace(
        result,
        moves=tuple(result.moves[i] for i in kept),
        visits=result.visits[kept],
        priors=result.priors[kept],
        values=result.values[kept],
        proofs=None if result.proofs is None else result.proofs[kept],
    )
    return part if result.pv[:1] == (part.best_move,) else replace(part, pv=(part.best_move,))


def mate_distance(board: chess.Board, line: Line) -> int | None:
    """Returns in how many moves a proven line mates: negative if it is the side to move that is mated."""
    after = board.copy(stack=False)
    for move in line:
        after.push(move)
    if not after.is_checkmate():
        return None
    return (len(line) + 1) // 2 if len(line) % 2 else -(len(line) // 2)


def is_decided(result: SearchResult, move: chess.Move) -> bool:
    """Returns whether it is proven how the game ends after `move`: won, or lost whatever is played."""
    if result.proofs is None:
        return False
    proof = int(result.proofs[result.moves.index(move)])
    return proof > 0 or (proof < 0 and bool((result.proofs < 0).all()))


def _best_move(result: SearchResult, ranks: Mapping[chess.Move, int]) -> chess.Move:
    if not ranks:
        return result.best_move
    highest = max(ranks[move] for move in result.moves)
    return only(result, [move for move in result.moves if ranks[move] == highest]).best_move


def _score(board: chess.Board, result: SearchResult, line: Line, value: float) -> str:
    if is_decided(result, line[0]):
        moves = mate_distance(board, _with_mate(board, line))
        if moves is not None:
            return f"mate {moves}"
    return f"cp {round(_TAN_SCALE * math.tan(_TAN_SLOPE * value))}"


def _with_mate(board: chess.Board, line: Line) -> Line:
    """Returns a decided line and the mate in one that may follow it: such a mate has no node."""
    after = board.copy(stack=False)
    for move in line:
        after.push(move)
    mate = find_mate(after)
    return line if mate is None else (*line, mate)


def _value(result: SearchResult, move: chess.Move) -> float:
    """Returns the value of a move, -1 to 1; the root's where it was not visited."""
    value = float(result.values[result.moves.index(move)])
    return max(-1.0, min(1.0, result.value if math.isnan(value) else value))


def _wdl(value: float, root_draw: float) -> str:
    """Returns win, draw and loss in per mille: the move's value, and draws as often as at the root."""
    draw = min(root_draw, 1.0 - abs(value))
    win = round(1000 * (1.0 - draw + value) / 2.0)
    loss = min(round(1000 * (1.0 - draw - value) / 2.0), 1000 - win)
    return f"{win} {1000 - win - loss} {loss}"


def _worth(result: SearchResult, index: int) -> tuple[int, int, float]:
    proof = 0 if result.proofs is None else int(result.proofs[index])
    return proof, int(result.visits[index]), float(result.priors[index])


def _notation(board: chess.Board, line: Line) -> str:
    after = board.copy(stack=False)
    words = []
    for move in line:
        words.append(after.uci(move))
        after.push(move)
    return " ".join(words)


def _followings(search: Search, result: SearchResult) -> dict[chess.Move, Line]:
    """Returns the line that follows each visited move, the move first; from the native tree only."""
    if best_backend() == "python" or int(np.sum(result.visits)) > _LARGEST_TREE:
        return {}
    from aztoolkit.mcts.native import NativeSearch

    if not isinstance(search, NativeSearch):
        return {}
    lines: dict[chess.Move, Line] = {}
    path: list[_Branch] = []
    for depth, plain, visits, _, _, _, end in [*search.native.rows()[1:], _LAST_ROW]:
        while len(path) >= depth:
            branch = path.pop()
            if path:
                path[-1].offer(branch)
            else:
                lines[branch.line[0]] = branch.line
        move = chess.Move(plain[0], plain[1], plain[2] or None)
        path.append(_Branch((move,), (end == _END_WIN, end != _END_LOSS, visits)))
    return lines


_END_LOSS, _END_WIN = 1, 3
"""Ends in `Search.rows`, for the player who made the move."""
_LAST_ROW = (1, (0, 0, 0), 0, 0.0, 0.0, 0.0, 0)


class _Branch:
    """A move of the tree, and the best line below it that has been read so far."""

    def __init__(self, line: Line, worth: tuple[bool, bool, int]) -> None:
        self.line, self.worth = line, worth
        self._best: tuple[bool, bool, int] | None = None

    def offer(self, below: "_Branch") -> None:
        """Takes the line of a branch below, if it is the best so far."""
        if self._best is None or below.worth > self._best:
            self._best = below.worth
            self.line = (self.line[0], *below.line)
