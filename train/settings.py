"""The settings of a training run, by what they are about; every field is an option of `aztoolkit train`."""

import hashlib
import json
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from aztoolkit.hardware import probe_cpu
from aztoolkit.mcts import SearchConfig

CompileMode = Literal["off", "default", "reduce-overhead", "max-autotune"]


class NetworkSettings(BaseModel):
    """The network: its kind is a name in the registry of `train.networks`."""

    kind: str = "resnet"
    """Network: `resnet`, `se_resnet` with squeeze-excitation, or `transformer`."""
    filters: int = Field(default=64, ge=1, le=4096)
    """Channels of the tower; the transformer's width."""
    blocks: int = Field(default=5, ge=1, le=256)
    """Residual blocks; the transformer's layers."""
    se_ratio: int = Field(default=0, ge=0)
    """Filters per hidden unit of squeeze-excitation; 0 but for `se_resnet`."""
    heads: int = Field(default=0, ge=0)
    """Attention heads of a `transformer`; 0 for other kinds."""


class OriginSettings(BaseModel):
    """What a new run begins with."""

    start_from: str = ""
    """Checkpoint whose weights, kind and size a new run begins with: a .safetensors file, the folder of a
    run, or `shipped`."""


class SearchSettings(BaseModel):
    """How a move is searched in self-play. Read once, when a game begins."""

    search_algorithm: Literal["puct", "gumbel"] = "puct"
    """AlphaZero's PUCT; or Gumbel AlphaZero, which learns from few simulations."""
    considered_moves: int = Field(default=16, ge=1)
    """Gumbel: moves among which the root halves."""
    leaves_per_game: int = Field(default=1, ge=1, le=4096)
    """Leaves of one game in a network call; above 1 trades search quality for fuller batches."""
    simulations: int = Field(default=32, ge=2, le=65535)
    """Simulations a move."""
    middle_ply: int = Field(default=20, ge=0)
    """Where the middle of a game begins."""
    middle_simulations: int = Field(default=0, ge=0, le=65535)
    """Simulations a move from there on; 0: as before."""
    late_ply: int = Field(default=80, ge=0)
    """Where the last phase of a game begins."""
    late_simulations: int = Field(default=0, ge=0, le=65535)
    """Simulations a move from there on; 0: as before."""
    full_search_share: float = Field(default=1.0, gt=0, le=1)
    """Playout-cap randomisation: share of the moves searched in full; the policy learns from these alone."""
    fast_simulations: int = Field(default=8, ge=2, le=65535)
    """Simulations of the other moves, which are played without noise."""
    c_puct: float = Field(default=1.75, gt=0)
    """PUCT: exploration constant of the search."""
    noise_alpha: float = Field(default=0.3, gt=0)
    """PUCT: concentration of the Dirichlet noise on root priors."""
    noise_fraction: float = Field(default=0.25, ge=0, le=1)
    """PUCT: share of that noise."""


class SelfPlaySettings(SearchSettings):
    """How games are played."""

    actors: int = Field(default=2, ge=0, le=1024)
    """Threads that play games, each with its own games and batches; 0: one a processor core."""
    games_per_actor: int = Field(default=16, ge=1, le=65536)
    """Games an actor plays at once; their leaves share one network call."""
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
    resign_value: float = Field(default=-1.0, ge=-1, le=0)
    """A side whose search values its position below this resigns; -1: never. As -0.95."""
    resign_moves: int = Field(default=3, ge=1)
    """So many of its moves in a row."""
    no_resign_share: float = Field(default=0.1, ge=0, le=1)
    """Share of games played to the end, to count how often resigning would have been wrong."""

    @field_validator("actors")
    @classmethod
    def _count_cores(cls, actors: int) -> int:
        """Returns how many there are on this machine: that is what the run writes down."""
        return actors or probe_cpu().cores


class InferenceSettings(BaseModel):
    """How the network answers the actors."""

    inference_batch_size: int = Field(default=128, ge=1, le=65536)
    """GPU: positions in a full batch of the inference server."""
    inference_timeout_ms: float = Field(default=10.0, gt=0, le=60_000)
    """GPU: a batch a quarter full goes after so long, any batch after twice that."""
    inference_precision: Literal["fp32", "fp16", "bf16"] = "fp32"
    """GPU: arithmetic of the network in self-play."""
    selfplay_precision: Literal["fp32", "int8"] = "fp32"
    """CPU: `int8` quantizes every new checkpoint for self-play."""
    inference_compile: CompileMode = "off"
    """torch.compile for self-play."""
    cuda_graphs: bool = False
    """GPU: replay one recorded graph a batch size instead of launching kernels."""


