"""How speed and memory are measured."""

import time

import numpy as np
import pytest

from aztoolkit.measure import peak_memory, rate, rates_side_by_side, summarise


def sleeper(delay_s: float, things: int):
    def work() -> int:
        time.sleep(delay_s)
        return things

    return work


def test_a_rate_counts_things_a_second():
    measured = rate(sleeper(0.01, 5), repeats=3, min_run_s=0.02)
    assert 0 < measured.lowest <= measured.median <= measured.highest <= 500


def test_works_are_measured_in_turns_after_a_warm_up():
    calls: list[str] = []

    def note(name: str):
        def work() -> int:
            calls.append(name)
            return 1

        return work

    rates_side_by_side({"a": note("a"), "b": note("b")}, repeats=2, min_run_s=0)
    assert calls == ["a", "b", "a", "b", "a", "b"]


def test_a_run_far_off_is_left_out_and_counted():
    measured = summarise([100, 101, 99, 102, 12])
    assert (measured.median, measured.lowest, measured.highest) == (100.5, 99, 102)
    assert measured.outliers == 1


@pytest.mark.parametrize("speeds", [[100, 12, 101], [7, 7, 7, 7, 9], [90, 95, 100, 105, 110]])
def test_few_or_ordinary_runs_are_all_kept(speeds: list[float]):
    assert summarise(speeds).outliers == 0


def test_peak_memory_sees_what_is_gone_again():
    with peak_memory() as peak:
        before = peak.mib
        block = np.ones(64 << 20, np.uint8)
        time.sleep(0.2)
        del block
    assert peak.mib >= before + 50
