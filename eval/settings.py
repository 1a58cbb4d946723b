"""What a match and a gate are told before they start; each field is an option of the command."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from pydantic import BaseModel, ConfigDict, Field

from aztoolkit.backends import BackendName
from aztoolkit.hardware import probe_cpu


class MatchSettings(BaseModel):
    """How games are played; both sides are treated alike in everything here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    simulations: int = Field(default=100, ge=1, le=1_000_000)
    """Simulations a move, for both sides (nodes a move for a UCI engine)."""
    movetime_ms: Annotated[int | None, Parameter(alias="--movetime")] = Field(
        default=None, ge=1, le=3_600_000
    )
    """Milliseconds a move, for both sides, instead of simulations (of a gate, in a stage of its own): every
    worker plays one game at a time, so that the engine that thinks has the worker's core to itself."""
    time_margin_ms: int = Field(default=200, ge=0, le=3_600_000)
    """Milliseconds over --movetime after which a move is late: the game is lost, and recorded."""
    stall_s: float = Field(default=60.0, gt=0)
    """Seconds after which a UCI engine that counts nodes has stalled: the game is lost, and recorded."""
    batch_size: int = Field(default=1, ge=1, le=256)
    """Most leaves of one game that wait for the network at once; fewer play better, and the games
    together fill the batch."""
    concurrency: int = Field(default=32, ge=1, le=4096)
    """Games played at the same time, over all workers; with --movetime, one a worker."""
    workers: int | None = Field(default=None, ge=1, le=256)
    """Threads that play, each with its own copy of both networks; one a processor core unless given."""
    backend: BackendName = "auto"
    """Runtime of the networks; auto takes the fastest that this machine has, and says which."""
    max_plies: int = Field(default=512, ge=1)
    """Half-moves after the opening at which a game is broken off and counts as a draw."""
    draw_after: int | None = Field(default=None, ge=1)
    """Moves of each side after the opening from which a draw is agreed on, if both find the game level;
    never unless given."""
    draw_moves: int = Field(default=8, ge=1)
    """Moves of each side in a row that must be level for that."""
    draw_value: float = Field(default=0.05, ge=0, le=1)
    """Value, -1 to 1, up to which a move is level."""
    resign_after: int | None = Field(default=None, ge=1)
    """Moves of each side in a row that both find won for the same side, after which the other resigns;
    never unless given."""
    resign_value: float = Field(default=0.95, gt=0, le=1)
    """Value, 0 to 1, from which a side finds the game won."""
    syzygy: Path | None = None
    """Folder of Syzygy tables: games that come to so few men end as the tables say."""
    seed: int = Field(default=0, ge=0)
    """Of the order of the openings and of the searches."""

    def worker_count(self) -> int:
        """Returns the number of workers: a core each unless given, and never more than games."""
        return min(self.workers or probe_cpu().cores, self.concurrency)

    def games_at_once(self) -> int:
        """Returns the number of games played at the same time: on the clock, one a worker."""
        return self.concurrency if self.movetime_ms is None else self.worker_count()

    @property
    def movetime_s(self) -> float | None:
        """Seconds a move, or None if simulations are counted."""
        return None if self.movetime_ms is None else self.movetime_ms / 1000.0


class LadderSettings(BaseModel):
    """Games against Stockfish of limited strength, for the record: they decide nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stockfish_elo: Annotated[tuple[int, ...], Parameter(negative="")] = ()
    """Elo of Stockfish (`UCI_Elo`) to play the candidate against, in a last stage that only reports; can be
    given several times."""
    games: int = Field(default=50, ge=2, multiple_of=2)
    """Games against each Stockfish: half as many openings, colours swapped."""
    stockfish: Path | None = None
    """Stockfish's path, for the ladder and to judge tactical catastrophes; looked for on PATH and in
    /usr/games unless given."""
    stockfish_ms: int = Field(default=100, ge=1, le=3_600_000)
    """Milliseconds that Stockfish has for a move, on one thread."""
    ladder_simulations: int | None = Field(default=None, ge=1, le=10_000_000)
    """Simulations a move against Stockfish; as in the rest of the gate unless given."""
    ladder_baseline: Annotated[bool, Parameter(negative="")] = False
    """Whether the baseline plays Stockfish too."""


class GateRule(BaseModel):
    """When a candidate is accepted: a sequential test of its Elo, and a least score."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    elo0: float = Field(default=-50.0, ge=-1000, le=1000)
    """Elo difference at which the candidate is too weak."""
    elo1: float = Field(default=0.0, ge=-1000, le=1000)
    """Elo difference at which it is good enough; above elo0."""
    alpha: float = Field(default=0.04, gt=0, lt=0.5)
    """Risk of accepting a candidate as weak as elo0, by Wald's bounds; one in twenty, as simulated."""
    beta: float = Field(default=0.05, gt=0, lt=0.5)
    """Risk of rejecting a candidate that is as good as elo1; in the tactical veto, one that sees as much."""
    min_score: float = Field(default=0.45, ge=0, le=1)
    """Least score, 0 to 1, of an accepted candidate."""
    min_pairs: int = Field(default=20, ge=1)
    """Game pairs before any verdict."""
    max_pairs: int = Field(default=400, ge=1)
    """Game pairs after which the verdict is given as things stand."""
    max_kl: float | None = Field(default=None, gt=0)
    """Reject if the mean policy divergence in X.compare.json is above this; reported only unless given."""
    max_winrate_error: float | None = Field(default=None, gt=0)
    """Reject if the 99th percentile of the win-rate error in X.compare.json is above this, 0 to 1."""
