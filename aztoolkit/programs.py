"""Where programs of others are found: on PATH, or where Debian puts engines."""

import shutil

_GAMES_FOLDER = "/usr/games"
"""Where Debian puts engines; often not on PATH."""


def find_program(name: str) -> str | None:
    """Returns the path of a program, given by name or path, or None if there is none to run."""
    return shutil.which(name) or shutil.which(name, path=_GAMES_FOLDER)
