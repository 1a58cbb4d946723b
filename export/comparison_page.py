"""A comparison as one HTML file: figures, histograms, and the worst positions drawn as boards."""

from collections.abc import Sequence
from html import escape
from typing import Any

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_encoding
from aztoolkit.evaluator import Evaluation, Evaluator
from aztoolkit.page import (
    FIRST_COLOUR,
    SECOND_COLOUR,
    draw_board,
    draw_figure,
    draw_table,
    write_page,
)
from export.distances import Distances, legal_indices, log_softmax, winrate

WORST = 6
"""Positions drawn for each measure."""
OTHERS = (
    "of different checkpoints: this is how far the networks are apart, not what a precision costs"
)
"""What is said of two models that were not made from the same weights."""
_BINS, _WIDTH, _HEIGHT = 30, 420, 120
_STYLE = ".bin{fill:var(--first)}"


def draw_page(
    report: dict[str, Any],  # Any: a JSON document
    found: Distances,
    boards: Sequence[chess.Board],
    first: Evaluator,
    second: Evaluator,
) -> str:
    """Returns the page of a comparison.

    Args:
        report: as in `X.compare.json`.
        boards: the positions that `found` is of, in order.
    """
    names = [str(report[one]["path"]) for one in ("first", "second")]
    title = f"{names[1]} against {names[0]}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{len(boards):,} held-out positions of {escape(str(report['source']))}</p>",
        "" if report["same_checkpoint"] else f"<p><strong>They are {escape(OTHERS)}.</strong></p>",
        draw_table(_rows(report)),
        "<h2>How far, how often</h2>",
        _histogram("policy KL, nats", found.kl),
        _histogram("win-rate error, percentage points", 100 * found.winrate),
    ]
    for name, values in (("policy KL", found.kl), ("win-rate error", found.winrate)):
        worst = [boards[place] for place in np.argsort(-values)[:WORST]]
        drawn = "".join(_draw_worst(worst, first, second))
        parts.append(f'<h2>Worst by {name}</h2><div class="boards">{drawn}</div>')
    return write_page(title, parts, style=_STYLE)


def _rows(report: dict[str, Any]) -> dict[str, str]:  # Any: a JSON document
    return {
        "policy KL, mean / p99": f"{report['kl_mean']:.5f} / {report['kl_p99']:.5f} nats",
        "same top move": f"{report['top1']:.1%}",
        "win-rate error, mean / p99 / max": " / ".join(
            f"{100 * report[f'winrate_error_{name}']:.2f}" for name in ("mean", "p99", "max")
        )
        + " pp",
        "policy / value RMSE": f"{report['policy_rmse']:.5f} / {report['value_rmse']:.5f}",
    }


def _histogram(title: str, values: NDArray[np.float64]) -> str:
    """Returns a histogram up to the 99.5th percentile; what lies beyond is in the last bin."""
    end = max(float(np.percentile(values, 99.5)), 1e-9)
    counts, _ = np.histogram(np.minimum(values, end), bins=_BINS, range=(0, end))
    wide, highest = _WIDTH / _BINS, counts.max()
    bars = "".join(
        f'<rect class="bin" x="{number * wide:.1f}" y="{_HEIGHT - _HEIGHT * count / highest:.1f}" '
        f'width="{wide - 1:.1f}" height="{_HEIGHT * count / highest:.1f}"/>'
        for number, count in enumerate(counts)
    )
    words = f"{title}: 0 to {end:.4g}, median {np.median(values):.4g}"
    svg = (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" role="img" '
        f'aria-label="Histogram of {escape(words)}">{bars}</svg>'
    )
    return draw_figure(svg, escape(words))


def _draw_worst(boards: Sequence[chess.Board], first: Evaluator, second: Evaluator) -> list[str]:
    encode = get_encoding(first.spec.encoding).encode
    planes = np.stack([encode(board) for board in boards])
    answers = first.evaluate(planes), second.evaluate(planes)
    space = first.spec.action_space
    return [_draw_board(board, place, answers, space) for place, board in enumerate(boards)]


def _draw_board(
    board: chess.Board, place: int, answers: tuple[Evaluation, Evaluation], action_space: str
) -> str:
    """Returns a board with an arrow for the best move of either model."""
    moves, legal = list(board.legal_moves), legal_indices(board, action_space)
    arrows, words = [], []
    for answer, colour, who in zip(
        answers, (FIRST_COLOUR, SECOND_COLOUR), ("first", "second"), strict=True
    ):
        chances = np.exp(log_softmax(answer.policy[place][legal]))
        best = moves[int(chances.argmax())]
        arrows.append((best, colour))
        score = float(winrate(answer.wdl[place : place + 1])[0])
        words.append(f"{who}: {board.san(best)} {chances.max():.0%}, scores {score:.1%}")
    label = f"{'; '.join(words)}. {board.fen()}"
    caption = f"{'<br>'.join(map(escape, words))}<br><small>{escape(board.fen())}</small>"
    return draw_figure(draw_board(board, label=label, arrows=arrows), caption)
