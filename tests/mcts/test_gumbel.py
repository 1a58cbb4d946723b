"""Gumbel AlphaZero: the schedule and the values of mctx, and the native search equal to the reference."""

import math
import random
from typing import Any

import chess
import numpy as np
import pytest

from aztoolkit.evaluator import Evaluator, UniformEvaluator
from aztoolkit.mcts import SearchConfig, run
from aztoolkit.mcts.gumbel import (
    Halving,
    completed_values,
    improved_policy,
    mixed_value,
    select_gumbel,
)
from aztoolkit.mcts.native import NativeSearch
from aztoolkit.mcts.node import LOSS, Node
from aztoolkit.mcts.random import Random
from aztoolkit.mcts.reference import ReferenceSearch
from aztoolkit.model import ModelSpec
from tests.mcts.test_native import assert_same_game
from tests.mcts.trees import random_board

MATE_IN_ONE = "6k1/5ppp/8/8/8/8/5PPP/R5K1 w - - 0 1"


def gumbel(evaluator: Evaluator, board: chess.Board, simulations: int, **settings: Any) -> Any:
    tree = ReferenceSearch(SearchConfig.model_validate({"algorithm": "gumbel", **settings}))
    tree.start(board, simulations)
    run([tree], evaluator)
    return tree


def considered_visits(moves: int, simulations: int) -> list[int]:
    halving, visits = Halving(moves, simulations), []
    for _ in range(simulations):
        visits.append(halving.round)
        halving.advance()
    return visits


