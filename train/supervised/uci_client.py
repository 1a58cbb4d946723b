"""A UCI engine at the other end of a pipe, asked for candidate moves.

`chess.engine` does more and takes longer: it costs as much as a search of a thousand nodes.

Source: the UCI protocol (S. Meyer-Kahlen, 2006).
"""

import os
import re
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
_NODES_A_MB, _LEAST_HASH_MB, _MOST_HASH_MB = 2000, 4, 64
"""Memory for the searches of one game; more only takes longer to clear."""
_QUIT_TIMEOUT_S = 2.0
_RANK, _BOUND = re.compile(r" multipv (\d+)"), re.compile(r" (lower|upper)bound\b")


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
        position = f"position fen {start_fen} moves {' '.join(moves)}".removesuffix(" moves ")
        self._send(f"{position}\ngo nodes {self._nodes}")
        timeout_s = _LEAST_TIMEOUT_S + _S_A_NODE * self._nodes
        found = _last_of_each_rank(self._read_until("bestmove", timeout_s))
        if not found:
            raise MachineError(
                f"expected scored moves of the UCI engine {self._program}, got none for "
                f"{start_fen} {' '.join(moves)}; try another --teacher"
            )
        return _distinct([parse_info(found[rank]) for rank in sorted(found)])

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
        wanted = {"Threads": 1, "Hash": hash_mb, "MultiPV": lines}
        for option in wanted.keys() & options:
            self._send(f"setoption name {option} value {wanted[option]}")

    def _greet(self) -> set[str]:
        """Says hello; returns the names of the engine's options."""
        self._send("uci")
        options = set()
        for words in map(str.split, self._read_until("uciok", _START_TIMEOUT_S)):
            if words[:2] == ["id", "name"]:
                self.name = " ".join(words[2:])
            if words[:2] == ["option", "name"] and "type" in words:
                options.add(" ".join(words[2 : words.index("type")]))
        return options

    def _send(self, lines: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(lines.encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._died() from error

    def _read_until(self, last: str, timeout_s: float) -> list[str]:
        """Returns the lines up to one that begins with `last`, without it."""
        ending = b"\n" + last.encode()
        text = b"\n" + self._unread
        while (end := text.find(ending)) < 0 or (line_end := text.find(b"\n", end + 1)) < 0:
            text += self._read(timeout_s)
        self._unread = text[line_end + 1 :]
        return text[:end].decode(errors="replace").splitlines()

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


def parse_info(line: str) -> Line:
    """Returns what a UCI `info` says of a move; raises MachineError if it is malformed."""
    words = line.split()
    try:
        kind, size = words[words.index("score") + 1], int(words[words.index("score") + 2])
        score = chess.engine.Mate(size) if kind == "mate" else chess.engine.Cp(size)
        return Line(words[words.index("pv") + 1], score)
    except (ValueError, IndexError) as error:
        raise MachineError(
            f"expected an info line of UCI, got {line!r}; try another --teacher"
        ) from error


def _last_of_each_rank(lines: Sequence[str]) -> dict[int, str]:
    """Returns for each rank of moves the last line that gives an exact score."""
    found: dict[int, str] = {}
    for line in lines:
        if line.startswith("info ") and " pv " in line and not _BOUND.search(line):
            ranked = _RANK.search(line)
            found[int(ranked[1]) if ranked else 1] = line
    return found


def _distinct(lines: list[Line]) -> list[Line]:
    """Returns the lines without repeated moves: a search cut short may name one twice."""
    return list({line.move: line for line in reversed(lines)}.values())[::-1]
