import numpy as np
import pytest

from aztoolkit._native import Game as Position
from train.game_in_play import End, end_of_game
from train.plan import Plan, game_seed
from train.settings import TrainConfig


def plan_of(config: TrainConfig, **settings: object) -> Plan:
    rng = np.random.default_rng(1)
    return Plan.of(config.model_copy(update=settings), seed=1, rng=rng)


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
    assert end_of_game(Position(fen), plan_of(config)) == end


def test_third_occurrence_is_a_draw(config: TrainConfig) -> None:
    position, patient = Position(), plan_of(config, max_plies=100)
    for uci in ["g1f3", "g8f6", "f3g1", "f6g8"] * 2:
        assert end_of_game(position, patient) is None
        position.push_uci(uci)
    assert end_of_game(position, patient) == End(0, "threefold_repetition")


def test_a_long_game_is_drawn_or_won_by_material(config: TrainConfig) -> None:
    moves = ["e2e4", "d7d5", "e4d5", "a7a6", "a2a3", "a6a5", "a3a4", "b7b6"]
    position = Position(moves=moves)  # 8 plies; White is a pawn ahead
    assert end_of_game(position, plan_of(config)) == End(0, "max_plies")
    adjudicated = end_of_game(position, plan_of(config, adjudicate_pawns=1))
    assert adjudicated == End(1, "adjudicated")
    assert end_of_game(position, plan_of(config, adjudicate_pawns=2)) == End(0, "max_plies")


def test_control_games_are_drawn_by_the_game_and_as_often_as_asked(config: TrainConfig) -> None:
    some = config.model_copy(update={"no_resign_share": 0.25})

    def may_resign(seed: int) -> bool:
        return Plan.of(some, seed=seed, rng=np.random.default_rng(seed)).may_resign

    games = [may_resign(seed) for seed in range(400)]
    assert games == [may_resign(seed) for seed in range(400)]
    assert 0.18 < games.count(False) / 400 < 0.32


def test_simulations_and_temperature_follow_the_phases(config: TrainConfig) -> None:
    plan = plan_of(
        config,
        simulations=10,
        middle_ply=4,
        middle_simulations=20,
        late_ply=6,
        late_simulations=5,
        temperature=1.5,
        temperature_plies=3,
        final_temperature=0.25,
    )
    assert [plan.simulations_at(ply) for ply in range(8)] == [10, 10, 10, 10, 20, 20, 5, 5]
    assert [plan.temperature_at(ply) for ply in range(5)] == [1.5, 1.5, 1.5, 0.25, 0.25]


def test_a_phase_without_a_number_goes_on_as_before(config: TrainConfig) -> None:
    plan = plan_of(config, simulations=10, middle_ply=4, late_ply=4, late_simulations=0)
    assert {plan.simulations_at(ply) for ply in range(200)} == {10}


def test_only_full_searches_have_noise(config: TrainConfig) -> None:
    assert plan_of(config).fast_search is None
    plan = plan_of(config, full_search_share=0.5, noise_fraction=0.25)
    assert plan.fast_search is not None
    assert (plan.search.noise_fraction, plan.search.gumbel_scale) == (0.25, 1.0)
    assert (plan.fast_search.noise_fraction, plan.fast_search.gumbel_scale) == (0.0, 0.0)
