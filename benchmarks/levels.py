"""What the levels of a network are worth: games of each against Stockfish of limited strength.

No one opponent measures every level, for a score near 0 or 1 tells little. A level therefore begins at
the opponent that seems nearest, and after a few games goes to the one that is nearest to what it scored:

    2300
    2000          ┌─ 0 of 4 ─┐
    1700          │          ├─ ... most games here
    1500  ┌─ 4 of 4          │
    1350 ─┘

All its games together give one Elo (`eval.stats.ladder_estimate`), on the scale of that Stockfish at the
time that it had for a move. Openings are distinct: no two games of a level have the same position and
colour. Search is as the browser and UCI have it. Every game is kept in a journal until the end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path
from typing import Any

from rich.console import Console

from aztoolkit.errors import ConfigError, DataError
from aztoolkit.files import write_json
from aztoolkit.levels import LEVELS, Level, MeasuredLevel, MeasuredLevels, Rung, read_levels
from aztoolkit.mcts import SearchConfig
from benchmarks.measure import document
from eval import stats
from eval.journal import Journal
from eval.openings import Book, read_book
from eval.opponents import model_opponent
from eval.progress import show_match
from eval.series import identify, play_series
from eval.settings import MatchSettings
from eval.stockfish import HASH_MB, Stockfish, find_stockfish
from eval.tally import Tally

NAME = "levels"
GAMES, STOCKFISH_MS = 100, 100
GRID = (1500, 1700, 2000, 2300, 2600)
"""Elo of opponents, beside the least that Stockfish has."""
_SCOUTING, _FEW_PAIRS, _PAIRS = 4, 2, 10
"""Rounds of few pairs before those of more; after each the opponent is chosen anew."""
_REACH = 800.0
"""Elo beyond the weakest or strongest opponent at which a bound of the interval is none: a score of 1 %."""

Report = dict[str, Any]  # Any: a JSON document
Results = Mapping[int, Tally]


@dataclass(frozen=True)
class Ladder:
    """Who is played, from where, and how much."""

    stockfish: Stockfish
    stockfish_ms: int
    """Of each of its moves."""
    rungs: tuple[int, ...]
    """Its Elos, rising."""
    book: Book
    """Openings of all rungs, dealt out in turn."""
    pairs: int
    """Of each level, against all opponents together."""
    seed: int
    workers: int | None

    @property
    def scale(self) -> str:
        """Whose Elo it is."""
        engine = f"{self.stockfish.name} at {self.stockfish_ms} ms a move"
        return f"UCI_Elo of {engine}, 1 thread, {HASH_MB} MiB hash"

    def openings(self, elo: int) -> Book:
        """Returns the openings of one rung, which no other has; with more games there are more of them."""
        dealt = self.book.openings[self.rungs.index(elo) :: len(self.rungs)]
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
    book = read_book(openings, count=pairs * len(rungs), seed=seed)
    if len(book.openings) < pairs * len(rungs):
        raise DataError(
            f"expected {pairs * len(rungs)} distinct openings in {book.source}, {pairs} for each of "
            f"{len(rungs)} opponents, got {len(book.openings)}; name a larger book, or fewer --games"
        )
    return Ladder(found, stockfish_ms, rungs, book, pairs, seed, workers)


def measure_levels(
    model: Path,
    ladder: Ladder,
    *,
    output: Path,
    console: Console,
    levels: Sequence[Level] = LEVELS,
) -> Report:
    """Plays each level, writes what it is worth into `output` at once, and returns the report.

    What `output` says of other levels of the same model on the same scale stays. A measurement that was
    killed goes on from the games it had played, also with more games.

    Raises:
        ModelError: there is no such model, or it is broken.
        InputError: `output` cannot be written, or holds something else.
    """
    opened, known = model_opponent(model), read_levels(output)
    assert opened.sha256, "a model file has a hash"
    measured = MeasuredLevels(
        model=model.name,
        sha256=opened.sha256,
        scale=ladder.scale,
        levels=_kept(known, opened.sha256, ladder),
    )
    report, near = _write(output, measured), float(ladder.rungs[0])
    for level in sorted(levels, key=LEVELS.index):
        results = _play_level(model, level, ladder, near=near, output=output, console=console)
        found, near = _worth(level, results), _estimate(results).elo
        measured = measured.model_copy(update={"levels": _with(measured.levels, found)})
        report = _write(output, measured)
        console.print(tell(found), soft_wrap=True, markup=False, highlight=False)
    for level in levels:
        _remove_journals(output, level)
    return report


def tell_all(report: Report) -> str:
    """Returns a report in lines: the scale, then each level."""
    measured = MeasuredLevels.model_validate(report)
    return "\n".join([measured.scale, *map(tell, measured.levels)])


def tell(measured: MeasuredLevel) -> str:
    """Returns a line such as `Club (10 simulations): about 1450 Elo (95 %: 1380 to 1520), 100 games`."""
    bounds = (measured.elo_low, measured.elo_high)
    interval = "" if None in bounds else " (95 %: {:.0f} to {:.0f})".format(*bounds)
    return (
        f"{measured.level.name} ({measured.level.words}): {measured.words}{interval}, "
        f"{measured.games} games"
    )


def _kept(known: MeasuredLevels | None, digest: str, ladder: Ladder) -> tuple[MeasuredLevel, ...]:
    """Returns what is known of levels as they are now, of this model on this scale."""
    if known is None or (known.sha256, known.scale) != (digest, ladder.scale):
        return ()
    return tuple(measured for measured in known.levels if measured.level in LEVELS)


def _with(levels: Sequence[MeasuredLevel], new: MeasuredLevel) -> tuple[MeasuredLevel, ...]:
    others = [measured for measured in levels if measured.level != new.level]
    return tuple(sorted([*others, new], key=lambda measured: LEVELS.index(measured.level)))


def _write(output: Path, measured: MeasuredLevels) -> Report:
    report = document(NAME, measured.model_dump(mode="json"))
    write_json(output, report)
    return report


def _play_level(
    model: Path, level: Level, ladder: Ladder, *, near: float, output: Path, console: Console
) -> Results:
    """Returns all games of a level by Stockfish's Elo.

    Args:
        near: Elo to begin at.
    """
    results: dict[int, Tally] = {}
    played = round_number = 0
    while played < ladder.pairs:
        elo = min(ladder.rungs, key=lambda rung: abs(rung - near))
        before = results[elo].pairs if elo in results else 0
        size = min(_FEW_PAIRS if round_number < _SCOUTING else _PAIRS, ladder.pairs - played)
        results[elo] = _play(model, level, ladder, elo, before + size, output, console)
        played, round_number, near = played + size, round_number + 1, _estimate(results).elo
    return results


def _play(
    model: Path,
    level: Level,
    ladder: Ladder,
    elo: int,
    pairs: int,
    output: Path,
    console: Console,
) -> Tally:
    """Returns the first pairs of games against one opponent, those in the journal not played again."""
    opponent = ladder.stockfish.opponent(elo, movetime_ms=ladder.stockfish_ms)
    players = model_opponent(model, temperature=level.temperature), opponent
    settings, book = _settings(level, ladder), ladder.openings(elo)
    journal = Journal(
        _journal_path(output, level, elo),
        {
            **identify(players, book, settings),
            "level": level.model_dump(mode="json"),
            "pairs": None,  # as many as are asked for
            "rungs": ladder.rungs,
        },
    )
    title = f"{level.name} against {opponent.name}"
    try:
        with show_match(console, pairs=pairs, title=title) as watch:
            series = play_series(
                players,
                replace(book, openings=book.openings[:pairs]),
                settings,
                journal=journal,
                is_over=lambda tally: tally.pairs == pairs,
                watch=watch,
            )
    finally:
        journal.close()
    return series.tally


def _settings(level: Level, ladder: Ladder) -> MatchSettings:
    """Returns how a level plays; each worker has one game, as Stockfish plays by time."""
    settings = MatchSettings(
        simulations=level.simulations,
        batch_size=SearchConfig().batch_size,
        workers=ladder.workers,
        seed=ladder.seed,
    )
    return settings.model_copy(update={"concurrency": settings.worker_count()})


def _journal_path(output: Path, level: Level, elo: int) -> Path:
    return output.with_suffix(f".{level.name.lower()}-{elo}.games.jsonl")


def _remove_journals(output: Path, level: Level) -> None:
    """Deletes the games of a level that is measured, and of measurements of it that were given up."""
    for path in output.parent.glob(f"{escape(output.stem)}.{level.name.lower()}-*.games.jsonl*"):
        path.unlink(missing_ok=True)


def _estimate(results: Results) -> stats.EloEstimate:
    return stats.ladder_estimate({elo: tally.pentanomial for elo, tally in results.items()})


def _worth(level: Level, results: Results) -> MeasuredLevel:
    """Returns what a level is worth; where the games bound it on one side only, that bound."""
    counts = {float(elo): tally.pentanomial for elo, tally in results.items()}
    estimate = stats.ladder_estimate(counts)
    low: float | None = estimate.low
    high: float | None = estimate.high
    if estimate.low < min(counts) - _REACH:
        low, high = None, stats.ladder_limit(counts, upper=True)
    elif estimate.high > max(counts) + _REACH:
        low, high = stats.ladder_limit(counts, upper=False), None
    return MeasuredLevel(
        level=level,
        elo=None if low is None or high is None else round(estimate.elo, 1),
        elo_low=None if low is None else round(low, 1),
        elo_high=None if high is None else round(high, 1),
        games=sum(sum(tally.trinomial) for tally in results.values()),
        rungs=tuple(_rung(elo, results[elo]) for elo in sorted(results)),
    )


def _rung(elo: int, tally: Tally) -> Rung:
    lost, drawn, won = tally.trinomial
    return Rung(stockfish_elo=elo, won=won, drawn=drawn, lost=lost)
