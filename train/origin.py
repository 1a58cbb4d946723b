"""The checkpoint that a new run takes its first weights from."""

from pathlib import Path
from typing import Any

from aztoolkit.errors import CheckpointError
from aztoolkit.model_files import SHIPPED, SHIPPED_NAME
from train.checkpoint import Checkpoint, load_checkpoint

_SHIPPED_WEIGHTS = SHIPPED / "fp32.safetensors"


def load_origin(name: str) -> Checkpoint:
    """Returns a checkpoint by its weights file, by its run's folder for the last one, or by `shipped`.

    Raises:
        CheckpointError: there is none, it is broken, or it is an ONNX model.
    """
    path = Path(name)
    if name == SHIPPED_NAME and not path.exists():
        return load_checkpoint(_SHIPPED_WEIGHTS)
    if path.suffix == ".onnx":
        raise CheckpointError(
            f"expected weights that can learn on (.safetensors), got a model to play with: {path}; "
            "name the checkpoint that it was exported from"
        )
    return load_checkpoint(path)


def network_of(name: str) -> dict[str, Any]:
    """Returns kind and size of a checkpoint's network, by the names of a run's settings.

    Raises:
        CheckpointError: there is no such checkpoint, or it is broken.
    """
    return load_origin(name).info.network.model_dump()
