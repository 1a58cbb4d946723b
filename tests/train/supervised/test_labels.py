import chess.engine
import pytest

from train.supervised.labels import UNIT, Line, policy_weights, wdl_weights

Cp, Mate = chess.engine.Cp, chess.engine.Mate


def line(move: str, score: chess.engine.Score, wdl: tuple[int, int, int] | None = None) -> Line:
    return Line(move, score, wdl)


def test_a_move_half_a_tolerance_worse_weighs_less_by_its_exponential() -> None:
    best, second = policy_weights([line("e2e4", Cp(0)), line("a2a3", Cp(-30))])
    assert second / best == pytest.approx(0.3679, abs=1e-3)  # exp(-1): the tolerance at 0 is 30
    assert best + second == UNIT


def test_a_lone_move_has_all_the_weight() -> None:
    assert policy_weights([line("e2e4", Cp(-900))]) == [UNIT]


def test_a_near_mate_weighs_more_than_a_far_one_and_far_more_than_a_queen() -> None:
    near, far, queen = policy_weights([line("a", Mate(1)), line("b", Mate(4)), line("c", Cp(900))])
    assert near > 3 * far > 0
    assert queen == 0


def test_the_longest_defence_weighs_most_where_all_is_lost() -> None:
    slow, fast = policy_weights([line("a", Mate(-6)), line("b", Mate(-1))])
    assert slow > 5 * fast


def test_differences_count_less_where_one_side_is_far_ahead() -> None:
    level = policy_weights([line("a", Cp(0)), line("b", Cp(-100))])
    ahead = policy_weights([line("a", Cp(900)), line("b", Cp(800))])
    assert ahead[1] > level[1]


def test_the_engine_s_own_chances_are_taken() -> None:
    assert wdl_weights(line("a", Cp(10), (200, 700, 100)), ply=3) == [13107, 45874, 6554]


@pytest.mark.parametrize("score", [Cp(0), Cp(350), Cp(-5000), Mate(3), Mate(-2)])
def test_without_them_the_score_gives_chances_that_sum_up(score: chess.engine.Score) -> None:
    win, draw, loss = wdl_weights(line("a", score), ply=40)
    assert win + draw + loss == UNIT
    value = score.score(mate_score=10_000)
    assert value is not None
    assert (win > loss) == (value > 0)
