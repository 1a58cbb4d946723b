"""Numbers as people read them."""

import math

_MINUS = "\u2212"
_SPACE = "\u00a0"
_MINUTE_S, _HOUR_MIN = 60, 60
_ROUND_WORDS = {
    2: "two",
    3: "three",
    5: "five",
    10: "ten",
    20: "twenty",
    50: "fifty",
    100: "a hundred",
}


def percent(share: float | None, digits: int = 1) -> str:
    """Returns a share, 0 to 1, as a percentage."""
    return "—" if share is None else f"{100 * share:z.{digits}f}{_SPACE}%"


def elo(points: float | None) -> str:
    """Returns an Elo difference as a whole number with its sign; zero has none."""
    if points is None:
        return "—"
    return signed(points, 0) if round(points) else "0"


def signed(value: float | None, digits: int = 2) -> str:
    """Returns a number with its sign."""
    return "—" if value is None else f"{value:+z.{digits}f}".replace("-", _MINUS)


def number(value: float) -> str:
    """Returns a number: whole ones with commas, others with four significant digits."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}".replace("-", _MINUS)
    text = f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return text.replace("-", _MINUS)


def duration(seconds: float | None) -> str:
    """Returns a time in the units that fit."""
    if seconds is None:
        return "—"
    if seconds < _MINUTE_S:
        return f"{seconds:.3g}{_SPACE}s"
    minutes, rest_s = divmod(round(seconds), _MINUTE_S)
    if minutes < _HOUR_MIN:
        return f"{minutes}{_SPACE}min {rest_s}{_SPACE}s"
    return f"{minutes // _HOUR_MIN}{_SPACE}h {minutes % _HOUR_MIN}{_SPACE}min"


def once_in(risk: float) -> str:
    """Returns a small probability as players say it, `once in twenty times`: a round one, not too small."""
    times = round(1 / risk)
    if times <= max(_ROUND_WORDS):
        return f"once in {_ROUND_WORDS[max(n for n in _ROUND_WORDS if n <= times)]} times"
    return f"once in {times:,} times"


def expected_score(value: float) -> str:
    """Returns P(win) - P(loss) as an expected score."""
    return percent((value + 1) / 2, 0)
