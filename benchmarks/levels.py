"""What the levels of a network are worth: games of each against Stockfish of limited strength.

No one opponent measures every level, for a score near 0 or 1 tells little. A level therefore begins at
the opponent that seems nearest, and after a few games goes to the one that is nearest to what it scored:

    2000                      ┌─ 1 of 4 ─┐
    1700           ┌─ 4 of 4 ─┘          └─ ... most games here
    1350 ─ 4 of 4 ─┘

All its games together give one Elo (`eval.stats.ladder_estimate`), on the scale of that Stockfish at the
time that it had for a move. Openings are distinct: no two games of a level have the same position and
colour. Search is as the browser and UCI have it. Every game is kept in a journal until the end.
"""

from collections.abc import Sequence
from dataclasses import replace
from glob import escape
from pathlib import Path
from typing import Any

from rich.console import Console

from aztoolkit.errors import ConfigError
from aztoolkit.files import write_json
from aztoolkit.levels import LEVELS, Level, MeasuredLevel, MeasuredLevels, read_levels
from aztoolkit.mcts import SearchConfig
from benchmarks.level_ladder import Ladder, Results, guess, worth
from benchmarks.measure import check_folder, document
from eval.journal import Journal
from eval.opponents import model_opponent
from eval.progress import show_match
from eval.series import identify, play_series
from eval.settings import MatchSettings
from eval.tally import Tally

NAME = "levels"
_SCOUTING, _FEW_PAIRS, _PAIRS = 4, 2, 10
"""Rounds of few pairs before those of more; after each the opponent is chosen anew."""

Report = dict[str, Any]  # Any: a JSON document


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
        InputError: `output` cannot be written, or holds something else, such as another model's levels.
    """
    digest = model_opponent(model).sha256
    assert digest, "a model file has a hash"
    known = _read_known(output, model)
    check_folder(output.parent)
    measured = MeasuredLevels(
        model=model.name,
        sha256=digest,
        scale=ladder.scale,
        levels=_kept(known, digest, ladder),
    )
    near = float(ladder.rungs[0])
    for level in sorted(levels, key=LEVELS.index):
        results = _play_level(model, level, ladder, near=near, output=output, console=console)
        found, near = worth(level, results), guess(results)
        measured = measured.model_copy(update={"levels": _with(measured.levels, found)})
        write_json(output, document(NAME, measured.model_dump(mode="json")))
        console.print(tell(found), soft_wrap=True, markup=False, highlight=False)
    for level in levels:
        _remove_journals(output, level)
    return document(NAME, measured.model_dump(mode="json"))


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
        f"{measured.games} games{_tell_failures(measured)}"
    )


def _tell_failures(measured: MeasuredLevel) -> str:
    """Returns how many games were decided by a failure, which no strength is; nothing if none was."""
    failed = sum(rung.failures + rung.failures_of_stockfish for rung in measured.rungs)
    return f", {failed} of them decided by a crash or the clock" if failed else ""


def _read_known(output: Path, model: Path) -> MeasuredLevels | None:
    """Returns what `output` holds; raises ConfigError if that is of a model of another name."""
    known = read_levels(output)
    if known and known.model != model.name:
        raise ConfigError(
            f"expected levels of {model.name} or nothing in {output}, got those of {known.model}; "
            "name another file with --output, or delete it"
        )
    return known


def _kept(known: MeasuredLevels | None, digest: str, ladder: Ladder) -> tuple[MeasuredLevel, ...]:
    """Returns what is known of levels as they are now, of this model on this scale."""
    if known is None or (known.sha256, known.scale) != (digest, ladder.scale):
        return ()
    return tuple(measured for measured in known.levels if measured.level in LEVELS)


def _with(levels: Sequence[MeasuredLevel], new: MeasuredLevel) -> tuple[MeasuredLevel, ...]:
    others = [measured for measured in levels if measured.level != new.level]
    return tuple(sorted([*others, new], key=lambda measured: LEVELS.index(measured.level)))


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
        played, round_number, near = played + size, round_number + 1, guess(results)
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
