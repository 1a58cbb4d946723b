"""The evaluator that plays: a checkpoint as it is, or in INT8, calibrated on the run's own games.

    float32            TorchEvaluator of the checkpoint
    selfplay_precision int8
      until there are games to calibrate on            likewise
      then  checkpoint, last shards ─▶ `aztoolkit quantize` ─▶ RUN/selfplay/int8.onnx

The command runs in a process of its own: stages pass files, and the actors go on meanwhile. Its model is
kept, so that a run which resumes need not make it again.
"""

import shutil
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from aztoolkit.backends import open_evaluator
from aztoolkit.errors import AztoolkitError, ConfigError, DataError
from aztoolkit.evaluator import Evaluator
from aztoolkit.hardware import probe_cpu
from train import child
from train.checkpoint import FOLDER as CHECKPOINTS
from train.checkpoint import Checkpoint
from train.inference import TorchEvaluator
from train.replay import FOLDER as REPLAY
from train.replay import find_shards
from train.settings import TrainConfig

FOLDER, INT8 = "selfplay", "int8.onnx"
LEAST_GAMES = 16
"""To calibrate on; a quarter of the games is held out, for `aztoolkit compare`."""
_ENOUGH_GAMES = 400
_QUICK_POSITIONS, _QUICK_GAMES = 512, 32
"""Calibrating on so many is as good here, and quicker than the command's own choice; but it refuses to make
do with fewer, so they are asked for only where surely there are as many."""
_SURELY = 4
_SAFE_WEIGHT_BITS, _FULL_WEIGHT_BITS = 7, 8


def open_selfplay(run: Path, checkpoint: Checkpoint, config: TrainConfig) -> Evaluator:
    """Returns what answers the actors: asked by several threads, it uses one thread for each.

    Raises:
        ConfigError: the network or the device does not go with INT8.
        InputError: the run cannot be read or written.
    """
    model = _int8_model(run, checkpoint, config) if config.selfplay_precision == "int8" else None
    if model is not None:
        return open_evaluator(model, backend="cpu", threads=1)
    return TorchEvaluator(
        checkpoint.network, checkpoint.info, device=config.device, settings=config
    )


def quantize_checkpoint(run: Path, checkpoint: Checkpoint) -> Path | None:
    """Returns the INT8 model of a checkpoint, made if need be; None while there are too few games.

    Raises:
        ConfigError: the network cannot be quantized.
        InputError: the run cannot be read or written.
    """
    target = run / FOLDER / INT8
    if _is_of(target, checkpoint):
        return target
    shards = _last_shards(run)
    if not shards:
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="aztoolkit.") as folder:
        source = _lay_out(Path(folder), checkpoint.path, shards)
        _quantize(source, target, shards)
    return target


def _int8_model(run: Path, checkpoint: Checkpoint, config: TrainConfig) -> Path | None:
    if config.device != "cpu":
        raise ConfigError(
            f"expected --selfplay-precision fp32 with --device {config.device}, got int8; "
            "on a GPU choose --inference-precision fp16 or bf16"
        )
    return quantize_checkpoint(run, checkpoint)


def _is_of(model: Path, checkpoint: Checkpoint) -> bool:
    """Returns whether a model is there, whole, and made from the checkpoint."""
    try:
        evaluator = open_evaluator(model, backend="cpu", threads=1)
    except AztoolkitError:
        return False
    evaluator.close()
    return evaluator.spec.checkpoint_sha256 == checkpoint.sha256


def _last_shards(run: Path) -> list[Path]:
    """Returns as many of the last shards as hold enough games; none if all of them hold too few."""
    try:
        shards = find_shards(run)
    except DataError:
        return []
    last: list[Path] = []
    games = 0
    while shards and games < _ENOUGH_GAMES:
        last.append(shards.pop())
        games += pq.read_metadata(last[-1]).num_rows
    return last if games >= LEAST_GAMES else []


def _lay_out(folder: Path, weights: Path, shards: list[Path]) -> Path:
    """Makes a run folder of one checkpoint and some shards, and returns the checkpoint's path."""
    for name in (CHECKPOINTS, REPLAY):
        (folder / name).mkdir()
    for path in (weights, weights.with_suffix(".json")):
        shutil.copyfile(path, folder / CHECKPOINTS / path.name)
    for number, shard in enumerate(shards):
        shutil.copyfile(shard, folder / REPLAY / f"shard-{number:06d}.parquet")
    return folder / CHECKPOINTS / weights.name


def _quantize(source: Path, target: Path, shards: list[Path]) -> None:
    # Without VNNI, 8-bit weights take the exact and slow way; 7 bits are exact on the fast one.
    bits = _FULL_WEIGHT_BITS if probe_cpu().has_vnni else _SAFE_WEIGHT_BITS
    options = ["--int8", "--weight-bits", str(bits), "-o", str(target.absolute())]
    process = child.start(["quantize", str(source), *options, *_calibration_size(shards)])
    _, said = process.communicate()
    if process.returncode != 0:
        reason = said.strip().splitlines()[-1] if said.strip() else f"code {process.returncode}"
        raise ConfigError(
            f"expected a network that can play in INT8, got: {reason.removeprefix('aztoolkit: ')}; "
            "use --selfplay-precision fp32"
        )


def _calibration_size(shards: list[Path]) -> list[str]:
    """Returns the option for a quick calibration, if the shards have positions enough."""
    files = [pq.read_metadata(shard) for shard in shards]
    games = sum(file.num_rows for file in files)
    if games < _QUICK_GAMES or _count_moves(files) < _SURELY * _QUICK_POSITIONS:
        return []
    return ["--calibration-size", str(_QUICK_POSITIONS)]


def _count_moves(files: list[pq.FileMetaData]) -> int:
    columns = [
        group.column(number)
        for file in files
        for group in map(file.row_group, range(file.num_row_groups))
        for number in range(group.num_columns)
    ]
    return sum(one.num_values for one in columns if one.path_in_schema.startswith("moves."))
