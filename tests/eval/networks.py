"""Small real ONNX models that know one thing about chess: a rook goes ahead."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from aztoolkit.encoding import az119, az4672
from aztoolkit.model import INPUT, OUTPUTS, WDL_SIZE, ModelSpec

_OPSET = 17
_OWN_ROOKS, _THEIR_ROOKS = 3, 9
_SECOND_RANK = 1
_SQUARES = 64
_ONE_AHEAD = 0
"""Move plane of one square straight ahead."""


def write_network(
    path: Path,
    spec: ModelSpec,
    *,
    drive: float = 12.0,
    insight: float = 0.0,
    noise: float = 0.0,
    permuted: bool = False,
    seed: int = 0,
    wdl_bias: float = 0.0,
) -> Path:
    """Writes a model: a 1x1 convolution as policy, a weighted sum of all squares as value.

    Args:
        drive: how much it wants to move rooks one square ahead.
        insight: how bad it thinks an opponent's rook on its own second rank is; below zero: how good.
        noise: standard deviation of what is added to all weights of the policy.
        permuted: whether the policy's planes stand in the wrong order.
        seed: of all its other opinions.
        wdl_bias: NaN makes every answer NaN.
    """
    rng = np.random.default_rng(seed)
    policy = rng.normal(scale=0.1, size=(az4672.MOVE_PLANES, az119.PLANES, 1, 1))
    policy[_ONE_AHEAD, _OWN_ROOKS] = drive
    wdl = np.repeat(rng.normal(size=(az119.PLANES, WDL_SIZE)) / _SQUARES, _SQUARES, axis=0)
    of_plane = wdl.reshape(az119.PLANES, 8, 8, WDL_SIZE)
    of_plane[_THEIR_ROOKS, _SECOND_RANK] += insight * np.array([-1.0, 0.0, 1.0])
    policy += noise * rng.normal(size=policy.shape)
    if permuted:
        policy = np.ascontiguousarray(policy[::-1])
    weights = {
        "policy_weight": policy.astype(np.float32),
        "wdl_weight": wdl.astype(np.float32),
        "wdl_bias": np.full(WDL_SIZE, wdl_bias, dtype=np.float32),
        "flat": np.array([-1, az4672.SIZE], dtype=np.int64),
    }
    nodes = [
        helper.make_node("Conv", [INPUT, "policy_weight"], ["policy_planes"]),
        helper.make_node("Reshape", ["policy_planes", "flat"], [OUTPUTS[0]]),
        helper.make_node("Flatten", [INPUT], ["squares"]),
        helper.make_node("Gemm", ["squares", "wdl_weight", "wdl_bias"], [OUTPUTS[1]]),
    ]
    graph = helper.make_graph(
        nodes,
        "network",
        [_tensor(INPUT, [az119.PLANES, 8, 8])],
        [_tensor(OUTPUTS[0], [az4672.SIZE]), _tensor(OUTPUTS[1], [WDL_SIZE])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=10)
    helper.set_model_props(model, spec.to_metadata())
    onnx.save(model, path)
    return path


def _tensor(name: str, shape: list[int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
