"""A TensorRT plan and the sidecar beside it: of which model, for which card, by which library.

fp16.onnx                 the model
fp16.rtx.sm89.plan        TensorRT-RTX's plan of it for cards of compute capability 8.9
fp16.rtx.sm89.json        `PlanSpec`: without it, or with another's, a plan is never loaded
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from aztoolkit.errors import ConfigError
from aztoolkit.files import sha256
from aztoolkit.model import ModelSpec

PLAN_FORMAT = 1
SUFFIX = ".plan"
_SM = "sm"

Target = Literal["tensorrt", "rtx"]
"""The library that builds and runs a plan: TensorRT, or TensorRT-RTX."""


class Layer(BaseModel):
    """One layer of a built plan: what its nodes became."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: str
    """As the library calls it, such as `correlation` for a convolution."""
    precision: str
    """Of what it reads: `fp32`, `fp16`, `int8`..."""
    weights: str | None
    """Of its constants, if it has any; the narrowest of them."""
    nodes: tuple[str, ...]
    """Of the ONNX model, in the order they run."""


class Batch(BaseModel):
    """Batches that a plan takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    smallest: int = 1
    best: int = 64
    """That its kernels are tuned to."""
    largest: int = 512


class Speed(BaseModel):
    """How fast a plan was on a card."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gpu: str
    driver: str
    batch: int
    evals_per_s: float
    best_evals_per_s: float
    """Of all builds of this model for this card, by this library."""


class PlanSpec(BaseModel):
    """What the sidecar says of a plan."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = PLAN_FORMAT
    target: Target
    library_version: str
    compute_capability: str
    """Such as `8.9`."""
    model: str
    """Name of the model's file, beside the plan."""
    model_sha256: str
    model_spec: ModelSpec
    batch: Batch
    layers: tuple[Layer, ...]
    speed: Speed | None = None
    """None where no card was present."""
    plan_sha256: str


def plan_path(model: Path, target: Target, compute_capability: str) -> Path:
    """Returns where the plan of a model stands: `fp16.onnx` -> `fp16.rtx.sm89.plan`."""
    return model.with_suffix(f".{target}.{sm_name(compute_capability)}{SUFFIX}")


def spec_path(plan: Path) -> Path:
    """Returns where a plan's sidecar stands."""
    return plan.with_suffix(".json")


def sm_name(compute_capability: str) -> str:
    """Returns how NVIDIA writes a compute capability short: `8.9` -> `sm89`."""
    return _SM + compute_capability.replace(".", "")


def parse_sm(text: str) -> str:
    """Returns the compute capability of `sm89` or `8.9`: `8.9`.

    Raises:
        ConfigError: it is neither.
    """
    digits = text.lower().removeprefix(_SM).replace(".", "")
    if not digits.isdecimal() or not 2 <= len(digits) <= 3:
        raise ConfigError(
            f"expected a compute capability such as sm89 or 8.9, got {text!r}; "
            "`nvidia-smi --query-gpu=compute_cap --format=csv` shows that of a card"
        )
    return f"{digits[:-1]}.{digits[-1]}"


def read_plan_spec(plan: Path) -> PlanSpec | None:
    """Returns what the sidecar says of a plan; None if one of the two is missing or not to be read."""
    if not plan.is_file():
        return None
    try:
        return PlanSpec.model_validate_json(spec_path(plan).read_bytes())
    except (OSError, ValidationError):
        return None


def why_stale(
    plan: Path, spec: PlanSpec | None, *, model: Path, library_version: str, compute_capability: str
) -> str | None:
    """Returns why a plan must not be loaded, or None if it is good.

    Args:
        spec: what `read_plan_spec` found.
        library_version: of the library that would load it; plans fit their own version only.
        compute_capability: of the card that would run it.
    """
    if spec is None:
        return "there is none" if not plan.is_file() else "it has no readable sidecar"
    if spec.format_version != PLAN_FORMAT:
        return f"its sidecar has format {spec.format_version}, not {PLAN_FORMAT}"
    if spec.library_version != library_version:
        return f"it was built by version {spec.library_version}, not {library_version}"
    if spec.compute_capability != compute_capability:
        return f"it is for {sm_name(spec.compute_capability)}, not {sm_name(compute_capability)}"
    if spec.model_sha256 != sha256(model):
        return f"it is of another model than {model.name}"
    if spec.plan_sha256 != sha256(plan):
        return "its file is not the one that its sidecar was written for"
    return None
