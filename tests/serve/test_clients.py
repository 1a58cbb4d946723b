"""Clients by address, and the places that they may hold."""

import pytest
from starlette.requests import HTTPConnection

from serve.clients import Places, client_at, client_of, share_of


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1", "fe80::1"),
        ("testclient", "testclient"),
    ],
)
def test_client_is_an_address_or_a_whole_ipv6_network(host: str, client: str) -> None:
    assert client_at(host) == client


def test_connection_without_an_address_is_a_client_too() -> None:
    assert client_of(HTTPConnection({"type": "http", "client": None, "headers": []})) == ""


@pytest.mark.parametrize(("most", "share"), [(1, 1), (2, 1), (3, 2), (5, 4), (16, 4), (400, 100)])
def test_share_is_a_fourth_or_a_few_and_never_all(most: int, share: int) -> None:
    assert share_of(most) == share


def take_all(places: Places, client: str) -> int:
    """Returns how many places a client gets."""
    return sum(places.take(client) for _ in range(100))


def test_one_client_leaves_room_for_others() -> None:
    places = Places(20, all_for_local=True)
    assert [take_all(places, f"203.0.113.{host}") for host in range(5)] == [5, 5, 5, 5, 0]
    assert len(places) == 20


def test_place_that_is_left_can_be_taken_again() -> None:
    places = Places(20, all_for_local=True)
    take_all(places, "203.0.113.1")
    places.leave("203.0.113.1")
    assert take_all(places, "203.0.113.1") == 1


@pytest.mark.parametrize(("all_for_local", "places"), [(True, 20), (False, 5)])
def test_clients_on_this_machine_may_take_all_unless_they_are_a_proxys(
    all_for_local: bool, places: int
) -> None:
    assert take_all(Places(20, all_for_local=all_for_local), "127.0.0.1") == places


def test_refusal_says_whose_limit_it_is() -> None:
    places = Places(8, all_for_local=False)
    take_all(places, "203.0.113.1")
    assert "at most 4 games of one client" in places.refusal("203.0.113.1", "games")
    take_all(places, "203.0.113.2")
    assert "at most 8 games at once" in places.refusal("203.0.113.3", "games")
