"""Imported networks in INT8: the input exact, history and counters included; everything else as ever."""

from pathlib import Path

import chess
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from aztoolkit.backends import open_evaluator
from aztoolkit.cli import main
from aztoolkit.encoding import lc0_112
from export.calibration import Calibration, load_calibration
from export.distances import compare_evaluators
from export.graph import divide_planes
from export.lc0.importer import import_network, read_source
from export.positions import sample_boards
from export.quantization.training import Training
from export.quantize import Recipe, quantize_model, quantize_static
from tests.export.lc0.networks import write_network

FACTORS = "planes_factors"


@pytest.fixture(scope="module")
def fp32(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lc0")
    import_network(read_source(write_network(folder / "x.pb.gz", filters=16)), folder / "fp32.onnx")
    return folder / "fp32.onnx"


@pytest.fixture(scope="module")
def calibration(run: Path) -> Calibration:
    return load_calibration(run, encoding="lc0_112", size=200)


@pytest.fixture(scope="module")
def int8(fp32: Path, calibration: Calibration) -> Path:
    target = fp32.with_name("int8.onnx")
    quantize_static(fp32, target, calibration)
    return target


def tensors_of(model: Path) -> dict[str, np.ndarray]:
    return {t.name: numpy_helper.to_array(t) for t in onnx.load(model).graph.initializer}


def test_every_plane_is_exact(int8: Path):
    tensors = tensors_of(int8)
    scale, zero_point = tensors["planes_divided_scale"], tensors["planes_divided_zero"]
    assert (scale, zero_point) == (np.float32(1 / 99), 0)
    factors = tensors[FACTORS].ravel()
    clock = np.arange(256, dtype=np.float32) * factors[lc0_112.HALFMOVE_CLOCK]
    assert np.rint(clock / scale).astype(int).tolist() == list(range(256))
    others = np.delete(factors, lc0_112.HALFMOVE_CLOCK)
    assert (others == 1).all()
    assert np.rint(1 / scale) == 99


def test_training_leaves_the_input_exact(fp32: Path, tmp_path: Path, calibration: Calibration):
    recipe = Recipe(method="qat", training=Training(positions=640, batch=32))
    quantize_model(fp32, tmp_path / "qat.onnx", calibration, recipe)
    clock = tensors_of(tmp_path / "qat.onnx")[FACTORS].ravel()
    expected = np.ones(lc0_112.PLANES, dtype=np.float32)
    expected[lc0_112.HALFMOVE_CLOCK] /= 99
    assert np.array_equal(clock, expected)


def test_dividing_planes_changes_no_answer(fp32: Path, tmp_path: Path, calibration: Calibration):
    model = onnx.load(fp32)
    divisors = np.linspace(1, 99, lc0_112.PLANES, dtype=np.float32)
    divide_planes(model.graph, divisors)
    onnx.save(model, tmp_path / "divided.onnx")
    planes = calibration.planes[:20]
    expected = open_evaluator(fp32, threads=1).evaluate(planes)
    got = open_evaluator(tmp_path / "divided.onnx", threads=1).evaluate(planes)
    np.testing.assert_allclose(got.policy, expected.policy, atol=1e-4)
    np.testing.assert_allclose(got.wdl, expected.wdl, atol=1e-4)


def test_int8_is_close_to_fp32(fp32: Path, int8: Path, run: Path):
    boards = sample_boards(run, 200, part="held-out", seed=0)
    first, second = open_evaluator(fp32, threads=1), open_evaluator(int8, threads=1)
    figures = compare_evaluators(first, second, boards).summary()
    assert 0 < figures["kl_mean"] < 0.01
    assert figures["winrate_error_p99"] < 0.04


def test_tower_and_policy_are_int8_and_the_value_head_is_float(int8: Path):
    spec = open_evaluator(int8, threads=1).spec
    assert spec.quantization is not None
    assert all(name.startswith("/wdl") for name in spec.quantization.float_layers)
    made_by = {name: node.op_type for node in onnx.load(int8).graph.node for name in node.output}
    for node in onnx.load(int8).graph.node:
        if node.op_type == "Conv":
            quantized = made_by[node.input[0]] == "DequantizeLinear"
            assert quantized != node.name.startswith("/wdl"), node.name


def test_calibration_sees_the_history_of_games(tmp_path: Path):
    (tmp_path / "x.pgn").write_text("1. Nf3 Nf6 2. Ng1 Ng8 3. Nf3 Nf6 4. Ng1 Ng8 5. e4 e5 1-0\n")
    boards = [
        board
        for part in ("calibration", "held-out")
        if (board := _last(tmp_path / "x.pgn", part)) is not None
    ]
    planes = lc0_112.encode(boards[0])
    assert planes[lc0_112.REPEATED_ONCE :: lc0_112.FRAME_PLANES][:8].any()


def _last(source: Path, part: str) -> chess.Board | None:
    from aztoolkit.errors import DataError

    try:
        boards = sample_boards(source, 100, part=part, seed=0)  # type: ignore[arg-type]
    except DataError:
        return None
    return max(boards, key=lambda board: board.ply())


def test_the_commands_take_imported_models(fp32: Path, run: Path, tmp_path: Path):
    target = tmp_path / "small.onnx"
    arguments = ["--calibration", str(run), "--calibration-size", "50"]
    assert main(["quantize", str(fp32), *arguments, "-o", str(target)]) == 0
    pair = [str(fp32), str(target)]
    assert main(["compare", *pair, "--positions", str(run), "--count", "50"]) == 0
    assert main(["match", *pair, "--pairs", "1", "--simulations", "2"]) == 0
    quick = ["--simulations", "1", "--min-pairs", "1", "--max-pairs", "1"]
    assert main(["gate", *pair, *quick]) in (0, 1, 3)
