"""Games in memory: forgotten when idle, counted when not."""

import asyncio

import chess
import pytest

from serve.catalog import Catalog
from serve.config import ServeConfig
from serve.errors import ApiError
from serve.mailbox import Mailbox
from serve.sessions import HUMAN, Game, Seat, Sessions


class Clock:
    """A clock that goes when told."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def add(sessions: Sessions, catalog: Catalog, *, client: str = "127.0.0.1") -> Game:
    seats = {chess.WHITE: HUMAN, chess.BLACK: Seat(catalog.default, simulations=1)}
    return sessions.add(seats, chess.Board(), [], client=client)


def test_idle_game_is_forgotten_and_a_touched_one_kept(catalog: Catalog) -> None:
    clock = Clock()
    sessions = Sessions(ServeConfig(game_idle_s=100), clock=clock)
    idle, touched = add(sessions, catalog), add(sessions, catalog)
    clock.now_s = 60
    sessions.get(touched.id)
    clock.now_s = 120
    assert sessions.get(touched.id) is touched
    with pytest.raises(ApiError, match="unknown or was forgotten"):
        sessions.get(idle.id)


def test_tree_is_forgotten_before_its_game(catalog: Catalog) -> None:
    clock = Clock()
    sessions = Sessions(ServeConfig(tree_idle_s=10, game_idle_s=100), clock=clock)
    game = add(sessions, catalog)
    game.trees[chess.BLACK] = catalog.default.player.new_game()
    clock.now_s = 5
    assert sessions.get(game.id).trees
    clock.now_s = 20
    assert not sessions.get(game.id).trees


def test_game_that_somebody_follows_is_kept(catalog: Catalog) -> None:
    clock = Clock()
    sessions = Sessions(ServeConfig(tree_idle_s=10, game_idle_s=100), clock=clock)
    game, mailbox = add(sessions, catalog), Mailbox()
    game.followers.add(mailbox)
    clock.now_s = 500
    sessions.forget_idle()
    assert len(sessions) == 1
    game.followers.discard(mailbox)
    clock.now_s = 700
    sessions.forget_idle()
    assert len(sessions) == 0


def test_follower_of_a_removed_game_is_told(catalog: Catalog) -> None:
    sessions = Sessions(ServeConfig())
    game, mailbox = add(sessions, catalog), Mailbox()
    game.followers.add(mailbox)
    sessions.remove(game)
    assert asyncio.run(mailbox.take()).ended


def test_game_left_alone_longest_makes_room(catalog: Catalog) -> None:
    clock = Clock()
    sessions = Sessions(ServeConfig(max_games=3), clock=clock)
    first, second, third = (add(sessions, catalog) for _ in range(3))
    first.followers.add(Mailbox())
    clock.now_s = 1
    sessions.get(second.id)
    fourth = add(sessions, catalog)
    assert [sessions.get(game.id) for game in (first, second, fourth)] == [first, second, fourth]
    with pytest.raises(ApiError, match="unknown or was forgotten"):
        sessions.get(third.id)


def test_game_that_goes_on_makes_no_room(catalog: Catalog) -> None:
    sessions = Sessions(ServeConfig(max_games=1), clock=Clock())
    game, mailbox = add(sessions, catalog), Mailbox()
    game.followers.add(mailbox)
    with pytest.raises(ApiError, match="at most 1 games at once, got one more, and all go on"):
        add(sessions, catalog)
    game.followers.discard(mailbox)
    assert sessions.get(add(sessions, catalog).id) is not game


def test_client_with_most_games_loses_one_first(catalog: Catalog) -> None:
    clock = Clock()
    sessions = Sessions(ServeConfig(max_games=8), clock=clock)
    modest = add(sessions, catalog, client="203.0.113.1")
    for number in range(8):
        clock.now_s = number
        add(sessions, catalog, client=f"203.0.113.{2 + number % 3}")
    assert sessions.get(modest.id) is modest
    assert len(sessions) == 8


def test_client_over_its_share_loses_its_own_game(catalog: Catalog) -> None:
    sessions = Sessions(ServeConfig(max_games=20), clock=Clock())
    greedy = [add(sessions, catalog, client="203.0.113.1") for _ in range(6)]
    other = add(sessions, catalog, client="203.0.113.2")
    assert len(sessions) == 6
    assert sessions.get(other.id) is other
    with pytest.raises(ApiError, match="unknown or was forgotten"):
        sessions.get(greedy[0].id)
    for game in greedy[1:]:
        game.followers.add(Mailbox())
    with pytest.raises(ApiError, match="at most 5 games of one client"):
        add(sessions, catalog, client="203.0.113.1")


def test_ids_are_not_guessable(catalog: Catalog) -> None:
    sessions = Sessions(ServeConfig())
    ids = {add(sessions, catalog).id for _ in range(50)}
    assert len(ids) == 50
    assert min(map(len, ids)) >= 12
