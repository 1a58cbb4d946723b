import itertools

import chess
import pytest
from torch import nn

from aztoolkit.encoding import get_action_space
from aztoolkit.errors import EvaluationError
from tests.train.conftest import evaluator_of
from train.actors import ActorGroup
from train.replay import Game
from train.selfplay import Actor, End, end_of_game, game_seed
from train.settings import TrainConfig


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
        board = chess.Board(game.start_fen)
        for uci in game.moves:
            board.push_uci(uci)
        assert end_of_game(board, config) == End(game.result, game.termination)
        assert game.checkpoint_step == 7


def test_finished_games_are_replaced_at_once(config: TrainConfig, network: nn.Module) -> None:
    told: list[Game] = []
    actor = actor_of(config, network)
    games = actor.play(40, finished=told.append)
    assert told == games
    assert actor.moves >= sum(len(game) for game in games)
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


def test_threads_do_not_change_what_is_played(config: TrainConfig, network: nn.Module) -> None:
    two = config.model_copy(update={"actors": 2})

    def play() -> list[Game]:
        group = ActorGroup(two, evaluator_of(network), first_game_id=10)
        return group.play(24, stop=lambda: False, finished=lambda _: None, poll=lambda: None)

    games = play()
    assert play() == games
    assert {game.game_id % 2 for game in games} == {0, 1}


def test_an_error_in_one_actor_ends_all(config: TrainConfig, network: nn.Module) -> None:
    for parameter in network.parameters():
        parameter.data.fill_(float("nan"))
    three = config.model_copy(update={"actors": 3})
    group = ActorGroup(three, evaluator_of(network), first_game_id=0)
    with pytest.raises(EvaluationError, match="NaN"):
        group.play(24, stop=lambda: False, finished=lambda _: None, poll=lambda: None)


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


def test_game_seeds_differ_by_run_and_game() -> None:
    seeds = {game_seed(run, game) for run in range(3) for game in range(50)}
    assert len(seeds) == 150
    assert all(0 <= seed < 2**63 for seed in seeds)


@pytest.mark.parametrize(
    ("fen", "end"),
    [
        ("R5k1/5ppp/8/8/8/8/8/K7 b - - 0 1", End(1, "checkmate")),
        ("k7/8/8/8/8/8/5PPP/r5K1 w - - 0 1", End(-1, "checkmate")),
        ("k7/2Q5/8/8/8/8/8/K7 b - - 0 1", End(0, "stalemate")),
        ("k7/8/8/8/8/8/8/KB6 w - - 0 1", End(0, "insufficient_material")),
        ("k7/8/8/8/8/8/8/KR6 w - - 100 80", End(0, "fifty_moves")),
        ("k7/8/8/8/8/8/8/KR6 w - - 99 80", None),
    ],
)
def test_ends_by_rule(fen: str, end: End | None, config: TrainConfig) -> None:
    assert end_of_game(chess.Board(fen), config) == end


def test_third_occurrence_is_a_draw(config: TrainConfig) -> None:
    board = chess.Board()
    patient = config.model_copy(update={"max_plies": 100})
    for uci in ["g1f3", "g8f6", "f3g1", "f6g8"] * 2:
        assert end_of_game(board, patient) is None
        board.push_uci(uci)
    assert end_of_game(board, patient) == End(0, "threefold_repetition")


def test_a_long_game_is_drawn_or_won_by_material(config: TrainConfig) -> None:
    board = chess.Board()
    for uci in ["e2e4", "d7d5", "e4d5", "a7a6", "a2a3", "a6a5", "a3a4", "b7b6"]:
        board.push_uci(uci)  # 8 plies; White is a pawn ahead
    adjudicate = config.model_copy(update={"adjudicate_pawns": 1})
    demanding = config.model_copy(update={"adjudicate_pawns": 2})
    assert end_of_game(board, config) == End(0, "max_plies")
    assert end_of_game(board, adjudicate) == End(1, "adjudicated")
    assert end_of_game(board, demanding) == End(0, "max_plies")
