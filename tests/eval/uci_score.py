"""The games of our runner once more, by python-chess's engine client and `aztoolkit uci`.

    python -m tests.eval.uci_score a.onnx b.onnx --pairs 20 --simulations 100

Prints both scores of A, and how many games went the same way, move for move.
"""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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


def main(a: Path, b: Path, *, pairs: int = 20, simulations: int = 100, seed: int = 0) -> None:
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
    seed: int
        Of the order of openings.
    """
    openings = read_book(None, count=pairs, seed=seed).openings
    settings = MatchSettings(simulations=simulations, seed=seed, backend="cpu")
    ours = play_ours((a, b), openings, settings)
    theirs = replay((a, b), ours, settings)
    for name, points in (
        ("our runner", [record.half_points for record in ours]),
        ("python-chess", [game.half_points for game in theirs]),
    ):
        counts = [points.count(half_points) for half_points in range(3)]
        print(f"{name}: +{counts[2]} ={counts[1]} -{counts[0]}, score {stats.score(counts):.1%}")
    same = sum(one.moves == other.moves for one, other in zip(ours, theirs, strict=True))
    print(f"{same} of {len(ours)} games are the same, move for move")


if __name__ == "__main__":
    cyclopts.run(main)
