"""What training does on this machine, in steady state: self-play beside the bare network, and the learner.

Self-play and the bare network take turns, so that what else the machine does meets both alike. The
network has random weights: speed does not hang on them. The starting point (`train.baseline`) is
measured likewise, and its document has the same names.
"""

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from aztoolkit.evaluator import Evaluator
from aztoolkit.measure import Rate, peak_memory, summarise
from train.actors import ActorGroup
from train.bare_network import BareNetwork
from train.baseline import ACTORS, BATCH, measure_baseline
from train.checkpoint import Checkpoint, CheckpointInfo, load_checkpoint, save_checkpoint
from train.inference import TorchEvaluator
from train.learner import Learner
from train.networks import build_network
from train.prefetch import Prefetcher
from train.replay import Game, write_shard
from train.selfplay import Actor
from train.selfplay_evaluator import open_selfplay
from train.settings import TrainConfig
from train.start import network_config
from train.throughput import Throughput
from train.utilisation import Meter, open_meter
from train.window import ReplayWindow

_ROUNDS = 5
_S_AN_HOUR = 3600
_BYTES_A_MIB = 2**20
_QUICK_GAMES = 32
_QUICK_SIMULATIONS = 2
_FULL_SEARCHES = {"middle_simulations": 0, "late_simulations": 0, "full_search_share": 1.0}
_PLAIN_LEARNER = {"prefetch": 0, "training_precision": "fp32", "training_compile": "off"}
"""Of the starting point."""

Json = dict[str, Any]  # Any: a JSON document


@dataclass(frozen=True)
class Plan:
    """How long to measure."""

    seconds: float
    """Of self-play, and as long again of the bare network; after a warm-up of a quarter of it."""
    steps: int
    """Of the learner."""
    baseline: bool
    """Whether the starting point is measured too, for as long."""


def benchmark_training(config: TrainConfig, plan: Plan, say: Callable[[str], None]) -> Json:
    """Returns `positions_per_s`, `evals_per_s`, `efficiency`, `train_steps_per_s` and so on.

    Every move is searched in full, by `simulations`, in whatever phase of the game.

    Args:
        config: of the run that would be trained.
        plan: how long to measure.
        say: is told what is being measured, and what cannot be.

    Raises:
        ConfigError: the network's size makes no sense.
        EvaluationError: the network answered NaN or infinity.
    """
    config = config.model_copy(update=_FULL_SEARCHES)
    with (
        tempfile.TemporaryDirectory() as folder,
        peak_memory() as memory,
        open_meter(config.device, say) as device,
    ):
        checkpoint = _fresh_checkpoint(config, Path(folder))
        say("quick games: for calibration, for the learner, for the length of a game")
        quick = _quick_games(config, _torch_evaluator(checkpoint, config))
        write_shard(Path(folder), quick)
        plies = statistics.mean(len(game) for game in quick)
        evaluator = open_selfplay(Path(folder), checkpoint, config)
        say(f"self-play and the bare network, {2 * plan.seconds:.0f} s")
        figures = _self_play(config, evaluator, device, plan.seconds, plies)
        if plan.steps:
            say(f"learner, {plan.steps} steps of {config.training_batch_size} positions")
            figures["train_steps_per_s"] = _learner_steps_per_s(config, quick, plan.steps)
        if plan.baseline:
            say(f"the starting point, and its bare network, {2 * plan.seconds:.0f} s")
            baseline = _baseline(config, checkpoint, device, plan.seconds, plies)
            if plan.steps:
                say(f"its learner, {plan.steps} steps")
                plain = config.model_copy(update=_PLAIN_LEARNER)
                baseline["train_steps_per_s"] = _learner_steps_per_s(plain, quick, plan.steps)
            figures["baseline"] = baseline
            figures["speedup"] = figures["positions_per_s"] / baseline["positions_per_s"]
    return figures | {
        "simulations": config.simulations,
        "network": network_config(config).model_dump(),
        "precision": _precision(config, evaluator),
        "peak_memory_mib": round(memory.mib),
        **_device_memory(config),
    }


def _fresh_checkpoint(config: TrainConfig, folder: Path) -> Checkpoint:
    """Returns a network with random weights, saved in `folder`."""
    torch.manual_seed(config.seed)
    network = network_config(config)
    info = CheckpointInfo(network=network, training_step=0)
    return load_checkpoint(save_checkpoint(folder, build_network(network), info))


def _torch_evaluator(checkpoint: Checkpoint, config: TrainConfig) -> Evaluator:
    return TorchEvaluator(checkpoint.network, checkpoint.info, device=config.device)


def _quick_games(config: TrainConfig, evaluator: Evaluator) -> list[Game]:
    """Returns games of hardly any search."""
    changed = {
        "games_per_actor": _QUICK_GAMES,
        "simulations": _QUICK_SIMULATIONS,
        "leaves_per_game": 1,
    }
    actor = Actor(config.model_copy(update=changed), evaluator, itertools.count())
    games: list[Game] = []
    while len(games) < _QUICK_GAMES:
        games += actor.play(1)
    return games


