"""What only the AlphaZero input has; the rest is in test_encodings.py."""

import chess
import numpy as np
import pytest

from aztoolkit.encoding import az119
from tests.encoding.boards import SHUFFLE, played


def frame(planes: np.ndarray, t: int) -> np.ndarray:
    return planes[t * az119.FRAME_PLANES : (t + 1) * az119.FRAME_PLANES]


def test_frames_before_a_fen_are_zero():
    planes = az119.encode(chess.Board("4k3/8/8/8/8/8/4P3/4K3 w - - 7 9"))
    assert not planes[az119.FRAME_PLANES : az119.SIDE_TO_MOVE].any()


def test_repetition_planes_count_earlier_occurrences():
    once, twice = az119.encode(played(*SHUFFLE)), az119.encode(played(*SHUFFLE * 2))
    assert once[az119.REPEATED_ONCE].all()
    assert not once[az119.REPEATED_TWICE].any()
    assert twice[az119.REPEATED_ONCE].all()
    assert twice[az119.REPEATED_TWICE].all()
    assert not frame(once, 1)[12:].any()  # the position before had not occurred before
    assert frame(twice, 4)[az119.REPEATED_ONCE].all()
    assert not frame(twice, 4)[az119.REPEATED_TWICE].any()


@pytest.mark.parametrize(("number", "value"), [(1, 1 / 99), (40, 40 / 99), (99, 1), (250, 1)])
def test_move_number_plane(number: int, value: float):
    planes = az119.encode(chess.Board(f"4k3/8/8/8/8/8/4P3/4K3 w - - 0 {number}"))
    assert np.all(planes[az119.MOVE_NUMBER] == np.float32(value))


@pytest.mark.parametrize(("clock", "value"), [(0, 0), (1, 1 / 99), (99, 1), (120, 1)])
def test_halfmove_clock_plane(clock: int, value: float):
    planes = az119.encode(chess.Board(f"4k3/8/8/8/8/8/4P3/4K3 w - - {clock} 80"))
    assert np.all(planes[az119.HALFMOVE_CLOCK] == np.float32(value))


def test_every_value_is_a_multiple_of_one_ninety_ninth():
    board = played("e2e4", "c7c5", fen="r3k2r/pppppppp/8/8/8/8/PPPPPPPP/R3K2R w KQkq - 37 61")
    steps = az119.encode(board).astype(np.float64) * az119.COUNTER_LIMIT
    assert np.abs(steps - steps.round()).max() < 1e-5
    assert steps.min() >= 0
    assert steps.max() <= az119.COUNTER_LIMIT
