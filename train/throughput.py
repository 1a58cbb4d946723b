"""How fast games are played: counters that only grow, and the rates between two readings of them."""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

now_s = time.perf_counter
_LATENCIES = 1024
"""Of the latest requests, from which latency is reckoned."""
_S_AN_HOUR = 3600
_MS_A_SECOND = 1000


@dataclass
class InferenceMeter:
    """Counts what a network was asked; one thread writes each number, any may read."""

    evaluations: int = 0
    """Positions evaluated."""
    batches: int = 0
    places: int = 0
    """Positions that those batches had room for."""
    queued: int = 0
    """Positions left waiting when a batch went, summed over batches."""
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=_LATENCIES))
    """Of the latest requests, from asking to the answer."""

    def launched(self, count: int, *, places: int, queued: int = 0) -> None:
        """Counts a batch of `count` positions."""
        self.evaluations += count
        self.batches += 1
        self.places += places
        self.queued += queued

    def answered(self, latency_s: float) -> None:
        """Notes how long a request took."""
        self.latencies_s.append(latency_s)


@dataclass
class GameMeter:
    """Counts what an actor has played; one thread writes, any may read."""

    games: int = 0
    """Finished."""
    moves: int = 0
    """Made, those of games in play included."""
    resigned: int = 0
    """Games that ended by resignation."""


@dataclass(frozen=True)
class Snapshot:
    """All counters at one moment; see `InferenceMeter` and `GameMeter`."""

    played_s: float
    """Time that actors were at work."""
    games: int
    moves: int
    resigned: int
    evaluations: int
    batches: int
    places: int
    queued: int
    latencies_s: Sequence[float]

    @classmethod
    def of(
        cls, played_s: float, games: Iterable[GameMeter], inference: Iterable[InferenceMeter]
    ) -> "Snapshot":
        """Adds up the meters of all actors."""
        games, inference = list(games), list(inference)
        return cls(
            played_s=played_s,
            games=sum(meter.games for meter in games),
            moves=sum(meter.moves for meter in games),
            resigned=sum(meter.resigned for meter in games),
            evaluations=sum(meter.evaluations for meter in inference),
            batches=sum(meter.batches for meter in inference),
            places=sum(meter.places for meter in inference),
            queued=sum(meter.queued for meter in inference),
            latencies_s=[value for meter in inference for value in meter.latencies_s.copy()],
        )


@dataclass(frozen=True)
class Throughput:
    """Rates of self-play over a span of time; 0 where nothing happened in it."""

    games_per_hour: float
    moves_per_s: float
    evals_per_s: float
    fill_rate: float
    """Positions in batches over those there was room for, 0 to 1."""
    latency_ms: float
    """From asking to the answer: the mean of the latest requests ..."""
    latency_p99_ms: float
    """... and what one in a hundred of them exceeds."""
    queue_depth: float
    """Positions left waiting when a batch went, on average; 0 without a server."""
    resigned_games: int

    @classmethod
    def between(cls, earlier: Snapshot, later: Snapshot) -> "Throughput":
        """Returns the rates over the playing time between two snapshots."""
        played_s = max(later.played_s - earlier.played_s, 1e-9)
        batches = max(later.batches - earlier.batches, 1)
        latencies_ms = np.array(later.latencies_s or [0.0]) * _MS_A_SECOND
        return cls(
            games_per_hour=(later.games - earlier.games) / played_s * _S_AN_HOUR,
            moves_per_s=(later.moves - earlier.moves) / played_s,
            evals_per_s=(later.evaluations - earlier.evaluations) / played_s,
            fill_rate=(later.evaluations - earlier.evaluations)
            / max(later.places - earlier.places, 1),
            latency_ms=float(latencies_ms.mean()),
            latency_p99_ms=float(np.percentile(latencies_ms, 99)),
            queue_depth=(later.queued - earlier.queued) / batches,
            resigned_games=later.resigned - earlier.resigned,
        )

    def to_json(self) -> dict[str, float]:
        """Returns the fields."""
        return dict(vars(self))
