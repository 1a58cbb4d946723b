"""`WS /api/analysis`: positions analysed while one looks."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

import chess
from fastapi import APIRouter, WebSocket
from pydantic import ValidationError

from aztoolkit.errors import AztoolkitError
from aztoolkit.mcts import Search
from serve.batcher import Job, Progress, Watch
from serve.catalog import Engine
from serve.clients import client_of
from serve.errors import code_of, describe_faults
from serve.mailbox import Mailbox
from serve.parts import Parts
from serve.positions import check_open, parse_position
from serve.report import analyse
from serve.schemas import AnalysisRequest, AnalysisUpdate, ErrorDetail, ErrorEvent
from serve.streams import receive, send


def add_analysis_route(router: APIRouter, parts: Parts) -> None:
    """Adds the route; each message begins an analysis and ends the one before."""

    @router.websocket("/analysis")
    async def analyse_positions(socket: WebSocket) -> None:
        await parts.streams.serve(socket, _Analyst(socket, parts).talk)


@dataclass
class _Analyst:
    """Answers one client, about one position at a time."""

    socket: WebSocket
    parts: Parts
    trees: dict[str, Search] = field(default_factory=dict)
    """By engine: a position that follows the one before finds its tree again."""
    task: "asyncio.Task[None] | None" = None
    """The analysis under way."""
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def talk(self) -> NoReturn:
        """Hears messages until the client leaves."""
        try:
            while True:
                await self._hear(await receive(self.socket))
        finally:
            await self._stop()

    async def _hear(self, text: str) -> None:
        try:
            request = AnalysisRequest.model_validate_json(text)
        except ValidationError as error:
            await self._refuse(_id_in(text), "bad_request", describe_faults(error.errors()))
            return
        await self._stop()
        self.task = asyncio.create_task(self._answer(request))

    async def _stop(self) -> None:
        if self.task:
            self.task.cancel()
            await asyncio.wait([self.task])
            ended, self.task = self.task, None
            if not ended.cancelled():
                ended.result()

    async def _answer(self, request: AnalysisRequest) -> None:
        try:
            self.parts.limiter.spend(self.socket)
            engine = self.parts.catalog.get(request.engine)
            board = await asyncio.to_thread(_set_up, request)
            await self._search(request, engine, board)
        except AztoolkitError as error:
            self.trees.clear()
            await self._refuse(request.id, code_of(error), str(error))

    async def _search(self, request: AnalysisRequest, engine: Engine, board: chess.Board) -> None:
        loop, mailbox, engine_id = asyncio.get_running_loop(), Mailbox(), engine.info.id

        def tell(progress: Progress) -> None:
            loop.call_soon_threadsafe(mailbox.put_progress, engine_id, progress)

        tree = self.trees.setdefault(engine_id, engine.player.new_game())
        job = Job(tree, board, request.simulations, watch=Watch(tell, lines=request.lines))
        found = self.parts.searches.begin(engine, job, client=client_of(self.socket))
        found.add_done_callback(lambda _found: mailbox.put_end())
        try:
            while not (news := await mailbox.take()).ended:
                if news.progress:
                    await self._tell(request, *news.progress, done=False)
            await self._tell(request, engine_id, found.result(), done=True)
        finally:
            job.stop()
            await asyncio.wait([found])  # from then on the tree is ours again

    async def _tell(
        self, request: AnalysisRequest, engine_id: str, progress: Progress, *, done: bool
    ) -> None:
        update = await asyncio.to_thread(_describe, request, engine_id, progress, done=done)
        async with self.sending:
            await send(self.socket, update)

    async def _refuse(self, request_id: int | None, code: str, message: str) -> None:
        detail = ErrorDetail(code=code, message=message)
        async with self.sending:
            await send(self.socket, ErrorEvent(id=request_id, error=detail))


def _set_up(request: AnalysisRequest) -> chess.Board:
    board = parse_position(request.fen, request.moves)
    check_open(board)
    return board


def _describe(
    request: AnalysisRequest, engine_id: str, progress: Progress, *, done: bool
) -> AnalysisUpdate:
    result = progress.result
    return AnalysisUpdate(
        id=request.id,
        visits=int(result.visits.sum())
        + (result.simulations > 0),  # the first is of the root itself
        nodes_per_s=round(1000.0 * result.simulations / max(progress.time_ms, 1.0), 1),
        depth=len(result.pv),
        done=done,
        analysis=analyse(engine_id, progress, lines=request.lines),
    )


def _id_in(text: str) -> int | None:
    """Returns the id of a message that is refused, if it has one that could be meant."""
    with suppress(ValueError, RecursionError):
        message = json.loads(text)
        if isinstance(message, dict):
            found = message.get("id")
            return found if type(found) is int and 0 <= found <= 2**53 else None
    return None
