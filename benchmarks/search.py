"""Search: simulations a second with a network that costs nothing, and what a real one loses by it.

python -m benchmarks.search [MODEL.onnx]

- *uniform*: a pool of 64 games on one core, one leaf a game, every position encoded into planes and every
  answer (zeros) read back as logits: all that the protocol asks for, save the network.
- *pool*: the same with a network, and all cores; *raw* is the same session at the same batch, alone.
- *tree*: one game, 800 simulations from an empty tree, batches of at most 16; raw at that batch.
- *move*: seconds for a move of 800 simulations by a large network (192x15, INT8), beside those that its
  evaluations alone would take.

Without MODEL a network of 64 filters and 5 blocks with random weights is made, and quantized to INT8; so is
the large one.
"""

import json
import random
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit._native import Game
from aztoolkit.backends import open_evaluator
from aztoolkit.encoding import get_encoding
from aztoolkit.evaluator import Evaluation, Evaluator
from aztoolkit.mcts import SearchConfig, run
from aztoolkit.mcts.native import NativeSearch
from aztoolkit.measure import Rate, rate, rates_side_by_side
from aztoolkit.model import ModelSpec
from benchmarks.measure import document

if TYPE_CHECKING:
    from torch.nn import Module

    from train.networks import NetworkConfig

NAME = "search"
POOL = 64
POOL_SIMULATIONS = 800
TREE_SIMULATIONS = 800
TREE_BATCH = 16
NETWORK_POOL_SIMULATIONS = 20
"""Of each game and run; fewer than in play, so that five runs take seconds."""
OPENING_PLIES = 8
_BLOCK_SCALE = 0.1


def search(model: Path | None = None) -> dict[str, Any]:  # Any: a JSON document
    """Returns `sims_per_s_uniform`, bytes per node, and evaluations a second with a network.

    Args:
        model: the network; None makes one.
    """
    with tempfile.TemporaryDirectory() as folder:
        evaluator = open_evaluator(model or make_model(Path(folder)))
        figures = {**uniform(), **with_network(evaluator)}
        evaluator.close()
        large = open_evaluator(make_model(Path(folder), filters=192, blocks=15))
        figures |= move_time(large)
        large.close()
    return document(NAME, figures)


def uniform() -> dict[str, Any]:  # Any: a JSON document
    """Returns simulations a second of a pool with a network that costs nothing, and its memory."""
    pool = [NativeSearch(SearchConfig(batch_size=1)) for _ in range(POOL)]
    zeros = _Zeros(POOL)

    def work() -> int:
        _start(pool, POOL_SIMULATIONS)
        run(pool, zeros)
        return POOL * POOL_SIMULATIONS

    speed = rate(work)
    memory = [search.native.memory() for search in pool]
    nodes, edges = sum(m.nodes for m in memory), sum(m.edges for m in memory)
    used = sum(m.used_bytes for m in memory)
    return {
        "games": POOL,
        **_figures("sims_per_s_uniform", speed),
        "bytes_per_edge": BYTES_PER_EDGE,
        "bytes_per_node": (used - BYTES_PER_EDGE * edges) / nodes,
        "edges_per_node": edges / nodes,
    }


BYTES_PER_EDGE = 8


def with_network(evaluator: Evaluator) -> dict[str, Any]:  # Any: a JSON document
    """Returns evaluations a second of a pool and of one tree, beside those of the session alone."""
    counted = _Counted(evaluator)
    config = _config(evaluator.spec)
    pool = [NativeSearch(config) for _ in range(POOL)]
    tree = NativeSearch(config.model_copy(update={"batch_size": TREE_BATCH}))
    planes = _some_planes(pool)

    def raw(batch: int) -> Callable[[], int]:
        def work() -> int:
            evaluator.evaluate(planes[:batch])
            return batch

        return work

    def play_pool() -> int:
        _start(pool, NETWORK_POOL_SIMULATIONS)
        return counted.count(lambda: run(pool, counted))

    def play_tree() -> int:
        _start([tree], TREE_SIMULATIONS)
        return counted.count(lambda: run([tree], counted))

    rates = rates_side_by_side(
        {"pool": play_pool, "raw": raw(POOL), "tree": play_tree, "tree_raw": raw(TREE_BATCH)}
    )
    return {
        **_figures("evals_per_s", rates["pool"]),
        **_figures("raw_evals_per_s", rates["raw"]),
        "efficiency": rates["pool"].median / rates["raw"].median,
        **_figures("tree_evals_per_s", rates["tree"]),
        **_figures("tree_raw_evals_per_s", rates["tree_raw"]),
        "tree_efficiency": rates["tree"].median / rates["tree_raw"].median,
        "precision": evaluator.spec.precision,
        "network": evaluator.spec.network,
    }


