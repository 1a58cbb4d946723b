"""The replay window: the most recent positions in memory, drawn from at random for the learner."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_action_space, get_encoding
from aztoolkit.errors import DataError, PositionError
from train.replay import OUTCOMES, Game
from train.settings import TrainConfig

ENCODING, ACTION_SPACE = "az119", "az4672"
_BYTES_A_MB = 2**20
_TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True)
class Batch:
    """Positions and what the network should have said of them; arrays are aligned."""

    planes: NDArray[np.float32]
    """`[B, C, 8, 8]`."""
    policy: NDArray[np.float32]
    """`[B, A]`: shares of the weights."""
    legal: NDArray[np.bool_]
    """`[B, A]`: whether a move is legal."""
    wdl: NDArray[np.float32]
    """`[B, 3]`: 1 for what became of the side to move: win, draw or loss; or shares of the three."""

    def __len__(self) -> int:
        return len(self.planes)

    @classmethod
    def empty(cls, count: int) -> "Batch":
        """Returns `count` rows of unknown content, for `ReplayWindow.sample_into`."""
        actions = get_action_space(ACTION_SPACE).size
        return cls(
            planes=np.empty((count, get_encoding(ENCODING).planes, 8, 8), dtype=np.float32),
            policy=np.empty((count, actions), dtype=np.float32),
            legal=np.empty((count, actions), dtype=np.bool_),
            wdl=np.empty((count, OUTCOMES), dtype=np.float32),
        )


@dataclass(frozen=True)
class MemoryReport:
    """What a window takes."""

    positions: int
    """To draw from."""
    games: int
    bytes: int
    """Of the games; batches are the caller's."""

    @property
    def bytes_per_position(self) -> float:
        """Mean; 0 for an empty window."""
        return self.bytes / self.positions if self.positions else 0.0


class Held(Protocol):
    """What a buffer holds."""

    @property
    def positions(self) -> int:
        """To draw from."""

    @property
    def games(self) -> int:
        """Of which any position may be drawn."""

    @property
    def bytes(self) -> int:
        """That they take."""


class ReplayBuffer(Protocol):
    """Games at rest; `aztoolkit/_native.pyi` explains the methods."""

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

    def limit(self, positions: int) -> None:
        """Draws from the newest so many positions from now on."""

    def memory(self) -> Held:
        """Returns what it holds."""

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
        """Overwrites the rows of a batch."""


class ReplayWindow:
    """The newest games of a run; one thread may add while another draws."""

    def __init__(
        self, config: TrainConfig, *, earlier: int = 0, buffer: ReplayBuffer | None = None
    ) -> None:
        """Makes an empty window.

        Args:
            earlier: positions of the run that will not be added because they are too old; the
                window's growth counts them.
            buffer: instead of the native one.
        """
        self._config = config
        self._buffer = buffer or create_buffer(config.replay_memory_mb * _BYTES_A_MB)
        self._seen = earlier
        self._adding = threading.Lock()

    @property
    def positions(self) -> int:
        """Positions to draw from."""
        return self._buffer.memory().positions

    def memory_report(self) -> MemoryReport:
        """Returns what the window takes; costs nothing."""
        held = self._buffer.memory()
        return MemoryReport(held.positions, held.games, held.bytes)

    def add(self, games: Iterable[Game]) -> None:
        """Adds games, and lets the oldest go.

        Raises:
            DataError: a game holds an illegal move, or a policy over others than legal moves.
        """
        with self._adding:
            for game in games:
                self._add(game)

    def _add(self, game: Game) -> None:
        seen = self._seen + sum(game.searched)
        self._buffer.limit(window_limit(self._config, seen))  # first: what leaves does not return
        try:
            self._buffer.add(
                game.start_fen,
                game.moves,
                searched=game.searched,
                policy_index=game.policy_index,
                policy_weight=game.policy_weight,
                wdl=game.wdl,
                result=game.result,
            )
        except PositionError as error:
            raise DataError(f"game {game.game_id}: {error}; remove its shard") from error
        self._seen = seen

    def sample(self, rng: np.random.Generator, count: int) -> Batch:
        """Draws `count` positions with replacement, mirrored at random, into a new batch."""
        batch = Batch.empty(count)
        self.sample_into(rng, batch)
        return batch

    def sample_into(self, rng: np.random.Generator, batch: Batch) -> None:
        """Overwrites a batch, of `Batch.empty` or in memory of the caller's own.

        Raises:
            PositionError: the window is empty.
        """
        places = places_of(rng.random(len(batch)), self._config.recency)
        mirrored = rng.random(len(batch)) < (0.5 if self._config.mirror else 0.0)
        self._buffer.write(
            places,
            mirrored.view(np.uint8),
            planes=batch.planes,
            policy=batch.policy,
            legal=batch.legal.view(np.uint8),
            wdl=batch.wdl,
        )


def create_buffer(memory_bytes: int) -> ReplayBuffer:
    """Returns a native buffer, or without a compiler one in Python."""
    try:
        from aztoolkit._native import ReplayBuffer as NativeBuffer
    except ImportError:
        from train.reference_buffer import ReferenceBuffer

        return ReferenceBuffer(memory_bytes)
    return NativeBuffer(memory_bytes)


def places_of(uniform: NDArray[np.float64], recency: float) -> NDArray[np.float64]:
    """Returns where in the window to draw, from 0 (oldest) to 1 (newest), for numbers in [0, 1).

    The density is proportional to exp(recency * place): this is the inverse of its distribution.
    """
    if recency == 0:
        return uniform
    mass = uniform + (1 - uniform) * np.exp(-recency)
    return np.asarray(1 + np.log(np.maximum(mass, _TINY)) / recency)


def window_limit(config: TrainConfig, positions: int) -> int:
    """Returns the most positions that the window may hold when the run has made so many."""
    growth = config.replay_growth
    grown: float = positions**growth * config.replay_minimum ** (1 - growth)
    return min(config.replay_capacity, round(grown))
