"""What the levels of a network are worth: games of each against Stockfish of limited strength.

No one opponent measures every level, for a score near 0 or 1 tells little. A level therefore begins at
the opponent that seems nearest, and after a few games goes to the one that is nearest to what it scored:

    2000                      ┌─ 1 of 4 ─┐
    1700           ┌─ 4 of 4 ─┘          └─ ... most games here
    1350 ─ 4 of 4 ─┘

All its games together give one Elo (`eval.stats.ladder_estimate`), on the scale of that Stockfish at the
time that it had for a move. A level too weak for the least of them plays the next stronger level instead,
and so do all below it; the intervals add up. Levels of one network differ by more against each other
than against others, so these Elos are rather too low.

Openings are distinct: no two games of a level have the same position and colour. Search is as the
browser and UCI have it.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from aztoolkit.errors import ConfigError
from aztoolkit.files import write_json
from aztoolkit.levels import LEVELS, Games, Level, MeasuredLevel, MeasuredLevels, read_levels
from benchmarks.level_games import LevelGames
from benchmarks.level_ladder import Ladder, Results, guess, worth, worth_beside
from benchmarks.measure import check_folder, document
from eval.opponents import model_opponent
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
        ConfigError: `output` knows a level by more games than are to be played.
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
    _check_no_fewer_games(measured, levels, 2 * ladder.pairs, output)
    near, played = float(ladder.rungs[0]), []
    for level in sorted(levels, key=LEVELS.index, reverse=True):
        games = LevelGames(model, level, ladder, output, console)
        found, near = _measure(games, measured, near=near)
        measured = measured.model_copy(update={"levels": _with(measured.levels, found)})
        write_json(output, document(NAME, measured.model_dump(mode="json")))
        console.print(tell(found), soft_wrap=True, markup=False, highlight=False)
        played.append(games)
    for games in played:
        games.forget()
    return document(NAME, measured.model_dump(mode="json"))


def tell_all(report: Report) -> str:
    """Returns a report in lines: the scale, then each level."""
    measured = MeasuredLevels.model_validate(report)
    return "\n".join([measured.scale, *map(tell, measured.levels)])


def tell(measured: MeasuredLevel) -> str:
    """Returns a line such as `Club (10 simulations): about 1450 Elo (95 %: 1380 to 1520), 100 games`.

    Where the Elo comes of games against a stronger level, it ends in `, by games against Strong`.
    """
    bounds = (measured.elo_low, measured.elo_high)
    interval = "" if None in bounds else " (95 %: {:.0f} to {:.0f})".format(*bounds)
    return (
        f"{measured.level.name} ({measured.level.words}): {measured.words}{interval}, "
        f"{measured.games} games{_tell_failures(measured)}{_tell_duel(measured)}"
    )


def _tell_duel(measured: MeasuredLevel) -> str:
    return f", by games against {measured.duel.level}" if measured.duel else ""


def _tell_failures(measured: MeasuredLevel) -> str:
    """Returns how many games were decided by a failure, which no strength is; nothing if none was."""
    opponents: list[Games] = [*measured.rungs, *([measured.duel] if measured.duel else [])]
    failed = sum(games.failures + games.failures_of_opponent for games in opponents)
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


def _check_no_fewer_games(
    known: MeasuredLevels, levels: Sequence[Level], games: int, output: Path
) -> None:
    for measured in known.levels:
        counts = [measured.duel] if measured.duel else measured.rungs
        before = sum(one.won + one.drawn + one.lost for one in counts)
        if measured.level in levels and before > games:
            raise ConfigError(
                f"expected at least the {before} games that {output} has of "
                f"{measured.level.name}, got {games}; raise --games, or name another file with --output"
            )


def _with(levels: Sequence[MeasuredLevel], new: MeasuredLevel) -> tuple[MeasuredLevel, ...]:
    others = [measured for measured in levels if measured.level != new.level]
    return tuple(sorted([*others, new], key=lambda measured: LEVELS.index(measured.level)))


def _measure(
    games: LevelGames, measured: MeasuredLevels, *, near: float
) -> tuple[MeasuredLevel, float]:
    """Plays a level; returns what it is worth, and an Elo to begin the next weaker one at.

    Args:
        measured: what is known of stronger levels.
        near: Elo to begin at.
    """
    stronger = _next_stronger(games.level, measured)
    if stronger is None or stronger.duel is None:
        results = _climb(games, near)
        found, near = worth(games.level, results), guess(results)
        is_out_of_reach = found.elo_low is None and games.ladder.rungs[0] in results
        if stronger is None or not is_out_of_reach:
            return found, near
        return _through(games, stronger, found), near
    return _through(games, stronger), near


def _climb(games: LevelGames, near: float) -> Results:
    """Returns all games of a level by Stockfish's Elo."""
    results: dict[int, Tally] = {}
    played = round_number = 0
    while played < games.ladder.pairs:
        elo = min(games.ladder.rungs, key=lambda rung: abs(rung - near))
        before = results[elo].pairs if elo in results else 0
        size = min(_FEW_PAIRS if round_number < _SCOUTING else _PAIRS, games.ladder.pairs - played)
        results[elo] = games.against_stockfish(elo, before + size)
        played, round_number, near = played + size, round_number + 1, guess(results)
    return results


def _through(
    games: LevelGames, stronger: MeasuredLevel, bound: MeasuredLevel | None = None
) -> MeasuredLevel:
    """Returns what a level is worth by games against a stronger one, with those of `bound` before.

    Where it lost those, too, the lower of both bounds is there.
    """
    found = worth_beside(games.level, games.against(stronger.level), stronger)
    if bound is None:
        return found
    both = {"rungs": bound.rungs, "games": found.games + bound.games}
    if found.elo_low is None:
        both["elo_high"] = min(found.elo_high or math.inf, bound.elo_high or math.inf)
    return found.model_copy(update=both)


def _next_stronger(level: Level, measured: MeasuredLevels) -> MeasuredLevel | None:
    """Returns the weakest of the stronger levels whose Elo is known."""
    stronger = LEVELS[LEVELS.index(level) + 1 :]
    known = [one for one in measured.levels if one.level in stronger and one.elo is not None]
    return min(known, key=lambda one: LEVELS.index(one.level), default=None)
