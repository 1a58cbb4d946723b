"""A UCI engine at the other end of a pipe, asked for candidate moves.

`chess.engine` does more and takes longer: it costs as much as a search of a thousand nodes.

Source: the UCI protocol (S. Meyer-Kahlen, 2006); `UCI_ShowWDL` as Stockfish and lc0 have it.
"""

import os
import select
import subprocess
from collections.abc import Sequence

import chess.engine

from aztoolkit.errors import MachineError
from aztoolkit.programs import find_program
from train.supervised.labels import Line

_READ_BYTES = 1 << 16
_START_TIMEOUT_S = 30.0
_LEAST_TIMEOUT_S, _S_A_NODE = 60.0, 1e-3
"""Patience with a search: a minute and a thousandth second a node."""
_SHOW_WDL = "UCI_ShowWDL"
_NODES_A_MB, _LEAST_HASH_MB, _MOST_HASH_MB = 2000, 4, 64
"""Memory for the searches of one game; more only takes longer to clear."""
_QUIT_TIMEOUT_S = 2.0


def find_engine(name: str) -> str:
    """Returns the path of an engine, given by name or path; raises MachineError if there is none."""
    found = find_program(name)
    if found is None:
        raise MachineError(
            f"expected a UCI engine, got no program {name!r}; install it "
            "(such as `apt-get install stockfish`) or give its path as --teacher"
        )
    return found


class UciClient:
    """One engine process with one thread; a context manager."""

    def __init__(self, program: str, *, lines: int, nodes: int) -> None:
        """Starts the engine.

        Args:
            program: its path.
            lines: most candidate moves a position.
            nodes: to search a position.

        Raises:
            MachineError: it does not start or speak UCI.
        """
        self._program, self._nodes = program, nodes
        self._unread = b""
        try:
            self._process = subprocess.Popen(
                [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        except OSError as error:
            raise MachineError(
                f"expected a UCI engine that starts, got {error.strerror}: {program}"
            ) from error
        self.name = program
        try:
            self._set_up(lines)
        except BaseException:
            self.close()
            raise

    def new_game(self) -> None:
        """Forgets what was searched, so that a game's labels hang on nothing before it."""
        self._send("ucinewgame")
        self._send("isready")
        self._read_until("readyok", _START_TIMEOUT_S)

    def analyse(self, start_fen: str, moves: Sequence[str]) -> list[Line]:
        """Returns the candidate moves after `moves` (UCI) from `start_fen`, best first.

        Raises:
            MachineError: the engine died, is silent or names no move.
        """
        self._send(f"position fen {start_fen} moves {' '.join(moves)}".removesuffix(" moves "))
        self._send(f"go nodes {self._nodes}")
        found: dict[int, Line] = {}
        timeout_s = _LEAST_TIMEOUT_S + _S_A_NODE * self._nodes
        for words in self._read_until("bestmove", timeout_s):
            if words[0] == "info" and (parsed := parse_info(words)):
                rank, line = parsed
                found[rank] = line
        if not found:
            raise MachineError(
                f"expected scored moves of the UCI engine {self._program}, got none for "
                f"{start_fen} {' '.join(moves)}; try another --teacher"
            )
        return _distinct([found[rank] for rank in sorted(found)])

    def close(self) -> None:
        """Ends the process."""
        try:
            self._process.communicate(b"quit\n", timeout=_QUIT_TIMEOUT_S)
        except (subprocess.TimeoutExpired, OSError):
            self._process.kill()
            self._process.communicate()

    def __enter__(self) -> "UciClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _set_up(self, lines: int) -> None:
        options = self._greet()
        hash_mb = min(max(_LEAST_HASH_MB, self._nodes // _NODES_A_MB), _MOST_HASH_MB)
        wanted = {"Threads": 1, "Hash": hash_mb, "MultiPV": lines, _SHOW_WDL: "true"}
        for option in wanted.keys() & options:
            self._send(f"setoption name {option} value {wanted[option]}")

    def _greet(self) -> set[str]:
        """Says hello; returns the names of the engine's options."""
        self._send("uci")
        options = set()
        for words in self._read_until("uciok", _START_TIMEOUT_S):
            if words[:2] == ["id", "name"]:
                self.name = " ".join(words[2:])
            if words[:2] == ["option", "name"] and "type" in words:
                options.add(" ".join(words[2 : words.index("type")]))
        return options

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._died() from error

    def _read_until(self, last: str, timeout_s: float) -> list[list[str]]:
        """Returns the lines up to one that begins with the word `last`, in words, without it."""
        lines: list[list[str]] = []
        while True:
            line, newline, rest = self._unread.partition(b"\n")
            if not newline:
                self._unread += self._read(timeout_s)
                continue
            self._unread = rest
            words = line.decode(errors="replace").split()
            if words and words[0] == last:
                return lines
            if words:
                lines.append(words)

    def _read(self, timeout_s: float) -> bytes:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        if not select.select([descriptor], [], [], timeout_s)[0]:
            raise MachineError(
                f"expected an answer of the UCI engine {self._program} within {timeout_s:.0f} s, "
                "got none; try another --teacher"
            )
        read = os.read(descriptor, _READ_BYTES)
        if not read:
            raise self._died()
        return read

    def _died(self) -> MachineError:
        return MachineError(
            f"expected the UCI engine {self._program} to live on, got its end "
            f"(exit code {self._process.poll()}); run again to go on, or try another --teacher"
        )


def parse_info(words: Sequence[str]) -> tuple[int, Line] | None:
    """Returns rank and line of a UCI `info` in words; None where it gives no exact score of a move.

    Raises:
        MachineError: it is malformed.
    """
    if "pv" not in words or "score" not in words or {"lowerbound", "upperbound"} & set(words):
        return None
    try:
        kind, size = words[words.index("score") + 1], int(words[words.index("score") + 2])
        score = chess.engine.Mate(size) if kind == "mate" else chess.engine.Cp(size)
        rank = int(words[words.index("multipv") + 1]) if "multipv" in words else 1
        return rank, Line(words[words.index("pv") + 1], score, _wdl(words))
    except (ValueError, IndexError) as error:
        raise MachineError(
            f"expected an info line of UCI, got {' '.join(words)!r}; try another --teacher"
        ) from error


def _wdl(words: Sequence[str]) -> tuple[int, int, int] | None:
    if "wdl" not in words:
        return None
    first = words.index("wdl") + 1
    win, draw, loss = map(int, words[first : first + 3])
    return win, draw, loss


def _distinct(lines: list[Line]) -> list[Line]:
    """Returns the lines without repeated moves: a search cut short may name one twice."""
    return list({line.move: line for line in reversed(lines)}.values())[::-1]
