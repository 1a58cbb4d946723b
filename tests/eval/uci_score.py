"""The games of our runner once more, by python-chess's engine client and `aztoolkit uci`.

    python -m tests.eval.uci_score a.onnx b.onnx --pairs 20 --simulations 100

Prints both scores of A with their Elo intervals, and how many games went the same way, move for move. The
second time the games are played one after the other, and every position is a network call of its own: with a
network that does 1,000 of those a second, 20 pairs at 100 simulations take some seven minutes.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import chess
import chess.engine
import cyclopts

from eval import stats
from eval.match import play_games
from eval.openings import Opening, read_book
from eval.opponents import find_opponent
from eval.records import GameRecord, Side, opening_of
from eval.settings import MatchSettings
from eval.tally import Tally

PATIENCE_S = 60.0
_OPTIONS = {"Threads": 1, "BackendOptions": "batch=1", "Backend": "cpu"}
"""As the runner plays: one leaf at a time."""


@dataclass(frozen=True)
class Replay:
    """One game by python-chess's client."""

    moves: tuple[str, ...]
    half_points: int
    """Of A."""


def play_ours(
    models: Sequence[Path], openings: Sequence[Opening], settings: MatchSettings
) -> list[GameRecord]:
    """Returns the games of our runner in order."""
    with tempfile.TemporaryDirectory() as scratch:
        first, second = (find_opponent(str(model), scratch=Path(scratch)) for model in models)
        return Tally.of(play_games((first, second), openings, settings)).records()


def replay(
    models: Sequence[Path], records: Sequence[GameRecord], settings: MatchSettings
) -> list[Replay]:
    """Returns the same games by other means: processes that speak UCI, and python-chess's rules."""
    engines = [_open(model) for model in models]
    try:
        return [_replay(engines, record, settings) for record in records]
    finally:
        for engine in engines:
            engine.close()


def _open(model: Path) -> chess.engine.SimpleEngine:
    command = [sys.executable, "-m", "aztoolkit", "uci", str(model)]
    engine = chess.engine.SimpleEngine.popen_uci(command, timeout=PATIENCE_S)
    engine.configure(_OPTIONS)
    return engine


def _replay(
    engines: Sequence[chess.engine.SimpleEngine], record: GameRecord, settings: MatchSettings
) -> Replay:
    board = opening_of(record).board()
    limit = chess.engine.Limit(nodes=settings.simulations)
    moves: list[str] = []
    while len(moves) < settings.max_plies and board.outcome(claim_draw=False) is None:
        if board.is_repetition(3) or board.is_fifty_moves():
            break
        side = record.white if board.turn == chess.WHITE else record.white.other
        played = engines[side].play(board, limit, game=(record.pair, record.game))
        assert played.move is not None, "a game that goes on has a move"
        board.push(played.move)
        moves.append(played.move.uci())
    outcome = board.outcome()
    if outcome is None or outcome.winner is None:
        return Replay(tuple(moves), 1)
    a_has_white = record.white == Side.A
    return Replay(tuple(moves), 2 if (outcome.winner == chess.WHITE) == a_has_white else 0)


def score_line(name: str, half_points: Sequence[int]) -> str:
    """Returns the score of A and its Elo, from its half points in the games of whole pairs, in order."""
    games = Counter(half_points)
    pairs = Counter(map(sum, zip(half_points[::2], half_points[1::2], strict=True)))
    counts = [pairs[points] for points in range(5)]
    elo = stats.elo_estimate(counts)
    return (
        f"{name}: +{games[2]} ={games[1]} -{games[0]}, score {stats.score(counts):.1%}, "
        f"Elo {elo.elo:+z.0f} (95 %: {elo.low:+z.0f} to {elo.high:+z.0f})"
    )


def main(
    a: Path,
    b: Path,
    *,
    pairs: int = 20,
    simulations: int = 100,
    max_plies: int = 512,
    seed: int = 0,
) -> None:
    """Print the score of A by our runner and by python-chess.

    Parameters
    ----------
    a: Path
        A model.
    b: Path
        Another.
    pairs: int
        Openings; two games each.
    simulations: int
        For a move.
    max_plies: int
        Half-moves after the opening at which a game counts as a draw.
    seed: int
        Of the order of openings.
    """
    openings = read_book(None, count=pairs, seed=seed).openings
    settings = MatchSettings(simulations=simulations, max_plies=max_plies, seed=seed, backend="cpu")
    begin_s = monotonic()
    ours = play_ours((a, b), openings, settings)
    halfway_s = monotonic()
    theirs = replay((a, b), ours, settings)
    print(score_line("our runner", [record.half_points for record in ours]))
    print(score_line("python-chess", [game.half_points for game in theirs]))
    print(f"{halfway_s - begin_s:.0f} s and {monotonic() - halfway_s:.0f} s")
    same = sum(one.moves == other.moves for one, other in zip(ours, theirs, strict=True))
    print(f"{same} of {len(ours)} games are the same, move for move")


if __name__ == "__main__":
    cyclopts.run(main)
