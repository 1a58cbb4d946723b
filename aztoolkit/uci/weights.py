"""Which model file is meant by a file, a run, a folder of models, or nothing at all."""

import json
from pathlib import Path

import aztoolkit
from aztoolkit.errors import ModelError
from aztoolkit.files import sha256
from aztoolkit.model import sidecar

RUNS = Path("runs")
BUNDLED = Path(aztoolkit.__file__).parent / "models"
_PREFERENCE = ("int8", "fp32", "fp16")


def find_model(weights: str, precision: str = "auto") -> Path:
    """Returns the model that `weights` names, in this precision; the newest run's if it is empty.

    Precisions are told by names, as `export` and `quantize` give them: `int8.onnx`, `X.int8.onnx`.
    Of a folder, `auto` takes INT8 unless the gate has rejected it, else FP32, else any.

    Raises:
        ModelError: there is none.
    """
    path = Path(weights) if weights else None
    if path and path.is_file():
        return path if precision == "auto" else _sibling(path, precision)
    if path and not path.is_dir():
        raise ModelError(f"expected a model, a run or a folder, got nothing at {path}")
    models = (_models_in(path / "export") or _models_in(path)) if path else _newest()
    wanted = [model for model in models if precision in ("auto", _precision(model))]
    if not wanted:
        kind = "a model" if precision == "auto" else f"a model in {precision}"
        place = path or f"{RUNS}/*/export"
        raise ModelError(
            f"expected {kind} in {place}, got none; name one by the option WeightsFile, as in "
            "`aztoolkit uci model.onnx`, or make one with `aztoolkit export` or `quantize`"
        )
    return min(wanted, key=_rank)


def _sibling(model: Path, precision: str) -> Path:
    """Returns the model itself, or the same model in another precision that stands beside it."""
    own = _precision(model)
    stem = model.stem.removesuffix(own).removesuffix(".")
    names = [precision, f"{stem}.{precision}"] if own and not stem else [f"{stem}.{precision}"]
    beside = [model.with_name(f"{name}.onnx") for name in names]
    return next((path for path in beside if path.is_file()), model)


def _newest() -> list[Path]:
    runs = [models for run in RUNS.glob("*/export") if (models := _models_in(run))]
    newest = max(runs, key=lambda models: max(m.stat().st_mtime for m in models), default=[])
    return newest or _models_in(BUNDLED)


def _models_in(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.onnx") if not path.name.startswith(".")]


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
