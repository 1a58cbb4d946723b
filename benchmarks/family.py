"""The models of one network, in all precisions that are there: what a smaller one is held against."""

import re
from collections.abc import Sequence
from pathlib import Path

from aztoolkit.backends import read_spec
from aztoolkit.errors import ConfigError
from aztoolkit.model_files import find_models

_PRECISIONS = ("fp32", "fp16", "int8")
_NAME = re.compile(rf"(?:(.+)\.)?({'|'.join(_PRECISIONS)})")


def find_family(names: Sequence[Path]) -> list[Path]:
    """Returns the models that are meant, at least two.

    Args:
        names: models, runs or folders; beside a model alone, its network in other precisions is looked for.

    Raises:
        ModelError: one is missing, or not ours.
        ConfigError: there is one alone.
    """
    models = [model for name in names for model in find_models(name)]
    if len(models) == 1:
        models += _relatives(models[0])
    if len(models) == 1:
        raise ConfigError(
            f"expected a model beside its original, got {models[0]} alone; name both, or make "
            "another with `aztoolkit quantize`"
        )
    return models


def _relatives(model: Path) -> list[Path]:
    """Returns the models beside one that are of its checkpoint, by their names: X.onnx, X.int8.onnx, ..."""
    named = _NAME.fullmatch(model.stem)
    base = named[1] if named else model.stem
    names = [f"{base}.onnx"] if base else []
    names += [f"{base}.{end}.onnx" if base else f"{end}.onnx" for end in _PRECISIONS]
    checkpoint = read_spec(model).checkpoint_sha256
    there = (path for name in names if (path := model.with_name(name)).is_file() and path != model)
    return [path for path in there if read_spec(path).checkpoint_sha256 == checkpoint]
