"""A player: many games, one network, a limit."""

import time

import chess
import numpy as np
import pytest
from numpy.typing import NDArray

from aztoolkit.errors import EvaluationError
from aztoolkit.evaluator import Evaluation, Evaluator, UniformEvaluator
from aztoolkit.mcts import Backend, SearchConfig
from aztoolkit.model import ModelSpec
from aztoolkit.player import Limit, Player


def test_games_do_not_influence_each_other(hash_evaluator: Evaluator):
    player = Player(hash_evaluator, SearchConfig(batch_size=4))
    boards = [chess.Board(), chess.Board("6k1/5ppp/8/8/8/8/5PPP/R5K1 w - - 0 1")]
    limit = Limit(simulations=64)
    together = player.think([player.new_game() for _ in boards], boards, limit)
    for board, result in zip(boards, together, strict=True):
        alone = player.think([player.new_game()], [board], limit)[0]
        assert list(alone.visits) == list(result.visits)
        assert alone.moves == result.moves


def test_simulations_are_the_limit(hash_evaluator: Evaluator):
    player = Player(hash_evaluator, SearchConfig(batch_size=8))
    result = player.think([player.new_game()], [chess.Board()], Limit(simulations=37))[0]
    assert result.simulations == 37


def test_time_is_the_limit(az_spec: ModelSpec):
    player = Player(UniformEvaluator(az_spec), SearchConfig())
    limit = Limit(simulations=10_000_000, movetime_s=0.2)
    start_s = time.monotonic()
    result = player.think([player.new_game()], [chess.Board()], limit)[0]
    assert time.monotonic() - start_s < 10
    assert 0 < result.simulations < 10_000_000


@pytest.mark.parametrize("backend", ["native", "python"])
def test_a_network_with_the_encodings_of_lc0_plays(az_spec: ModelSpec, backend: Backend):
    spec = az_spec.model_copy(update={"encoding": "lc0_112", "action_space": "lc0_1858"})
    player = Player(UniformEvaluator(spec), SearchConfig(), backend=backend)
    mate_in_one = chess.Board("6k1/5ppp/8/8/8/8/5PPP/R5K1 w - - 0 1")
    result = player.think([player.new_game()], [mate_in_one], Limit(simulations=64))[0]
    assert result.best_move == chess.Move.from_uci("a1a8")


class NanEvaluator(UniformEvaluator):
    """A network whose weights are broken."""

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        evaluation = super().evaluate(planes)
        evaluation.policy[:] = np.nan
        return evaluation.check_finite()


def test_a_network_that_answers_nan_is_an_error(az_spec: ModelSpec):
    player = Player(NanEvaluator(az_spec), SearchConfig())
    with pytest.raises(EvaluationError, match="finite policy logits"):
        player.think([player.new_game()], [chess.Board()], Limit(simulations=4))