def move_time(evaluator: Evaluator) -> dict[str, Any]:  # Any: a JSON document
    """Returns seconds a move of 800 simulations, and those of its evaluations alone."""
    tree = NativeSearch(SearchConfig(batch_size=TREE_BATCH))
    planes = _some_planes([NativeSearch(SearchConfig(batch_size=1)) for _ in range(TREE_BATCH)])

    def move() -> int:
        _start([tree], TREE_SIMULATIONS)
        run([tree], evaluator)
        return 1

    def raw() -> int:
        evaluator.evaluate(planes)
        return len(planes)

    rates = rates_side_by_side({"move": move, "raw": raw})
    slowest, fastest = rates["move"].lowest, rates["move"].highest
    return {
        "move_network": evaluator.spec.network,
        "move_s": 1.0 / rates["move"].median,
        "move_s_range": [1.0 / fastest, 1.0 / slowest],
        "move_raw_s": TREE_SIMULATIONS / rates["raw"].median,
    }


def openings(count: int) -> list[chess.Board]:
    """Returns so many positions a few random plies into the game, the same in every run."""
    return [_opening(seed) for seed in range(count)]


def make_model(folder: Path, *, filters: int = 64, blocks: int = 5) -> Path:
    """Returns a network with random weights, in INT8."""
    from aztoolkit.model import CalibrationSpec
    from export.calibration import Calibration, encode_boards
    from export.onnx import export_onnx
    from export.quantize import quantize_static
    from train.checkpoint import CheckpointInfo, load_checkpoint, save_checkpoint
    from train.networks import NetworkConfig

    config = NetworkConfig(filters=filters, blocks=blocks)
    info = CheckpointInfo(network=config, training_step=0)
    size = folder / f"{filters}x{blocks}"
    weights = save_checkpoint(size, _build_calm(config), info)
    export_onnx(load_checkpoint(weights), size / "fp32.onnx")
    planes = encode_boards(openings(POOL), info.encoding)
    spec = CalibrationSpec(source="random openings", positions=len(planes), sha256="", seed=0)
    calibration = Calibration(planes, spec)
    quantize_static(size / "fp32.onnx", size / "int8.onnx", calibration)
    return size / "int8.onnx"


def _build_calm(config: "NetworkConfig") -> "Module":
    """Returns a network with random weights, the same in every run, that prefers no move by much.

    Unscaled, a tower of fifteen random blocks answers with logits in the thousands: every search follows
    one line to the end of the game and asks the network nothing.
    """
    import torch

    from train.networks import build_network

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        network = build_network(config)
        for name, weights in network.named_parameters():
            if name.endswith("second.1.weight"):  # of the BN behind each block's second convolution
                weights.fill_(_BLOCK_SCALE)
    return network


class _Zeros:
    """A network that costs nothing: always the same zeros."""

    def __init__(self, batch: int) -> None:
        self._policy = np.zeros((batch, 4672), np.float32)
        self._wdl = np.zeros((batch, 3), np.float32)

    @property
    def spec(self) -> ModelSpec:
        return ModelSpec(
            encoding="az119",
            action_space="az4672",
            network={"kind": "none"},
            precision="fp32",
            checkpoint_sha256="",
            training_step=0,
            tools={},
        )

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        return Evaluation(self._policy[: len(planes)], self._wdl[: len(planes)])

    def close(self) -> None:
        pass


class _Counted:
    """A network that counts the positions it is asked about."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._positions = 0

    @property
    def spec(self) -> ModelSpec:
        return self._evaluator.spec

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        self._positions += len(planes)
        return self._evaluator.evaluate(planes)

    def count(self, work: Callable[[], None]) -> int:
        self._positions = 0
        work()
        return self._positions

    def close(self) -> None:
        pass


def _start(pool: list[NativeSearch], simulations: int) -> None:
    """Starts every search on an empty tree."""
    for seed, search in enumerate(pool):
        search.native.set_game(_game(seed))
        search.native.start(simulations)


@cache
def _game(seed: int) -> Game:
    return Game(moves=[move.uci() for move in _opening(seed).move_stack])


def _config(spec: ModelSpec) -> SearchConfig:
    """Returns the settings of a search that encodes as a network wants it, one leaf at a time."""
    return SearchConfig(encoding=spec.encoding, action_space=spec.action_space, batch_size=1)


def _some_planes(pool: list[NativeSearch]) -> NDArray[np.float32]:
    """Returns the positions of some openings: `[B, C, 8, 8]`."""
    channels = get_encoding(pool[0].config.encoding).planes
    planes = np.empty((len(pool), channels, 8, 8), np.float32)
    _start(pool, 1)
    for i, search in enumerate(pool):
        search.gather(planes[i : i + 1])
    return planes


def _opening(seed: int) -> chess.Board:
    rng, board = random.Random(seed), chess.Board()
    for _ in range(OPENING_PLIES):
        board.push(rng.choice(list(board.legal_moves)))
    return board


def _figures(name: str, speed: Rate) -> dict[str, Any]:  # Any: a JSON document
    whole = speed.round()
    return {name: whole.median, f"{name}_range": [whole.lowest, whole.highest]}


if __name__ == "__main__":
    report = search(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
