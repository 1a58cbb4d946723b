"""What can be done to a game: a move, the engine's answer, a take-back, resigning, other players."""

import asyncio
import contextlib

import chess

from serve.batcher import Job, Progress, Watch
from serve.errors import conflict
from serve.positions import parse_move
from serve.report import analyse
from serve.schemas import Analysis, PlayedMove
from serve.searches import Searches
from serve.sessions import Game, Seat


def move(game: Game, uci: str) -> None:
    """Plays the move of the human whose turn it is.

    Raises:
        ApiError: the game is over, or it is the engine's turn (409).
        PositionError: the move is not legal.
    """
    _check_going_on(game)
    if game.to_move.engine:
        raise conflict("not_your_turn", "expected a move on your turn, got one on the engine's")
    _push(game, parse_move(game.board, uci), analysis=None)


async def engine_move(game: Game, searches: Searches) -> None:
    """Has the engine play whose turn it is; a second caller waits for the search that is under way.

    The search goes on, and its move is played, whether or not the caller stays.

    Raises:
        ApiError: the game is over or it is a human's turn (409); there are too many searches (503); the
            search was given up (409).
    """
    if game.thinking is None:
        _check_going_on(game)
        if game.to_move.engine is None:
            raise conflict("not_engines_turn", "expected the engine's turn, got yours")
        game.thinking = _begin_search(game, game.to_move, searches)
        game.thinking.add_done_callback(_mark_retrieved)
        game.changed()
    await asyncio.shield(game.thinking)


async def take_back(game: Game, *, seen_plies: int | None = None) -> None:
    """Takes back the last move of a human and what came after it; a resignation; a search under way.

    Between two engines, the last move. Nothing if the game has fewer moves than who asks has seen.

    Raises:
        ApiError: no human has moved yet (409).
    """
    if len(game.played) < (seen_plies or 0):
        return
    await end_search(game)
    plies = len(game.played)
    if plies < (seen_plies or 0):  # by another request meanwhile
        return
    humans = [color for color, seat in game.seats.items() if seat.engine is None]
    count = next((back for back in range(1, plies + 1) if _mover(game, back) in humans), None)
    if not humans and plies:
        count = 1
    if count is None:
        raise conflict("nothing_to_take_back", "expected a move of yours to take back, got none")
    game.resigned = None
    for _ in range(count):
        game.board.pop()
        game.played.pop()
    game.changed()


async def resign(game: Game, side: chess.Color | None) -> None:
    """Ends the game as lost for a side: by default the human; of two alike, the one to move.

    Raises:
        ApiError: the game is over (409).
    """
    _check_going_on(game)
    humans = [color for color, seat in game.seats.items() if seat.engine is None]
    only = humans[0] if len(humans) == 1 else game.board.turn
    await end_search(game)
    _check_going_on(game)  # the search may just have mated
    game.resigned = only if side is None else side
    game.trees.clear()
    game.changed()


def change_seat(game: Game, color: chess.Color, seat: Seat) -> None:
    """Sets who plays a side from now on; a search under way is not disturbed.

    An engine that is to play weaker forgets what it has found with more simulations.
    """
    before = game.seats[color]
    if seat.engine is not before.engine or seat.simulations < before.simulations:
        game.trees.pop(color, None)
    game.seats[color] = seat
    game.changed()


async def end_search(game: Game) -> None:
    """Ends the search under way, if there is one, without a move."""
    while game.thinking is not None:
        game.give_up_search()
        with contextlib.suppress(Exception):  # told to whoever asked for the move
            await asyncio.shield(game.thinking)


def _begin_search(game: Game, seat: Seat, searches: Searches) -> "asyncio.Task[None]":
    assert seat.engine, "a search for a human"
    color, board = game.board.turn, game.board.copy()
    tree = game.trees.get(color) or seat.engine.player.new_game()
    game.job = Job(tree, board, seat.simulations, watch=_watch(game, seat.engine.info.id))
    found = searches.begin(seat.engine, game.job, client=game.client)
    game.trees[color] = tree
    return asyncio.create_task(_finish_search(game, seat, found))


async def _finish_search(game: Game, seat: Seat, found: "asyncio.Future[Progress]") -> None:
    assert seat.engine
    try:
        progress = await found
    except Exception:
        game.trees.clear()
        game.changed()
        raise
    finally:
        game.thinking = game.job = None
    analysis = analyse(seat.engine.info.id, progress)
    _push(game, progress.result.draw(seat.temperature, game.chance), analysis=analysis)


def _watch(game: Game, engine_id: str) -> Watch:
    loop = asyncio.get_running_loop()

    def deliver(progress: Progress) -> None:
        for follower in game.followers:
            follower.put_progress(engine_id, progress)

    def tell(progress: Progress) -> None:
        loop.call_soon_threadsafe(deliver, progress)

    return Watch(tell, wanted=lambda: bool(game.followers))


def _push(game: Game, played: chess.Move, *, analysis: Analysis | None) -> None:
    san = game.board.san(played)
    game.played.append(PlayedMove(uci=played.uci(), san=san, analysis=analysis))
    game.board.push(played)
    if game.ending:
        game.trees.clear()
    game.changed()


def _mover(game: Game, back: int) -> chess.Color:
    """Returns who made the move so many plies ago; 1 is the last."""
    return game.board.turn if back % 2 == 0 else not game.board.turn


def _check_going_on(game: Game) -> None:
    if ending := game.ending:
        result, reason = ending
        raise conflict("game_over", f"expected a game that goes on, got {result} by {reason}")


def _mark_retrieved(task: "asyncio.Task[None]") -> None:
    """Keeps asyncio quiet about the error of a search that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
