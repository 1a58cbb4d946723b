from typing import Literal

import chess
import numpy as np
import pytest

from aztoolkit._native import RootResult
from aztoolkit.encoding import get_action_space
from aztoolkit.evaluator import UniformEvaluator
from aztoolkit.mcts import SearchConfig, run
from aztoolkit.mcts.native import NativeSearch
from aztoolkit.model import ModelSpec
from train.moves import WHOLE, choose_move, move_weights, policy_target, uci

POSITIONS = [
    chess.STARTING_FEN,
    "6k1/5ppp/8/8/8/8/8/K3R3 w - - 0 1",  # Re8 mates
    "k7/8/1K6/8/8/8/8/7R b - - 0 1",  # the one move loses
    "7k/8/8/8/8/8/6q1/7K w - - 0 1",  # one move, a capture
    "5rk1/8/8/8/8/6q1/8/6K1 w - - 0 1",  # Kh1 and nothing else
    "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1",
]


def search(fen: str, algorithm: Literal["puct", "gumbel"], simulations: int) -> NativeSearch:
    spec = ModelSpec(
        encoding="az119",
        action_space="az4672",
        network={},
        precision="fp32",
        checkpoint_sha256="",
        training_step=0,
        tools={},
    )
    found = NativeSearch(SearchConfig(algorithm=algorithm, batch_size=1, seed=3))
    found.start(chess.Board(fen), simulations)
    run([found], UniformEvaluator(spec))
    return found


@pytest.mark.parametrize("algorithm", ["puct", "gumbel"])
@pytest.mark.parametrize("simulations", [2, 40, 400])
@pytest.mark.parametrize("fen", POSITIONS)
def test_targets_and_best_moves_are_those_of_the_search(
    fen: str, simulations: int, algorithm: Literal["puct", "gumbel"]
) -> None:
    found = search(fen, algorithm, simulations)
    expected, result = found.result(), found.native.result()
    weights = move_weights(result)
    np.testing.assert_allclose(np.array(weights) / sum(weights), expected.policy(1.0), atol=1e-7)
    rng = np.random.default_rng(0)
    best = choose_move(result, weights, temperature=0, rng=rng)
    assert expected.moves[best] == expected.best_move
    index, weight = policy_target(result, weights)
    to_index = get_action_space("az4672").move_to_index
    board = chess.Board(fen)
    shares = dict(zip(index, np.array(weight) / sum(weight), strict=True))
    for move, share in zip(expected.moves, expected.policy(1.0), strict=True):
        assert shares.get(to_index(board, move), 0.0) == pytest.approx(share, abs=2e-3)
    assert all(0 < one <= WHOLE for one in weight)
    assert [uci(row[0]) for row in result.rows] == [move.uci() for move in expected.moves]


def result_of(rows: list[tuple[int, float, int]], **more: object) -> RootResult:
    """Returns a result of moves with visits, prior and end."""
    full = [
        ((8 + number, 16 + number, 0), number, visits, prior, 0.0, end)
        for number, (visits, prior, end) in enumerate(rows)
    ]
    fields: dict[str, object] = {"improved": [], "chosen": None, **more}
    return RootResult(
        rows=full, wdl=(0, 1, 0), end=0, pv=[], simulations=1, out_of_memory=False, **fields
    )


def test_visits_stay_visits() -> None:
    result = result_of([(7, 0.5, 0), (0, 0.3, 0), (2, 0.2, 0)])
    assert policy_target(result, move_weights(result)) == ([0, 2], [7, 2])


def test_more_visits_than_fit_are_scaled_down() -> None:
    result = result_of([(2 * WHOLE, 0.5, 0), (WHOLE, 0.5, 0), (0, 0.1, 0)])
    assert policy_target(result, move_weights(result)) == ([0, 1], [WHOLE, round(WHOLE / 2)])


def test_lost_moves_weigh_nothing_and_wins_all() -> None:
    assert move_weights(result_of([(5, 0.5, 1), (3, 0.3, 0), (1, 0.2, 2)])) == [0, 3, 1]
    assert move_weights(result_of([(5, 0.5, 0), (3, 0.3, 3), (1, 0.2, 1)])) == [0, 3, 0]
    assert move_weights(result_of([(5, 0.5, 1), (3, 0.5, 1)])) == [5, 3]


def test_gumbel_learns_the_improved_policy_also_when_proofs_decide() -> None:
    open_ = result_of([(5, 0.5, 0), (3, 0.5, 0)], improved=[0.25, 0.75], chosen=0)
    assert policy_target(open_, move_weights(open_)) == ([0, 1], [16384, 49151])
    lost = result_of([(9, 0.5, 1), (3, 0.3, 0), (0, 0.2, 0)], improved=[0.8, 0.15, 0.05], chosen=0)
    assert policy_target(lost, move_weights(lost)) == ([1, 2], [49151, 16384])


def test_priors_stand_in_where_nothing_left_was_visited() -> None:
    result = result_of([(5, 0.5, 1), (0, 0.3, 0), (0, 0.1, 0)])
    assert policy_target(result, move_weights(result)) == ([1, 2], [49151, 16384])


def test_a_win_goes_before_what_gumbel_chose() -> None:
    result = result_of([(5, 0.5, 0), (3, 0.5, 3)], improved=[0.9, 0.1], chosen=0)
    rng = np.random.default_rng(0)
    assert choose_move(result, move_weights(result), temperature=0, rng=rng) == 1
    undecided = result_of([(5, 0.5, 0), (3, 0.5, 0)], improved=[0.9, 0.1], chosen=1)
    assert choose_move(undecided, move_weights(undecided), temperature=0, rng=rng) == 1


@pytest.mark.parametrize(("temperature", "share"), [(1.0, 0.8), (0.5, 16 / 17), (2.0, 2 / 3)])
def test_moves_are_drawn_by_weight_and_temperature(temperature: float, share: float) -> None:
    result = result_of([(8, 0.5, 0), (0, 0.1, 0), (2, 0.4, 0)])
    weights, rng = move_weights(result), np.random.default_rng(0)
    drawn = [choose_move(result, weights, temperature=temperature, rng=rng) for _ in range(4000)]
    assert 1 not in drawn
    assert drawn.count(0) / 4000 == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize(
    ("plain", "expected"),
    [((12, 28, 0), "e2e4"), ((4, 6, 0), "e1g1"), ((52, 61, 5), "e7f8q"), ((8, 0, 2), "a2a1n")],
)
def test_uci(plain: tuple[int, int, int], expected: str) -> None:
    assert uci(plain) == expected
