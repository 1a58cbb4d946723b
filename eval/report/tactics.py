"""The tactical veto on the page: who solved what, and where the two engines differ, as boards."""

from collections.abc import Iterator

import chess

from aztoolkit.page import BEST_COLOUR, FIRST_COLOUR, SECOND_COLOUR, draw_grid, draw_table
from eval.report import figures
from eval.report.boards import Arrows, draw_position, draw_positions
from eval.report.explain import Document

MOST_BOARDS = 24
"""Disagreements that are drawn; the document has all of them."""
_COLUMNS = ("both", "baseline_only", "candidate_only", "neither")
_HEADINGS = ("Theme", "both", "only the original", "only the candidate", "neither")


def draw_tactics(numbers: Document) -> Iterator[str]:
    """Yields what a stage says that has solved positions (see `eval.stages.tactics`)."""
    if "by_kind" in numbers:
        yield _solved(numbers)
        yield draw_table(dict(_facts(numbers)))
    for engine in ("candidate", "baseline"):
        if faults := numbers.get(f"{engine}_failures"):
            yield f"<h3>Where the {'candidate' if engine == 'candidate' else 'original'} failed</h3>"
            yield draw_positions(_fault(fault) for fault in faults)
    if disagreements := numbers.get("disagreements"):
        yield "<h3>Where the two engines differ</h3>"
        yield from _disagreements(disagreements)


def _solved(numbers: Document) -> str:
    """Returns the table of positions by theme and by who solved them."""
    rows = [(kind, numbers["by_kind"][kind]) for kind in numbers["by_kind"]]
    rows.append(("all", numbers))
    cells = [(kind, *(figures.number(counts[name]) for name in _COLUMNS)) for kind, counts in rows]
    return draw_grid(_HEADINGS, cells)


def _facts(numbers: Document) -> Iterator[tuple[str, str]]:
    yield "an equal engine would do no better with probability", figures.percent(numbers["p_value"])
    yield "rejected below", figures.percent(numbers["level"])
    yield "simulations a move", figures.number(numbers["simulations"])
    yield "who judges catastrophes", str(numbers["judge"])
    yield "catastrophes that remain with more thought", figures.number(numbers["vetoes"])
    yield (
        "catastrophes that pass with more thought",
        figures.number(numbers["passing_catastrophes"]),
    )


def _disagreements(found: list[Document]) -> Iterator[str]:
    ordered = sorted(found, key=_gravity)
    yield (
        '<p><span style="color:var(--first)">Blue</span>: the original\'s move; '
        '<span style="color:var(--second)">orange</span>: the candidate\'s; '
        '<span style="color:var(--best)">green</span>: the best move, where neither plays it.</p>'
    )
    yield draw_positions(_disagreement(one) for one in ordered[:MOST_BOARDS])
    if len(found) > MOST_BOARDS:
        yield f'<p class="quiet">{len(found) - MOST_BOARDS:,} more stand in the JSON file.</p>'


def _gravity(found: Document) -> int:
    """Returns the place in the order: catastrophes first, then what only the original solves."""
    catastrophe = found["catastrophe"]
    if catastrophe:
        return 0 if catastrophe["vetoes"] else 1
    return 2 if "baseline" in found["solved_by"] else 3


def _disagreement(found: Document) -> str:
    board = chess.Board(found["fen"])
    moves = {name: found[name]["move"] for name in ("baseline", "candidate")}
    arrows: Arrows = [
        (chess.Move.from_uci(moves["candidate"]), SECOND_COLOUR),
        (chess.Move.from_uci(moves["baseline"]), FIRST_COLOUR),
    ]
    if not found["solved_by"]:
        arrows = [*arrows, *((board.parse_san(san), BEST_COLOUR) for san in found["best"])]
    return draw_position(board, f"{found['kind']} ({found['name']})", _words(found), arrows)


def _words(found: Document) -> str:
    parts = []
    if found["best"]:
        parts.append(f"Best: {' or '.join(found['best'])}.")
    if found["avoid"]:
        parts.append(f"To avoid: {' and '.join(found['avoid'])}.")
    parts.append(f"The original plays {_answer(found['baseline'])},")
    parts.append(f"the candidate {_answer(found['candidate'])}.")
    if catastrophe := found["catastrophe"]:
        lasting = "also with more thought" if catastrophe["vetoes"] else "gone with more thought"
        parts.append(f"Catastrophe, {lasting}: {catastrophe['kind']}, {catastrophe['detail']}.")
    return " ".join(parts)


def _answer(answer: Document) -> str:
    if answer["value"] is None:
        return str(answer["san"])
    return f"{answer['san']} (expects {figures.expected_score(answer['value'])})"


def _fault(fault: Document) -> str:
    return draw_position(chess.Board(fault["fen"]), fault["kind"], f"{fault['detail']}.")
