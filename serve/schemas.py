"""What goes over the wire: requests and answers of the API."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from serve.config import MAX_FEN_LENGTH, MAX_SIMULATIONS

Side = Literal["white", "black"]
Simulations = Annotated[int, Field(ge=1, le=MAX_SIMULATIONS, strict=True)]
UciMove = Annotated[str, Field(pattern="^[a-h][1-8][a-h][1-8][qrbn]?$", examples=["e2e4", "e7e8q"])]
EngineId = Annotated[str, Field(max_length=200)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ErrorDetail(_Message):
    """Why a request was refused."""

    code: str
    """Such as `bad_position`; stable, for programs."""
    message: str
    """For people: what was expected, what was got, how to mend it."""


class ErrorBody(_Message):
    """The body of every answer that is not a success."""

    error: ErrorDetail


class Health(_Message):
    """Whether the server works, and how much."""

    status: Literal["ok"] = "ok"
    version: str
    search: Literal["native", "python"]
    """Implementation of the search."""
    workers: int
    searching: int
    """Searches under way or waiting for a worker."""
    games: int


class Verdict(BaseModel):
    """What the gate said of a model (`X.gate.json`)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    verdict: Literal["accepted", "rejected", "inconclusive"]
    reason: str | None = None
    """In words."""
    score: float | None = None
    """Of the model against its original, 0 to 1."""
    elo: float | None = None
    elo_low: float | None = None
    elo_high: float | None = None
    pairs: int | None = None
    """Pairs of games behind the verdict."""


class Distance(BaseModel):
    """How far a model is from its original on held-out positions (`X.compare.json`)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    positions: int
    kl_mean: float
    """Kullback-Leibler divergence of the policies, nats."""
    top1: float
    """Share of positions where both find the same move best."""
    winrate_error_mean: float
    winrate_error_p99: float


class EngineInfo(_Message):
    """A model that can be played."""

    id: EngineId
    name: str
    """For people, such as `INT8`."""
    precision: Literal["fp32", "fp16", "int8"]
    network: str
    """Such as `resnet 64x5`."""
    training_step: int
    size_bytes: int
    verdict: Verdict | None
    distance: Distance | None


class EngineList(_Message):
    """The models that can be played, and what a new game takes if nothing is chosen."""

    engines: list[EngineInfo]
    default: EngineId
    default_simulations: Simulations
    max_simulations: int = MAX_SIMULATIONS


class NewGame(_Message):
    """A game to be set up."""

    side: Side = "white"
    """Of the human."""
    engine: EngineId | None = None
    simulations: Simulations | None = None
    fen: str | None = Field(default=None, max_length=MAX_FEN_LENGTH)
    """Position to start from; the usual one if absent."""


class GameChange(_Message):
    """Another opponent for the rest of a game; what is absent stays."""

    engine: EngineId | None = None
    simulations: Simulations | None = None


class MoveRequest(_Message):
    """A move of the human."""

    uci: UciMove


class TopMove(_Message):
    """A move the search considered."""

    uci: UciMove
    san: str
    visits: int
    share: Share
    """Of all visits."""
    prior: Share
    """Of the network, before search."""
    value: float | None = Field(ge=-1, le=1)
    """Mean value for White; absent if unvisited."""


class Analysis(_Message):
    """What a search found in the position before a move; everything is told from White's side."""

    engine: EngineId
    white: Share
    """Probability that White wins."""
    draw: Share
    black: Share
    value: float = Field(ge=-1, le=1)
    """`white - black`."""
    pv: list[str]
    """Principal variation in SAN, beginning with the move played."""
    top_moves: list[TopMove]
    """Most visited first."""
    simulations: int
    time_ms: float


class PlayedMove(_Message):
    """A move of the game so far."""

    uci: UciMove
    san: str
    analysis: Analysis | None
    """Of the search that chose it; absent for the human's moves."""


class GameState(_Message):
    """A game, whole."""

    id: str
    side: Side
    """Of the human."""
    engine: EngineId
    simulations: Simulations
    start_fen: str
    fen: str
    turn: Side
    moves: list[PlayedMove]
    legal_moves: list[UciMove]
    """Of the side to move; none when the game is over."""
    check: bool
    thinking: bool
    """Whether a search for the engine's move is under way."""
    result: Literal["*", "1-0", "0-1", "1/2-1/2"]
    end: str | None
    """Why the game is over, such as `checkmate`."""
