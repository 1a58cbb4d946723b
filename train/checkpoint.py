"""A checkpoint: weights as safetensors, what they are as JSON beside them. Nothing is unpickled.

    RUN/checkpoints/step-00001234.safetensors    weights and running statistics of the network
    RUN/checkpoints/step-00001234.json           CheckpointInfo, with the SHA-256 of the weights

The JSON is written last: a weights file without it is a checkpoint that was never finished, and
`latest_checkpoint` passes it over.
"""

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import safetensors.torch
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from torch import Tensor, nn

from aztoolkit.encoding import get_action_space, get_encoding
from aztoolkit.errors import CheckpointError, ModelError
from aztoolkit.files import write_bytes, write_text
from train.networks import NetworkConfig, build_network

FORMAT_VERSION = 1
FOLDER = "checkpoints"
_TOOLS = ("aztoolkit", "torch", "safetensors", "numpy", "chess")


def tool_versions() -> dict[str, str]:
    """Returns the versions of the packages that make a checkpoint."""
    return {name: version(name) for name in _TOOLS}


class CheckpointInfo(BaseModel):
    """What a checkpoint says of itself: the JSON beside the weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = FORMAT_VERSION
    network: NetworkConfig
    encoding: str = "az119"
    action_space: str = "az4672"
    training_step: int = Field(ge=0)
    """Learner steps behind these weights."""
    games: int = 0
    """Self-play games finished so far."""
    positions: int = 0
    """Positions in those games."""
    seed: int = 0
    """Of the run: every random choice follows from it."""
    config_sha256: str = ""
    """Of the run's resolved configuration."""
    training_compile: str = "off"
    """Mode of torch.compile that the learner used; `off: why` where one was asked for in vain."""
    losses: dict[str, float] = {}
    """Means over the last learner steps, by name."""
    tools: dict[str, str] = Field(default_factory=tool_versions)
    """Versions of what made the file, by package."""
    sha256: str = ""
    """Of the weights file; filled in by `save_checkpoint`."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in memory."""

    path: Path
    """The weights file."""
    info: CheckpointInfo
    network: nn.Module
    """In evaluation mode, on the CPU."""

    @property
    def sha256(self) -> str:
        """Of the weights file."""
        return self.info.sha256


def save_checkpoint(run: Path, network: nn.Module, info: CheckpointInfo) -> Path:
    """Writes weights and JSON into `run`/checkpoints and returns the path of the weights.

    Raises:
        InputError: the folder cannot be written.
    """
    path = weights_path(run, info.training_step)
    data = safetensors.torch.save(_portable(network.state_dict()))
    write_bytes(path, data)
    signed = info.model_copy(update={"sha256": hashlib.sha256(data).hexdigest()})
    write_text(path.with_suffix(".json"), signed.model_dump_json(indent=2) + "\n")
    return path


def weights_path(run: Path, training_step: int) -> Path:
    """Returns where the weights of a training step are, or would be."""
    return run / FOLDER / f"step-{training_step:08d}.safetensors"


def has_checkpoint(run: Path) -> bool:
    """Returns whether a run folder has a finished checkpoint."""
    return any((run / FOLDER).glob("step-*.json"))


def latest_checkpoint(run: Path) -> Path:
    """Returns the weights file of the last finished checkpoint of a run folder.

    Raises:
        CheckpointError: there is none.
    """
    finished = [
        described.with_suffix(".safetensors")
        for described in sorted((run / FOLDER).glob("step-*.json"))
        if described.with_suffix(".safetensors").is_file()
    ]
    if not finished:
        raise CheckpointError(
            f"expected a run folder with checkpoints, got none in {run / FOLDER}; "
            "train one with `aztoolkit train`"
        )
    return finished[-1]


def load_checkpoint(path: Path) -> Checkpoint:
    """Reads and verifies a checkpoint, given the path of its weights, or of a run, whose last one it is then.

    Raises:
        CheckpointError: a file is missing, truncated, altered or of another shape.
    """
    if path.is_dir():
        path = latest_checkpoint(path)
    if not path.is_file():
        raise CheckpointError(
            f"expected a checkpoint, got no file at {path}; "
            "check the path, or train one with `aztoolkit train`"
        )
    info = _read_info(path)
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != info.sha256:
        raise CheckpointError(
            f"expected weights with SHA-256 {info.sha256[:12]}, got {digest[:12]}: {path} is "
            "truncated or altered; use an earlier checkpoint"
        )
    network = _fill(_empty_network(info, path), read_tensors(data, path), path)
    return Checkpoint(path, info, network.eval())


def read_tensors(data: bytes, path: Path) -> dict[str, Tensor]:
    """Returns the tensors in the bytes of a safetensors file, by name.

    Args:
        path: where the bytes come from, named in errors.

    Raises:
        CheckpointError: the bytes are not whole.
    """
    try:
        return safetensors.torch.load(data)
    except SafetensorError as error:
        raise CheckpointError(
            f"expected a safetensors file, got {error}: {path}; use an earlier checkpoint"
        ) from error


def _read_info(path: Path) -> CheckpointInfo:
    if path.suffix != ".safetensors":
        raise CheckpointError(f"expected a checkpoint (.safetensors), got {path}; check the path")
    described = path.with_suffix(".json")
    try:
        fields = json.loads(described.read_text())
    except OSError as error:
        raise CheckpointError(
            f"expected {described.name} beside the weights, got none that can be read in "
            f"{path.parent}; copy both files"
        ) from error
    except ValueError as error:
        raise CheckpointError(f"expected JSON in {described}, got {error}") from error
    _check_version(fields, described)
    try:
        return CheckpointInfo.model_validate(fields)
    except ValidationError as error:
        raise CheckpointError(f"expected {describe(error)} in {described}") from error


def describe(error: ValidationError) -> str:
    """Returns the first complaint of pydantic in one line, with the name of the field."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    reason = first["msg"].removeprefix("Value error, expected ")
    return f"{field}: {reason}" if field else reason


def _check_version(fields: object, described: Path) -> None:
    found = fields.get("format_version") if isinstance(fields, dict) else None
    if found != FORMAT_VERSION:
        raise CheckpointError(
            f"expected checkpoint format {FORMAT_VERSION}, got {found}: {described}; "
            "upgrade aztoolkit or train again"
        )


def _empty_network(info: CheckpointInfo, path: Path) -> nn.Module:
    try:
        planes = get_encoding(info.encoding).planes
        actions = get_action_space(info.action_space).size
    except ModelError as error:
        raise CheckpointError(f"{error}: {path}") from error
    with torch.random.fork_rng(devices=[]):  # the weights drawn here are thrown away
        return build_network(info.network, planes=planes, actions=actions)


def _fill(network: nn.Module, tensors: dict[str, Tensor], path: Path) -> nn.Module:
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(
            f"expected the weights of the network that {path.with_suffix('.json').name} describes, "
            f"got others: {path}: {reason}"
        ) from error
    return network


def _portable(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
