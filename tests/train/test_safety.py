"""Runs that are killed, interrupted or run out of disk; each goes on where it stopped."""

import errno
import json
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import IO

import numpy as np
import pytest
import torch
from rich.console import Console

from aztoolkit.errors import InputError
from train.checkpoint import latest_checkpoint, load_checkpoint
from train.config import FILE, load_config
from train.journal import Journal
from train.loop import Limits, Summary, train_run
from train.progress import Display
from train.replay import list_shards, read_games
from train.resignation import ControlGames
from train.settings import TrainConfig
from train.state import load_state

KILLS = 6
GRACE_S = 60.0
BOTH = pytest.mark.parametrize("asynchronous", [False, True], ids=["in turns", "at once"])


@pytest.fixture(scope="session")
def processes() -> ForkServerContext:
    """Processes that have torch in memory when they begin."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["train.loop"])
    return context


@pytest.fixture
def config(config: TrainConfig, asynchronous: bool) -> TrainConfig:
    settings = {"asynchronous": asynchronous, "ema_decay": 0.9, "actors": 2}
    controls = {"resign_value": -0.001, "resign_moves": 1, "no_resign_share": 1.0}
    settings |= controls
    return TrainConfig.model_validate(config.model_dump() | settings)


def endless(run: Path, config: TrainConfig, file_bytes: int | None = None) -> None:
    """Trains in a process of its own; exits with 2 and says why where an error ends it."""
    torch.set_num_threads(1)
    if file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, resource.RLIM_INFINITY))
    try:
        train_run(run, config, Limits(), Display(Console(quiet=True)))
    except InputError as error:
        (run.parent / "said").write_text(str(error))
        sys.exit(2)


@pytest.fixture
def start(
    processes: ForkServerContext, run: Path, config: TrainConfig
) -> Iterator[Callable[..., BaseProcess]]:
    started: list[BaseProcess] = []

    def begin(config: TrainConfig = config, *, file_bytes: int | None = None) -> BaseProcess:
        process = processes.Process(target=endless, args=(run, config, file_bytes))
        process.start()
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.join()


def wait_for(found: Callable[[], object]) -> None:
    end_s = time.monotonic() + GRACE_S
    while not found():
        assert time.monotonic() < end_s, "it takes too long"
        time.sleep(0.01)


def finished_games(run: Path) -> set[int]:
    """Returns the ids of the games that are safe on disk; ends with an error if they are not readable."""
    Journal(run).recover()
    journal = run / "replay" / "journal.jsonl"
    open_games = {json.loads(line)["game_id"] for line in journal.read_text().splitlines()}
    sealed = [game.game_id for shard in list_shards(journal.parent) for game in read_games(shard)]
    assert len(set(sealed)) == len(sealed)
    assert not open_games & set(sealed)
    return open_games | set(sealed)


def assert_whole(run: Path, summary: Summary) -> None:
    games = list(read_games(run))
    assert len({game.game_id for game in games}) == len(games) == summary.games
    info = load_checkpoint(latest_checkpoint(run)).info
    assert info.games == summary.games
    assert info.positions == summary.positions == sum(sum(game.searched) for game in games)
    lines = (run / "metrics.jsonl").read_text().splitlines()
    steps = [json.loads(line)["training_step"] for line in lines]
    assert steps == sorted(steps)
    assert steps[-1] <= info.training_step
    counted = ControlGames()
    for game in games:
        counted.add(game, load_config(run / FILE))
    assert load_state(run, info.training_step).control_games == counted
    assert not list(run.rglob(".*.tmp"))


@BOTH
def test_killed_at_any_moment_it_goes_on(
    run: Path, config: TrainConfig, display: Display, start: Callable[..., BaseProcess]
) -> None:
    rng = np.random.default_rng(2)
    games: set[int] = set()
    step = 0
    for _ in range(KILLS):
        process = start()
        wait_for((run / "replay" / "journal.jsonl").exists)
        time.sleep(float(rng.uniform(0.0, 1.0)))
        assert process.is_alive()
        process.kill()
        process.join()
        found = finished_games(run)
        assert games <= found  # none that had ended is lost
        games = found
        if any((run / "checkpoints").glob("step-*.json")):
            reached = load_checkpoint(latest_checkpoint(run)).info.training_step
            assert reached >= step
            step = reached
    summary = train_run(run, config, Limits(iterations=1), display)
    assert summary.training_step > step
    assert summary.games > len(games)
    assert_whole(run, summary)


def dying(run: Path, config: TrainConfig, name: str, *, after: bool) -> None:
    """Trains in a process of its own, killed at the first file of that name of the second checkpoint.

    Just before the file is given its name, or just after.
    """
    rename = Path.replace

    def replace(path: Path, target: Path) -> Path:
        due = target.match(name) and (run / "checkpoints" / "step-00000000.json").exists()
        if due and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        renamed = rename(path, target)
        if due:
            os.kill(os.getpid(), signal.SIGKILL)
        return renamed

    Path.replace = replace  # type: ignore[method-assign]
    endless(run, config)


@pytest.mark.parametrize(
    ("name", "after", "asynchronous"),
    [
        ("shard-*.parquet", True, False),  # and the journal still holds its games
        ("state-*.safetensors", False, False),
        ("state-*.safetensors", True, False),  # of a step without a checkpoint
        ("state-*.safetensors", True, True),
        ("step-*.safetensors", True, False),  # without its description
        ("step-*.json", True, True),
    ],
)
def test_killed_within_a_checkpoint_it_goes_on(
    run: Path,
    config: TrainConfig,
    display: Display,
    processes: ForkServerContext,
    name: str,
    after: bool,
) -> None:
    process = processes.Process(target=dying, args=(run, config, name), kwargs={"after": after})
    process.start()
    process.join(GRACE_S)
    assert process.exitcode == -signal.SIGKILL
    written = {path.name for path in (run / "checkpoints").glob("st*-*")}
    step = load_checkpoint(latest_checkpoint(run)).info.training_step
    assert (step > 0) == (name == "step-*.json")
    assert (len(written) > 3) == (after and name != "shard-*.parquet")
    games = finished_games(run)
    summary = train_run(run, config, Limits(iterations=1), display)
    assert summary.training_step > step
    assert games < {game.game_id for game in read_games(run)}
    assert_whole(run, summary)


@BOTH
def test_interrupted_it_ends_with_a_checkpoint(
    run: Path, config: TrainConfig, display: Display, start: Callable[..., BaseProcess]
) -> None:
    process = start()
    wait_for(lambda: (run / "metrics.jsonl").exists() and (run / "metrics.jsonl").read_text())
    assert process.pid is not None
    os.kill(process.pid, signal.SIGINT)
    process.join(GRACE_S)
    assert process.exitcode == 0
    info = load_checkpoint(latest_checkpoint(run)).info
    games = list(read_games(run))
    assert info.games == len(games)
    assert info.training_step > 0
    assert not (run / "replay" / "journal.jsonl").read_text()
    assert_whole(run, train_run(run, config, Limits(iterations=1), display))


@BOTH
def test_a_disk_too_full_for_a_checkpoint_leaves_the_last(
    run: Path, config: TrainConfig, display: Display, start: Callable[..., BaseProcess]
) -> None:
    before = train_run(run, config, Limits(iterations=1), display)
    weights = before.checkpoint.read_bytes()
    process = start(file_bytes=len(weights) - 1)
    process.join(GRACE_S)
    assert process.exitcode == 2
    said = (run.parent / "said").read_text()
    assert "cannot write" in said
    assert "with space left" in said
    assert latest_checkpoint(run) == before.checkpoint
    assert before.checkpoint.read_bytes() == weights
    assert not list(run.rglob("*.tmp"))
    after = train_run(run, config, Limits(iterations=1), display)
    assert after.training_step > before.training_step
    assert_whole(run, after)


def fill_disk(monkeypatch: pytest.MonkeyPatch, games: int) -> None:
    """Lets half a line into the journal when so many games are in it, and no more."""
    whole, left = Path.open, games

    def open_on_full_disk(path: Path, mode: str = "r", *args: object, **options: object) -> IO[str]:
        nonlocal left
        stream = whole(path, mode, *args, **options)
        if path.name == "journal.jsonl" and mode == "a":
            left -= 1
            if left < 0:
                stream.write = partial(write_half, stream.write)
        return stream

    def write_half(write: Callable[[str], int], text: str) -> None:
        write(text[: len(text) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "open", open_on_full_disk)


@BOTH
def test_a_disk_too_full_for_games_loses_the_last_alone(
    run: Path, config: TrainConfig, display: Display, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = train_run(run, config, Limits(iterations=1), display)
    with monkeypatch.context() as patch:
        fill_disk(patch, games=2)
        with pytest.raises(InputError, match=r"journal\.jsonl: No space left.*make space"):
            train_run(run, config, Limits(), display)
    *whole, torn = (run / "replay" / "journal.jsonl").read_text().split("\n")
    assert len(whole) == 2
    assert torn  # what did not fit, and nothing after it
    assert latest_checkpoint(run) == before.checkpoint
    after = train_run(run, config, Limits(iterations=1), display)
    assert after.games > before.games + 2
    assert_whole(run, after)
