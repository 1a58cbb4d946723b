"""The range of logits that matter."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from export.calibration import Calibration, load_calibration
from export.distances import legal_indices, log_softmax
from export.lc0.importer import import_network, read_source
from export.quantization.layers import Prepared, prepare
from export.quantization.policy import policy_layer, policy_range
from export.quantization.sessions import answers_of
from tests.export.lc0.networks import write_network


def check(prepared: Prepared, original: onnx.ModelProto, positions: Calibration, space: str):
    legal = [legal_indices(board, space) for board in positions.boards]
    layer = policy_layer(prepared)
    assert layer is not None
    span = policy_range(prepared, layer, positions.planes, legal)
    logits = answers_of(original, positions.planes).policy
    likely = [
        row[moves][log_softmax(row[moves]) > np.log(1e-4)]
        for row, moves in zip(logits, legal, strict=True)
    ]
    assert span.high.min() == span.high.max() == pytest.approx(np.concatenate(likely).max())
    assert span.low.min() == pytest.approx(np.concatenate(likely).min())
    assert span.low.max() > span.low.min()


def test_moves_that_cannot_be_do_not_count(
    prepared: Prepared, original: onnx.ModelProto, calibration: Calibration
):
    check(prepared, original, calibration, "az4672")


def test_gathered_planes_are_told_apart(run: Path, tmp_path: Path):
    source = read_source(write_network(tmp_path / "x.pb.gz", filters=16))
    import_network(source, tmp_path / "fp32.onnx")
    original = onnx.load(tmp_path / "fp32.onnx")
    positions = load_calibration(run, encoding="lc0_112", size=50)
    check(prepare(original, "lc0_112"), original, positions, "lc0_1858")
