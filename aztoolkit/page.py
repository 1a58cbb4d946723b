"""A self-contained HTML page: one style for light and dark, tables, figures, and boards.

Nothing is loaded from elsewhere and nothing runs. The pieces of all boards are drawn once, at the top; a
board is an image with its position told in words. Everything that is not markup goes through `escape`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import chess
import chess.svg

FIRST_COLOUR, SECOND_COLOUR = "#0072b2", "#d55e00"
"""Of Okabe and Ito (2008), which the colour-blind can tell apart: the original, and what is judged."""
BEST_COLOUR = "#009e73"
"""Likewise: the right move."""
BOARD_SIZE = 240
_STYLE = f"""
:root{{color-scheme:light dark;--text:#24292f;--quiet:#59636e;--ground:#fdfdfd;--line:#d1d9e0;
--first:{FIRST_COLOUR};--second:{SECOND_COLOUR};--best:{BEST_COLOUR};--good:#1a7f37;--bad:#cf222e;--unsure:#9a6700}}
@media(prefers-color-scheme:dark){{:root{{--text:#e6e6e6;--quiet:#9da7b3;--ground:#16191d;
--line:#3d444d;--first:#56b4e9;--second:#e69f00;--best:#2ec4a0;--good:#3fb950;--bad:#ff7b72;--unsure:#d29922}}}}
body{{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;
color:var(--text);background:var(--ground)}}
h1{{font-size:1.6rem;line-height:1.25;overflow-wrap:anywhere}}
h2{{font-size:1.25rem;margin-top:2.2rem;padding-top:.8rem;border-top:1px solid var(--line)}}
h3{{font-size:1.05rem;margin-top:1.4rem}}
table{{border-collapse:collapse;font-variant-numeric:tabular-nums}}
.scroll{{overflow-x:auto;margin:.8rem 0}}
td,th{{padding:.2rem 1.2rem .2rem 0;text-align:left;vertical-align:top}}
th{{font-weight:600}}tbody th{{font-weight:400;color:var(--quiet);min-width:9rem}}
tbody th+td{{overflow-wrap:anywhere}}
code,small{{font-size:.8rem}}code{{overflow-wrap:anywhere}}
.quiet{{color:var(--quiet)}}
.boards{{display:flex;flex-wrap:wrap;gap:1.2rem}}
figure{{display:inline-block;margin:0 0 1rem;max-width:100%;vertical-align:top}}
.boards figure{{width:{BOARD_SIZE}px}}
figcaption{{font-size:.85rem;overflow-wrap:anywhere}}figure small{{color:var(--quiet)}}
svg{{max-width:100%;height:auto}}svg text{{fill:var(--text);font:12px system-ui,sans-serif}}
.pieces{{position:absolute;width:0;height:0}}
"""
_DEFINITIONS = re.compile(r"<defs>.*?</defs>", re.DOTALL)
_DESCRIPTION = re.compile(r"<desc>.*?</desc>", re.DOTALL)

Row = Sequence[str]


def write_page(title: str, parts: Iterable[str], *, style: str = "") -> str:
    """Returns a page.

    Args:
        title: as text.
        parts: of the body, as HTML.
        style: more CSS.
    """
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}{style}</style></head>"
        f"<body>{_draw_pieces()}<main>\n{chr(10).join(parts)}\n</main></body></html>\n"
    )


def draw_board(
    board: chess.Board,
    *,
    label: str,
    arrows: Sequence[tuple[chess.Move, str]] = (),
    orientation: chess.Color | None = None,
) -> str:
    """Returns a board as an image, from the side to move unless told otherwise.

    Args:
        label: the text in its place for those who do not see it.
        arrows: moves with their colours, the most important first.
    """
    svg = chess.svg.board(
        board,
        orientation=board.turn if orientation is None else orientation,
        arrows=[
            chess.svg.Arrow(move.from_square, move.to_square, color=colour)
            for move, colour in reversed(arrows)
        ],
        size=BOARD_SIZE,
    )
    bare = _DESCRIPTION.sub("", _DEFINITIONS.sub("", svg))
    return bare.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1)


def draw_figure(content: str, caption: str) -> str:
    """Returns a figure; both arguments are HTML."""
    return f"<figure>{content}<figcaption>{caption}</figcaption></figure>"


def draw_table(rows: Mapping[str, str]) -> str:
    """Returns a table of names and values, given as text."""
    cells = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>'
        for name, text in rows.items()
    )
    return f'<div class="scroll"><table><tbody>{cells}</tbody></table></div>'


def draw_grid(head: Row, rows: Iterable[Row]) -> str:
    """Returns a table with a line of headings; every cell is given as text."""
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{top}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _draw_pieces() -> str:
    """Returns what the boards refer to: every piece, once."""
    found = _DEFINITIONS.search(chess.svg.board(chess.Board()))
    assert found, "python-chess defines the pieces of a board before it uses them"
    return f'<svg class="pieces" aria-hidden="true">{found.group()}</svg>'
