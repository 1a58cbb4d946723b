"""Options that several commands take, and what they refuse."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from aztoolkit.errors import ConfigError

Output = Annotated[Path | None, Parameter(alias="-o")]
Flag = Annotated[bool, Parameter(negative=())]
Count = Annotated[int | None, Parameter(validator=lambda _, count: _check_count(count))]
Budget = Annotated[float | None, Parameter(validator=lambda _, budget: _check_budget(budget))]
Seed = Annotated[int, Parameter(validator=lambda _, seed: _check_seed(seed))]


def check_target(target: Path, model: Path) -> None:
    """Raises ConfigError if a model cannot be written to `target`, made from `model`."""
    if target.suffix != ".onnx" or target.is_dir():
        raise ConfigError(f"expected a file name that ends in .onnx, got -o {target}")
    if target.absolute() == model.absolute():
        raise ConfigError(f"expected another file than the original to write to, got -o {target}")


def _check_count(count: int | None) -> None:
    if count is not None and count < 1:
        raise ValueError(f"expected at least 1 position, got {count}")


def _check_budget(budget: float | None) -> None:
    if budget is not None and not budget >= 0:
        raise ValueError(f"expected a budget of at least 0 nats, got {budget}")


def _check_seed(seed: int) -> None:
    if seed < 0:
        raise ValueError(f"expected a seed of at least 0, got {seed}")
