"""Batches beside the learner that wants them."""

from functools import partial

import pytest
import torch

from aztoolkit.measure import rates_side_by_side
from benchmarks import replay as subject


def test_bytes_and_speeds_are_reported(monkeypatch: pytest.MonkeyPatch):
    quick = partial(rates_side_by_side, repeats=1)
    monkeypatch.setattr(
        subject, "rates_side_by_side", lambda works, **_: quick(works, min_run_s=0.001)
    )
    threads = torch.get_num_threads()
    try:
        report = subject.replay(positions=200, batch_size=8)
    finally:
        torch.set_num_threads(threads)
    assert report["positions"] >= 200
    assert set(report["bytes_per_position"]) == {"puct", "gumbel"}
    assert all(0 < size <= 250 for size in report["bytes_per_position"].values())
    assert report["batch_positions_per_s"] > 0
    assert report["times_the_learner"] > 0
