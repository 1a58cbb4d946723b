"""What goes over the wire: requests and answers of the API, and messages of its WebSockets.

    GET    /api/engines                      -> EngineList
    GET    /api/engines/{id}/disagreements   -> DisagreementList
    POST   /api/games            NewGame     -> GameState (201)
    GET    /api/games/{id}                   -> GameState
    PATCH  /api/games/{id}       GameChange  -> GameState
    POST   /api/games/{id}/moves MoveRequest -> GameState   likewise engine-move, take-back, resign
    GET    /api/games/{id}/pgn               -> text
    WS     /api/games/{id}/events            -> GameEvent, ThinkingEvent, ErrorEvent
    WS     /api/analysis     AnalysisRequest -> AnalysisUpdate, ErrorEvent

Every answer that is not a success is an ErrorBody. Evaluations are told from White's side.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from serve.config import (
    MAX_ANALYSIS_SIMULATIONS,
    MAX_FEN_LENGTH,
    MAX_LINES,
    MAX_PGN_LENGTH,
    MAX_PLIES,
    MAX_SIMULATIONS,
    MAX_TEMPERATURE,
)


def _to_whole(value: object) -> object:
    """Returns 200 for 200.0: JSON has only one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_WHOLE = BeforeValidator(_to_whole)
Side = Literal["white", "black"]
Result = Literal["*", "1-0", "0-1", "1/2-1/2"]
Simulations = Annotated[int, Field(ge=1, le=MAX_SIMULATIONS, strict=True), _WHOLE]
Temperature = Annotated[float, Field(ge=0, le=MAX_TEMPERATURE, allow_inf_nan=False)]
UciMove = Annotated[str, Field(pattern="^[a-h][1-8][a-h][1-8][qrbn]?$", examples=["e2e4", "e7e8q"])]
Moves = Annotated[list[UciMove], Field(max_length=MAX_PLIES)]
Fen = Annotated[str, Field(max_length=MAX_FEN_LENGTH)]
EngineId = Annotated[str, Field(max_length=200)]
Share = Annotated[float, Field(ge=0, le=1)]
Value = Annotated[float, Field(ge=-1, le=1)]
"""P(White wins) - P(Black wins)."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Report(BaseModel):
    """Part of a report beside a model, which may say more than is passed on."""

    model_config = ConfigDict(extra="ignore", frozen=True)


# --- errors and the server --------------------------------------------------------------------------


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
    searching: int
    """Searches under way or waiting."""
    capacity: int
    """Most of them; beyond, the answer is 503."""
    games: int
    streams: int
    """WebSockets that are open."""


# --- engines ----------------------------------------------------------------------------------------


class Verdict(_Report):
    """What the gate said of a model (`X.gate.json`)."""

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


class Distance(_Report):
    """How far a model is from its original on held-out positions (`X.compare.json`)."""

    positions: int
    kl_mean: float
    """Kullback-Leibler divergence of the policies, nats."""
    top1: float
    """Share of positions where both find the same move best."""
    winrate_error_mean: float
    winrate_error_p99: float


class EngineLevel(_Message):
    """A named strength, and what it is worth where that was measured."""

    name: str
    """Such as `Club`."""
    simulations: Simulations
    temperature: Temperature
    worth: str | None = None
    """In words, such as `about 1450 Elo`; null where it was not measured."""
    elo: float | None = None
    """Null also where the games bound it on one side only."""
    elo_low: float | None = None
    """95 % interval; null also where it is open below."""
    elo_high: float | None = None
    """Likewise above."""
    games: int | None = None


class EngineLevels(_Message):
    """The levels that an engine is offered at."""

    levels: list[EngineLevel]
    """From the weakest to the strongest."""
    scale: str | None
    """Whose Elo it is, such as `UCI_Elo of Stockfish 15.1 at 100 ms a move`; null if none was measured."""


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
    backend: str
    """Runtime it is computed with and why, such as `backend cpu: no NVIDIA card found`."""
    verdict: Verdict | None
    distance: Distance | None
    gate_page: str | None
    """Path of the gate's report as a page, such as `/api/engines/int8/gate.html`."""
    compare_page: str | None
    """Path of the comparison's."""
    disagreements: int
    """Positions that `/api/engines/{id}/disagreements` lists; 0 if the model was never compared."""
    strengths: EngineLevels
    """For people to choose from."""


class EngineList(_Message):
    """The models that can be played, and what a new game takes if nothing is chosen."""

    engines: list[EngineInfo]
    default: EngineId
    default_simulations: Simulations
    max_simulations: int = MAX_SIMULATIONS
    max_analysis_simulations: int = MAX_ANALYSIS_SIMULATIONS
    max_temperature: float = MAX_TEMPERATURE
    max_lines: int = MAX_LINES


class Opinion(_Message):
    """What a network alone, without search, thinks of a position."""

    uci: UciMove
    """The move it gives most probability."""
    san: str
    probability: Share
    winrate: Share
    """Expected score of White."""


class Disagreement(_Message):
    """A position that a model and its original see differently."""

    fen: Fen
    start_fen: Fen
    moves: Moves
    """From `start_fen` to `fen`: networks also see the positions before."""
    kl: float = Field(ge=0)
    """Of the policies, nats."""
    winrate_error: Share
    original: Opinion
    model: Opinion


class DisagreementList(_Message):
    """The positions on which a model is farthest from its original, the worst first."""

    model: EngineId
    original: EngineId | None
    """The engine it was compared with; null if that one is not served here."""
    positions: list[Disagreement]


# --- searches ---------------------------------------------------------------------------------------