class ReplaySettings(BaseModel):
    """What the learner draws from."""

    replay_capacity: int = Field(default=100_000, ge=1)
    """Most recent positions that the learner draws from."""
    replay_minimum: int = Field(default=2_000, ge=1)
    """Positions to gather before the first learner step."""
    replay_growth: float = Field(default=1.0, gt=0, le=1)
    """Below 1 the window holds at most `positions so far ** replay_growth * replay_minimum **
    (1 - replay_growth)`: it grows more slowly than the run, and forgets its first games sooner."""
    replay_memory_mb: int = Field(default=4096, ge=1)
    """Most memory of the window, in MiB; the oldest games leave first."""
    recency: float = Field(default=0.0, ge=0)
    """The newest position is drawn exp(recency) times as often as the oldest; 0: all alike."""
    mirror: bool = True
    """Turn over left and right, at random, positions without castling rights."""


class LearnerSettings(BaseModel):
    """How the network learns."""

    asynchronous: bool = False
    """Play and learn at once, instead of in turns."""
    iteration_positions: int = Field(default=10_000, ge=1)
    """New positions between one checkpoint and the next."""
    samples_per_position: float = Field(default=4.0, gt=0)
    """How often, on average, the learner sees each new position."""
    training_batch_size: int = Field(default=256, ge=2)
    """Positions a learner step."""
    prefetch: int = Field(default=2, ge=0, le=64)
    """Batches built ahead by a thread of their own; 0: none."""
    optimiser: Literal["adamw", "muon", "sgd"] = "adamw"
    """AdamW; Muon, which learns more from each position; or SGD with Nesterov momentum."""
    momentum: float = Field(default=0.9, ge=0, lt=1)
    """Of SGD."""
    learning_rate: float = Field(default=0.002, gt=0)
    """After warm-up."""
    warmup_steps: int = Field(default=50, ge=0)
    """Learner steps over which the learning rate rises from 0."""
    weight_decay: float = Field(default=0.0001, ge=0)
    """Decoupled (as AdamW's), on weights but not on biases and BN."""
    gradient_clip: float = Field(default=1.0, gt=0)
    """Largest norm of a gradient."""
    value_weight: float = Field(default=1.0, ge=0)
    """Weight of the win/draw/loss loss beside the policy loss."""
    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    """Self-play and export use a running mean of the weights that keeps this share a step; 0: the weights."""
    training_precision: Literal["fp32", "fp16", "bf16"] = "fp32"
    """Arithmetic of a learner step (automatic mixed precision)."""
    training_compile: CompileMode = "off"
    """torch.compile for the learner; kept only if its outputs equal those without it."""


class WatchingSettings(BaseModel):
    """What is measured while it trains."""

    match_every: int = Field(default=0, ge=0)
    """Iterations between matches against the previous checkpoint and the anchor; 0: none."""
    match_pairs: int = Field(default=10, ge=1)
    """Pairs of games of such a match."""
    match_simulations: int = Field(default=32, ge=1)
    """Simulations a move in it."""
    wandb: bool = False
    """Also report to Weights & Biases (the package and an account are yours)."""


class TrainConfig(
    NetworkSettings,
    OriginSettings,
    SelfPlaySettings,
    InferenceSettings,
    ReplaySettings,
    LearnerSettings,
    WatchingSettings,
):
    """Settings of one training run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=1, ge=0)
    """Every random choice of the run follows from it."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where the network runs."""

    @property
    def search(self) -> SearchConfig:
        """Settings of the searches in self-play; the seed is each game's own."""
        return SearchConfig(
            algorithm=self.search_algorithm,
            considered_moves=self.considered_moves,
            batch_size=self.leaves_per_game,
            policy_temperature=1.0,
            c_puct=self.c_puct,
            noise_alpha=self.noise_alpha,
            noise_fraction=self.noise_fraction,
        )

    def simulations_at(self, ply: int) -> int:
        """Returns the simulations of a full search of the move at `ply`, counted from 0."""
        simulations = self.simulations
        if ply >= self.middle_ply:
            simulations = self.middle_simulations or simulations
        if ply >= self.late_ply:
            simulations = self.late_simulations or simulations
        return simulations

    def to_toml(self) -> str:
        """Returns the settings as TOML."""
        fields = self.model_dump().items()  # strings, numbers and booleans: JSON writes them alike
        return "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields)

    @property
    def sha256(self) -> str:
        """Of the settings as TOML."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()

    @model_validator(mode="after")
    def _check_precision(self) -> Self:
        if self.device == "cuda" and self.selfplay_precision == "int8":
            raise ValueError("expected selfplay_precision fp32 with device cuda, got int8")
        return self

    @model_validator(mode="after")
    def _check_phases(self) -> Self:
        if self.middle_ply > self.late_ply:
            raise ValueError(
                f"expected middle_ply up to late_ply ({self.late_ply}), got {self.middle_ply}"
            )
        return self
