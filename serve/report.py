"""Games and searches, told as the API tells them."""

from collections.abc import Iterable, Sequence

import chess
import numpy as np

from aztoolkit.mcts import SearchResult
from serve.batcher import Progress
from serve.schemas import (
    Analysis,
    GameState,
    PlayedMove,
    Player,
    Players,
    Side,
    TopMove,
    Variation,
)
from serve.sessions import Game, Seat

_TOP_MOVES = 5
_PV_LENGTH = 12
_DECIMALS = 4


def analyse(engine: str, progress: Progress, *, lines: int = 0) -> Analysis:
    """Returns what a search has found, from White's side, with so many variations at the most."""
    board, result = progress.board, progress.result
    win, draw, loss = (round(share, _DECIMALS) for share in result.wdl)
    white, black = (win, loss) if board.turn == chess.WHITE else (loss, win)
    return Analysis(
        engine=engine,
        white=white,
        draw=draw,
        black=black,
        value=round(white - black, _DECIMALS),
        pv=_to_san(board, result.pv[:_PV_LENGTH]),
        top_moves=_top_moves(board, result),
        lines=[_variation(board, result, line) for line in progress.lines[:lines]],
        simulations=result.simulations,
        time_ms=round(progress.time_ms, 1),
    )


def describe(game: Game) -> GameState:
    """Returns a game as the API shows it."""
    board = game.board
    result, reason = game.ending or ("*", None)
    return GameState(
        id=game.id,
        players=Players(
            white=_describe_player(game.seats[chess.WHITE]),
            black=_describe_player(game.seats[chess.BLACK]),
        ),
        start_fen=board.root().fen(),
        fen=board.fen(),
        turn=_side(board.turn),
        moves=game.played,
        legal_moves=[] if reason else [move.uci() for move in board.legal_moves],
        check=board.is_check(),
        thinking=game.thinking is not None,
        result=result,
        end=reason,
    )


def tell(game: Game) -> str:
    """Returns `describe(game)` in JSON, which is made once after each change."""
    if game.told is None:
        game.told = describe(game).model_dump_json()
    return game.told


def played_moves(board: chess.Board) -> list[PlayedMove]:
    """Returns the moves on a board's stack as moves that nobody has analysed."""
    names = _to_san(board.root(), board.move_stack)
    return [
        PlayedMove(uci=move.uci(), san=san, analysis=None)
        for move, san in zip(board.move_stack, names, strict=True)
    ]


def parse_side(side: Side) -> chess.Color:
    """Returns the colour of a side."""
    return side == "white"


def _describe_player(seat: Seat) -> Player:
    if seat.engine is None:
        return Player()
    return Player(
        engine=seat.engine.info.id, simulations=seat.simulations, temperature=seat.temperature
    )


def _side(color: chess.Color) -> Side:
    return "white" if color == chess.WHITE else "black"


def _top_moves(board: chess.Board, result: SearchResult) -> list[TopMove]:
    total = int(result.visits.sum())
    shares = result.visits / total if total else result.priors
    best = np.lexsort((-result.priors, -result.visits))[:_TOP_MOVES].tolist()
    return [
        TopMove(
            uci=result.moves[i].uci(),
            san=board.san(result.moves[i]),
            visits=int(result.visits[i]),
            share=round(float(shares[i]), _DECIMALS),
            prior=round(float(result.priors[i]), _DECIMALS),
            value=_value(board, result, i),
        )
        for i in best
    ]


def _variation(board: chess.Board, result: SearchResult, line: Sequence[chess.Move]) -> Variation:
    first = result.moves.index(line[0])
    shown = line[:_PV_LENGTH]
    return Variation(
        uci=[move.uci() for move in shown],
        san=_to_san(board, shown),
        visits=int(result.visits[first]),
        value=_value(board, result, first),
    )


def _value(board: chess.Board, result: SearchResult, index: int) -> float | None:
    """Returns White's value of a move, None where it was not visited."""
    value = float(result.values[index]) * (1.0 if board.turn == chess.WHITE else -1.0)
    return None if np.isnan(value) else round(min(max(value, -1.0), 1.0), _DECIMALS)


def _to_san(board: chess.Board, moves: Iterable[chess.Move]) -> list[str]:
    line, names = board.copy(stack=False), []
    for move in moves:
        names.append(line.san_and_push(move))
    return names
