"""Games played by the native search against itself: every move it returns must be legal.

python -m tests.mcts.soak --plies 1000000        half an hour; a progress line every 50,000 plies

Games start from the usual position or Chess960, with a uniform network, a few simulations a move, PUCT
and Gumbel in turn, noise and temperature on, so that they wander far and end in every way there is.
"""

import argparse
import random
import sys
from collections import Counter

import chess
import numpy as np

from aztoolkit.evaluator import UniformEvaluator
from aztoolkit.mcts import SearchConfig, run
from aztoolkit.mcts.native import NativeSearch
from tests.mcts.golden import SPEC

GAMES = 64
MOST_PLIES = 400
_PROGRESS = 50_000


def soak(plies: int, *, seed: int = 0, report: bool = False) -> Counter[str]:
    """Plays at least so many plies and returns how often games ended, by reason.

    Raises:
        AssertionError: a search returned a move that is not legal, or not all that are.
    """
    rng, ends, played = random.Random(seed), Counter[str](), 0
    games = [_begin(rng, number) for number in range(GAMES)]
    evaluator = UniformEvaluator(SPEC)
    while played < plies:
        for search, board in games:
            search.start(board, rng.randrange(2, 24))
        run([search for search, _ in games], evaluator)
        for number, (search, board) in enumerate(games):
            _play(search, board, rng)
            if reason := _ended(board):
                ends[reason] += 1
                games[number] = _begin(rng, number)
        played += GAMES
        if report and played % _PROGRESS < GAMES:
            sys.stdout.write(f"{played} plies, {ends.total()} games: {dict(ends)}\n")
            sys.stdout.flush()
    return ends


def _begin(rng: random.Random, number: int) -> tuple[NativeSearch, chess.Board]:
    config = SearchConfig(
        algorithm="gumbel" if number % 2 else "puct",
        batch_size=rng.choice([1, 4]),
        noise_fraction=0.25,
        seed=rng.randrange(1 << 30),
    )
    chess960 = rng.random() < 0.3
    board = chess.Board.from_chess960_pos(rng.randrange(960)) if chess960 else chess.Board()
    return NativeSearch(config), board


def _play(search: NativeSearch, board: chess.Board, rng: random.Random) -> None:
    result = search.result()
    assert set(result.moves) == set(board.legal_moves), board
    assert result.best_move in board.legal_moves, board
    chances = result.policy(1.0)
    assert abs(chances.sum() - 1.0) < 1e-9, board
    assert result.pv[0] == result.best_move, board
    line = board.copy()
    for move in result.pv:
        assert line.is_legal(move), line
        line.push(move)
    if rng.random() < 0.5:
        board.push(result.best_move)
    else:
        board.push(result.moves[int(np.searchsorted(chances.cumsum(), rng.random() * 0.999))])


def _ended(board: chess.Board) -> str | None:
    outcome = board.outcome(claim_draw=True)
    if outcome:
        return outcome.termination.name
    return "TOO_LONG" if len(board.move_stack) >= MOST_PLIES else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plies", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    found = soak(arguments.plies, seed=arguments.seed, report=True)
    sys.stdout.write(f"{arguments.plies} plies, no illegal move; games ended: {dict(found)}\n")
