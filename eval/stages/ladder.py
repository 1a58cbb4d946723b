"""Games against Stockfish of limited strength: how strong the candidate is on a scale others know.

Each rung is a Stockfish with `UCI_LimitStrength` and one `UCI_Elo`. All rungs together give one most
likely Elo, on the scale of that version of Stockfish at the time it has for a move: the scale was made at
longer times, so that it is comparable with other ladders of the same settings, and with little else. Where
the rungs disagree on that Elo, its interval is the wider, and the report says so. Nothing is judged by it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from aztoolkit.files import write_text
from eval import stats
from eval.journal import Journal
from eval.openings import Book
from eval.opponents import Opponent
from eval.pgn import match_pgn
from eval.records import Side
from eval.series import identify
from eval.settings import MatchSettings
from eval.stages.journals import journal_path
from eval.stockfish import Stockfish, find_stockfish
from eval.tally import Tally
from eval.trial import StageReport, Trial
from eval.whole_match import play_whole_match

Numbers = dict[str, Any]  # Any: whatever json can hold
PGN_SUFFIX = ".gate.ladder.pgn"
_TOLD_MISFIT = 1.5
"""Disagreement of the rungs from which on it is told: five that agree come to it once in sixteen times."""


def climb_ladder(trial: Trial) -> StageReport:
    """Plays the candidate, and the baseline if asked, against each Stockfish; has no verdict."""
    stockfish = find_stockfish(trial.ladder.stockfish)
    players = {"candidate": trial.candidate}
    if trial.ladder.ladder_baseline:
        players["baseline"] = trial.baseline
    climbs = {name: _climb(trial, name, player, stockfish) for name, player in players.items()}
    _write_games(trial, climbs, players, stockfish)
    results = {name: _result(rungs) for name, rungs in climbs.items()}
    told = ", ".join(f"{name} {_tell(found)}" for name, found in results.items())
    scale = f"{stockfish.name} at {trial.ladder.stockfish_ms} ms a move"
    numbers = {
        "scale": stockfish.scale(trial.ladder.stockfish_ms),
        "players_have": _limit(_ladder_settings(trial)),
        **results,
    }
    reason = f"{told}, on the scale of {scale}{_tell_few(trial)}"
    return StageReport("ladder", None, reason, numbers=numbers)


def _climb(trial: Trial, name: str, player: Opponent, stockfish: Stockfish) -> dict[int, Tally]:
    """Returns the games of one player by Stockfish's Elo."""
    return {
        elo: _play(trial, f"ladder-{name}-{elo}", player, rung)
        for elo in sorted(set(trial.ladder.stockfish_elo))
        for rung in [stockfish.opponent(elo, movetime_ms=trial.ladder.stockfish_ms)]
    }


def _play(trial: Trial, stage: str, player: Opponent, rung: Opponent) -> Tally:
    settings, book = _ladder_settings(trial), _book(trial)
    journal = Journal(journal_path(trial.model, stage), identify((player, rung), book, settings))
    title = f"{player.name} against {rung.name}"
    return play_whole_match(
        (player, rung), book, settings, journal=journal, console=trial.console, title=title
    ).tally


def _ladder_settings(trial: Trial) -> MatchSettings:
    """Returns the gate's settings with the ladder's own limit, if it has one.

    Each worker plays one game at a time, so that Stockfish is not told of a new game before every move.
    """
    settings = trial.settings
    changed: dict[str, int | None] = {"concurrency": settings.worker_count()}
    if trial.ladder.ladder_simulations is not None:
        changed |= {"simulations": trial.ladder.ladder_simulations, "movetime_ms": None}
    return settings.model_copy(update=changed)


def _book(trial: Trial) -> Book:
    assert trial.ladder_book, "a ladder that is climbed has openings"
    return trial.ladder_book


def _tell_few(trial: Trial) -> str:
    """Returns that there were fewer games than asked for, where the book is too small; else nothing."""
    book, asked = _book(trial), trial.ladder.games
    games = 2 * len(book.openings)
    if games == asked:
        return ""
    return f"; only {games} games each instead of {asked}: no more openings in {book.source}"


def _result(rungs: Mapping[int, Tally]) -> Numbers:
    counts = {float(elo): tally.pentanomial for elo, tally in rungs.items()}
    estimate = stats.ladder_estimate(counts)
    return {
        **_rounded(estimate),
        "misfit": round(stats.ladder_misfit(counts, estimate.elo), 2),
        "rungs": [_rung(elo, tally) for elo, tally in rungs.items()],
    }


def _rung(elo: int, tally: Tally) -> Numbers:
    losses, draws, wins = tally.trinomial
    difference = stats.elo_estimate(tally.pentanomial)
    return {
        "stockfish_elo": elo,
        "score": round(stats.score(tally.pentanomial), 4),
        "games": sum(tally.trinomial),
        "won": wins,
        "drawn": draws,
        "lost": losses,
        "difference": _rounded(difference),
        "failures": len(tally.failures(Side.A)),
        "failures_of_stockfish": len(tally.failures(Side.B)),
    }


def _rounded(estimate: stats.EloEstimate) -> Numbers:
    return {
        "elo": round(estimate.elo, 1),
        "elo_low": round(estimate.low, 1),
        "elo_high": round(estimate.high, 1),
    }


def _tell(result: Numbers) -> str:
    told = f"{result['elo']:.0f} Elo (95 %: {result['elo_low']:.0f} to {result['elo_high']:.0f})"
    if result["misfit"] < _TOLD_MISFIT:
        return told
    return f"{told}, on which its rungs disagree: {result['misfit']:.1f} times as far from it as by chance"


def _limit(settings: MatchSettings) -> str:
    if settings.movetime_ms is None:
        return f"{settings.simulations} simulations a move"
    return f"{settings.movetime_ms} ms a move"


def _write_games(
    trial: Trial,
    climbs: Mapping[str, Mapping[int, Tally]],
    players: Mapping[str, Opponent],
    stockfish: Stockfish,
) -> None:
    def games() -> Iterator[str]:
        for name, rungs in climbs.items():
            for elo, tally in rungs.items():
                names = (players[name].name, f"{stockfish.name} {elo}")
                yield match_pgn(tally.records(), names, event=f"gate: ladder, {name}")

    write_text(trial.model.with_suffix(PGN_SUFFIX), "".join(games()))
