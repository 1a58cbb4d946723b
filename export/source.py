"""What the commands are given: a model, a checkpoint or a run folder; what lies where in a run."""

from pathlib import Path

from aztoolkit.backends.ort import OrtEvaluator
from aztoolkit.errors import CheckpointError, DataError, ModelError
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
    return load_checkpoint(source)


def export_folder(checkpoint: Path) -> Path:
    """Returns where the models of a checkpoint go: its run's export folder, or one beside it."""
    return (find_run(checkpoint) or checkpoint.parent) / EXPORT


def fp32_path(source: Path, checkpoint: Path) -> Path:
    """Returns where the FP32 model of a checkpoint goes: `fp32.onnx` of its run's last, else `X.fp32.onnx`.

    Args:
        source: as it was given: the checkpoint, or the run whose last one it was when it was opened.
    """
    is_last = source.is_dir() or _is_last(checkpoint)
    return export_folder(checkpoint) / (FP32 if is_last else f"{checkpoint.stem}.{FP32}")


def beside(model: Path, name: str) -> Path:
    """Returns where an FP32 model goes in another precision.

    fp32.onnx, int8.onnx                   int8.onnx
    X.fp32.onnx or X.onnx, int8.onnx       X.int8.onnx
    """
    if model.name == FP32:
        return model.with_name(name)
    stem = model.name.removesuffix(f".{FP32}").removesuffix(MODEL_SUFFIX)
    return model.with_name(f"{stem}.{name}")


def find_run(artifact: Path) -> Path | None:
    """Returns the run folder that a file of a run lies in, if it does."""
    run = artifact.absolute().parent.parent
    is_run = (run / CHECKPOINTS).is_dir() or (run / REPLAY).is_dir()
    return _as_given(run, artifact) if is_run else None


def find_positions(model: Path, given: Path | None, *, option: str) -> Path:
    """Returns the positions for a model: those `given`, or else those of its run.

    Args:
        option: what they can be given with, such as `--positions`.

    Raises:
        DataError: none were given, and the model lies in no run.
    """
    source = given or find_run(model)
    if source is None:
        raise DataError(
            f"expected positions, got none: {model} lies in no run folder; name {option}: a run folder, "
            "replay shards, or a .pgn or .epd file"
        )
    return source


def is_fp32_of(checkpoint: Checkpoint, model: Path) -> bool:
    """Returns whether a model is there, whole, and a checkpoint's in FP32."""
    try:
        spec = read_spec(model)
    except ModelError:
        return False
    return spec.precision == "fp32" and spec.checkpoint_sha256 == checkpoint.sha256


def read_spec(model: Path) -> ModelSpec:
    """Returns what a model says of itself; raises ModelError as `open_evaluator` does."""
    evaluator = OrtEvaluator(model, threads=1)
    evaluator.close()
    return evaluator.spec


def _is_last(checkpoint: Path) -> bool:
    """Returns whether a checkpoint is the last finished one of its run."""
    run = find_run(checkpoint)
    try:
        return run is not None and latest_checkpoint(run).samefile(checkpoint)
    except CheckpointError:
        return False


def _as_given(run: Path, artifact: Path) -> Path:
    """Returns `run` spelled as `artifact` was, so that reports show what was typed."""
    if artifact.is_absolute() or not run.is_relative_to(Path.cwd()):
        return run
    return run.relative_to(Path.cwd())
