"""`WS /api/games/{id}/events`: a game as it goes on."""

from typing import NoReturn

from fastapi import APIRouter, WebSocket

from serve.errors import ApiError
from serve.mailbox import Mailbox
from serve.parts import Parts
from serve.report import analyse, tell
from serve.schemas import ErrorDetail, ErrorEvent, ThinkingEvent
from serve.sessions import Game
from serve.streams import NO_SUCH_GAME, NORMAL, first_of, receive, send


def add_events_route(router: APIRouter, parts: Parts) -> None:
    """Adds the route; it sends the game at once and after each change, and how searches come on."""

    @router.websocket("/games/{game_id}/events")
    async def follow(socket: WebSocket, game_id: str) -> None:
        await parts.streams.serve(socket, lambda: _follow(socket, parts, game_id))


async def _follow(socket: WebSocket, parts: Parts, game_id: str) -> int:
    mailbox = Mailbox()
    try:
        game = parts.sessions.get(game_id)
        game.followers.add(mailbox)
        mailbox.put_change()
        try:
            await first_of(_tell(socket, game, mailbox), _hear(socket))
        finally:
            game.followers.discard(mailbox)
        parts.sessions.get(game_id)  # it was forgotten: say so
    except ApiError as error:
        await send(socket, ErrorEvent(error=ErrorDetail(code=error.code, message=str(error))))
        return NO_SUCH_GAME
    return NORMAL


async def _tell(socket: WebSocket, game: Game, mailbox: Mailbox) -> None:
    while True:
        news = await mailbox.take()
        if news.ended:
            return
        if news.changed:
            await socket.send_text(f'{{"type":"game","game":{tell(game)}}}')  # a GameEvent
        if news.progress and game.thinking:
            engine_id, progress = news.progress
            await send(socket, ThinkingEvent(analysis=analyse(engine_id, progress)))


async def _hear(socket: WebSocket) -> NoReturn:
    """Waits until the client leaves; what it says is of no interest."""
    while True:
        await receive(socket)
