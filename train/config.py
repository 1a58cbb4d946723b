"""Where the settings of a training run come from: a TOML profile and the command line.

    profile (train/profiles/NAME.toml)  <  options (--simulations 64)  ->  RUN/config.toml

Where `--start-from` names a checkpoint, its network stands between the two.

A resumed run keeps its own config.toml, but for what is measured while it trains; other options that
disagree with it are refused.
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aztoolkit.errors import ConfigError
from aztoolkit.hardware import Gpu, probe_gpus
from aztoolkit.model_files import SHIPPED_NAME
from train.settings import NetworkSettings, TrainConfig, WatchingSettings

FILE = "config.toml"
DEFAULT_PROFILE = "cpu"
AUTO = "auto"
_WATCHING = frozenset(WatchingSettings.model_fields)
"""Settings that a resumed run may change: nothing that is played or learned hangs on them."""
_NETWORK = set(NetworkSettings.model_fields)
_AUTO_MIB = {"high": 30_000, "mid": 14_000, "low": 7_000}
"""Graphics memory that a profile wants, less what a card of that size keeps for itself."""
_PROFILES = Path(__file__).parent / "profiles"


def profile_names() -> list[str]:
    """Returns the names of the profiles that come with aztoolkit."""
    return sorted(path.stem for path in _PROFILES.glob("*.toml"))


def choose_profile(gpus: Sequence[Gpu]) -> str:
    """Returns the name of the largest profile that the first of the graphics cards has memory for."""
    memory_mib = gpus[0].memory_mib if gpus else 0
    fitting = (name for name, wanted in _AUTO_MIB.items() if memory_mib >= wanted)
    return next(fitting, DEFAULT_PROFILE)


def load_profile(name: str) -> TrainConfig:
    """Returns the settings of a profile: by its name, by the path of a TOML file of one's own, or those
    that fit this machine for `auto`.

    Raises:
        ConfigError: there is no such profile, or it holds an unknown or wrong value.
    """
    if name.endswith(".toml"):
        own = load_config(Path(name))
        return own.model_copy(update={"start_from": _absolute_origin(own.start_from)})
    if name == AUTO:
        name = choose_profile(probe_gpus())
    if name not in profile_names():
        known = ", ".join([AUTO, *profile_names()])
        raise ConfigError(f"expected a profile among {known} or a .toml file, got {name!r}")
    return load_config(_PROFILES / f"{name}.toml")


def load_config(path: Path) -> TrainConfig:
    """Returns the settings in a TOML file.

    Raises:
        ConfigError: the file cannot be read, or holds an unknown or wrong value.
    """
    try:
        fields = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"expected a TOML file at {path}, got: {reason}; mend it") from error
    return _validate(fields, source=str(path))


def resolve(run: Path, profile: str | None, options: Mapping[str, Any]) -> TrainConfig:
    """Returns the settings of a run: its own if it was begun before, else profile and options.

    Args:
        profile: None for the run's own settings, or the default profile.
        options: settings given on the command line, by name.

    Raises:
        ConfigError: something is unknown or wrong, or disagrees with the run.
    """
    stored = load_config(run / FILE) if (run / FILE).is_file() else None
    if stored is None:
        return resolve_fresh(profile, options)
    options = _with_absolute_origin(options)
    watching = {name: value for name, value in options.items() if name in _WATCHING}
    resumed = stored.model_copy(update=watching)
    asked = _overridden(load_profile(profile), options, begun=stored) if profile else options
    _check_resumable(run, resumed, asked)
    return resumed


def resolve_fresh(profile: str | None, options: Mapping[str, Any]) -> TrainConfig:
    """Returns the settings of a profile, or of the default one, overridden by options.

    Raises:
        ConfigError: something is unknown or wrong.
    """
    base = load_profile(profile or DEFAULT_PROFILE)
    return _validate(_overridden(base, _with_absolute_origin(options)), source="options")


def _with_absolute_origin(options: Mapping[str, Any]) -> Mapping[str, Any]:
    if "start_from" not in options:
        return options
    return {**options, "start_from": _absolute_origin(options["start_from"])}


def _absolute_origin(name: str) -> str:
    """Returns a checkpoint's path as it is from every folder; `shipped` where that is no file's.

    Raises:
        ConfigError: no file could have that name.
    """
    path = Path(name)
    try:
        is_name = not name or (not path.exists() and name == SHIPPED_NAME)
        return name if is_name else str(path.resolve())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"expected a checkpoint, a run or {SHIPPED_NAME} to start from, got {name!r}: {reason}"
        ) from error


def _overridden(
    base: TrainConfig, options: Mapping[str, Any], *, begun: TrainConfig | None = None
) -> dict[str, Any]:
    """Returns the settings of a profile under those of the checkpoint to start from, under the options.

    Args:
        begun: a run that may have begun from that checkpoint, and has its network.
    """
    return {**base.model_dump(), **_network_to_start(base, options, begun), **options}


def _network_to_start(
    base: TrainConfig, options: Mapping[str, Any], begun: TrainConfig | None
) -> dict[str, Any]:
    """Returns kind and size of the network to start from; nothing where there is none.

    A profile that names a checkpoint and a network, as a run's own settings do, means that network.
    """
    asked = options.get("start_from", base.start_from)
    named = "start_from" not in options and base.model_fields_set & _NETWORK
    if not asked or named:
        return {}
    if begun and begun.start_from == asked:
        return begun.model_dump(include=_NETWORK)
    from train.origin import network_of  # torch

    return network_of(asked)


def _check_resumable(run: Path, stored: TrainConfig, asked: Mapping[str, Any]) -> None:
    kept = stored.model_dump()
    differing = [
        name for name, value in asked.items() if kept[name] != value and name not in _WATCHING
    ]
    if differing:
        was = ", ".join(f"{name} = {json.dumps(kept[name])}" for name in differing)
        now = ", ".join(f"{name} = {json.dumps(asked[name])}" for name in differing)
        raise ConfigError(
            f"expected the settings that {run} was begun with ({was}), got {now}; "
            "drop --profile and these options to resume it, or choose another --run"
        )


def _validate(fields: Mapping[str, Any], *, source: str) -> TrainConfig:
    try:
        return TrainConfig.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(TrainConfig.model_fields)
            raise ConfigError(
                f"expected settings among {known}, got {name!r} in {source}"
            ) from error
        if not name:  # settings that do not go together
            raise ConfigError(f"{first['ctx']['error']} in {source}") from error
        raise ConfigError(
            f"expected {name} in {source} to be valid, got {first['input']!r}: {first['msg']}"
        ) from error
