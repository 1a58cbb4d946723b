"""A scheme: which layers are rounded, and the grid of whole numbers that each tensor is rounded to.

    cpu        activations u8 with a zero point; results of rounded layers are rounded too, because
               only a convolution whose input, weights and result are integers runs as one
    tensorrt   activations s8 around zero; only what a rounded layer reads is rounded; float biases

Weights are s8 around zero with one scale a filter, for either target.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import onnx
from numpy.typing import NDArray

from export.quantization.layers import Layer, Prepared, parameter
from export.quantization.ranges import Spans

TargetName = Literal["cpu", "tensorrt"]
FULL_WEIGHT_BITS = 8
SAFE_WEIGHT_BITS = 7
"""Sums of two u8 x s7 products fit into the 16 bits that processors without VNNI add them in."""
_LARGEST_WEIGHT = {FULL_WEIGHT_BITS: 127, SAFE_WEIGHT_BITS: 64}
_LARGEST_BIAS = 1 << 30
_SHARES = np.linspace(0.5, 1.0, 26)
"""Of a filter's largest weight, tried as the end of its grid."""


@dataclass(frozen=True)
class Target:
    """What a runtime wants."""

    name: TargetName
    low: int
    high: int
    dtype: type[np.integer]
    rounds_results: bool
    """Whether everybody reads what a rounded layer writes in rounded form."""
    rounds_biases: bool
    """Whether biases are s32."""


TARGETS: dict[TargetName, Target] = {
    "cpu": Target("cpu", 0, 255, np.uint8, rounds_results=True, rounds_biases=True),
    "tensorrt": Target("tensorrt", -128, 127, np.int8, rounds_results=False, rounds_biases=False),
}


@dataclass(frozen=True)
class Grid:
    """The values `scale * (code - zero_point)` for the whole codes of a target."""

    scale: float
    zero_point: int


@dataclass(frozen=True)
class Scheme:
    """How a prepared model is rounded."""

    target: Target
    layers: tuple[Layer, ...]
    """That are rounded."""
    grids: Mapping[str, Grid]
    """By tensor; more than those that are rounded, so that layers can come and go."""
    scales: Mapping[str, NDArray[np.float32]]
    """Of the weights, by name of the layer: `[F]`."""
    weight_bits: int

    @property
    def rounded(self) -> set[str]:
        """The tensors that have Q/DQ nodes."""
        results = {layer.result for layer in self.layers} if self.target.rounds_results else set()
        return results | {layer.source for layer in self.layers}

    def reads_rounded(self, node: onnx.NodeProto, tensor: str) -> bool:
        """Returns whether a node reads a tensor in its rounded form."""
        if any(node.name == layer.name and tensor == layer.source for layer in self.layers):
            return True
        written = any(tensor == layer.result for layer in self.layers)
        return written and self.target.rounds_results

    def without(self, names: Sequence[str]) -> "Scheme":
        """Returns the same with some layers in float."""
        return replace(self, layers=tuple(one for one in self.layers if one.name not in names))

    @property
    def largest_weight(self) -> int:
        """The largest weight in steps of its scale."""
        return _LARGEST_WEIGHT[self.weight_bits]

    def codes(self, layer: Layer, weights: NDArray[np.floating]) -> NDArray[np.int8]:
        """Returns the weights `[F, C, K, K]` of a layer in steps of their scale."""
        steps = weights / self.scales[layer.name].reshape(-1, 1, 1, 1)
        limited = np.clip(np.rint(steps), -self.largest_weight, self.largest_weight)
        result: NDArray[np.int8] = limited.astype(np.int8)
        return result

    def rendered(self, layer: Layer, weights: NDArray[np.floating]) -> NDArray[np.float64]:
        """Returns the weights `[F, C, K, K]` of a layer as they will be, rounded."""
        scales = self.scales[layer.name].astype(np.float64).reshape(-1, 1, 1, 1)
        result: NDArray[np.float64] = self.codes(layer, weights) * scales
        return result


def make_scheme(
    prepared: Prepared,
    spans: Spans,
    *,
    target: TargetName = "cpu",
    weight_bits: int = FULL_WEIGHT_BITS,
) -> Scheme:
    """Returns the scheme in which all layers are rounded, their tensors within `spans`."""
    kind, graph = TARGETS[target], prepared.model.graph
    grids = {name: _grid(kind, *span) for name, span in spans.items()}
    grids |= {name: Grid(scale, 0) for name, scale in prepared.exact.items()}
    scales = {
        layer.name: weight_scales(
            parameter(graph, layer.weights),
            parameter(graph, layer.bias),
            grids[layer.source].scale,
            weight_bits,
        )
        for layer in prepared.layers
    }
    return Scheme(kind, prepared.layers, grids, scales, weight_bits)


def rounded_tensors(prepared: Prepared) -> list[str]:
    """Returns the tensors that a scheme needs the ranges of."""
    names = [name for layer in prepared.layers for name in (layer.source, layer.result)]
    return [name for name in dict.fromkeys(names) if name not in prepared.exact]


def weight_scales(
    weights: NDArray[np.floating],
    bias: NDArray[np.floating],
    source_scale: float,
    weight_bits: int,
) -> NDArray[np.float32]:
    """Returns a scale for each filter `[F]` that renders its weights `[F, C, K, K]` best.

    A filter's few largest weights are cut off where that makes the squared error of all smaller.
    """
    flat, limit = weights.reshape(len(weights), -1).astype(np.float64), _LARGEST_WEIGHT[weight_bits]
    whole = np.abs(flat).max(axis=1) / limit
    # A filter of almost only zeros must not have a scale so small that its bias leaves s32.
    least = np.maximum(np.abs(bias) / (source_scale * _LARGEST_BIAS), np.finfo(np.float32).tiny)
    best, error = np.maximum(whole, least), np.full(len(flat), np.inf)
    for share in _SHARES:
        scale = np.maximum(share * whole, least)
        codes = np.clip(np.rint(flat / scale[:, None]), -limit, limit)
        found = np.square(codes * scale[:, None] - flat).sum(axis=1)
        best, error = np.where(found < error, scale, best), np.minimum(found, error)
    result: NDArray[np.float32] = best.astype(np.float32)
    return result


def _grid(target: Target, low: float, high: float) -> Grid:
    """Returns the finest grid that reaches from `low` to `high` and has zero among its values."""
    low, high = min(low, 0.0), max(high, 0.0)
    if target.low < 0:
        span, codes = max(-low, high), target.high
    else:
        span, codes = high - low, target.high - target.low
    scale = max(span / codes, float(np.finfo(np.float32).tiny))
    zero_point = 0 if target.low < 0 else round(-low / scale)
    return Grid(scale, zero_point)
