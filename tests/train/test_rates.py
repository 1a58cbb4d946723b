from dataclasses import replace

import pytest

from train.rates import NO_PLAY, LiveRates, Mark, rates_between
from train.utilisation import Reading

START = Mark(at_s=100.0, actors=NO_PLAY, device=Reading(), steps=0, learning_s=0.0, waiting_s=0.0)


def test_rates_are_those_between_two_marks() -> None:
    earlier = replace(START, actors=replace(NO_PLAY, played_s=10, games=5, moves=100), steps=7)
    later = replace(
        earlier,
        at_s=104.0,
        actors=replace(NO_PLAY, played_s=12, games=6, moves=150),
        device=Reading(busy=6, whole=8),
        steps=10,
        learning_s=2.0,
        waiting_s=1.0,
    )
    values = rates_between(earlier, later)
    assert values["positions_per_s"] == pytest.approx(25)
    assert "moves_per_s" not in values
    assert values["games_per_hour"] == pytest.approx(1800)
    assert values["self_play_s"] == pytest.approx(2)
    assert values["train_steps_per_s"] == pytest.approx(1.5)
    assert values["learner_busy"] == pytest.approx(0.25)
    assert values["utilisation"] == pytest.approx(0.75)


def test_what_was_idle_has_no_rate() -> None:
    values = rates_between(START, replace(START, at_s=101.0))
    assert values == {"learning_s": 0.0, "learner_busy": 0.0}


def test_live_rates_are_those_of_the_last_half_minute_and_cheap() -> None:
    mark, looks = START, 0

    def look() -> Mark:
        nonlocal looks
        looks += 1
        return mark

    live = LiveRates(look, lambda: mark.at_s)
    assert live.read() == {}
    for second in range(1, 121):  # a minute of 2 steps a second, then one of 5
        steps = mark.steps + (2 if second <= 60 else 5)
        mark = replace(mark, at_s=100.0 + second, steps=steps, learning_s=float(second))
        for _ in range(10):
            values = live.read()
        if second == 60:
            assert values["train_steps_per_s"] == pytest.approx(2)
    assert values["train_steps_per_s"] == pytest.approx(5)
    assert looks == 121
