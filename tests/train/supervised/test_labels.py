import chess.engine
import pytest

from train.supervised.labels import UNIT, Line, policy_weights, wdl_weights

Cp, Mate = chess.engine.Cp, chess.engine.Mate


def line(move: str, score: chess.engine.Score) -> Line:
    return Line(move, score)


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


@pytest.mark.parametrize(
    ("score", "chances"),
    [
        (Cp(0), (0.339, 0.322, 0.339)),
        (Cp(100), (0.5, 0.291, 0.209)),
        (Cp(-300), (0.065, 0.144, 0.791)),
        (Cp(5000), (1, 0, 0)),
        (Mate(3), (1, 0, 0)),
        (Mate(-2), (0, 0, 1)),
        (chess.engine.MateGiven, (1, 0, 0)),
    ],
    ids=str,
)
def test_a_score_gives_chances(
    score: chess.engine.Score, chances: tuple[float, float, float]
) -> None:
    found = wdl_weights(score)
    assert sum(found) == UNIT
    assert [chance / UNIT for chance in found] == pytest.approx(chances, abs=1e-3)


def test_a_queen_ahead_is_more_than_a_piece() -> None:
    piece, queen = (wdl_weights(Cp(score)) for score in (300, 900))
    assert queen[0] - queen[2] > piece[0] - piece[2] + 0.2 * UNIT
