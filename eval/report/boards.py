"""Positions worth a look, as boards with what was played: failures, disagreements, worst moments."""

from collections.abc import Iterable, Sequence
from html import escape

import chess

from aztoolkit.page import SECOND_COLOUR, draw_board, draw_figure
from eval.report import figures
from eval.report.explain import Document

_REPLY_COLOUR, _BEST_COLOUR = "#5a5a5a", "#009e73"
_KEPT_PLIES = 8
"""Last moves of a game that are told with a failure."""
Arrows = Sequence[tuple[chess.Move, str]]


def draw_moments(moments: Iterable[Document]) -> str:
    """Returns positions where a side thought too well of its move (see `eval.report.moments`)."""
    return _side_by_side(map(_moment, moments))


def draw_failures(failures: Iterable[Document]) -> str:
    """Returns positions in which an engine could not move."""
    return _side_by_side(map(_failure, failures))


def _moment(moment: Document) -> str:
    board = chess.Board(moment["fen"])
    move, reply = (chess.Move.from_uci(moment[key]) for key in ("move", "reply"))
    after = board.copy(stack=False)
    after.push(move)
    before, later = (figures.expected_score(moment[key]) for key in ("before", "after"))
    words = (
        f"It played {_numbered(board, move)} and expected to score {before}; after "
        f"{_numbered(after, reply)} it expected {later}."
    )
    return _figure(board, _game_of(moment), words, [(move, SECOND_COLOUR), (reply, _REPLY_COLOUR)])


def _failure(failure: Document) -> str:
    who = "The candidate" if failure["engine"] == "candidate" else "The original"
    last = " ".join(failure["moves"].split()[-_KEPT_PLIES:]) or "none"
    words = f"{who} could not move ({failure['kind']}): {failure['detail']}. Last moves: {last}."
    return _figure(chess.Board(failure["fen"]), _game_of(failure), words, [])


def _game_of(played: Document) -> str:
    return f"Game {played['pair'] + 1}.{played['game'] + 1}"


def _numbered(board: chess.Board, move: chess.Move) -> str:
    """Returns a move as it is written in a game: `12. Nf3` or `12... Nf6`."""
    dots = "." if board.turn == chess.WHITE else "..."
    return f"{board.fullmove_number}{dots}\u00a0{board.san(move)}"


def _figure(board: chess.Board, title: str, words: str, arrows: Arrows) -> str:
    side = "White" if board.turn == chess.WHITE else "Black"
    picture = draw_board(
        board, label=f"{title}, {side} to move. {words} {board.fen()}", arrows=arrows
    )
    caption = (
        f"<b>{escape(title)}</b>, {side} to move. {escape(words)}<br>"
        f"<small>{escape(board.fen())}</small>"
    )
    return draw_figure(picture, caption)


def _side_by_side(figures: Iterable[str]) -> str:
    return f'<div class="boards">{"".join(figures)}</div>'
