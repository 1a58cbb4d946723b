"""Where a level limits a search: in play, not in analysis, which is asked for the truth."""

from dataclasses import replace

from aztoolkit.levels import Level
from aztoolkit.uci.commands import Go
from aztoolkit.uci.settings import Settings


def level_for(go: Go, settings: Settings) -> Level | None:
    """Returns the level that a `go` is played at; None for full strength, and for analysis."""
    is_analysis = go.endless or go.mate is not None or settings.analyse_mode
    return None if is_analysis else settings.level


def within(go: Go, level: Level | None) -> Go:
    """Returns the limits of a search that a level allows: never more nodes than its simulations."""
    if level is None:
        return go
    return replace(go, nodes=min(go.nodes or level.simulations, level.simulations))
