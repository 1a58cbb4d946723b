"""Stockfish as levels are measured by it, the openings of each strength, and the Elo that games come to."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from aztoolkit.errors import ConfigError, DataError
from aztoolkit.levels import Duel, Games, Level, MeasuredLevel, Rung
from eval import stats
from eval.openings import Book, read_book
from eval.records import Side
from eval.stockfish import Stockfish, find_stockfish
from eval.tally import Tally

GAMES, STOCKFISH_MS = 100, 100
GRID = (1500, 1700, 1850, 2000, 2300, 2600)
"""Elo of opponents, beside the least that Stockfish has."""
_REACH = 800.0
"""Elo beyond the weakest or strongest opponent at which a bound of the interval is none: a score of 1 %."""
_DRAWN_PAIR = 2
"""Place of a drawn pair among five counts."""

Results = Mapping[int, Tally]
"""Games of a level by the Elo of the opponent."""


@dataclass(frozen=True)
class Ladder:
    """Who is played, from where, and how much."""

    stockfish: Stockfish
    stockfish_ms: int
    """Of each of its moves."""
    rungs: tuple[int, ...]
    """Its Elos, rising."""
    book: Book
    """Openings of all rungs and of games between levels, dealt out in turn."""
    pairs: int
    """Of each level against all strengths of Stockfish together; and again against a stronger level."""
    seed: int
    workers: int | None

    @property
    def scale(self) -> str:
        """Whose Elo it is."""
        return self.stockfish.scale(self.stockfish_ms)

    def openings(self, elo: int) -> Book:
        """Returns the openings of one rung, which no other has; with more games there are more of them."""
        return self._dealt(self.rungs.index(elo))

    @property
    def openings_of_levels(self) -> Book:
        """The openings of games between levels."""
        return self._dealt(self.places - 1)

    @property
    def places(self) -> int:
        """Among which openings are dealt out."""
        return len(self.rungs) + 1

    def _dealt(self, place: int) -> Book:
        dealt = self.book.openings[place :: self.places]
        return replace(self.book, openings=dealt)


def prepare_ladder(
    *,
    games: int = GAMES,
    stockfish: Path | None = None,
    stockfish_ms: int = STOCKFISH_MS,
    openings: Path | None = None,
    seed: int = 0,
    workers: int | None = None,
) -> Ladder:
    """Returns the opponents and the openings of a measurement.

    Args:
        games: of each level; an even number, as an opening is played with both colours.

    Raises:
        ConfigError: `games` is odd or too small.
        MachineError: there is no Stockfish.
        DataError: the openings are missing, malformed or too few.
    """
    if games < 2 or games % 2:
        raise ConfigError(f"expected --games to be an even number of at least 2, got {games}")
    found = find_stockfish(stockfish)
    higher = (elo for elo in GRID if found.least_elo < elo <= found.most_elo)
    rungs, pairs = (found.least_elo, *higher), games // 2
    opponents = len(rungs) + 1  # and another level
    book = read_book(openings, count=pairs * opponents, seed=seed)
    if len(book.openings) < pairs * opponents:
        raise DataError(
            f"expected {pairs * opponents} distinct openings in {book.source}, {pairs} for each of "
            f"{opponents} opponents, got {len(book.openings)}; name a larger book, or fewer --games"
        )
    return Ladder(found, stockfish_ms, rungs, book, pairs, seed, workers)


def guess(results: Results) -> float:
    """Returns an Elo to choose the next opponent by: as if a pair more had been drawn with each.

    Four wins of four games are then worth 280 points more than the opponent, not all there are.
    """
    counts = {float(elo): list(tally.pentanomial) for elo, tally in results.items()}
    for pairs in counts.values():
        pairs[_DRAWN_PAIR] += 1
    return stats.ladder_estimate(counts).elo


def worth(level: Level, results: Results) -> MeasuredLevel:
    """Returns what a level is worth; where the games bound it on one side only, that bound."""
    counts = {float(elo): tally.pentanomial for elo, tally in results.items()}
    found = stats.ladder_estimate(counts)
    low: float | None = found.low
    high: float | None = found.high
    if found.low < min(counts) - _REACH:
        low, high = None, stats.ladder_limit(counts, upper=True)
    elif found.high > max(counts) + _REACH:
        low, high = stats.ladder_limit(counts, upper=False), None
    return MeasuredLevel(
        level=level,
        elo=None if low is None or high is None else round(found.elo, 1),
        elo_low=None if low is None else round(low, 1),
        elo_high=None if high is None else round(high, 1),
        games=sum(sum(tally.trinomial) for tally in results.values()),
        rungs=tuple(_rung(elo, results[elo]) for elo in sorted(results)),
    )


def worth_beside(level: Level, tally: Tally, stronger: MeasuredLevel) -> MeasuredLevel:
    """Returns what a level is worth by games against a stronger one of known Elo.

    The errors of both are independent, so half intervals add as the sides of a right angle do. Where the
    level lost (won) nearly all games, the upper (lower) bound alone is there, from the other's.
    """
    assert stronger.elo is not None, "it was measured"
    assert stronger.elo_low is not None, "an Elo has both bounds"
    assert stronger.elo_high is not None, "an Elo has both bounds"
    counts = {stronger.elo: tally.pentanomial}
    found = stats.ladder_estimate(counts)
    low: float | None = found.elo - math.hypot(
        found.elo - found.low, stronger.elo - stronger.elo_low
    )
    high: float | None = found.elo + math.hypot(
        found.high - found.elo, stronger.elo_high - stronger.elo
    )
    if found.low < stronger.elo - _REACH:
        low = None
        high = stronger.elo_high + stats.ladder_limit(counts, upper=True) - stronger.elo
    elif found.high > stronger.elo + _REACH:
        low = stronger.elo_low + stats.ladder_limit(counts, upper=False) - stronger.elo
        high = None
    return MeasuredLevel(
        level=level,
        elo=None if low is None or high is None else round(found.elo, 1),
        elo_low=None if low is None else round(low, 1),
        elo_high=None if high is None else round(high, 1),
        games=sum(tally.trinomial),
        duel=Duel(level=stronger.level.name, **_games(tally).model_dump()),
    )


def _rung(elo: int, tally: Tally) -> Rung:
    return Rung(stockfish_elo=elo, **_games(tally).model_dump())


def _games(tally: Tally) -> Games:
    lost, drawn, won = tally.trinomial
    return Games(
        won=won,
        drawn=drawn,
        lost=lost,
        failures=len(tally.failures(Side.A)),
        failures_of_opponent=len(tally.failures(Side.B)),
    )
