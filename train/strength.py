"""How strong the network has become: matches of new checkpoints against earlier ones, an Elo curve.

    RUN/strength.jsonl              a line a match: who, against whom, pairs, score, Elo and its interval
    RUN/strength/pending.json       the match that is due or under way; a killed run goes on with it
    RUN/strength/step-N/fp32.onnx   the players: the anchor and the last to have played
    RUN/strength/step-N-M.pgn       the games of the checkpoints of steps N and M

Every `match_every` iterations the new checkpoint plays the one before it (the last that played) and the
anchor (the run's first). `aztoolkit export` and `aztoolkit match` do the work, at safe points, in
processes of their own: training waits, and their time is told apart from its own (`match_s`).
"""

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aztoolkit.errors import DataError, InputError, MissingDependencyError
from aztoolkit.files import write_json, write_text
from train import child
from train.checkpoint import FOLDER as CHECKPOINTS
from train.checkpoint import weights_path
from train.progress import Display
from train.rating import Rating, Result, rate
from train.settings import TrainConfig

FILE = "strength.jsonl"
_FOLDER, _PENDING, _MODEL = "strength", "pending.json", "fp32.onnx"
_PACKAGES = ("onnx", "onnxruntime")
_POLL_S = 0.2
_GRACE_S = 30.0
"""For a match that is interrupted to write its games."""


@dataclass(frozen=True)
class _Pending:
    """A checkpoint that is due to play."""

    training_step: int
    positions: int
    opponents: list[int]
    """Training steps of those it plays."""


class _InterruptedError(Exception):
    """The run is to stop: the match goes on when it is resumed."""


class _FailedError(Exception):
    """A match could not be played; the message says why, in one line."""


class Strength:
    """Plays the matches of a run."""

    def __init__(self, run: Path, config: TrainConfig, display: Display) -> None:
        """Takes up the matches of a run; raises DataError if what is known of earlier ones is broken."""
        self._run, self._config, self._display = run, config, display
        self._matches = read_matches(run)
        if (
            self._matches
        ):  # without the line that a kill cut short: the next must not be written behind it
            write_text(run / FILE, "".join(f"{json.dumps(match)}\n" for match in self._matches))

    def after_iteration(
        self, checkpoint: Path, *, positions: int, stop: Callable[[], bool]
    ) -> dict[str, float]:
        """Plays the matches that are due, if any.

        A match that fails is said and written down, and ends nothing: the run goes on.

        Args:
            checkpoint: the newest, on disk.
            positions: of self-play so far.
            stop: asked often; once true, a match is broken off, to be gone on with.

        Returns:
            The checkpoint's `elo` over the anchor with its 95 % interval `elo_low` and `elo_high`, and
            the time spent, `match_s`; nothing where no match was played.
        """
        if not self._config.match_every:
            return {}
        pending = self._read_pending() or self._due(_step_of(checkpoint), positions)
        if pending is None or stop():
            return {}
        began_s = time.monotonic()
        try:
            self._play(pending, stop)
        except _InterruptedError:
            return {"match_s": time.monotonic() - began_s}
        except _FailedError as error:
            self._append({**asdict(pending), "failed": str(error)})
            self._display.say(f"match of step {pending.training_step:,} failed: {error}")
        self._pending_path.unlink(missing_ok=True)
        self._remove_models(pending)
        rating = elo_curve(self._matches).get(pending.training_step)
        told = {} if rating is None else _metrics(rating)
        return {**told, "match_s": time.monotonic() - began_s}

    @property
    def _pending_path(self) -> Path:
        return self._run / _FOLDER / _PENDING

    def _read_pending(self) -> _Pending | None:
        if not self._pending_path.is_file():
            return None
        try:
            pending = _Pending(**json.loads(self._pending_path.read_text()))
        except (ValueError, TypeError) as error:
            raise DataError(
                f"expected a match in {self._pending_path}, got {error}; remove it"
            ) from error
        kept = all(
            weights_path(self._run, step).is_file()
            for step in (pending.training_step, *pending.opponents)
        )
        return pending if kept else None  # a checkpoint that a kill has undone

    def _due(self, step: int, positions: int) -> _Pending | None:
        """Returns the match that is due, and writes it down."""
        anchor = _first_step(self._run)
        played = [match["training_step"] for match in self._matches if "score" in match]
        last, before = max(played, default=anchor), [match["positions"] for match in self._matches]
        wanted = self._config.match_every * self._config.iteration_positions
        if positions - max(before, default=0) < wanted or step in (anchor, last):
            return None
        pending = _Pending(step, positions, sorted({anchor, last}))
        write_json(self._pending_path, asdict(pending))
        return pending

    def _play(self, pending: _Pending, stop: Callable[[], bool]) -> None:
        player = pending.training_step
        done = {
            match["opponent_step"]
            for match in self._matches
            if match["training_step"] == player and "score" in match
        }
        for opponent in pending.opponents:
            if opponent not in done:
                self._play_one(pending, opponent, stop)

    def _play_one(self, pending: _Pending, opponent: int, stop: Callable[[], bool]) -> None:
        config, player = self._config, pending.training_step
        models = [self._model(step, stop) for step in (player, opponent)]
        began_s = time.monotonic()
        command = ["match", *map(str, models), "--json", "--seed", str(config.seed + player)]
        command += ["--pairs", str(config.match_pairs)]
        command += ["--simulations", str(config.match_simulations)]
        command += ["--pgn", str(self._run / _FOLDER / f"step-{player:08d}-{opponent:08d}.pgn")]
        with self._display.phase(f"match against step {opponent:,}", None):
            document = json.loads(_call(command, stop))
        match = {
            "training_step": player,
            "opponent_step": opponent,
            "positions": pending.positions,
            "simulations": config.match_simulations,
            **{name: document[name] for name in ("pairs", "pentanomial", "score")},
            **{name: document[name] for name in ("elo", "elo_low", "elo_high", "seed")},
            "duration_s": round(time.monotonic() - began_s, 1),
        }
        self._append(match)
        self._display.say(
            f"match  step {player:,} against {opponent:,}: {match['score']:.1%} of {match['pairs']} "
            f"pairs, Elo {match['elo']:+.0f} ({match['elo_low']:+.0f} to {match['elo_high']:+.0f})"
        )

    def _model(self, step: int, stop: Callable[[], bool]) -> Path:
        """Returns the model of a checkpoint, made if need be."""
        folder = self._run / _FOLDER / f"step-{step:08d}"
        model = folder / _MODEL
        if not model.is_file():
            _call(["export", str(weights_path(self._run, step)), "-o", str(folder)], stop)
        return model

    def _append(self, match: Mapping[str, object]) -> None:
        path = self._run / FILE
        try:
            with path.open("a") as stream:
                stream.write(json.dumps(match) + "\n")
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}; make space") from error
        self._matches.append(dict(match))

    def _remove_models(self, pending: _Pending) -> None:
        kept = {f"step-{step:08d}" for step in (_first_step(self._run), pending.training_step)}
        for folder in (self._run / _FOLDER).glob("step-*/"):
            if folder.name not in kept:
                shutil.rmtree(folder)


