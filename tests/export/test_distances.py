"""The figures of a comparison, against numbers worked out by hand."""

import chess
import numpy as np
import pytest

from aztoolkit.errors import ModelError
from aztoolkit.evaluator import Evaluation
from export.distances import compare_evaluators, distances, legal_indices, winrate
from tests.conftest import HashEvaluator


def answer(policy: list[list[float]], wdl: list[list[float]]) -> Evaluation:
    """An answer from probabilities, with logits shifted, for a shift changes nothing."""
    shift = 3.0
    return Evaluation(
        policy=np.log(np.array(policy, dtype=np.float32)) + np.float32(shift),
        wdl=np.log(np.array(wdl, dtype=np.float32)) - np.float32(shift),
    )


def test_distances_by_hand():
    first = answer([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]], [[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    second = answer([[0.25, 0.5, 0.25], [0.1, 0.3, 0.6]], [[0.4, 0.3, 0.3], [0.1, 0.2, 0.7]])
    legal = [np.array([0, 1, 2]), np.array([0, 1])]  # in the second position 2 is illegal
    found = distances(first, second, legal)
    kl = [0.5 * np.log(2) - 0.25 * np.log(2), 0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75)]
    np.testing.assert_allclose(found.kl, kl, atol=1e-6)
    assert found.same_top.tolist() == [False, False]
    np.testing.assert_allclose(found.winrate, [0.1, 0.05], atol=1e-6)
    summary = found.summary()
    assert summary["positions"] == 2
    assert summary["kl_mean"] == pytest.approx(np.mean(kl), abs=1e-6)
    assert summary["kl_p99"] == pytest.approx(np.percentile(kl, 99), abs=1e-6)
    assert summary["top1"] == 0
    assert summary["winrate_error_mean"] == pytest.approx(0.075, abs=1e-6)
    assert summary["winrate_error_p99"] == pytest.approx(0.05 + 0.99 * 0.05, abs=1e-6)
    squares = [0.25**2, 0.25**2, 0.0, 0.25**2, 0.25**2]
    assert summary["policy_rmse"] == pytest.approx(np.sqrt(np.mean(squares)), abs=1e-6)
    assert summary["value_rmse"] == pytest.approx(np.sqrt((0.2**2 + 0.1**2) / 2), abs=1e-6)


def test_the_top_move_is_the_top_legal_move():
    first = answer([[0.1, 0.3, 0.6]], [[0.3, 0.4, 0.3]])
    second = answer([[0.1, 0.8, 0.1]], [[0.3, 0.4, 0.3]])
    assert distances(first, second, [np.array([0, 1])]).same_top.all()
    assert not distances(first, second, [np.array([0, 1, 2])]).same_top.any()


def test_winrate_of_certain_results():
    logits = np.array([[40, 0, 0], [0, 40, 0], [0, 0, 40]], dtype=np.float32)
    np.testing.assert_allclose(winrate(logits), [1, 0.5, 0], atol=1e-12)


def test_huge_logits_do_not_overflow():
    huge = Evaluation(
        policy=np.array([[1e4, -1e4]], dtype=np.float32), wdl=np.zeros((1, 3), dtype=np.float32)
    )
    assert distances(huge, huge, [np.array([0, 1])]).kl == [0]


def test_legal_indices_are_those_of_the_action_space():
    board = chess.Board("7k/8/8/8/8/8/8/K7 w - - 0 1")
    assert sorted(legal_indices(board, "az4672")) == [0 * 64, 7 * 64, 14 * 64]


def test_an_evaluator_is_at_no_distance_from_itself(hash_evaluator: HashEvaluator):
    summary = compare_evaluators(hash_evaluator, hash_evaluator, [chess.Board()] * 70).summary()
    assert summary.pop("positions") == 70
    assert summary.pop("top1") == 1
    assert set(summary.values()) == {0}


def test_different_action_spaces_are_not_compared(hash_evaluator: HashEvaluator):
    other = HashEvaluator(hash_evaluator.spec.model_copy(update={"action_space": "other"}))
    with pytest.raises(ModelError, match="same encoding and action space"):
        compare_evaluators(hash_evaluator, other, [chess.Board()])
