"""Which model files are meant by a name, or by no name at all.

models/a.onnx    that file
runs/a           a run: all models in its `export` folder
models           a folder: all models in it
shipped          the network that comes with aztoolkit
(nothing)        the models of the newest run in `runs`, else the network that comes with aztoolkit
"""

from pathlib import Path

from aztoolkit.errors import ModelError

RUNS = Path("runs")
SHIPPED = Path(__file__).parent / "models"
"""Folder of the network that comes with aztoolkit."""
SHIPPED_NAME = "shipped"
_SHIPPED_MODEL = "int8.onnx"
EXPORT = "export"
"""Folder of a run's models."""


def find_models(name: Path | None) -> list[Path]:
    """Returns the models that a name means, ordered by file name; at least one.

    Raises:
        ModelError: there are none.
    """
    if name is None:
        return _models_of_newest_run() or models_in(SHIPPED) or _refuse(RUNS / "*" / EXPORT)
    if name.is_file():
        return [name]
    if name.is_dir():
        return models_in(name / EXPORT) or models_in(name) or _refuse(name)
    if name == Path(SHIPPED_NAME):
        return models_in(SHIPPED) or _refuse(SHIPPED)
    raise ModelError(f"expected a model, a run or a folder, got nothing at {name}")


def shipped_model(name: Path) -> Path:
    """Returns the INT8 model that comes with aztoolkit if `name` is its name, and no file's; else `name`."""
    return SHIPPED / _SHIPPED_MODEL if name == Path(SHIPPED_NAME) and not name.exists() else name


def models_in(folder: Path) -> list[Path]:
    """Returns the models in a folder, ordered by name; files still being written are passed over."""
    return sorted(path for path in folder.glob("*.onnx") if not path.name.startswith("."))


def _models_of_newest_run() -> list[Path]:
    runs = [models for run in RUNS.glob("*") if (models := models_in(run / EXPORT))]
    return max(runs, key=lambda models: max(m.stat().st_mtime for m in models), default=[])


def _refuse(place: Path) -> list[Path]:
    raise ModelError(
        f"expected .onnx files in {place}, got none; name a model, or make one with `aztoolkit train` "
        "and `aztoolkit export`"
    )
