"""Grouped bars as SVG, in colours that the colour-blind can tell apart (Okabe and Ito 2008)."""

from collections.abc import Mapping
from html import escape

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_BAR, _GAP, _HEIGHT = 56, 40, 240
_LEFT, _TOP, _BOTTOM = 24, 64, 56
_STYLE = (
    "text{font:12px sans-serif;fill:#24292f}svg{background:#fdfdfd}"
    "@media(prefers-color-scheme:dark){text{fill:#e6e6e6}svg{background:#16191d}}"
)


def bars(title: str, groups: Mapping[str, Mapping[str, float]]) -> str:
    """Returns a picture with a group of bars for each entry, each group to its own scale.

    Args:
        groups: by the name of a group, the height of each bar by its label.
    """
    labels = list(dict.fromkeys(label for group in groups.values() for label in group))
    parts, left = [], _LEFT
    for name, group in groups.items():
        parts.append(_group(name, group, labels, left))
        left += len(group) * _BAR + _GAP
    width, height = max(left, 420), _TOP + _HEIGHT + _BOTTOM
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style>{_text(_LEFT, 22, title)}{_legend(labels)}{''.join(parts)}</svg>\n"
    )


def _group(name: str, group: Mapping[str, float], labels: list[str], left: int) -> str:
    highest = max([*group.values(), 1e-9])
    parts = []
    for number, (label, value) in enumerate(group.items()):
        tall = _HEIGHT * value / highest * 0.92
        x, y = left + number * _BAR, _TOP + _HEIGHT - tall
        colour = _COLOURS[labels.index(label) % len(_COLOURS)]
        parts.append(
            f'<rect x="{x}" y="{y:.1f}" width="{_BAR - 6}" height="{tall:.1f}" fill="{colour}">'
            f"<title>{escape(label)}: {value:,.0f}</title></rect>{_text(x, y - 4, f'{value:,.0f}')}"
        )
    return "".join(parts) + _text(left, _TOP + _HEIGHT + 20, name)


def _legend(labels: list[str]) -> str:
    parts = []
    for number, label in enumerate(labels):
        x, colour = _LEFT + number * 110, _COLOURS[number % len(_COLOURS)]
        parts.append(f'<rect x="{x}" y="32" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(x + 18, 42, label))
    return "".join(parts)


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}">{escape(words)}</text>'
