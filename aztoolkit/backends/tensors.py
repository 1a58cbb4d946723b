"""What every runtime checks first: that a model has the tensors of its encoding and action space."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from aztoolkit.encoding import get_action_space, get_encoding
from aztoolkit.errors import ModelError
from aztoolkit.model import INPUT, OUTPUTS, WDL_SIZE, ModelSpec, refuse_lc0_network

FLOAT32 = "float32"
DYNAMIC = -1
"""The first dimension of a tensor that takes a batch of any size."""

Tensor = tuple[str, Sequence[int]]
"""Element type and shape; `DYNAMIC` where any size fits."""


def check_tensors(got: Mapping[str, Tensor], spec: ModelSpec, model: Path) -> None:
    """Raises ModelError unless a model's inputs and outputs are those of its encoding, for any batch.

    Args:
        got: the model's tensors by name, with `float32` as the type of single precision.
        model: the file, named in errors.
    """
    encoding, actions = get_encoding(spec.encoding), get_action_space(spec.action_space)
    expected = {
        INPUT: [FLOAT32, encoding.planes, 8, 8],
        OUTPUTS[0]: [FLOAT32, actions.size],
        OUTPUTS[1]: [FLOAT32, WDL_SIZE],
    }
    found = {name: [kind, *shape[1:]] for name, (kind, shape) in got.items()}
    if found != expected:
        raise ModelError(
            f"expected tensors {expected} for {spec.encoding}/{spec.action_space}, got {found}: {model}"
        )
    fixed = [name for name, (_, shape) in got.items() if shape[0] != DYNAMIC]
    if fixed:
        raise ModelError(f"expected a batch of any size, got a fixed one at {fixed}: {model}")


def check_exists(model: Path) -> None:
    """Raises ModelError if there is no file, or one that must be imported first."""
    if not model.is_file():
        raise ModelError(
            f"expected a model file, got nothing at {model}; "
            "check the path, or make it with `aztoolkit export` or `quantize`"
        )
    refuse_lc0_network(model)
