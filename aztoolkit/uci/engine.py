"""The protocol: reads lines, answers at once, and leaves thinking and opening to other threads."""

import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence

import chess

from aztoolkit import __version__
from aztoolkit.errors import AztoolkitError, ConfigError
from aztoolkit.uci.bench import bench
from aztoolkit.uci.clock import Watch, allot
from aztoolkit.uci.commands import parse_go, parse_option, parse_position
from aztoolkit.uci.job import Job, Thinker
from aztoolkit.uci.limits import level_for, within
from aztoolkit.uci.networks import Networks, OpenModel, Wanted, open_with
from aztoolkit.uci.settings import Settings, declarations
from aztoolkit.uci.tables import Tables

_PATIENCE_S = 5.0
"""How long a search may take to end before the process is left."""
_SHOWN = 80
"""Characters of a line not understood that are repeated."""


class Engine:
    """A UCI engine between lines that are read and lines that are written."""

    def __init__(
        self,
        settings: Settings,
        write: Callable[[str], None],
        *,
        open_model: OpenModel = open_with,
    ) -> None:
        """Starts with `settings` as its defaults; `write` takes a line without its end."""
        self._settings = self._defaults = settings
        self._output, self._writing = write, threading.Lock()
        self._networks = Networks(self._say, open_model=open_model)
        self._thinker = Thinker(self._networks, self._write)
        self._tables: Tables | None = None
        self._board = chess.Board()
        self._watch: Watch | None = None
        self._thread: threading.Thread | None = None
        self._commands: dict[str, Callable[[Sequence[str]], None]] = {
            "uci": self._uci,
            "isready": self._isready,
            "ucinewgame": self._ucinewgame,
            "position": self._position,
            "go": self._go,
            "stop": self._stop,
            "ponderhit": self._ponderhit,
            "setoption": self._setoption,
            "bench": self._bench,
            "debug": self._ignore,
            "register": self._ignore,
        }

    def run(self, lines: Iterable[str]) -> bool:
        """Obeys until `quit` or the end of the lines; returns whether every thread has ended."""
        for line in lines:
            words = line.replace("\0", " ").split()
            if words[:1] == ["quit"]:
                break
            try:
                self._obey(words)
            except AztoolkitError as error:
                self._say(" ".join(str(error).split()))
            except Exception as error:  # a bug of ours: the game must go on
                traceback.print_exc(file=sys.stderr)
                self._say(f"expected to obey, got {type(error).__name__}: {error}")
        self._end_search(patience_s=_PATIENCE_S)
        return self._thread is None and not self._networks.opening

    def _obey(self, words: Sequence[str]) -> None:
        """Obeys a line; words before the first that is a command are skipped, as UCI has it."""
        for i, word in enumerate(words):
            if word in self._commands:
                self._commands[word](words[i + 1 :])
                return
        if words:
            self._say(f"expected a command of UCI, got {' '.join(words)[:_SHOWN]!r}")

    def _uci(self, _words: Sequence[str]) -> None:
        self._write(f"id name aztoolkit {__version__}")
        self._write("id author the authors of aztoolkit")
        for line in declarations(self._defaults):
            self._write(line)
        self._write("uciok")

    def _isready(self, _words: Sequence[str]) -> None:
        self._want_network()
        self._write("readyok")

    def _ucinewgame(self, _words: Sequence[str]) -> None:
        self._want_network()
        self._thinker.forget()

    def _position(self, words: Sequence[str]) -> None:
        self._want_network()
        self._board = parse_position(words, chess960=self._settings.chess960)

    def _go(self, words: Sequence[str]) -> None:
        began_s = time.monotonic()
        self._end_search()
        self._want_network()
        board = self._board.copy()
        go = parse_go(words, board)
        for complaint in go.complaints:
            self._say(complaint)
        level = level_for(go, self._settings)
        budget = allot(go, board, overhead_s=self._settings.move_overhead_ms / 1000.0)
        self._watch = Watch(go, budget, began_s=began_s)
        job = Job(board, within(go, level), self._watch, self._settings, self._tables, level)
        self._thread = threading.Thread(
            target=self._thinker.do, args=(job,), name="search", daemon=True
        )
        self._thread.start()

    def _stop(self, _words: Sequence[str]) -> None:
        if self._watch is not None:
            self._watch.stop()

    def _ponderhit(self, _words: Sequence[str]) -> None:
        if self._watch is not None:
            self._watch.ponderhit()

    def _setoption(self, words: Sequence[str]) -> None:
        name, value = parse_option(words)
        if name.lower() == "clear hash":
            self._thinker.forget()
            return
        settings = self._settings.changed(name, value)
        if settings.syzygy_path != self._settings.syzygy_path:
            self._open_tables(settings.syzygy_path)
        self._settings = settings

    def _open_tables(self, path: str) -> None:
        self._tables = Tables(path) if path else None
        if self._tables:
            tables = self._tables
            self._say(f"{tables.count} tablebases of up to {tables.most_pieces} pieces")
            for folder in tables.skipped:
                self._say(f"SyzygyPath: expected a folder with files *.rtbw, skipped {folder}")

    def _bench(self, words: Sequence[str]) -> None:
        """Thinks about some positions, so many nodes each; nothing else is read meanwhile."""
        self._end_search()
        self._want_network()
        if words and not (words[0].isdecimal() and int(words[0]) > 0):
            raise ConfigError(f"expected bench or bench NODES, got {words[0]!r}")
        network = self._networks.take(lambda: False)
        if network is None:
            raise ConfigError("expected a network to measure, got none; name one by WeightsFile")
        for line in bench(network, *(int(word) for word in words[:1])):
            self._write(line)

    def _ignore(self, _words: Sequence[str]) -> None:
        """Takes a command of UCI that means nothing to this engine."""

    def _want_network(self) -> None:
        """Begins to open the network of the options, if it is another one."""
        settings = self._settings
        values = settings.backend_values()
        self._networks.want(
            Wanted(
                settings.weights,
                settings.precision,
                settings.backend,
                threads=values.get("threads", settings.threads),
                batch=values.get("batch", 0),
            )
        )

    def _end_search(self, *, patience_s: float | None = None) -> None:
        """Stops the search under way, if there is one, and waits for its move."""
        if self._thread is None or self._watch is None:
            return
        self._watch.stop()
        self._thread.join(patience_s)
        if not self._thread.is_alive():
            self._thread = None

    def _say(self, text: str) -> None:
        self._write(f"info string {text}")

    def _write(self, line: str) -> None:
        with self._writing:
            self._output(line)
