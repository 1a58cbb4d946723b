"""Games on the clock against Stockfish: nobody may lose on time or by an illegal move.

python -m tests.uci.clock_match model.onnx --games 40 --base 10 --increment 0.1
"""

import argparse
import random
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import chess
import chess.engine

from tests.uci.conftest import command

_OPENING_PLIES = 6


def play_game(
    engines: Sequence[chess.engine.SimpleEngine],
    board: chess.Board,
    *,
    base_s: float,
    increment_s: float,
) -> tuple[str, list[float]]:
    """Returns how a game ended, and the least time that Black's and White's clocks ever showed.

    Args:
        engines: Black, White.
    """
    clocks_s, least_s = [base_s, base_s], [base_s, base_s]
    while (outcome := board.outcome(claim_draw=True)) is None:
        mover = board.turn
        limit = chess.engine.Limit(
            white_clock=clocks_s[chess.WHITE],
            black_clock=clocks_s[chess.BLACK],
            white_inc=increment_s,
            black_inc=increment_s,
        )
        began_s = time.monotonic()
        played = engines[mover].play(board, limit, game=id(engines))
        clocks_s[mover] -= time.monotonic() - began_s
        least_s[mover] = min(least_s[mover], clocks_s[mover])
        if clocks_s[mover] <= 0:
            return f"{chess.COLOR_NAMES[mover]} lost on time", least_s
        assert played.move in board.legal_moves
        clocks_s[mover] += increment_s
        board.push(played.move)
    return f"{outcome.result()} {outcome.termination.name.lower()}", least_s


def play_match(
    model: Path,
    opponent: Path,
    *,
    games: int,
    base_s: float,
    increment_s: float,
    ours: dict[str, int],
) -> tuple[Counter[str], float]:
    """Returns how often each ending came, seen by us, and the least time our clock ever showed."""
    endings: Counter[str] = Counter()
    least_s = base_s
    with (
        chess.engine.SimpleEngine.popen_uci(command(str(model)), timeout=60) as engine,
        chess.engine.SimpleEngine.popen_uci(str(opponent), timeout=60) as other,
    ):
        engine.configure(ours)
        other.configure({"Threads": 1, "Hash": 16})
        for game in range(games):
            our_color = bool(game % 2)
            seats = [other, engine] if our_color else [engine, other]
            ending, clocks_s = play_game(
                seats, opening(game // 2), base_s=base_s, increment_s=increment_s
            )
            ending = ending.replace(chess.COLOR_NAMES[our_color], "we")
            endings[ending] += 1
            least_s = min(least_s, clocks_s[our_color])
            print(
                f"game {game + 1}: {ending}, our clock's least {clocks_s[our_color]:.2f} s",
                flush=True,
            )
    return endings, least_s


def opening(seed: int) -> chess.Board:
    """Returns a position some random moves into a game."""
    rng, board = random.Random(seed), chess.Board()
    for _ in range(_OPENING_PLIES):
        board.push(rng.choice(list(board.legal_moves)))
    return board


def main() -> None:
    """Plays a match and prints how its games ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--games", type=int, default=40)
    parser.add_argument("--base", type=float, default=10.0)
    parser.add_argument("--increment", type=float, default=0.1)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    stockfish = shutil.which("stockfish") or "/usr/games/stockfish"
    endings, least_s = play_match(
        arguments.model,
        Path(stockfish),
        games=arguments.games,
        base_s=arguments.base,
        increment_s=arguments.increment,
        ours={"Threads": arguments.threads},
    )
    print(dict(endings), f"least time on our clock: {least_s:.2f} s")


if __name__ == "__main__":
    main()
