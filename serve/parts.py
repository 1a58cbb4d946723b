"""What the routes work with."""

from dataclasses import dataclass

from serve.catalog import Catalog
from serve.config import ServeConfig
from serve.limiter import Limiter
from serve.searches import Searches
from serve.sessions import Sessions
from serve.streams import Streams


@dataclass(frozen=True)
class Parts:
    """The parts of one server."""

    config: ServeConfig
    catalog: Catalog
    sessions: Sessions
    searches: Searches
    limiter: Limiter
    streams: Streams

    @classmethod
    def create(cls, catalog: Catalog, config: ServeConfig) -> "Parts":
        """Returns the parts of a server that has yet to begin."""
        sessions, searches, limiter = Sessions(config), Searches(config), Limiter(config)
        return cls(config, catalog, sessions, searches, limiter, Streams(config))
