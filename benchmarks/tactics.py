"""Tactical positions a network solves at one node and with search.

    python -m benchmarks.tactics MODEL.onnx wac.epd [SIMULATIONS ...]

The suite and what solves it are the gate's (see `eval.tactics`). At one simulation the move is the network's
own first choice.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aztoolkit.backends import open_evaluator
from aztoolkit.mcts import SearchConfig
from aztoolkit.player import Limit, Player
from benchmarks.measure import document
from eval.tactics import Problem, read_suite

NAME = "tactics"
SIMULATIONS = (1, 800)
TOGETHER = 16
"""Positions that share batches."""


def tactics(
    model: Path, suite: Path, *, simulations: Sequence[int] = SIMULATIONS, first: int | None = None
) -> dict[str, Any]:  # Any: a JSON document
    """Returns how many positions of a suite are solved, by simulations.

    Args:
        suite: an .epd file with `bm` or `am`.
        first: only so many of its positions.

    Raises:
        ModelError: the model is missing, broken or not ours.
        DataError: the suite is missing or malformed, or has a position without `bm` and `am`.
    """
    problems = read_suite(suite).problems[:first]
    evaluator = open_evaluator(model)
    player = Player(evaluator, SearchConfig(batch_size=1))
    solved = {str(count): _solve(player, problems, count) for count in simulations}
    evaluator.close()
    return document(
        NAME,
        {"model": model.name, "suite": suite.name, "positions": len(problems), "solved": solved},
    )


def _solve(player: Player, problems: Sequence[Problem], simulations: int) -> int:
    solved = 0
    for start in range(0, len(problems), TOGETHER):
        part = problems[start : start + TOGETHER]
        games = [player.new_game() for _ in part]
        limit = Limit(simulations=simulations)
        results = player.think(games, [problem.board() for problem in part], limit)
        pairs = zip(part, results, strict=True)
        solved += sum(problem.is_solved_by(result.best_move) for problem, result in pairs)
    return solved


if __name__ == "__main__":
    counts = [int(argument) for argument in sys.argv[3:]] or SIMULATIONS
    report = tactics(Path(sys.argv[1]), Path(sys.argv[2]), simulations=counts)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
