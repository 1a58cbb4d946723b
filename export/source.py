"""What the commands are given: a model, a checkpoint or a run folder; what lies where in a run."""

from pathlib import Path

from aztoolkit.backends.ort import OrtEvaluator
from aztoolkit.errors import DataError, ModelError
from aztoolkit.model import ModelSpec, refuse_lc0_network
from train.checkpoint import FOLDER as CHECKPOINTS
from train.checkpoint import Checkpoint, latest_checkpoint, load_checkpoint
from train.replay import FOLDER as REPLAY

EXPORT = "export"
MODEL_SUFFIX = ".onnx"
FP32, FP16, INT8 = "fp32.onnx", "fp16.onnx", "int8.onnx"


def open_checkpoint(source: Path) -> Checkpoint:
    """Returns a checkpoint, given its path or that of a run folder, whose last one it is then.

    Raises:
        CheckpointError: there is none, or it is truncated or altered.
        ModelError: it is a network of lc0.
    """
    if source.is_file():
        refuse_lc0_network(source)
    return load_checkpoint(latest_checkpoint(source) if source.is_dir() else source)


def export_folder(checkpoint: Path) -> Path:
    """Returns where the models of a checkpoint go: its run's export folder, or one beside it."""
    return (find_run(checkpoint) or checkpoint.parent) / EXPORT


def find_run(artifact: Path) -> Path | None:
    """Returns the run folder that a file of a run lies in, if it does."""
    run = artifact.absolute().parent.parent
    is_run = (run / CHECKPOINTS).is_dir() or (run / REPLAY).is_dir()
    return _as_given(run, artifact) if is_run else None


def find_positions(model: Path, given: Path | None) -> Path:
    """Returns the positions for a model: those `given`, or else those of its run.

    Raises:
        DataError: none were given, and the model lies in no run.
    """
    source = given or find_run(model)
    if source is None:
        raise DataError(
            f"expected positions, got none: {model} lies in no run folder; name a run folder, "
            "replay shards, or a .pgn or .epd file"
        )
    return source


def find_fp32(checkpoint: Checkpoint, folder: Path) -> Path | None:
    """Returns the FP32 model of a checkpoint in a folder, if it is there and whole."""
    model = folder / FP32
    try:
        spec = read_spec(model)
    except ModelError:
        return None
    return model if spec.checkpoint_sha256 == checkpoint.sha256 else None


def read_spec(model: Path) -> ModelSpec:
    """Returns what a model says of itself; raises ModelError as `open_evaluator` does."""
    evaluator = OrtEvaluator(model, threads=1)
    evaluator.close()
    return evaluator.spec


def _as_given(run: Path, artifact: Path) -> Path:
    """Returns `run` spelled as `artifact` was, so that reports show what was typed."""
    if artifact.is_absolute() or not run.is_relative_to(Path.cwd()):
        return run
    return run.relative_to(Path.cwd())
