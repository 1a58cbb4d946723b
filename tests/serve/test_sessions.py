"""Games in memory: forgotten when idle, counted when not."""

import chess
import pytest

from serve.catalog import Catalog
from serve.config import ServeConfig
from serve.errors import ApiError
from serve.sessions import Game, Sessions


class Clock:
    """A clock that goes when told."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def add(sessions: Sessions, catalog: Catalog) -> Game:
    return sessions.add(chess.WHITE, catalog.default, simulations=1, board=chess.Board())


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
    assert idle.abandoned.is_set()


def test_tree_is_forgotten_before_its_game(catalog: Catalog) -> None:
    clock = Clock()
    sessions = Sessions(ServeConfig(tree_idle_s=10, game_idle_s=100), clock=clock)
    game = add(sessions, catalog)
    game.search = catalog.default.player.new_game()
    clock.now_s = 5
    assert sessions.get(game.id).search is not None
    clock.now_s = 20
    assert sessions.get(game.id).search is None


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
