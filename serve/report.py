"""Games and searches, told as the API tells them."""

import chess
import numpy as np

from aztoolkit.mcts import SearchResult
from serve.positions import end_of_game
from serve.schemas import Analysis, GameState, Side, TopMove
from serve.sessions import Game

_TOP_MOVES = 5
_PV_LENGTH = 12
_DECIMALS = 4


def analyse(engine: str, board: chess.Board, result: SearchResult, time_ms: float) -> Analysis:
    """Returns what a search of `board` found, from White's side."""
    win, draw, loss = (round(share, _DECIMALS) for share in result.wdl)
    white, black = (win, loss) if board.turn == chess.WHITE else (loss, win)
    return Analysis(
        engine=engine,
        white=white,
        draw=draw,
        black=black,
        value=round(white - black, _DECIMALS),
        pv=_variation_san(board, result.pv[:_PV_LENGTH]),
        top_moves=_top_moves(board, result),
        simulations=result.simulations,
        time_ms=round(time_ms, 1),
    )


def describe(game: Game) -> GameState:
    """Returns a game as the API shows it."""
    board = game.board
    result, reason = end_of_game(board) or ("*", None)
    return GameState(
        id=game.id,
        side=_side(game.side),
        engine=game.engine.info.id,
        simulations=game.simulations,
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


def parse_side(side: Side) -> chess.Color:
    """Returns the colour of a side."""
    return side == "white"


def _side(color: chess.Color) -> Side:
    return "white" if color == chess.WHITE else "black"


def _top_moves(board: chess.Board, result: SearchResult) -> list[TopMove]:
    total = max(int(result.visits.sum()), 1)
    sign = 1.0 if board.turn == chess.WHITE else -1.0
    best = np.argsort(-result.visits, kind="stable")[:_TOP_MOVES].tolist()
    return [
        TopMove(
            uci=result.moves[i].uci(),
            san=board.san(result.moves[i]),
            visits=int(result.visits[i]),
            share=round(int(result.visits[i]) / total, _DECIMALS),
            prior=round(float(result.priors[i]), _DECIMALS),
            value=_value(sign * float(result.values[i])),
        )
        for i in best
    ]


def _value(value: float) -> float | None:
    return None if np.isnan(value) else round(min(max(value, -1.0), 1.0), _DECIMALS)


def _variation_san(board: chess.Board, moves: tuple[chess.Move, ...]) -> list[str]:
    line, names = board.copy(stack=False), []
    for move in moves:
        names.append(line.san_and_push(move))
    return names
