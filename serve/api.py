"""The routes: each validates, delegates, and answers with the state of the game."""

from dataclasses import dataclass

import chess
from fastapi import APIRouter

from aztoolkit import __version__
from aztoolkit.mcts import best_backend
from serve import play
from serve.catalog import Catalog
from serve.config import ServeConfig
from serve.positions import parse_fen
from serve.report import describe, parse_side
from serve.schemas import (
    EngineList,
    ErrorBody,
    GameChange,
    GameState,
    Health,
    MoveRequest,
    NewGame,
)
from serve.sessions import Sessions
from serve.workers import Workers

_GAME = "/games/{game_id}"


@dataclass(frozen=True)
class Parts:
    """What the routes work with."""

    config: ServeConfig
    catalog: Catalog
    sessions: Sessions
    workers: Workers


def create_router(parts: Parts) -> APIRouter:
    """Returns all routes of the API."""
    router = APIRouter(prefix="/api", responses={"4XX": {"model": ErrorBody}})
    _add_server_routes(router, parts)
    _add_game_routes(router, parts)
    _add_move_routes(router, parts)
    return router


def _add_server_routes(router: APIRouter, parts: Parts) -> None:
    @router.get("/health")
    async def health() -> Health:
        """Tells whether the server works, and how much."""
        return Health(
            version=__version__,
            search=best_backend(),
            workers=parts.workers.threads,
            searching=parts.workers.pending,
            games=len(parts.sessions),
        )

    @router.get("/engines")
    async def list_engines() -> EngineList:
        """Lists the models that can be played, with the gate's verdicts."""
        return EngineList(
            engines=[engine.info for engine in parts.catalog.engines],
            default=parts.catalog.default.info.id,
            default_simulations=parts.config.simulations,
        )


def _add_game_routes(router: APIRouter, parts: Parts) -> None:
    @router.post("/games", status_code=201, responses={503: {"model": ErrorBody}})
    async def new_game(request: NewGame) -> GameState:
        """Sets up a game. If the engine is to move, ask it to."""
        game = parts.sessions.add(
            parse_side(request.side),
            parts.catalog.get(request.engine),
            simulations=request.simulations or parts.config.simulations,
            board=chess.Board() if request.fen is None else parse_fen(request.fen),
        )
        return describe(game)

    @router.get(_GAME)
    async def get_game(game_id: str) -> GameState:
        """Shows a game."""
        return describe(parts.sessions.get(game_id))

    @router.patch(_GAME)
    async def change_game(game_id: str, request: GameChange) -> GameState:
        """Changes the engine or its simulations for the moves to come."""
        game = parts.sessions.get(game_id)
        engine = game.engine if request.engine is None else parts.catalog.get(request.engine)
        play.change_opponent(game, engine, request.simulations or game.simulations)
        return describe(game)

    @router.delete(_GAME, status_code=204)
    async def delete_game(game_id: str) -> None:
        """Forgets a game and ends its search."""
        parts.sessions.remove(parts.sessions.get(game_id))


def _add_move_routes(router: APIRouter, parts: Parts) -> None:
    @router.post(f"{_GAME}/moves")
    async def move(game_id: str, request: MoveRequest) -> GameState:
        """Plays the human's move."""
        game = parts.sessions.get(game_id)
        play.move(game, request.uci)
        return describe(game)

    @router.post(f"{_GAME}/engine-move", responses={503: {"model": ErrorBody}})
    async def engine_move(game_id: str) -> GameState:
        """Answers when the engine has searched and moved; asked again, waits for the same move."""
        game = parts.sessions.get(game_id)
        await play.engine_move(game, parts.workers)
        return describe(game)

    @router.post(f"{_GAME}/take-back")
    async def take_back(game_id: str) -> GameState:
        """Takes back the human's last move and the answer to it."""
        game = parts.sessions.get(game_id)
        await play.take_back(game)
        return describe(game)
