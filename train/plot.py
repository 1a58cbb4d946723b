"""`aztoolkit plot`: losses, throughput and strength of a run, over training steps and over hours.

    losses       policy, win/draw/loss; dashed where measured on held-out positions      nats
    throughput   positions played and learned a second                                   1/s
    strength     Elo over the run's first checkpoint, with 95 % intervals                Elo

Colours are those of Okabe and Ito (2008), which the colour-blind can tell apart; lines differ in dash
or marker too. An SVG follows the reader's light or dark mode by a style sheet of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aztoolkit.errors import ConfigError
from aztoolkit.files import write_bytes
from train.metrics import HOURS, STEP, read_metrics
from train.strength import elo_curve, read_matches

SUFFIXES = (".svg", ".png", ".html")
_INK, _PAPER = "#24292f", "#fdfdfd"
_DARK_INK, _DARK_PAPER = "#e6e6e6", "#16191d"
_BLUE, _ORANGE, _GREEN = "#0072b2", "#d55e00", "#009e73"
_DARK = {_INK: _DARK_INK, _PAPER: _DARK_PAPER, _BLUE: "#56b4e9", _ORANGE: "#e69f00"}
"""What a colour becomes in dark mode; green serves both."""
_DASHED = (0, (4, 2))
_SIZE_INCHES, _DOTS_AN_INCH = (11.0, 8.5), 130
_STYLE: Any = {  # Any: settings of every type
    "svg.fonttype": "none",
    "svg.hashsalt": "aztoolkit",
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "figure.facecolor": _PAPER,
    "axes.facecolor": _PAPER,
    "axes.grid": True,
    "grid.color": _INK,
    "grid.alpha": 0.15,
    "legend.frameon": False,
}


@dataclass(frozen=True)
class _Line:
    """A metric as it is drawn."""

    metric: str
    label: str
    color: str
    linestyle: Any = "-"  # Any: a name, or an offset and the lengths of dashes


_LOSSES = (
    _Line("policy_loss", "policy", _BLUE),
    _Line("held_out_policy_loss", "policy, held out", _BLUE, _DASHED),
    _Line("wdl_loss", "win/draw/loss", _ORANGE),
    _Line("held_out_wdl_loss", "win/draw/loss, held out", _ORANGE, _DASHED),
)
_THROUGHPUT = (
    _Line("positions_per_s", "self-play", _BLUE),
    _Line("learned_positions_per_s", "learning", _ORANGE, _DASHED),
)
_Rows = Sequence[Mapping[str, float]]


def draw_run(run: Path, target: Path) -> None:
    """Draws a run folder into a file of the kind that its suffix names.

    Raises:
        ConfigError: the suffix is not among `SUFFIXES`.
        DataError: the folder is not that of a run.
        InputError: the file cannot be written.
    """
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise ConfigError(f"expected a file ending in {', '.join(SUFFIXES)}, got {target}")
    rows = read_metrics(run)
    with mpl.rc_context(_STYLE):
        figure = _draw(rows, _strength(run, rows), title=run.resolve().name)
        data = _render(figure, "png" if suffix == ".png" else "svg")
    if suffix != ".png":
        svg = _follow_mode(data.decode())
        data = (_page(svg, run.resolve().name) if suffix == ".html" else svg).encode()
    write_bytes(target, data)


def _strength(run: Path, rows: _Rows) -> list[dict[str, float]]:
    """Returns the Elo curve, with the hours at which the checkpoints were made."""
    curve = sorted(elo_curve(read_matches(run)).items())
    steps = [row[STEP] for row in rows]
    hours = [row.get(HOURS, float("nan")) for row in rows]
    return [
        {
            STEP: step,
            HOURS: float(np.interp(step, [0, *steps], [0.0, *hours])),
            "elo": rating.elo,
            "low": rating.elo - rating.low,
            "high": rating.high - rating.elo,
        }
        for step, rating in curve
    ]


def _draw(rows: _Rows, strength: _Rows, *, title: str) -> Figure:
    figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
    figure.suptitle(title, fontweight="bold")
    panels = figure.subplots(3, 2, sharey="row", sharex="col")
    for column, (time, label) in enumerate(
        ((STEP, "training steps"), (HOURS, "hours of training"))
    ):
        _draw_lines(panels[0, column], rows, time, _LOSSES)
        _draw_lines(panels[1, column], rows, time, _THROUGHPUT)
        _draw_elo(panels[2, column], strength, time)
        panels[2, column].set_xlabel(label)
    for row, label in enumerate(
        ("loss (nats)", "positions per second", "Elo over the first checkpoint")
    ):
        panels[row, 0].set_ylabel(label)
        figure.align_ylabels(panels[:, 0])
    return figure


def _draw_lines(axes: Axes, rows: _Rows, time: str, lines: Sequence[_Line]) -> None:
    for line in lines:
        points = [(row[time], row[line.metric]) for row in rows if {time, line.metric} <= set(row)]
        if points:
            marker = "o" if len(points) == 1 else None
            axes.plot(
                *zip(*points, strict=True),
                color=line.color,
                linestyle=line.linestyle,
                marker=marker,
                label=line.label,
            )
    axes.set_ylim(bottom=0)
    if axes.lines:
        axes.legend()
    else:
        _say_none(axes, "none measured")


def _draw_elo(axes: Axes, strength: _Rows, time: str) -> None:
    if not strength:
        _say_none(axes, "no matches played (--match-every)")
        return
    axes.errorbar(
        [point[time] for point in strength],
        [point["elo"] for point in strength],
        yerr=[[point["low"] for point in strength], [point["high"] for point in strength]],
        color=_GREEN,
        marker="o",
        markersize=4,
        capsize=3,
        label="95 % interval",
    )
    axes.legend()


def _say_none(axes: Axes, words: str) -> None:
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", alpha=0.6)


def _render(figure: Figure, kind: str) -> bytes:
    stream = BytesIO()
    metadata = {"Date": None} if kind == "svg" else {}
    figure.savefig(stream, format=kind, dpi=_DOTS_AN_INCH, metadata=metadata)
    return stream.getvalue()


def _follow_mode(svg: str) -> str:
    """Returns the drawing with its colours as variables, which dark mode changes."""
    names = {color: f"--c{color[1:]}" for color in _DARK}
    for color, name in names.items():
        svg = svg.replace(color, f"var({name})")
    light = "".join(f"{name}: {color};" for color, name in names.items())
    dark = "".join(f"{names[color]}: {other};" for color, other in _DARK.items())
    style = (
        f"<style>:root {{{light}}} @media (prefers-color-scheme: dark) {{:root {{{dark}}}}}</style>"
    )
    begin = svg.index("<svg")
    end = svg.index(">", begin) + 1
    return svg[:end] + style + svg[end:]


def _page(svg: str, title: str) -> str:
    drawing = svg[svg.index("<svg") :]
    return (
        "<!doctype html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<style>body {{margin: 0; background: var(--c{_PAPER[1:]});}} "
        "svg {display: block; margin: auto; max-width: 100%; height: auto;}</style></head>\n"
        f"<body>{drawing}</body></html>\n"
    )
