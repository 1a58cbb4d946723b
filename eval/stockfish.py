"""Stockfish of limited strength, as an opponent whose Elo is known on a scale of its own."""

import asyncio
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import chess.engine

from aztoolkit.errors import ConfigError, MachineError
from aztoolkit.programs import find_program
from eval.opponents import Opponent, uci_opener
from eval.seats import Seat
from eval.settings import MatchSettings
from eval.uci_seat import start_engine

HASH_MB = 16
_LIMIT, _ELO = "UCI_LimitStrength", "UCI_Elo"
_MARGIN_MS = 5_000
"""A ladder is no test of Stockfish: on a busy machine it may be late."""


@dataclass(frozen=True)
class Stockfish:
    """The program, and the strengths it can be limited to."""

    path: Path
    name: str
    """As it calls itself, such as `Stockfish 15.1`."""
    least_elo: int
    most_elo: int

    def check_elo(self, elos: Collection[int]) -> None:
        """Raises ConfigError if it does not play at one of these."""
        for elo in elos:
            if not self.least_elo <= elo <= self.most_elo:
                raise ConfigError(
                    f"expected --stockfish-elo from {self.least_elo} to {self.most_elo}, as {self.name} "
                    f"has it, got {elo}"
                )

    def scale(self, movetime_ms: int) -> str:
        """Returns in words whose Elo a ladder's is."""
        return f"UCI_Elo of {self.name} at {movetime_ms} ms a move, 1 thread, {HASH_MB} MiB hash"

    def opponent(self, elo: int, *, movetime_ms: int) -> Opponent:
        """Returns it with one thread at an Elo; it plays by time, however others play."""
        options = {_LIMIT: "true", _ELO: str(elo), "Threads": "1", "Hash": str(HASH_MB)}
        open_seat = uci_opener([str(self.path)], options)

        def open_timed(settings: MatchSettings, stopped: threading.Event) -> Seat:
            clock = {"movetime_ms": movetime_ms, "time_margin_ms": _MARGIN_MS}
            return open_seat(settings.model_copy(update=clock), stopped)

        return Opponent(
            f"{self.name} {elo}",
            f"{self.name}: {self.path} {_ELO} {elo} {movetime_ms} ms",
            None,
            open_timed,
        )


def find_stockfish(path: Path | None) -> Stockfish:
    """Returns the Stockfish at `path`, or on PATH, or where Debian puts it.

    Raises:
        MachineError: there is none, or what is there is no UCI engine that can be limited.
    """
    found = find_program(str(path or "stockfish"))
    if found is None:
        raise MachineError(
            f"expected Stockfish {f'at {path}' if path else 'on PATH or in /usr/games'}, got none; "
            "install it (such as `apt-get install stockfish`) or name it: --stockfish PATH"
        )
    try:
        return asyncio.run(_ask(found))
    except (chess.engine.EngineError, TimeoutError, OSError, KeyError) as error:
        raise MachineError(
            f"expected a Stockfish with the options {_LIMIT} and {_ELO}, got {found}: "
            f"{type(error).__name__}: {error}"
        ) from error


async def _ask(path: str) -> Stockfish:
    """Returns what the program says of itself."""
    engine = await start_engine([path], {})
    try:
        elo = engine.options[_ELO]
        if _LIMIT not in engine.options or elo.min is None or elo.max is None:
            raise KeyError(_LIMIT)
        return Stockfish(Path(path), engine.id.get("name", "UCI engine"), elo.min, elo.max)
    finally:
        await engine.end()
