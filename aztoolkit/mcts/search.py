"""The Search protocol: one tree over one game, which hands out leaves and takes back evaluations."""

from dataclasses import dataclass
from typing import Protocol

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.mcts.config import SearchConfig


@dataclass(frozen=True)
class SearchResult:
    """What a search found; arrays are aligned with `moves`."""

    moves: tuple[chess.Move, ...]
    """The legal moves of the root, in order of falling prior, equals by rising policy index."""
    visits: NDArray[np.int32]
    """Simulations that began with each move, those of earlier searches of the same tree included."""
    priors: NDArray[np.float32]
    """Of the network at the policy temperature, with root noise if there was any."""
    values: NDArray[np.float32]
    """Mean value of each move for the side to move, -1 to 1, exact where proven; NaN where unvisited."""
    wdl: tuple[float, float, float]
    """Mean probabilities of win, draw and loss for the side to move, exact where proven."""
    pv: tuple[chess.Move, ...]
    """Principal variation: the best move, its best answer, and so on."""
    simulations: int
    """Simulations of this search; fewer than asked for if it was stopped, proved how the game ends, or
    used up its memory."""
    proofs: NDArray[np.int8] | None = None
    """1 for a move that is proven to win, -1 for one proven to lose, else 0."""
    improved: NDArray[np.float64] | None = None
    """Gumbel: the policy improved by search, which a network learns; None for PUCT."""
    chosen: int | None = None
    """Gumbel: index of the move to play; None for PUCT."""

    @property
    def value(self) -> float:
        """Mean value of the root for the side to move, -1 to 1."""
        return self.wdl[0] - self.wdl[2]

    @property
    def best_move(self) -> chess.Move:
        """The move to play.

        Gumbel: the one chosen. PUCT: the most visited, of equals the one with the higher prior. A move
        proven to win goes before all others, one proven to lose after them.
        """
        if self.chosen is not None and not self._wins.any():
            return self.moves[self.chosen]
        return self.moves[int(np.argmax(np.where(self._eligible, self._weights, -1.0)))]

    def policy(self, temperature: float = 1.0) -> NDArray[np.float64]:
        """Returns a probability for each move; temperature 0 takes the best move.

        In proportion to visits ** (1 / temperature), or for Gumbel to improved ** (1 / temperature).
        Moves proven to lose get nothing as long as there are others, and wins get all. Where none of those
        left was visited, the priors stand in.
        """
        if temperature == 0:
            best = self.moves.index(self.best_move)
            return np.asarray(np.eye(len(self.moves))[best], dtype=np.float64)
        weights = np.where(self._eligible, self._weights, 0.0)
        if not weights.any():
            weights = np.where(self._eligible, self.priors.astype(np.float64), 0.0)
        scaled = (weights / weights.max()) ** (1.0 / temperature)
        return np.asarray(scaled / scaled.sum(), dtype=np.float64)

    def draw(self, temperature: float, chance: np.random.Generator) -> chess.Move:
        """Returns the best move at temperature 0, else one by chance, as `policy` has it."""
        if temperature == 0:
            return self.best_move
        return self.moves[chance.choice(len(self.moves), p=self.policy(temperature))]

    @property
    def _wins(self) -> NDArray[np.bool_]:
        return np.zeros(len(self.moves), np.bool_) if self.proofs is None else self.proofs > 0

    @property
    def _weights(self) -> NDArray[np.float64]:
        """Visits, or the improved policy."""
        found = self.visits if self.improved is None else self.improved
        return np.asarray(found, dtype=np.float64)

    @property
    def _eligible(self) -> NDArray[np.bool_]:
        """The moves that are not proven to be worse than others."""
        if self._wins.any():
            return self._wins
        not_lost = np.ones(len(self.moves), np.bool_) if self.proofs is None else self.proofs >= 0
        return not_lost if not_lost.any() else ~not_lost


class Search(Protocol):
    """One tree over one game.

    The caller drives it: `gather` writes the leaves that want an evaluation, `apply` takes the
    network's answers in the same order, until `done`.
    """

    @property
    def config(self) -> SearchConfig:
        """The settings it was made with."""

    def start(self, board: chess.Board, simulations: int) -> None:
        """Begins a search of `board` (its move stack is its history) by so many new simulations.

        The tree is kept where `board` continues the position searched before.

        Raises:
            PositionError: there is no legal move.
        """

    def gather(self, planes: NDArray[np.float32]) -> int:
        """Descends until `planes`, `[B, C, 8, 8]` float32, is full, and returns how many leaves it holds.

        Fewer than B, even 0, if simulations ran out, ended in exact ends of game, or met each other.
        """

    def apply(self, policy: NDArray[np.float32], wdl: NDArray[np.float32]) -> None:
        """Expands the gathered leaves with their logits, `[n, A]` and `[n, 3]`, and backs them up."""

    @property
    def done(self) -> bool:
        """Whether all simulations are made; nothing is in flight then."""

    def stop(self) -> None:
        """Ends the search early: what is in flight is applied, nothing more is gathered."""

    def result(self) -> SearchResult:
        """Returns what was found so far."""
