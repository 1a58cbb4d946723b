"""The levels an engine is offered at, with their Elo where it was measured for this very file."""

import sys
from pathlib import Path

from aztoolkit.errors import InputError
from aztoolkit.levels import LEVELS, Level, MeasuredLevel, MeasuredLevels, levels_of
from serve.schemas import EngineLevel, EngineLevels


def offer_levels(model: Path, digest: str) -> EngineLevels:
    """Returns the levels of a model; a file of their Elo that is broken is told on stderr.

    Args:
        digest: SHA-256 of the model.
    """
    measured = _read(model, digest)
    levels = [_offer(level, measured.of(level) if measured else None) for level in LEVELS]
    return EngineLevels(levels=levels, scale=measured.scale if measured else None)


def _read(model: Path, digest: str) -> MeasuredLevels | None:
    try:
        return levels_of(model, digest)
    except InputError as error:
        print(f"aztoolkit: no Elo of the levels of {model.name}: {error}", file=sys.stderr)
        return None


def _offer(level: Level, measured: MeasuredLevel | None) -> EngineLevel:
    play = level.model_dump()
    if measured is None:
        return EngineLevel(**play)
    found = measured.model_dump(include={"elo", "elo_low", "elo_high", "games"})
    return EngineLevel(**play, **found, worth=measured.words)
