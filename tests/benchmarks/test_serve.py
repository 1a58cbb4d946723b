"""The benchmark of the server, with a tiny network."""

from pathlib import Path

import pytest

from benchmarks.serve import serve
from tests.serve.networks import write_model


@pytest.mark.slow
def test_server_is_measured_beside_the_bare_search(tmp_path: Path) -> None:
    model = write_model(tmp_path / "fp32.onnx")
    report = serve(model, simulations=40, moves=2, players=3, crowd_simulations=8, visits=1)
    assert report["benchmark"] == "serve"
    assert 0 < report["start_s"] < report["first_move_s"]
    for name in ("answer", "bare_search", "crowd_answer"):
        assert 0 < report[f"{name}_ms"] <= report[f"{name}_p95_ms"]
    assert report["page"]
    assert report["evals_per_s"] > 0
    assert report["crowd_evals_per_s"] > 0
    assert report["memory_after_mib"] >= report["memory_mib"] / 2 > 10
