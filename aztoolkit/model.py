"""A self-describing ONNX file: what it says of itself, read, written and verified.

An ONNX model carries string key/value pairs, `metadata_props`. Ours start with `aztoolkit.` and hold
one field of `ModelSpec` each: plain strings as they are, everything else as JSON.

    input   planes  [batch, C, 8, 8] float32     C from the encoding
    output  policy  [batch, A] float32 logits    A from the action space, never softmaxed
    output  wdl     [batch, 3] float32 logits    win, draw, loss for the side to move
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from aztoolkit.errors import ModelError

FORMAT_VERSION = 1
_GZIP = b"\x1f\x8b"
PREFIX = "aztoolkit."
INPUT = "planes"
OUTPUTS = ("policy", "wdl")
WDL_SIZE = 3

Precision = Literal["fp32", "fp16", "int8"]
NetworkSpec = dict[str, str | int | float | bool]


class CalibrationSpec(BaseModel):
    """Positions that an INT8 model was made with, and where they came from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    """The file or folder, as it was given."""
    positions: int
    """How many were used."""
    sha256: str
    """Of their encoded planes, in order."""
    seed: int
    """Of their random choice."""


class TrainingSpec(BaseModel):
    """How an INT8 model was trained (`qat`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    positions: CalibrationSpec
    """The distinct positions that it learned on."""
    updates: int
    """Steps of the optimizer."""
    batch: int
    """Positions in each of them."""


class QuantizationSpec(BaseModel):
    """How a model was made INT8."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str
    """Such as `static-minmax+equalization+compensation`."""
    target: Literal["cpu", "tensorrt"] = "cpu"
    """Whose rules it keeps: `cpu` has u8 activations, `tensorrt` s8 around zero and float biases."""
    weight_bits: int
    """8, or 7 where the processor may saturate."""
    float_layers: tuple[str, ...]
    """Names of convolutions that are not rounded, then of all nodes of the value head. Residual sums and
    squeeze-excitation, which are never rounded, are not named."""
    calibration: CalibrationSpec | None
    """What fixed the ranges; None if they are measured anew in every call (`dynamic`)."""
    training: TrainingSpec | None = None
    """None of a model that was not trained, or that was before this was recorded."""


class ModelSpec(BaseModel):
    """What a model file says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = FORMAT_VERSION
    encoding: str
    """`az119` or `lc0_112` (see `aztoolkit.encoding`)."""
    action_space: str
    """`az4672` or `lc0_1858`."""
    network: NetworkSpec
    """Kind and size of the network, such as `{"kind": "resnet", "filters": 64, "blocks": 5}`."""
    precision: Precision
    quantization: QuantizationSpec | None = None
    checkpoint_sha256: str
    """Of the weights this model was exported from."""
    training_step: int
    """Learner steps behind those weights."""
    source: str = ""
    """Name of the file that they were imported from; empty for our own."""
    tools: dict[str, str]
    """Versions of what made the file, by package."""

    def to_metadata(self) -> dict[str, str]:
        """Returns the `metadata_props` of this spec."""
        fields = self.model_dump(mode="json")
        return {
            PREFIX + name: value if isinstance(value, str) else json.dumps(value, sort_keys=True)
            for name, value in fields.items()
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], *, source: Path) -> "ModelSpec":
        """Returns the spec in a model's `metadata_props`.

        Args:
            source: the model file, named in errors.

        Raises:
            ModelError: the file is not ours, from a newer format, or malformed.
        """
        ours = {
            key.removeprefix(PREFIX): value
            for key, value in metadata.items()
            if key.startswith(PREFIX)
        }
        if not ours:
            raise ModelError(
                f"expected a model written by aztoolkit, got an ONNX file without aztoolkit "
                f"metadata: {source}; make one with `aztoolkit export`"
            )
        _check_version(ours, source)
        try:
            return cls.model_validate({name: _decode(name, text) for name, text in ours.items()})
        except (ValidationError, json.JSONDecodeError) as error:
            raise ModelError(
                f"expected aztoolkit metadata in {source}, got {_reason(error)}; export it again"
            ) from error


_TEXT_FIELDS = {
    name for name, field in ModelSpec.model_fields.items() if field.annotation in (str, Precision)
}


def _reason(error: ValidationError | json.JSONDecodeError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"broken JSON: {error}"
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def _decode(name: str, text: str) -> object:
    return text if name in _TEXT_FIELDS else json.loads(text)


def _check_version(fields: Mapping[str, str], source: Path) -> None:
    version = fields.get("format_version")
    if version != str(FORMAT_VERSION):
        raise ModelError(
            f"expected model format {FORMAT_VERSION}, got {version}: {source}; "
            "upgrade aztoolkit or export the checkpoint again"
        )


def sidecar(model: Path, kind: Literal["compare", "gate"]) -> Path:
    """Returns the path of a report that stands beside a model: `X.onnx` -> `X.compare.json`."""
    return model.with_suffix(f".{kind}.json")


def refuse_lc0_network(path: Path) -> None:
    """Raises ModelError if a file is gzip, as networks of lc0 are: they must be imported first."""
    with path.open("rb") as stream:
        if stream.read(len(_GZIP)) == _GZIP:
            raise ModelError(
                f"expected an ONNX model or a checkpoint, got gzip: {path}; if it is a network of "
                f"lc0, make a model of it with `aztoolkit import {path}`"
            )
