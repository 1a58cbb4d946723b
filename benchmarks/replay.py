"""Replay: bytes a position at rest, and positions a second from games to batches, beside a learner's need.

The games are those of 32 simulations a move without a network; the learner's need is what a bare loop
of torch learns a second, with a network of 64x5, on all cores. Batches are built by one thread.

python -m benchmarks.replay
"""

import itertools
import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from aztoolkit.evaluator import UniformEvaluator
from aztoolkit.hardware import probe_cpu
from aztoolkit.measure import rates_side_by_side
from aztoolkit.model import ModelSpec
from benchmarks.measure import document
from train.networks import NetworkConfig, build_network
from train.replay import Game
from train.selfplay import Actor
from train.settings import TrainConfig
from train.window import Batch, ReplayWindow

NAME = "replay"
BATCH = 512
POSITIONS = 20_000
SIMULATIONS = 32
FILTERS, BLOCKS = 64, 5


def replay(*, positions: int = POSITIONS, batch_size: int = BATCH) -> dict[str, Any]:  # Any: JSON
    """Returns `bytes_per_position` by search, `batch_positions_per_s` and `learner_positions_per_s`."""
    windows = {
        algorithm: filled_window(_config(algorithm), positions) for algorithm in ("puct", "gumbel")
    }
    window, rng = windows["puct"], np.random.default_rng(1)
    kept = Batch.empty(batch_size)

    def into_ready_memory() -> int:
        window.sample_into(rng, kept)
        return batch_size

    def into_new_memory() -> int:
        return len(window.sample(rng, batch_size))

    torch.set_num_threads(probe_cpu().cores)
    works = {
        "batch_positions": into_ready_memory,
        "new_batch_positions": into_new_memory,
        "learner_positions": _learner(window.sample(rng, batch_size)),
    }
    rates = rates_side_by_side(works, min_run_s=1.0)
    figures: dict[str, Any] = {f"{name}_per_s": rate.round().median for name, rate in rates.items()}
    for name, rate in rates.items():
        figures[f"{name}_per_s_range"] = [rate.round().lowest, rate.round().highest]
    return document(
        NAME,
        {
            "simulations": SIMULATIONS,
            "positions": window.positions,
            "bytes_per_position": {
                name: round(held.memory_report().bytes_per_position, 1)
                for name, held in windows.items()
            },
            "batch": batch_size,
            "network": f"{FILTERS}x{BLOCKS}",
            **figures,
            "times_the_learner": rates["batch_positions"].median
            / rates["learner_positions"].median,
        },
    )


def _config(algorithm: str) -> TrainConfig:
    return TrainConfig.model_validate(
        {"search_algorithm": algorithm, "simulations": SIMULATIONS, "max_plies": 160}
    )


def filled_window(config: TrainConfig, positions: int) -> ReplayWindow:
    """Returns a window of so many positions, of games without a network."""
    window = ReplayWindow(config)
    window.add(_games(config, positions))
    return window


def _games(config: TrainConfig, positions: int) -> list[Game]:
    spec = ModelSpec(
        encoding="az119",
        action_space="az4672",
        network={"kind": "uniform"},
        precision="fp32",
        checkpoint_sha256="",
        training_step=0,
        tools={},
    )
    return Actor(config, UniformEvaluator(spec), itertools.count()).play(positions)


def _learner(batch: Batch) -> Callable[[], int]:
    """Returns a bare learner step on ready tensors, without AMP, clipping or schedules."""
    torch.manual_seed(1)
    network = build_network(NetworkConfig(filters=FILTERS, blocks=BLOCKS)).train()
    optimiser = torch.optim.AdamW(network.parameters())
    planes, targets, wdl = map(torch.from_numpy, (batch.planes, batch.policy, batch.wdl))

    def step() -> int:
        logits, wdl_logits = network(planes)
        loss = cross_entropy(logits, targets) + cross_entropy(wdl_logits, wdl)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        return len(batch)

    return step


if __name__ == "__main__":
    sys.stdout.write(json.dumps(replay(), indent=2) + "\n")
