"""The replay buffer in Python: what the native one must equal, and what is used where it is missing.

Positions are replayed from the start of their game with python-chess, a few milliseconds each.
"""

import threading
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_action_space, get_encoding
from aztoolkit.errors import PositionError
from train.augment import mirror_actions

ENCODING, ACTION_SPACE = "az119", "az4672"
_POINTER_BYTES = 8
_MOST_PLIES = 65535


@dataclass(frozen=True)
class _Stored:
    """A game, and which of its plies are targets."""

    start: chess.Board
    moves: Sequence[chess.Move]
    plies: Sequence[int]
    policy_index: Sequence[Sequence[int]]
    policy_weight: Sequence[Sequence[int]]
    wdl: Sequence[Sequence[int]]
    result: int

    @property
    def bytes(self) -> int:
        """About what the lists take."""
        weights = sum(map(len, self.policy_index)) * 2
        return _POINTER_BYTES * (len(self.moves) + len(self.plies) + weights + 3 * len(self.wdl))


@dataclass(frozen=True)
class ReferenceMemory:
    """How much a buffer holds."""

    positions: int
    games: int
    bytes: int


class ReferenceBuffer:
    """Games from which batches are drawn; the methods are those of `aztoolkit._native.ReplayBuffer`."""

    def __init__(self, memory_bytes: int) -> None:
        """Holds the newest games that fit into so much memory, and always the newest one."""
        self._memory_bytes = memory_bytes
        self._games: deque[_Stored] = deque()
        self._limit: float = np.inf
        self._mutex = threading.Lock()

    def add(
        self,
        start_fen: str,
        moves: Sequence[str],
        *,
        searched: Sequence[bool],
        policy_index: Sequence[Sequence[int]],
        policy_weight: Sequence[Sequence[int]],
        wdl: Sequence[Sequence[int]],
        result: int,
    ) -> None:
        """Adds a game; raises PositionError if it is not one by the rules."""
        _check_lengths(moves, searched, policy_index, policy_weight, wdl or moves)
        start = _parse_fen(start_fen)
        board, parsed = start.copy(), []
        for ply, uci in enumerate(moves):
            if searched[ply]:
                _check_targets(board, policy_index[ply], policy_weight[ply], wdl[ply : ply + 1])
            parsed.append(_parse_move(board, uci))
            board.push(parsed[-1])
        plies = np.flatnonzero(searched).tolist()
        stored = _Stored(start, parsed, plies, policy_index, policy_weight, wdl, result)
        if plies:
            with self._mutex:
                self._games.append(stored)
                self._evict()

    def limit(self, positions: int) -> None:
        """Draws from the newest so many positions from now on; older games leave."""
        with self._mutex:
            self._limit = max(positions, 1)
            self._evict()

    def memory(self) -> ReferenceMemory:
        """Returns what it holds."""
        with self._mutex:
            held = sum(len(game.plies) for game in self._games)
            size = sum(game.bytes for game in self._games)
            return ReferenceMemory(int(min(held, self._limit)), len(self._games), size)

    def write(
        self,
        places: NDArray[np.float64],
        mirrored: NDArray[np.uint8],
        *,
        planes: NDArray[np.float32],
        policy: NDArray[np.float32],
        legal: NDArray[np.uint8],
        wdl: NDArray[np.float32],
    ) -> None:
        """Overwrites the rows of a batch; the arguments are those of the native buffer."""
        for row, (game, index) in enumerate(self._pick(places)):
            board = _board_at(game, game.plies[index])
            turned = bool(mirrored[row]) and not board.castling_rights
            planes[row] = get_encoding(ENCODING).encode(board)
            policy[row], legal[row] = _policy(game, game.plies[index]), _legal(board)
            wdl[row] = _wdl(game, game.plies[index], board.turn)
            if turned:
                planes[row] = planes[row, :, :, ::-1].copy()
                policy[row], legal[row] = policy[row, _MIRRORED], legal[row, _MIRRORED]

    def _pick(self, places: NDArray[np.float64]) -> list[tuple[_Stored, int]]:
        with self._mutex:
            if not self._games:
                raise PositionError("expected positions to draw from, got none")
            pairs = [(game, i) for game in self._games for i in range(len(game.plies))]
        pairs = pairs[-int(min(self._limit, len(pairs))) :]
        return [pairs[min(int(place * len(pairs)), len(pairs) - 1)] for place in places]

    def _evict(self) -> None:
        while len(self._games) > 1 and self._is_over():
            self._games.popleft()

    def _is_over(self) -> bool:
        younger = sum(len(game.plies) for game in self._games) - len(self._games[0].plies)
        return (
            younger >= self._limit or sum(game.bytes for game in self._games) > self._memory_bytes
        )


_MIRRORED = mirror_actions()


def _board_at(game: _Stored, ply: int) -> chess.Board:
    board = game.start.copy()
    for move in game.moves[:ply]:
        board.push(move)
    return board


def _legal_indices(board: chess.Board) -> list[int]:
    to_index = get_action_space(ACTION_SPACE).move_to_index
    return [to_index(board, move) for move in board.legal_moves]


def _legal(board: chess.Board) -> NDArray[np.uint8]:
    legal = np.zeros(get_action_space(ACTION_SPACE).size, dtype=np.uint8)
    legal[_legal_indices(board)] = 1
    return legal


def _policy(game: _Stored, ply: int) -> NDArray[np.float32]:
    policy = np.zeros(get_action_space(ACTION_SPACE).size, dtype=np.float32)
    weights = np.array(game.policy_weight[ply], dtype=np.float32)
    policy[list(game.policy_index[ply])] = weights / np.float32(sum(game.policy_weight[ply]))
    return policy


def _wdl(game: _Stored, ply: int, turn: chess.Color) -> NDArray[np.float32]:
    if game.wdl:
        label = np.array(game.wdl[ply], dtype=np.float32)
        return np.asarray(label / np.float32(sum(game.wdl[ply])))
    outcome = game.result if turn == chess.WHITE else -game.result
    return np.asarray(np.eye(3, dtype=np.float32)[1 - outcome])


def _parse_fen(fen: str) -> chess.Board:
    try:
        return chess.Board(fen)
    except ValueError as error:
        raise PositionError(f"expected a FEN, got {fen!r}: {error}") from None


def _parse_move(board: chess.Board, uci: str) -> chess.Move:
    try:
        return board.parse_uci(uci)
    except ValueError as error:
        raise PositionError(f"at ply {board.ply()} expected a legal move, got {error}") from None


def _check_lengths(moves: Sequence[str], *columns: Sequence[object]) -> None:
    if len(moves) > _MOST_PLIES:
        raise PositionError(f"expected at most {_MOST_PLIES} plies, got {len(moves)}")
    for column in columns:
        if len(column) != len(moves):
            raise PositionError(f"expected {len(moves)} entries a ply, got {len(column)}")


def _check_targets(
    board: chess.Board,
    indices: Sequence[int],
    weights: Sequence[int],
    labels: Sequence[Sequence[int]],
) -> None:
    if not indices or len(indices) != len(weights):
        raise PositionError(f"expected a weight a move, got {len(weights)} for {len(indices)}")
    if min(weights) <= 0:
        raise PositionError(f"expected weights above 0, got {min(weights)}")
    if illegal := Counter(indices) - Counter(_legal_indices(board)):
        raise PositionError(
            f"expected policy indices of legal moves, each once, got {min(illegal)}"
        )
    if any(len(label) != 3 or sum(label) == 0 for label in labels):
        raise PositionError(f"expected a label of three numbers above 0, got {list(labels[0])}")
