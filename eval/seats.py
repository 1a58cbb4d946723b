"""An engine opened to play: a seat answers many positions at once, one for each game it sits at."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

import chess
import chess.engine
import numpy as np
from numpy.typing import NDArray

from aztoolkit.errors import EvaluationError
from aztoolkit.evaluator import Evaluation, Evaluator
from aztoolkit.mcts import Search, SearchConfig, SearchResult
from aztoolkit.model import ModelSpec
from aztoolkit.player import Limit, Player
from eval.records import FailureKind
from eval.settings import MatchSettings


@dataclass(frozen=True)
class Choice:
    """A move, and what the engine thinks of it."""

    move: chess.Move
    value: float | None
    """P(win) - P(loss) for the side that moves; None if the engine did not say."""


@dataclass(frozen=True)
class Fault:
    """Why an engine could not move."""

    kind: FailureKind
    detail: str


@dataclass
class Work:
    """What a seat has asked of its network."""

    evaluations: int = 0
    calls: int = 0
    network_s: float = 0.0


class Seat(Protocol):
    """One opened copy of an engine; a thread has its own."""

    work: Work

    def choose(self, games: Sequence[int], boards: Sequence[chess.Board]) -> list[Choice | Fault]:
        """Returns a move or a fault for each board.

        Args:
            games: numbers of the games, which share nothing with each other.
        """

    def end(self, game: int) -> None:
        """Forgets a game that is over."""

    def close(self) -> None:
        """Frees the engine."""


class MatchStoppedError(Exception):
    """The match is over: what was being computed is of no more use."""


class NetworkSeat:
    """A network with the toolkit's own search."""

    def __init__(
        self, evaluator: Evaluator, settings: MatchSettings, stopped: threading.Event
    ) -> None:
        self.work = Work()
        metered = MeteredEvaluator(evaluator, self.work, stopped)
        self._player = Player(metered, SearchConfig(batch_size=settings.batch_size))
        self._limit = Limit(simulations=settings.simulations)
        self._seed = settings.seed
        self._searches: dict[int, Search] = {}

    def choose(self, games: Sequence[int], boards: Sequence[chess.Board]) -> list[Choice | Fault]:
        """Searches all boards together; if that fails, each alone, to see which one it was."""
        for game in games:
            self._searches.setdefault(game, self._player.new_game(seed=self._seed + game))
        searches = [self._searches[game] for game in games]
        try:
            return [_choice(found) for found in self._player.think(searches, boards, self._limit)]
        except (MatchStoppedError, AssertionError):
            raise
        except Exception:  # whatever the network's runtime raises
            return [self._choose_alone(*turn) for turn in zip(games, boards, strict=True)]

    def end(self, game: int) -> None:
        """Drops the game's tree."""
        self._searches.pop(game, None)

    def close(self) -> None:
        """Frees the network."""
        self._player.evaluator.close()

    def _choose_alone(self, game: int, board: chess.Board) -> Choice | Fault:
        search = self._searches[game] = self._player.new_game(seed=self._seed + game)
        try:
            return _choice(self._player.think([search], [board], self._limit)[0])
        except (MatchStoppedError, AssertionError):
            raise
        except EvaluationError as error:
            return Fault("nan", str(error))
        except Exception as error:
            return Fault("crash", f"{type(error).__name__}: {error}")


@dataclass
class MeteredEvaluator:
    """Counts what another evaluator does, and refuses to go on once the match is over."""

    inner: Evaluator
    work: Work
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def spec(self) -> ModelSpec:
        """Of the network."""
        return self.inner.spec

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        """Asks the network; raises MatchStoppedError once the match is over."""
        if self.stopped.is_set():
            raise MatchStoppedError
        begin_s = perf_counter()
        evaluation = self.inner.evaluate(planes)
        self.work.network_s += perf_counter() - begin_s
        self.work.evaluations += len(planes)
        self.work.calls += 1
        return evaluation

    def close(self) -> None:
        """Frees the network."""
        self.inner.close()


class UciSeat:
    """A foreign engine in a process of its own; it is told of a new game whenever the game changes."""

    def __init__(
        self, command: Sequence[str], options: dict[str, str], settings: MatchSettings
    ) -> None:
        """Starts the engine; raises chess.engine.EngineError or OSError if that fails."""
        self.work = Work()
        self._command, self._options = list(command), options
        self._limit = chess.engine.Limit(nodes=settings.simulations)
        self._engine: chess.engine.SimpleEngine | None = self._start()

    def choose(self, games: Sequence[int], boards: Sequence[chess.Board]) -> list[Choice | Fault]:
        """Asks for one position after the other."""
        return [self._choose(game, board) for game, board in zip(games, boards, strict=True)]

    def end(self, game: int) -> None:
        """Does nothing: the engine holds no more than one game."""

    def close(self) -> None:
        """Ends the process."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def _start(self) -> chess.engine.SimpleEngine:
        engine = chess.engine.SimpleEngine.popen_uci(self._command)
        try:
            engine.configure(dict(self._options))
        except BaseException:
            engine.close()
            raise
        return engine

    def _choose(self, game: int, board: chess.Board) -> Choice | Fault:
        try:
            self._engine = self._engine or self._start()
            played = self._engine.play(board, self._limit, game=game, info=chess.engine.INFO_SCORE)
        except (chess.engine.EngineError, TimeoutError, OSError) as error:
            self.close()
            return Fault(_kind(error), f"{type(error).__name__}: {error}")
        if played.move is None:
            return Fault("crash", "the engine gave no move")
        score = played.info.get("score")
        value = 2.0 * score.relative.wdl().expectation() - 1.0 if score else None
        return Choice(played.move, value)


def _choice(found: SearchResult) -> Choice:
    return Choice(found.best_move, found.value)


def _kind(error: Exception) -> FailureKind:
    """Returns `illegal` if python-chess could not make the engine's move, whose error it wraps."""
    return "illegal" if any(isinstance(cause, ValueError) for cause in error.args) else "crash"
