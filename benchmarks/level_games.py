"""The games of one level, against Stockfish or a stronger level; each kept in a journal until the end."""

from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path

from rich.console import Console

from aztoolkit.levels import Level
from aztoolkit.mcts import SearchConfig
from benchmarks.level_ladder import Ladder
from eval.journal import Journal, discard
from eval.openings import Book
from eval.opponents import Opponent, model_opponent
from eval.series import identify
from eval.settings import MatchSettings
from eval.tally import Tally
from eval.whole_match import play_whole_match


@dataclass(frozen=True)
class LevelGames:
    """Plays them; what is in a journal is not played again."""

    model: Path
    level: Level
    ladder: Ladder
    output: Path
    """The file of levels; journals stand beside it."""
    console: Console

    def against_stockfish(self, elo: int, pairs: int) -> Tally:
        """Returns the first pairs of games against Stockfish of that strength."""
        opponent = self.ladder.stockfish.opponent(elo, movetime_ms=self.ladder.stockfish_ms)
        return self._play(opponent, self.ladder.openings(elo), pairs, name=str(elo))

    def against(self, stronger: Level) -> Tally:
        """Returns as many games against a stronger level as a level has to play."""
        opponent = replace(_seated(self.model, stronger), name=stronger.name)
        return self._play(
            opponent,
            self.ladder.openings_of_levels,
            self.ladder.pairs,
            name=stronger.name.lower(),
            against=stronger,
        )

    def forget(self) -> None:
        """Deletes the journals of this level, and those of measurements of it that were given up."""
        for path in self.output.parent.glob(f"{escape(self._journals)}-*.games.jsonl*"):
            discard(path)

    @property
    def _journals(self) -> str:
        """How the names of its journals begin."""
        return f"{self.output.stem}.{self.level.name.lower()}"

    def _play(
        self,
        opponent: Opponent,
        book: Book,
        pairs: int,
        *,
        name: str,
        against: Level | None = None,
    ) -> Tally:
        players = replace(_seated(self.model, self.level), name=self.level.name), opponent
        settings = level_settings(self.level, self.ladder)
        journal = Journal(
            self.output.with_name(f"{self._journals}-{name}.games.jsonl"),
            {
                **identify(players, book, settings),
                "level": self.level.model_dump(mode="json"),
                "against": against and against.model_dump(mode="json"),
                "pairs": None,  # as many as are asked for
                "dealt": [self.ladder.rungs, self.ladder.places],
            },
        )
        return play_whole_match(
            players,
            replace(book, openings=book.openings[:pairs]),
            settings,
            journal=journal,
            console=self.console,
            title=f"{self.level.name} against {opponent.name}",
        ).tally


def level_settings(level: Level, ladder: Ladder) -> MatchSettings:
    """Returns how a level plays; each worker has one game, as Stockfish plays by time."""
    settings = MatchSettings(
        simulations=level.simulations,
        batch_size=SearchConfig().batch_size,
        workers=ladder.workers,
        seed=ladder.seed,
    )
    return settings.model_copy(update={"concurrency": settings.worker_count()})


def _seated(model: Path, level: Level) -> Opponent:
    return model_opponent(model, temperature=level.temperature, simulations=level.simulations)
