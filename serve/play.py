"""What can be done to a game: a move, the engine's answer, a take-back, another opponent."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable

import chess

from aztoolkit.mcts import Search, SearchResult
from aztoolkit.player import Limit, Player
from serve.catalog import Engine
from serve.errors import ApiError, conflict
from serve.positions import end_of_game, parse_move
from serve.report import analyse
from serve.schemas import Analysis, PlayedMove
from serve.sessions import Game
from serve.workers import Workers


def move(game: Game, uci: str) -> None:
    """Plays the human's move.

    Raises:
        ApiError: the game is over, or it is the engine's turn (409).
        PositionError: the move is not legal.
    """
    _check_going_on(game)
    if game.board.turn != game.side:
        raise conflict("not_your_turn", "expected a move on your turn, got one on the engine's")
    _push(game, parse_move(game.board, uci), analysis=None)


async def engine_move(game: Game, workers: Workers) -> None:
    """Has the engine play; a second caller waits for the search that is under way.

    The search goes on, and its move is played, whether or not the caller stays.

    Raises:
        ApiError: the game is over or it is the human's turn (409); the workers are busy (503); the
            search was given up (409).
    """
    if game.thinking is None:
        _check_going_on(game)
        if game.board.turn == game.side:
            raise conflict("not_engines_turn", "expected the engine's turn, got yours")
        game.thinking = asyncio.create_task(_think(game, workers))
        game.thinking.add_done_callback(_mark_retrieved)
    await asyncio.shield(game.thinking)


async def take_back(game: Game) -> None:
    """Takes back the human's last move and what came after it; ends a search under way.

    Raises:
        ApiError: the human has not moved yet (409).
    """
    await give_up_search(game)
    plies = len(game.played)
    first = 0 if game.board.root().turn == game.side else 1
    if plies <= first:
        raise conflict("nothing_to_take_back", "expected a move of yours to take back, got none")
    count = 2 if game.board.turn == game.side else 1
    for _ in range(count):
        game.board.pop()
        game.played.pop()


def change_opponent(game: Game, engine: Engine, simulations: int) -> None:
    """Sets what the engine's next move is searched with; a search under way is not disturbed."""
    if engine is not game.engine:
        game.engine, game.search = engine, None
    game.simulations = simulations


async def give_up_search(game: Game) -> None:
    """Ends the search under way, if there is one, without a move."""
    while game.thinking is not None:
        game.abandoned.set()
        with contextlib.suppress(Exception):
            await asyncio.shield(game.thinking)


async def _think(game: Game, workers: Workers) -> None:
    engine, board = game.engine, game.board.copy()
    search = game.search or engine.player.new_game()
    limit = Limit(simulations=game.simulations)
    abandoned = game.abandoned = threading.Event()

    def job() -> tuple[SearchResult, float]:
        return _search(engine.player, search, board, limit, _either(abandoned, workers))

    try:
        result, time_ms = await workers.run(job)
    finally:
        game.thinking = None
    if game.engine is engine:
        game.search = search
    _push(game, result.best_move, analysis=analyse(engine.info.id, board, result, time_ms))


def _search(
    player: Player, search: Search, board: chess.Board, limit: Limit, stop: Callable[[], bool]
) -> tuple[SearchResult, float]:
    """Returns what a search found and its time in milliseconds; runs on a worker thread."""
    if stop():
        raise _given_up()
    start_s = time.perf_counter()
    (result,) = player.think([search], [board], limit, stop=stop)
    if stop():
        raise _given_up()
    return result, (time.perf_counter() - start_s) * 1000.0


def _given_up() -> ApiError:
    return conflict("search_given_up", "the search was ended before it had a move")


def _either(abandoned: threading.Event, workers: Workers) -> Callable[[], bool]:
    return lambda: abandoned.is_set() or workers.closing()


def _push(game: Game, played: chess.Move, *, analysis: Analysis | None) -> None:
    san = game.board.san(played)
    game.played.append(PlayedMove(uci=played.uci(), san=san, analysis=analysis))
    game.board.push(played)
    if end_of_game(game.board):
        game.search = None


def _check_going_on(game: Game) -> None:
    if ending := end_of_game(game.board):
        result, reason = ending
        raise conflict("game_over", f"expected a game that goes on, got {result} by {reason}")


def _mark_retrieved(task: asyncio.Task[None]) -> None:
    """Keeps asyncio quiet about the error of a search that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
