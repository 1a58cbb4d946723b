"""Games in and out as PGN."""

import io
import math
from dataclasses import dataclass

import chess
import chess.engine
import chess.pgn

from aztoolkit.errors import PositionError
from serve.positions import parse_fen
from serve.schemas import Analysis, PlayedMove
from serve.sessions import Game, Seat

_STANDARD = ("", "standard", "chess", "normal", "from position")
"""Names of the variant that is played here, in lower case."""
_TAN_SCALE, _TAN_SLOPE = 90.0, 1.5637541897
"""Centipawns of a value q: 90 tan(1.5637541897 q), lc0's formula."""


def read_pgn(text: str) -> chess.Board:
    """Returns the board at the end of the main line of the first game in a PGN, its moves on the stack.

    Raises:
        PositionError: there is no game in it, a move cannot be read, or it is another kind of chess.
    """
    game = chess.pgn.read_game(io.StringIO(text.lstrip("\ufeff")), Visitor=_Reader)
    if game is None:
        raise PositionError("expected a game in PGN, got none")
    variant = game.headers.get("Variant", "")
    if variant.lower() not in _STANDARD:
        raise PositionError(f"expected a game of standard chess, got {variant!r}")
    if game.errors:
        raise PositionError(f"expected a game in PGN, got one with a fault: {game.errors[0]}")
    if not game.variations and not game.headers.get("FEN") and "[" not in text:
        raise PositionError(f"expected a game in PGN, got {text[:40]!r}")
    board = parse_fen(game.headers["FEN"]) if "FEN" in game.headers else chess.Board()
    for move in game.mainline_moves():
        board.push(move)
    return board


@dataclass(frozen=True)
class ScoreSheet:
    """A game as it stands, for another thread to write while it goes on."""

    headers: dict[str, str]
    start: chess.Board
    moves: list[tuple[chess.Move, PlayedMove]]


def score_sheet(game: Game) -> ScoreSheet:
    """Returns what is to be written of a game; takes no time."""
    moves = list(zip(game.board.move_stack, game.played, strict=True))
    return ScoreSheet(_headers(game), game.board.root(), moves)


def write_pgn(sheet: ScoreSheet) -> str:
    """Returns a game as PGN; the moves of engines carry their evaluations, `[%eval 0.31]` for White."""
    written = chess.pgn.Game()
    written.setup(sheet.start)
    written.headers.update(sheet.headers)
    node: chess.pgn.GameNode = written
    for move, played in sheet.moves:
        node = node.add_main_variation(move)
        if played.analysis:
            node.set_eval(_score(played.uci, played.analysis))
    return str(written.accept(chess.pgn.StringExporter(columns=80))) + "\n"


class _Reader(chess.pgn.GameBuilder[chess.pgn.Game]):
    """Keeps errors with the game, as its base does, and logs none."""

    def handle_error(self, error: Exception) -> None:
        """Notes what is wrong with a game."""
        self.game.errors.append(error)


def _headers(game: Game) -> dict[str, str]:
    result, reason = game.ending or ("*", "unterminated")
    return {
        "Event": "aztoolkit",
        "Site": "?",
        "Date": game.begun.strftime("%Y.%m.%d"),
        "Round": "-",
        "White": _name(game.seats[chess.WHITE]),
        "Black": _name(game.seats[chess.BLACK]),
        "Result": result,
        "Termination": reason,
        "Seed": str(game.seed),
    }


def _name(seat: Seat) -> str:
    if seat.engine is None:
        return "Human"
    plural = "" if seat.simulations == 1 else "s"
    warmth = f", temperature {seat.temperature:g}" if seat.temperature else ""
    return f"{seat.engine.info.name}, {seat.simulations} simulation{plural}{warmth}"


def _score(uci: str, analysis: Analysis) -> chess.engine.PovScore:
    """Returns the value of the move that was played; of the position, where it was not visited."""
    values = {top.uci: top.value for top in analysis.top_moves}
    value = values.get(uci)
    centipawns = _TAN_SCALE * math.tan(_TAN_SLOPE * (analysis.value if value is None else value))
    return chess.engine.PovScore(chess.engine.Cp(round(centipawns)), chess.WHITE)
