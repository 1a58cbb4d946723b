"""Real but tiny networks: one convolution with random weights, written as model files describe it."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from aztoolkit.encoding.az119 import PLANES
from aztoolkit.encoding.az4672 import MOVE_PLANES, SIZE
from aztoolkit.files import sha256
from aztoolkit.levels import LEVELS, levels_path
from aztoolkit.model import INPUT, OUTPUTS, WDL_SIZE, ModelSpec, Precision

_OPSET, _IR_VERSION = 17, 8
_IDLE_PADDING = 3


def write_model(path: Path, precision: Precision = "fp32", *, idle_layers: int = 0) -> Path:
    """Writes a model whose policy is a 1x1 convolution, its value a layer over plane means.

    Args:
        idle_layers: convolutions that change nothing but the time it takes: tens of milliseconds a
            position for ten.
    """
    rng = np.random.default_rng(0)
    weights = {
        "identity": np.eye(PLANES)[:, :, None, None] * np.pad([[1.0]], _IDLE_PADDING),
        "kernel": rng.normal(size=(MOVE_PLANES, PLANES, 1, 1)),
        "value": rng.normal(size=(PLANES, WDL_SIZE)),
        "bias": np.zeros(WDL_SIZE),
    }
    model = helper.make_model(
        helper.make_graph(
            _nodes(idle_layers), "tiny", [_planes()], _outputs(), _initializers(weights)
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
    )
    spec = _spec(precision)
    helper.set_model_props(model, spec.to_metadata())
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return path


def write_run(run: Path) -> Path:
    """Writes a run with two models, the INT8 one accepted by the gate."""
    write_model(run / "export" / "fp32.onnx", "fp32")
    write_model(run / "export" / "int8.onnx", "int8")
    verdict = {
        "verdict": "accepted",
        "score": 0.498,
        "elo": -1.4,
        "elo_low": -12.0,
        "elo_high": 9.1,
        "pairs": 200,
        "pentanomial": [3, 40, 113, 42, 2],
    }
    distance = {
        "positions": 2000,
        "kl_mean": 0.0021,
        "kl_p99": 0.013,
        "top1": 0.971,
        "winrate_error_mean": 0.004,
        "winrate_error_p99": 0.016,
        "policy_rmse": 0.05,
        "value_rmse": 0.01,
    }
    (run / "export" / "int8.gate.json").write_text(json.dumps(verdict))
    (run / "export" / "int8.compare.json").write_text(json.dumps(distance))
    return run


def write_levels(model: Path, **worth: float | None) -> Path:
    """Writes what the level Club of a model is worth, beside it; `worth` changes figures of it."""
    club = next(level for level in LEVELS if level.name == "Club")
    figures = {"elo": 1446.0, "elo_low": 1381.0, "elo_high": 1511.0, "games": 100}
    measured = {
        "model": model.name,
        "sha256": sha256(model),
        "scale": "UCI_Elo of Stockfish 15.1 at 100 ms a move",
        "levels": [{"level": club.model_dump(), **figures, **worth}],
    }
    path = levels_path(model)
    path.write_text(json.dumps(measured))
    return path


def _spec(precision: Precision) -> ModelSpec:
    return ModelSpec(
        encoding="az119",
        action_space="az4672",
        network={"kind": "resnet", "filters": 64, "blocks": 5},
        precision=precision,
        checkpoint_sha256="0" * 64,
        training_step=1200,
        tools={"onnx": onnx.__version__},
    )


def _nodes(idle_layers: int) -> list[onnx.NodeProto]:
    names = [INPUT, *(f"idle{layer}" for layer in range(idle_layers))]
    idle = [
        helper.make_node("Conv", [name, "identity"], [after], pads=[_IDLE_PADDING] * 4)
        for name, after in pairwise(names)
    ]
    return [
        *idle,
        helper.make_node("Conv", [names[-1], "kernel"], ["moves"]),
        helper.make_node("Flatten", ["moves"], [OUTPUTS[0]]),
        helper.make_node("GlobalAveragePool", [names[-1]], ["means"]),
        helper.make_node("Flatten", ["means"], ["flat"]),
        helper.make_node("Gemm", ["flat", "value", "bias"], [OUTPUTS[1]]),
    ]


def _planes() -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", PLANES, 8, 8])


def _outputs() -> list[onnx.ValueInfoProto]:
    sizes = zip(OUTPUTS, (SIZE, WDL_SIZE), strict=True)
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])
        for name, size in sizes
    ]


def _initializers(weights: dict[str, NDArray[np.float64]]) -> list[onnx.TensorProto]:
    return [
        numpy_helper.from_array(array.astype(np.float32), name) for name, array in weights.items()
    ]
