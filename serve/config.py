"""How the server is set up, and the limits it holds everyone to."""

from pydantic import BaseModel, ConfigDict, Field

MAX_SIMULATIONS = 10_000
"""Most simulations of one move."""
MAX_FEN_LENGTH = 100
"""Characters; the longest FEN of a legal position has 92."""
ANY_HOST = ("", "0.0.0.0", "::")
"""Addresses that stand for every address of the machine."""


class ServeConfig(BaseModel):
    """Settings of one server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    """Address to listen on; requests that name another are refused, unless it is any address."""
    port: int = Field(default=8000, ge=0, le=65535)
    """0 takes a free one."""
    simulations: int = Field(default=800, ge=1, le=MAX_SIMULATIONS)
    """Of a new game whose player does not choose."""
    workers: int = Field(default=2, ge=1, le=256)
    """Searches that run at once."""
    queue: int = Field(default=16, ge=0)
    """Searches that may wait for a worker; beyond them the answer is 503."""
    max_games: int = Field(default=200, ge=1)
    """Games in memory; beyond them the answer is 503."""
    game_idle_s: float = Field(default=4 * 3600, gt=0)
    """A game that nobody touches for so long is forgotten."""
    tree_idle_s: float = Field(default=300, gt=0)
    """The search tree of a game that nobody touches for so long is forgotten."""
    max_body_bytes: int = Field(default=16_384, ge=1)
    """Of a request."""
