"""What a training run is told: one flat model, from a TOML profile and the command line.

    profile (train/profiles/NAME.toml)  <  options (--simulations 64)  ->  RUN/config.toml

A resumed run keeps its own config.toml; options that disagree with it are refused.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aztoolkit.errors import ConfigError
from aztoolkit.mcts import SearchConfig

FILE = "config.toml"
DEFAULT_PROFILE = "cpu"
_PROFILES = Path(__file__).parent / "profiles"


class TrainConfig(BaseModel):
    """Settings of one training run; every field is an option of `aztoolkit train`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=1, ge=0)
    """Every random choice of the run follows from it."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where the network runs."""

    kind: Literal["resnet", "se_resnet"] = "resnet"
    """Network: `resnet`, or `se_resnet` with squeeze-excitation."""
    filters: int = Field(default=64, ge=1, le=4096)
    """Channels of the residual tower."""
    blocks: int = Field(default=5, ge=1, le=256)
    """Blocks of the residual tower."""
    se_ratio: int = Field(default=0, ge=0)
    """Filters per hidden unit of squeeze-excitation; 0 for `resnet`."""

    actors: int = Field(default=2, ge=1, le=1024)
    """Threads that play games, each with its own games and batches."""
    games_per_actor: int = Field(default=16, ge=1, le=65536)
    """Games an actor plays at once; their leaves share one network call."""
    leaves_per_game: int = Field(default=1, ge=1, le=4096)
    """Leaves of one game in a network call; above 1 trades search quality for fuller batches."""
    simulations: int = Field(default=32, ge=2, le=65535)
    """Simulations a move."""
    c_puct: float = Field(default=1.75, gt=0)
    """Exploration constant of the search."""
    noise_alpha: float = Field(default=0.3, gt=0)
    """Concentration of the Dirichlet noise on root priors."""
    noise_fraction: float = Field(default=0.25, ge=0, le=1)
    """Share of that noise."""
    temperature: float = Field(default=1.0, ge=0, le=10)
    """Moves are drawn in proportion to visits ** (1 / temperature) ..."""
    temperature_plies: int = Field(default=30, ge=0)
    """... for so many plies of a game;"""
    final_temperature: float = Field(default=0.0, ge=0, le=10)
    """with this temperature afterwards; 0 plays the most visited move."""
    max_plies: int = Field(default=400, ge=2, le=10_000)
    """A game that lasts so long is ended."""
    adjudicate_pawns: int = Field(default=0, ge=0)
    """A game ended for its length is won by the side so many pawns' worth ahead; 0: it is drawn."""

    iteration_positions: int = Field(default=10_000, ge=1)
    """New positions between one learning phase, with its checkpoint, and the next."""
    replay_capacity: int = Field(default=100_000, ge=1)
    """Most recent positions that the learner draws from."""
    replay_minimum: int = Field(default=2_000, ge=1)
    """Positions to gather before the first learner step."""
    samples_per_position: float = Field(default=4.0, gt=0)
    """How often, on average, the learner sees each new position."""
    training_batch_size: int = Field(default=256, ge=2)
    """Positions a learner step."""
    learning_rate: float = Field(default=0.002, gt=0)
    """Of AdamW, after warm-up."""
    warmup_steps: int = Field(default=50, ge=0)
    """Learner steps over which the learning rate rises from 0."""
    weight_decay: float = Field(default=0.0001, ge=0)
    """Decoupled (AdamW's), on weights but not on biases and BN."""
    gradient_clip: float = Field(default=1.0, gt=0)
    """Largest norm of a gradient."""
    value_weight: float = Field(default=1.0, ge=0)
    """Weight of the win/draw/loss loss beside the policy loss."""
    mirror: bool = True
    """Turn over left and right, at random, positions without castling rights."""

    @property
    def search(self) -> SearchConfig:
        """Settings of the searches in self-play; the seed is each game's own."""
        return SearchConfig(
            batch_size=self.leaves_per_game,
            c_puct=self.c_puct,
            noise_alpha=self.noise_alpha,
            noise_fraction=self.noise_fraction,
        )

    def to_toml(self) -> str:
        """Returns the settings as TOML."""
        fields = self.model_dump().items()  # strings, numbers and booleans: JSON writes them alike
        return "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields)

    @property
    def sha256(self) -> str:
        """Of the settings as TOML."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()


def profile_names() -> list[str]:
    """Returns the names of the profiles that come with aztoolkit."""
    return sorted(path.stem for path in _PROFILES.glob("*.toml"))


def load_profile(name: str) -> TrainConfig:
    """Returns the settings of a profile, by its name or the path of a TOML file of one's own.

    Raises:
        ConfigError: there is no such profile, or it holds an unknown or wrong value.
    """
    if name.endswith(".toml"):
        return load_config(Path(name))
    if name not in profile_names():
        raise ConfigError(
            f"expected a profile among {', '.join(profile_names())} or a .toml file, got {name!r}"
        )
    return load_config(_PROFILES / f"{name}.toml")


def load_config(path: Path) -> TrainConfig:
    """Returns the settings in a TOML file.

    Raises:
        ConfigError: the file cannot be read, or holds an unknown or wrong value.
    """
    try:
        fields = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"expected a TOML file at {path}, got: {reason}; mend it") from error
    return _validate(fields, source=str(path))


def resolve(run: Path, profile: str | None, options: Mapping[str, Any]) -> TrainConfig:
    """Returns the settings of a run: its own if it was begun before, else profile and options.

    Args:
        profile: None for the run's own settings, or the default profile.
        options: settings given on the command line, by name.

    Raises:
        ConfigError: something is unknown or wrong, or disagrees with the run.
    """
    stored = load_config(run / FILE) if (run / FILE).is_file() else None
    if stored is None:
        base = load_profile(profile or DEFAULT_PROFILE)
        return _validate({**base.model_dump(), **options}, source="options")
    asked = {**load_profile(profile).model_dump(), **options} if profile else options
    _check_resumable(run, stored, asked)
    return stored


def _check_resumable(run: Path, stored: TrainConfig, asked: Mapping[str, Any]) -> None:
    kept = stored.model_dump()
    differing = [name for name, value in asked.items() if kept[name] != value]
    if differing:
        was = ", ".join(f"{name} = {json.dumps(kept[name])}" for name in differing)
        now = ", ".join(f"{name} = {json.dumps(asked[name])}" for name in differing)
        raise ConfigError(
            f"expected the settings that {run} was begun with ({was}), got {now}; "
            "drop --profile and these options to resume it, or choose another --run"
        )


def _validate(fields: Mapping[str, Any], *, source: str) -> TrainConfig:
    try:
        return TrainConfig.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(TrainConfig.model_fields)
            raise ConfigError(
                f"expected settings among {known}, got {name!r} in {source}"
            ) from error
        raise ConfigError(
            f"expected {name} in {source} to be valid, got {first['input']!r}: {first['msg']}"
        ) from error
