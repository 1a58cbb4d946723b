"""A network of lc0 as an ONNX graph, in the form that `export.quantize` understands.

Nodes are named by their place, such as `/blocks.0/first/Conv`. Logits are left as they are: no softmax,
no tanh. A classical value v = tanh(x) becomes the logits (x, -40, -x) of win, draw and loss: their
softmax gives win - loss = tanh(x) to the last bit of float32, and draws a chance below 1e-17, since such
a network knows of none. That is a matrix of three rows instead of one, and no value in it leaves the
range of half precision.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from aztoolkit.encoding.lc0_112 import PLANES
from aztoolkit.encoding.lc0_1858 import SIZE as MOVES
from aztoolkit.model import INPUT, OUTPUTS, WDL_SIZE
from export.graph import IR_VERSION, OPSET
from export.lc0.layers import (
    Block,
    ClassicalPolicy,
    Convolution,
    ConvolutionPolicy,
    Dense,
    Network,
    Squeeze,
    Value,
)
from export.lc0.policy_map import policy_map

NO_DRAW = -40.0
"""Logit of a draw for networks that know only wins and losses."""
_POLICY, _WDL = OUTPUTS
_BATCH = "batch"


def build_graph(network: Network) -> onnx.ModelProto:
    """Returns a network as an ONNX model without metadata.

    Its input is `planes` `[B, 112, 8, 8]`, its outputs are the logits `policy` `[B, 1858]` and `wdl`
    `[B, 3]`.
    """
    drawing = _Drawing("Mish" if network.activation == "mish" else "Relu")
    features = drawing.activate(drawing.convolve(INPUT, network.stem, "/stem"), "/stem")
    for index, block in enumerate(network.blocks):
        features = _draw_block(drawing, features, block, f"/blocks.{index}")
    if isinstance(network.policy, ConvolutionPolicy):
        _draw_planes(drawing, features, network.policy)
    else:
        _draw_classical_policy(drawing, features, network.policy)
    _draw_value(drawing, features, network.value)
    return drawing.model()


def _draw_block(drawing: "_Drawing", features: str, block: Block, name: str) -> str:
    first = drawing.activate(
        drawing.convolve(features, block.first, f"{name}/first"), f"{name}/first"
    )
    residual = drawing.convolve(first, block.second, f"{name}/second")
    if block.squeeze:
        residual = _draw_squeeze(drawing, residual, block.squeeze, f"{name}/squeeze")
    return drawing.activate(drawing.node("Add", [features, residual], name), name)


def _draw_squeeze(drawing: "_Drawing", features: str, squeeze: Squeeze, name: str) -> str:
    """Draws `sigmoid(s) * features + b`, where s and b follow from the means of the features."""
    filters = len(squeeze.widen.bias) // 2
    means = drawing.flatten(drawing.node("GlobalAveragePool", [features], name), name)
    shrunk = drawing.multiply(means, squeeze.shrink, f"{name}/shrink")
    widened = drawing.multiply(
        drawing.activate(shrunk, f"{name}/shrink"), squeeze.widen, f"{name}/widen"
    )
    shape = drawing.constant(np.array([-1, 2 * filters, 1, 1], dtype=np.int64), f"{name}/shape")
    columns = drawing.node("Reshape", [widened, shape], name)
    scale, bias = f"{name}/scale", f"{name}/bias"
    drawing.node("Split", [columns], name, outputs=[scale, bias], axis=1, num_outputs=2)
    scaled = drawing.node("Mul", [features, drawing.node("Sigmoid", [scale], name)], name)
    return drawing.node("Add", [scaled, bias], name)


def _draw_planes(drawing: "_Drawing", features: str, policy: ConvolutionPolicy) -> None:
    """Draws a policy of planes, of which the moves are gathered."""
    first = drawing.activate(
        drawing.convolve(features, policy.first, "/policy/first"), "/policy/first"
    )
    planes = drawing.convolve(first, policy.second, "/policy/second")
    places = drawing.constant(policy_map(), "/policy/map")
    drawing.node(
        "Gather", [drawing.flatten(planes, "/policy"), places], "/policy", outputs=[_POLICY], axis=1
    )


def _draw_classical_policy(drawing: "_Drawing", features: str, policy: ClassicalPolicy) -> None:
    planes = drawing.activate(drawing.convolve(features, policy.convolution, "/policy"), "/policy")
    flat = drawing.flatten(planes, "/policy")
    drawing.multiply(flat, policy.dense, "/policy/output", output=_POLICY)


def _draw_value(drawing: "_Drawing", features: str, value: Value) -> None:
    planes = drawing.activate(drawing.convolve(features, value.convolution, "/wdl"), "/wdl")
    hidden = drawing.multiply(drawing.flatten(planes, "/wdl"), value.hidden, "/wdl/hidden")
    output = value.output if value.kind == "wdl" else _without_draws(value.output)
    drawing.multiply(drawing.activate(hidden, "/wdl/hidden"), output, "/wdl/output", output=_WDL)


def _without_draws(output: Dense) -> Dense:
    """Returns logits of win, draw and loss for the argument x of tanh: (x, NO_DRAW, -x)."""
    weights, bias = output.weights, output.bias
    return Dense(
        np.concatenate([weights, np.zeros_like(weights), -weights]),
        np.concatenate([bias, np.full_like(bias, NO_DRAW), -bias]),
    )


class _Drawing:
    """An ONNX graph in the making; a tensor is the name of the node that makes it."""

    def __init__(self, activation: str) -> None:
        self._activation = activation
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def node(
        self,
        kind: str,
        inputs: Sequence[str],
        place: str,
        *,
        outputs: Sequence[str] = (),
        **attributes: Any,  # Any: whatever ONNX has as attributes
    ) -> str:
        """Adds a node called after its place and kind, and returns its first output."""
        name = f"{place}/{kind}"
        made = list(outputs) or [f"{name}_output"]
        self._nodes.append(helper.make_node(kind, list(inputs), made, name=name, **attributes))
        return made[0]

    def constant(self, values: NDArray[np.float32] | NDArray[np.int64], name: str) -> str:
        """Adds a constant tensor and returns its name."""
        self._constants.append(numpy_helper.from_array(values, name))
        return name

    def convolve(self, features: str, layer: Convolution, name: str) -> str:
        """Adds a size-preserving convolution."""
        size = layer.weights.shape[-1]
        inputs = [features, *self._parameters(layer, name)]
        return self.node("Conv", inputs, name, kernel_shape=[size] * 2, pads=[size // 2] * 4)

    def multiply(self, features: str, layer: Dense, name: str, *, output: str = "") -> str:
        """Adds a fully connected layer."""
        inputs = [features, *self._parameters(layer, name)]
        return self.node("Gemm", inputs, name, outputs=[output] if output else [], transB=1)

    def activate(self, features: str, name: str) -> str:
        """Adds what follows every layer but the last."""
        return self.node(self._activation, [features], name)

    def flatten(self, features: str, name: str) -> str:
        """Adds `[B, C, H, W]` to `[B, C * H * W]`."""
        return self.node("Flatten", [features], name, axis=1)

    def model(self) -> onnx.ModelProto:
        """Returns the whole."""
        floats = onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self._nodes,
            "lc0",
            [helper.make_tensor_value_info(INPUT, floats, [_BATCH, PLANES, 8, 8])],
            [
                helper.make_tensor_value_info(_POLICY, floats, [_BATCH, MOVES]),
                helper.make_tensor_value_info(_WDL, floats, [_BATCH, WDL_SIZE]),
            ],
            self._constants,
        )
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)

    def _parameters(self, layer: Convolution | Dense, name: str) -> tuple[str, str]:
        return (
            self.constant(layer.weights, f"{name}/weight"),
            self.constant(layer.bias, f"{name}/bias"),
        )
