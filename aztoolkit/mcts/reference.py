"""PUCT search in plain Python: slow, readable, and the oracle that the native search must equal.

One simulation descends from the root by

    argmax  Q(s, a) + c(s) P(s, a) sqrt(sum_b N(s, b)) / (1 + N(s, a))
    c(s) = c_puct + ln((1 + N(s) + c_puct_base) / c_puct_base)

to a leaf, has the network evaluate it, and backs its value up the path. Many leaves of one tree can
wait for the network together: a *virtual visit* on each node of their paths counts as a visit in the
formula, without a value, so that the next descent goes elsewhere.

Sources: Silver et al. 2018 (PUCT and its constants); lc0 (first-play urgency, virtual visits, a second
occurrence inside the tree counts as a draw); Winands et al. 2008 (proven wins and losses).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_action_space, get_encoding
from aztoolkit.errors import PositionError
from aztoolkit.mcts.config import SearchConfig
from aztoolkit.mcts.search import SearchResult

FIFTY_MOVES = 100
"""Plies without capture or pawn move after which a game is drawn."""
WIN, DRAW, LOSS = 1.0, 0.0, -1.0
"""Values of an ended game for the player who made the last move."""
MOST_ENDS = 256
"""Ends of game in one gather: so that a search among them looks at the clock now and then."""


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


@dataclass(frozen=True)
class _Leaf:
    """A descent that waits for the network."""

    path: list[Node]
    board: chess.Board


class ReferenceSearch:
    """One tree over one game; implements `aztoolkit.mcts.Search`."""

    def __init__(self, config: SearchConfig) -> None:
        self._config = config
        self._encode = get_encoding(config.encoding).encode
        self._move_to_index = get_action_space(config.action_space).move_to_index
        self._rng = np.random.default_rng(config.seed)
        self._board = chess.Board()
        self._root = _new_root()
        self._noised = False
        self._waiting: list[_Leaf] = []
        self._started = self._simulations = self._target = 0

    @property
    def config(self) -> SearchConfig:
        return self._config

    @property
    def root(self) -> Node:
        """The tree, for tests and drawings."""
        return self._root

    @property
    def done(self) -> bool:
        return self._simulations >= self._target

    def start(self, board: chess.Board, simulations: int) -> None:
        assert not self._waiting, "start() while leaves wait for the network"
        if not any(board.legal_moves):
            raise PositionError(f"expected a position with a legal move, got {board.fen()!r}")
        root = self._find(board)
        if root is not self._root:
            self._root, self._noised = root or _new_root(), False
        self._board = board.copy()
        self._started = self._simulations = 0
        self._target = simulations
        self._add_noise()

    def stop(self) -> None:
        self._target = self._started

    def gather(self, planes: NDArray[np.float32]) -> int:
        assert not self._waiting, "gather() before apply()"
        ends = 0
        while len(self._waiting) < len(planes) and self._started < self._target:
            if ends == MOST_ENDS:
                break
            path, board = self._descend()
            leaf = path[-1]
            if leaf.in_flight:  # it waits already: a collision ends the batch
                break
            self._started += 1
            if leaf.visits == 0 and leaf is not self._root:
                leaf.end = _end_of_game(board, depth=len(path) - 1)
            if leaf.end is not None and leaf is not self._root:
                self._backup(path, leaf.end, 1.0 - abs(leaf.end))
                ends += 1
                continue
            for node in path:
                node.in_flight += 1
            planes[len(self._waiting)] = self._encode(board)
            self._waiting.append(_Leaf(path, board))
        return len(self._waiting)

    def apply(self, policy: NDArray[np.float32], wdl: NDArray[np.float32]) -> None:
        assert len(policy) == len(wdl) == len(self._waiting), "apply() answers one gather()"
        waiting, self._waiting = self._waiting, []
        for leaf, policy_logits, wdl_logits in zip(waiting, policy, wdl, strict=True):
            for node in leaf.path:
                node.in_flight -= 1
            self._expand(leaf.path[-1], leaf.board, policy_logits)
            win, draw, loss = softmax(wdl_logits.tolist())
            self._backup(leaf.path, loss - win, draw)  # seen by the player who moved here
        self._add_noise()

    def result(self) -> SearchResult:
        children, root = self._root.children, self._root
        assert children, "result() before the root was evaluated"
        draw = root.draw_sum / root.visits
        win = (1.0 - draw - root.value) / 2.0
        return SearchResult(
            moves=tuple(child.move for child in children),
            visits=np.array([child.visits for child in children], dtype=np.int32),
            priors=np.array([child.prior for child in children], dtype=np.float32),
            values=np.array(
                [child.value if child.visits else math.nan for child in children], dtype=np.float32
            ),
            wdl=(win, draw, 1.0 - win - draw),
            pv=_principal_variation(root),
            simulations=self._simulations,
        )

    def _find(self, board: chess.Board) -> Node | None:
        """Returns the node of this tree that `board` leads to, if the game went on into it."""
        played = len(self._board.move_stack)
        same_game = (
            board.root() == self._board.root()
            and board.chess960 == self._board.chess960
            and board.move_stack[:played] == self._board.move_stack
        )
        node = self._root if same_game else None
        for move in board.move_stack[played:]:
            if node is None:
                return None
            node = next((child for child in node.children if child.move == move), None)
        return node if node is not None and (node.end is None or node.children) else None

    def _descend(self) -> tuple[list[Node], chess.Board]:
        """Returns the path from the root to a leaf and the leaf's board with its history."""
        board, node, path = self._board.copy(), self._root, [self._root]
        while node.children and (node.end is None or node is self._root):
            node = self._select(node)
            board.push(node.move)
            path.append(node)
        return path, board

    def _select(self, parent: Node) -> Node:
        config = self._config
        growth = math.log((1 + parent.started + config.c_puct_base) / config.c_puct_base)
        scale = (config.c_puct + growth) * math.sqrt(max(parent.started - 1, 1))
        seen = 0.0  # not sum(), whose rounding differs between versions of Python
        for child in parent.children:
            seen += child.prior if child.visits else 0.0
        unvisited = -parent.value - config.fpu_reduction * math.sqrt(seen)

        def score(child: Node) -> float:
            value = child.value if child.visits else unvisited
            return value + scale * child.prior / (1 + child.started)

        return max(self._candidates(parent), key=score)

    def _candidates(self, parent: Node) -> list[Node]:
        """Returns the children that are not proven lost; of a lost root all of them."""
        if not self._config.prove_ends:
            return parent.children
        return [child for child in parent.children if child.end != LOSS] or parent.children

    def _expand(self, node: Node, board: chess.Board, logits: NDArray[np.float32]) -> None:
        indexed = ((self._move_to_index(board, move), move) for move in board.legal_moves)
        indices, moves = zip(*sorted(indexed), strict=True)
        priors = np.array(softmax(logits[list(indices)].tolist()), dtype=np.float32)
        order = np.argsort(-priors, kind="stable")
        node.children = [Node(moves[i], float(priors[i])) for i in order]

    def _backup(self, path: list[Node], value: float, draw: float) -> None:
        child = None
        for node in reversed(path):
            if self._config.prove_ends:
                if child is not None:
                    _prove(node, child)
                if node.end in (WIN, LOSS):
                    value, draw = node.end, 0.0
            node.visits += 1
            node.value_sum += value
            node.draw_sum += draw
            value, child = -value, node
        self._simulations += 1

    def _add_noise(self) -> None:
        """Mixes Dirichlet noise into the root's priors, once for each root."""
        fraction, children = self._config.noise_fraction, self._root.children
        if self._noised or not children or fraction == 0:
            return
        noise = self._rng.dirichlet([self._config.noise_alpha] * len(children))
        for child, share in zip(children, noise, strict=True):
            child.prior = (1 - fraction) * child.prior + fraction * float(share)
        self._noised = True


def softmax(logits: Sequence[float]) -> list[float]:
    """Returns the probabilities of some logits; bit for bit the same in whatever order they stand."""
    highest = max(logits)
    powers = [math.exp(logit - highest) for logit in logits]
    total = math.fsum(powers)
    return [power / total for power in powers]


def _new_root() -> Node:
    return Node(chess.Move.null(), 1.0)


def _prove(parent: Node, child: Node) -> None:
    """A move that wins loses for the player before; if all moves lose, that player has won."""
    if parent.end is not None:
        return
    if child.end == WIN:
        parent.end = LOSS
    elif child.end == LOSS and all(other.end == LOSS for other in parent.children):
        parent.end = WIN


def _end_of_game(board: chess.Board, *, depth: int) -> float | None:
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


def _principal_variation(root: Node) -> tuple[chess.Move, ...]:
    moves, node = [], root
    while node.children:
        node = max(node.children, key=lambda child: child.visits)
        if node.visits == 0:
            break
        moves.append(node.move)
    return tuple(moves)
