"""A checkpoint, and a run folder with what lies in it."""

from pathlib import Path

from aztoolkit.errors import CheckpointError, ModelError
from export.describe import Document
from export.describe.model import describe_model
from export.source import EXPORT, MODEL_SUFFIX
from train.checkpoint import FOLDER as CHECKPOINTS
from train.checkpoint import latest_checkpoint, load_checkpoint
from train.networks import count_parameters
from train.replay import FOLDER as REPLAY


def describe_checkpoint(path: Path) -> Document:
    """Returns size and hash of a checkpoint, and what it says of itself.

    Raises:
        CheckpointError: a file is missing, truncated or altered.
    """
    checkpoint = load_checkpoint(path)
    return {
        "bytes": path.stat().st_size,
        "sha256": checkpoint.sha256,
        "parameters": count_parameters(checkpoint.network),
        "info": checkpoint.info.model_dump(mode="json"),
    }


def describe_run(path: Path) -> Document:
    """Returns the last checkpoint, the replay and the models of a run folder.

    Raises:
        CheckpointError: the folder is no run, or its last checkpoint is broken.
    """
    if not (path / CHECKPOINTS).is_dir():
        raise CheckpointError(
            f"expected a run folder, got {path} without {CHECKPOINTS}; name a run folder of "
            "`aztoolkit train`, or a model, a network or a checkpoint"
        )
    latest = latest_checkpoint(path)
    shards = sorted((path / REPLAY).glob("*.parquet"))
    return {
        "checkpoints": len(list((path / CHECKPOINTS).glob("step-*.safetensors"))),
        "latest": {"path": str(latest), **describe_checkpoint(latest)},
        "replay": {"shards": len(shards), "bytes": sum(shard.stat().st_size for shard in shards)},
        "models": [
            _describe_whole(model) for model in sorted((path / EXPORT).glob(f"*{MODEL_SUFFIX}"))
        ],
    }


def _describe_whole(model: Path) -> Document:
    """Returns a model of a run; one that is broken does not hide the others."""
    try:
        return {"path": str(model), **describe_model(model)}
    except ModelError as error:
        return {"path": str(model), "error": str(error)}
