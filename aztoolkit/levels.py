"""Named strengths for people, and what each was measured to be worth.

    level       simulations   temperature
    Beginner              1             1    first thoughts of the network, many of them odd
    Casual                1           0.5    first thoughts, most of them good
    Club                 10             1    a glance ahead, moves by their visits
    Strong               50           0.5
    Expert              200          0.25
    Full                800             0    always the best move

At one simulation no move is visited, and the network's priors stand in for visits. From two on, a
temperature draws among visited moves alone; these are few, and the better ones: two simulations at
temperature 1 always play the likeliest move. So the weakest levels have one.
"""

import math
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, model_validator

from aztoolkit.errors import ConfigError, DataError

LevelName = Literal["Beginner", "Casual", "Club", "Strong", "Expert", "Full"]
FULL_SIMULATIONS = 800
MOST_TEMPERATURE = 2.0
FILE = "levels.json"
"""What the levels of a model are worth, in the folder of the model."""
_OLD_NAME = "failures_of_stockfish"
_ROUND = 10
"""Nobody needs an Elo to the point."""


class Level(BaseModel):
    """How strong an engine plays, for people to choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: LevelName
    simulations: int = Field(ge=1, le=FULL_SIMULATIONS)
    """Of each move."""
    temperature: float = Field(ge=0, le=MOST_TEMPERATURE)
    """0 plays the best move; above, moves by chance in proportion to visits ** (1 / temperature)."""

    @property
    def words(self) -> str:
        """How it plays, such as `50 simulations, temperature 0.5`."""
        plural = "" if self.simulations == 1 else "s"
        warmth = f", temperature {self.temperature:g}" if self.temperature else ""
        return f"{self.simulations} simulation{plural}{warmth}"


LEVELS = (
    Level(name="Beginner", simulations=1, temperature=1.0),
    Level(name="Casual", simulations=1, temperature=0.5),
    Level(name="Club", simulations=10, temperature=1.0),
    Level(name="Strong", simulations=50, temperature=0.5),
    Level(name="Expert", simulations=200, temperature=0.25),
    Level(name="Full", simulations=FULL_SIMULATIONS, temperature=0.0),
)
"""From the weakest to the strongest."""
FULL = LEVELS[-1]
assert tuple(level.name for level in LEVELS) == get_args(LevelName)


def find_level(name: str) -> Level:
    """Returns a level by its name, upper or lower case; raises ConfigError if there is none."""
    found = next((level for level in LEVELS if level.name.lower() == name.lower()), None)
    if found is None:
        known = ", ".join(level.name for level in LEVELS)
        raise ConfigError(f"expected the name of a level ({known}), got {name!r}")
    return found


class Games(BaseModel):
    """Games of a level against one opponent."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    won: int = Field(ge=0)
    drawn: int = Field(ge=0)
    lost: int = Field(ge=0)
    failures: int = Field(default=0, ge=0)
    """Of those lost, by a crash or NaN of the network."""
    failures_of_opponent: int = Field(
        default=0, ge=0, validation_alias=AliasChoices("failures_of_opponent", _OLD_NAME)
    )
    """Of those won, likewise."""


class Rung(Games):
    """Games against Stockfish of limited strength."""

    stockfish_elo: int


class Duel(Games):
    """Games against a stronger level of the same model."""

    level: LevelName


class MeasuredLevel(BaseModel):
    """A level, and its Elo with the 95 % interval.

    Where a level is so far below (above) all its opponents that the games bound it on one side only, that
    bound alone is there: `elo` and the other end of the interval are None.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    level: Level
    elo: float | None
    elo_low: float | None
    elo_high: float | None
    games: int = Field(ge=1)
    rungs: tuple[Rung, ...] = ()
    """The games by their opponents."""
    duel: Duel | None = None
    """For a level out of Stockfish's reach: what its Elo comes from, and that of the stronger level."""

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        if self.elo_low is None and self.elo_high is None:
            raise ValueError("expected elo_low or elo_high, got neither")
        if (self.elo is None) != (self.elo_low is None or self.elo_high is None):
            raise ValueError(
                "expected elo where both elo_low and elo_high are known, and only there"
            )
        return self

    @property
    def words(self) -> str:
        """What it is worth, such as `about 1450 Elo` or `below 900 Elo`."""
        if self.elo is not None:
            return f"about {round(self.elo / _ROUND) * _ROUND} Elo"
        if self.elo_high is not None:
            return f"below {math.ceil(self.elo_high / _ROUND) * _ROUND} Elo"
        assert self.elo_low is not None, "one end of the interval is known"
        return f"above {math.floor(self.elo_low / _ROUND) * _ROUND} Elo"


class MeasuredLevels(BaseModel):
    """What the levels of one model are worth (`levels.json`)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str
    """Name of its file."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """Of its file."""
    scale: str
    """Whose Elo it is, such as `UCI_Elo of Stockfish 15.1 at 100 ms a move`."""
    levels: tuple[MeasuredLevel, ...]

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        names = [measured.level.name for measured in self.levels]
        if len(names) != len(set(names)):
            raise ValueError(f"expected each level once, got {names}")
        return self

    def of(self, level: Level) -> MeasuredLevel | None:
        """Returns what a level is worth; None if it was not measured as it is now."""
        return next((measured for measured in self.levels if measured.level == level), None)


def levels_path(model: Path) -> Path:
    """Returns where the Elo of a model's levels stands."""
    return model.with_name(FILE)


def read_levels(path: Path) -> MeasuredLevels | None:
    """Returns what `path` says of levels; None where there is no such file.

    Raises:
        DataError: the file cannot be read, or is not what `aztoolkit benchmark levels` writes.
    """
    try:
        return MeasuredLevels.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise _unreadable(path, f"{where}: {fault['msg']}" if where else fault["msg"]) from error


def levels_of(model: Path, digest: str) -> MeasuredLevels | None:
    """Returns what the levels of a model are worth; None if that is not known of this very file.

    Args:
        digest: SHA-256 of the model.

    Raises:
        DataError: what stands beside the model cannot be read.
    """
    found = read_levels(levels_path(model))
    return found if found and found.sha256 == digest else None


def _unreadable(path: Path, reason: str) -> DataError:
    return DataError(
        f"expected the Elo of levels in {path}, got {reason}; delete it and measure them again with "
        "`aztoolkit benchmark levels`"
    )