def mctx_considered_visits(moves: int, simulations: int) -> list[int]:
    """The published algorithm, written as in mctx's seq_halving.py."""
    if moves <= 1:
        return list(range(simulations))
    log2max = math.ceil(math.log2(moves))
    sequence: list[int] = []
    visits, considered = [0] * moves, moves
    while len(sequence) < simulations:
        for _ in range(max(1, int(simulations / (log2max * considered)))):
            sequence.extend(visits[:considered])
            for i in range(considered):
                visits[i] += 1
        considered = max(2, considered // 2)
    return sequence[:simulations]


@pytest.mark.parametrize("moves", [1, 2, 3, 4, 7, 16, 30])
@pytest.mark.parametrize("simulations", [1, 2, 15, 16, 32, 50, 200, 800])
def test_the_schedule_is_that_of_mctx(moves: int, simulations: int) -> None:
    assert considered_visits(moves, simulations) == mctx_considered_visits(moves, simulations)


def test_phases_begin_after_each_halving() -> None:
    halving, begins = Halving(8, 24), []  # 8 moves once, 4 twice, 2 four times
    for i in range(24):
        if halving.begins_phase:
            begins.append(i)
        halving.advance()
    assert begins == [0, 8, 16]


def node_of(children: list[tuple[float, int, float]], *, raw_value: float) -> Node:
    """Returns a node whose children have (prior, visits, mean value); its value is the mover's."""
    node = Node(chess.Move.null(), 1.0, visits=1, raw_value=-raw_value)
    for prior, visits, value in children:
        node.children.append(
            Node(chess.Move.null(), prior, visits=visits, value_sum=visits * value)
        )
    return node


def test_the_mixed_value_weighs_the_network_once() -> None:
    node = node_of([(0.5, 3, 0.2), (0.25, 1, -0.4), (0.25, 0, 0.0)], raw_value=0.1)
    average = (0.5 * 0.2 + 0.25 * -0.4) / 0.75
    assert mixed_value(node) == pytest.approx((0.1 + 4 * average) / 5)
    assert mixed_value(node_of([(1.0, 0, 0.0)], raw_value=0.3)) == pytest.approx(0.3)


def test_completed_values_are_rescaled_to_the_unit_interval() -> None:
    node = node_of([(0.5, 3, 0.2), (0.25, 1, -0.4), (0.25, 0, 0.0)], raw_value=0.1)
    best, worst, unvisited = completed_values(node)
    assert (best, worst) == (1.0, 0.0)
    assert unvisited == pytest.approx((mixed_value(node) + 0.4) / 0.6)


def test_the_improved_policy_adds_values_to_logits() -> None:
    config = SearchConfig(algorithm="gumbel", c_visit=50, c_scale=0.1)
    node = node_of([(0.7, 4, -0.1), (0.3, 2, 0.1)], raw_value=0.0)
    logits = np.log([0.7, 0.3]) + (50 + 4) * 0.1 * np.array([0.0, 1.0])
    expected = np.exp(logits) / np.exp(logits).sum()
    assert improved_policy(node, config) == pytest.approx(list(expected))


def test_without_visits_the_improved_policy_is_the_prior() -> None:
    node = node_of([(0.7, 0, 0.0), (0.3, 0, 0.0)], raw_value=0.5)
    assert improved_policy(node, SearchConfig()) == pytest.approx([0.7, 0.3])


def test_below_the_root_visits_follow_the_improved_policy() -> None:
    config = SearchConfig(algorithm="gumbel")
    node = node_of([(0.6, 0, 0.0), (0.4, 0, 0.0)], raw_value=0.0)
    for _ in range(50):
        child = select_gumbel(node, config)
        child.visits += 1
    assert [child.visits for child in node.children] == [30, 20]


def test_lost_moves_are_not_tried_again() -> None:
    node = node_of([(0.9, 1, -1.0), (0.1, 0, 0.0)], raw_value=0.0)
    node.children[0].end = LOSS
    assert select_gumbel(node, SearchConfig()) is node.children[1]


def test_the_root_halves_what_it_considers(hash_evaluator: Evaluator) -> None:
    tree = gumbel(hash_evaluator, chess.Board(), 33)  # the first simulation evaluates the root
    visits = sorted(tree.result().visits.tolist(), reverse=True)
    assert visits == [4] * 4 + [2] * 4 + [1] * 8 + [0] * 4
    assert tree.result().visits[tree.result().chosen] == 4


@pytest.mark.parametrize("batch_size", [1, 16])
def test_a_batch_never_crosses_a_halving(hash_evaluator: Evaluator, batch_size: int) -> None:
    planes = np.empty((batch_size, 119, 8, 8), np.float32)
    tree = ReferenceSearch(SearchConfig(algorithm="gumbel", batch_size=batch_size))
    tree.start(chess.Board(), 33)
    counts = []
    while not tree.done:
        counts.append(tree.gather(planes))
        answer = hash_evaluator.evaluate(planes[: counts[-1]])
        tree.apply(answer.policy, answer.wdl)
    assert sum(counts) == 33
    if batch_size == 16:
        assert counts[:3] == [1, 16, 8]


def test_the_chosen_move_has_the_best_score_of_the_most_visited(hash_evaluator: Evaluator) -> None:
    result = gumbel(hash_evaluator, chess.Board(), 65, gumbel_scale=0).result()
    most = np.flatnonzero(result.visits == result.visits.max())
    assert result.chosen == most[np.argmax(result.improved[most])]
    assert result.best_move == result.moves[result.chosen]
    assert result.policy(1.0) == pytest.approx(result.improved)
    assert result.improved.sum() == pytest.approx(1.0)


def test_different_seeds_explore_different_moves(az_spec: ModelSpec) -> None:
    uniform, chosen = UniformEvaluator(az_spec), set()
    for seed in range(8):
        chosen.add(gumbel(uniform, chess.Board(), 16, seed=seed).result().best_move)
    assert len(chosen) > 2


@pytest.mark.parametrize("seed", range(4))
def test_finds_mate_in_one_with_few_simulations(az_spec: ModelSpec, seed: int) -> None:
    tree = gumbel(
        UniformEvaluator(az_spec), chess.Board(MATE_IN_ONE), 64, seed=seed, considered_moves=64
    )
    assert tree.result().best_move == chess.Move.from_uci("a1a8")
    assert tree.result().policy(1.0).max() == 1.0


def test_visits_of_earlier_searches_do_not_count_in_the_rounds(hash_evaluator: Evaluator) -> None:
    tree = gumbel(hash_evaluator, chess.Board(), 65)
    before = tree.result().visits
    tree.start(chess.Board(), 32)
    run([tree], hash_evaluator)
    new = sorted((tree.result().visits - before).tolist(), reverse=True)
    assert new == [4] * 4 + [2] * 4 + [1] * 8 + [0] * 4


@pytest.mark.parametrize("batch_size", [1, 4, 16])
def test_native_equals_the_reference_node_for_node(
    hash_evaluator: Evaluator, batch_size: int
) -> None:
    rng = random.Random(20 + batch_size)
    for _ in range(6):
        settings = {
            "algorithm": "gumbel",
            "batch_size": batch_size,
            "considered_moves": rng.choice([1, 2, 5, 16, 300]),
            "gumbel_scale": rng.choice([0.0, 1.0]),
            "c_visit": rng.choice([0.0, 50.0]),
            "c_scale": rng.choice([0.1, 1.0]),
            "seed": rng.randrange(99),
        }
        assert_same_game(random_board(rng), hash_evaluator, rng, searches=3, **settings)


def test_native_draws_new_numbers_for_every_search(az_spec: ModelSpec) -> None:
    tree, visited = NativeSearch(SearchConfig(algorithm="gumbel", considered_moves=4)), []
    for ply in range(2):
        board = chess.Board()
        if ply:
            board.push_uci("e2e4")
        tree.start(board, 5)
        run([tree], UniformEvaluator(az_spec))
        visited.append(tuple(tree.result().visits))
    assert visited[0] != visited[1]


def test_random_numbers_have_their_distributions() -> None:
    rng = Random(1)
    gumbels = np.array([rng.gumbel() for _ in range(20_000)])
    assert gumbels.mean() == pytest.approx(0.5772, abs=0.03)
    assert gumbels.std() == pytest.approx(math.pi / math.sqrt(6), abs=0.03)
    for alpha in (0.3, 2.5):
        gammas = np.array([rng.gamma(alpha) for _ in range(20_000)])
        assert gammas.mean() == pytest.approx(alpha, rel=0.05)
        assert gammas.var() == pytest.approx(alpha, rel=0.1)
    assert sum(rng.dirichlet(0.3, 30)) == pytest.approx(1.0)
