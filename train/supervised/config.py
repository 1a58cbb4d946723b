"""What a run learns before self-play: asked for on the command line, and kept for when it is resumed.

RUN/supervised/settings.json    SupervisedSettings
"""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from aztoolkit.errors import ConfigError
from train.supervised.settings import SupervisedSettings

FOLDER = "supervised"
"""Of all data sets in a run folder."""
SETTINGS = "settings.json"


def resolve_supervised(run: Path, options: Mapping[str, object]) -> SupervisedSettings | None:
    """Returns what a run is to learn before self-play: its own settings, with the options given now.

    Args:
        run: folder of the run, which need not exist.
        options: settings given on the command line, by name.

    Returns:
        None where there is nothing to learn from.

    Raises:
        ConfigError: an option is wrong, or has nothing to learn from.
    """
    path = run / FOLDER / SETTINGS
    stored = json.loads(path.read_text()) if path.is_file() else {}
    try:
        settings = SupervisedSettings.model_validate({**stored, **options})
    except ValidationError as error:
        first = error.errors()[0]
        name = "--" + "-".join(str(part) for part in first["loc"]).replace("_", "-")
        raise ConfigError(
            f"expected {name} to be valid in {path} and the options, got {first['input']!r}: "
            f"{first['msg']}"
        ) from error
    if settings.has_source:
        return settings
    if options:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in options)
        raise ConfigError(f"expected --from-pgn or --teacher beside {names}, got neither")
    return None
