"""The learner beside a bare loop of torch."""

from functools import partial

import pytest
import torch

from aztoolkit.measure import rates_side_by_side
from benchmarks import learner as subject


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_speeds_and_their_ratio_are_reported(
    monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    quick = partial(rates_side_by_side, repeats=1)
    monkeypatch.setattr(
        subject, "rates_side_by_side", lambda works, **_: quick(works, min_run_s=0.001)
    )
    threads = torch.get_num_threads()
    try:
        report = subject.learner(
            network="transformer_4x64", batch_size=2, positions=100, precision=precision
        )
    finally:
        torch.set_num_threads(threads)
    ratio = report["train_steps_per_s"] / report["bare_steps_per_s"]
    assert report["efficiency"] == pytest.approx(ratio, rel=0.01)
    assert report["network"] == "transformer_4x64"
    assert report["precision"] == precision
