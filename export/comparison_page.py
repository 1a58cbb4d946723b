"""A comparison as one HTML file: figures, histograms, and the worst positions drawn as boards."""

from collections.abc import Sequence
from html import escape
from typing import Any

import chess
import chess.svg
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_encoding
from aztoolkit.evaluator import Evaluation, Evaluator
from export.distances import Distances, legal_indices, log_softmax, winrate

WORST = 6
"""Positions drawn for each measure."""
_BINS, _WIDTH, _HEIGHT = 30, 420, 120
_FIRST_COLOUR, _SECOND_COLOUR = "#0072b2", "#d55e00"
"""Of Okabe and Ito (2008), which the colour-blind can tell apart."""
_STYLE = (
    "body{font:15px sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#24292f;"
    "background:#fdfdfd}figure{display:inline-block;margin:0 1rem 1rem 0;vertical-align:top}"
    "td,th{padding:.2rem .8rem .2rem 0;text-align:left}figcaption{max-width:15rem;font-size:13px}"
    "@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#16191d}}"
)


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
    names = [escape(str(report[one]["path"])) for one in ("first", "second")]
    parts = [
        f"<h1>{names[1]} against {names[0]}</h1>",
        f"<p>{len(boards)} held-out positions of {escape(str(report['source']))}</p>",
        _table(report),
        "<h2>How far, how often</h2>",
        _histogram("policy KL, nats", found.kl),
        _histogram("win-rate error, percentage points", 100 * found.winrate),
    ]
    for title, values in (("policy KL", found.kl), ("win-rate error", found.winrate)):
        parts.append(f"<h2>Worst by {title}</h2>")
        worst = [boards[place] for place in np.argsort(-values)[:WORST]]
        parts.extend(_draw_worst(worst, first, second))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{names[1]}</title>'
        f"<style>{_STYLE}</style>{''.join(parts)}</html>\n"
    )


def _table(report: dict[str, Any]) -> str:  # Any: a JSON document
    rows = {
        "policy KL, mean / p99": f"{report['kl_mean']:.5f} / {report['kl_p99']:.5f} nats",
        "same top move": f"{report['top1']:.1%}",
        "win-rate error, mean / p99 / max": " / ".join(
            f"{100 * report[f'winrate_error_{name}']:.2f}" for name in ("mean", "p99", "max")
        )
        + " pp",
        "policy / value RMSE": f"{report['policy_rmse']:.5f} / {report['value_rmse']:.5f}",
    }
    cells = "".join(f"<tr><th>{name}</th><td>{text}</td></tr>" for name, text in rows.items())
    return f"<table>{cells}</table>"


def _histogram(title: str, values: NDArray[np.float64]) -> str:
    """Returns a histogram up to the 99.5th percentile; what lies beyond is in the last bin."""
    end = max(float(np.percentile(values, 99.5)), 1e-9)
    counts, _ = np.histogram(np.minimum(values, end), bins=_BINS, range=(0, end))
    wide, highest = _WIDTH / _BINS, counts.max()
    bars = "".join(
        f'<rect x="{number * wide:.1f}" y="{_HEIGHT - _HEIGHT * count / highest:.1f}" '
        f'width="{wide - 1:.1f}" height="{_HEIGHT * count / highest:.1f}" fill="{_FIRST_COLOUR}"/>'
        for number, count in enumerate(counts)
    )
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'role="img"><title>{title}</title>{bars}</svg>'
        f"<figcaption>{title}: 0 to {end:.4g}, median {np.median(values):.4g}</figcaption></figure>"
    )


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
        answers, (_FIRST_COLOUR, _SECOND_COLOUR), ("first", "second"), strict=True
    ):
        chances = np.exp(log_softmax(answer.policy[place][legal]))
        best = moves[int(chances.argmax())]
        arrows.append(chess.svg.Arrow(best.from_square, best.to_square, color=colour))
        score = float(winrate(answer.wdl[place : place + 1])[0])
        words.append(f"{who}: {board.san(best)} {chances.max():.0%}, scores {score:.1%}")
    svg = chess.svg.board(board, orientation=board.turn, arrows=arrows[::-1], size=240)
    caption = f"{'<br>'.join(words)}<br><small>{escape(board.fen())}</small>"
    return f"<figure>{svg}<figcaption>{caption}</figcaption></figure>"