class TopMove(_Message):
    """A move the search considered."""

    uci: UciMove
    san: str
    visits: int
    share: Share
    """Of all visits; the prior where no move was visited."""
    prior: Share
    """Of the network, before search."""
    value: Value | None
    """Mean; null if unvisited."""


class Variation(_Message):
    """A line of play: a move and the best that can follow."""

    uci: list[UciMove]
    san: list[str]
    visits: int
    """Of its first move."""
    value: Value | None
    """Of its first move; null if unvisited."""


class Analysis(_Message):
    """What a search found in a position; everything is told from White's side."""

    engine: EngineId
    white: Share
    """Probability that White wins."""
    draw: Share
    black: Share
    value: Value
    """`white - black`."""
    pv: list[str]
    """Principal variation in SAN, beginning with the best move."""
    top_moves: list[TopMove]
    """Most visited first."""
    lines: list[Variation] = []
    """Best first, as many as an AnalysisRequest asked for; empty for moves of a game."""
    simulations: int
    """Made by this search so far."""
    time_ms: float


# --- games ------------------------------------------------------------------------------------------


class Player(_Message):
    """Who plays a side: a human, or an engine with its own strength."""

    engine: EngineId | None = None
    """Null for a human."""
    simulations: Simulations | None = None
    """Of each move of an engine; the server's `default_simulations` if absent. Null for a human."""
    temperature: Temperature | None = None
    """0, as if absent, plays the best move; 1 plays moves in proportion to their visits. Null for a human."""


class Players(_Message):
    """Who plays."""

    white: Player
    black: Player


class NewGame(_Message):
    """A game to be set up; by default a human has White against the default engine.

    `fen` and `moves` bring back a game that the server has forgotten. Searches of earlier moves do not
    come back.
    """

    white: Player = Player()
    """A human if absent."""
    black: Player | None = None
    """The default engine if absent."""
    fen: Fen | None = None
    """Position to start from; the usual one if absent."""
    moves: Moves = []
    """Played from there."""
    pgn: str | None = Field(default=None, max_length=MAX_PGN_LENGTH)
    """Main line of this game instead of `fen` and `moves`."""

    @model_validator(mode="after")
    def _check_one_source(self) -> Self:
        if self.pgn is not None and (self.fen is not None or self.moves):
            raise ValueError("expected pgn, or fen and moves, got both")
        return self


class GameChange(_Message):
    """Other players for the rest of a game; a side that is absent stays as it is."""

    white: Player | None = None
    black: Player | None = None


class MoveRequest(_Message):
    """A move of the human whose turn it is."""

    uci: UciMove


class Resignation(_Message):
    """Who gives up."""

    side: Side | None = None
    """If absent, the human; of two humans or two engines, the one to move."""


class TakeBack(_Message):
    """What is to be taken back."""

    plies: Annotated[int, Field(ge=0, strict=True), _WHOLE] | None = None
    """Moves that the client sees. If the game has fewer, they were taken back before, by a request whose
    answer was lost, and the game stays as it is."""


class PlayedMove(_Message):
    """A move of the game so far."""

    uci: UciMove
    san: str
    analysis: Analysis | None
    """Of the search that chose it; null for a human's moves and for moves that the game began with."""


class GameState(_Message):
    """A game, whole."""

    id: str
    players: Players
    """Of engines, with simulations and temperature."""
    start_fen: str
    fen: str
    turn: Side
    moves: list[PlayedMove]
    legal_moves: list[UciMove]
    """Of the side to move; none when the game is over."""
    check: bool
    thinking: bool
    """Whether a search for an engine's move is under way."""
    result: Result
    end: str | None
    """Why the game is over, such as `checkmate` or `resignation`."""


# --- WebSockets -------------------------------------------------------------------------------------

RequestId = Annotated[int, Field(ge=0, le=2**53, strict=True), _WHOLE]
AnalysisSimulations = Annotated[int, Field(ge=1, le=MAX_ANALYSIS_SIMULATIONS, strict=True), _WHOLE]
Lines = Annotated[int, Field(ge=1, le=MAX_LINES, strict=True), _WHOLE]


class GameEvent(_Message):
    """The game as it is now: at connecting, and after each change."""

    type: Literal["game"] = "game"
    game: GameState


class ThinkingEvent(_Message):
    """How far the engine's search for its move has come; about five times a second."""

    type: Literal["thinking"] = "thinking"
    analysis: Analysis


class ErrorEvent(ErrorBody):
    """What is wrong; the connection stays, unless there is no such game (it is closed with 4404)."""

    type: Literal["error"] = "error"
    id: RequestId | None = None
    """Of the AnalysisRequest that was refused, where it could be read."""


class AnalysisRequest(_Message):
    """A position to analyse on `WS /api/analysis`; it replaces the one before. Closing stops it."""

    id: RequestId
    """Any number; the updates carry it."""
    fen: Fen | None = None
    """Position to start from; the usual one if absent."""
    moves: Moves = []
    """Played from there; the position after them is analysed."""
    engine: EngineId | None = None
    """The default one if absent."""
    simulations: AnalysisSimulations = MAX_SIMULATIONS
    """The search ends after so many, or earlier where it proves the result."""
    lines: Lines = 1
    """Variations to tell, at most."""


class AnalysisUpdate(_Message):
    """How far an analysis has come; about five times a second, and once when it is done."""

    type: Literal["analysis"] = "analysis"
    id: RequestId
    visits: int
    """Simulations through the position, those of earlier analyses of it on this connection included."""
    nodes_per_s: float
    """Simulations a second."""
    depth: int
    """Plies of the principal variation."""
    done: bool
    analysis: Analysis


ClientMessage = AnalysisRequest
ServerMessage = GameEvent | ThinkingEvent | ErrorEvent | AnalysisUpdate
