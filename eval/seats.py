"""An engine opened to play: a seat answers many positions at once, one for each game it sits at."""

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic, perf_counter
from typing import Protocol

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_encoding
from aztoolkit.errors import EvaluationError
from aztoolkit.evaluator import Evaluation, Evaluator
from aztoolkit.mcts import Search, SearchConfig, SearchResult
from aztoolkit.model import ModelSpec
from aztoolkit.player import Limit, Player
from aztoolkit.uci.clock import Budget, Watch
from aztoolkit.uci.commands import Go
from aztoolkit.uci.thinking import Thinking
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
    moves: int = 0
    thinking_s: float = 0.0
    """For those moves; of positions that are answered together, the time that passed."""


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
        self,
        evaluator: Evaluator,
        settings: MatchSettings,
        stopped: threading.Event,
        *,
        temperature: float = 0.0,
    ) -> None:
        """Plays the best move; above temperature 0 one by chance, by the seed and the game's number."""
        self.work = Work()
        self._temperature = temperature
        metered = MeteredEvaluator(evaluator, self.work, stopped)
        self._player = Player(metered, SearchConfig(batch_size=settings.batch_size))
        self._settings = settings
        self._searches: dict[int, Search] = {}
        if settings.movetime_s is not None:
            _warm_up(evaluator)

    def choose(self, games: Sequence[int], boards: Sequence[chess.Board]) -> list[Choice | Fault]:
        """Searches all boards together; if that fails, each alone, to see which one it was.

        A network that fails at no board alone has failed at the first all the same.

        On the clock, one after the other, each for the whole time.
        """
        for game in games:
            self._searches.setdefault(game, self._new_game(game))
        begin_s = monotonic()
        answers = self._search(games, boards)
        self.work.thinking_s += monotonic() - begin_s
        self.work.moves += len(boards)
        return answers

    def end(self, game: int) -> None:
        """Drops the game's tree."""
        self._searches.pop(game, None)

    def close(self) -> None:
        """Frees the network."""
        self._player.evaluator.close()

    def _new_game(self, game: int) -> Search:
        return self._player.new_game(seed=self._settings.seed + game)

    def _search(self, games: Sequence[int], boards: Sequence[chess.Board]) -> list[Choice | Fault]:
        if self._settings.movetime_s is not None:
            return [self._choose_alone(*turn) for turn in zip(games, boards, strict=True)]
        searches = [self._searches[game] for game in games]
        limit = Limit(simulations=self._settings.simulations)
        try:
            found = self._player.think(searches, boards, limit)
            return [self._choice(*turn) for turn in zip(games, boards, found, strict=True)]
        except (MatchStoppedError, AssertionError):
            raise
        except Exception as error:  # whatever the network's runtime raises
            self._searches |= {game: self._new_game(game) for game in games}
            answers = [self._choose_alone(*turn) for turn in zip(games, boards, strict=True)]
            if not any(isinstance(answer, Fault) for answer in answers):
                answers[0] = _fault_together(error, len(boards))
            return answers

    def _choose_alone(self, game: int, board: chess.Board) -> Choice | Fault:
        begin_s = monotonic()
        try:
            found = self._think(self._searches[game], board, begin_s)
            answer = self._choice(game, board, found)
        except (MatchStoppedError, AssertionError):
            raise
        except Exception as error:  # whatever the network's runtime raises
            return _fault(error)
        return _late_fault(monotonic() - begin_s, self._settings) or answer

    def _think(self, search: Search, board: chess.Board, begin_s: float) -> SearchResult:
        if self._settings.movetime_s is None:
            limit = Limit(simulations=self._settings.simulations)
            return self._player.think([search], [board], limit)[0]
        go = Go(movetime_s=self._settings.movetime_s)
        budget = Budget(self._settings.movetime_s, self._settings.movetime_s)
        return Thinking(
            search=search,
            evaluator=self._player.evaluator,
            board=board,
            go=go,
            watch=Watch(go, budget, began_s=begin_s),
            batch=self._settings.batch_size,
        ).run()

    def _choice(self, game: int, board: chess.Board, found: SearchResult) -> Choice:
        if self._temperature == 0:
            return Choice(found.best_move, found.value)
        chance = np.random.default_rng((self._settings.seed, game, board.ply()))
        return Choice(found.draw(self._temperature, chance), found.value)


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


def _late_fault(elapsed_s: float, settings: MatchSettings) -> Fault | None:
    """Returns the fault of a move that took too long for a match on the clock, or None."""
    if settings.movetime_ms is None:
        return None
    elapsed_ms = elapsed_s * 1000.0
    if elapsed_ms <= settings.movetime_ms + settings.time_margin_ms:
        return None
    allowed = f"{settings.movetime_ms} ms and a margin of {settings.time_margin_ms} ms"
    return Fault("time", f"expected a move within {allowed}, got it after {elapsed_ms:.0f} ms")


def _warm_up(evaluator: Evaluator) -> None:
    """Has the runtime prepare what it prepares at its first call, before a clock runs."""
    planes = get_encoding(evaluator.spec.encoding).planes
    with suppress(Exception):  # it will fail again in a game, where that is recorded
        evaluator.evaluate(np.zeros((1, planes, 8, 8), dtype=np.float32))


def _fault(error: Exception) -> Fault:
    if isinstance(error, EvaluationError):
        return Fault("nan", str(error))
    return Fault("crash", f"{type(error).__name__}: {error}")


def _fault_together(error: Exception, boards: int) -> Fault:
    fault = _fault(error)
    return Fault(fault.kind, f"{fault.detail}, of {boards} positions together, of none alone")
