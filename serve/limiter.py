"""How often one client may ask for something that costs: a token bucket each."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import HTTPConnection

from serve.clients import client_of
from serve.config import LOCAL_GENEROSITY, ServeConfig, is_loopback
from serve.errors import ApiError

_MOST_CLIENTS = 10_000
"""Who are remembered; beyond, the one that was quiet longest is forgotten."""


class Limiter:
    """A bucket for each client: `burst` tokens, refilled at `rate_per_s`. Used on the event loop."""

    def __init__(self, config: ServeConfig, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate_per_s, self._burst, self._clock = config.rate_per_s, config.burst, clock
        self._is_generous = config.is_generous
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Tokens left, and when that was."""

    def spend(self, connection: HTTPConnection) -> None:
        """Takes a token of the client's; raises ApiError (429) if it has none left."""
        client = client_of(connection)
        generosity = LOCAL_GENEROSITY if self._is_generous and is_loopback(client) else 1
        rate_per_s, burst = self._rate_per_s * generosity, self._burst * generosity
        now_s = self._clock()
        tokens, since_s = self._buckets.pop(client, (float(burst), now_s))
        tokens = min(float(burst), tokens + (now_s - since_s) * rate_per_s)
        self._buckets[client] = (tokens if tokens < 1 else tokens - 1, now_s)
        if len(self._buckets) > _MOST_CLIENTS:
            self._buckets.popitem(last=False)
        if tokens < 1:
            raise _too_many(rate_per_s, wait_s=(1 - tokens) / rate_per_s)


def _too_many(rate_per_s: float, *, wait_s: float) -> ApiError:
    return ApiError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_many_requests",
        f"expected at most {rate_per_s:g} searches, new games and PGNs a second, got more; "
        f"try again in {math.ceil(wait_s)} s",
        retry_after_s=math.ceil(wait_s),
    )
