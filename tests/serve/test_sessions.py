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


def add(sessions: Sessions, catalog: Catalog) -> Game:
    seats = {chess.WHITE: HUMAN, chess.BLACK: Seat(catalog.default, simulations=1)}
    return sessions.add(seats, chess.Board(), [])


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


def test_forgotten_games_make_room(catalog: Catalog) -> None:
    clock = Clock()
    sessions = Sessions(ServeConfig(max_games=1, game_idle_s=100), clock=clock)
    add(sessions, catalog)
    with pytest.raises(ApiError, match="at most 1 games"):
        add(sessions, catalog)
    clock.now_s = 200
    add(sessions, catalog)
    assert len(sessions) == 1


def test_ids_are_not_guessable(catalog: Catalog) -> None:
    sessions = Sessions(ServeConfig())
    ids = {add(sessions, catalog).id for _ in range(50)}
    assert len(ids) == 50
    assert min(map(len, ids)) >= 12
