"""The routes: each validates, delegates, and answers with the state of the game."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import chess
from fastapi import APIRouter, Depends, Response
from fastapi.responses import FileResponse, PlainTextResponse
from starlette.requests import HTTPConnection

from aztoolkit import __version__
from aztoolkit.mcts import best_backend
from serve import play
from serve.catalog import ReportName
from serve.clients import client_of
from serve.guard import REPORT_POLICY
from serve.parts import Parts
from serve.pgn import read_pgn, score_sheet, write_pgn
from serve.positions import check_open, parse_position
from serve.report import parse_side, played_moves, tell
from serve.schemas import (
    DisagreementList,
    EngineList,
    ErrorBody,
    GameChange,
    GameState,
    Health,
    MoveRequest,
    NewGame,
    PlayedMove,
    Player,
    Resignation,
    TakeBack,
)
from serve.sessions import HUMAN, Game, Seat

_GAME = "/games/{game_id}"
_ENGINE = "/engines/{engine_id}"
_Responses = dict[int | str, dict[str, object]]
_BUSY: _Responses = {503: {"model": ErrorBody}}
_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
_TEXT: _Responses = {
    200: {"content": {"text/plain": {}}},
    "4XX": {"description": "Client Error", "content": _ERROR},
}
_PAGE: _Responses = {200: {"content": {"text/html": {}}}}


def create_router(parts: Parts) -> APIRouter:
    """Returns all routes of the API, save the WebSockets."""
    router = APIRouter(prefix="/api", responses={"4XX": {"model": ErrorBody}})
    _add_server_routes(router, parts)
    _add_engine_routes(router, parts)
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
            searching=parts.searches.pending,
            capacity=parts.searches.capacity,
            games=len(parts.sessions),
            streams=len(parts.streams),
        )


def _add_engine_routes(router: APIRouter, parts: Parts) -> None:
    @router.get("/engines")
    async def list_engines() -> EngineList:
        """Lists the models that can be played, with the gate's verdicts."""
        return EngineList(
            engines=[engine.info for engine in parts.catalog.engines],
            default=parts.catalog.default.info.id,
            default_simulations=parts.config.simulations,
        )

    @router.get(f"{_ENGINE}/disagreements")
    async def list_disagreements(engine_id: str) -> DisagreementList:
        """Lists the positions on which a model is farthest from its original, the worst first."""
        return parts.catalog.disagreements(engine_id)

    @router.get(f"{_ENGINE}/gate.html", response_class=FileResponse, responses=_PAGE)
    async def show_gate_page(engine_id: str) -> FileResponse:
        """Shows the gate's report on a model; the page runs no script."""
        return _page(parts, engine_id, "gate")

    @router.get(f"{_ENGINE}/compare.html", response_class=FileResponse, responses=_PAGE)
    async def show_compare_page(engine_id: str) -> FileResponse:
        """Shows the comparison of a model with its original; the page runs no script."""
        return _page(parts, engine_id, "compare")


