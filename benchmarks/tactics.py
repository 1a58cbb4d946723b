"""Tactical positions a network solves at one node and with search.

    python -m benchmarks.tactics MODEL.onnx wac.epd [SIMULATIONS ...]

A position is solved if the move to play is among its best moves (`bm`), or not among those to avoid (`am`).
At one simulation the move is the network's own first choice.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import chess

from aztoolkit.backends import open_evaluator
from aztoolkit.errors import DataError
from aztoolkit.mcts import SearchConfig
from aztoolkit.player import Limit, Player
from benchmarks.measure import document

NAME = "tactics"
SIMULATIONS = (1, 800)
TOGETHER = 16
"""Positions that share batches."""

Problem = tuple[chess.Board, dict[str, Any]]  # Any: EPD operands, as python-chess types them


def tactics(
    model: Path, suite: Path, *, simulations: Sequence[int] = SIMULATIONS, first: int | None = None
) -> dict[str, Any]:  # Any: a JSON document
    """Returns how many positions of a suite are solved, by simulations.

    Args:
        suite: an .epd file with `bm` or `am`.
        first: only so many of its positions.

    Raises:
        ModelError: the model is missing, broken or not ours.
        DataError: the suite is missing or malformed.
    """
    problems = read_suite(suite)[:first]
    evaluator = open_evaluator(model)
    player = Player(evaluator, SearchConfig(batch_size=1))
    solved = {str(count): _solve(player, problems, count) for count in simulations}
    evaluator.close()
    return document(
        NAME,
        {"model": model.name, "suite": suite.name, "positions": len(problems), "solved": solved},
    )


def read_suite(suite: Path) -> list[Problem]:
    """Returns the positions of an .epd file with their operations; raises DataError."""
    try:
        lines = [line for line in suite.read_text(encoding="utf-8").splitlines() if line.strip()]
        problems = [chess.Board.from_epd(line) for line in lines]
    except (OSError, ValueError) as error:
        raise DataError(f"expected an EPD file, got {error}: {suite}") from error
    return [problem for problem in problems if "bm" in problem[1] or "am" in problem[1]]


def _solve(player: Player, problems: Sequence[Problem], simulations: int) -> int:
    solved = 0
    for start in range(0, len(problems), TOGETHER):
        part = problems[start : start + TOGETHER]
        games = [player.new_game() for _ in part]
        limit = Limit(simulations=simulations)
        results = player.think(games, [board for board, _ in part], limit)
        found = [result.best_move for result in results]
        solved += sum(
            _is_solved(move, wanted) for move, (_, wanted) in zip(found, part, strict=True)
        )
    return solved


def _is_solved(move: chess.Move, wanted: dict[str, Any]) -> bool:  # Any: EPD operands
    return move in wanted["bm"] if "bm" in wanted else move not in wanted["am"]


if __name__ == "__main__":
    counts = [int(argument) for argument in sys.argv[3:]] or SIMULATIONS
    report = tactics(Path(sys.argv[1]), Path(sys.argv[2]), simulations=counts)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
