"""The reference search: the formula, the ends of game, batches, reuse."""

import math

import chess
import numpy as np
import pytest

from aztoolkit.errors import PositionError
from aztoolkit.evaluator import Evaluator, UniformEvaluator
from aztoolkit.mcts import SearchConfig, SearchResult, create_mcts, run
from aztoolkit.mcts.node import DRAW, Node, end_of_game
from aztoolkit.mcts.reference import ReferenceSearch
from aztoolkit.model import ModelSpec

MATE_IN_ONE = "6k1/5ppp/8/8/8/8/5PPP/R5K1 w - - 0 1"
OTHER_GAME = "6k1/5ppp/8/8/8/5N2/5PPP/6K1 w - - 0 1"
MATE_IN_TWO = "kbK5/pp6/1P6/8/8/8/8/R7 w - - 0 1"


@pytest.fixture
def uniform(az_spec: ModelSpec) -> UniformEvaluator:
    return UniformEvaluator(az_spec)


def search(
    fen: str, evaluator: Evaluator, *, simulations: int, **settings: float
) -> tuple[ReferenceSearch, SearchResult]:
    tree = ReferenceSearch(SearchConfig.model_validate({"batch_size": 1, **settings}))
    tree.start(chess.Board(fen), simulations)
    run([tree], evaluator)
    return tree, tree.result()


def walk(node: Node) -> list[Node]:
    return [node, *(below for child in node.children for below in walk(child))]


def test_a_uniform_network_spreads_visits_evenly(uniform: UniformEvaluator):
    _, result = search(chess.STARTING_FEN, uniform, simulations=401)
    assert result.visits.sum() == 400  # the first simulation evaluates the root
    assert result.visits.max() - result.visits.min() <= 1
    assert result.value == pytest.approx(0.0, abs=1e-12)


def test_root_and_children_agree_in_visits_and_values(hash_evaluator: Evaluator):
    tree, _ = search(chess.STARTING_FEN, hash_evaluator, simulations=300, batch_size=8)
    for node in walk(tree.root):
        assert node.in_flight == 0
        if node.children:
            assert node.visits == 1 + sum(child.visits for child in node.children)
    assert tree.root.visits == 300


def test_selection_follows_the_puct_formula(hash_evaluator: Evaluator):
    tree, _ = search(chess.STARTING_FEN, hash_evaluator, simulations=50)
    config, root = tree.config, tree.root
    before = [(child.visits, child.prior, child) for child in root.children]
    c = config.c_puct + math.log((1 + root.visits + config.c_puct_base) / config.c_puct_base)
    seen = sum(prior for visits, prior, _ in before if visits)
    fpu = -root.value - config.fpu_reduction * math.sqrt(seen)
    scores = [
        (child.value if visits else fpu) + c * prior * math.sqrt(49) / (1 + visits)
        for visits, prior, child in before
    ]
    expected = before[int(np.argmax(scores))][2]
    visits_before = expected.visits
    tree.start(chess.Board(), 1)
    run([tree], hash_evaluator)
    assert expected.visits == visits_before + 1


def test_children_stand_in_order_of_falling_prior(hash_evaluator: Evaluator):
    tree, result = search(chess.STARTING_FEN, hash_evaluator, simulations=2)
    assert list(result.priors) == sorted(result.priors, reverse=True)
    assert result.priors.sum() == pytest.approx(1.0, abs=1e-6)
    assert set(result.moves) == set(chess.Board().legal_moves)
    assert tree.done


@pytest.mark.parametrize("batch_size", [1, 8])
def test_finds_mate_in_one(uniform: UniformEvaluator, batch_size: int):
    _, result = search(MATE_IN_ONE, uniform, simulations=200, batch_size=batch_size)
    assert result.best_move == chess.Move.from_uci("a1a8")
    assert result.value > 0.5


def test_finds_mate_in_two(uniform: UniformEvaluator):
    _, result = search(MATE_IN_TWO, uniform, simulations=1000, batch_size=16)
    assert result.best_move == chess.Move.from_uci("a1a6")
    assert [move.uci() for move in result.pv[:1]] == ["a1a6"]


@pytest.mark.parametrize(
    ("fen", "move", "value"),
    [
        ("6k1/5ppp/8/8/8/8/5PPP/R5K1 w - - 0 1", "a1a8", 1.0),  # mate
        ("7k/8/5KQ1/8/8/8/8/8 w - - 0 1", "g6f7", 0.0),  # stalemate
        ("7k/8/8/8/8/8/r7/K7 w - - 0 1", "a1a2", 0.0),  # bare kings
        ("7k/8/8/8/8/8/r7/1K5R w - - 99 90", "b1c1", 0.0),  # not a capture: fifty moves
    ],
)
def test_exact_ends_of_game(uniform: UniformEvaluator, fen: str, move: str, value: float):
    _, result = search(fen, uniform, simulations=150, prove_ends=False)
    assert result.values[result.moves.index(chess.Move.from_uci(move))] == pytest.approx(value)


def test_mate_on_the_hundredth_ply_is_mate(uniform: UniformEvaluator):
    _, result = search("6k1/5ppp/8/8/8/8/5PPP/R5K1 w - - 99 90", uniform, simulations=100)
    assert result.values[result.moves.index(chess.Move.from_uci("a1a8"))] == 1.0


@pytest.mark.parametrize(("depth", "end"), [(3, None), (4, DRAW), (5, DRAW)])
def test_second_occurrence_inside_the_tree_is_a_draw(depth: int, end: float | None):
    board = chess.Board()
    for uci in ["b1c3", "b8c6", "c3b1", "c6b8"]:
        board.push_uci(uci)
    assert end_of_game(board, depth=depth) == end


