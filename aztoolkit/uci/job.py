"""One `go`, from the network and the tables to `bestmove`; and the tree that is kept between moves."""

import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import chess
import numpy as np

from aztoolkit.errors import AztoolkitError
from aztoolkit.evaluator import Evaluator
from aztoolkit.levels import Level
from aztoolkit.mcts import Search, SearchResult, best_backend
from aztoolkit.uci.clock import Watch
from aztoolkit.uci.commands import Go
from aztoolkit.uci.lines import Line, Progress, best_lines, bestmove_line, info_lines, only
from aztoolkit.uci.networks import Network, Networks
from aztoolkit.uci.root import Root
from aztoolkit.uci.settings import Settings
from aztoolkit.uci.tables import TableEvaluator, Tables
from aztoolkit.uci.thinking import Thinking
from aztoolkit.uci.tree import KeptTree

_MIB = 1 << 20
NO_MOVE, NO_LEGAL_MOVE = "bestmove 0000", "bestmove (none)"

Write = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """What one `go` asks for."""

    board: chess.Board
    go: Go
    watch: Watch
    settings: Settings
    tables: Tables | None
    level: Level | None = None
    """What limits its play; None for full strength."""


class Thinker:
    """Does one job after the other, each on whatever thread calls."""

    def __init__(
        self, networks: Networks, write: Write, *, chance: np.random.Generator | None = None
    ) -> None:
        """Takes what draws the moves of levels; without it, other moves each time."""
        self._networks, self._write = networks, write
        self._tree = KeptTree()
        self._chance = chance or np.random.default_rng()

    def forget(self) -> None:
        """Drops the tree and every remembered evaluation."""
        self._tree.forget()

    def do(self, job: Job) -> None:
        """Searches, and writes lines as it goes; `bestmove` is the last, whatever happens."""
        try:
            last = self._search(job)
        except Exception as error:  # a bug, of ours or a runtime's: the game must go on
            traceback.print_exc(file=sys.stderr)
            self._say(f"expected a search without error, got {type(error).__name__}: {error}")
            last = _any_move(job.board)
        job.watch.wait_until_free()
        self._write(last)

    def _search(self, job: Job) -> str:
        """Returns the `bestmove` line."""
        if not any(job.board.legal_moves):
            score = "mate 0" if job.board.is_check() else "cp 0"
            self._write(f"info depth 0 score {score}")
            return NO_LEGAL_MOVE
        network = self._networks.take(lambda: job.watch.left_s() <= 0)
        if network is None:
            return self._without_network(job)
        root = _probe(job)
        thinking = self._prepare(job, root, network)
        try:
            result = thinking.run()
        except AztoolkitError as error:
            self.forget()
            self._say(" ".join(str(error).split()))
            if thinking.seen is None:
                return _any_move(job.board)
            result = thinking.seen
        self._report(job, root, thinking, result)
        return bestmove_line(job.board, self._line(job, root, thinking, result))

    def _line(self, job: Job, root: Root, thinking: Thinking, result: SearchResult) -> Line:
        """Returns the move to play, and what is expected to follow the best one."""
        best = best_lines(thinking.search, result, 1, ranks=root.ranks)[0]
        if job.level is None:
            return best
        move = only(result, root.best).draw(job.level.temperature, self._chance)
        return best if move == best[0] else (move,)

    def _without_network(self, job: Job) -> str:
        if self._networks.opening:
            self._say("the search ended before the network was open; this is any legal move")
            return _any_move(job.board)
        self._say("expected a network to play with, got none; name one by the option WeightsFile")
        return NO_MOVE

    def _prepare(self, job: Job, root: Root, network: Network) -> Thinking:
        among = root.left(job.settings.multipv)
        in_tree = None if root.ranks and among == root.best else job.tables
        evaluator: Evaluator = network.evaluator
        if in_tree:
            evaluator = TableEvaluator(evaluator, in_tree)
        if len(among) == job.board.legal_moves.count():
            among = ()
            search = self._tree.search_for(network, in_tree, job.settings, level=job.level)
        else:
            search = self._tree.search_apart(network, job.settings)
        return Thinking(
            search=search,
            evaluator=evaluator,
            board=job.board,
            go=job.go,
            watch=job.watch,
            batch=network.batch,
            among=among,
            analyse=job.settings.analyse_mode or job.level is not None,
            report=lambda thinking, result: self._report(job, root, thinking, result),
        )

    def _report(self, job: Job, root: Root, thinking: Thinking, result: SearchResult) -> None:
        """Writes `info` lines."""
        lines = best_lines(thinking.search, result, job.settings.multipv, ranks=root.ranks)
        progress = Progress(
            depth=thinking.depth,
            elapsed_s=thinking.elapsed_s,
            table_hits=job.tables.hits if job.tables else 0,
            hash_permille=_fullness(thinking.search),
            table_values=root.values,
        )
        show_wdl = job.settings.show_wdl
        for line in info_lines(job.board, result, lines, progress, show_wdl=show_wdl):
            self._write(line)

    def _say(self, text: str) -> None:
        self._write(f"info string {text}")


def _probe(job: Job) -> Root:
    """Returns what the tables know of the root; their hits are counted from here on."""
    if job.tables:
        job.tables.hits = 0
    return Root.probe(job.tables, job.board, job.go.searchmoves)


def _any_move(board: chess.Board) -> str:
    move = next(iter(board.legal_moves), None)
    return NO_LEGAL_MOVE if move is None else f"bestmove {board.uci(move)}"


def _fullness(search: Search) -> int:
    """Returns how full the tree is, in per mille; 0 for the reference, which has no bound."""
    if best_backend() == "python":
        return 0
    from aztoolkit.mcts.native import NativeSearch

    if not isinstance(search, NativeSearch):
        return 0
    room = search.config.memory_mb * _MIB / 2  # the other half is for copying it
    return min(1000, round(1000 * search.native.memory().used_bytes / room))
