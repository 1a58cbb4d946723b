"""Networks with a name, such as se_resnet_9x256: what stands in networks/presets.toml."""

import tomllib
from pathlib import Path

from aztoolkit.errors import ConfigError

Fields = dict[str, int | str]
"""Of `NetworkConfig`, and of a run's settings, by name."""
_FILE = Path(__file__).parent / "networks" / "presets.toml"


def preset_names() -> list[str]:
    """Returns the names of the presets."""
    return list(_read())


def preset(name: str) -> Fields:
    """Returns kind and size of a network by the name of its preset; what it leaves out is 0.

    Raises:
        ConfigError: there is no such preset.
    """
    presets = _read()
    if name not in presets:
        raise ConfigError(f"expected a network among {', '.join(presets)}, got {name!r}")
    return {"se_ratio": 0, "heads": 0} | presets[name]


def _read() -> dict[str, Fields]:
    return tomllib.loads(_FILE.read_text())
