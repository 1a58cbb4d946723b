"""Tree search in plain Python: slow, readable, and the oracle that the native search must equal.

One simulation descends from the root to a leaf (see `puct` and `gumbel` for the choice of moves), has
the network evaluate it, and backs its value up the path. Many leaves of one tree can wait for the
network together: a *virtual visit* on each node of their paths counts as a visit when moves are chosen,
without a value, so that the next descent goes elsewhere.

Sources: Silver et al. 2018 (AlphaZero); lc0 (virtual visits, a second occurrence inside the tree counts
as a draw); Winands et al. 2008 (proven wins and losses).
"""

import math
from dataclasses import dataclass

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_action_space, get_encoding
from aztoolkit.errors import PositionError
from aztoolkit.mcts.config import SearchConfig
from aztoolkit.mcts.gumbel import GumbelRoot, improved_policy, select_gumbel
from aztoolkit.mcts.node import (
    LOSS,
    WIN,
    Node,
    end_of_game,
    find_mate,
    new_root,
    principal_variation,
    prove,
    softmax,
    wdl_below,
)
from aztoolkit.mcts.puct import select_puct
from aztoolkit.mcts.random import Random
from aztoolkit.mcts.search import SearchResult

MOST_ENDS = 256
"""Ends of game in one gather: so that a search among them looks at the clock now and then."""


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
        self._random = Random(config.seed)
        self._board = chess.Board()
        self._root = new_root()
        self._noised = False
        self._gumbel: GumbelRoot | None = None
        self._waiting: list[_Leaf] = []
        self._started = self._simulations = self._target = 0

    @property
    def config(self) -> SearchConfig:
        """The settings it was made with."""
        return self._config

    @property
    def root(self) -> Node:
        """The tree, for tests and drawings."""
        return self._root

    @property
    def done(self) -> bool:
        """Whether all simulations are made."""
        return self._simulations >= self._target

    def start(self, board: chess.Board, simulations: int) -> None:
        """Begins a search of `board`; keeps the tree if the game went on into it."""
        if not any(board.legal_moves):
            raise PositionError(f"expected a position with a legal move, got {board.fen()!r}")
        self._forget_waiting()
        root = self._find(board)
        if root is not self._root:
            self._root, self._noised = root or new_root(), False
        self._board = board.copy()
        self._started = self._simulations = 0
        self._target = 0 if self._is_decided else simulations
        self._gumbel = None
        self._prepare_root()

    def stop(self) -> None:
        """Ends the search early."""
        self._target = self._started

    def gather(self, planes: NDArray[np.float32]) -> int:
        """Writes leaves into `planes` and returns how many."""
        assert not self._waiting, "gather() before apply()"
        ends = 0
        while len(self._waiting) < len(planes) and self._started < self._target:
            if ends == MOST_ENDS or (self._waiting and self._begins_phase):
                break
            path, board = self._descend()
            leaf = path[-1]
            if leaf.in_flight:  # it waits already: a collision ends the batch
                break
            self._started += 1
            self._count_at_root(path)
            if leaf.visits == 0 and leaf is not self._root:
                leaf.end = self._end_at(board, depth=len(path) - 1)
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
        """Expands the gathered leaves and backs up their values."""
        assert len(policy) == len(wdl) == len(self._waiting), "apply() answers one gather()"
        waiting, self._waiting = self._waiting, []
        for leaf, policy_logits, wdl_logits in zip(waiting, policy, wdl, strict=True):
            for node in leaf.path:
                node.in_flight -= 1
            self._expand(leaf.path[-1], leaf.board, policy_logits)
            win, draw, loss = softmax(wdl_logits.tolist())
            value = loss - win  # seen by the player who moved here
            leaf.path[-1].raw_value = float(np.float32(value))
            self._backup(leaf.path, value, draw)
        self._prepare_root()

    def result(self) -> SearchResult:
        """Returns what was found so far."""
        children, root = self._root.children, self._root
        assert children, "result() before the root was evaluated"
        values = [child.best_known_value if child.visits else math.nan for child in children]
        config, gumbel = self._config, self._gumbel
        chosen = gumbel.best(root, config) if gumbel else None
        return SearchResult(
            moves=tuple(child.move for child in children),
            visits=np.array([child.visits for child in children], dtype=np.int32),
            priors=np.array([child.prior for child in children], dtype=np.float32),
            values=np.array(values, dtype=np.float32),
            wdl=wdl_below(root),
            pv=principal_variation(
                root, children[chosen] if chosen is not None else None, self._board
            ),
            simulations=self._simulations,
            proofs=np.array([int(child.end or 0) for child in children], dtype=np.int8),
            improved=np.array(improved_policy(root, config)) if gumbel else None,
            chosen=chosen,
        )

    @property
    def _is_decided(self) -> bool:
        """Whether the root is proven won or lost: there is nothing left to search."""
        return self._config.prove_ends and self._root.end in (WIN, LOSS)

    @property
    def _finds_mates(self) -> bool:
        return self._config.prove_ends and self._config.find_mates

    @property
    def _begins_phase(self) -> bool:
        return self._gumbel is not None and self._gumbel.halving.begins_phase

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

    def _end_at(self, board: chess.Board, *, depth: int) -> float | None:
        """Returns how the game ends at a leaf below the root, LOSS if by mate with the next move."""
        end = end_of_game(board, depth=depth)
        if end is None and self._finds_mates and find_mate(board):
            return LOSS
        return end

    def _descend(self) -> tuple[list[Node], chess.Board]:
        """Returns the path from the root to a leaf and the leaf's board with its history."""
        board, node, path = self._board.copy(), self._root, [self._root]
        while node.children and (node.end is None or node is self._root):
            node = self._select(node)
            board.push(node.move)
            path.append(node)
        return path, board

    def _select(self, parent: Node) -> Node:
        if self._config.algorithm == "puct":
            return select_puct(parent, self._config)
        if parent is self._root and self._gumbel is not None:
            return self._gumbel.select(parent, self._config)
        return select_gumbel(parent, self._config)

    def _count_at_root(self, path: list[Node]) -> None:
        if self._gumbel is not None and len(path) > 1:
            self._gumbel.halving.advance()

    def _expand(self, node: Node, board: chess.Board, logits: NDArray[np.float32]) -> None:
        indexed = ((self._move_to_index(board, move), move) for move in board.legal_moves)
        indices, moves = zip(*sorted(indexed), strict=True)
        scaled = logits[list(indices)].astype(np.float64) / self._config.policy_temperature
        priors = np.array(softmax(scaled.tolist()), dtype=np.float32)
        order = np.argsort(-priors, kind="stable")
        node.children = [Node(moves[i], float(priors[i])) for i in order]

    def _backup(self, path: list[Node], value: float, draw: float) -> None:
        child = None
        for node in reversed(path):
            if self._config.prove_ends:
                if child is not None:
                    prove(node, child)
                if node.end in (WIN, LOSS):
                    value, draw = node.end, 0.0
            node.visits += 1
            node.value_sum += value
            node.draw_sum += draw
            value, child = -value, node
        self._simulations += 1
        if self._is_decided:
            self.stop()

    def _prepare_root(self) -> None:
        """Once the root has been evaluated: draws the search's random numbers."""
        if not self._root.children:
            return
        if self._config.algorithm == "gumbel":
            if self._gumbel is None:
                left = self._target - self._started
                self._gumbel = GumbelRoot.begin(
                    self._root, self._config, simulations=left, random=self._random
                )
        elif self._config.noise_fraction > 0 and not self._noised:
            self._add_noise()
        if self._finds_mates and self._root.end is None and self._root.visits == 1:
            self._play_mate()

    def _play_mate(self) -> None:
        """Visits a move that mates, if the root has one: it may be none of those it would try."""
        mate = find_mate(self._board)
        for child in self._root.children:
            if child.move == mate:
                child.end = WIN
                self._started += 1
                self._backup([self._root, child], WIN, 0.0)

    def _add_noise(self) -> None:
        """Mixes Dirichlet noise into the root's priors, once for each root."""
        fraction, children = self._config.noise_fraction, self._root.children
        noise = self._random.dirichlet(self._config.noise_alpha, len(children))
        for child, share in zip(children, noise, strict=True):
            child.prior = float(np.float32((1.0 - fraction) * child.prior + fraction * share))
        self._noised = True

    def _forget_waiting(self) -> None:
        """Takes back virtual visits of leaves that were never answered, as after an error."""
        for leaf in self._waiting:
            for node in leaf.path:
                node.in_flight -= 1
        self._waiting = []
