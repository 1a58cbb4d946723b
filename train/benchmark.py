"""What training does on this machine, in steady state: self-play beside the bare network, and the learner.

Self-play and the bare network take turns, so that what else the machine does meets both alike. The
network has random weights: speed does not hang on them. `train.baseline` is measured likewise.
"""

import itertools
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from aztoolkit.encoding import get_encoding
from aztoolkit.evaluator import Evaluator
from aztoolkit.hardware import probe_cpu
from aztoolkit.measure import peak_memory
from train.actors import ActorGroup
from train.baseline import ACTORS, BATCH, measure_baseline
from train.checkpoint import Checkpoint, CheckpointInfo, load_checkpoint, save_checkpoint
from train.inference import TorchEvaluator
from train.inference_server import SLOTS
from train.learner import Learner
from train.networks import build_network
from train.prefetch import Prefetcher
from train.replay import Game, write_shard
from train.selfplay import Actor
from train.selfplay_evaluator import open_selfplay
from train.settings import TrainConfig
from train.start import network_config
from train.throughput import Throughput
from train.window import ReplayWindow

_ROUNDS = 3
_S_AN_HOUR = 3600
_QUICK_GAMES = 32
_QUICK_SIMULATIONS = 2
_FULL_SEARCHES = {"middle_simulations": 0, "late_simulations": 0, "full_search_share": 1.0}

Json = dict[str, Any]  # Any: a JSON document


@dataclass(frozen=True)
class Plan:
    """How long to measure."""

    seconds: float
    """Of self-play, and as long again of the bare network; after a warm-up of a quarter of it."""
    steps: int
    """Of the learner."""
    baseline: bool
    """Whether the starting point is measured too."""


def benchmark_training(config: TrainConfig, plan: Plan, say: Callable[[str], None]) -> Json:
    """Returns `positions_per_s`, `evals_per_s`, `efficiency`, `train_steps_per_s` and so on.

    Every move is searched in full, by `simulations`, in whatever phase of the game.

    Args:
        config: of the run that would be trained.
        plan: how long to measure.
        say: is told what is being measured.

    Raises:
        ConfigError: the network's size makes no sense.
        EvaluationError: the network answered NaN or infinity.
    """
    config = config.model_copy(update=_FULL_SEARCHES)
    with tempfile.TemporaryDirectory() as folder, peak_memory() as memory:
        checkpoint = _fresh_checkpoint(config, Path(folder))
        say("quick games: for calibration, for the learner, for the length of a game")
        quick = _quick_games(config, _torch_evaluator(checkpoint, config))
        write_shard(Path(folder), quick)
        plies = statistics.mean(len(game) for game in quick)
        evaluator = open_selfplay(Path(folder), checkpoint, config)
        say(f"self-play and the bare network, {2 * plan.seconds:.0f} s")
        figures = _self_play(config, evaluator, plan.seconds, plies)
        if plan.steps:
            say(f"learner, {plan.steps} steps of {config.training_batch_size} positions")
            figures["train_steps_per_s"] = _learner_steps_per_s(config, quick, plan.steps)
        if plan.baseline:
            say(f"the starting point, {plan.seconds:.0f} s")
            figures["baseline"] = _baseline(config, checkpoint, plan.seconds, plies)
            figures["speedup"] = figures["positions_per_s"] / figures["baseline"]["positions_per_s"]
    return figures | {
        "simulations": config.simulations,
        "network": network_config(config).model_dump(),
        "precision": evaluator.spec.precision,
        "peak_memory_mib": round(memory.mib),
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


def _self_play(config: TrainConfig, evaluator: Evaluator, seconds: float, plies: float) -> Json:
    """Returns the rates of self-play and of the bare network, measured in turns."""
    raw = _RawNetwork(config, evaluator)
    played: list[Throughput] = []
    bare: list[float] = []
    busy: list[float] = []
    with ActorGroup(config, evaluator, first_game_id=0) as actors:
        _play_for(actors, seconds / 4, busy)
        busy.clear()
        raw.rate_for(seconds / 4 / _ROUNDS)
        for _ in range(_ROUNDS):
            played.append(_play_for(actors, seconds / _ROUNDS, busy))
            bare.append(raw.rate_for(seconds / _ROUNDS))
    evals_per_s = statistics.median(one.evals_per_s for one in played)
    return {
        **_positions(config, evals_per_s, plies),
        "plies_per_game": plies,
        "evals_per_s": evals_per_s,
        "evals_per_s_range": _range([one.evals_per_s for one in played]),
        "raw_evals_per_s": statistics.median(bare),
        "raw_evals_per_s_range": _range(bare),
        "efficiency": evals_per_s / statistics.median(bare),
        "fill_rate": statistics.median(one.fill_rate for one in played),
        "latency_ms": statistics.median(one.latency_ms for one in played),
        "cpu_utilisation": statistics.median(busy),
        "actors": config.actors,
        "batch": raw.batch,
    }


def _play_for(actors: ActorGroup, seconds: float, busy: list[float]) -> Throughput:
    """Plays for so long; adds the share of the processor that was at work to `busy`."""
    before, cpu_s = actors.snapshot(), _cpu_s()
    actors.start(lambda _: None)
    began_s = time.perf_counter()
    time.sleep(seconds)
    actors.check()
    actors.stop()
    elapsed_s = time.perf_counter() - began_s
    busy.append((_cpu_s() - cpu_s) / elapsed_s / probe_cpu().cores)
    return Throughput.between(before, actors.snapshot())


class _RawNetwork:
    """The network alone, in as many threads and with batches as large as in self-play."""

    def __init__(self, config: TrainConfig, evaluator: Evaluator) -> None:
        served = config.device != "cpu"
        self._evaluator = evaluator
        self._threads = SLOTS if served else config.actors
        self.batch = (
            config.inference_batch_size
            if served
            else config.games_per_actor * config.leaves_per_game
        )
        planes = get_encoding(evaluator.spec.encoding).planes
        rng = np.random.default_rng(0)
        self._planes = (rng.random((self.batch, planes, 8, 8)) < 0.1).astype(np.float32)

    def rate_for(self, seconds: float) -> float:
        """Returns evaluations a second over so long."""
        counts = [0] * self._threads
        end_s = time.perf_counter() + seconds
        threads = [
            threading.Thread(target=self._work, args=(counts, number, end_s))
            for number in range(self._threads)
        ]
        began_s = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts) / (time.perf_counter() - began_s)

    def _work(self, counts: list[int], number: int, end_s: float) -> None:
        torch.set_num_threads(1)
        while time.perf_counter() < end_s:
            self._evaluator.evaluate(self._planes)
            counts[number] += self.batch


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


def _baseline(config: TrainConfig, checkpoint: Checkpoint, seconds: float, plies: float) -> Json:
    """Returns the same of the starting point, which searches every move in full."""
    evaluator = _torch_evaluator(checkpoint, config)
    measured = measure_baseline(config, evaluator, warm_up_s=seconds / 4, seconds=seconds)
    return {
        **_positions(config, measured.evals_per_s, plies),
        "evals_per_s": measured.evals_per_s,
        "fill_rate": measured.fill_rate,
        "latency_ms": measured.latency_ms,
        "actors": ACTORS,
        "batch": BATCH,
    }


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


def _range(values: list[float]) -> list[float]:
    return [min(values), max(values)]


def _cpu_s() -> float:
    times = psutil.Process().cpu_times()
    return float(times.user + times.system)
