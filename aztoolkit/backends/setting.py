"""The fastest backend, threads and batch for a model on this machine, as they were measured.

`aztoolkit benchmark inference` saves them in the user's cache; `--backend auto` looks there first.
"""

from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from aztoolkit import __version__
from aztoolkit.files import sha256, user_cache, write_json
from aztoolkit.hardware import installed_runtimes, probe_cpu, probe_gpus

FILE = "inference.json"
_FOR_TRAINING = "torch"
"""Counted among the runtimes, though no backend runs it."""


class Setting(BaseModel):
    """What was fastest for one model on one machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model_sha256: str
    machine: str
    """Processor, cores and cards; another machine's setting is never used."""
    versions: dict[str, str]
    """Of the runtimes that were installed; with others it is not used, for they may be faster or slower."""
    aztoolkit: str = __version__
    backend: str
    plan: bool
    """Whether the backend ran a plan that stood beside the model."""
    threads: int
    """Of one evaluator; 0 leaves the choice to the runtime."""
    batch: int
    """The smallest that comes close to the best speed. Said with the choice, never set by it: the batch of a
    search changes which moves it finds."""
    evals_per_s: float
    """At that batch."""
    measured: str
    """The day, such as `2026-11-21`."""


_Settings = TypeAdapter(dict[str, Setting])


def settings_file() -> Path:
    """Returns where settings are kept."""
    return user_cache() / FILE


def this_machine() -> str:
    """Returns what the speed of a machine depends on, in words."""
    cpu = probe_cpu()
    parts = [f"{cpu.name}, {cpu.cores} cores", *(gpu.name for gpu in probe_gpus())]
    return "; ".join(parts)


def runtime_versions() -> dict[str, str]:
    """Returns the versions of the runtimes that are installed, by distribution."""
    return {name: value for name, value in installed_runtimes().items() if name != _FOR_TRAINING}


def make_setting(
    model: Path, *, backend: str, plan: bool, threads: int, batch: int, evals_per_s: float
) -> Setting:
    """Returns a setting for a model on this machine with these runtimes, measured today."""
    return Setting(
        model_sha256=sha256(model),
        machine=this_machine(),
        versions=runtime_versions(),
        backend=backend,
        plan=plan,
        threads=threads,
        batch=batch,
        evals_per_s=evals_per_s,
        measured=datetime.now(UTC).date().isoformat(),
    )


def save_setting(setting: Setting) -> Path:
    """Adds a setting to the file, in place of what was known of its model, and returns the path."""
    path = settings_file()
    known = _read(path) | {_key(setting.model_sha256, setting.machine): setting}
    write_json(path, {key: value.model_dump() for key, value in known.items()})
    return path


def find_setting(model: Path) -> Setting | None:
    """Returns what was measured of a model on this machine with the runtimes that it has now, if anything."""
    known = _read(settings_file())  # first: without it there is no need to read the whole model
    if not known or not model.is_file():
        return None
    setting = known.get(_key(sha256(model), this_machine()))
    return setting if setting and setting.versions == runtime_versions() else None


def _key(model_sha256: str, machine: str) -> str:
    return f"{model_sha256[:16]} on {machine}"


def _read(path: Path) -> dict[str, Setting]:
    """Returns all settings; none from a file that another version wrote otherwise: they are only a cache."""
    try:
        return _Settings.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return {}
