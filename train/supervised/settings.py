"""What a supervised start is told; each field is an option of `aztoolkit train`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from pydantic import BaseModel, ConfigDict, Field, field_validator


class PgnSettings(BaseModel):
    """Games of others, whose moves and results are learned."""

    from_pgn: Annotated[list[Path], Parameter(negative=(), show_default=False)] = []
    """Learn from these games first (.pgn, .pgn.gz, .pgn.bz2, .pgn.zst); give it again for more files."""
    pgn_min_elo: int = Field(default=0, ge=0)
    """Leave out games in which a player has less Elo, or none is given; 0: keep all."""
    pgn_min_plies: int = Field(default=10, ge=1)
    """Leave out games shorter than this."""


class TeacherSettings(BaseModel):
    """Positions that an engine judges."""

    teacher: str | None = None
    """Learn first from positions that this engine labels: `stockfish`, or the path of a UCI engine."""
    teacher_nodes: int = Field(default=1000, ge=1)
    """Nodes that it searches a position."""
    teacher_positions: int = Field(default=100_000, ge=1)
    """Positions to label; more may be asked for later."""
    teacher_lines: int = Field(default=4, ge=1, le=64)
    """Moves that it weighs in each position (MultiPV)."""
    teacher_random_moves: float = Field(default=0.15, ge=0, le=0.3)
    """Mean share of random moves in the games it labels, so that blunders and their punishment occur."""


class SupervisedSettings(PgnSettings, TeacherSettings):
    """The supervised start of a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    supervised_epochs: float = Field(default=2.0, gt=0)
    """How often, on average, each position is learned."""
    supervised_steps: int | None = Field(default=None, ge=0)
    """Learner steps, instead of epochs; 0 gathers the positions and learns nothing."""

    supervised_final_rate: float = Field(default=0.1, gt=0, le=1)
    """Over these steps the learning rate falls, along half a cosine, to this share of itself; 1: stays."""

    @field_validator("from_pgn")
    @classmethod
    def _resolve(cls, paths: list[Path]) -> list[Path]:
        """Makes them absolute: a run may be resumed from another folder."""
        return [path.resolve() for path in paths]

    @property
    def has_source(self) -> bool:
        """Whether there is anything to learn from."""
        return bool(self.from_pgn or self.teacher)
