import itertools

import chess
import numpy as np
import pytest
from torch import nn

from aztoolkit._native import Game as Position
from aztoolkit.encoding import get_action_space
from tests.train.conftest import evaluator_of
from train.game_in_play import End, end_of_game
from train.plan import Plan
from train.replay import Game
from train.selfplay import Actor
from train.settings import TrainConfig


def plan_of(config: TrainConfig) -> Plan:
    return Plan.of(config, seed=1, rng=np.random.default_rng(1))


def actor_of(config: TrainConfig, network: nn.Module) -> Actor:
    return Actor(config, evaluator_of(network), itertools.count())


def test_games_are_legal_and_targets_belong_to_their_plies(games: list[Game]) -> None:
    to_index = get_action_space("az4672").move_to_index
    assert games
    for game in games:
        for ply, board in enumerate(game.boards()):
            legal = [to_index(board, move) for move in board.legal_moves]
            assert set(game.policy_index[ply]) <= set(legal)
            assert min(game.policy_weight[ply]) > 0
            assert sum(game.policy_weight[ply]) >= 3  # 4 simulations, one of them the root's own
            played = to_index(board, chess.Move.from_uci(game.moves[ply]))
            visits = dict(zip(game.policy_index[ply], game.policy_weight[ply], strict=True))
            assert visits[played] > 0
            assert -1 <= game.root_value[ply] <= 1


def test_results_follow_from_the_last_position(games: list[Game], config: TrainConfig) -> None:
    for game in games:
        position = Position(game.start_fen, game.moves)
        assert end_of_game(position, plan_of(config)) == End(game.result, game.termination)
        assert game.checkpoint_step == 7


def test_finished_games_are_replaced_at_once(config: TrainConfig, network: nn.Module) -> None:
    told: list[Game] = []
    actor = actor_of(config, network)
    games = actor.play(40, finished=told.append)
    assert told == games
    assert actor.meter.moves >= sum(len(game) for game in games)
    assert sum(len(game) for game in games) >= 40
    assert len({game.game_id for game in games}) == len(games) > config.games_per_actor


def test_games_in_play_go_on_in_the_next_call(config: TrainConfig, network: nn.Module) -> None:
    whole = actor_of(config, network).play(64)
    actor = actor_of(config, network)
    parts = actor.play(1) + actor.play(1)
    assert len(parts) < len(whole)
    assert parts == whole[: len(parts)]


def test_stop_ends_with_the_games_it_has(config: TrainConfig, network: nn.Module) -> None:
    assert actor_of(config, network).play(40, stop=lambda: True) == []


def test_the_same_seed_plays_the_same_games(config: TrainConfig, network: nn.Module) -> None:
    games = actor_of(config, network).play(24)
    assert actor_of(config, network).play(24) == games
    other = config.model_copy(update={"seed": 2})
    assert actor_of(other, network).play(24) != games


def test_temperature_zero_plays_the_most_visited_move(
    config: TrainConfig, network: nn.Module
) -> None:
    cold = config.model_copy(update={"temperature_plies": 0, "simulations": 12})
    for game in actor_of(cold, network).play(8):
        for ply, board in enumerate(game.boards()):
            visits = dict(zip(game.policy_index[ply], game.policy_weight[ply], strict=True))
            move = chess.Move.from_uci(game.moves[ply])
            index = get_action_space("az4672").move_to_index(board, move)
            assert visits[index] == max(visits.values())


def test_who_is_resigned_against_has_won(config: TrainConfig, network: nn.Module) -> None:
    settings = {"resign_value": 0.0, "resign_moves": 2, "no_resign_share": 0.0, "max_plies": 60}
    actor = actor_of(config.model_copy(update=settings), network)
    games = actor.play(60)
    resigned = [game for game in games if game.termination == "resigned"]
    assert actor.meter.resigned == len(resigned) > 0
    for game in resigned:
        white = len(game) % 2 == 0
        assert game.result == (-1 if white else 1)


def test_control_games_are_played_on(config: TrainConfig, network: nn.Module) -> None:
    settings = {"resign_value": -0.001, "resign_moves": 1, "no_resign_share": 1.0}
    actor = actor_of(config.model_copy(update=settings), network)
    games = actor.play(100)
    assert any(min(game.root_value) < -0.001 for game in games)
    assert {len(game) for game in games} == {config.max_plies}
    assert actor.meter.resigned == 0


def test_fast_moves_are_no_targets_and_as_many_as_asked(
    config: TrainConfig, network: nn.Module
) -> None:
    settings = {"full_search_share": 0.25, "simulations": 24, "fast_simulations": 2}
    games = actor_of(config.model_copy(update=settings), network).play(100)
    searched = [full for game in games for full in game.searched]
    assert sum(searched) >= 100  # what counts as a position
    assert 0.15 < sum(searched) / len(searched) < 0.35
    for game in games:
        for weights, full in zip(game.policy_weight, game.searched, strict=True):
            # A fast search builds on fast ones alone: on the few visits that they left below a move.
            assert sum(weights) >= 20 if full else sum(weights) <= 10


def test_fast_moves_are_made_without_noise(config: TrainConfig, network: nn.Module) -> None:
    settings = {
        "full_search_share": 1e-9,
        "fast_simulations": 12,
        "temperature_plies": 0,
        "noise_fraction": 0.9,
    }
    quiet = config.model_copy(update=settings)

    def three_games() -> list[Game]:
        actor = actor_of(quiet, network)
        games: list[Game] = []
        actor.play(1, stop=lambda: len(games) >= 3, finished=games.append)
        return games

    games = three_games()
    assert len({tuple(game.moves) for game in games}) == 1  # nothing is left to chance


def test_simulations_follow_the_phase(config: TrainConfig, network: nn.Module) -> None:
    settings = {"middle_ply": 2, "middle_simulations": 30, "late_ply": 4, "late_simulations": 4}
    games = actor_of(config.model_copy(update=settings), network).play(40)
    for game in games:
        visits = [sum(weights) for weights in game.policy_weight]
        assert visits[0] == 3  # the first simulation is the root's own
        assert visits[2] >= 29
        assert visits[7] <= 30


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_gumbel_targets_are_shares_of_the_whole(
    config: TrainConfig, network: nn.Module, share: float
) -> None:
    settings = {"search_algorithm": "gumbel", "simulations": 8, "full_search_share": share}
    games = actor_of(config.model_copy(update=settings), network).play(40)
    for game in games:
        for weights in game.policy_weight:
            assert sum(weights) == pytest.approx(65535, abs=len(weights))
            assert min(weights) > 0