def _self_play(
    config: TrainConfig, evaluator: Evaluator, device: Meter, seconds: float, plies: float
) -> Json:
    """Returns the rates of self-play and of the bare network, measured in turns."""
    batch = _batch_of(config)
    bare = BareNetwork(evaluator, batch=batch, threads=config.actors)
    played: list[Throughput] = []
    busy: list[float] = []
    alone: list[float] = []
    with ActorGroup(config, evaluator, first_game_id=0) as actors:
        _play_for(actors, seconds / 4, device)
        bare.rate_for(seconds / 4 / _ROUNDS)
        for _ in range(_ROUNDS):
            throughput, utilisation = _play_for(actors, seconds / _ROUNDS, device)
            played.append(throughput)
            busy += [] if utilisation is None else [utilisation]
            alone.append(bare.rate_for(seconds / _ROUNDS))
    evaluated = summarise([one.evals_per_s for one in played])
    return {
        **_positions(config, evaluated.median, plies),
        "plies_per_game": plies,
        **_beside_bare(evaluated, summarise(alone)),
        "fill_rate": statistics.median(one.fill_rate for one in played),
        "latency_ms": statistics.median(one.latency_ms for one in played),
        **({"utilisation": statistics.median(busy)} if busy else {}),
        "actors": config.actors,
        "batch": batch,
    }


def _batch_of(config: TrainConfig) -> int:
    """Returns how many positions a full batch of self-play has."""
    if config.device != "cpu":
        return config.inference_batch_size
    return config.games_per_actor * config.leaves_per_game


def _play_for(actors: ActorGroup, seconds: float, device: Meter) -> tuple[Throughput, float | None]:
    """Plays for so long; returns the rates and the share of the device that was at work."""
    before, busy = actors.snapshot(), device.read()
    actors.start(lambda _: None)
    time.sleep(seconds)
    actors.check()
    actors.stop()
    return Throughput.between(before, actors.snapshot()), device.read().since(busy)


def _beside_bare(evaluated: Rate, bare: Rate) -> Json:
    return {
        "evals_per_s": evaluated.median,
        "evals_per_s_range": [evaluated.lowest, evaluated.highest],
        "raw_evals_per_s": bare.median,
        "raw_evals_per_s_range": [bare.lowest, bare.highest],
        "efficiency": evaluated.median / bare.median,
    }


def _learner_steps_per_s(config: TrainConfig, games: list[Game], steps: int) -> float:
    """Returns learner steps a second, batches built on the way; the first tenth is warm-up."""
    window = ReplayWindow(config)
    window.add(games)
    with _all_cores(config):
        learner = Learner(build_network(network_config(config)), config)
        with Prefetcher(
            window.sample_into,
            np.random.default_rng(config.seed),
            batch_size=config.training_batch_size,
            depth=config.prefetch,
            device=config.device,
        ) as batches:
            _learn(learner, batches, 1 + steps // 10)
            began_s = time.perf_counter()
            _learn(learner, batches, steps)
            return steps / (time.perf_counter() - began_s)


def _learn(learner: Learner, batches: Prefetcher, steps: int) -> None:
    for _ in range(steps):
        learner.step(batches.take())
    learner.read()  # waits for the device


@contextmanager
def _all_cores(config: TrainConfig) -> Iterator[None]:
    """Lets torch use as many threads as the run has actors, as in the run itself."""
    before = torch.get_num_threads()
    torch.set_num_threads(config.actors if config.device == "cpu" else 1)
    yield
    torch.set_num_threads(before)


def _baseline(
    config: TrainConfig, checkpoint: Checkpoint, device: Meter, seconds: float, plies: float
) -> Json:
    """Returns the same of the starting point, which searches every move in full."""
    evaluator = _torch_evaluator(checkpoint, config)
    measured = measure_baseline(
        config, evaluator, device, warm_up_s=seconds / 4, seconds=seconds / _ROUNDS, rounds=_ROUNDS
    )
    bare = BareNetwork(evaluator, batch=BATCH, threads=1)  # one thread asks for all
    alone = summarise([bare.rate_for(seconds / _ROUNDS) for _ in range(_ROUNDS)])
    return {
        **_positions(config, measured.evals_per_s.median, plies),
        "plies_per_game": plies,
        **_beside_bare(measured.evals_per_s, alone),
        "fill_rate": measured.fill_rate,
        "latency_ms": measured.latency_ms,
        **({} if measured.utilisation is None else {"utilisation": measured.utilisation}),
        "actors": ACTORS,
        "batch": BATCH,
        "precision": "fp32",
    }


def _precision(config: TrainConfig, evaluator: Evaluator) -> str:
    """Returns the arithmetic of the network in self-play."""
    if isinstance(evaluator, TorchEvaluator):
        return config.inference_precision
    return str(evaluator.spec.precision)


def _device_memory(config: TrainConfig) -> Json:
    """Returns the most memory of the GPU that torch has held, where there is one."""
    if config.device == "cpu":
        return {}
    return {"peak_device_memory_mib": round(torch.cuda.max_memory_reserved() / _BYTES_A_MIB)}


def _positions(config: TrainConfig, evals_per_s: float, plies: float) -> Json:
    """Returns what those evaluations come to, at an evaluation a simulation.

    Games of many simulations that begin together move together: moves counted over seconds would say
    more about when it was counted.
    """
    positions_per_s = evals_per_s / config.simulations
    return {
        "positions_per_s": positions_per_s,
        "minutes_for_10000_positions": 10_000 / positions_per_s / 60,
        "games_per_hour": positions_per_s / plies * _S_AN_HOUR,
    }
