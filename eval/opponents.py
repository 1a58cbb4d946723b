"""Who may sit down to a match, by the name given on the command line.

models/a.onnx                       a model file
runs/a                              a run folder: its `export/fp32.onnx`
runs/a/checkpoints/x.safetensors    a checkpoint of a run, exported by `aztoolkit export` for the match
shipped                             the network that comes with aztoolkit, INT8
uniform                             no network: every move as good as another, search alone
random                              no search either: any legal move
uci:stockfish                       a UCI engine, by command or path
uci:stockfish?UCI_LimitStrength=true&UCI_Elo=1350     with options
"""

import shlex
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl

import chess.engine

from aztoolkit.backends import open_evaluator
from aztoolkit.encoding import az119, az4672
from aztoolkit.errors import CheckpointError, ConfigError, MachineError, ModelError
from aztoolkit.evaluator import UniformEvaluator
from aztoolkit.files import sha256
from aztoolkit.model import ModelSpec
from aztoolkit.model_files import SHIPPED_NAME, shipped_model
from aztoolkit.programs import find_program
from eval.random_seat import RandomSeat
from eval.seats import NetworkSeat, Seat
from eval.settings import MatchSettings
from eval.uci_seat import UciSeat

UNIFORM, RANDOM = "uniform", "random"
UCI_PREFIX = "uci:"
RUN_MODEL = Path("export", "fp32.onnx")
"""The model of a run folder."""
CHECKPOINT_SUFFIX = ".safetensors"
_EXPORTED = "fp32.onnx"
"""What `aztoolkit export` makes of a checkpoint."""
_Opener = Callable[[MatchSettings, threading.Event], Seat]


@dataclass(frozen=True)
class Opponent:
    """An engine that can be opened any number of times."""

    name: str
    """As it is shown and written into PGN."""
    source: str
    """As it was given, a run folder resolved to its model."""
    sha256: str | None
    """Of the model file, the checkpoint, or the UCI engine's program; None if it is none of them."""
    open_seat: _Opener
    """Opens it for one thread, given how to play and what tells that the match is over."""
    model: Path | None = None
    """The model file, if it is one or was made for the match."""


def find_opponent(text: str, *, scratch: Path) -> Opponent:
    """Returns the opponent that `text` names (see the module).

    Args:
        scratch: a folder for models made of checkpoints, to be kept until the match is over.

    Raises:
        ModelError: the model or the run is missing.
        CheckpointError: a checkpoint is missing, or cannot be exported.
        MachineError: the UCI engine is missing.
        ConfigError: an option of a UCI engine is malformed.
    """
    if text == UNIFORM:
        return Opponent(UNIFORM, UNIFORM, None, _open_uniform)
    if text == RANDOM:
        return Opponent(RANDOM, RANDOM, None, lambda settings, _: RandomSeat(settings.seed))
    if (shipped := shipped_model(Path(text))) != Path(text):
        return replace(model_opponent(shipped), name=SHIPPED_NAME)
    if text.startswith(UCI_PREFIX):
        return _uci_opponent(text.removeprefix(UCI_PREFIX))
    if text.endswith(CHECKPOINT_SUFFIX):
        return _checkpoint_opponent(Path(text), scratch)
    return model_opponent(_resolve_run(Path(text)))


def model_opponent(
    model: Path, *, temperature: float = 0.0, simulations: int | None = None
) -> Opponent:
    """Returns the opponent of a model file; raises ModelError if it is none.

    Args:
        temperature: 0 plays the best move, more plays by chance; not part of what names the opponent.
        simulations: of its moves, instead of the match's; neither.
    """
    if model.is_dir():
        raise ModelError(
            f"expected a model file, got a folder: {model}; name one in it, such as {model / RUN_MODEL}"
        )
    if not model.is_file():
        raise ModelError(
            f"expected a model file, a run, a checkpoint, shipped, uniform, random or uci:COMMAND, got "
            f"nothing at {model}; check the path, or make it with `aztoolkit export` or `quantize`"
        )

    def open_seat(settings: MatchSettings, stopped: threading.Event) -> Seat:
        threads = 1 if settings.worker_count() > 1 else 0
        evaluator = open_evaluator(model, backend=settings.backend, threads=threads)
        own = {} if simulations is None else {"simulations": simulations}
        return NetworkSeat(
            evaluator, settings.model_copy(update=own), stopped, temperature=temperature
        )

    return Opponent(model.stem, str(model), sha256(model), open_seat, model)


def _checkpoint_opponent(checkpoint: Path, scratch: Path) -> Opponent:
    if not checkpoint.is_file():
        raise CheckpointError(f"expected a checkpoint, got nothing at {checkpoint}; check the path")
    digest = sha256(checkpoint)
    model = scratch / digest / _EXPORTED
    if not model.is_file():
        _export(checkpoint, model.parent)
    return replace(
        model_opponent(model), name=checkpoint.stem, source=str(checkpoint), sha256=digest
    )


def _export(checkpoint: Path, folder: Path) -> None:
    """Makes a model of a checkpoint in a process of its own: torch is none of this stage's business."""
    command = [sys.executable, "-m", "aztoolkit", "export", str(checkpoint), "-o", str(folder)]
    done = subprocess.run([*command, "--no-fp16"], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CheckpointError(
            f"expected a checkpoint that `aztoolkit export` can read, got {checkpoint}: "
            f"{reason.removeprefix('aztoolkit: ')}"
        )


def _resolve_run(path: Path) -> Path:
    if not path.is_dir():
        return path
    model = path / RUN_MODEL
    if not model.is_file():
        raise ModelError(
            f"expected {RUN_MODEL} in the run folder {path}, got none; "
            f"make it with `aztoolkit export {path}`"
        )
    return model


def _open_uniform(settings: MatchSettings, stopped: threading.Event) -> Seat:
    spec = ModelSpec(
        encoding=az119.NAME,
        action_space=az4672.NAME,
        network={"kind": UNIFORM},
        precision="fp32",
        checkpoint_sha256="",
        training_step=0,
        tools={},
    )
    return NetworkSeat(UniformEvaluator(spec), settings, stopped)


def _uci_opponent(text: str) -> Opponent:
    program, _, query = text.partition("?")
    try:
        options = dict(parse_qsl(query, strict_parsing=True)) if query else {}
    except ValueError as error:
        raise ConfigError(
            f"expected options as NAME=VALUE&NAME=VALUE after '?', got {query!r}: {error}"
        ) from error
    try:
        command = shlex.split(program)
    except ValueError as error:
        raise ConfigError(f"expected a command after 'uci:', got {program!r}: {error}") from error
    found = command and find_program(command[0])
    if not found:
        raise MachineError(
            f"expected a UCI engine, got no program {program!r} on PATH; install it "
            "(such as `apt-get install stockfish`) or give its path after 'uci:'"
        )
    opener = uci_opener([found, *command[1:]], options)
    return Opponent(Path(found).name, f"{UCI_PREFIX}{text}", sha256(Path(found)), opener)


def uci_opener(command: list[str], options: dict[str, str]) -> _Opener:
    """Returns what opens a UCI engine; it raises MachineError if that does not start."""

    def open_seat(settings: MatchSettings, stopped: threading.Event) -> Seat:  # noqa: ARG001
        try:
            return UciSeat(command, options, settings)
        except (chess.engine.EngineError, TimeoutError, OSError) as error:
            raise MachineError(
                f"expected a UCI engine that starts and takes its options, got {command}: {error}"
            ) from error

    return open_seat
