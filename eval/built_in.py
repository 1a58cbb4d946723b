"""The data that come with the gate, and how a report calls them on every machine alike."""

from pathlib import Path

_STAGE = Path(__file__).parent
BOOK = _STAGE / "data" / "openings.epd"
"""Openings; `eval/make_openings.py` wrote them."""
SUITE = _STAGE / "data" / "tactics.epd"
"""Positions with their best moves; `eval/make_tactics.py` wrote them."""


def tell_path(path: Path) -> str:
    """Returns a path as it was given; of data that come with the gate, the one in the repository."""
    return path.relative_to(_STAGE.parent).as_posix() if path in (BOOK, SUITE) else str(path)
