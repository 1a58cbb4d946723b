"""The charts of the page, as SVG whose colours the page's style gives, told in words as well."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from eval.report import figures

STYLE = """
.frame{fill:none;stroke:var(--line)}.zero{stroke:var(--line)}
.path{fill:none;stroke:var(--second);stroke-width:2;stroke-linejoin:round}
.limit{stroke:var(--quiet);stroke-dasharray:5 4}.bar{fill:var(--second)}
.reach{stroke:var(--second);stroke-width:3;stroke-linecap:round}.dot{fill:var(--second)}
"""
_PAIR_POINTS = ("0", "½", "1", "1½", "2")


@dataclass(frozen=True)
class Interval:
    """An Elo difference with its 95 % interval."""

    name: str
    elo: float
    low: float
    high: float


@dataclass(frozen=True)
class _Scale:
    """A mapping of values to places in a drawing."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Returns where a value lies; one outside of the scale, at its nearer end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


def draw_llr(path: Sequence[float], *, lower: float, upper: float) -> str:
    """Returns the way of the log-likelihood ratio between its two bounds.

    Args:
        path: after each pair of games.
    """
    width, height, left, right, top, bottom = 640, 240, 44, 70, 12, 36
    y = _Scale(min(lower, *path) - 0.5, max(upper, *path) + 0.5, height - bottom, top)
    x = _Scale(0, len(path), left, width - right)
    points = " ".join(f"{x.at(pair)},{y.at(ratio)}" for pair, ratio in enumerate((0.0, *path)))
    parts = [
        f'<rect class="frame" x="{left}" y="{top}" width="{width - left - right}" '
        f'height="{height - top - bottom}"/>',
        _horizontal("zero", y.at(0), left, width - right),
    ]
    for limit, word in ((upper, "accept"), (lower, "reject")):
        parts += [
            _horizontal("limit", y.at(limit), left, width - right),
            _text(width - right + 6, y.at(limit) + 4, word),
            _text(left - 6, y.at(limit) + 4, figures.signed(limit, 1), "end"),
        ]
    parts += [_text(left - 6, y.at(0) + 4, "0", "end")]
    parts += [f'<polyline class="path" points="{points}"/>']
    parts += [
        _text(x.at(pair), height - bottom + 16, f"{pair:,}", "middle") for pair in _ticks(path)
    ]
    parts += [_text((left + width - right) / 2, height - 4, "pairs of games", "middle")]
    words = (
        f"Log-likelihood ratio after each of {len(path):,} pairs of games: it ends at "
        f"{figures.signed(path[-1])}; the bounds are {figures.signed(upper)} to accept and "
        f"{figures.signed(lower)} to reject."
    )
    return _svg(width, height, words, parts)


def draw_elo(intervals: Sequence[Interval], *, weak: float, good: float) -> str:
    """Returns Elo differences with their intervals, one below the other.

    Args:
        weak: the difference that is too weak, drawn as a line.
        good: likewise, the one that is good enough.
    """
    width, left, right, top, row = 640, 150, 30, 34, 34
    height = top + row * len(intervals) + 26
    values = [weak, good, *(v for i in intervals for v in (i.low, i.high))]
    margin = 0.06 * (max(values) - min(values))
    x = _Scale(min(values) - margin, max(values) + margin, left, width - right)
    parts = []
    for limit, word in ((weak, "too weak"), (good, "good enough")):
        end = height - 24
        parts += [
            f'<line class="limit" x1="{x.at(limit)}" x2="{x.at(limit)}" y1="{top - 14}" y2="{end}"/>',
            _text(x.at(limit), top - 20, word, "middle"),
            _text(x.at(limit), height - 8, figures.elo(limit), "middle"),
        ]
    for place, found in enumerate(intervals):
        y = top + row * place + row // 2
        parts += [
            _text(0, y + 4, found.name),
            f'<line class="reach" x1="{x.at(found.low)}" x2="{x.at(found.high)}" y1="{y}" y2="{y}"/>',
            f'<circle class="dot" cx="{x.at(found.elo)}" cy="{y}" r="6"/>',
            _text(x.at(found.elo), y - 10, figures.elo(found.elo), "middle"),
        ]
    words = "Elo difference to the original. " + " ".join(map(describe_interval, intervals))
    return _svg(width, height, words, parts)


def draw_pentanomial(counts: Sequence[int]) -> str:
    """Returns how many pairs of games ended with each number of points, as bars."""
    width, height, top, bottom = 420, 170, 20, 38
    y = _Scale(0, max(*counts, 1), 0, height - top - bottom)
    wide = width / len(counts)
    parts = []
    for place, (count, points) in enumerate(zip(counts, _PAIR_POINTS, strict=True)):
        middle, tall = wide * (place + 0.5), y.at(count)
        parts += [
            f'<rect class="bar" x="{middle - 28:.0f}" y="{height - bottom - tall:.1f}" width="56" '
            f'height="{tall}"/>',
            _text(middle, height - bottom - tall - 6, f"{count:,}", "middle"),
            _text(middle, height - bottom + 16, points, "middle"),
        ]
    parts += [
        _horizontal("zero", height - bottom, 0, width),
        _text(
            width / 2, height - 4, "points of the candidate in the two games of a pair", "middle"
        ),
    ]
    told = zip(counts, _PAIR_POINTS, strict=True)
    words = "Pairs of games by points: " + ", ".join(f"{n:,} with {points}" for n, points in told)
    return _svg(width, height, f"{words}.", parts)


def describe_interval(found: Interval) -> str:
    """Returns an interval in words."""
    return (
        f"{found.name}: {figures.elo(found.elo)}, probably between {figures.elo(found.low)} "
        f"and {figures.elo(found.high)}."
    )


def _ticks(path: Sequence[float]) -> list[int]:
    """Returns round numbers of pairs, about five of them."""
    rough = max(len(path) / 5, 1)
    power = 1
    while power * 10 <= rough:
        power *= 10
    step = next(power * unit for unit in (1, 2, 5, 10) if power * unit >= rough)
    return list(range(0, len(path) + 1, step))


def _horizontal(kind: str, y: float, left: float, right: float) -> str:
    return f'<line class="{kind}" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(width: int, height: int, words: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(words)}">{"".join(parts)}</svg>'
    )