def _add_game_routes(router: APIRouter, parts: Parts) -> None:
    limit = Depends(_limit(parts))

    @router.post(
        "/games", status_code=201, response_model=GameState, responses=_BUSY, dependencies=[limit]
    )
    async def new_game(request: NewGame, connection: HTTPConnection) -> Response:
        """Sets up a game. If an engine is to move, ask it to."""
        black = request.black or Player(engine=parts.catalog.default.info.id)
        seats = {chess.WHITE: _seat(parts, request.white), chess.BLACK: _seat(parts, black)}
        board, played = await asyncio.to_thread(_set_up, request)
        game = parts.sessions.add(seats, board, played, client=client_of(connection))
        return _tell(game, status=HTTPStatus.CREATED)

    @router.get(_GAME, response_model=GameState)
    async def get_game(game_id: str) -> Response:
        """Shows a game."""
        return _tell(parts.sessions.get(game_id))

    @router.get(
        f"{_GAME}/pgn",
        response_class=PlainTextResponse,
        responses=_TEXT,
        dependencies=[limit],
    )
    async def get_pgn(game_id: str) -> PlainTextResponse:
        """Shows a game as PGN, with the engines' evaluations as comments such as `[%eval 0.31]`."""
        sheet = score_sheet(parts.sessions.get(game_id))
        return PlainTextResponse(await asyncio.to_thread(write_pgn, sheet))

    @router.patch(_GAME, response_model=GameState)
    async def change_game(game_id: str, request: GameChange) -> Response:
        """Changes who plays from now on; a search under way goes on."""
        game = parts.sessions.get(game_id)
        wanted = {chess.WHITE: request.white, chess.BLACK: request.black}
        seats = {color: _seat(parts, player) for color, player in wanted.items() if player}
        for color, seat in seats.items():
            play.change_seat(game, color, seat)
        return _tell(game)

    @router.delete(_GAME, status_code=204)
    async def delete_game(game_id: str) -> Response:
        """Forgets a game and ends its search."""
        parts.sessions.remove(parts.sessions.get(game_id))
        return Response(status_code=204)


def _add_move_routes(router: APIRouter, parts: Parts) -> None:
    @router.post(f"{_GAME}/moves", response_model=GameState)
    async def move(game_id: str, request: MoveRequest) -> Response:
        """Plays the move of the human whose turn it is."""
        game = parts.sessions.get(game_id)
        play.move(game, request.uci)
        return _tell(game)

    @router.post(
        f"{_GAME}/engine-move",
        response_model=GameState,
        responses=_BUSY,
        dependencies=[Depends(_limit(parts))],
    )
    async def engine_move(game_id: str) -> Response:
        """Answers when the engine has searched and moved; asked again, waits for the same move."""
        game = parts.sessions.get(game_id)
        await play.engine_move(game, parts.searches)
        return _tell(game)

    @router.post(f"{_GAME}/take-back", response_model=GameState)
    async def take_back(game_id: str, request: TakeBack | None = None) -> Response:
        """Takes back the last move of a human and the answer to it, or a resignation with them."""
        game = parts.sessions.get(game_id)
        await play.take_back(game, seen_plies=request.plies if request else None)
        return _tell(game)

    @router.post(f"{_GAME}/resign", response_model=GameState)
    async def resign(game_id: str, request: Resignation | None = None) -> Response:
        """Ends the game as lost for a side; ends a search under way."""
        game = parts.sessions.get(game_id)
        side = request.side if request else None
        await play.resign(game, None if side is None else parse_side(side))
        return _tell(game)


def _tell(game: Game, *, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(tell(game), status, media_type="application/json")


def _limit(parts: Parts) -> Callable[[HTTPConnection], Awaitable[None]]:
    """Returns the dependency of routes that cost: at most so many a second."""

    async def limit(connection: HTTPConnection) -> None:
        parts.limiter.spend(connection)

    return limit


def _set_up(request: NewGame) -> tuple[chess.Board, list[PlayedMove]]:
    """Returns the board of a new game and its moves so far; raises PositionError."""
    pgn = request.pgn
    board = parse_position(request.fen, request.moves) if pgn is None else read_pgn(pgn)
    if not board.move_stack:
        check_open(board)
    return board, played_moves(board)


def _seat(parts: Parts, player: Player) -> Seat:
    """Returns who plays; raises ApiError (404) for an engine that is not there."""
    if player.engine is None:
        return HUMAN
    return Seat(
        parts.catalog.get(player.engine),
        player.simulations or parts.config.simulations,
        player.temperature or 0.0,
    )


def _page(parts: Parts, engine_id: str, report: ReportName) -> FileResponse:
    path = parts.catalog.page(engine_id, report)
    return FileResponse(path, headers={"Content-Security-Policy": REPORT_POLICY})
