"""Games of a match as PGN, with each mover's evaluation as a comment."""

from collections.abc import Iterable, Sequence

import chess
import chess.pgn

from eval.openings import Opening
from eval.records import (
    AGREED_DRAW,
    CAPPED,
    RESIGNATION,
    TABLEBASE,
    GameRecord,
    Side,
    opening_of,
)

_COLUMNS = 80
"""Width of the move text, as the PGN standard has it."""
_INFRACTIONS = {"illegal": "rules infraction", "time": "time forfeit"}
"""By kind of failure: the standard's word, where it has one."""
_ADJUDICATED = {CAPPED, AGREED_DRAW, RESIGNATION, TABLEBASE}


def match_pgn(records: Iterable[GameRecord], names: Sequence[str], *, event: str) -> str:
    """Returns the games as PGN.

    A comment such as `+0.13` is P(win) - P(loss) in the opinion of the player who has just moved. The
    moves of the opening, where they are known, come first and carry none.

    Args:
        names: of A and B.
    """
    games = (_game(record, names, event) for record in records)
    return "".join(
        f"{game.accept(chess.pgn.StringExporter(columns=_COLUMNS))}\n\n" for game in games
    )


def _game(record: GameRecord, names: Sequence[str], event: str) -> chess.pgn.Game:
    opening = opening_of(record)
    game = chess.pgn.Game()
    game.setup(chess.Board(opening.start))
    _write_headers(game, record, names, event)
    end = _append_moves(game, opening, record)
    if record.failure:
        end.comment = " ".join([end.comment, _failure_comment(record, names)]).strip()
    elif record.termination in _ADJUDICATED:
        end.comment = f"{end.comment} adjudicated: {record.termination}".strip()
    return game


def _write_headers(
    game: chess.pgn.Game, record: GameRecord, names: Sequence[str], event: str
) -> None:
    headers = {
        "Event": event,
        "Site": "?",
        "Round": f"{record.pair + 1}.{record.game + 1}",
        "White": names[record.white],
        "Black": names[record.white.other],
        "Result": record.result,
        "Seed": str(record.seed),
        "OpeningPlies": str(len(record.opening)),
        "Termination": _termination(record),
    }
    for name, value in headers.items():
        game.headers[name] = value


def _termination(record: GameRecord) -> str:
    if record.failure:
        return _INFRACTIONS.get(record.failure.kind, "abandoned")
    return "adjudication" if record.termination in _ADJUDICATED else "normal"


def _append_moves(game: chess.pgn.Game, opening: Opening, record: GameRecord) -> chess.pgn.GameNode:
    node: chess.pgn.GameNode = game
    for move in opening.moves:
        node = node.add_main_variation(move)
    for uci, value in zip(record.moves, record.values, strict=True):
        comment = "" if value is None else f"{value:+z.2f}"
        node = node.add_main_variation(chess.Move.from_uci(uci), comment=comment)
    return node


def _failure_comment(record: GameRecord, names: Sequence[str]) -> str:
    assert record.failure is not None
    text = f"{names[record.failure.side]} lost by failure ({record.failure.kind}): {record.failure.detail}"
    return text.replace("{", "(").replace("}", ")")


def names_of(first: str, second: str) -> tuple[str, str]:
    """Returns names for sides A and B that tell them apart even if both are the same engine."""
    return (
        (first, second)
        if first != second
        else (f"{first} {Side.A.name}", f"{second} {Side.B.name}")
    )
