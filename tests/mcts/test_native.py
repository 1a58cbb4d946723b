"""The native search is the reference, node for node; what only it has: pools, threads, a memory bound."""

import random
import threading
from typing import Any

import chess
import numpy as np
import pytest

from aztoolkit.errors import ModelError, PositionError
from aztoolkit.evaluator import Evaluator, UniformEvaluator
from aztoolkit.mcts import Search, SearchConfig, SearchResult, create_mcts, pool_of, run
from aztoolkit.mcts.native import NativePool, NativeSearch
from aztoolkit.mcts.pool import PythonPool
from aztoolkit.mcts.reference import ReferenceSearch
from aztoolkit.model import ModelSpec
from tests.mcts.golden import spec_of
from tests.mcts.soak import soak
from tests.mcts.trees import ExactEvaluator, random_board, rows

LC0_FENS = [
    "r3k2r/8/8/8/8/8/8/R3K2R b KQkq - 0 1",  # castling
    "n1n5/PPPk4/8/8/8/8/4Kppp/5N1N w - - 0 1",  # promotions
    "4k3/8/8/8/3pP3/8/8/4K3 b - e3 0 1",  # a history with the pawn put home
]
"""Where moves or planes are written in lc0's own way."""


def search(
    kind: type[Search], board: chess.Board, simulations: int, evaluator: Evaluator, **settings: Any
) -> Search:
    tree = kind(SearchConfig.model_validate(settings))
    tree.start(board, simulations)
    run([tree], evaluator)
    return tree


