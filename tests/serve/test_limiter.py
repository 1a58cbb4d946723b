"""Token buckets by client address."""

import pytest
from starlette.requests import HTTPConnection

from serve.config import LOCAL_GENEROSITY, ServeConfig
from serve.errors import ApiError
from serve.limiter import Limiter
from tests.serve.test_sessions import Clock


def client_at(address: str) -> HTTPConnection:
    return HTTPConnection({"type": "http", "client": (address, 1), "headers": []})


def spend_all(limiter: Limiter, address: str) -> int:
    """Returns how many tokens a client had."""
    for count in range(10_000):
        try:
            limiter.spend(client_at(address))
        except ApiError:
            return count
    raise AssertionError("the client was never refused")


def test_bucket_is_emptied_and_filled_again() -> None:
    clock = Clock()
    limiter = Limiter(ServeConfig(rate_per_s=0.5, burst=10), clock=clock)
    assert spend_all(limiter, "203.0.113.1") == 10
    clock.now_s = 6.0
    assert spend_all(limiter, "203.0.113.1") == 3
    clock.now_s = 1e6
    assert spend_all(limiter, "203.0.113.1") == 10


def test_clients_do_not_share_a_bucket() -> None:
    limiter = Limiter(ServeConfig(burst=5), clock=Clock())
    assert spend_all(limiter, "203.0.113.1") == 5
    assert spend_all(limiter, "203.0.113.2") == 5


def test_client_on_this_machine_may_do_more() -> None:
    limiter = Limiter(ServeConfig(burst=5), clock=Clock())
    assert spend_all(limiter, "127.0.0.1") == 5 * LOCAL_GENEROSITY


def test_refusal_says_how_long_to_wait() -> None:
    limiter = Limiter(ServeConfig(rate_per_s=0.25, burst=1), clock=Clock())
    limiter.spend(client_at("203.0.113.1"))
    with pytest.raises(ApiError, match="try again in 4 s") as error:
        limiter.spend(client_at("203.0.113.1"))
    assert error.value.retry_after_s == 4
    assert (error.value.status, error.value.code) == (429, "too_many_requests")