def check_packages(config: TrainConfig) -> None:
    """Raises MissingDependencyError if matches are asked for and cannot be played on this machine."""
    if config.match_every and not all(find_spec(name) for name in _PACKAGES):
        raise MissingDependencyError(
            f"expected the packages {' and '.join(_PACKAGES)} for --match-every, got not both; "
            "install them with `pip install 'aztoolkit[cpu,export]'`, or give --match-every 0"
        )


def read_matches(run: Path) -> list[dict[str, Any]]:  # Any: columns of every type
    """Returns the matches of a run in the order played; a line that a kill cut short is dropped.

    Raises:
        DataError: a line is no match.
    """
    path = run / FILE
    if not path.is_file():
        return []
    *whole, _torn = path.read_text().split("\n")
    try:
        matches = [json.loads(line) for line in whole]
    except ValueError as error:
        raise DataError(f"expected a match on every line of {path}, got {error}") from error
    return matches


def elo_curve(matches: list[dict[str, Any]]) -> Mapping[int, Rating]:
    """Returns the rating of every checkpoint by its training step; the earliest has Elo 0."""
    played = [match for match in matches if "score" in match]
    if not played:
        return {}
    results = [
        Result(m["training_step"], m["opponent_step"], m["score"], 2 * m["pairs"]) for m in played
    ]
    return rate(results, anchor=min(result.opponent for result in results))


def _metrics(rating: Rating) -> dict[str, float]:
    return {"elo": rating.elo, "elo_low": rating.low, "elo_high": rating.high}


def _call(arguments: list[str], stop: Callable[[], bool]) -> str:
    """Returns what a command of the library writes to stdout, waiting for it.

    Raises:
        _InterruptedError: `stop` became true.
        _FailedError: it failed.
    """
    process = child.start(arguments)
    try:
        while True:
            try:
                output, errors = process.communicate(timeout=_POLL_S)
                break
            except subprocess.TimeoutExpired:
                if stop():
                    raise _InterruptedError from None
    except BaseException:
        _interrupt(process)
        raise
    if process.returncode != 0:
        raise _FailedError(errors.strip().splitlines()[-1] if errors.strip() else "no reason given")
    return output


def _interrupt(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _step_of(checkpoint: Path) -> int:
    return int(checkpoint.stem.removeprefix("step-"))


def _first_step(run: Path) -> int:
    """Returns the training step of the run's first checkpoint: the anchor."""
    return min(_step_of(path) for path in (run / CHECKPOINTS).glob("step-*.json"))
