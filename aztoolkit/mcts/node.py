"""A node of the reference search's tree, and how games end in it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import chess

WIN, DRAW, LOSS = 1.0, 0.0, -1.0
"""Values of an ended game for the player who made the last move."""
FIFTY_MOVES = 100
"""Plies without capture or pawn move after which a game is drawn."""


@dataclass(slots=True, eq=False)
class Node:
    """A position as reached by `move`; values are for the player who made that move."""

    move: chess.Move
    prior: float
    visits: int = 0
    in_flight: int = 0
    """Virtual visits: descents through this node that wait for the network."""
    value_sum: float = 0.0
    """Sum of P(win) - P(loss) over all visits."""
    draw_sum: float = 0.0
    """Sum of P(draw) over all visits."""
    raw_value: float = 0.0
    """P(win) - P(loss) as the network said of this position alone, rounded to float32."""
    end: float | None = None
    """WIN or DRAW if the game ends here by rule, WIN or LOSS if that is how it is proven to end."""
    children: list["Node"] = field(default_factory=list)
    """In order of falling prior, equals by rising policy index; empty until evaluated."""

    @property
    def started(self) -> int:
        """Visits, virtual ones included."""
        return self.visits + self.in_flight

    @property
    def value(self) -> float:
        """Mean value, -1 to 1, of a visited node."""
        return self.value_sum / self.visits

    @property
    def best_known_value(self) -> float:
        """The proven value of a visited node, else the mean."""
        return self.value if self.end is None else self.end


def new_root() -> Node:
    """Returns a tree that knows nothing."""
    return Node(chess.Move.null(), 1.0)


def prove(parent: Node, child: Node) -> None:
    """Notes that `parent` is decided, if `child` decides it.

    A move that wins loses for the player before; if all moves lose, that player has won.
    """
    if parent.end is not None:
        return
    if child.end == WIN:
        parent.end = LOSS
    elif child.end == LOSS and all(other.end == LOSS for other in parent.children):
        parent.end = WIN


def end_of_game(board: chess.Board, *, depth: int) -> float | None:
    """Returns WIN or DRAW if the game has ended on `board`, `depth` plies below the root."""
    if not any(board.legal_moves):
        return WIN if board.is_check() else DRAW
    drawn = (
        board.is_insufficient_material()
        or board.halfmove_clock >= FIFTY_MOVES
        or board.copy(stack=depth).is_repetition(2)  # a second occurrence inside the tree
        or board.is_repetition(3)
    )
    return DRAW if drawn else None


def find_mate(board: chess.Board) -> chess.Move | None:
    """Returns a move that mates, of several the one of the lowest squares."""
    mates = (move for move in board.legal_moves if board.gives_check(move) and _mates(board, move))
    return min(
        mates,
        key=lambda move: (move.from_square, move.to_square, move.promotion or 0),
        default=None,
    )


def _mates(board: chess.Board, move: chess.Move) -> bool:
    board.push(move)
    mates = board.is_checkmate()
    board.pop()
    return mates


def wdl_below(node: Node) -> tuple[float, float, float]:
    """Returns the probabilities of win, draw and loss for the side to move, exact where proven."""
    if node.end in (WIN, LOSS):
        return (1.0, 0.0, 0.0) if node.end == LOSS else (0.0, 0.0, 1.0)
    draw = node.draw_sum / node.visits
    win = (1.0 - draw - node.value) / 2.0
    return win, draw, 1.0 - win - draw


def principal_variation(
    root: Node, first: Node | None, board: chess.Board
) -> tuple[chess.Move, ...]:
    """Returns the best move, visited or not, its best answer, and so on as far as they were visited.

    A mate in one, which ends a line without a node of its own, is its last move.

    The best is a proven win, else the most visited of those not proven lost; below the root, a visited one.

    Args:
        first: the move chosen otherwise, unless there is a win.
        board: of the root.
    """
    board = board.copy(stack=False)
    moves: list[chess.Move] = []
    node = root
    while node.children:
        best = max(node.children, key=partial(_worth, of_root=node is root))
        node = first if first is not None and node is root and best.end != WIN else best
        if moves and node.visits == 0:
            break
        moves.append(node.move)
        board.push(node.move)
    mate = find_mate(board) if node.end == LOSS and not node.children else None
    return (*moves, mate) if mate else tuple(moves)


def _worth(node: Node, *, of_root: bool) -> tuple[bool, bool, bool, int]:
    visited = node.visits > 0
    return visited and node.end == WIN, visited or of_root, node.end != LOSS, node.visits


def softmax(logits: Sequence[float]) -> list[float]:
    """Returns the probabilities of some logits; bit for bit the same in whatever order they stand."""
    highest = max(logits)
    powers = [math.exp(logit - highest) for logit in logits]
    total = math.fsum(powers)
    return [power / total for power in powers]
