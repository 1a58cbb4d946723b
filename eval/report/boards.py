"""Positions worth a look, as boards with what was played: failures, disagreements, worst moments."""

from collections.abc import Iterable, Sequence
from html import escape

import chess

from aztoolkit.page import SECOND_COLOUR, draw_board, draw_figure
from eval.report import figures
from eval.report.explain import Document

_REPLY_COLOUR = "#5a5a5a"
_KEPT_PLIES = 8
"""Last moves of a game that are told with a failure."""
Arrows = Sequence[tuple[chess.Move, str]]


def draw_moments(moments: Iterable[Document]) -> str:
    """Returns positions where a side thought too well of its move (see `eval.report.moments`)."""
    return draw_positions(map(_moment, moments))


def draw_failures(failures: Iterable[Document]) -> str:
    """Returns positions in which an engine could not move."""
    return draw_positions(map(_failure, failures))


def draw_position(board: chess.Board, title: str, words: str, arrows: Arrows = ()) -> str:
    """Returns a board with its arrows, the most important first, and words below it, given as text."""
    side = "White" if board.turn == chess.WHITE else "Black"
    picture = draw_board(
        board, label=f"{title}, {side} to move. {words} {board.fen()}", arrows=arrows
    )
    caption = (
        f"<b>{escape(title)}</b>, {side} to move. {escape(words)}<br>"
        f"<small>{escape(board.fen())}</small>"
    )
    return draw_figure(picture, caption)


def draw_positions(drawn: Iterable[str]) -> str:
    """Returns positions side by side."""
    return f'<div class="boards">{"".join(drawn)}</div>'


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
    return draw_position(
        board, _game_of(moment), words, [(move, SECOND_COLOUR), (reply, _REPLY_COLOUR)]
    )


def _failure(failure: Document) -> str:
    who = "The candidate" if failure["engine"] == "candidate" else "The original"
    last = " ".join(failure["moves"].split()[-_KEPT_PLIES:]) or "none"
    words = f"{who} could not move ({failure['kind']}): {failure['detail']}. Last moves: {last}."
    return draw_position(chess.Board(failure["fen"]), _game_of(failure), words)


def _game_of(played: Document) -> str:
    return f"Game {played['pair'] + 1}.{played['game'] + 1}"


def _numbered(board: chess.Board, move: chess.Move) -> str:
    """Returns a move as it is written in a game: `12. Nf3` or `12... Nf6`."""
    dots = "." if board.turn == chess.WHITE else "..."
    return f"{board.fullmove_number}{dots}\u00a0{board.san(move)}"
