"""Networks side by side: evaluations a second by batch, and nodes a second of a search with each.

    python -m benchmarks.network FP32.onnx INT8.onnx

- *tree*: one game, 800 simulations from an empty tree, batches of at most 32, with a cache, over eight
  openings in turn: what lc0's `benchmark` measures, with its minibatch.
- *pool*: 64 games that share batches, one leaf a game, 20 simulations each.

All models take turns in every measurement, so that ratios hold though the machine does other things.
"""

import json
import sys
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from aztoolkit.backends import open_evaluator
from aztoolkit.evaluator import Evaluator
from aztoolkit.mcts import SearchConfig, create_cache, create_mcts, run
from aztoolkit.measure import Rate, rates_side_by_side
from benchmarks.measure import document
from benchmarks.quantization import evaluation_rows
from benchmarks.search import openings

NAME = "network"
BATCHES = (1, 16, 64, 256)
TREE_SIMULATIONS = 800
TREE_BATCH = 32
TREE_OPENINGS = 8
CACHE_MB = 64
POOL = 64
POOL_SIMULATIONS = 20

Row = dict[str, Any]  # Any: a row of a JSON document
Work = Callable[[], int]


def network(models: Sequence[Path], *, threads: int = 0) -> dict[str, Any]:  # Any: a JSON document
    """Returns `rows` of evaluations, `search` rows of nodes, and `speedup` of each over the first model.

    Args:
        models: such as fp32.onnx and int8.onnx; the first is what others are held against.
        threads: processor threads of each evaluator; 0 leaves the choice to the runtime.

    Raises:
        ModelError: a model is missing, broken or not ours.
    """
    evaluators = {str(model): open_evaluator(model, threads=threads) for model in models}
    rows = [row for batch in BATCHES for row in evaluation_rows(evaluators, batch)]
    searches = _search_rows(evaluators)
    for evaluator in evaluators.values():
        evaluator.close()
    figures = {"threads": threads, "rows": rows, "search": searches}
    return document(NAME, figures | {"speedup": _speedup(rows, searches, str(models[0]))})


def _search_rows(evaluators: dict[str, Evaluator]) -> list[Row]:
    rows = []
    for kind, make in (("tree", _tree), ("pool", _pool)):
        works = {name: make(evaluator) for name, evaluator in evaluators.items()}
        rows += [_row(kind, name, rate) for name, rate in rates_side_by_side(works).items()]
    return rows


def _row(kind: str, model: str, rate: Rate) -> Row:
    whole = rate.round()
    return {
        "search": kind,
        "model": model,
        "nodes_per_s": whole.median,
        "lowest": whole.lowest,
        "highest": whole.highest,
    }


def _tree(evaluator: Evaluator) -> Work:
    """Returns what searches the next opening from an empty tree and says how many nodes that were."""
    boards, config = cycle(openings(TREE_OPENINGS)), _config(evaluator, TREE_BATCH)

    def work() -> int:
        search = create_mcts(config, cache=create_cache(CACHE_MB))
        search.start(next(boards), TREE_SIMULATIONS)
        run([search], evaluator)
        return search.result().simulations

    return work


def _pool(evaluator: Evaluator) -> Work:
    """Returns what searches many openings together and says how many nodes that were."""
    boards, config = openings(POOL), _config(evaluator, 1)

    def work() -> int:
        searches = [create_mcts(config) for _ in boards]
        for search, board in zip(searches, boards, strict=True):
            search.start(board, POOL_SIMULATIONS)
        run(searches, evaluator)
        return sum(search.result().simulations for search in searches)

    return work


def _config(evaluator: Evaluator, batch_size: int) -> SearchConfig:
    spec = evaluator.spec
    return SearchConfig(
        encoding=spec.encoding, action_space=spec.action_space, batch_size=batch_size
    )


def _speedup(rows: list[Row], searches: list[Row], first: str) -> dict[str, dict[str, float]]:
    """Returns by model its speed over that of `first`, by what was measured."""
    speeds = {(row["model"], f"batch {row['batch']}"): row["evals_per_s"] for row in rows}
    speeds |= {(row["model"], row["search"]): row["nodes_per_s"] for row in searches}
    found: dict[str, dict[str, float]] = {}
    for (model, what), speed in speeds.items():
        found.setdefault(model, {})[what] = round(speed / speeds[first, what], 2)
    return found


if __name__ == "__main__":
    report = network([Path(argument) for argument in sys.argv[1:]])
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
