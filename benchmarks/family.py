"""The models of one network, in all precisions that are there: what a smaller one is held against."""

import re
from collections.abc import Sequence
from pathlib import Path

from aztoolkit.backends import read_spec
from aztoolkit.errors import ConfigError, ModelError
from aztoolkit.model_files import find_models

_PRECISIONS = ("fp32", "fp16", "int8")
_FP32 = "fp32.onnx"
_NAME = re.compile(rf"(?:(.+)\.)?({'|'.join(_PRECISIONS)})")


def find_family(names: Sequence[Path]) -> list[Path]:
    """Returns the models that are meant, at least two.

    Args:
        names: models, runs or folders; beside a model alone, its network in other precisions is looked for.
            Of a folder that holds several networks, those of one are taken.

    Raises:
        ModelError: one is missing, or not ours.
        ConfigError: there is one alone.
    """
    models = [model for name in names for model in _models_of(name)]
    if len(models) == 1:
        models += _relatives(models[0])
    if len(models) == 1:
        raise ConfigError(
            f"expected a model beside its original, got {models[0]} alone; name both, or make "
            "another with `aztoolkit quantize`"
        )
    return models


def _models_of(name: Path) -> list[Path]:
    """Returns a model; or those in a run or folder of one checkpoint, that of fp32.onnx if it is there."""
    models = find_models(name)
    first = next((model for model in models if model.name == _FP32), models[0])
    checkpoint = read_spec(first).checkpoint_sha256
    return [model for model in models if read_spec(model).checkpoint_sha256 == checkpoint]


def _relatives(model: Path) -> list[Path]:
    """Returns the models beside one that are of its checkpoint, by their names: X.onnx, X.int8.onnx, ..."""
    named = _NAME.fullmatch(model.stem)
    base = named[1] if named else model.stem
    names = [f"{base}.onnx"] if base else []
    names += [f"{base}.{end}.onnx" if base else f"{end}.onnx" for end in _PRECISIONS]
    checkpoint = read_spec(model).checkpoint_sha256
    there = (path for name in names if (path := model.with_name(name)).is_file() and path != model)
    return [path for path in there if _is_of(path, checkpoint)]


def _is_of(model: Path, checkpoint: str) -> bool:
    """Returns whether a model that nobody named is whole, and of a checkpoint."""
    try:
        return read_spec(model).checkpoint_sha256 == checkpoint
    except ModelError:
        return False