def test_repetition_of_a_position_from_the_game_needs_the_third_occurrence(
    uniform: UniformEvaluator,
):
    board = chess.Board()
    for uci in ["g1f3", "g8f6", "f3g1"]:
        board.push_uci(uci)
    tree = ReferenceSearch(SearchConfig(batch_size=1))
    tree.start(board, 100)
    run([tree], uniform)
    back_home = next(child for child in tree.root.children if child.move.uci() == "f6g8")
    assert back_home.visits > 0
    assert back_home.end is None
    for uci in ["f6g8", "g1f3", "g8f6", "f3g1"]:
        board.push_uci(uci)
    tree.start(board, 100)
    run([tree], uniform)
    threefold = next(child for child in tree.root.children if child.move.uci() == "f6g8")
    assert threefold.end == 0.0


def test_batches_gather_distinct_leaves(hash_evaluator: Evaluator):
    tree = ReferenceSearch(SearchConfig(batch_size=16))
    tree.start(chess.Board(), 100)
    run([tree], hash_evaluator)
    tree.start(chess.Board(), 16)
    planes = np.zeros((16, 119, 8, 8), dtype=np.float32)
    count = tree.gather(planes)
    assert 1 < count <= 16
    assert len({planes[i].tobytes() for i in range(count)}) == count
    evaluation = hash_evaluator.evaluate(planes[:count])
    tree.apply(evaluation.policy, evaluation.wdl)
    assert tree.root.in_flight == 0


def test_the_tree_is_kept_when_the_game_goes_on(hash_evaluator: Evaluator):
    tree, result = search(chess.STARTING_FEN, hash_evaluator, simulations=400)
    board = chess.Board()
    board.push(result.pv[0])
    board.push(result.pv[1])
    kept = tree._find(board)
    assert kept is not None
    visits = kept.visits
    assert visits > 1
    tree.start(board, 50)
    run([tree], hash_evaluator)
    assert tree.root is kept
    assert tree.root.visits == visits + 50
    assert tree.result().simulations == 50


def test_the_policy_temperature_flattens_priors_and_keeps_their_order(hash_evaluator: Evaluator):
    _, sharp = search(chess.STARTING_FEN, hash_evaluator, simulations=2, policy_temperature=1.0)
    _, flat = search(chess.STARTING_FEN, hash_evaluator, simulations=2, policy_temperature=2.0)
    roots = np.sqrt(sharp.priors)
    assert flat.moves == sharp.moves
    assert flat.priors == pytest.approx(roots / roots.sum(), rel=1e-5)


def test_another_game_starts_an_empty_tree(hash_evaluator: Evaluator):
    tree, _ = search(chess.STARTING_FEN, hash_evaluator, simulations=100)
    tree.start(chess.Board(OTHER_GAME), 10)
    run([tree], hash_evaluator)
    assert tree.root.visits == 10


def test_noise_changes_the_priors_once_and_follows_the_seed(hash_evaluator: Evaluator):
    _, plain = search(chess.STARTING_FEN, hash_evaluator, simulations=10)
    settings = {"noise_fraction": 0.25, "seed": 5}
    tree, noised = search(chess.STARTING_FEN, hash_evaluator, simulations=10, **settings)
    _, again = search(chess.STARTING_FEN, hash_evaluator, simulations=10, **settings)
    before = dict(zip(plain.moves, plain.priors, strict=True))
    after = dict(zip(noised.moves, noised.priors, strict=True))
    assert any(after[move] != before[move] for move in before)
    assert all(after[move] >= 0.75 * before[move] - 1e-6 for move in before)
    assert noised.priors.sum() == pytest.approx(1.0, abs=1e-5)
    assert list(noised.priors) == list(again.priors)
    tree.start(chess.Board(), 10)
    assert list(tree.result().priors) == list(noised.priors)


def test_stop_ends_a_search_early(hash_evaluator: Evaluator):
    tree = ReferenceSearch(SearchConfig(batch_size=4))
    tree.start(chess.Board(), 1_000_000)
    calls = iter([False, False, True])
    run([tree], hash_evaluator, stop=lambda: next(calls))
    assert tree.done
    assert 1 <= tree.result().simulations <= 12


def test_temperature(hash_evaluator: Evaluator):
    _, result = search(chess.STARTING_FEN, hash_evaluator, simulations=200)
    one = result.policy(1.0)
    assert one == pytest.approx(result.visits / result.visits.sum())
    assert result.policy(0).max() == 1.0
    assert result.moves[int(result.policy(0).argmax())] == result.best_move
    assert result.policy(0.5).max() > one.max()


@pytest.mark.parametrize("fen", ["7k/5KQ1/8/8/8/8/8/8 b - - 0 1", "7k/5K2/6Q1/8/8/8/8/8 b - - 0 1"])
def test_a_finished_game_is_refused(fen: str):
    with pytest.raises(PositionError, match="legal move"):
        ReferenceSearch(SearchConfig()).start(chess.Board(fen), 1)


def test_many_searches_share_one_batch(hash_evaluator: Evaluator):
    alone, _ = search(chess.STARTING_FEN, hash_evaluator, simulations=100, batch_size=4)
    together = [create_mcts(SearchConfig(batch_size=4), backend="python") for _ in range(3)]
    for tree in together:
        tree.start(chess.Board(), 100)
    run(together, hash_evaluator)
    for tree in together:
        assert list(tree.result().visits) == list(alone.result().visits)
