"""Whether the device that a run wants is there."""

import torch

from aztoolkit.errors import MachineError


def check_device(device: str) -> None:
    """Raises MachineError if `device`, `cpu` or `cuda`, is not there."""
    if device == "cuda" and not torch.cuda.is_available():
        raise MachineError(
            "expected a GPU for this profile, got none that torch can use; "
            "use --profile cpu, or insist with --device cpu"
        )
