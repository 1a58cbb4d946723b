"""Models in turns: evaluations a second by batch, nodes a second of a search, memory.

- *tree*: one game, 800 simulations from an empty tree, batches of at most 32, with a cache, over eight
  openings in turn: what lc0's `benchmark` measures, with its minibatch.
- *pool*: 64 games that share batches, one leaf a game, 20 simulations each.

All models take turns in every measurement, so that ratios hold though the machine does other things.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from aztoolkit.backends import BackendName, open_evaluator
from aztoolkit.encoding import get_encoding
from aztoolkit.errors import ConfigError
from aztoolkit.evaluator import Evaluator
from aztoolkit.mcts import SearchConfig, create_cache, create_mcts, run
from aztoolkit.measure import Rate, rates_side_by_side
from benchmarks.search import openings

TREE_SIMULATIONS = 800
TREE_BATCH = 32
TREE_OPENINGS = 8
CACHE_MB = 64
POOL = 64
POOL_SIMULATIONS = 20
_SEED = 0
_EMPTY_SHARE = 0.9
"""Of the planes' values; about as many are zero in chess."""

Row = dict[str, Any]  # Any: a row of a JSON document
Work = Callable[[], int]
Evaluators = Mapping[str, Evaluator]


@contextmanager
def opened(models: Sequence[Path], *, backend: BackendName, threads: int) -> Iterator[Evaluators]:
    """Yields the evaluators of models by the names of their files.

    Raises:
        ConfigError: a model is named twice.
        ModelError: a model is missing, broken or not ours.
    """
    if twice := {str(model) for model in models if list(models).count(model) > 1}:
        raise ConfigError(f"expected each model once, got {', '.join(sorted(twice))} again")
    evaluators: dict[str, Evaluator] = {}
    try:
        for model in models:
            evaluators[str(model)] = open_evaluator(model, backend=backend, threads=threads)
        yield evaluators
    finally:
        for evaluator in evaluators.values():
            evaluator.close()


def evaluation_rows(evaluators: Evaluators, batches: Sequence[int]) -> list[Row]:
    """Returns a row of evaluations a second for each batch and evaluator."""
    rows = []
    for batch in batches:
        works = {name: evaluation(evaluator, batch) for name, evaluator in evaluators.items()}
        for name, rate in rates_side_by_side(works).items():
            rows.append(_evaluation_row(name, evaluators[name], batch, rate))
    return rows


def search_rows(evaluators: Evaluators) -> list[Row]:
    """Returns a row of nodes a second for each kind of search and evaluator."""
    rows = []
    for kind, make in (("tree", _tree), ("pool", _pool)):
        works = {name: make(evaluator) for name, evaluator in evaluators.items()}
        rows += [_search_row(kind, name, rate) for name, rate in rates_side_by_side(works).items()]
    return rows


def evaluation(evaluator: Evaluator, batch: int) -> Work:
    """Returns what evaluates one batch and says how many positions that were."""
    rng = np.random.default_rng(_SEED)
    shape = (batch, get_encoding(evaluator.spec.encoding).planes, 8, 8)
    planes = (rng.random(shape) > _EMPTY_SHARE).astype(np.float32)

    def work() -> int:
        evaluator.evaluate(planes)
        return batch

    return work


def _evaluation_row(name: str, evaluator: Evaluator, batch: int, rate: Rate) -> Row:
    rounded = rate.round()
    return {
        "model": name,
        "precision": evaluator.spec.precision,
        "bytes": Path(name).stat().st_size,
        "batch": batch,
        "evals_per_s": rounded.median,
        "lowest": rounded.lowest,
        "highest": rounded.highest,
    }


def _search_row(kind: str, model: str, rate: Rate) -> Row:
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
