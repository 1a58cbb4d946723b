"""How the server is set up, and the limits it holds everyone to."""

import ipaddress
import re
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

MAX_SIMULATIONS = 10_000
"""Most simulations of one move."""
MAX_ANALYSIS_SIMULATIONS = 100_000
"""Most simulations of one analysis."""
MAX_TEMPERATURE = 2.0
MAX_LINES = 8
"""Most variations of one analysis."""
MAX_FEN_LENGTH = 100
"""Characters; the longest FEN of a legal position has 92."""
MAX_PLIES = 1_000
"""Moves that a game may begin with."""
MAX_PGN_LENGTH = 32_768
"""Characters; a long game with clocks and evaluations has about 20,000."""
MIN_TOKEN_LENGTH = 12
ANY_HOST = ("", "0.0.0.0", "::")
"""Addresses that stand for every address of the machine."""
LOCAL_NAMES = ("localhost", "ip6-localhost")
_HOST = re.compile(r"[a-z0-9.-]+(:[0-9]+)?", re.IGNORECASE)


class ServeConfig(BaseModel):
    """Settings of one server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    """Address to listen on; requests that name another are refused, unless it is any address."""
    port: int = Field(default=8000, ge=0, le=65535)
    """0 takes a free one."""
    public_name: str | None = Field(default=None, max_length=260)
    """Host, with its port if it is not the usual one, that people know the server by: a proxy on this
    machine passes their requests on. Then nobody counts as local, and clients are whom the proxy names
    in `X-Forwarded-For`."""
    token: str | None = Field(default=None, min_length=MIN_TOKEN_LENGTH, max_length=200, repr=False)
    """Secret that every request must carry; none is needed on a loopback address."""
    simulations: int = Field(default=800, ge=1, le=MAX_SIMULATIONS)
    """Of an engine whose simulations are not chosen."""
    threads: int = Field(default=0, ge=0, le=1024)
    """Of the processor, for one evaluation of a network; 0 leaves the choice to the runtime."""
    batch: int = Field(default=128, ge=1, le=4096)
    """Positions of one network call, at the most; games that are searched at once share it."""
    searches: int = Field(default=64, ge=1, le=4096)
    """Searches of one engine that run at once."""
    queue: int = Field(default=64, ge=0)
    """How many more searches there may be, all engines together, before the answer is 503."""
    max_games: int = Field(default=200, ge=1)
    """Games in memory; beyond them one is forgotten that nobody follows, or else the answer is 503."""
    max_streams: int = Field(default=400, ge=1)
    """WebSockets at once; beyond them they are closed with 1013. One client may have a fourth of them, and
    of `searches`, `max_games` and `max_connections`, unless it is on this machine."""
    max_connections: int = Field(default=800, ge=1)
    """Connections at once, or fewer where the system allows less; beyond them they are cut off."""
    request_s: float = Field(default=20.0, gt=0)
    """A request's head must have come after so long, and its body after so long again."""
    game_idle_s: float = Field(default=4 * 3600, gt=0)
    """A game that nobody touches for so long is forgotten."""
    tree_idle_s: float = Field(default=300, gt=0)
    """The search trees of a game that nobody touches for so long are forgotten."""
    max_body_bytes: int = Field(default=65_536, ge=1)
    """Of a request."""
    max_message_bytes: int = Field(default=16_384, ge=1)
    """Of a message on a WebSocket."""
    rate_per_s: float = Field(default=2.0, gt=0)
    """Searches, new games and PGNs that one client may ask for a second, in the long run; beyond them
    the answer is 429. A client on this machine may ask for `LOCAL_GENEROSITY` times as many."""
    burst: int = Field(default=30, ge=1)
    """Of them that it may ask for at once."""

    @property
    def is_generous(self) -> bool:
        """Whether clients on this machine are trusted with more: with a proxy, everyone seems to be."""
        return self.public_name is None

    @field_validator("public_name")
    @classmethod
    def _check_public_name(cls, name: str | None) -> str | None:
        if name is not None and not _HOST.fullmatch(name):
            raise ValueError(
                "expected a host such as chess.example.org, without https:// and without a path"
            )
        return name

    @model_validator(mode="after")
    def _check_token(self) -> Self:
        if self.token is None and not is_loopback(self.host):
            raise ValueError(
                f"expected a token for {self.host!r}, which others can reach, got none; "
                "choose a secret with --token"
            )
        return self


LOCAL_GENEROSITY = 100


def is_loopback(name: str) -> bool:
    """Returns whether a host name or address can be reached from this machine only."""
    if name.lower() in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def host_name(host: str) -> str:
    """Returns the name in a Host header, without the port; empty if it has none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
