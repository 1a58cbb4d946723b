"""The replay window: the most recent positions in memory, drawn from at random for the learner."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_action_space, get_encoding
from train.packing import PackedPlanes, pack, unpack
from train.replay import Game, wdl_target

ENCODING, ACTION_SPACE = "az119", "az4672"


@dataclass(frozen=True)
class Batch:
    """Positions and what the network should have said of them; arrays are aligned."""

    planes: NDArray[np.float32]
    """`[B, C, 8, 8]`."""
    policy: NDArray[np.float32]
    """`[B, A]`: share of the search's visits."""
    legal: NDArray[np.bool_]
    """`[B, A]`: whether a move is legal."""
    wdl: NDArray[np.float32]
    """`[B, 3]`: 1 for what became of the side to move: win, draw or loss."""

    def __len__(self) -> int:
        return len(self.planes)


@dataclass(frozen=True)
class _Positions:
    """The searched positions of one game."""

    planes: PackedPlanes
    moves: list[NDArray[np.uint16]]
    """For each position, policy indices of the moves with a weight."""
    weights: list[NDArray[np.uint16]]
    """For each position, weights of those moves."""
    legal: list[NDArray[np.uint16]]
    """For each position, policy indices of the legal moves."""
    wdl: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.planes)


class ReplayWindow:
    """Games in the order they were added; the oldest leave when there are too many positions."""

    def __init__(self, capacity: int) -> None:
        """Makes room for `capacity` positions, the oldest game's remainder included."""
        self._capacity = capacity
        self._games: deque[_Positions] = deque()
        self._positions = 0

    @property
    def positions(self) -> int:
        """Positions to draw from."""
        return self._positions

    def add(self, games: Iterable[Game]) -> None:
        """Adds games, and lets the oldest go.

        Raises:
            DataError: a game holds an illegal move.
        """
        for game in games:
            if any(game.searched):
                self._append(_positions(game))

    def _append(self, game: _Positions) -> None:
        self._games.append(game)
        self._positions += len(game)
        while self._positions - len(self._games[0]) >= self._capacity:
            self._positions -= len(self._games.popleft())

    def sample(self, rng: np.random.Generator, count: int) -> Batch:
        """Draws `count` positions, all equally likely, with replacement."""
        lengths = np.array([len(game) for game in self._games])
        ends = np.cumsum(lengths)
        drawn = rng.integers(self._positions, size=count)
        games = np.searchsorted(ends, drawn, side="right")
        plies = drawn - (ends - lengths)[games]
        pairs = zip(games.tolist(), plies.tolist(), strict=True)
        return _batch([(self._games[game], ply) for game, ply in pairs])


def recent_games(games: Sequence[Game], positions: int) -> Sequence[Game]:
    """Returns the last games that hold at least so many positions together, or all."""
    first, held = len(games), 0
    while first > 0 and held < positions:
        first -= 1
        held += sum(games[first].searched)
    return games[first:]


def _positions(game: Game) -> _Positions:
    encode = get_encoding(ENCODING).encode
    to_index = get_action_space(ACTION_SPACE).move_to_index
    searched = np.flatnonzero(game.searched).tolist()
    boards = compress(game.boards(), game.searched)  # one board, pushed on: look at each in turn
    pairs = [
        (encode(board), [to_index(board, move) for move in board.legal_moves]) for board in boards
    ]
    return _Positions(
        planes=pack(np.stack([planes for planes, _ in pairs])),
        moves=[np.array(game.policy_index[ply], dtype=np.uint16) for ply in searched],
        weights=[np.array(game.policy_weight[ply], dtype=np.uint16) for ply in searched],
        legal=[np.array(legal, dtype=np.uint16) for _, legal in pairs],
        wdl=wdl_target(game)[searched],
    )


def _batch(chosen: Sequence[tuple[_Positions, int]]) -> Batch:
    actions = get_action_space(ACTION_SPACE).size
    policy = np.zeros((len(chosen), actions), dtype=np.float32)
    legal = np.zeros((len(chosen), actions), dtype=np.bool_)
    for row, (game, position) in enumerate(chosen):
        moves, weights = game.moves[position], game.weights[position]
        policy[row, moves] = weights / weights.sum(dtype=np.float32)
        legal[row, game.legal[position]] = True
    packed = PackedPlanes(
        np.stack([game.planes.masks[position] for game, position in chosen]),
        np.stack([game.planes.levels[position] for game, position in chosen]),
    )
    wdl = np.stack([game.wdl[position] for game, position in chosen])
    return Batch(unpack(packed), policy, legal, wdl)