def assert_same_results(one: SearchResult, other: SearchResult) -> None:
    assert one.moves == other.moves
    for name in ("visits", "priors", "values", "proofs", "improved"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert (one.wdl, one.pv, one.simulations) == (other.wdl, other.pv, other.simulations)
    assert (one.chosen, one.best_move) == (other.chosen, other.best_move)


def assert_same_game(
    board: chess.Board, evaluator: Evaluator, rng: random.Random, *, searches: int, **settings: Any
) -> None:
    """Searches the positions of a game with both, the tree being kept, and compares every node."""
    config = SearchConfig.model_validate(settings)
    reference, native = ReferenceSearch(config), NativeSearch(config)
    for _ in range(searches):
        simulations = rng.choice([1, 2, 20, 120])
        for tree in (reference, native):
            tree.start(board, simulations)
            run([tree], evaluator)
        assert rows(native) == rows(reference), (board.fen(), board.move_stack, settings)
        assert_same_results(native.result(), reference.result())
        for _ in range(rng.choice([0, 1, 2])):
            if any(board.legal_moves):
                board.push(rng.choice([native.result().best_move, *board.legal_moves][:3]))
                if board.is_game_over(claim_draw=True):
                    return
            break


def test_auto_is_native() -> None:
    assert isinstance(create_mcts(SearchConfig()), NativeSearch)


@pytest.mark.parametrize("batch_size", [1, 4, 16])
@pytest.mark.parametrize("prove_ends", [True, False])
def test_equal_to_the_reference_node_for_node(
    hash_evaluator: Evaluator, batch_size: int, prove_ends: bool
) -> None:
    rng = random.Random(batch_size)
    for _ in range(6):
        board = random_board(rng)
        settings = {"batch_size": batch_size, "prove_ends": prove_ends, "seed": rng.randrange(99)}
        assert_same_game(board, hash_evaluator, rng, searches=3, **settings)


def test_equal_with_noise_and_other_constants(hash_evaluator: Evaluator) -> None:
    rng = random.Random(11)
    for _ in range(5):
        settings = {
            "noise_fraction": 0.25,
            "noise_alpha": rng.choice([0.1, 0.3, 1.5]),
            "policy_temperature": rng.choice([0.7, 1.6]),
            "c_puct": rng.choice([0.5, 4.0]),
            "c_puct_base": rng.choice([50.0, 19652.0]),
            "fpu_reduction": rng.choice([0.0, 1.0]),
            "seed": rng.randrange(99),
        }
        assert_same_game(random_board(rng), hash_evaluator, rng, searches=3, **settings)


def test_equal_with_a_uniform_network_where_all_scores_tie(az_spec: ModelSpec) -> None:
    rng = random.Random(12)
    for _ in range(5):
        assert_same_game(
            random_board(rng), UniformEvaluator(az_spec), rng, searches=2, batch_size=4
        )


@pytest.mark.parametrize("algorithm", ["puct", "gumbel"])
def test_equal_with_the_encodings_of_lc0(algorithm: str) -> None:
    rng = random.Random(13)
    settings = {
        "encoding": "lc0_112",
        "action_space": "lc0_1858",
        "algorithm": algorithm,
        "batch_size": 4,
    }
    evaluator = ExactEvaluator(spec_of(SearchConfig.model_validate(settings)))
    boards = [random_board(rng) for _ in range(4)] + [chess.Board(fen) for fen in LC0_FENS]
    for board in boards:
        assert_same_game(board, evaluator, rng, searches=3, **settings)


@pytest.mark.parametrize(
    "fen",
    [
        "6k1/5ppp/8/8/8/8/5PPP/R5K1 w - - 0 1",  # mate in one
        "kbK5/pp6/1P6/8/8/8/8/R7 w - - 0 1",  # mate in two
        "7k/8/5KQ1/8/8/8/8/8 w - - 0 1",  # stalemates and mates
        "7k/8/8/8/8/8/r7/1K4R1 w - - 99 90",  # fifty moves
        "R3r2k/8/8/8/8/8/8/K7 b - - 10 50",  # few moves to repeat
        "5k2/5P2/5K2/8/8/8/8/8 w - - 0 1",  # all moves but one are stalemate
        "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1",
    ],
)
def test_equal_where_games_end(fen: str, hash_evaluator: Evaluator, az_spec: ModelSpec) -> None:
    for evaluator in (hash_evaluator, UniformEvaluator(az_spec)):
        for batch_size in (1, 8):
            trees = [
                search(kind, chess.Board(fen), 600, evaluator, batch_size=batch_size)
                for kind in (ReferenceSearch, NativeSearch)
            ]
            assert rows(trees[0]) == rows(trees[1])  # type: ignore[arg-type]


def test_equal_over_a_game_that_repeats(hash_evaluator: Evaluator, az_spec: ModelSpec) -> None:
    board = chess.Board()
    trees = [ReferenceSearch(SearchConfig(batch_size=4)), NativeSearch(SearchConfig(batch_size=4))]
    for uci in ["g1f3", "g8f6", "f3g1", "f6g8", "g1f3", "g8f6", "f3g1"]:
        board.push_uci(uci)
        for tree in trees:
            tree.start(board, 60)
            run([tree], hash_evaluator)
        assert rows(trees[0]) == rows(trees[1])
    home = search(NativeSearch, board, 100, UniformEvaluator(az_spec)).result()
    assert home.values[home.moves.index(chess.Move.from_uci("f6g8"))] == 0.0  # the third time


def test_taking_moves_back_starts_an_empty_tree(hash_evaluator: Evaluator) -> None:
    board = chess.Board()
    board.push_uci("e2e4")
    tree = search(NativeSearch, board, 50, hash_evaluator)
    board.pop()
    tree.start(board, 30)
    run([tree], hash_evaluator)
    assert tree.result().visits.sum() == 29


def test_castling_is_written_as_the_board_does(hash_evaluator: Evaluator) -> None:
    standard = chess.Board("r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1")
    chess960 = chess.Board("r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1", chess960=True)
    for board in (standard, chess960):
        result = search(NativeSearch, board, 40, hash_evaluator).result()
        assert set(result.moves) == set(board.legal_moves)


def test_an_unevaluated_tree_may_be_moved_on_from(hash_evaluator: Evaluator) -> None:
    board, tree = chess.Board(), NativeSearch(SearchConfig())
    tree.start(board, 10)
    board.push_uci("e2e4")
    tree.start(board, 10)
    run([tree], hash_evaluator)
    assert tree.result().simulations == 10


@pytest.mark.parametrize("kind", [NativeSearch, ReferenceSearch])
def test_a_failed_network_call_can_be_followed_by_another_search(
    kind: type[Search], hash_evaluator: Evaluator
) -> None:
    planes = np.empty((8, 119, 8, 8), np.float32)
    tree = search(kind, chess.Board(), 50, hash_evaluator, batch_size=8)
    tree.start(chess.Board(), 50)
    assert tree.gather(planes) > 0
    tree.start(chess.Board(), 50)
    run([tree], hash_evaluator)
    assert tree.result().visits.sum() == 99
    assert tree.result().simulations == 50


def test_a_finished_game_is_refused() -> None:
    with pytest.raises(PositionError, match="legal move"):
        NativeSearch(SearchConfig()).start(chess.Board("7k/5KQ1/8/8/8/8/8/8 b - - 0 1"), 1)


def test_wrong_shapes_are_refused(hash_evaluator: Evaluator) -> None:
    tree = NativeSearch(SearchConfig())
    tree.start(chess.Board(), 5)
    with pytest.raises(ModelError, match="planes of shape"):
        tree.gather(np.empty((4, 112, 8, 8), np.float32))
    planes = np.empty((4, 119, 8, 8), np.float32)
    assert tree.gather(planes) == 1
    answer = hash_evaluator.evaluate(planes[:1])
    with pytest.raises(ModelError, match="logits of shapes"):
        tree.apply(answer.policy[:, :1858], answer.wdl)


def test_a_pool_finds_what_each_search_finds_alone(hash_evaluator: Evaluator) -> None:
    rng = random.Random(3)
    boards = [random_board(rng) for _ in range(12)]
    config = SearchConfig(batch_size=3)
    together: list[Search] = [NativeSearch(config) for _ in boards]
    for i, (tree, board) in enumerate(zip(together, boards, strict=True)):
        tree.start(board, 20 + 10 * i)
    assert isinstance(pool_of(together), NativePool)
    run(together, hash_evaluator)
    for i, (tree, board) in enumerate(zip(together, boards, strict=True)):
        alone = search(NativeSearch, board, 20 + 10 * i, hash_evaluator, batch_size=3)
        assert_same_results(tree.result(), alone.result())


@pytest.mark.parametrize("pool", [NativePool, PythonPool])
def test_a_small_batch_is_filled_by_all_in_turn(pool: Any, hash_evaluator: Evaluator) -> None:
    trees = [NativeSearch(SearchConfig(batch_size=1)) for _ in range(10)]
    for tree in trees:
        tree.start(chess.Board(), 20)
    together, planes = pool(trees), np.empty((4, 119, 8, 8), np.float32)
    for _ in range(5):
        count = together.gather(planes)
        assert count == 4
        answer = hash_evaluator.evaluate(planes[:count])
        together.apply(answer.policy, answer.wdl)
    assert [tree.native.result().simulations for tree in trees] == [2] * 10


def test_a_mixed_pool_is_driven_in_python(hash_evaluator: Evaluator) -> None:
    trees = [kind(SearchConfig(batch_size=4)) for kind in (NativeSearch, ReferenceSearch)]
    for tree in trees:
        tree.start(chess.Board(), 50)
    assert isinstance(pool_of(trees), PythonPool)
    run(trees, hash_evaluator)
    assert_same_results(trees[0].result(), trees[1].result())


def test_two_threads_search_at_once(hash_evaluator: Evaluator) -> None:
    boards = [random_board(random.Random(seed)) for seed in range(4)]
    found: dict[int, SearchResult] = {}

    def work(i: int) -> None:
        tree = search(NativeSearch, boards[i], 300, hash_evaluator, batch_size=4)
        found[i] = tree.result()

    threads = [threading.Thread(target=work, args=[i]) for i in range(len(boards))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, board in enumerate(boards):
        alone = search(NativeSearch, board, 300, hash_evaluator, batch_size=4)
        assert_same_results(found[i], alone.result())


def test_a_full_tree_ends_the_search_early(az_spec: ModelSpec) -> None:
    evaluator, memory_mb = UniformEvaluator(az_spec), 2
    tree = NativeSearch(SearchConfig(memory_mb=memory_mb))
    board = chess.Board()
    for _ in range(4):
        tree.start(board, 100_000)
        run([tree], evaluator)
        assert tree.native.result().out_of_memory
        assert tree.native.memory().held_bytes <= (memory_mb + 0.5) * 2**20
        assert tree.result().best_move in board.legal_moves
        board.push(tree.result().best_move)
    tree.start(chess.Board(), 10)
    run([tree], evaluator)
    assert tree.result().simulations == 10


def test_nodes_are_small(az_spec: ModelSpec) -> None:
    tree = search(NativeSearch, chess.Board(), 5000, UniformEvaluator(az_spec))
    assert isinstance(tree, NativeSearch)
    memory = tree.native.memory()
    assert memory.used_bytes <= 64 * memory.nodes + 8 * memory.edges


def test_only_the_kept_part_of_the_tree_stays(hash_evaluator: Evaluator) -> None:
    board = chess.Board()
    tree = search(NativeSearch, board, 2000, hash_evaluator)
    assert isinstance(tree, NativeSearch)
    before, best = tree.native.memory(), tree.result().best_move
    visits = int(tree.result().visits.max())
    board.push(best)
    tree.start(board, 1)
    after = tree.native.memory()
    assert visits <= after.nodes < before.nodes
    assert sum(row[2] for row in rows(tree) if row[0] == 0) == visits


def test_every_move_is_legal_over_many_games() -> None:
    assert soak(6000, seed=1).total() > 5  # a million: python -m tests.mcts.soak
