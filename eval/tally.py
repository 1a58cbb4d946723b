"""Games counted by pairs, in the order of their openings."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from eval.records import CAPPED, Failure, GameRecord, Side


@dataclass
class Tally:
    """The games of a match so far.

    Only the pairs before the first unfinished one count. Short games, which are decisive more often,
    end first; counting pairs as they end would favour them, and the verdict would hang on how many
    games were played at a time.
    """

    games: dict[tuple[int, int], GameRecord] = field(default_factory=dict)
    pentanomial: list[int] = field(default_factory=lambda: [0] * 5)
    """Counted pairs by A's half points, 0 to 4."""
    trinomial: list[int] = field(default_factory=lambda: [0] * 3)
    """Counted games by A's half points: losses, draws, wins."""

    @classmethod
    def of(cls, records: Iterable[GameRecord]) -> "Tally":
        """Returns the tally of some games."""
        tally = cls()
        for record in records:
            tally.add(record)
        return tally

    @property
    def pairs(self) -> int:
        """Pairs counted."""
        return sum(self.pentanomial)

    def add(self, record: GameRecord) -> None:
        """Adds a finished game; `count_next` counts it when its turn has come."""
        self.games[record.pair, record.game] = record

    def count_next(self) -> bool:
        """Counts one more pair, the next in order; returns False if it is not finished."""
        pair = [self.games.get((self.pairs, game)) for game in (0, 1)]
        points = [record.half_points for record in pair if record]
        if len(points) < len(pair):
            return False
        self.pentanomial[sum(points)] += 1
        for half_points in points:
            self.trinomial[half_points] += 1
        return True

    def failures(self, side: Side) -> list[tuple[GameRecord, Failure]]:
        """Returns the games that a side lost by a failure, counted or not."""
        found = [(record, record.failure) for _, record in sorted(self.games.items())]
        return [(record, failure) for record, failure in found if failure and failure.side == side]

    def capped(self) -> int:
        """Returns how many games were broken off at the cap."""
        return sum(record.termination == CAPPED for record in self.games.values())

    def records(self) -> list[GameRecord]:
        """Returns all games, counted or not, in order."""
        return [record for _, record in sorted(self.games.items())]
