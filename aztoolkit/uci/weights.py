"""Which one of the models that a name means is played."""

import json
from pathlib import Path

from aztoolkit.errors import ModelError
from aztoolkit.files import sha256
from aztoolkit.model import sidecar
from aztoolkit.model_files import find_models

_PREFERENCE = ("int8", "fp32", "fp16")


def find_model(weights: str, precision: str = "auto") -> Path:
    """Returns the model that `weights` names (see `model_files`), in this precision.

    Precisions are told by names, as `export` and `quantize` give them: `int8.onnx`, `X.int8.onnx`.
    Of a folder, `auto` takes INT8 unless the gate has rejected it, else FP32, else any.

    Raises:
        ModelError: there is none.
    """
    path = Path(weights) if weights else None
    if path and path.is_file():
        return path if precision == "auto" else _sibling(path, precision)
    models = find_models(path)
    wanted = [model for model in models if precision in ("auto", _precision(model))]
    if not wanted:
        raise ModelError(
            f"expected a model in {precision} in {models[0].parent}, got none; name another folder by "
            "the option WeightsFile, or make one with `aztoolkit export` or `quantize`"
        )
    return min(wanted, key=_rank)


def _sibling(model: Path, precision: str) -> Path:
    """Returns the model itself, or the same model in another precision that stands beside it."""
    own = _precision(model)
    stem = model.stem.removesuffix(own).removesuffix(".")
    names = [precision, f"{stem}.{precision}"] if own and not stem else [f"{stem}.{precision}"]
    beside = [model.with_name(f"{name}.onnx") for name in names]
    return next((path for path in beside if path.is_file()), model)


def _precision(model: Path) -> str:
    """Returns the precision that a file's name tells, or nothing."""
    last = model.stem.rpartition(".")[2]
    return last if last in _PREFERENCE else ""


def _rank(model: Path) -> tuple[bool, int, str]:
    known = _precision(model)
    order = _PREFERENCE.index(known) if known else len(_PREFERENCE)
    return _rejected(model), order, model.name


def _rejected(model: Path) -> bool:
    """Returns whether a verdict on this very file stands beside it and rejects it."""
    try:
        report = json.loads(sidecar(model, "gate").read_bytes())
        judged = report.get("candidate", {}).get("sha256")
        return report["verdict"] == "rejected" and judged in (None, sha256(model))
    except (OSError, ValueError, KeyError, AttributeError):
        return False
