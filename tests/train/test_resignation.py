import dataclasses
import itertools

import numpy as np
import pytest
from torch import nn

from tests.train.conftest import evaluator_of
from train.plan import Plan
from train.replay import Game
from train.resignation import ControlGames, Resignation
from train.selfplay import Actor
from train.settings import TrainConfig


def plan_of(config: TrainConfig, **settings: object) -> Plan:
    rng = np.random.default_rng(1)
    return Plan.of(config.model_copy(update=settings), seed=1, rng=rng)


def test_a_side_resigns_after_so_many_hopeless_moves_of_its_own_in_a_row(
    config: TrainConfig,
) -> None:
    settings = {"resign_value": -0.9, "resign_moves": 2, "no_resign_share": 0.0}
    resignation = Resignation(plan_of(config, **settings))
    assert not resignation.note(-0.95, white=True)
    assert not resignation.note(-0.95, white=False)
    assert not resignation.note(-0.90, white=True)  # not below: begins anew
    assert not resignation.note(-0.95, white=True)
    assert resignation.note(-0.91, white=False)
    assert resignation.gave_up is False


@pytest.mark.parametrize(("result", "wrong"), [(-1, False), (0, True), (1, True)])
def test_in_a_control_game_it_is_noted_whether_resigning_was_wrong(
    config: TrainConfig, result: int, wrong: bool
) -> None:
    settings = {"resign_value": -0.9, "resign_moves": 1, "no_resign_share": 1.0}
    resignation = Resignation(plan_of(config, **settings))
    assert not resignation.was_wrong(result)
    assert not resignation.note(-0.95, white=True)
    assert not resignation.note(-0.95, white=False)  # the first to give up counts
    assert resignation.gave_up is True
    assert resignation.was_wrong(result) is wrong


def test_nobody_resigns_at_minus_one(config: TrainConfig) -> None:
    resignation = Resignation(plan_of(config, resign_moves=1, no_resign_share=0.0))
    assert not resignation.note(-1.0, white=True)
    assert resignation.gave_up is None


def recount(games: list[Game], config: TrainConfig) -> ControlGames:
    counted = ControlGames()
    for game in games:
        counted.add(game, config)
    return counted


def test_control_games_are_counted_from_their_records(
    config: TrainConfig, network: nn.Module
) -> None:
    settings = {"resign_value": -0.001, "resign_moves": 1, "no_resign_share": 1.0}
    config = config.model_copy(update=settings)
    games = Actor(config, evaluator_of(network), itertools.count()).play(100)
    hopeless = [game for game in games if min(game.root_value) < -0.001]
    assert {game.result for game in games} == {0}  # all were drawn for their length
    assert recount(games, config) == ControlGames(len(games), len(hopeless), len(hopeless))
    assert recount(games, config).false_resign_rate == 1.0
    lost = [dataclasses.replace(game, result=-1 if first_to_despair(game) else 1) for game in games]
    assert recount(lost, config).false_resign_rate == 0.0


def first_to_despair(game: Game) -> bool:
    """Returns whether it is White."""
    ply = next((ply for ply, value in enumerate(game.root_value) if value < -0.001), 0)
    return ply % 2 == 0


def test_games_that_may_be_resigned_are_no_controls(config: TrainConfig, games: list[Game]) -> None:
    hasty = config.model_copy(update={"resign_value": 0.0, "no_resign_share": 0.0})
    assert recount(games, hasty) == ControlGames(games=len(games))
    assert recount(games, hasty).false_resign_rate is None
