"""A foreign engine at a seat: a process that speaks UCI, watched by the clock, restarted after a fault."""

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic

import chess
import chess.engine

from eval.records import FailureKind
from eval.seats import Choice, Fault, Work
from eval.settings import MatchSettings

_START_S = 60.0
"""An engine may take so long to start, and to be ready for a new game: no clock runs then."""
_END_S = 5.0
"""How long a process that was killed may take to vanish."""


class UciEngine(chess.engine.UciProtocol):
    """python-chess's client, which notes when the engine was sent to think."""

    def __init__(self) -> None:
        super().__init__()
        self._gone = asyncio.Event()
        self._went_s = 0.0
        self.thought_s = 0.0
        """From the last `go` to its `bestmove`."""

    def send_line(self, line: str) -> None:
        """Sends a line."""
        super().send_line(line)
        if line.startswith("go"):
            self._went_s = monotonic()
            self._gone.set()

    async def answer(
        self, board: chess.Board, limit: chess.engine.Limit, game: int, patience_s: float
    ) -> chess.engine.PlayResult:
        """Returns the engine's move; raises TimeoutError if there is none `patience_s` after `go`."""
        self._gone.clear()
        answer = asyncio.ensure_future(
            self.play(board, limit, game=game, info=chess.engine.INFO_SCORE)
        )
        gone = asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait(
                (answer, gone), timeout=_START_S, return_when=asyncio.FIRST_COMPLETED
            )
            async with asyncio.timeout(patience_s if gone.done() else 0.0):
                played = await answer
        finally:
            gone.cancel()
        self.thought_s = monotonic() - self._went_s
        return played

    async def end(self) -> None:
        """Kills the process and waits until it has gone."""
        assert self.transport is not None, "an engine that was started has a transport"
        self.transport.close()
        async with asyncio.timeout(_END_S):
            await asyncio.wait((self.returncode,))


async def start_engine(command: Sequence[str], options: Mapping[str, str]) -> UciEngine:
    """Returns an engine that is ready to play.

    Raises:
        chess.engine.EngineError: it does not speak UCI, or does not take an option.
        TimeoutError: it does not answer.
        OSError: it cannot be run.
    """
    _, engine = await UciEngine.popen(list(command), setpgrp=True)
    try:
        async with asyncio.timeout(_START_S):
            await engine.initialize()
            await engine.configure(dict(options))
    except BaseException:
        await engine.end()
        raise
    return engine


class UciSeat:
    """An engine in a process of its own; it is told of a new game whenever the game changes.

    The clock runs from `go` to `bestmove`. After a crash, an illegal move or a stall the process is ended;
    the next move starts another.
    """

    def __init__(
        self, command: Sequence[str], options: Mapping[str, str], settings: MatchSettings
    ) -> None:
        """Starts the engine; raises chess.engine.EngineError, TimeoutError or OSError if that fails."""
        self.work = Work()
        self._command, self._options = list(command), dict(options)
        self._settings = settings
        self._limit = (
            chess.engine.Limit(nodes=settings.simulations)
            if settings.movetime_s is None
            else chess.engine.Limit(time=settings.movetime_s)
        )
        self._engine: UciEngine | None = None
        self._runner = asyncio.Runner()
        try:
            self._start()
        except BaseException:
            self._runner.close()
            raise

    def choose(self, games: Sequence[int], boards: Sequence[chess.Board]) -> list[Choice | Fault]:
        """Asks for one position after the other."""
        return [self._choose(game, board) for game, board in zip(games, boards, strict=True)]

    def end(self, game: int) -> None:
        """Does nothing: the engine holds no more than one game."""

    def close(self) -> None:
        """Ends the process."""
        self._end()
        self._runner.close()

    def _start(self) -> UciEngine:
        if self._engine is None:
            self._engine = self._runner.run(start_engine(self._command, self._options))
        return self._engine

    def _end(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            self._runner.run(engine.end())

    def _choose(self, game: int, board: chess.Board) -> Choice | Fault:
        try:
            engine = self._start()
            played = self._runner.run(engine.answer(board, self._limit, game, self._patience_s()))
        except TimeoutError:
            self._end()
            return Fault("time", f"expected a move, got none in {self._patience_s():g} s")
        except (chess.engine.EngineError, OSError) as error:
            self._end()
            return Fault(_kind(error), f"{type(error).__name__}: {error}")
        self.work.moves += 1
        self.work.thinking_s += engine.thought_s
        return _choice(played)

    def _patience_s(self) -> float:
        """Returns how long to wait for a move: one that is late has lost already."""
        if self._settings.movetime_s is None:
            return self._settings.stall_s
        return self._settings.movetime_s + self._settings.time_margin_ms / 1000.0


def _choice(played: chess.engine.PlayResult) -> Choice | Fault:
    if played.move is None:
        return Fault("crash", "the engine gave no move")
    score = played.info.get("score")
    value = 2.0 * score.relative.wdl().expectation() - 1.0 if score else None
    return Choice(played.move, value)


def _kind(error: Exception) -> FailureKind:
    """Returns `illegal` if python-chess could not make the engine's move, whose error it wraps."""
    return "illegal" if any(isinstance(cause, ValueError) for cause in error.args) else "crash"
